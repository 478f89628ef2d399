"""Does every list of our corpus give each thing on it once, as the package records name, or with a reason?"""

from pathlib import Path

import pytest

from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import CannotTell, package_of_purl
from watchbell.formats.installed.reading import loads
from watchbell.formats.sbom import Component, Sbom

HERE = Path(__file__).parent
SHA = "0123456789abcdef0123456789abcdef01234567"
NO_VERSION, GIT, FOLDER, ADDRESS = "no exact version", "version control", "folder or file", "an address"
OTHER, UNREADABLE, LIST = "another registry", "cannot be read", "not followed"

EXPECTED: dict[str, tuple[str, list[str]]] = {
    "requirements.txt": (
        "requirements.txt",
        [
            *(f"more.txt: {LIST}", "PyPI flask 2.3.2", "PyPI requests 2.31.0", "PyPI jinja2 3.1.2"),
            *("PyPI certifi 2024.2.2", f"numpy: {NO_VERSION}", f"pandas: {NO_VERSION}", f"six: {NO_VERSION}"),
            *("PyPI torch 2.1.0+cpu", "PyPI zope-interface 6.0", f"ledger: {GIT} {SHA}", f"./local: {FOLDER}"),
            *(f"gate: {ADDRESS}", f"./wheels/pump-1.0-py3-none-any.whl: {FOLDER}", f"???: {UNREADABLE}"),
        ],
    ),
    "package-lock-1.json": (
        "package-lock.json 1",
        [
            *("npm lodash 4.17.20", "npm @ward/ui 2.0.0", "npm lodash 3.10.1", "npm lodash 2.4.2"),
            *(f"ledger: {GIT} {SHA}", f"local: {FOLDER}", f"gate: {ADDRESS}"),
        ],
    ),
    "package-lock-2.json": ("package-lock.json 2", ["npm lodash 4.17.20"]),
    "package-lock-3.json": (
        "package-lock.json 3",
        [
            *(f"shared: {FOLDER}", "npm lodash 4.17.20", "npm lodash 2.4.2", "npm @ward/ui 2.0.0"),
            *("npm lodash 3.10.1", "npm lodash 4.0.0", f"ledger: {GIT} {SHA}", f"gate: {ADDRESS}"),
        ],
    ),
    "poetry.lock": (
        "poetry.lock 2.1",
        ["PyPI flask 2.3.2", f"ledger: {GIT} {SHA}", f"local: {FOLDER}", "PyPI mirrored 1.2.3"],
    ),
    "uv.lock": ("uv.lock 1", ["PyPI flask 2.3.2", f"gate: {ADDRESS}", f"ledger: {GIT} {SHA}"]),
    "Cargo.lock": (
        "Cargo.lock 4",
        [
            *("crates.io cfg-if 1.0.0", f"inner: {FOLDER}", f"ledger: {GIT} {SHA}", "crates.io ward 1.0.0"),
            f"ward: {OTHER}",
        ],
    ),
    "Cargo-1.lock": ("Cargo.lock 1", ["crates.io cfg-if 0.1.10"]),
    "go.mod": (
        "go.mod 1.21",
        [
            *("Go example.com/ledger v1.2.3", "Go example.com/gate v0.0.0-20230101000000-0123456789ab"),
            *("Go example.com/fork/pump v2.0.1+incompatible", "Go example.com/quoted v1.0.0"),
            *(f"example.com/local: {FOLDER}", "Go stdlib 1.22.3"),
        ],
    ),
    "go.sum": ("go.sum", ["Go example.com/gate v1.1.0", "Go example.com/ledger v0.2.0"]),
    "Gemfile.lock": (
        "Gemfile.lock",
        [
            *(f"ledger: {GIT} {SHA}", f"forms: {FOLDER}", "RubyGems mini_portile2 2.8.5"),
            *("RubyGems nokogiri 1.15.0", "RubyGems rails 7.0.4.rc1"),
        ],
    ),
    "composer.lock": (
        "composer.lock 2.6.0",
        [
            *("Packagist monolog/monolog v2.9.1", f"team/ledger: {GIT} {SHA}", f"team/local: {FOLDER}"),
            *(f"/packages/3: {UNREADABLE}", f"7: {UNREADABLE}", "Packagist phpunit/phpunit 9.6.0"),
        ],
    ),
    "packages.lock.json": (
        "packages.lock.json 1",
        [
            *("NuGet newtonsoft.json 13.0.1", "NuGet system.text.json 6.0.0", f"ledger: {FOLDER}"),
            *("NuGet system.text.json 8.0.0", "NuGet unresolved -"),
        ],
    ),
    "dpkg-status": (
        "dpkg status debian-12",
        [
            *("Debian:12 openssl 3.0.11-1~deb12u2", "Debian:12 gcc-12 12.2.0-14", "Debian:12 broken-one 2.0"),
            "Debian:12 bash 5.2.15-2+b2",
        ],
    ),
    "rpm-list.txt": (
        "rpm list almalinux-9.3",
        [
            *("AlmaLinux:9 openssl-libs 1:3.0.7-24.el9", "AlmaLinux:9 bash 5.1.8-6.el9_1", "AlmaLinux:9 ours 0:1.0-1"),
            *("epel-thing: unknown ecosystem", "strange: unknown ecosystem"),
            f"zlib-1.2.11-40.el9.x86_64: {UNREADABLE}",
        ],
    ),
    "apk-installed": (
        "apk installed alpine-3.18.4",
        ["Alpine:v3.18 musl 1.2.4-r2", "Alpine:v3.18 openssl 3.1.4-r1"],
    ),
    "wards.csv": ("CSV", ["PyPI ledger 1.2.3", "Infusion pump: only a name", "Broken: only a name"]),
    "small.spdx": ("SPDX 2.3", ["PyPI ledger 1.2.3", "gate: only a name"]),
}
DISTROS = {"dpkg-status": "debian-12", "rpm-list.txt": "almalinux-9.3", "apk-installed": "alpine-3.18.4"}


