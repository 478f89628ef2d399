"""Lists of what is installed: whatever is in them, each thing counts once, with a version or with a reason."""

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packageurl import PackageURL
from packaging.requirements import InvalidRequirement, Requirement
from tests.support import machine

from watchbell.domain.matching.packages import Identified, package_of_purl
from watchbell.domain.refusal import Refused
from watchbell.domain.sentence import Sentence
from watchbell.formats import sbom
from watchbell.formats.installed import cargo, distro, dpkg, npm, reading, recognising, requirements
from watchbell.formats.installed.purls import purl
from watchbell.formats.sbom import Component, Sbom, SbomFormat

CORPUS = machine.ROOT / "tests" / "conformance" / "lockfiles"
FILES = sorted(path for path in CORPUS.iterdir() if path.is_file() and path.suffix != ".py")
BY_NAME = {path.name: path.read_bytes() for path in FILES}
BILLS = {
    path.name: path.read_bytes()
    for path in sorted(CORPUS.parent.glob("[cs][yp]d*x/*"))
    if path.suffix in (".json", ".xml")
}


def codes(found: Sbom) -> set[str]:
    return {one.code for one in found.defects}


def read(content: bytes, name: str = "") -> Sbom | Refused:
    """Read a list as anybody might send it; whatever comes back keeps the promises of every list."""
    try:
        found = reading.loads(content, name=name)
    except Refused as refused:
        return refused
    for one in found.components:
        assert one.name
        assert one.ref
        assert not one.purl or PackageURL.from_string(one.purl)
        assert not one.because or isinstance(one.because, Sentence)
    assert found.unmatchable <= len(found.components)
    assert all(one.code and one.message for one in found.defects)
    return found


@pytest.mark.parametrize("name", BY_NAME)
def test_a_list_is_known_by_its_content_whatever_it_is_called(name: str) -> None:
    known, unnamed = read(BY_NAME[name], name), read(BY_NAME[name], "upload.bin")

    assert isinstance(known, Sbom)
    assert isinstance(unnamed, Sbom)
    assert known.format is unnamed.format


def test_a_list_that_could_be_several_is_known_by_its_name() -> None:
    plain = read(b"flask\nrequests\n", "requirements-dev.txt")
    bare = read(b"version = 1\n[[package]]\nname = 'a'\nversion = '1'\n", "uv.lock")

    assert isinstance(plain, Sbom)
    assert (plain.format, len(plain.components), plain.unmatchable) == (SbomFormat.REQUIREMENTS, 2, 2)
    assert isinstance(bare, Sbom)
    assert bare.format is SbomFormat.UV


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"Dear colleagues,\nplease find attached", "Dear colleagues"),
        (b'{"runs": [], "version": "2.1.0"}', "sarif"),
        (b'{"weather": 1}', "weather"),
        (b"\x7fELF\x02\x01", "ELF"),
    ],
)
def test_what_is_no_list_is_refused_with_what_it_looks_like_and_what_we_know(content: bytes, seen: str) -> None:
    answer = read(content)

    assert isinstance(answer, Refused)
    assert answer.refusal.code == "not-an-sbom"
    assert seen in answer.refusal.message
    assert "Cargo.lock" in answer.refusal.expected


def test_a_pom_is_refused_since_it_only_asks() -> None:
    answer = read(b'<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0"></project>')

    assert isinstance(answer, Refused)
    assert "pom.xml" in answer.refusal.message


def test_an_empty_list_is_never_nothing_affected() -> None:
    answers = [read(b" \n", name) for name in BY_NAME]

    assert all(isinstance(one, Refused) and one.refusal.code == "empty" for one in answers)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"version = 4\n", "Cargo.lock"),
        (b'version = 1\nrequires-python = ">=3.11"\n', "uv.lock"),
        (b'[tool]\nname = "a"\n', "poetry.lock"),
        (b'{"lockfileVersion": 3}', "package-lock.json"),
        (b"GEM\n  remote: https://mirror.example/\n  specs:\n", "Gemfile.lock"),
        (b"[metadata]\nname = 'a'\n", "pyproject.toml"),
    ],
)
def test_a_lock_file_without_what_its_tool_always_writes_is_cut_off_and_not_clean(content: bytes, name: str) -> None:
    assert admits(content, name)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.sampled_from([*BY_NAME, ""]))
def test_no_bytes_at_all_bring_a_reader_down(content: bytes, name: str) -> None:
    read(content, name)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_damage_to_a_list_brings_its_reader_down(data: st.DataObject) -> None:
    name, whole = data.draw(st.sampled_from([*BY_NAME.items(), *BILLS.items()]))
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 12)))
        other = data.draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        content[start:end] = other

    read(bytes(content), name)


