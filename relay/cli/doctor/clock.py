"""Whether this computer's clock can be believed: it dates every message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from relay.cli.doctor.finding import Finding, Live, Patient
from relay.health.troubles import CLOCK_BACK_MS, Clock, of_clock
from relay.storage.closed import Closed

APART_S: Final = 60.0
_MEND: Final = "Switch on network time on this computer (Linux: timedatectl set-ntp true), and on the other one."


def check(patient: Patient) -> list[Finding]:
    """Against the newest entry, the certificate, and the clocks of other relays."""
    found = [*_against_the_log(patient), *apart(patient.clocks)]
    return found or [Finding(True, "The clock agrees with what it has said before" + _others(patient) + ".")]


def _against_the_log(patient: Patient) -> list[Finding]:
    match patient.inside:
        case Live(_, _, examined):
            clock = Clock(patient.now, max(examined.newest_at, patient.now), examined.begins, examined.ends)
            words = [trouble.words for trouble in of_clock(clock)]
            words += [each.words for each in examined.ailments if each.code == "clock"]
            newest = examined.newest_at
        case Closed(newest_at=newest):
            words = []
        case _:
            return []
    if not any("clock" in each for each in words) and newest - patient.now > CLOCK_BACK_MS:
        words.append(
            f"The newest message is {(newest - patient.now) // 1000:,} seconds in the future: the clock is slow, or was fast when it was written."
        )
    return [Finding(False, each, _MEND) for each in dict.fromkeys(words)]


def apart(clocks: Mapping[str, float]) -> list[Finding]:
    """Those of the *clocks* that say another time: seconds by which this computer's is ahead, by the others' names."""
    return [
        Finding(
            False,
            f"This computer's clock is {abs(ahead_s):,.0f} seconds {'ahead of' if ahead_s > 0 else 'behind'} that of {name}.",
            _MEND,
        )
        for name, ahead_s in clocks.items()
        if abs(ahead_s) > APART_S
    ]


def _others(patient: Patient) -> str:
    return f", and with {len(patient.clocks)} other relays" if patient.clocks else ""
