"""How much real risk is validated in a reviewer's hour, against first-in-first-out and the order of severity?

`python -m benchmarks triage_queue [seeds]`. Half a year of made-up claims, with the truth known: 40 sources, each right
as often as drawn from a beta distribution (a third careful, a third poor, a third in between), and one that floods the
desk in the twentieth week and is right once in a hundred; six kinds of weakness, some of them claimed wrongly more
often. A claim has an impact, a reach, and a severity as its finder calls it (the impact, with noise, and too high where
the claim is wrong). Looking takes about 30 minutes, 12 for what was shown. 400 claims a week, 4,000 in the flood, for
80 hours of reviewers. Every order sees the same claims; ours learns from what it judged itself, and starts without any.

`known` is the order of one who knows how often each source and kind is right: what learning could reach at most.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median

from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.reviewing import Beliefs, Tally, Waiting, in_order, learn

WEEKS, SOURCES, FLOOD_WEEK = 26, 40, 20
A_WEEK, FLOOD, HOURS = 400, 4_000, 80
KINDS = {"memory": 0.6, "injection": 0.3, "web": 0.0, "crypto": -0.4, "logic": -0.8, "style": -1.6}
START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A claim as it was made up: what is true of it, and what a desk sees."""

    name: str
    source: str
    kind: str
    week: int
    hour: float
    chance: float
    real: bool
    impact: float
    reach: float
    severity: float
    level: EvidenceLevel
    minutes: float

    @property
    def at(self) -> datetime:
        """Return when it came in."""
        return START + timedelta(weeks=self.week, hours=self.hour)

    @property
    def expected_minutes(self) -> float:
        """Return how long looking at it takes as a rule."""
        return 12.0 if self.level >= EvidenceLevel.E2_REPRODUCED else 30.0


def made_up(rng: random.Random) -> Iterator[list[Made]]:
    """Yield the claims of each week."""
    rates = {f"s{at}": rng.betavariate(*[(8, 3), (1, 9), (3, 5)][at % 3]) for at in range(SOURCES)}
    busy = {name: rng.lognormvariate(0, 1) for name in rates}
    for week in range(WEEKS):
        senders = rng.choices(list(busy), weights=list(busy.values()), k=A_WEEK)
        senders += ["flood"] * (FLOOD if week == FLOOD_WEEK else 0)
        yield [claim(rng, sender, rates.get(sender, 0.01), week, number) for number, sender in enumerate(senders)]


def claim(rng: random.Random, source: str, rate: float, week: int, number: int) -> Made:
    """Return one claim of a source that is right so often."""
    kind = rng.choice(list(KINDS))
    odds = rate / (1 - rate) * 2.718281828 ** KINDS[kind]
    chance = odds / (1 + odds)
    real = rng.random() < chance
    impact = rng.betavariate(2, 3)
    is_shown = real and rng.random() < 0.15
    return Made(
        name=f"{week}-{number}",
        source=source,
        kind=kind,
        week=week,
        hour=rng.random() * 168,
        chance=chance,
        real=real,
        impact=impact,
        reach=rng.lognormvariate(0, 1),
        severity=min(1.0, max(0.0, impact + rng.gauss(0 if real else 0.2, 0.15))),
        level=EvidenceLevel.E2_REPRODUCED if is_shown else EvidenceLevel.E0_ASSERTED,
        minutes=(12.0 if is_shown else 30.0) * rng.lognormvariate(0, 0.3),
    )


Told = tuple[float, bool, str]
"""What was believed of a claim when it came in, whether it was real, and whose it was."""

Order = Callable[[list[Made], list[Made], datetime, int], list[Made]]
"""What waits, what was judged, now, and how many decisions were taken: the next to look at first."""


def ours(waiting: list[Made], judged: list[Made], now: datetime, decided: int) -> list[Made]:
    """Order by what is learnt from the judgements."""
    beliefs = believed(judged, now)
    about, of_source = lru_cache(None)(beliefs.about), lru_cache(None)(beliefs.of_source)
    by_name = {one.name: one for one in waiting}
    line = [
        Waiting(
            name=one.name,
            source=one.source,
            received_at=one.at,
            belief=about(one.source, kind_of(one)),
            of_source=of_source(one.source),
            level=one.level,
            impact=max(0.01, one.severity),
            reach=one.reach,
            minutes=one.expected_minutes,
        )
        for one in waiting
    ]
    return [by_name[one.waiting.name] for one in in_order(line, decided=decided)]