PIECES = [
    *(b'""', b"null", b"[]", b"{}", b"-1", b"\n", b"\n\n", b"\t", b" => ", b"(", b")", b"@", b"//", b"#", b"\\\n"),
    *(b"git+https://", b"\xff", b"\\u0000", b"%", b"\xc3\xa9", b"name", b"version", b'"name": ""', b"./", b"= 1\n"),
]


@pytest.mark.parametrize("name", [*BY_NAME, *BILLS])
def test_a_list_cut_off_anywhere_within_a_line_says_so(name: str) -> None:
    whole = {**BY_NAME, **BILLS}[name].rstrip(b"\n")

    step = max(1, len(whole) // 150)
    silent = [at for at in range(1, len(whole), step) if whole[at - 1] not in b"\n " and not admits(whole[:at], name)]

    assert silent == []


def admits(content: bytes, name: str) -> bool:
    answer = read(content, name)
    return bool(answer.refusal.place) if isinstance(answer, Refused) else "cut-off" in codes(answer)


@pytest.mark.parametrize("name", ["poetry.lock", "Gemfile.lock", "dpkg-status", "apk-installed"])
def test_lists_that_have_an_end_miss_it_even_when_they_are_cut_between_lines(name: str) -> None:
    lines = BY_NAME[name].splitlines(keepends=True)
    kept = lines.index(b"DEPENDENCIES\n") if name == "Gemfile.lock" else len(lines) - 5

    within = (count for count in range(1, kept) if b"\n" not in lines[count - 1 : count + 1])
    answers = [read(b"".join(lines[:count]), name) for count in within]

    assert all(isinstance(one, Refused) or "cut-off" in codes(one) for one in answers)


def test_what_a_cargo_lock_needs_and_lacks_is_named() -> None:
    content = BY_NAME["Cargo.lock"].replace(b'name = "cfg_if"', b'name = "other"')

    found = cargo.loads(content)

    assert "missing-package" in codes(found)


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|rc)[0-9])?(\.post1)?(\.\*)?(\+[a-z]{1,3})?", fullmatch=True)
CLAUSES = st.lists(st.tuples(st.sampled_from(["==", "===", ">=", "<", "!=", "~="]), VERSIONS).map("".join), max_size=2)
EXTRAS = st.sampled_from(["", "[socks]", "[socks, security]", " [a-b] "])
MARKERS = st.sampled_from(["", "; python_version >= '3.8'", " ; sys_platform == 'win32' and extra == 'a'"])


@settings(max_examples=200, deadline=None)
@given(NAMES, EXTRAS, CLAUSES, MARKERS)
@example("a", "", ["==1.0", "==2.0"], "")
@example("a", "", ["(==1.0)"], "")
def test_a_requirement_reads_as_the_reference_reads_it(name: str, extras: str, clauses: list[str], marker: str) -> None:
    line = f"{name}{extras}{', '.join(clauses)}{marker}"
    try:
        theirs = Requirement(line)
    except InvalidRequirement:
        return

    (ours,) = requirements.loads(line.encode() + b"\n").components

    exact = {one.version for one in theirs.specifier if one.operator in ("==", "===") and not one.version.endswith("*")}
    assert ours.name == theirs.name
    assert ours.version == (exact.pop() if len(exact) == 1 else "")
    assert bool(ours.because) is not bool(ours.version)


def test_requirements_from_powershell_and_with_a_mark_read_like_any_other() -> None:
    text = "flask==2.3.2\r\njinja2==3.1.2\r\n"

    answers = [read(text.encode(coding), "requirements.txt") for coding in ("utf-8", "utf-8-sig", "utf-16")]

    assert all(
        isinstance(one, Sbom) and [each.version for each in one.components] == ["2.3.2", "3.1.2"] for one in answers
    )


def test_an_included_list_is_named_and_never_opened(tmp_path: Path) -> None:
    other = tmp_path / "more.txt"
    other.write_text("secret==1.0\n", encoding="utf-8")

    (found,) = requirements.loads(f"-r {other}\n".encode()).components

    assert found.name == str(other)[:200]
    assert "not followed" in found.because


