"""How does a file in somebody's format become an upload? By its codec, once; nothing is kept here."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from watchbell.apps.findings.items import Claimed, Item, NotTaken, Upload
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.domain.advisory import Claim
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import findings_ndjson, sarif, vrf


def upload(
    content: bytes, kind: UploadFormat, *, channel: Channel, key: str = "", marking: Tlp | None = None
) -> Upload:
    """Return the upload in these bytes; a label inside the document is kept unless a stricter one is given.

    Raises Refused when the document as a whole is not of its format.
    """
    items: Callable[[], Iterable[Item]]
    set_aside = 0
    if kind is UploadFormat.SARIF:
        found = sarif.loads(content)
        set_aside = found.suppressed + found.not_flaws
        number, items = _listed(_of_sarif(found))
    elif kind is UploadFormat.VRF:
        report = vrf.loads(content)
        marking = max(report.tlp, marking) if marking is not None else report.tlp
        number, items = _listed(_numbered(report.claims))
    elif kind is UploadFormat.NDJSON:
        lines = content.splitlines()
        number, items = sum(1 for line in lines if line.strip()), partial(_of_lines, lines)
    else:
        raise refuse(
            "unknown-format",
            Sentence("{kind} is not a file.", kind=repr(kind.value)),
            expected="SARIF, NDJSON or a CSAF report",
        )
    return Upload(
        content=content,
        items=items,
        format=kind,
        channel=channel,
        key=key,
        marking=marking,
        set_aside=set_aside,
        number=number,
    )


def form(claim: Claim, content: bytes, *, key: str = "", marking: Tlp | None = None) -> Upload:
    """Return the upload of one claim that somebody typed into our form; `content` is the form as it was sent."""
    items = partial(iter, [Claimed("", claim)])
    return Upload(
        content=content, items=items, format=UploadFormat.FORM, channel=Channel.FORM, key=key, marking=marking
    )


def _listed(items: Iterator[Item]) -> tuple[int, Callable[[], Iterable[Item]]]:
    held = list(items)
    return len(held), partial(iter, held)


def _of_sarif(found: sarif.SarifClaims) -> Iterator[Item]:
    yield from _numbered(found.claims)
    yield from (NotTaken(refusal) for refusal in found.refused)
    if found.refused_over_limit:
        why = refuse(
            "too-many",
            Sentence("{count} results lie beyond what one document may hold.", count=found.refused_over_limit),
            expected=Sentence("At most {limit} results", limit=sarif.MAX_RESULTS),
            todo="Send the rest as a second document",
        )
        yield NotTaken(why.refusal)


def _numbered(claims: Iterable[Claim]) -> Iterator[Item]:
    return (Claimed(f"finding {number}", claim) for number, claim in enumerate(claims, start=1))


def _of_lines(lines: list[bytes]) -> Iterator[Item]:
    for number, found in findings_ndjson.read(lines):
        yield NotTaken(found.refusal) if isinstance(found, Refused) else Claimed(f"line {number}", found)
