"""What is known of a vulnerability, and so how urgent it is here? As a node puts its sources together."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from watchbell.domain.priority import Exposure, Facts, Impact, Priority, assess
from watchbell.edge.answers import Flaw
from watchbell.edge.looking import in_parts
from watchbell.formats import strictjson

_FLAWS = "SELECT id, display_id, ids, speaks_of, summary, cvss FROM vulnerability WHERE id IN ({})"
_SAID = "SELECT cve, kind, asserter, since, answers FROM assertion WHERE cve IN ({})"
_CVE = "CVE-"
_RANKS = ("CVSS:3.1", "CVSS:4.0", "CVSS:3.0")


class Known(NamedTuple):
    """A vulnerability with every id that means it, and its priority on assets exposed like these."""

    flaw: Flaw
    ids: frozenset[str]
    priority: Priority


class _Said(NamedTuple):
    kind: str
    asserter: str
    since: str
    cve: str
    answers: str


def known(db: sqlite3.Connection, numbers: Iterable[int], exposed: Exposure) -> dict[int, Known]:
    """Return what is known of these vulnerabilities, by their numbers."""
    rows = {row[0]: row[1:] for row in in_parts(db, _FLAWS, numbers)}
    named = {number: (row[0], _lines(row[1]), _lines(row[2])) for number, row in rows.items()}
    cves = {name for own, ids, over in named.values() for name in (own, *ids, *over) if name.startswith(_CVE)}
    said: dict[str, list[_Said]] = {}
    for cve, kind, asserter, since, answers in in_parts(db, _SAID, cves):
        said.setdefault(str(cve), []).append(_Said(str(kind), str(asserter), str(since), str(cve), str(answers)))
    made: dict[Facts, Priority] = {}
    found: dict[int, Known] = {}
    for number, (own, ids, over) in named.items():
        about = [one for name in (own, *ids, *over) if name in said for one in said[name]]
        summary, cvss = str(rows[number][3]), str(rows[number][4])
        facts, name = _facts(about, cvss, exposed)
        priority = made.get(facts) or made.setdefault(facts, assess(facts))
        flaw = Flaw(own, tuple(sorted({*ids, *over})), summary or name)
        found[number] = Known(flaw, frozenset((own, *ids)), priority)
    return found


def preferred_vector(vectors: Iterable[str]) -> str:
    """Return the one vector to decide with: version 3.1 before 4.0, 3.0 and 2, then by its letters; "" without any."""
    short = [one for one in vectors if 0 < len(one) <= 255]
    return min(short, key=lambda one: (_rank(one), one), default="")


def _lines(text: object) -> list[str]:
    return [name for name in str(text).split("\n") if name]


def _facts(said: list[_Said], cvss: str, exposed: Exposure) -> tuple[Facts, str]:
    """Return the facts, and the name that KEV gives the vulnerability."""
    if not said:
        return Facts(in_kev=False, exposed=exposed, cvss_vector=cvss or None), ""
    listed = [one for one in said if one.kind == "kev"]
    answered = [one for one in said if one.kind == "vulnrichment"]
    answers = _read(max(answered, key=lambda one: (one.since, one.asserter, one.cve))) if answered else {}
    vector = preferred_vector({cvss, str(answers.get("vector") or "")})
    facts = Facts(
        in_kev=bool(listed),
        exposed=exposed,
        automatable={"yes": True, "no": False}.get(str(answers.get("automatable"))),
        impact={"total": Impact.TOTAL, "partial": Impact.PARTIAL}.get(str(answers.get("technical_impact"))),
        cvss_vector=vector or None,
    )
    first = min(listed, key=lambda one: (one.since, one.asserter, one.cve), default=None)
    return facts, str(_read(first).get("name", "")) if first else ""


def _read(one: _Said) -> dict[str, object]:
    found = strictjson.loads(one.answers)
    return found if isinstance(found, dict) else {}


def _rank(vector: str) -> int:
    return _RANKS.index(vector[:8]) if vector[:8] in _RANKS else len(_RANKS)
