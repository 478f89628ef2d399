"""Write an answer as OpenVEX: a beginning for the one who can say more, never the last word."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.products import ProductName
from watchbell.domain.matching.vex_statements import Provenance, Statement, VexDocument, VexFormat
from watchbell.edge.answers import AFFECTED, NOT_AFFECTED, Answer, Match
from watchbell.edge.writing import as_json
from watchbell.formats import openvex

AUTHOR = "Unknown (written by watchbell match)"


def write(answer: Answer, *, now: datetime) -> Iterator[str]:
    """Yield the document; what is undetermined is under investigation, and what was not assessed cannot be said."""
    digest = hashlib.sha256("".join(as_json.write(answer)).encode()).hexdigest()
    document = f"urn:watchbell:match:{digest[:32]}"
    statements = tuple(_statement(one, document, now) for one in answer.matches)
    made = VexDocument(
        id=document, format=VexFormat.OPENVEX, author=AUTHOR, statements=statements, version="1", issued_at=now
    )
    yield openvex.dumps(made).decode() + "\n"


def _statement(one: Match, document: str, now: datetime) -> Statement:
    component = one.component
    status = VexStatus.AFFECTED if one.status == AFFECTED else VexStatus.UNDER_INVESTIGATION
    fix = f"Update to {' or '.join(one.fixed_in)}" if one.fixed_in else "No fix is known here; ask the supplier"
    return Statement(
        ids=(one.flaw.id, *one.flaw.aliases),
        status=VexStatus.NOT_AFFECTED if one.status == NOT_AFFECTED else status,
        provenance=Provenance(format=VexFormat.OPENVEX, document=document),
        author=AUTHOR,
        product=ProductName(
            name=component.name,
            version=component.version,
            purls=(component.purl,) if component.purl else (),
            refs=() if component.purl else (component.ref,),
        ),
        impact=one.because if one.status == NOT_AFFECTED else "",
        action=fix if one.status == AFFECTED else "",
        notes=one.because,
        issued_at=now,
    )
