"""Recompute a report's numbers from its own sample table, sharing no code with Watchbell: `recompute.py report.json`.

Outcome counts, shares of solved attempts, the score by family with its cluster standard error (t interval), and the
difference of two models on the logit scale; the same on public and on held-out items alone, how much better a model
does on public items than its references, and the time horizon. The intervals of the comparison come from a seeded
bootstrap and are checked loosely here: a bootstrap of our own has to come near them.
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
    held_out = report["exposure"]["held_out"]
    checked += of_kinds(report["comparisons"], rows, held_out)
    checked += exposure(report["exposure"]["found"], rows, held_out)
    checked += horizons(report["horizons"], rows)
    sys.stdout.write(f"{checked} numbers agree with {len(rows)} samples\n")


def of_kinds(comparisons, rows, held_out):
    """Check each comparison on items of one kind alone, and say how many numbers that were."""
    checked = 0
    for one in comparisons:
        for kind in one["kinds"]:
            candidate, anchor = (share["model"] for share in one["shares"])
            own = [suite for suite in one["suites"] if held_out[suite] == kind["held_out"]]
            same("suites of a kind", sorted(own), sorted(kind["suites"]), kind)
            kept = [r for r in rows if r[SUITE] in own and r[BUDGET] == one["budget"]]
            value = difference(by_family(kept, candidate), by_family(kept, anchor))
            near("difference on a kind", value, kind["difference"]["estimate"], 1e-4, kind)
            checked += 2
    return checked


def exposure(found, rows, held_out):
    """Check how much better a model does on public items, beyond its references, where suites are of one kind each."""
    if found is None or found["paired"]:
        return 0
    kept = [r for r in rows if r[BUDGET] == found["budget"] and r[SUITE] in found["suites"]]
    models = [found["model"], *found["references"]]
    tables = dict(zip(models, shared(*(by_family(kept, model) for model in models)), strict=True))
    of_kind = [[n for n in tables[models[0]] if held_out[n[0]] is kind] for kind in (False, True)]
    edge = max(1e-3, 0.5 / (min(len(one) for one in of_kind) + 1))
    ahead = {m: [logit(score(tables[m], one), edge) for one in of_kind] for m in models}
    beyond = {m: public - hidden for m, (public, hidden) in ahead.items()}
    value = beyond[models[0]] - sum(beyond[m] for m in models[1:]) / (len(models) - 1)
    near("public items", value, found["difference"]["estimate"], 1e-4, found)
    return 1


def horizons(part, rows):
    """Check each time horizon with a logistic fit of our own: plain steps uphill, as many as it takes."""
    for one in part["found"]:
        times = defaultdict(lambda: [0, 0])
        for r in rows:
            minutes = part["minutes"].get(r[SUITE], {}).get(r[FAMILY])
            if minutes and r[MODEL] == one["model"] and r[BUDGET] == one["budget"] and r[OUTCOME] in JUDGED:
                times[math.log2(minutes)][0] += r[OUTCOME] == "solved"
                times[math.log2(minutes)][1] += 1
        height, fall = fitted(times)
        odds = one["reliability"]
        value = 2 ** ((height - math.log(odds / (1 - odds))) / fall)
        near("horizon", value, one["minutes"]["estimate"], value * 1e-3, one)
    return len(part["found"])


def fitted(times):
    """Return height at one minute and fall per doubling of the likeliest logistic curve (Newton's steps)."""
    height, fall = 0.0, 0.0
    for _ in range(100):
        up, down, a, b, c = 0.0, 0.0, 0.0, 0.0, 0.0
        for long, (solved, tried) in times.items():
            chance = 1 / (1 + math.exp(-(height - fall * long)))
            spread = tried * chance * (1 - chance)
            up, down = up + solved - tried * chance, down - long * (solved - tried * chance)
            a, b, c = a + spread, b - spread * long, c + spread * long * long
        whole = a * c - b * b
        height, fall = height + (c * up - b * down) / whole, fall + (a * down - b * up) / whole
    return height, fall


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


def shared(*tables):
    """Return the item shares of some models over the items that all of them have."""
    items = set.intersection(*({(name, item) for name in one for item in one[name]} for one in tables))
    names = sorted({name for name, _ in items})
    return [{n: {i: v for i, v in one[n].items() if (n, i) in items} for n in names} for one in tables]


def difference(one, other):
    """Return the difference of two scores on the logit scale."""
    one, other = shared(one, other)
    return logit(score(one, sorted(one))) - logit(score(other, sorted(other)))


def bootstrap(one, other):
    """Return the ends of a plain percentile interval: families drawn anew within each suite."""
    dice, (one, other) = random.Random(1), shared(one, other)
    suites = defaultdict(list)
    for name in sorted(set(one) & set(other)):
        suites[name[0]].append(name)
    found = []
    for _ in range(400):
        drawn = [name for names in suites.values() for name in dice.choices(names, k=len(names))]
        found.append(logit(score(one, drawn)) - logit(score(other, drawn)))
    found.sort()
    return found[10], found[-11]


def logit(p, edge=1e-3):
    """Return log odds, a little inside the ends."""
    p = min(max(p, edge), 1 - edge)
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
