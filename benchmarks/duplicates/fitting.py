"""How is the scorer fitted? As a logistic choice among the candidates of each training record, or none, in numpy.

The likelihood of a record is that of its twin among its candidates, or of none where it has none; the penalty is
`PENALTY` times half the squared coefficients of standardised features. What comes out is written in the features'
own units. Called the same is what is likelier than not: no threshold is searched for. Printed beside it is how
the training part does when each of ten folds, by project, is scored by coefficients of the other nine.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.duplicates import figures
from benchmarks.duplicates.pairs import Query, digest_of
from watchbell.domain.duplicates.features import Feature, compared
from watchbell.domain.duplicates.index import Index

FOLDS = 10
PENALTY = 0.3
LEAST = RELATED = 0.5
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fitted(index: Index, training: list[Query]) -> dict[str, Any]:
    """Return the scorer as it is kept in `scorer.json`, with what it was fitted on."""
    features, right, owner, names = _table(index, training)
    fold = np.array([digest_of(f"fold:{query.project}")[0] % FOLDS for query in training])
    best: list[figures.Given] = []
    for one in range(FOLDS):
        others = fold[owner] != one
        coefficients = choice(features[others], right[others], owner[others])
        for at in np.flatnonzero(fold == one):
            best.append(_best(training[at], features[owner == at], names[at], coefficients))
    print("-- the training part, each fold scored by the other nine")
    print(figures.told(best, LEAST), figures.calibration(best), sep="\n")
    print("F1 at other thresholds", ", ".join(f"{at / 10}: {figures.f1(best, at / 10):.3f}" for at in range(1, 10)))
    *coefficients, intercept = choice(features, right, owner)
    with_twin = sum(bool(query.twins) for query in training)
    return {
        "fitted_on": f"{len(training)} records, {with_twin} with a twin, {len(right)} candidates (docs/duplicates.md)",
        "coefficients": {str(name): round(float(one), 4) for name, one in zip(Feature, coefficients, strict=True)},
        "intercept": round(float(intercept), 4),
        "prevalence": round(with_twin / len(training), 4),
        "least": LEAST,
        "related": RELATED,
    }


def choice(rows: Floats, right: Floats, owner: Ints) -> Floats:
    """Return the coefficients in the rows' own units, the intercept last, by Newton's method.

    `rows` are candidates, `owner` whose they are, `right` 1 for twins; none has the score 0.
    """
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    one = np.column_stack([(rows - middle) / spread, np.ones(len(rows))])
    owners, of = np.unique(owner, return_inverse=True)
    weighs = np.diag([*[PENALTY] * rows.shape[1], 1e-6])
    found = np.zeros(one.shape[1])
    found[-1] = -5.0
    for _ in range(100):
        odds = np.exp(np.clip(one @ found, -40, 40))
        likely = odds / (1 + np.bincount(of, odds))[of]
        slope = one.T @ (likely - right) + weighs @ found
        mean = np.zeros((len(owners), one.shape[1]))
        np.add.at(mean, of, one * likely[:, None])
        step = np.linalg.solve((one.T * likely) @ one - mean.T @ mean + weighs, slope)
        found = found - step * min(1.0, 3.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-8:
            break
    own: Floats = found[:-1] / spread
    return np.append(own, found[-1] - own @ middle)


def _table(index: Index, training: list[Query]) -> tuple[Floats, Floats, Ints, list[list[str]]]:
    """Return the features of every candidate, whether it is a twin, whose candidate it is, and their names."""
    rows, right, owner, names = [], [], [], []
    for at, query in enumerate(training):
        asked = index.read(query.report)
        pairs = compared(index, asked, index.candidates(asked))
        rows += [pair.values for pair in pairs]
        right += [float(pair.known.name in query.twins) for pair in pairs]
        owner += [at] * len(pairs)
        names.append([pair.known.name for pair in pairs])
    return np.array(rows), np.array(right), np.array(owner), names


def _best(query: Query, rows: Floats, names: list[str], coefficients: Floats) -> figures.Given:
    if not names:
        return figures.Given(query, "", 0.0)
    odds = np.exp(np.clip(rows @ coefficients[:-1] + coefficients[-1], -40, 40))
    at = int(odds.argmax())
    return figures.Given(query, names[at], float(odds[at] / (1 + odds.sum())))