def test_one_bad_line_never_costs_the_others() -> None:
    status = b"Package: a\nVersion: 1\n\nVersion: 2\n\nPackage: b\n\nnonsense\n\nPackage: \xe9\nVersion: 1\n\n"

    found = dpkg.loads(status, distro="debian-12")

    assert [one.name for one in found.components] == ["a", "2", "b", "line 8", "\ufffd"]
    assert {"bad-line", "not-utf8", "not-comparable"} <= codes(found)
    assert found.unmatchable == 3


DEEP = (
    '{"lockfileVersion": 1, "dependencies": '
    + '{"a": {"version": "1", "dependencies": ' * 400
    + "{}"
    + "}}" * 400
    + "}"
)
HOSTILE = {
    "deep JSON": DEEP.encode(),
    "deep TOML": b"[[package]]\nname = " + b"[" * 5_000,
    "a dotted key": b"[[package]]\n" + b"a." * 100_000 + b"a = 1\n",
    "many dots in many lines": b"[[package]]\n" + (b"a." * 190 + b"a = 1\n") * 2,
    "a long number": b"version = 4\n[[package]]\nname = " + b"9" * 100_000 + b"\n",
    "NUL": b"flask==1.0\0\n",
    "NUL in TOML": b'[[package]]\nname = "a\\u0000"\nversion = "1"\n',
    "half of UTF-16": b"\xff\xfea\x00=",
    "a long line": b"flask==" + b"1" * 1_000_000 + b"\n",
    "open brackets": b"module a\n" + b"require (\n" * 10_000,
    "continued for ever": b"flask==1 \\\n" * 50_000,
    "spaces": b"flask" + b" " * 60_000 + b"==1.0\n",
    "commas": b"flask" + b"==1," * 15_000 + b"\n",
    "tabs": b"a" + b"\t" * 60_000 + b"\n",
    "a stanza without end": b"Package: a\n" * 50_000,
    "letters of apk": b"C:x\n" * 50_000,
    "extras": b"flask[" + b"a," * 30_000 + b"\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_list_is_answered_at_once(content: bytes) -> None:
    for name in ("requirements.txt", "Cargo.lock", ""):
        answer = read(content, name)

        assert isinstance(answer, Refused) or answer.components or answer.defects


def test_a_list_beyond_the_limit_is_refused_and_defects_are_counted_when_words_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sbom, "MAX_COMPONENTS", 20)
    monkeypatch.setattr(sbom, "MAX_DEFECTS", 5)

    within = requirements.loads(b"flask\n" * 20)
    open_end = requirements.loads(b"flask\n" * 19 + b"-r more.txt")
    beyond = read(b"flask==1\n" * 21)

    assert (len(within.components), len(within.defects), within.more_defects) == (20, 5, 15)
    assert "cut-off" in codes(open_end)
    assert isinstance(beyond, Refused)
    assert (beyond.refusal.code, beyond.refusal.place) == ("too-many", "line 21")


PART = st.text(max_size=12)


@given(st.sampled_from(["npm", "golang", "composer", "cargo", "pypi", "gem", "nuget"]), PART, PART, PART)
def test_a_package_url_we_write_says_what_we_meant(kind: str, name: str, version: str, arch: str) -> None:
    text = purl(kind, name, version, arch=arch)

    if text:
        read_back = PackageURL.from_string(text)
        qualifiers = read_back.qualifiers if isinstance(read_back.qualifiers, dict) else {}
        joined = f"{read_back.namespace or ''}/{read_back.name}".strip("/")
        assert joined.lower().replace("_", "-") == name_of(kind, name)
        assert (read_back.version or "").strip() == version.strip()
        assert qualifiers.get("arch", "").strip() == arch.strip()


def name_of(kind: str, name: str) -> str:
    made = PackageURL(kind, None, name.rpartition("/")[2].strip()).name
    above = [part.strip() for part in name.split("/")[:-1]]
    return "/".join([*above, made]).lower().replace("_", "-")


@given(st.from_regex(sbom._PLAIN_PURL, fullmatch=True))
def test_what_passes_for_a_plain_package_url_is_one(text: str) -> None:
    assert PackageURL.from_string(text)


def test_npm_knows_an_alias_by_its_real_name_and_a_copy_inside_another() -> None:
    packages = {
        "node_modules/strip": {"name": "strip-ansi", "version": "6.0.1"},
        "node_modules/a/node_modules/@s/b": {"version": "1.0.0", "inBundle": True, "dev": True, "optional": True},
    }

    found = npm.read({"lockfileVersion": 3, "packages": packages})

    assert [package_name(one) for one in found.components] == ["strip-ansi", "@s/b"]


