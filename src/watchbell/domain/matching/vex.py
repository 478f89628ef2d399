"""Which VEX statements hold for a match, which do not and why, and does the match still alert?

An overlay, never an eraser: the match stays, with every statement beside it.
- A statement must name the vulnerability (by any of its ids), then the product, then,
  if it names subcomponents, the component. A product without subcomponents speaks for
  all that is inside it. What a package URL leaves out means any.
- The later statement of one author replaces the earlier.
- Authors who disagree are all shown; for alerting, affected wins over under
  investigation, and that over fixed and not affected.
- "Not affected" without a justification or impact statement is shown and flagged, and
  silences nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.canonical_purl import canonical_purl, same_firmware
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.products import ProductName
from watchbell.domain.matching.ranges import Ranges
from watchbell.domain.matching.vex_statements import Statement
from watchbell.domain.sentence import Sentence

_LOUDEST = (VexStatus.AFFECTED, VexStatus.UNDER_INVESTIGATION, VexStatus.FIXED, VexStatus.NOT_AFFECTED)
_QUIET = frozenset({VexStatus.FIXED, VexStatus.NOT_AFFECTED})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Obstacle(StrEnum):
    """Why a statement does not apply to a match."""

    OTHER_VULNERABILITY = "it is about another vulnerability"
    NO_PRODUCT = "it names no product"
    OTHER_PRODUCT = "it is about another product"
    OTHER_VERSION = "it is about another version"
    OTHER_QUALIFIER = "it is about another variant of the package"
    OTHER_SUBCOMPONENT = "it is about another part of the product"
    CANNOT_TELL = "whether it is about this version cannot be told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a match is about: the component, the product it was found in if known, and every id of the vulnerability."""

    ids: frozenset[str]
    component: ProductName
    product: ProductName | None = None


