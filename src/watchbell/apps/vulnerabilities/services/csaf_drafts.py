"""What does one received CSAF document say, worked out before the database is touched?

A document about one vulnerability is one record. One about several is a record that speaks of
all of them, with a part for each: what it says of a product counts for that vulnerability alone.
Only documents for everyone are taken: what is published here is shown to everyone.
"""

import re

from watchbell.apps.vulnerabilities.services import claims, drafts
from watchbell.apps.vulnerabilities.services.drafts import Draft
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import csaf_claims, csaf_reader
from watchbell.formats.csaf_reader import CsafDocument, CsafFlaw

BETWEEN = "#"
"""Stands between a document's id and a vulnerability's in the id of a part."""

_VOID = frozenset({"csaf_withdrawn", "csaf_superseded"})
_WORLDWIDE = re.compile(r"[A-Za-z][A-Za-z0-9]*[-:][A-Za-z0-9:._-]*[0-9][A-Za-z0-9:._-]*")
"""An id that says whose it is (GHSA-..., VU#... in other words); a bare number may be anyone's."""


def read(content: bytes, received_digest: bytes, *, place: str) -> Draft:
    """Return what these bytes say. Raises Refused with the place: the line or member, then a JSON pointer."""
    with drafts.located(place):
        return _draft(csaf_reader.loads(content), content, received_digest, place)


def _draft(document: CsafDocument, content: bytes, received_digest: bytes, place: str) -> Draft:
    _refuse_what_is_not_for_everyone(document)
    if document.status == "draft":
        at = "/document/tracking/status"
        raise refuse("draft", "the document is a draft, which its issuer does not stand by yet", place=at)
    own_id = drafts.checked_id(document.id, "/document/tracking/id")
    names = {name for flaw in document.flaws for name in _ids(flaw)}
    draft = _record(document, own_id, names, content, received_digest, place)
    draft.summary = drafts.shortened(document.title)
    if len(document.flaws) == 1:
        _fill(draft, document, document.flaws[0])
    elif document.flaws:
        draft.parts = _parts(document, draft)
        draft.aliases = sorted(name for name in draft.aliases if name.startswith("CVE-"))[: drafts.MOST_ALIASES]
        draft.has_fix = any(part.has_fix for part in draft.parts)
    return draft


def _refuse_what_is_not_for_everyone(document: CsafDocument) -> None:
    if document.tlp is not Tlp.CLEAR:
        label = document.tlp.label
        message = Sentence("The document counts as {label}, and records here are shown to everyone.", label=label)
        todo = "Ask its issuer for one that is for everyone (TLP:CLEAR, or WHITE in CSAF 2.0)"
        raise refuse("not-public", message, place="/document/distribution/tlp/label", expected="TLP:CLEAR", todo=todo)


def _record(
    document: CsafDocument, record_id: str, names: set[str], content: bytes, received_digest: bytes, place: str
) -> Draft:
    is_void = document.category.casefold() in _VOID
    return Draft(
        place=place,
        content=content,
        received_digest=received_digest,
        record_id=record_id,
        published_at=document.published_at,
        modified_at=document.updated_at,
        withdrawn_at=document.updated_at if is_void else None,
        summary="",
        cvss="",
        aliases=sorted(names - {record_id}),
    )


def _parts(document: CsafDocument, whole: Draft) -> list[Draft]:
    parts: dict[str, Draft] = {}
    for number, flaw in enumerate(document.flaws, start=1):
        named = _named(flaw, number)
        own_id = drafts.checked_id(f"{_escaped(whole.record_id)}{BETWEEN}{_escaped(named)}", flaw.place)
        if own_id in parts:  # two entries about one vulnerability are one record
            _fill(parts[own_id], document, flaw)
            continue
        parts[own_id] = _record(document, own_id, set(_ids(flaw)), b"", whole.received_digest, whole.place)
        _fill(parts[own_id], document, flaw)
    return list(parts.values())


def family_of(record_id: str) -> tuple[str, str]:
    """Return the ids between which all parts of this document lie: the first may be one, the second is none."""
    begin = _escaped(record_id) + BETWEEN
    return begin, begin[:-1] + chr(ord(BETWEEN) + 1)


def _escaped(name: str) -> str:
    return name.replace(BETWEEN, "%23")


def _named(flaw: CsafFlaw, number: int) -> str:
    return flaw.cve or next(iter(flaw.ids), "") or str(number)


def _ids(flaw: CsafFlaw) -> list[str]:
    """Return the ids under which the vulnerability is known to others too."""
    listed = [name for name in flaw.ids if _WORLDWIDE.fullmatch(name.strip())]
    return [drafts.checked_id(name, f"{flaw.place}/ids") for name in (flaw.cve, *listed) if name]


def _fill(draft: Draft, document: CsafDocument, flaw: CsafFlaw) -> None:
    title = flaw.title or flaw.description.strip().partition("\n")[0] or document.title
    draft.summary = draft.summary or drafts.shortened(title)
    draft.cvss = draft.cvss or drafts.preferred_vector({one.vector for one in flaw.severities})
    for claim in csaf_claims.claims(document, flaw):
        claims.add(draft, claim, vendor=claim.product.vendor or claim.by, designates=True)