def test_npm_folders_are_the_project_only_where_it_names_them() -> None:
    folders = ("packages/a", "tools", "packages/a/vendor/b", "elsewhere")
    packages = {
        "": {"workspaces": {"packages": ["./packages/*", "tools/", 7]}},
        **{one: {"version": "1"} for one in folders},
    }

    found = npm.read({"lockfileVersion": 3, "packages": packages})

    assert [one.ref for one in found.components] == ["packages/a/vendor/b", "elsewhere"]
    assert found.unmatchable == 2


def package_name(one: Component) -> str:
    found = package_of_purl(one.purl)
    assert isinstance(found, Identified)
    return found.package.name


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="there is no dpkg here")
def test_what_this_machine_has_installed_is_what_dpkg_itself_says() -> None:
    wanted = "${db:Status-Status}\t${source:Package}\t${source:Version}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", wanted], capture_output=True, text=True, check=True).stdout
    absent = ("not-installed", "config-files")
    theirs = sorted(line.split("\t")[1:] for line in listed.splitlines() if not line.startswith(absent))

    found = dpkg.loads(Path("/var/lib/dpkg/status").read_bytes(), distro="debian-12")

    told = [package_of_purl(one.purl) for one in found.components]
    assert sorted([one.package.name, one.version] for one in told if isinstance(one, Identified)) == theirs
    assert {"bad-line", "cut-off"}.isdisjoint(codes(found))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', "debian-12"),
        (b"ID=debian\nVERSION_CODENAME=trixie\n", "debian-trixie"),
        (b'ID=ubuntu\nVERSION_ID="24.04"\n', "ubuntu-24.04"),
        (b'ID="almalinux"\nVERSION_ID="9.3"\n', "almalinux-9.3"),
        (b'ID="opensuse-leap"\nVERSION_ID="15.5"\n', "opensuse-leap-15.5"),
        (b"ID=alpine\nVERSION_ID=3.18.4\n", "alpine-3.18.4"),
        (b"ID=arch\n", ""),
        (b"", ""),
    ],
)
def test_the_release_is_read_from_the_file_beside_the_database(content: bytes, said: str) -> None:
    assert distro.of_os_release(content) == said
    assert distro.named(said).qualifier == said


def test_a_release_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(Refused) as caught:
        dpkg.loads(b"Package: a\nVersion: 1\n\n", distro="twelve; rm")

    assert "debian-12" in caught.value.refusal.expected


def test_reading_one_list_starts_no_parser_of_another() -> None:
    code = (
        "import sys; from watchbell.formats.installed.reading import loads;"
        "loads(b'flask==1.0\\n', name='requirements.txt'); print(' '.join(sys.modules))"
    )

    started = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(machine.ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    heavy = {"tomllib", "packageurl", "jiter", "xml", "defusedxml", "csv", "urllib", "hashlib", "django"}
    assert heavy & set(started.stdout.split()) == set()


def test_names_recognise_lists_and_nothing_else() -> None:
    known = {
        "requirements.txt": SbomFormat.REQUIREMENTS, "dev-requirements.txt": SbomFormat.REQUIREMENTS,
        "a/b/requirements/../Cargo.lock": SbomFormat.CARGO, "C:\\x\\go.sum": SbomFormat.GO_SUM,
        "npm-shrinkwrap.json": SbomFormat.NPM, "wards.CSV": SbomFormat.CSV, "/var/lib/dpkg/status": SbomFormat.DPKG,
    }  # fmt: skip

    assert {name: recognising.of_name(name) for name in known} == known
    assert recognising.of_name("notes.txt") is None


def test_every_format_but_two_has_a_list_in_the_corpus() -> None:
    formats = {answer.format for name, content in BY_NAME.items() if isinstance(answer := read(content, name), Sbom)}

    assert set(SbomFormat) - formats == {SbomFormat.CYCLONEDX}


def test_refs_are_unique_where_we_make_them() -> None:
    for name, content in BY_NAME.items():
        answer = read(content, name)
        assert isinstance(answer, Sbom)
        refs = sorted(one.ref for one in answer.components)
        assert all(one != other for one, other in pairwise(refs))


def test_cyclonedx_1_7_ranges_of_external_components_are_no_versions() -> None:
    external = {
        "name": "libc",
        "isExternal": True,
        "versionRange": "vers:generic/>=2.0|<3.0",
        "purl": "pkg:generic/libc",
    }
    document = {"bomFormat": "CycloneDX", "specVersion": "1.7", "components": [external]}

    answer = read(json.dumps(document).encode())

    assert isinstance(answer, Sbom)
    assert "range of versions" in answer.components[0].because
    assert answer.unmatchable == 1
