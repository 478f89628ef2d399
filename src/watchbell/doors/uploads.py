"""How do bytes from outside become an upload of findings? Through the bounded reader, then one codec."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Final

from watchbell.apps.findings.services import Claimed, Item, NotTaken, Upload
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.domain.advisory import Claim
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import Refusal, refuse
from watchbell.formats import fields, findings_ndjson, sarif, sniff, strictjson, vrf
from watchbell.outside.reader import UPLOAD, Limits, Line, ndjson_lines, open_document

MEDIA_TYPES: Final = {
    "application/sarif+json": UploadFormat.SARIF,
    "application/x-ndjson": UploadFormat.NDJSON,
    "application/csaf+json": UploadFormat.VRF,
}
Items = Callable[[], Iterable[Item]]


def read_upload(content: bytes, *, name: str, channel: Channel, key: str = "", limits: Limits = UPLOAD) -> Upload:
    """Return the findings in what was sent, of whichever supported kind it is. Raises Refused.

    The bytes decide, not a name or a media type; compressed ones are inflated within the limits.
    """
    plain = _inflated(content, name, limits)
    found = _lines(plain, limits) if _is_ndjson(plain) else _document(plain)
    return Upload(content=plain, items=found[1], format=found[0], channel=channel, key=key, marking=found[2])


def _inflated(content: bytes, name: str, limits: Limits) -> bytes:
    members = open_document(BytesIO(content), name, limits)
    first = next(members).content()
    if next(members, None) is not None:
        raise refuse("one-document", "The archive holds several documents.", place=name, todo="Send them one by one")
    return first


def _is_ndjson(plain: bytes) -> bool:
    """Return whether the first line is a whole value by itself and another follows, or it is one finding."""
    first, _, rest = plain.lstrip().partition(b"\n")
    if not first.rstrip().endswith(b"}"):
        return False
    return bool(rest.strip()) or (b'"runs"' not in first and b'"document"' not in first)


def _lines(plain: bytes, limits: Limits) -> tuple[UploadFormat, Items, Tlp | None]:
    def items() -> Iterator[Item]:
        for line in ndjson_lines(BytesIO(plain), limits):
            if isinstance(line, Line):
                for _, read in findings_ndjson.read([line.content]):
                    yield _item(read, f"line {line.number}")
            else:
                yield NotTaken(line.refusal)

    return UploadFormat.NDJSON, items, None


def _item(read: Claim | Exception, place: str) -> Item:
    if isinstance(read, Claim):
        return Claimed(place, read)
    why: Refusal = read.refusal  # type: ignore[attr-defined]
    within = why.place.removeprefix("line 1").strip()
    moved = Refusal(
        code=why.code, message=why.message, place=f"{place} {within}".strip(), expected=why.expected, todo=why.todo
    )
    return NotTaken(moved)


def _document(plain: bytes) -> tuple[UploadFormat, Items, Tlp | None]:
    document = fields.root(strictjson.loads(plain))
    kind = sniff.what_is(document)
    if kind == "sarif":
        read = sarif.read(document)
        return UploadFormat.SARIF, lambda: _sarif_items(read), None
    if kind == "vrf":
        report = vrf.read(document)
        claims = [Claimed(f"/vulnerabilities/{index}", claim) for index, claim in enumerate(report.claims)]
        return UploadFormat.VRF, lambda: claims, report.tlp
    if kind == "finding":
        return UploadFormat.NDJSON, lambda: [Claimed("", findings_ndjson.loads(plain))], None
    raise refuse(
        "unsupported-format",
        f"This is {kind or 'no kind of document we know'}, not findings.",
        expected="SARIF 2.1.0, a CSAF 2.1 vulnerability report, or NDJSON findings",
        todo="See docs/standards/findings-ndjson.md",
    )


def _sarif_items(read: sarif.SarifClaims) -> Iterator[Item]:
    for claim in read.claims:
        yield Claimed(claim.submitter_item_id, claim)
    for refusal in read.refused:
        yield NotTaken(refusal)
    if read.refused_over_limit:
        yield NotTaken(
            Refusal(
                code="too-many-items",
                message=f"{read.refused_over_limit} results are over the limit.",
                place="/runs",
                expected=f"At most {sarif.MAX_RESULTS} results",
                todo="Send the rest in another file",
            )
        )
