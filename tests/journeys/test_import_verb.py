"""`watchbell import`: every kind, from files, folders, archives and lines; again changes nothing; refusals are told."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support import machine
from tests.support.nodes import Node, throwaway

from watchbell.cli.imports import import_verb
from watchbell.formats import strictjson

OURS = machine.ROOT / "tests" / "conformance"
HOSPITAL = "Valley Hospital"
ORGANISATIONS: dict[Path, str] = {}


def osv(number: int, **more: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": f"bell-{number}"}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    record = {"schema_version": "1.6.0", "id": f"TEST-2026-{number}", "modified": "2026-01-01T00:00:00Z"}
    return record | {"affected": [{"package": package, "ranges": ranges}]} | more


def lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" if not isinstance(one, str) else one + "\n" for one in records))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with throwaway(tmp_path_factory.mktemp("import") / "home") as node:
        node.make()
        ORGANISATIONS[node.home] = node.answer("admin", "org", HOSPITAL, "--kind", "operator")["id"]
        yield node


@pytest.fixture
def node(made: Node) -> Node:
    return made


def test_records_are_stored_once_whatever_they_are_wrapped_in(node: Node, tmp_path: Path) -> None:
    plain = lines(tmp_path / "a.ndjson", osv(1), osv(2))
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("TEST-2026-1.json", json.dumps(osv(1)))
        archive.writestr("TEST-2026-3.json", json.dumps(osv(3)))

    first = node.answer("import", "osv", str(plain))
    again = node.answer("import", "osv", str(plain), str(tmp_path / "b.ndjson.gz"))
    zipped = node.answer("import", "osv", str(tmp_path / "c.zip"))

    assert (first["stored"], first["unchanged"], first["refused"]) == (2, 0, 0)
    assert (again["stored"], again["unchanged"]) == (0, 4)
    assert (zipped["stored"], zipped["unchanged"]) == (1, 1)


def test_a_folder_is_read_whole_and_one_bad_line_stops_nothing(node: Node, tmp_path: Path) -> None:
    lines(tmp_path / "a.ndjson", osv(11), '{"id": ', osv(12))
    lines(tmp_path / "b.ndjson", osv(13), osv(14))

    done = node.watchbell("import", "osv", str(tmp_path))

    assert done.returncode == 3, done.stderr
    assert done.stdout == "4 stored, 0 unchanged, 1 refused\n"
    assert "line 2" in done.stderr
    assert "\r" not in done.stderr, "progress is for terminals"


def test_the_same_refusal_is_given_to_programs_with_its_code_and_place(node: Node, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.ndjson", "[1", osv(21))

    done = node.watchbell("import", "osv", str(path), "--json")

    answer = strictjson.loads(done.stdout)
    assert done.returncode == 3
    assert answer["refused"] == len(answer["refusals"]) >= 1
    assert {"path", "code", "message", "place", "expected", "todo"} == set(answer["refusals"][0])


def test_the_known_exploited_catalogue_is_read(node: Node) -> None:
    answer = node.answer("import", "kev", str(OURS / "kev" / "ours.json"))

    assert answer["stored"] > 0
    assert node.answer("import", "kev", str(OURS / "kev" / "ours.json"))["stored"] == 0


@pytest.mark.parametrize(
    ("kind", "path"), [("cve", OURS / "cve" / "ours.ndjson"), ("csaf", OURS / "csaf" / "advisory20.json")]
)
def test_records_of_other_kinds_are_read_and_the_same_again_changes_nothing(node: Node, kind: str, path: Path) -> None:
    first = node.answer("import", kind, str(path))

    again = node.answer("import", kind, str(path))

    assert (first["stored"] > 0, first["refused"]) == (True, 0)
    assert (again["stored"], again["unchanged"]) == (0, first["stored"] + first["unchanged"])


@pytest.mark.parametrize("kind", ["stix"])
def test_a_kind_of_a_later_version_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    done = CliRunner().invoke(import_verb, [kind, str(tmp_path)])

    assert done.exit_code == 2
    assert "a later version reads it" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sbom", "."], "--org"),
        (["osv", ".", "--org", HOSPITAL], "belongs to nobody"),
        (["osv", "no-such-file"], "There is nothing at"),
        (["eval-log", "."], "--protocol"),
        (["osv", ".", "--protocol", "x"], "eval-log only"),
        (["eval-log", ".", "--protocol", "x", "--org", HOSPITAL], "leave out --org"),
        (["csv", ".", "--org", HOSPITAL, "--asset", "x"], "--asset"),
    ],
)
def test_a_wrong_word_is_told_before_anything_is_read(words: list[str], said: str) -> None:
    done = CliRunner().invoke(import_verb, words)

    assert done.exit_code == 2
    assert said in done.output


def test_an_organisation_nobody_knows_is_told(node: Node) -> None:
    done = node.watchbell("import", "sbom", ".", "--org", "Nobody's")

    assert done.returncode == 2
    assert "No organisation" in done.stderr


def test_a_file_that_is_no_document_is_one_refusal(node: Node, tmp_path: Path) -> None:
    (tmp_path / "picture.ndjson").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 64)

    done = node.watchbell("import", "osv", str(tmp_path / "picture.ndjson"))

    assert done.returncode == 3
    assert "0 stored, 0 unchanged, 1 refused" in done.stdout


def bill(*purls: str) -> bytes:
    components = [{"type": "library", "name": purl.split("/")[-1].split("@")[0], "purl": purl} for purl in purls]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return json.dumps(document).encode()


def test_bills_of_materials_become_assets_named_after_their_files_and_match_what_is_published(
    node: Node, tmp_path: Path
) -> None:
    node.answer("import", "osv", str(lines(tmp_path / "o.ndjson", osv(31))))
    folder = tmp_path / "boms"
    folder.mkdir()
    (folder / "pump-7.cdx.json").write_bytes(bill("pkg:pypi/bell-31@1.0"))
    (folder / "door.json").write_bytes(bill("pkg:pypi/bell-31@3.0"))
    (folder / "broken.json").write_bytes(b'{"bomFormat": ')

    first = node.watchbell("import", "sbom", str(folder), "--org", HOSPITAL, "--json", "--wait")
    again = node.watchbell("import", "sbom", str(folder), "--org", HOSPITAL, "--json")

    counted = strictjson.loads(first.stdout)
    assert first.returncode == 3, first.stderr
    assert '"inventory.matched"' in exported(node, tmp_path)
    assert (counted["stored"], counted["refused"]) == (2, 1)
    assert "broken.json" in counted["refusals"][0]["path"]
    assert strictjson.loads(again.stdout)["unchanged"] == 2


def exported(node: Node, folder: Path) -> str:
    out = folder / "record.ndjson"
    done = node.watchbell("journal", "export", "--org", ORGANISATIONS[node.home], "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out.read_text(encoding="utf-8")


def test_one_asset_takes_one_bill_of_materials(node: Node, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(bill("pkg:pypi/a@1"))
    (tmp_path / "b.json").write_bytes(bill("pkg:pypi/b@1"))

    done = node.watchbell("import", "sbom", str(tmp_path), "--org", HOSPITAL, "--asset", "One")

    assert done.returncode == 3
    assert "1 stored, 0 unchanged, 1 refused" in done.stdout
    assert "one bill of materials" in done.stderr


def test_statements_are_taken_in_once_for_an_organisation_or_one_of_its_assets(node: Node, tmp_path: Path) -> None:
    (tmp_path / "pump.json").write_bytes(bill("pkg:pypi/bell-41@1.0"))
    node.answer("import", "sbom", str(tmp_path / "pump.json"), "--org", HOSPITAL)
    folder = tmp_path / "vex"
    folder.mkdir()
    (folder / "ours.json").write_bytes((OURS / "vex" / "openvex.json").read_bytes())
    (folder / "broken.json").write_bytes(b'{"@context": ')

    first = node.watchbell("import", "vex", str(folder), "--org", HOSPITAL, "--json", "--wait")
    again = node.watchbell("import", "vex", str(folder), "--org", HOSPITAL, "--json")
    limited = node.answer("import", "vex", str(folder / "ours.json"), "--org", HOSPITAL, "--asset", "pump")
    nowhere = node.watchbell("import", "vex", str(folder / "ours.json"), "--org", HOSPITAL, "--asset", "bed")

    counted = strictjson.loads(first.stdout)
    assert (first.returncode, counted["stored"], counted["refused"]) == (3, 1, 1), first.stderr
    assert (strictjson.loads(again.stdout)["unchanged"], limited["stored"]) == (1, 1)
    assert (nowhere.returncode, "no asset has this name" in nowhere.stderr) == (3, True)
    assert '"inventory.overlaid"' in exported(node, tmp_path)


def test_findings_are_handed_in_for_the_organisation_and_once(node: Node) -> None:
    path = str(OURS / "sarif" / "two_runs.sarif")

    first = strictjson.loads(node.watchbell("import", "sarif", path, "--org", HOSPITAL, "--json").stdout)
    again = strictjson.loads(node.watchbell("import", "sarif", path, "--org", HOSPITAL, "--json").stdout)

    assert first["stored"] > 0
    assert again["stored"] == 0
    assert again["unchanged"] == first["stored"] + first["unchanged"]


def test_a_folder_of_findings_in_many_formats_is_handed_in_and_the_same_bytes_may_be_read_as_another(
    node: Node, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    for name, content in {
        "a.eml": b"From: ada@lab.example\nSubject: A path is followed\nMessage-ID: <7@lab.example>\n\nTwo dots.\n",
        "b.csv": b"id,title,product\nb-1,A path,Ledger\nb-2,,Ledger\n",
        "c.ndjson": b'{"id":"c-1","title":"t"}\n{"id":"c-2","title":"u"}\n',
    }.items():
        (drop / name).write_bytes(content)

    def counted(*words: str) -> list[Any]:
        told = strictjson.loads(node.watchbell("import", "findings", *words, "--org", HOSPITAL, "--json").stdout)
        return [told["stored"], told["unchanged"], told["refused"]]

    assert counted(str(drop)) == [4, 0, 1]
    assert counted(str(drop)) == [0, 4, 1]
    assert counted(str(drop / "b.csv"), "--format", "ndjson") == [0, 0, 1]
    assert node.watchbell("import", "osv", str(drop), "--format", "csv").returncode == 2


def test_what_the_console_did_is_in_the_record(node: Node) -> None:
    assert node.watchbell("journal", "verify").returncode == 0
