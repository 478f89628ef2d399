"""How do bytes from outside become an upload of findings? Through the bounded reader, then the codec they name."""

from io import BytesIO

from watchbell.apps.findings import reading
from watchbell.apps.findings.services import Upload
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, sniff, strictjson
from watchbell.outside.reader import UPLOAD, Limits, open_document

KINDS = {"sarif": UploadFormat.SARIF, "vrf": UploadFormat.VRF}


def read_upload(content: bytes, *, name: str, channel: Channel, key: str = "", limits: Limits = UPLOAD) -> Upload:
    """Return the findings in what was sent: SARIF 2.1.0, a CSAF 2.1 vulnerability report, or NDJSON. Raises Refused.

    The bytes decide, not a name or a media type; compressed ones are inflated within the limits.
    """
    plain = _inflated(content, name, limits)
    if _is_ndjson(plain):
        return reading.upload(plain, UploadFormat.NDJSON, channel=channel, key=key)
    document = fields.root(strictjson.loads(plain))
    kind = sniff.what_is(document)
    if kind == "finding":
        return reading.upload(strictjson.dumps(document), UploadFormat.NDJSON, channel=channel, key=key)
    if kind not in KINDS:
        raise refuse(
            "unsupported-format",
            Sentence("This is {kind}, not findings.", kind=kind or Sentence("no kind of document we know")),
            expected="SARIF 2.1.0, a CSAF 2.1 vulnerability report, or NDJSON findings",
            todo="See docs/standards/findings-ndjson.md",
        )
    return reading.upload(plain, KINDS[kind], channel=channel, key=key)


def _inflated(content: bytes, name: str, limits: Limits) -> bytes:
    members = open_document(BytesIO(content), name, limits)
    first = next(members).content()
    if next(members, None) is not None:
        raise refuse("one-document", "The archive holds several documents.", place=name, todo="Send them one by one")
    return first


def _is_ndjson(plain: bytes) -> bool:
    """Return whether the first line is a whole value by itself and others follow."""
    first, _, rest = plain.strip().partition(b"\n")
    return first.rstrip().endswith(b"}") and bool(rest.strip())
