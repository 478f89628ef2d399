"""Does the suggester find the known report of a flaw told in other words? Real alias pairs, split by project.

`python -m benchmarks duplicates [fit] [FOLDER]`, or `./watchbell bench duplicates`. Each record of PYSEC, RUSTSEC,
GO and RubySec of the held-out part asks 44,026 CVE texts for its twin, and the shipped scorer answers; the best
baseline runs beside it. `fit` fits a scorer on the training part, writes it to `domain/duplicates/data/scorer.json`
and looks at nothing of the held-out part. FOLDER holds `duplicates/` and `osv/`: `../shared/data` beside the checkout
unless told. Rates are of processor time; intervals are 95 % of 2,000 bootstraps of projects. The split, and what is
left out, are in `pairs`; docs/duplicates.md says what the figures mean.
"""

import json
import time
from pathlib import Path

from benchmarks.duplicates import baseline, figures, fitting
from benchmarks.duplicates.pairs import Corpus, Query, read_corpus
from watchbell.domain.duplicates import suggest
from watchbell.domain.duplicates.answer import Answer
from watchbell.domain.duplicates.features import Pair
from watchbell.domain.duplicates.index import Index
from watchbell.domain.duplicates.suggest import SHIPPED, ranking, suggestions

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SCORER = Path(suggest.__file__).parent / "data" / "scorer.json"


def main(arguments: list[str]) -> None:
    """Print the figures of the held-out part, or fit on the training part."""
    fit = "fit" in arguments
    folder = Path(next((one for one in arguments if one != "fit"), DATA))
    if not (folder / "duplicates").is_dir():
        print(f"skipped: there is no {folder / 'duplicates'}; name the folder that holds it")
        return
    corpus = read_corpus(folder)
    print(figures.counted("training", corpus.training), figures.counted("held out", corpus.held_out), sep="\n")
    before, started = figures.resident(), time.process_time()
    index = Index(corpus.background)
    spent = time.process_time() - started
    print(f"index of {len(index.known):,} texts: {spent:.1f} s, {figures.resident() - before:.0f} MB", flush=True)
    if fit:
        fitted = fitting.fitted(index, corpus.training)
        SCORER.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
        print(json.dumps(fitted, indent=2))
    else:
        held_out(index, corpus)


def held_out(index: Index, corpus: Corpus) -> None:
    """Print how the shipped scorer and the baseline do on the held-out part."""
    asked = corpus.held_out
    ranked = [ranking(index, index.read(query.report)) for query in asked]
    print(figures.candidates(asked, [{pair.known.name for _, pair in one} for one in ranked]))
    print("-- the shipped scorer")
    found = [_first(query, one) for query, one in zip(asked, ranked, strict=True)]
    print(figures.told(found, SHIPPED.least), figures.calibration(found), sep="\n")
    for name, share in (("threshold as fitted", None), ("told of the share", 0.1)):
        again = [_first(query, ranking(index, index.read(query.report), prevalence=share)) for query in asked]
        print(f"where one in 10 has a twin, {name}: {figures.weighted(again, SHIPPED.least, 0.1)}", flush=True)
    print(answers(index, asked))
    print(speed(index, asked), flush=True)
    known = baseline.Cosines(corpus.background)
    for bonus in baseline.BONUSES:
        print(f"-- TF-IDF, bonus of {bonus} for an agreeing package; threshold of the best F1 on the training part")
        least = figures.best_threshold(known.given(corpus.training, bonus))
        print(figures.told(known.given(asked, bonus), least), flush=True)


def _first(query: Query, ranked: list[tuple[float, Pair]]) -> figures.Given:
    return figures.Given(query, ranked[0][1].known.name, ranked[0][0]) if ranked else figures.Given(query, "", 0.0)


def answers(index: Index, asked: list[Query]) -> str:
    """Return how often each of the three answers is given to the best candidate, and how often rightly."""
    rows = []
    given = [(query, suggestions(index, query.report, most=1)) for query in asked]
    for answer in Answer:
        those = [(query, one[0]) for query, one in given if one and one[0].answer is answer]
        right = sum(one.name in query.twins for query, one in those)
        rows.append(f"{answer.value}: {len(those)}, of them {right} the twin")
    return "answers for the best candidate  " + "; ".join(rows)


def speed(index: Index, asked: list[Query]) -> str:
    """Return how many whole answers a second, five suggestions with reasons each, and the slowest of twenty."""
    spent: list[float] = []
    for query in asked:
        started = time.process_time()
        suggestions(index, query.report)
        spent.append(1000 * (time.process_time() - started))
    spent.sort()
    rate = 1000 * len(spent) / sum(spent)
    return (
        f"whole answers of five with reasons  {rate:,.0f} a second (aim 300), "
        f"p50 {spent[len(spent) // 2]:.1f} ms, p95 {spent[int(0.95 * len(spent))]:.1f} ms (aim 50)"
    )
