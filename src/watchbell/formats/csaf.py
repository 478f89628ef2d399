"""Write an advisory as CSAF 2.0 (`csaf_security_advisory`) and refuse to write one that breaks a mandatory test.

Our own `csaf_checks` runs on every document before it leaves, so publishing a
contradiction (a product both affected and fixed) is impossible, not just unlikely.
"""

import re
from typing import Any

from cvss import CVSS2, CVSS3, CVSSError

from watchbell.domain.advisory import (
    Advisory,
    Credit,
    Reference,
    ReferenceKind,
    SeverityScheme,
    VexStatus,
    Vulnerability,
)
from watchbell.domain.handling import Tlp
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import csaf_checks, strictjson
from watchbell.formats.csaf_products import ProductTree
from watchbell.formats.cwe_names import CWE_NAMES
from watchbell.formats.fields import Json
from watchbell.formats.moments import written

_NOT_IN_A_FILENAME = re.compile(r"[^+\-a-z0-9]+")
_TLP_2_0 = {Tlp.CLEAR: "WHITE", Tlp.GREEN: "GREEN", Tlp.AMBER: "AMBER", Tlp.AMBER_STRICT: "RED", Tlp.RED: "RED"}
_STATUS = {
    VexStatus.AFFECTED: "known_affected",
    VexStatus.NOT_AFFECTED: "known_not_affected",
    VexStatus.FIXED: "fixed",
    VexStatus.UNDER_INVESTIGATION: "under_investigation",
}


def filename(tracking_id: str) -> str:
    """Return the file name the standard derives from a tracking id (CSAF 2.0, section 5.1)."""
    return _NOT_IN_A_FILENAME.sub("_", tracking_id.lower()) + ".json"


def dumps(advisory: Advisory) -> bytes:
    """Return the canonical bytes of `write`."""
    return strictjson.dumps(write(advisory))


def write(advisory: Advisory) -> Json:
    """Return the advisory as a CSAF 2.0 document.

    Raises Refused with code csaf-6.1.x and the JSON pointer when the document
    would break a mandatory test, so a draft learns it before anyone publishes.
    """
    tree = ProductTree()
    flaws = [_vulnerability(one, tree) for one in advisory.vulnerabilities]
    document = {"document": _head(advisory), "product_tree": tree.written(), "vulnerabilities": flaws}
    for problem in csaf_checks.check(document):
        todo = "Correct the advisory; nothing was published"
        raise refuse(f"csaf-{problem.test}", problem.message, place=problem.place, todo=todo)
    return document


def _head(advisory: Advisory) -> Json:
    publisher = {
        "category": advisory.publisher.kind.value,
        "name": advisory.publisher.name,
        "namespace": advisory.publisher.namespace,
        "contact_details": advisory.publisher.contact,
    }
    return _said(
        {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "distribution": _distribution(advisory),
            "lang": advisory.language,
            "notes": [_note("summary", advisory.summary, "Summary")] if advisory.summary else [],
            "publisher": _said(publisher),
            "references": [_link(one) for one in advisory.references],
            "acknowledgments": [_thanks(one) for one in advisory.credits],
            "title": advisory.title,
            "tracking": _tracking(advisory),
        }
    )


def _distribution(advisory: Advisory) -> Json:
    """Return the label in CSAF 2.0's four words. It has no AMBER+STRICT, and no export may lower a marking: RED."""
    tlp = advisory.handling.tlp
    own = tlp.label if tlp is Tlp.AMBER_STRICT else ""
    text = " ".join(part for part in (own, advisory.handling.text) if part)
    return _said({"tlp": {"label": _TLP_2_0[tlp], "url": "https://www.first.org/tlp/"}, "text": text})


def _tracking(advisory: Advisory) -> Json:
    history = [
        {"date": written(one.at), "number": str(one.number), "summary": one.summary} for one in advisory.revisions
    ]
    return {
        "id": advisory.id,
        "status": "final",
        "version": str(advisory.revisions[-1].number),
        "initial_release_date": written(advisory.published_at),
        "current_release_date": written(advisory.modified_at),
        "revision_history": history,
    }


