"""What happened to a group, as a sentence. Pure: said in the timeline and in an export alike."""

from __future__ import annotations

from desktop import durations
from desktop.locale import _
from desktop.model.rows import Notice, NoticeKind
from desktop.view.keeping import rule_text
from desktop.view.safetext import SafeText


def notice_text(row: Notice, safe: SafeText) -> str:
    """What happened, as a sentence."""
    who, whom = safe.name(row.who), safe.name(row.whom)
    match row.kind:
        case NoticeKind.JOINED:
            return _("{name} joined the group").format(name=who)
        case NoticeKind.LEFT:
            return _("{name} left the group").format(name=who)
        case NoticeKind.RENAMED:
            return _("{name} renamed the group to “{group}”").format(name=who, group=safe.name(row.text))
        case NoticeKind.ADDED:
            return _("{name} added {other}").format(name=who, other=whom)
        case NoticeKind.REMOVED:
            return _("{name} removed {other}").format(name=who, other=whom)
        case NoticeKind.BANNED:
            return _("{name} banned {other}").format(name=who, other=whom)
        case NoticeKind.UNBANNED:
            return _("{name} lifted the ban of {other}").format(name=who, other=whom)
        case NoticeKind.MUTED if row.text.isdecimal():
            time = durations.in_words(int(row.text))
            return _("{name} muted {other} for {time}").format(name=who, other=whom, time=time)
        case NoticeKind.MUTED:
            return _("{name} muted {other}").format(name=who, other=whom)
        case NoticeKind.UNMUTED:
            return _("{name} let {other} write again").format(name=who, other=whom)
        case NoticeKind.SLOWED if row.text.isdecimal() and int(row.text):
            time = durations.in_words(int(row.text))
            return _("{name} turned slow mode on: {time} between two messages of one person").format(
                name=who, time=time
            )
        case NoticeKind.SLOWED:
            return _("{name} turned slow mode off").format(name=who)
        case NoticeKind.TOPIC if row.text:
            return _("{name} set the topic: {topic}").format(name=who, topic=safe.name(row.text))
        case NoticeKind.TOPIC:
            return _("{name} took the topic away").format(name=who)
        case NoticeKind.ROLE:
            return _role_text(row.text).format(name=who, other=whom)
        case NoticeKind.PINNED:
            return _("{name} pinned a message").format(name=who)
        case NoticeKind.DELETED if row.text == "erase":
            return _("Somebody deleted their account, with everything that they had written here")
        case NoticeKind.DELETED:
            return _("Somebody deleted their account; what they had written stays without a name")
        case NoticeKind.RETENTION:
            return _("{name} changed how long messages are kept. {rule}").format(name=who, rule=rule_text(row.keeps))


def _role_text(role: str) -> str:
    match role:
        case "owner":
            return _("{name} made {other} an owner of the group")
        case "admin":
            return _("{name} made {other} an admin of the group")
        case _:
            return _("{name} made {other} a member like the others")
