"""How does a file in somebody's format become an upload? By its reader, item by item; nothing is kept here.

The readers go through the bytes each time they are asked, so that a large upload costs its bytes
and one item, however many there are.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from watchbell.apps.findings.items import Claimed, Item, Upload
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.domain.advisory import Claim
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import claimed, findings_csv, findings_mail, findings_ndjson, record_claims, sarif, vrf

_RECORDS: dict[UploadFormat, claimed.Make] = {
    UploadFormat.NDJSON: findings_ndjson.loads,
    UploadFormat.OSV: record_claims.of_osv,
    UploadFormat.CVE: record_claims.of_cve,
}
_WHOLE: dict[UploadFormat, Callable[[bytes], Iterator[Item]]] = {
    UploadFormat.CSV: findings_csv.read,
    UploadFormat.MAIL: lambda content: iter([claimed.made("", partial(findings_mail.loads, content))]),
}
FILES = (UploadFormat.SARIF, UploadFormat.VRF, *_RECORDS, *_WHOLE)
"""The formats a file can be in."""


def upload(
    content: bytes, kind: UploadFormat, *, channel: Channel, key: str = "", marking: Tlp | None = None
) -> Upload:
    """Return the upload in these bytes; a label inside the document is kept unless a stricter one is given.

    Raises Refused when the document as a whole is not of its format.
    """
    items: Callable[[], Iterable[Item]]
    set_aside = 0
    if kind is UploadFormat.SARIF:
        log, counted = sarif.opened(content), sarif.SarifClaims()
        items, number = log.items, sum(1 for _ in log.items(counted))
        set_aside = counted.suppressed + counted.not_flaws
    elif kind is UploadFormat.VRF:
        report = vrf.loads(content)
        marking = max(report.tlp, marking) if marking is not None else report.tlp
        held = [Claimed(f"/vulnerabilities/{index}", claim) for index, claim in enumerate(report.claims)]
        items, number = partial(iter, held), len(held)
    elif kind in _RECORDS:
        items, number = partial(claimed.records, content, _RECORDS[kind]), claimed.count(content)
    elif kind in _WHOLE:
        items = partial(_WHOLE[kind], content)
        number = sum(1 for _ in items())
    else:
        raise refuse(
            "unknown-format",
            Sentence("{kind} is not a file.", kind=repr(kind.value)),
            expected=Sentence("one of {known}", known=tuple(one.value for one in FILES)),
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
