"""Recompute a report's numbers from its own sample table, sharing no code with Watchbell: `recompute.py report.json`.

Outcome counts, shares of solved attempts, the score by family with its cluster standard error (t interval), and the
difference of two models on the logit scale. The intervals of the comparison come from a seeded bootstrap and are
checked loosely here: a bootstrap of our own has to come near them.
"""

import json
import math
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

SUITE, MODEL, BUDGET, ITEM, FAMILY, LEVEL, EPOCH, OUTCOME, CREDIT, TOKENS = range(10)
JUDGED = ("solved", "unsolved", "limit")


def main():
    """Print what agrees; exit 1 with the first number that does not."""
    report = json.loads(Path(sys.argv[1]).read_bytes())  # noqa: TID251 (no code of ours, on purpose)
    rows = report["samples"]
    checked = 0
    for cell in report["profile"]:
        own = [r for r in rows if (r[SUITE], r[BUDGET], r[MODEL]) == (cell["suite"], cell["budget"], cell["model"])]
        same("counts", counts(own), {k: v for k, v in cell["outcomes"].items() if v and k != "missing"}, cell)
        same("tokens", sum(r[TOKENS] for r in own), cell["tokens"], cell)
        if cell["benchmark"]:
            near("score", mean_of_items(own), cell["benchmark"]["estimate"], 1e-5, cell)
        checked += 3
    for one in report["comparisons"]:
        if one["difference"] is None:
            continue
        candidate, anchor = (share["model"] for share in one["shares"])
        kept = [r for r in rows if r[SUITE] in one["suites"] and r[BUDGET] == one["budget"]]
        value = difference(by_family(kept, candidate), by_family(kept, anchor))
        near("difference", value, one["difference"]["estimate"], 1e-4, one)
        low, high = bootstrap(by_family(kept, candidate), by_family(kept, anchor))
        wide = max(high - low, 0.2)
        near("low end", low, one["difference"]["low"], wide / 2, one)
        near("high end", high, one["difference"]["high"], wide, one)
        checked += 3
    sys.stdout.write(f"{checked} numbers agree with {len(rows)} samples\n")


def counts(rows):
    """Return how often each outcome stands there."""
    return dict(Counter(r[OUTCOME] for r in rows))


def mean_of_items(rows):
    """Return the mean over items of the share of judged attempts that were solved."""
    items = defaultdict(list)
    for r in rows:
        if r[OUTCOME] in JUDGED:
            items[r[FAMILY], r[ITEM]].append(r[OUTCOME] == "solved")
    shares = [sum(v) / len(v) for v in items.values()]
    return sum(shares) / len(shares)


def by_family(rows, model):
    """Return the item shares of a model, by suite and family."""
    items = defaultdict(list)
    for r in rows:
        if r[MODEL] == model and r[OUTCOME] in JUDGED:
            items[r[SUITE], r[FAMILY], r[ITEM]].append(r[OUTCOME] == "solved")
    families = defaultdict(dict)
    for (suite, family, item), v in items.items():
        families[suite, family][item] = sum(v) / len(v)
    return families


def score(families, chosen):
    """Return the mean over suites of the mean over families of the mean over items."""
    suites = defaultdict(list)
    for name in chosen:
        values = list(families[name].values())
        suites[name[0]].append(sum(values) / len(values))
    return sum(sum(v) / len(v) for v in suites.values()) / len(suites)


def difference(one, other):
    """Return the difference of two scores on the logit scale."""
    names = sorted(set(one) & set(other))
    return logit(score(one, names)) - logit(score(other, names))


def bootstrap(one, other):
    """Return the ends of a plain percentile interval: families drawn anew within each suite."""
    dice = random.Random(1)
    suites = defaultdict(list)
    for name in sorted(set(one) & set(other)):
        suites[name[0]].append(name)
    found = []
    for _ in range(400):
        drawn = [name for names in suites.values() for name in dice.choices(names, k=len(names))]
        found.append(logit(score(one, drawn)) - logit(score(other, drawn)))
    found.sort()
    return found[10], found[-11]


def logit(p):
    """Return log odds, a little inside the ends."""
    p = min(max(p, 1e-3), 1 - 1e-3)
    return math.log(p / (1 - p))


def same(what, mine, theirs, where):
    """End with exit 1 unless both are the same."""
    if mine != theirs:
        sys.exit(f"{what}: {mine} here, {theirs} in the report, at {where}")


def near(what, mine, theirs, within, where):
    """End with exit 1 unless both are near."""
    if theirs is None or abs(mine - theirs) > within:
        sys.exit(f"{what}: {mine} here, {theirs} in the report, at {where}")


main()
