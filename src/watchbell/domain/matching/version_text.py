"""Which versions does a text name, as half-open ranges: `vers:`, operators, "all", one version, or a vendor's sentence?

Firmware has no registry, so bounds are compared in the `generic` order unless the
caller knows better. What is not understood becomes a doubt with its reason: a
product whose range cannot be read is never "not affected".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from watchbell.domain.matching.outcomes import Doubt, Reason
from watchbell.domain.matching.ranges import Ranges
from watchbell.domain.matching.stretches import BOTTOM, TOP, Claim, Edge, Standing, Stretch, above, below, ranges_of
from watchbell.domain.matching.version_words import LONGEST_TEXT, Constraint, Op, of_vers, understood
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import Scheme, Unparsable, scheme_for

_NOT_GIVEN = frozenset({"-", "n/a", "na", "none", "unspecified", "unknown", "tbd", "not specified", "?"})
_DATE = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+[0-9]{1,2},?\s+[0-9]{4}\b"
    r"|\b[0-9]{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+[0-9]{4}\b"
    r"|\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"\A(?:v(?:er(?:sion)?)?[\s._]*|(?:fw|sw|firmware)[_\s]+)(?=[0-9])", re.IGNORECASE)
_BRANCH = re.compile(r"\A(.*[0-9])(?:[.\s_]x|[.\s_]?\*)(?:\.[x*])*\Z", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{4,}")
_SHAPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._+~:()-]*")
_WORDS = frozenset(
    {
        *("build", "patch", "update", "hotfix", "service", "pack", "release", "revision", "level"),
        *("alpha", "beta", "preview", "final", "snapshot", "stable"),
    }
)
_VERS = {
    "semver": "npm", "npm": "npm", "golang": "Go", "cargo": "crates.io", "hex": "Hex", "pub": "Pub", "gem": "RubyGems",
    "pypi": "PyPI", "maven": "Maven", "nuget": "NuGet", "composer": "Packagist", "deb": "Debian", "debian": "Debian",
    "rpm": "Red Hat", "alpine": "Alpine", "apk": "Alpine", "cran": "CRAN", "hackage": "Hackage", "swift": "SwiftURL",
}  # fmt: skip
_ANY_ORDER = frozenset({"all", "none", "generic", "intdot", ""})
_FIRST_OF = {
    Scheme.SEMVER: "{}-0", Scheme.NUGET: "{}-0", Scheme.PUB: "{}-0", Scheme.PYPI: "{}.dev0", Scheme.RUBYGEMS: "{}.a",
    Scheme.DEBIAN: "{}~", Scheme.RPM: "{}~", Scheme.ALPINE: "{}_alpha", Scheme.MAVEN: "{}-alpha",
    Scheme.PACKAGIST: "{}-dev", Scheme.GENERIC: "{} alpha",
}  # fmt: skip
"""How the very first pre-release of a version is written, where pre-releases come before it."""

_OF_THREE_NUMBERS = frozenset({Scheme.SEMVER, Scheme.PUB})


def read_version_text(text: str, scheme: Scheme = Scheme.GENERIC) -> Ranges:
    """Return the versions this text names, in the order of `scheme`; what cannot be told is a doubt."""
    found = claims_of(text, scheme)
    return ranges_of(found.scheme, found.claims, found.rest, found.doubts, named=found.named)


def read_version_texts(texts: Iterable[str], scheme: Scheme = Scheme.GENERIC) -> Ranges:
    """Return the versions that any of these texts names, all in one order."""
    found = [claims_of(text, scheme) for text in texts]
    known = [one for one in found if one.scheme is scheme]
    doubts = [doubt for one in found for doubt in one.doubts]
    if len(known) < len(found):
        doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, "the record compares versions of this product in two orders"))
    claims = [claim for one in known for claim in one.claims]
    named = [text for one in found for text in one.named]
    return ranges_of(scheme, claims, Standing.UNKNOWN if doubts else Standing.UNAFFECTED, doubts, named=named)


@dataclass(frozen=True, slots=True)
class TextClaims:
    """What a text claims: stretches in the order in which they count, and how every other version stands.

    `only_points` when it lists single versions, so that it says nothing about their neighbours.
    """

    scheme: Scheme
    claims: tuple[Claim, ...] = ()
    rest: Standing = Standing.UNKNOWN
    named: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    only_points: bool = False


def claims_of(text: str, scheme: Scheme = Scheme.GENERIC) -> TextClaims:
    """Return the same as `read_version_text`, before it is painted, for callers that have more to say."""
    shown = " ".join(text.split())
    if shown.casefold() in _NOT_GIVEN or not shown:
        return _doubtful(scheme, Reason.RANGE_NOT_GIVEN, "the record names the product but no versions")
    if shown.casefold().startswith("vers:"):
        return _read_vers(shown, scheme)
    if _DATE.search(shown):
        why = Sentence("{text} speaks of dates; compare the date of your release with it", text=repr(shown[:100]))
        return _doubtful(scheme, Reason.RANGE_NOT_UNDERSTOOD, why)
    said = understood(shown)
    if said is None:
        return _not_understood(scheme, shown)
    reading = _Reading(scheme, shown)
    if said.everything:
        reading.claims.append((BOTTOM, TOP, Standing.AFFECTED))
    else:
        reading.add(said.constraints, is_strict=False)
    return reading.read(said.condition)


def is_branch(version: str) -> bool:
    """Return whether this stands for a whole line of releases, such as `2.*` or `2.x`; 1.0.2x is one version."""
    return _BRANCH.match(version) is not None


def around(scheme: Scheme, written: str) -> Stretch:
    """Return the edges around one version, or around a whole branch such as 2.x; raises Unparsable."""
    version = _PREFIX.sub("", written.strip(" .,")) if scheme is Scheme.GENERIC else written.strip()
    branch = _BRANCH.match(version)
    if scheme is Scheme.GENERIC and not _looks_like_a_version(branch[1] if branch else version):
        raise Unparsable(written, scheme)
    if branch:
        return _first(scheme, branch[1]), _bumped(scheme, branch[1], version)
    start, end = below(scheme, version), above(scheme, version)
    return replace(start, version=written.strip()), replace(end, version=written.strip())


def _read_vers(text: str, scheme: Scheme) -> TextClaims:
    """Return a `vers:` range, see the VERS specification; CISA writes `vers:all/<V5.2`, which is taken as generic."""
    kind, _, constraints = text[len("vers:") :].partition("/")
    kind = kind.casefold()
    if kind not in _ANY_ORDER:
        found = scheme_for(_VERS.get(kind, ""))
        if found is None:
            why = Sentence("versions of type {kind} cannot be put in order here", kind=repr(kind[:40]))
            return _doubtful(scheme, Reason.RANGE_NOT_UNDERSTOOD, why)
        scheme = found
    if kind == "none":
        return TextClaims(scheme, rest=Standing.UNAFFECTED)
    reading = _Reading(scheme, text)
    parts = [part.strip() for part in constraints.split("|")]
    if parts == ["*"]:
        reading.claims.append((BOTTOM, TOP, Standing.AFFECTED))
        return reading.read()
    listed = of_vers(unquote(part) for part in parts) if len(text) <= 100 * LONGEST_TEXT else None
    if listed is None:
        return _not_understood(scheme, text)
    reading.add(listed, is_strict=True)
    return reading.read()


def _doubtful(scheme: Scheme, reason: Reason, why: str) -> TextClaims:
    return TextClaims(scheme, doubts=(Doubt(reason, why),))


def _not_understood(scheme: Scheme, text: str) -> TextClaims:
    why = Sentence("the versions {text} are written in words that are not understood", text=repr(text[:100]))
    return _doubtful(scheme, Reason.RANGE_NOT_UNDERSTOOD, why)


@dataclass(slots=True)
class _Reading:
    """What was found so far in one text."""

    scheme: Scheme
    text: str
    claims: list[Claim] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    only_points: bool = False

    def add(self, constraints: tuple[Constraint, ...] | list[Constraint], *, is_strict: bool) -> None:
        """Add what the constraints name; redundant bounds widen a strict text (`vers:`) and are doubts in others."""
        lows: list[Edge] = []
        highs: list[Edge] = []
        for one in constraints:
            try:
                self._place(one, lows, highs)
            except Unparsable as error:
                self.doubts.append(Doubt(Reason.UNPARSABLE_VERSION, _uncomparable(error)))
        # An unread bound leaves the others without their partner: what they would span is not certain.
        if self.doubts:
            if lows or highs:
                self.claims.append((min(lows, default=BOTTOM), TOP, Standing.UNKNOWN))
            return
        self.only_points = not lows and not highs
        self._pair(lows, highs, is_strict)

    def _place(self, one: Constraint, lows: list[Edge], highs: list[Edge]) -> None:
        if one.op is Op.IS:
            self.named.append(one.version)
        start, end = around(self.scheme, one.version)
        match one.op:
            case Op.IS:
                self.claims.append((start, end, Standing.AFFECTED))
            case Op.IS_NOT:
                self.claims.insert(0, (start, end, Standing.UNAFFECTED))
            case Op.AT_LEAST:
                lows.append(start)
            case Op.ABOVE:
                lows.append(end)
            case Op.BELOW:
                highs.append(start)
            case Op.AT_MOST:
                highs.append(end)

    def _pair(self, lows: list[Edge], highs: list[Edge], is_strict: bool) -> None:
        """Pair bounds in the order of versions, as VERS does: each lower one with the next upper one."""
        bounds = sorted([(edge, False) for edge in lows] + [(edge, True) for edge in highs], key=_order)
        certain: list[Claim] = []
        doubtful: list[Claim] = []
        opened: Edge | None = None
        closed = BOTTOM
        for index, (edge, is_high) in enumerate(bounds):
            if is_high:
                first = index == 0 or opened is not None
                if first or is_strict:
                    certain.append((opened or closed, edge, Standing.AFFECTED))
                else:
                    doubtful.append((closed, edge, Standing.UNKNOWN))
                opened, closed = None, edge
            elif opened is None:
                opened = edge
            elif not is_strict:
                doubtful.append((opened, edge, Standing.UNKNOWN))
                opened = edge
        if opened is not None:
            certain.append((opened, TOP, Standing.AFFECTED))
        if doubtful:
            why = Sentence(
                "{text} gives several bounds without saying which release line each is for", text=repr(self.text[:100])
            )
            self.doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, why))
        self.claims += certain + doubtful

    def read(self, condition: str = "") -> TextClaims:
        """Return the claims; under a condition nothing is certain but what lies outside them."""
        claims = [one for one in self.claims if one[0].place < one[1].place]
        if condition:
            why = Sentence(
                "{text} asks for more than a version: {condition}",
                text=repr(self.text[:100]),
                condition=repr(condition[:100]),
            )
            self.doubts.append(Doubt(Reason.RANGE_NOT_UNDERSTOOD, why))
            claims = [(lo, hi, Standing.UNKNOWN if how is Standing.AFFECTED else how) for lo, hi, how in claims]
        if not claims and not self.doubts:
            return _not_understood(self.scheme, self.text)
        # Whatever could not be placed may lie anywhere, so nothing is safe beside it.
        unplaced = any(one.reason is Reason.UNPARSABLE_VERSION for one in self.doubts)
        rest = Standing.UNKNOWN if unplaced else Standing.UNAFFECTED
        named = () if condition else tuple(self.named)
        return TextClaims(self.scheme, tuple(claims), rest, named, tuple(self.doubts), self.only_points)


def _order(bound: tuple[Edge, bool]) -> tuple[bytes, bool]:
    return bound[0].place, bound[1]


def _uncomparable(error: Unparsable) -> Sentence:
    return Sentence("a bound of the record cannot be compared: {why}", why=Sentence(str(error)))


def _looks_like_a_version(text: str) -> bool:
    """Return whether this is a version as firmware is numbered, and not a sentence or a list of model numbers."""
    if not _SHAPE.fullmatch(text) or text.count("(") != text.count(")") or not re.search("[0-9]", text):
        return False
    return all(word.casefold() in _WORDS for word in _WORD.findall(text))


def _bumped(scheme: Scheme, beginning: str, written: str) -> Edge:
    """Return the edge above a branch, which is the one below the next: for 2 that of 3, for 1.9 that of 1.10."""
    head = beginning.rstrip("0123456789")
    following = _first(scheme, f"{head}{int(beginning[len(head) :]) + 1}")
    return Edge(following.place, written, is_after=True, of_line=True)


def _first(scheme: Scheme, version: str) -> Edge:
    """Return the edge below this version and all of its pre-releases."""
    padded = version + ".0" * (2 - version.count(".")) if scheme in _OF_THREE_NUMBERS else version
    return Edge(below(scheme, _FIRST_OF.get(scheme, "{}").format(padded)).place, version, of_line=True)
