"""In what order does a worklist stand when dates do not decide?

One whole number a row, smaller first, so that an index can hold the order: the
urgency, then in KEV, then EPSS, then CVSS. Backlog comes after what has a date.
"""

from typing import Final

from watchbell.domain.priority.bod import Outcome
from watchbell.domain.priority.facts import Band, Priority
from watchbell.domain.priority.policy import POLICY

_EPSS_STEPS: Final = 10_000
_CVSS_STEPS: Final = 100
_TIER: Final = 2 * (_EPSS_STEPS + 1) * (_CVSS_STEPS + 1)


def rank(priority: Priority, *, epss: float | None = None, cvss: float | None = None) -> int:
    """Return the row's place: under 2**31, and the same for the same facts on every machine.

    `epss` is a probability from 0 to 1, `cvss` a base score from 0 to 10. What is not known
    sorts as the policy says, in the middle: never behind everything that is known to be low.
    Raises ValueError outside those bounds.
    """
    likely = _step("EPSS", POLICY.unknown_epss if epss is None else epss, 1.0, _EPSS_STEPS)
    severe = _step("CVSS", POLICY.unknown_cvss if cvss is None else cvss, 10.0, _CVSS_STEPS)
    after_kev = 0 if priority.inputs.in_kev else 1
    inside = (after_kev * (_EPSS_STEPS + 1) + (_EPSS_STEPS - likely)) * (_CVSS_STEPS + 1) + (_CVSS_STEPS - severe)
    return _tier(priority) * _TIER + inside


def _tier(priority: Priority) -> int:
    """Return 0 for three days with forensics, up to 6 for Backlog; 2 is NOW for being in KEV alone."""
    if priority.backlog:
        return 6
    if priority.band is Band.NOW and priority.outcome.urgency < Outcome.THREE_DAYS.urgency:
        return 2
    return {
        Outcome.THREE_DAYS_AND_FORENSICS: 0,
        Outcome.THREE_DAYS: 1,
        Outcome.FOURTEEN_DAYS: 3,
        Outcome.SIXTY_DAYS: 4,
        Outcome.AT_UPGRADE: 5,
    }[priority.outcome]


def _step(name: str, value: float, most: float, steps: int) -> int:
    """Return a figure as a whole step from 0 to `steps`."""
    if not 0 <= value <= most:
        raise ValueError(f"{name} {value} is not between 0 and {most:g}")
    return round(value / most * steps)
