"""An import or a re-reading killed at any statement stores no record by half; repeated, it ends as one undisturbed.

Run as a program on a throwaway node with a folder of records: `python -m tests.apps.test_vulnerabilities_kill FOLDER`
does each deed once, and `... FOLDER often` kills it at statement after statement first. The parent never opens the
database, so each forked child has its own connection.
"""

import hashlib
import json
import os
import random
import signal
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django
import pytest
from tests.conftest import NOON
from tests.support.kill import alone, ask_child
from tests.support.nodes import throwaway

OSV, CVE, CSAF, AGAIN = "osv", "cve", "csaf", "reading again"
STATEMENTS = {
    OSV: (1, 3, 12, 27, 36, 57),
    CVE: (3, 25, 28, 31, 40),
    CSAF: (3, 9, 30, 33, 40),
    AGAIN: (9, 109, 112, 160, 250),
}
DOCUMENTS = {OSV: 60, CVE: 60, CSAF: 30}
FLAWS = 5


def write_records(folder: Path) -> None:
    """Write what each kind of source publishes: lines, lines, and a folder of documents about five flaws each."""
    from tests.apps.scene_published import csaf, cve, product, up_to

    for kind in DOCUMENTS:
        (folder / kind).mkdir(parents=True)
    (folder / OSV / "all.ndjson").write_text("".join(json.dumps(osv(at)) + "\n" for at in range(1, DOCUMENTS[OSV] + 1)))
    with (folder / CVE / "all.ndjson").open("w") as file:
        for at in range(1, DOCUMENTS[CVE] + 1):
            named = {"packageURL": f"pkg:pypi/p{at}"}
            products = [product("Acme", f"Gate {n}", up_to(f"{at}.0", kind="python"), **named) for n in range(8)]
            file.write(json.dumps(cve(f"CVE-2030-{1000 + at}", *products)) + "\n")
    for at in range(1, DOCUMENTS[CSAF] + 1):
        flaws = [(f"CVE-2030-{2000 + at * 10 + n}", f"Wall {n}", f"<{at}", f"pkg:pypi/w{n}") for n in range(FLAWS)]
        (folder / CSAF / f"acme-{at}.json").write_text(json.dumps(csaf(f"ACME-{at}", *flaws)))


def osv(at: int) -> dict[str, Any]:
    span = [{"introduced": "0"}, {"fixed": f"{at}.0"}]
    affected = [
        {"package": {"ecosystem": "PyPI", "name": f"p{n}"}, "ranges": [{"type": "ECOSYSTEM", "events": span}]}
        for n in range(40)
    ]
    return {"id": f"A-{at}", "aliases": [f"CVE-2026-{1000 + at // 2}"], "affected": affected}


def do(what: str, folder: Path, *, die_at: int = 0) -> None:
    """Import one kind as the console does, or read everything anew; die by SIGKILL before the n-th statement."""
    from django.db import connection

    from watchbell.apps.vulnerabilities import services
    from watchbell.apps.vulnerabilities.services.importing import Place, import_path
    from watchbell.domain.handling import system

    seen = 0

    def deadly(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(deadly):
        by, rng = system("console"), random.SystemRandom()
        if what == AGAIN:
            services.read_again(by=by, now=NOON, rng=rng)
        else:
            place = Place(str(folder / what))
            report = import_path(services.SourceKind(what), place, by=by, now=NOON, rng=rng)
            assert not report.refused, report.refusals


def spoil() -> None:
    """Leave every record as an older version of this program would have read it."""
    from watchbell.apps.vulnerabilities.models import ProductClaim, Range, SourceRecord

    SourceRecord.objects.update(read_as=1)
    Range.objects.update(introduced="older")
    ProductClaim.objects.update(fixed="older")


def look() -> dict[str, Any]:
    """Return every record with what is said of it and how it was read, the groups, and what the journal counts."""
    from watchbell.apps.journal.models import Entry
    from watchbell.apps.vulnerabilities.models import GroupMember, ProductClaim, Range, Source, SourceRecord

    said: dict[str, list[list[str]]] = defaultdict(list)
    ranges = Range.objects.values_list("record__record_id", "package__name", "introduced", "lo", "hi")
    for name, package, introduced, lo, hi in ranges:
        said[name].append([package, introduced, bytes(lo).hex(), bytes(hi).hex()])
    for name, product, says, fixed in ProductClaim.objects.values_list(
        "record__record_id", "product__folded", "says", "fixed"
    ):
        said[name].append([product, says, str(fixed)])
    records = {
        row.record_id: [row.read_as, row.document_id is None, digest(sorted(said[row.record_id]))]
        for row in SourceRecord.objects.all()
    }
    return {
        "records": records,
        "groups": digest(sorted(GroupMember.objects.values_list("identifier", "group__anchor"))),
        "counts": dict(Source.objects.values_list("name", "record_count")),
        "journalled": sum(entry.facts["count"] for entry in Entry.objects.filter(action="records.imported")),
    }


def digest(of: Any) -> str:
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()


def prepare(folder: Path) -> None:
    from django.core.management import call_command

    for room in ("journal", "vulnerabilities"):
        call_command("migrate", room, verbosity=0)
    write_records(folder)


def main() -> None:
    """Print, for each deed, what was there after each kill and what there is after its end."""
    django.setup()
    folder, is_killed = Path(sys.argv[1]), "often" in sys.argv
    alone(partial(prepare, folder))
    found = []
    for what, statements in STATEMENTS.items():
        if what == AGAIN:
            alone(spoil)
        before = ask_child(look)
        killed = []
        for statement in statements if is_killed else ():
            was_killed = alone(partial(do, what, folder, die_at=statement), may_be_killed=True)
            killed.append({"was_killed": was_killed, **ask_child(look)})
        alone(partial(do, what, folder))
        found.append({"what": what, "before": before, "killed": killed, "after": ask_child(look)})
    sys.stdout.write(json.dumps(found) + "\n")


@pytest.mark.slow
def test_an_import_or_reading_killed_at_any_statement_stores_whole_records_and_the_next_one_finishes_it(
    tmp_path: Path,
) -> None:
    with throwaway(tmp_path / "once") as node:
        undisturbed = node.run("tests.apps.test_vulnerabilities_kill", str(tmp_path / "a"))
    with throwaway(tmp_path / "often") as node:
        often = node.run("tests.apps.test_vulnerabilities_kill", str(tmp_path / "b"), "often")

    for one, deed in zip(undisturbed, often, strict=True):
        before, after = deed["before"]["records"], deed["after"]["records"]
        between = [killed["records"] for killed in deed["killed"] if killed["was_killed"]]
        torn = [
            (name, row) for some in between for name, row in some.items() if row not in (before.get(name), after[name])
        ]
        assert torn == [], deed["what"]
        assert any(before != records != after for records in between), deed["what"]
        assert deed["after"] == one["after"], deed["what"]
    assert undisturbed[2]["after"]["counts"] == DOCUMENTS
    assert undisturbed[3]["after"]["records"] == undisturbed[2]["after"]["records"]


if __name__ == "__main__":
    main()
