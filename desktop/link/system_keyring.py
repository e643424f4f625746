"""One record in the system's keyring, which may be missing, locked, waiting for its owner to type a password, or dead.

It is asked one question at a time, in a thread of its own, and with patience that ends: then whoever asked goes on without an answer.
While that question is open, others are not even asked: each would show its owner one more window.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Final

SERVICE: Final = "pymessenger"

_log = logging.getLogger(__name__)

_Question = Callable[[threading.Event], str]


class SystemKeyring:
    """The record of one *account*."""

    def __init__(self, account: str, patience_s: float) -> None:
        """Nothing is asked yet; *patience_s* bounds each question."""
        self._account = account
        self._patience_s = patience_s
        self._asked: asyncio.Future[str | None] | None = None

    @property
    def is_asking(self) -> bool:
        """Whether a question is still open, most likely because the owner is asked for a password."""
        return self._asked is not None and not self._asked.done()

    async def read(self) -> str | None:
        """The record, empty when there is none. None: the keyring is not there, stays locked, or has not answered yet."""
        return await self._ask(self._read)

    async def write(self, record: str, may_replace: Callable[[str], bool]) -> bool:
        """Keep *record*, if *may_replace* says so of what is there. Whether the keyring really has it now."""
        return await self._ask(lambda is_late: self._write(record, may_replace, is_late)) == record

    async def answer(self) -> str | None:
        """Wait until the open question is answered, however long that takes. None: it failed, or there is no question."""
        return await asyncio.shield(self._asked) if self._asked is not None else None

    def _read(self, _is_late: threading.Event) -> str:
        import keyring  # slow to import, and needed only here

        return keyring.get_password(SERVICE, self._account) or ""

    def _write(self, record: str, may_replace: Callable[[str], bool], is_late: threading.Event) -> str:
        import keyring

        there = keyring.get_password(SERVICE, self._account) or ""
        if there and not may_replace(there):
            return ""
        if is_late.is_set():
            return ""  # the record went elsewhere meanwhile, and may have changed there
        keyring.set_password(SERVICE, self._account, record)
        # Some backends take a secret and keep nothing.
        return record if keyring.get_password(SERVICE, self._account) == record else ""

    async def _ask(self, question: _Question) -> str | None:
        if self.is_asking:
            return None
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[str | None] = loop.create_future()
        is_late = threading.Event()

        def ask() -> None:
            text: str | None = None
            try:
                text = question(is_late)
            except Exception as error:  # each backend raises its own kinds; whatever it is, there is no answer
                _log.info("no answer from the keyring: %s", type(error).__name__)
            try:
                loop.call_soon_threadsafe(asked.set_result, text)
            except RuntimeError:
                pass  # it answered after the client had ended

        # A daemon, not the executor: a keyring that never answers must not keep the program from ending.
        self._asked = asked
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            await asyncio.wait({asked}, timeout=self._patience_s)
            if asked.done():
                return asked.result()
            _log.warning("the keyring did not answer within %s s", self._patience_s)
            return None
        finally:
            is_late.set()
