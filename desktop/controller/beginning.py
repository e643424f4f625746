"""Where the logs begin: what was deleted at the relay goes from the window too."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from common.ids import GroupId
from desktop.model.conversations import Conversations
from desktop.model.rows import Splice
from desktop.model.timeline import Timeline


def begin_logs(
    timelines: Mapping[GroupId, Timeline], conversations: Conversations, splice: Callable[[GroupId, Splice], None]
) -> None:
    """Let each timeline begin where its log does; *splice* hears of every change."""
    for group, timeline in timelines.items():
        conversation = conversations.get(group)
        if conversation is not None:
            for changed in timeline.begin_after(conversation.info.floor, conversation.info.keeps):
                splice(group, changed)