def read(file: str) -> Sbom:
    return loads((HERE / file).read_bytes(), name=file, distro=DISTROS.get(file, ""))


def told(one: Component) -> str:
    """Return what a component is to the matcher: its package and version, or its name and why there is none."""
    found = package_of_purl(one.purl) if one.purl and not one.because else None
    if isinstance(found, CannotTell):
        return f"{one.name}: {found.reason}"
    if found:
        return f"{found.package.ecosystem} {found.package.name} {found.version or '-'}"
    words = (NO_VERSION, GIT, FOLDER, ADDRESS, OTHER, UNREADABLE, LIST)
    because = next((word for word in words if word in one.because.lower()), one.because or "only a name")
    return f"{one.name}: {because} {one.commit}".strip()


@pytest.mark.parametrize("file", EXPECTED)
def test_each_list_gives_its_packages_and_a_reason_for_everything_else(file: str) -> None:
    kind, expected = EXPECTED[file]

    found = read(file)

    assert f"{found.format} {found.spec_version}".strip() == kind
    assert sorted(told(one) for one in found.components) == sorted(expected)


def test_every_list_of_the_corpus_is_expected() -> None:
    assert {path.name for path in HERE.iterdir() if path.is_file() and path.suffix != ".py"} == set(EXPECTED)


@pytest.mark.parametrize("file", ["dpkg-status", "rpm-list.txt", "apk-installed"])
def test_a_package_database_without_its_release_says_so_and_never_matches_by_chance(file: str) -> None:
    found = loads((HERE / file).read_bytes(), name=file)

    reasons = {package_of_purl(one.purl) for one in found.components if one.purl}
    assert "no-release" in {one.code for one in found.defects}
    assert all(isinstance(one, CannotTell) for one in reasons)
    assert all(one.reason in (Reason.UNKNOWN_ECOSYSTEM, Reason.NO_DISTRO_RELEASE) for one in reasons)


def test_the_project_itself_is_the_subject_and_not_one_of_its_components() -> None:
    files = ("package-lock-3.json", "Cargo.lock", "Cargo-1.lock", "go.mod", "Gemfile.lock")

    subjects = [found.subject.name for found in map(read, files) if found.subject]

    assert subjects == ["portal", "portal", "portal", "example.com/portal", "portal"]


def test_what_is_wrong_with_a_list_is_named_with_its_place() -> None:
    noted = {(file, one.code, one.place) for file in EXPECTED for one in read(file).defects}

    assert {
        ("requirements.txt", "not-comparable", "line 11"),
        ("uv.lock", "missing-package", ""),
        ("go.sum", "only-mentioned", ""),
        ("dpkg-status", "partly-installed", "line 23"),
        ("rpm-list.txt", "wrong-columns", "line 7"),
        ("wards.csv", "bad-purl", "line 4"),
    } <= noted


def test_tag_value_and_json_of_one_spdx_document_say_the_same() -> None:
    ledger, gate = read("small.spdx").components

    assert (ledger.ref, ledger.supplier, ledger.commit) == ("SPDXRef-ledger", "Acme (keepers@acme.example)", SHA)
    assert ledger.hashes == (("SHA256", "ab"),)
    assert gate.cpe.startswith("cpe:2.3:a:acme:gate")
