"""The table of orders is complete."""

from __future__ import annotations

from typing import get_args

from relay.control.words import AnyOrder
from relay.operating.rules import ORDERS


def test_every_order_has_its_rule():
    assert set(get_args(AnyOrder)) == set(ORDERS)
