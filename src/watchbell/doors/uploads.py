"""How do bytes from outside become an upload of findings? Through the bounded reader, then the reader they name."""

from io import BytesIO
from itertools import islice

from watchbell.apps.findings import reading
from watchbell.apps.findings.services import Upload
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, findings_csv, findings_mail, jsonparts, sniff, strictjson
from watchbell.outside.reader import UPLOAD, Limits, open_document

KINDS = {
    "sarif": UploadFormat.SARIF,
    "vrf": UploadFormat.VRF,
    "vince": UploadFormat.VRF,
    "finding": UploadFormat.NDJSON,
    "osv": UploadFormat.OSV,
    "cve": UploadFormat.CVE,
}
FORMATS = {one.value: one for one in reading.FILES}
"""What a file may be, by the word that says so."""
LINES_LOOKED_AT = 100


def read_upload(
    content: bytes, *, name: str, channel: Channel, key: str = "", limits: Limits = UPLOAD, said: str = ""
) -> Upload:
    """Return the findings in what was sent, in one of the formats of `reading.FILES`. Raises Refused.

    The bytes decide, not a name or a media type, unless `said` names the format; compressed ones are
    inflated within the limits.
    """
    plain = _inflated(content, name, limits)
    if said and said not in FORMATS:
        known = Sentence("one of {known}", known=tuple(FORMATS))
        raise refuse(
            "unknown-format", Sentence("We do not know the format {name}.", name=repr(said[:40])), expected=known
        )
    return reading.upload(plain, FORMATS[said] if said else _kind_of(plain), channel=channel, key=key)


def _inflated(content: bytes, name: str, limits: Limits) -> bytes:
    members = open_document(BytesIO(content), name, limits)
    first = next(members).content()
    if next(members, None) is not None:
        raise refuse("one-document", "The archive holds several documents.", place=name, todo="Send them one by one")
    return first


def _kind_of(plain: bytes) -> UploadFormat:
    """Return the format these bytes are in; raises Refused for what is none, with what the parser says of it."""
    if not plain.lstrip().startswith((b"{", b"[")):
        if findings_csv.is_one(plain):
            return UploadFormat.CSV
        if findings_mail.is_one(plain):
            return UploadFormat.MAIL
    first, _, rest = plain.lstrip().partition(b"\n")
    if first.rstrip().endswith(b"}") and rest.strip():
        return _kind_of_lines(plain)
    kind = sniff.what_is(_document(plain))
    if kind in KINDS:
        return KINDS[kind]
    raise refuse(
        "unsupported-format",
        Sentence("This is {kind}, not findings.", kind=kind or Sentence("no kind of document we know")),
        expected="SARIF, a CSAF 2.1 report, VINCE's form, OSV, CVE, CSV, an e-mail, or NDJSON findings",
        todo="See docs/standards/findings-ndjson.md",
    )


def _document(plain: bytes) -> fields.Json:
    """Return the document, without the results of a log, which are not looked at to know what it is."""
    try:
        plain = jsonparts.cut(plain, "runs", "results").rest
    except jsonparts.TooManyItems:
        return {"version": "", "runs": []}  # the reader says how many there may be
    return fields.root(strictjson.loads(plain))


def _kind_of_lines(plain: bytes) -> UploadFormat:
    """Return what the first line that can be read is; lines of which none can be are findings, each refused."""
    for line in islice(BytesIO(plain), LINES_LOOKED_AT):
        try:
            kind = KINDS.get(sniff.what_is(fields.root(strictjson.loads(line))) or "")
        except Refused:
            continue
        if kind in (UploadFormat.OSV, UploadFormat.CVE):
            return kind
        break
    return UploadFormat.NDJSON