def _vulnerability(flaw: Vulnerability, tree: ProductTree) -> Json:
    status: dict[str, list[str]] = {}
    impacts: list[Json] = []
    flags: list[Json] = []
    for one in flaw.affected:
        ids, fixed = tree.add(one)
        status.setdefault(_STATUS[one.status], []).extend(ids)
        status.setdefault("fixed", []).extend(fixed)
        if one.justification:
            flags.append({"label": one.justification.value, "product_ids": ids})
        if one.impact:
            impacts.append({"category": "impact", "details": one.impact, "product_ids": ids})
    affected = _once(status.get("known_affected", []))
    weakness, others = _weaknesses(flaw)
    exploited = [{"category": "exploit_status", "details": flaw.exploitation}] if flaw.exploitation else []
    return _said(
        {
            "title": flaw.title,
            "cve": flaw.cve,
            "ids": [{"system_name": _system(one), "text": one} for one in flaw.aliases if one != flaw.cve],
            "cwe": weakness,
            "notes": [
                _note("description", flaw.description or flaw.title, "Description"),
                *others,
                *_more_scores(flaw),
            ],
            "product_status": {key: ids for key, found in status.items() if (ids := _once(found))},
            "flags": flags,
            "threats": impacts + exploited,
            "remediations": _remediations(flaw, affected),
            "scores": _scores(flaw, affected),
            "references": [_link(one) for one in flaw.references],
            "acknowledgments": [_thanks(one) for one in flaw.credits],
        }
    )


def _once(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _remediations(flaw: Vulnerability, affected: list[str]) -> list[Json]:
    """Return the remediations, each naming the affected products it is for (test 6.1.29); none without any."""
    listed = [{"category": one.kind.value, "details": one.details, "url": one.url} for one in flaw.remediations]
    return [_said({**one, "product_ids": affected}) for one in listed] if affected else []


def _weaknesses(flaw: Vulnerability) -> tuple[Json, list[Json]]:
    """Return the one weakness CSAF 2.0 can hold, and notes for those it cannot or that we cannot name."""
    named = next((one for one in flaw.cwes if one in CWE_NAMES), "")
    rest = ", ".join(one for one in flaw.cwes if one != named)
    first = {"id": named, "name": CWE_NAMES[named]} if named else {}
    return first, [_note("other", rest, "Further weaknesses (CWE)")] if rest else []


def _scores(flaw: Vulnerability, affected: list[str]) -> list[Json]:
    """Return the first vector of each scheme that CSAF 2.0 knows: the first is the vendor's own."""
    chosen: Json = {}
    for one in flaw.severities if affected else ():
        key = {SeverityScheme.CVSS_V3: "cvss_v3", SeverityScheme.CVSS_V2: "cvss_v2"}.get(one.scheme)
        if key and key not in chosen:
            chosen[key] = _cvss(one.vector)
    return [{"products": affected, **chosen}] if chosen else []


def _cvss(vector: str) -> Any:
    try:
        score = CVSS2(vector) if SeverityScheme.of(vector) is SeverityScheme.CVSS_V2 else CVSS3(vector)
    except CVSSError as error:
        message = Sentence("{vector} is not a CVSS vector: {why}.", vector=repr(vector[:100]), why=str(error))
        raise refuse("csaf-6.1.8", message, place="/vulnerabilities", todo="Correct the severity") from None
    return score.as_json(minimal=True)


def _more_scores(flaw: Vulnerability) -> list[Json]:
    """Return a note for every vector that CSAF 2.0 has no field for, so that none is lost."""
    seen: set[SeverityScheme] = set()
    rest = []
    for one in flaw.severities:
        if one.scheme in (SeverityScheme.CVSS_V4, SeverityScheme.OTHER) or one.scheme in seen:
            rest.append(f"{one.vector} ({one.by})" if one.by else one.vector)
        seen.add(one.scheme)
    return [_note("other", "\n".join(rest), "Further severity vectors")] if rest else []


def _system(alias: str) -> str:
    return alias.partition("-")[0] or "other"


def _note(category: str, text: str, title: str) -> Json:
    return {"category": category, "text": text, "title": title}


def _link(one: Reference) -> Json:
    category = "self" if one.kind is ReferenceKind.ADVISORY and one.summary == "self" else "external"
    return {"category": category, "summary": one.summary or one.kind.value.capitalize(), "url": one.url}


def _thanks(one: Credit) -> Json:
    return _said(
        {"names": [one.name], "organization": one.organisation, "urls": [url for url in one.contacts if ":" in url]}
    )


def _said(record: Json) -> Json:
    return {key: value for key, value in record.items() if value not in ("", [], {})}