def kind_of(one: Made) -> str:
    """Return the kind it counts under: what was shown is another kind than what was said."""
    return f"{one.kind}, shown" if one.level >= EvidenceLevel.E2_REPRODUCED else one.kind


def believed(judged: list[Made], now: datetime) -> Beliefs:
    """Return what these judgements teach."""
    cells: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for one in judged:
        cells[one.source, kind_of(one), (now - one.at).days // 7][0 if one.real else 1] += 1
    return learn(
        Tally(source=source, kind=kind, real=real, not_real=wrong, days_ago=7.0 * weeks)
        for (source, kind, weeks), (real, wrong) in cells.items()
    )


ORDERS: dict[str, Order] = {
    "first in, first out": lambda waiting, _, __, ___: sorted(waiting, key=lambda one: one.at),
    "severity": lambda waiting, _, __, ___: sorted(waiting, key=lambda one: -one.severity),
    "ours": ours,
    "known": lambda waiting, _, __, ___: sorted(
        waiting,
        key=lambda one: -(one.level >= 2 or one.chance) * one.severity * one.reach / one.expected_minutes,
    ),
}


def worked(order: Order, weeks: list[list[Made]]) -> tuple[float, float, list[Told]]:
    """Return real risk validated an hour, the share of shown real claims looked at, and beliefs beside the truth."""
    waiting: list[Made] = []
    judged: list[Made] = []
    told: list[Told] = []
    for week, new in enumerate(weeks):
        now = START + timedelta(weeks=week + 1)
        waiting += new
        if order is ours and week > 3:
            about = lru_cache(None)(believed(judged, now).about)
            told += [(about(one.source, kind_of(one)).chance, one.real, one.source) for one in new]
        left = HOURS * 60.0
        for one in order(waiting, judged, now, len(judged)):
            if left <= 0:
                break
            left -= one.minutes
            judged.append(one)
        seen = {one.name for one in judged}
        waiting = [one for one in waiting if one.name not in seen]
    risk = sum(one.impact * one.reach for one in judged if one.real)
    names = {one.name for one in judged}
    shown = [one.name in names for new in weeks for one in new if one.level >= EvidenceLevel.E2_REPRODUCED]
    return risk / (HOURS * WEEKS), sum(shown) / len(shown), told


def main(arguments: list[str]) -> None:
    """Print risk an hour for each order, the median of some seeds, and how well our beliefs are calibrated."""
    seeds = int(arguments[0]) if arguments else 5
    told: list[Told] = []
    figures: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for seed in range(seeds):
        weeks = list(made_up(random.Random(seed)))
        for name, order in ORDERS.items():
            risk, shown, beliefs = worked(order, weeks)
            figures[name].append((risk, shown))
            told += beliefs
        print(f"\rseed {seed + 1} of {seeds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{'order':<22}{'real risk an hour':>18}{'to fifo':>9}{'shown claims looked at':>24}")
    first = median(risk for risk, _ in figures["first in, first out"])
    for name, some in figures.items():
        risk, shown = (median(one[at] for one in some) for at in (0, 1))
        print(f"{name:<22}{risk:>18.2f}{risk / first:>8.2f}x{shown:>23.0%}")
    for name, some_told in (
        ("what 40 sources sent", [one for one in told if one[2] != "flood"]),
        ("the flood, of which nothing was known", [one for one in told if one[2] == "flood"]),
    ):
        _show(name, some_told)


def _show(name: str, told: list[Told]) -> None:
    """Print what was believed beside what was true, by tenths."""
    brier = sum((chance - real) ** 2 for chance, real, _ in told) / max(1, len(told))
    print(f"\n{name}: Brier score {brier:.4f}\nbelief     claims  believed   real")
    for low in range(10):
        some = [one for one in told if low / 10 <= one[0] < (low + 1) / 10]
        if some:
            believed_of, real = (sum(one[at] for one in some) / len(some) for at in (0, 1))
            print(f"{low / 10:.1f}-{low / 10 + 0.1:.1f}  {len(some):>8}  {believed_of:>8.3f}  {real:.3f}")
