"""Read claims from SARIF 2.1.0, tool by tool, result by result, without ever following a link in it.

A flawed result is refused alone; more than 25,000 are refused by number, never dropped
silently. What its author took back (suppressed, absent since the last scan) or calls no flaw
is set aside and counted. The results are cut out and read one at a time, so that a large
log costs its bytes and no more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from watchbell.domain.advisory import Claim
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import claimed, fields, jsonparts, strictjson
from watchbell.formats.claimed import Item, NotTaken
from watchbell.formats.fields import Json
from watchbell.formats.sarif_result import MAX_LOCATIONS, Run, claim_of, run_of

__all__ = ["MAX_LOCATIONS", "MAX_RESULTS", "Log", "SarifClaims", "loads", "opened", "read"]

MAX_RESULTS = 25_000
_NOT_A_FLAW = ("pass", "notApplicable", "informational")
_OUTER = 4
"""How deep a result stands in its document."""


@dataclass(slots=True)
class SarifClaims:
    """What one document claims; every result is a claim, refused, or set aside with its reason."""

    claims: list[Claim] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    refused_over_limit: int = 0
    suppressed: int = 0
    not_flaws: int = 0

    @property
    def refused_count(self) -> int:
        """Return how many results were refused, those over the limit among them."""
        return len(self.refused) + self.refused_over_limit

    @property
    def results(self) -> int:
        """Return how many results the document holds; always the sum of the parts."""
        return len(self.claims) + self.refused_count + self.suppressed + self.not_flaws


@dataclass(slots=True)
class Log:
    """A document whose results are read one at a time, as often as somebody asks; see `opened`."""

    runs: list[tuple[Run, str, list[Any]]]
    parts: jsonparts.Parts | None = field(default=None, repr=False)

    def items(self, counted: SarifClaims | None = None) -> Iterator[Item]:
        """Yield each result that is a flaw, in order; those set aside and over the limit are added to `counted`."""
        counts, taken = counted or SarifClaims(), 0
        for number, (run, place, held) in enumerate(self.runs):
            for index, result in enumerate(self._results(number, held)):
                where = f"{place}/results/{index}"
                if isinstance(result, NotTaken):
                    result = NotTaken(claimed.at(where, result.refusal))
                elif not _is_flaw(result, counts):
                    continue
                taken += 1
                if taken > MAX_RESULTS:
                    counts.refused_over_limit += 1
                elif isinstance(result, NotTaken):
                    yield result
                else:
                    yield claimed.made(where, partial(_claim, result, where, run))
        if counts.refused_over_limit:
            yield NotTaken(_beyond(counts.refused_over_limit))

    def _results(self, number: int, held: list[Any]) -> Iterator[Any]:
        yield from held
        for octets in self.parts.items(number) if self.parts else ():
            yield _parsed(octets)


def opened(data: bytes) -> Log:
    """Return the log in `data`; raises Refused when it is no SARIF 2.1.0."""
    try:
        parts = jsonparts.cut(data, "runs", "results")
    except jsonparts.TooManyItems:
        raise claimed.too_many(Sentence("At most {limit} results", limit=jsonparts.MOST_ITEMS)) from None
    return _log(fields.root(strictjson.loads(parts.rest)), parts)


def loads(data: bytes) -> SarifClaims:
    """Return the claims in `data` at once; raises Refused when it is no SARIF 2.1.0."""
    return _all_of(opened(data))


def read(document: Json) -> SarifClaims:
    """Return the claims of every run of a parsed document, see `loads`."""
    return _all_of(_log(document))


def _log(document: Json, parts: jsonparts.Parts | None = None) -> Log:
    version = fields.text(document, "version")
    if version != "2.1.0":
        raise fields.unsupported("SARIF", version, "SARIF 2.1.0", place="/version")
    runs = fields.objects(document, "runs")
    return Log([(run_of(run), place, fields.items(run, "results", place)) for run, place in runs], parts)


def _all_of(log: Log) -> SarifClaims:
    found = SarifClaims()
    for item in log.items(found):
        if isinstance(item, claimed.Claimed):
            found.claims.append(item.claim)
        elif item.refusal.code != "too-many":
            found.refused.append(item.refusal)
    return found


def _parsed(octets: bytes) -> Any:
    """Return the result in its own bytes, or why it is none."""
    try:
        return strictjson.loads(octets, max_depth=strictjson.MAX_DEPTH - _OUTER)
    except Refused as refused:
        return NotTaken(refused.refusal)


def _is_flaw(result: Any, counts: SarifClaims) -> bool:
    """Return whether this is to be a claim; what its author set aside is counted."""
    if not isinstance(result, dict):
        return True
    if result.get("kind", "fail") in _NOT_A_FLAW or result.get("baselineState") == "absent":
        counts.not_flaws += 1
        return False
    if _is_suppressed(result):
        counts.suppressed += 1
        return False
    return True


def _is_suppressed(result: Json) -> bool:
    """Return whether a suppression is in force: one under review or rejected is not (SARIF 3.35.3)."""
    listed = result.get("suppressions")
    if not isinstance(listed, list):
        return False
    return any(isinstance(one, dict) and one.get("status", "accepted") == "accepted" for one in listed)


def _claim(result: Any, place: str, run: Run) -> Claim:
    return claim_of(fields.root(result), place, run)


def _beyond(count: int) -> Refusal:
    message = Sentence("{count} results lie beyond what one document may hold.", count=count)
    limit = Sentence("At most {limit} results", limit=MAX_RESULTS)
    return refuse("too-many", message, expected=limit, todo="Send the rest as a second document").refusal