@dataclass(frozen=True, slots=True)
class NotApplied:
    """A statement that does not hold for the match, and why, in one word and one sentence."""

    statement: Statement
    obstacle: Obstacle
    because: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """What the statements say of one match; the match itself stays whatever stands here.

    `status` is what counts for alerting, None when nothing that counts applies; `flagged`
    are those that say "not affected" without saying why.
    """

    status: VexStatus | None
    applied: tuple[Statement, ...] = ()
    replaced: tuple[Statement, ...] = ()
    flagged: tuple[Statement, ...] = ()
    not_applied: tuple[NotApplied, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Return whether the match need not alert."""
        return self.status in _QUIET

    @property
    def is_disputed(self) -> bool:
        """Return whether authors say different things."""
        return len({one.status for one in self.applied}) > 1


class Statements:
    """Many statements, found by the vulnerability they are about."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._by_id: defaultdict[str, list[Statement]] = defaultdict(list)
        for one in statements:
            for name in one.canonical_ids:
                self._by_id[name].append(one)

    def about(self, ids: Iterable[str]) -> tuple[Statement, ...]:
        """Return those that name one of these ids, each once."""
        found = (one for name in sorted(set(map(canonical_id, ids))) for one in self._by_id.get(name, ()))
        return tuple({id(one): one for one in found}.values())


def overlay(subject: Subject, statements: Iterable[Statement]) -> Overlay:
    """Return what these statements say of the match; their order never matters."""
    holding: list[Statement] = []
    missed: list[NotApplied] = []
    for one in statements:
        why_not = obstacle(subject, one)
        if why_not is None:
            holding.append(one)
        else:
            missed.append(why_not)
    standing, replaced = _latest(holding)
    flagged = tuple(one for one in standing if one.is_unexplained)
    counted = [one.status for one in standing if not one.is_unexplained]
    status = min(counted, key=_LOUDEST.index, default=None)
    return Overlay(status, standing, replaced, flagged, tuple(sorted(missed, key=_shown_first)))


def obstacle(subject: Subject, statement: Statement) -> NotApplied | None:
    """Return why this statement does not hold for the match, or None when it does."""
    if not statement.canonical_ids & frozenset(map(canonical_id, subject.ids)):
        named = ", ".join(statement.ids[:3])
        return _missed(statement, Obstacle.OTHER_VULNERABILITY, Sentence("it speaks of {ids}", ids=named))
    if statement.product is None:
        return _missed(statement, Obstacle.NO_PRODUCT, "it names no product, so it cannot be tied to anything")
    if not statement.subcomponents:
        return _least(statement, [_as_product(statement, subject.component), _as_product(statement, subject.product)])
    found = _least(statement, [_as_product(statement, subject.product)])
    if found is not None:
        return found
    parts = [_within(part, subject.component, statement.part_versions) for part in statement.subcomponents]
    missed = _least(statement, parts)
    if missed is None or missed.obstacle is not Obstacle.OTHER_PRODUCT:
        return missed
    named = ", ".join(part.shown for part in statement.subcomponents[:3])
    why = Sentence(
        "it is about {parts} in the product, not about {component}", parts=named, component=subject.component.shown
    )
    return _missed(statement, Obstacle.OTHER_SUBCOMPONENT, why)


_Difference = tuple[Obstacle, str]


def _as_product(statement: Statement, found: ProductName | None) -> _Difference | None:
    """Return how what was found differs from the statement's product."""
    if found is None or statement.product is None:
        return Obstacle.OTHER_PRODUCT, "nothing says in which product this was found"
    return _within(statement.product, found, statement.versions)


def _within(named: ProductName, found: ProductName, versions: Ranges | None) -> _Difference | None:
    """Return how `found` differs from what is named, its range of versions included."""
    other = difference(named, found)
    if other is not None or versions is None:
        return other
    outcome = judge(_version_of(found), versions, record="the statement")
    if outcome.status is Status.AFFECTED:
        return None
    told = Obstacle.CANNOT_TELL if outcome.status is Status.CANNOT_TELL else Obstacle.OTHER_VERSION
    return told, outcome.because


def _version_of(found: ProductName) -> str | None:
    """Return the version of what was found, from its package URL where it stands nowhere else."""
    given = (one.version for one in map(canonical_purl, found.purls) if one)
    return found.version or next((version for version in given if version), None)


def difference(named: ProductName, found: ProductName) -> _Difference | None:
    """Return how `found` differs from what a statement names, or None when it is that.

    The strongest identity that both have decides: reference, package URL, digest, CPE, then words.
    """
    if set(named.refs) & set(found.refs):
        return None
    if named.purls and found.purls:
        return _purls_differ(named, found)
    if {kind for kind, _ in named.hashes} & {kind for kind, _ in found.hashes}:
        return _hashes_differ(named, found)
    if named.cpes and found.cpes and not named.name:
        return None if set(named.cpes) & set(found.cpes) else _other(named, found)
    return _words_differ(named, found)


def _purls_differ(named: ProductName, found: ProductName) -> _Difference | None:
    parts: set[str] = set()
    for wanted in map(canonical_purl, named.purls):
        for given in map(canonical_purl, found.purls):
            part = wanted.differs_from(given) if wanted and given else "name"
            if not part:
                return None
            parts.add(part)
    if parts == {"name"}:
        return _other(named, found)
    if "version" in parts:
        return Obstacle.OTHER_VERSION, _sentence("it is about {named}, not {found}", named, found)
    return Obstacle.OTHER_QUALIFIER, _sentence("it is about the variant {named}, not {found}", named, found)


def _hashes_differ(named: ProductName, found: ProductName) -> _Difference | None:
    return None if set(named.hashes) & set(found.hashes) else _other(named, found)


def _words_differ(named: ProductName, found: ProductName) -> _Difference | None:
    """Return how the words differ; a vendor that one side leaves out is no difference, a name must be the same."""
    if not named.name or _folded(named.name) != _folded(found.name):
        return _other(named, found)
    if named.vendor and found.vendor and _folded(named.vendor) != _folded(found.vendor):
        return _other(named, found)
    if named.version and not same_firmware(_folded(named.version), _folded(found.version)):
        return Obstacle.OTHER_VERSION, _sentence("it is about {named}, not {found}", named, found)
    return None


def _other(named: ProductName, found: ProductName) -> _Difference:
    return Obstacle.OTHER_PRODUCT, _sentence("it is about {named}, not {found}", named, found)


def _sentence(template: str, named: ProductName, found: ProductName) -> Sentence:
    return Sentence(template, named=named.shown, found=found.shown)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _least(statement: Statement, differences: list[_Difference | None]) -> NotApplied | None:
    """Return None when one of the things compared is the one meant, else the closest miss."""
    if None in differences:
        return None
    closest = max((one for one in differences if one), key=lambda one: one[0] is not Obstacle.OTHER_PRODUCT)
    return _missed(statement, *closest)


def _missed(statement: Statement, kind: Obstacle, because: str) -> NotApplied:
    return NotApplied(statement, kind, because)


def _said_at(one: Statement) -> datetime:
    return one.updated_at or one.issued_at or _LONG_AGO


def _order(one: Statement) -> tuple[datetime, int, str, str]:
    """Return what decides between two statements of one author: the time, then the louder, then the place."""
    return _said_at(one), -_LOUDEST.index(one.status), one.provenance.document, one.provenance.place


def _latest(holding: Iterable[Statement]) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Return each author's last word and what it replaced; who has no name speaks for one document only."""
    by_author: defaultdict[tuple[str, str], list[Statement]] = defaultdict(list)
    for one in holding:
        author = _folded(one.author)
        by_author[author, "" if author else one.provenance.document].append(one)
    standing: list[Statement] = []
    replaced: list[Statement] = []
    for said in by_author.values():
        *earlier, last = sorted(sorted(said, key=repr), key=_order)  # repr: equal words in any order give one answer
        standing.append(last)
        replaced += earlier
    louder = sorted(standing, key=lambda one: (_LOUDEST.index(one.status), one.author, one.provenance.document))
    return tuple(louder), tuple(sorted(replaced, key=_order))


def _shown_first(one: NotApplied) -> tuple[str, str, str]:
    return one.obstacle, one.statement.provenance.document, one.statement.provenance.place
