"""Tells people something on standard output, if it still leads anywhere."""

from __future__ import annotations

import logging
import os
import sys

_log = logging.getLogger(__name__)


def say(words: str) -> None:
    """Write *words* at once. Who runs for days outlives the terminal or pipe that it was started from: that ends nothing."""
    if sys.stdout is None:  # pythonw, or started with it closed
        return
    try:
        sys.stdout.write(words)
        sys.stdout.flush()
    except OSError as error:
        _log.warning("Nothing more can be said on standard output (%s). The program goes on.", error)
        # What is still in its buffer, and what comes later, goes nowhere without another error.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
