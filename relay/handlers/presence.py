"""What people let others know of themselves at this moment: where they are, and that they are writing. Nothing of it is stored."""

from __future__ import annotations

from common.errors import UnexpectedMessage
from common.ids import GroupId
from common.protocol.messages import Answer, SetPresence, Typing
from relay.handlers import names
from relay.handlers.muting import check_may_speak
from relay.handlers.parts import Parts, SignedIn


async def typing(parts: Parts, caller: SignedIn, command: Typing) -> Answer:
    """Tell the group's other members that the caller is writing. Said more often than it can change, it is told less often."""
    check_may_speak(parts, caller, GroupId(command.group))
    if parts.throttles.typing.wait_s((caller.id, GroupId(command.group))) <= 0:
        parts.fanout.tell_typing(GroupId(command.group), caller.id)
    return Answer(re=command.id)


async def set_presence(parts: Parts, caller: SignedIn, command: SetPresence) -> Answer:
    """Say how the caller is, for as long as this link is open."""
    if caller.link is None:
        raise UnexpectedMessage("How somebody is belongs to a link. Open a WebSocket.")
    names.check_topic(command.text)
    if command.text:
        check_may_speak(parts, caller)
    parts.fanout.set_presence(caller.link, command.state, command.text)
    return Answer(re=command.id)
