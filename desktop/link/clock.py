"""The relay's clock and this computer's: what the relay says to last until some time is told by ours."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from common.ids import Millis
from common.protocol.messages import GroupInfo, Member, Silence


class RelayClock:
    """How far the two are apart, as it was seen when the link opened."""

    def __init__(self, now: Callable[[], Millis]) -> None:
        """*now*: of this computer. Until `told` both are the same."""
        self._now = now
        self._ahead_ms = 0

    def told(self, at: Millis) -> None:
        """The relay's clock shows *at*; 0: an older relay does not say."""
        self._ahead_ms = at - self._now() if at else 0

    def group(self, info: GroupInfo) -> GroupInfo:
        """*info* by this computer's clock."""
        return info if info.muted is None else structs.replace(info, muted=self._silence(info.muted))

    def member(self, member: Member) -> Member:
        """*member* by this computer's clock."""
        return member if member.muted is None else structs.replace(member, muted=self._silence(member.muted))

    def _silence(self, silence: Silence) -> Silence:
        if silence.until is None:
            return silence
        return structs.replace(silence, until=Millis(silence.until - self._ahead_ms))
