"""Which versions does one `affected` entry of a CVE record (JSON 5) name?

The rules of the CVE program ("Product and Version Encodings") that surprise:
- the first entry that matches a version decides; what none matches has the default
  status, and a default that is not given is *unknown*, which is never "not affected";
- `0` as a beginning has nothing below it, `*` as an end nothing above it, and `2.*` is
  the end of all 2.x, not a pattern;
- inside a range, `changes` turn the status from a version on.
What real records do besides: words of any case, no `versionType` at all, whole
sentences in `version`, and `n/a` or `unspecified` where nothing is known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Commits, Ranges
from watchbell.domain.matching.stretches import BOTTOM, TOP, Claim, Edge, Standing, ranges_of
from watchbell.domain.matching.version_text import around, claims_of, is_branch
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import Scheme, Unparsable, scheme_for

_COMMITS = frozenset({"git", "hg", "svn", "cvs", "commit"})
_NO_ORDER_NAMED = frozenset(
    {"", "custom", "generic", "other", "n/a", "unspecified", "date", "intdot", "original_commit_for_fix"}
)
_ECOSYSTEMS = {
    "semver": "npm", "npm": "npm", "cargo": "crates.io", "go": "Go", "golang": "Go", "hex": "Hex",
    "python": "PyPI", "pypi": "PyPI", "pep440": "PyPI", "maven": "Maven", "nuget": "NuGet", "gem": "RubyGems",
    "rubygems": "RubyGems", "composer": "Packagist", "packagist": "Packagist", "rpm": "Red Hat", "deb": "Debian",
    "dpkg": "Debian", "apk": "Alpine", "alpine": "Alpine", "cran": "CRAN", "hackage": "Hackage", "pub": "Pub",
}  # fmt: skip
_FROM_THE_START = frozenset({"", "0", "*", "-", "n/a", "na", "unspecified", "unknown", "all", "any"})
_EVERY = frozenset({"*", "all", "any", "all versions", "any version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionEntry:
    """One entry of `versions`: a single version, or a range when one of the two ends is given."""

    version: str
    status: Standing
    less_than: str = ""
    less_than_or_equal: str = ""
    version_type: str = ""
    changes: tuple[tuple[str, Standing], ...] = ()

    @property
    def is_range(self) -> bool:
        """Return whether it names more than one version."""
        return bool(self.less_than or self.less_than_or_equal)


def read_versions(
    entries: Sequence[VersionEntry], default: Standing, *, ecosystem: str = "", repository: str = ""
) -> Ranges:
    """Return what the entries name; faults become doubts, nothing is raised.

    `ecosystem` is given when the package is certain; its order then counts more than any `versionType`.
    """
    ordered = [one for one in entries if _kind(one) not in _COMMITS]
    commits = tuple(_commits([one for one in entries if _kind(one) == "git"], repository))
    reading = _Reading(*_scheme(ordered, ecosystem))
    for one in ordered:
        reading.add(one)
    if entries and not ordered:
        only = Doubt(Reason.ONLY_COMMITS, "the record names commits only, not versions")
        return Ranges(None, commits=commits, doubts=(only,))
    return replace(reading.read(default), commits=commits)


def _kind(entry: VersionEntry) -> str:
    return entry.version_type.strip().casefold()


def _scheme(entries: Iterable[VersionEntry], ecosystem: str) -> tuple[Scheme, list[Doubt]]:
    """Return the order to compare in, and a doubt where the record names one that we do not have."""
    certain = scheme_for(ecosystem) if ecosystem else None
    if certain is not None:
        return certain, []
    kinds = sorted({_kind(one) for one in entries} - _NO_ORDER_NAMED)
    known = {kind: scheme_for(_ECOSYSTEMS.get(kind, "")) for kind in kinds}
    doubts = [_strange_order(kind) for kind, scheme in known.items() if scheme is None]
    schemes = {scheme for scheme in known.values() if scheme is not None}
    return (schemes.pop() if len(schemes) == 1 else Scheme.GENERIC), doubts


def _strange_order(kind: str) -> Doubt:
    why = Sentence("versions of type {kind} cannot be put in order here", kind=repr(kind[:40]))
    return Doubt(Reason.RANGE_NOT_UNDERSTOOD, why)


@dataclass(slots=True)
class _Reading:
    """What was found so far in one list of versions."""

    scheme: Scheme
    doubts: list[Doubt]
    claims: list[Claim] = field(default_factory=list)
    named: list[str] = field(default_factory=list)

    def add(self, entry: VersionEntry) -> None:
        """Add what one entry claims, or the doubt about it."""
        if not entry.is_range:
            self._add_text(entry)
            return
        try:
            pieces = _pieces(self.scheme, entry)
        except Unparsable as error:
            why = Sentence("a bound of the record cannot be compared: {why}", why=Sentence(str(error)))
            self.doubts.append(Doubt(Reason.UNPARSABLE_VERSION, why))
            return
        if pieces[-1][0].place > pieces[-1][1].place:
            self.doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, "a range of the record ends before it begins"))
            return
        self.claims += [piece for piece in pieces if piece[0].place < piece[1].place]

    def _add_text(self, entry: VersionEntry) -> None:
        """Add a single version, which real records also use for whole sentences about versions."""
        if entry.version.strip().casefold() in _EVERY:
            self.claims.append((BOTTOM, TOP, entry.status))
            return
        found = claims_of(entry.version, self.scheme)
        self.claims += [
            (lo, hi, entry.status if how is Standing.AFFECTED else Standing.UNKNOWN)
            for lo, hi, how in found.claims
            if how is not Standing.UNAFFECTED
        ]
        if entry.status is Standing.AFFECTED:
            self.named += found.named
        if entry.status is not Standing.UNAFFECTED:
            self.doubts += found.doubts

    def read(self, default: Standing) -> Ranges:
        """Return the ranges; beside an entry that could not be placed, only what is listed as safe is safe."""
        rest = Standing.UNKNOWN if self.doubts and default is Standing.UNAFFECTED else default
        found = ranges_of(self.scheme, self.claims, rest, self.doubts, named=self.named)
        is_open = rest is Standing.UNKNOWN or any(how is Standing.UNKNOWN for _, _, how in self.claims)
        if is_open and not self.doubts:
            listed = "the record says nothing about versions that it does not list"
            return replace(found, doubts=(Doubt(Reason.RANGE_NOT_GIVEN, listed),))
        return found


def _pieces(scheme: Scheme, entry: VersionEntry) -> list[Claim]:
    """Return the stretches of a range between its changes; raises Unparsable."""
    start = BOTTOM if entry.version.strip().casefold() in _FROM_THE_START else around(scheme, entry.version)[0]
    end = _end(scheme, entry.less_than or entry.less_than_or_equal, includes=not entry.less_than)
    turns = sorted(((around(scheme, at)[0], how) for at, how in entry.changes), key=lambda turn: turn[0].place)
    pieces: list[Claim] = []
    status = entry.status
    for edge, how in turns:
        if start.place < edge.place < end.place:
            pieces.append((start, edge, status))
            start = edge
        if edge.place < end.place:
            status = how
    return [*pieces, (start, end, status)]


def _end(scheme: Scheme, version: str, *, includes: bool) -> Edge:
    version = version.strip()
    if version == "*":
        return TOP
    first, after = around(scheme, version)
    return after if includes or is_branch(version) else first


def _commits(entries: Sequence[VersionEntry], repository: str) -> Iterable[Commits]:
    """Yield the commits the entries name; `0` and `*` are no commits."""
    affected: set[str] = set()
    fixed: set[str] = set()
    for one in entries:
        turns = [(one.version, one.status), *one.changes]
        if one.less_than:
            turns.append((one.less_than, _opposite(one.status)))
        if one.less_than_or_equal:
            turns.append((one.less_than_or_equal, one.status))
        for commit, status in turns:
            if commit.strip() not in ("", "0", "*") and status is not Standing.UNKNOWN:
                (affected if status is Standing.AFFECTED else fixed).add(commit.strip().lower())
    if affected or fixed:
        yield Commits(repository, frozenset(affected - fixed), frozenset(fixed))


def _opposite(status: Standing) -> Standing:
    return Standing.UNAFFECTED if status is Standing.AFFECTED else Standing.UNKNOWN
