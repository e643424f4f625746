"""What to say of the system's notifications, and what to do when none is seen. Pure."""

from __future__ import annotations

from msgspec import Struct

from desktop.locale import _
from desktop.notifications import ServiceSeen, TestShown


class Advice(Struct, frozen=True):
    """*state*: how it stands, in a sentence; *is_good*: notifications can be seen. *advice*: what to do, may be empty."""

    state: str
    is_good: bool
    advice: str = ""


def advise(system: str, service: ServiceSeen | None, test: TestShown | None) -> Advice:
    """*system*: as in `sys.platform`. *service*: None while it is being asked. *test*: what came of the last one."""
    if service is None:
        return Advice(_("Looking for the notifications of this system…"), True)
    if service.trouble:
        return _in_trouble(system, service)
    if test is None:
        return Advice(_("This system shows notifications."), True)
    if not test.went:
        return Advice(_("The test could not be shown."), False, _meanwhile())
    return Advice(_("A test notification was shown just now."), True, _unseen(system))


def _in_trouble(system: str, service: ServiceSeen) -> Advice:
    match service.trouble:
        case "silenced":
            return Advice(
                _("“Do not disturb” of this desktop is on."),
                False,
                _("It keeps notifications unseen until you switch it off, most likely beside the clock."),
            )
        case "not_allowed" if system == "darwin":
            return Advice(
                _("macOS does not let this program show notifications."),
                False,
                _("Open System Settings, Notifications, find Python in the list and allow them."),
            )
        case "not_allowed":
            return Advice(
                _("Windows does not let this program show notifications."),
                False,
                _("Open Settings, System, Notifications, find Py_messenger in the list and switch it on."),
            )
        case "not_bundled":
            return Advice(
                _("macOS shows notifications only of signed programs, and this Python is none."),
                False,
                _("Python from python.org is signed; the one of Homebrew is not.") + " " + _meanwhile(),
            )
        case "refused":
            return Advice(_("The notification service of this system refuses."), False, _meanwhile())
        case _ if system in ("darwin", "win32"):
            return Advice(_("This system shows no notifications."), False, _meanwhile())
        case _:
            return Advice(
                _("This desktop has no notification service."),
                False,
                _("Most desktops bring one; else install dunst or mako and start it with your session.")
                + " "
                + _meanwhile(),
            )


def _meanwhile() -> str:
    return _("Until then a bell tells of new messages, and the window's icon and title count them.")


def _unseen(system: str) -> str:
    match system:
        case "win32":
            return _(
                "Nothing seen? Look in Settings, System, Notifications: “Do not disturb” and Focus have to be off, and Py_messenger "
                "on. A program in full screen keeps them away, too."
            )
        case "darwin":
            return _(
                "Nothing seen? Focus has to be off in the Control Centre, and in System Settings, Notifications, Python has to be "
                "allowed, with banners."
            )
        case _:
            return _(
                "Nothing seen? Look whether “do not disturb” of your desktop is on, and whether its settings allow notifications of "
                "this program. A program in full screen keeps them away, too."
            )
