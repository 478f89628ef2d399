"""How sure is a share of so many? Wilson's interval, and the rule of three where nothing or everything was solved."""

import math

from watchbell.domain.quantiles import student_quantile
from watchbell.domain.records import record

LEVEL = 0.95


@record(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with the range that holds the truth in 95 of 100 such evaluations, and how it was made.

    The range is the whole line (minus to plus infinity) where the data say nothing.
    """

    estimate: float
    low: float
    high: float
    method: str
    families: int = 0
    """How many families, the independent units, it rests on; 0 where families do not enter."""


def wilson(share: float, number: float, *, quantile: float | None = None) -> tuple[float, float]:
    """Return Wilson's score interval for a share of `number`, which may be an effective number and no whole one.

    Wilson, JASA 22 (1927). Raises ValueError for a share outside [0, 1] or a number that is not positive.
    """
    if not 0 <= share <= 1 or not number > 0:
        raise ValueError("A share lies between 0 and 1, of a positive number.")
    z = student_quantile((1 + LEVEL) / 2) if quantile is None else quantile
    spread = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    centre, whole = share + z * z / (2 * number), 1 + z * z / number
    # Rounding may put an end a hair beyond the share itself when nothing or everything was solved.
    return max(0.0, min(share, (centre - spread) / whole)), min(1.0, max(share, (centre + spread) / whole))


def rule_of_three(solved: int, number: int) -> tuple[float, float]:
    """Return the interval when none or all of `number` independent attempts were solved: 3 in `number` may hide.

    One-sided at 95 %. Raises ValueError in between, where Wilson's interval is the one to use.
    """
    if number < 1 or solved not in (0, number):
        raise ValueError("The rule of three is for none or all of at least one.")
    most = min(1.0, 3 / number)
    return (0.0, most) if solved == 0 else (1 - most, 1.0)


def proportion(solved: int, number: int) -> Interval:
    """Return the share solved of `number` independent attempts, with the interval that fits it."""
    if solved in (0, number):
        low, high = rule_of_three(solved, number)
        return Interval(estimate=solved / number, low=low, high=high, method="rule of three")
    low, high = wilson(solved / number, number)
    return Interval(estimate=solved / number, low=low, high=high, method="wilson")
