"""The best of six baselines of reference: cosine of TF-IDF over words, and a bonus where the package agrees.

Words, weights and lengths are those of scikit-learn's TfidfVectorizer with its defaults: words of two or more letters,
ln((1 + n) / (1 + with)) + 1, unit length. The bonus was never searched: 0.25, or none. Ids, repeated sentences and the
module at the end of a title are left out here too, which helps on the training part (F1 0.673 against 0.642).
"""

import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np

from benchmarks.duplicates import figures
from benchmarks.duplicates.pairs import Query
from watchbell.domain.duplicates.report import Report
from watchbell.domain.duplicates.words import bare_title, package_name, sentences

BONUSES = (0.25, 0.0)
_WORD = re.compile(r"\b\w\w+\b")


class Cosines:
    """Known texts by word, each with its share of a unit vector."""

    def __init__(self, background: list[Report]) -> None:
        counts = [_counted(report) for report in background]
        frequent = Counter(word for one in counts for word in one)
        self.names = [report.name for report in background]
        self.rarity = {word: 1 + np.log((1 + len(counts)) / (1 + times)) for word, times in frequent.items()}
        places, shares = defaultdict(list), defaultdict(list)
        for at, one in enumerate(counts):
            length = sum((times * self.rarity[word]) ** 2 for word, times in one.items()) ** 0.5 or 1.0
            for word, times in one.items():
                places[word].append(at)
                shares[word].append(times * self.rarity[word] / length)
        self.lists: dict[str, tuple[Any, Any]] = {
            word: (np.array(places[word], dtype=np.int32), np.array(shares[word], dtype=np.float32)) for word in places
        }
        self.named = defaultdict(set)
        for at, report in enumerate(background):
            for token in {word for one in report.packages for word in package_name(one).split()}:
                self.named[token].add(at)

    def given(self, asked: list[Query], bonus: float) -> list[figures.Given]:
        """Return the nearest text to each record with its cosine, and this bonus where the package agrees."""
        return [self._nearest(query, bonus) for query in asked]

    def _nearest(self, query: Query, bonus: float) -> figures.Given:
        own = {word: times for word, times in _counted(query.report).items() if word in self.rarity}
        length = sum((times * self.rarity[word]) ** 2 for word, times in own.items()) ** 0.5 or 1.0
        score = np.zeros(len(self.names))
        for word, times in own.items():
            at, share = self.lists[word]
            score[at] += share * (times * self.rarity[word] / length)
        for name in {package_name(one) for one in query.report.packages} - {""}:
            agreeing = set.intersection(*(self.named.get(token, set()) for token in name.split()))
            score[list(agreeing)] += bonus
        best = int(score.argmax())
        return figures.Given(query, self.names[best], float(score[best]))


def _counted(report: Report) -> Counter[str]:
    said = dict.fromkeys([bare_title(report), *sentences(report)])
    return Counter(_WORD.findall(" ".join(said).lower()))
