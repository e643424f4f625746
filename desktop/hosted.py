"""What is told of the relay on this computer, as values."""

from __future__ import annotations

from msgspec import Struct

from common.ids import RelayId


class HostingStarting(Struct, frozen=True):
    """It is being started. *upgrading*: it brings its data to this version, which may take long."""

    upgrading: bool = False


class HostingReady(Struct, frozen=True):
    """It serves at *port*. *recovery_code*: only when it has just been made, *owner_code*: until somebody has used it; else empty."""

    relay_id: RelayId
    name: str
    port: int
    owner_code: str = ""
    recovery_code: str = ""


class HostingStands(Struct, frozen=True):
    """It ran already when this client came, and serves at *port*. *asked*: somebody has just wanted to start it."""

    relay_id: RelayId
    name: str
    port: int
    asked: bool = False


class HostingFailed(Struct, frozen=True):
    """It did not start, or ended by itself; *message* for people says what to do."""

    message: str


class HostingStopped(Struct, frozen=True):
    """It has ended, as it was asked to."""


HostingEvent = HostingStarting | HostingReady | HostingStands | HostingFailed | HostingStopped
