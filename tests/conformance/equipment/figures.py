"""How well does the equipment matcher do on lines that people might write? Precision, recall, confusion."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from watchbell.domain.matching.equipment.catalogue import Catalogue, catalogue_of
from watchbell.domain.matching.equipment.machine import Machine
from watchbell.domain.matching.equipment.recognise import recognise
from watchbell.domain.matching.products import ProductClaim
from watchbell.domain.matching.tiers import Tier
from watchbell.formats import csaf_claims, csaf_reader

LINES = Path(__file__).with_name("lines.tsv")
ADVISORIES = Path(__file__).parents[4] / "shared" / "data" / "ics-advisories"
SURE = (Tier.EXACT, Tier.PROBABLE)

Pair = tuple[str, str]
"""A document's id and a product's name in it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One line, the family of products it is about, and the products it truly names."""

    family: str
    machine: Machine
    truth: frozenset[Pair]

    @property
    def is_held(self) -> bool:
        """Return whether its vendor and family were kept back while the matcher was tuned."""
        return sha256(self.family.encode()).digest()[0] % 2 == 1


@dataclass(slots=True)
class Figures:
    """What came of one half of the lines; a pair is a line with one product of one document."""

    lines: int = 0
    pairs: Counter[tuple[Tier, bool]] = field(default_factory=Counter)
    of_none: Counter[Tier] = field(default_factory=Counter)
    wrong: list[tuple[Labelled, frozenset[Pair], frozenset[Pair]]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Return the share of exact and probable pairs that are true."""
        said = sum(self.pairs[tier, right] for tier in SURE for right in (True, False))
        return sum(self.pairs[tier, True] for tier in SURE) / max(said, 1)

    @property
    def recall(self) -> float:
        """Return the share of true pairs that are exact or probable."""
        true = sum(count for (_, right), count in self.pairs.items() if right)
        return sum(self.pairs[tier, True] for tier in SURE) / max(true, 1)


def labelled() -> list[Labelled]:
    """Return every line of the labelled set."""
    with LINES.open(encoding="utf-8", newline="") as file:
        return [_labelled(row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _labelled(row: dict[str, str]) -> Labelled:
    columns = ("vendor", "product", "model", "version", "text")
    pairs = (one.partition("#") for one in row["is"].split(" || ") if one)
    return Labelled(
        row["family"], Machine(**{one: row[one] for one in columns}), frozenset((doc, name) for doc, _, name in pairs)
    )


def advisories(folder: Path = ADVISORIES) -> Iterator[tuple[str, ProductClaim]]:
    """Yield every claim of the industrial advisories."""
    for path in sorted(folder.glob("*.json")):
        document = csaf_reader.loads(path.read_bytes())
        for flaw in document.flaws:
            for claim in csaf_claims.claims(document, flaw):
                yield document.id, claim


def measured(lines: Iterable[Labelled], catalogue: Catalogue) -> Figures:
    """Return the figures of these lines."""
    found = Figures()
    for line in lines:
        tiers = _tiers(line.machine, catalogue)
        found.lines += 1
        for pair in line.truth | set(tiers):
            found.pairs[tiers.get(pair, Tier.CANNOT_TELL), pair in line.truth] += 1
        if not line.truth:
            found.of_none[min(tiers.values(), key=list(Tier).index, default=Tier.CANNOT_TELL)] += 1
        sure = frozenset(pair for pair, tier in tiers.items() if tier in SURE)
        if sure != line.truth:
            found.wrong.append((line, sure - line.truth, line.truth - sure))
    return found


def _tiers(machine: Machine, catalogue: Catalogue) -> dict[Pair, Tier]:
    """Return the surest tier of each pair."""
    tiers: dict[Pair, Tier] = {}
    for match in recognise(machine, catalogue).matches:
        tiers.setdefault((match.listed.record, match.listed.name), match.tier)
    return tiers


def both(catalogue: Catalogue | None = None) -> tuple[Figures, Figures]:
    """Return the figures of the tuned and of the held half."""
    index = catalogue or catalogue_of(advisories())
    lines = labelled()
    return (
        measured([one for one in lines if not one.is_held], index),
        measured([one for one in lines if one.is_held], index),
    )  # fmt: skip


def shown(name: str, found: Figures) -> str:
    """Return one half's figures for people."""
    rows = [f"{name}: {found.lines} lines, precision {found.precision:.3f}, recall {found.recall:.3f}"]
    rows.append(f"  {'outcome':12} {'true pairs':>10} {'false pairs':>11} {'lines that name nothing':>24}")
    rows += [
        f"  {tier:12} {found.pairs[tier, True]:10} {found.pairs[tier, False]:11} {found.of_none[tier]:24}"
        for tier in Tier
    ]
    return "\n".join(rows)
