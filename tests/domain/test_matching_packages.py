"""Which package does a package URL name, and when do we say that we cannot tell?"""

import pytest

from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import (
    CannotTell,
    Identified,
    Package,
    canonical_name,
    package_of_purl,
)


@pytest.mark.parametrize(
    ("purl", "ecosystem", "name", "version"),
    [
        ("pkg:npm/%40Scope/Thing@1.2.3", "npm", "@scope/thing", "1.2.3"),
        ("pkg:pypi/Foo.Bar_baz@1.0%2Blocal", "PyPI", "foo-bar-baz", "1.0+local"),
        ("pkg:golang/github.com/BurntSushi/toml@v0.3.1?type=module", "Go", "github.com/burntsushi/toml", "v0.3.1"),
        ("pkg:golang/stdlib@1.21.0", "Go", "stdlib", "1.21.0"),
        ("pkg:cargo/Serde_json@1.0.0", "crates.io", "serde-json", "1.0.0"),
        ("pkg:gem/RedCloth@4.3.2", "RubyGems", "RedCloth", "4.3.2"),
        ("pkg:maven/org.example/Thing@1.0", "Maven", "org.example:Thing", "1.0"),
        ("pkg:composer/Vendor/Thing@2.0", "Packagist", "vendor/thing", "2.0"),
        ("pkg:nuget/Some.Thing@1.0", "NuGet", "some.thing", "1.0"),
        ("pkg:swift/github.com/Some/thing@5.0.0", "SwiftURL", "github.com/some/thing", "5.0.0"),
        ("pkg:npm/thing", "npm", "thing", None),
    ],
)
def test_a_package_url_names_the_package_as_the_records_of_its_ecosystem_do(
    purl: str, ecosystem: str, name: str, version: str | None
) -> None:
    found = package_of_purl(purl)

    assert isinstance(found, Identified)
    assert (found.package, found.version) == (Package(ecosystem, name), version)


@pytest.mark.parametrize(
    ("purl", "ecosystem", "version"),
    [
        ("pkg:deb/debian/thing@2%3A1.0-1?distro=debian-12", "Debian:12", "2:1.0-1"),
        ("pkg:deb/debian/thing@1.0?distro=bookworm", "Debian:12", "1.0"),
        ("pkg:deb/debian/thing@1.0?distro=debian-12.5", "Debian:12", "1.0"),
        ("pkg:deb/ubuntu/thing@1.0?distro=focal", "Ubuntu:20.04:LTS", "1.0"),
        ("pkg:deb/ubuntu/thing@1.0?distro=ubuntu-22.04", "Ubuntu:22.04:LTS", "1.0"),
        ("pkg:deb/ubuntu/thing@1.0?distro=ubuntu-23.10", "Ubuntu:23.10", "1.0"),
        ("pkg:rpm/almalinux/thing@1.0-1.el8?epoch=1&distro=almalinux-8.5", "AlmaLinux:8", "1:1.0-1.el8"),
        ("pkg:rpm/rocky/thing@1.0-1.el9?distro=rocky-9", "Rocky Linux:9", "1.0-1.el9"),
        ("pkg:rpm/opensuse/thing@1.0-1?distro=opensuse-leap-15.5", "openSUSE:Leap 15.5", "1.0-1"),
        ("pkg:rpm/opensuse/thing@1.0-1?distro=opensuse-tumbleweed-20240101", "openSUSE:Tumbleweed", "1.0-1"),
        ("pkg:apk/alpine/thing@1.0-r1?distro=alpine-3.18.4", "Alpine:v3.18", "1.0-r1"),
        ("pkg:apk/alpine/thing@1.0-r1?distro=3.22.0", "Alpine:v3.22", "1.0-r1"),
        ("pkg:apk/wolfi/thing@1.0-r1", "Wolfi", "1.0-r1"),
    ],
)
def test_the_release_of_a_distribution_is_part_of_its_ecosystem(purl: str, ecosystem: str, version: str) -> None:
    found = package_of_purl(purl)

    assert isinstance(found, Identified)
    assert (found.package, found.version) == (Package(ecosystem, "thing"), version)


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:deb/debian/thing@1.0",
        "pkg:deb/debian/thing@1.0?distro=sid",
        "pkg:deb/ubuntu/thing@1.0?distro=22",
        "pkg:rpm/almalinux/thing@1.0",
        "pkg:rpm/opensuse/thing@1.0?distro=opensuse",
        "pkg:apk/alpine/thing@1.0?distro=alpine",
    ],
)
def test_a_distribution_package_without_its_release_cannot_be_told(purl: str) -> None:
    found = package_of_purl(purl)

    assert isinstance(found, CannotTell)
    assert found.reason is Reason.NO_DISTRO_RELEASE
    assert "distro=" in found.because


def test_a_binary_package_that_names_its_source_is_looked_up_by_the_source() -> None:
    found = package_of_purl("pkg:deb/debian/libthing1@1.2-1?distro=debian-12&upstream=thing%401.1-9")

    assert isinstance(found, Identified)
    assert (found.package, found.version) == (Package("Debian:12", "thing"), "1.1-9")


@pytest.mark.parametrize(
    "purl",
    ["pkg:generic/thing@1.0", "pkg:docker/thing@1", "pkg:rpm/fedora/thing@1?distro=fedora-40", "pkg:deb/thing@1"],
)
def test_a_package_that_no_advisory_could_name_says_so(purl: str) -> None:
    found = package_of_purl(purl)

    assert isinstance(found, CannotTell)
    assert found.reason is Reason.UNKNOWN_ECOSYSTEM


@pytest.mark.parametrize(
    "purl",
    [
        "",
        "thing",
        "pkg:npm/thing@",
        "pkg:npm/thing@?a=b",
        "pkg:npm/some thing@1.0",
        "pkg:npm/thing@1.0 ",
        "pkg:npm/thing@1.0\n",
        "pkg:npm/thing@1.0?arch=a&arch=b",
        "pkg:npm/thing@1.0?arch=a&ARCH=b",
        "pkg:npm/th\u00efng@1.0",
        "pkg:npm/@1.0",
        "pkg:maven/thing@1.0",
        "pkg:npm/" + "a" * 3000,
    ],
)
def test_a_package_url_that_a_lenient_reader_would_mend_is_refused(purl: str) -> None:
    found = package_of_purl(purl)

    assert isinstance(found, CannotTell)
    assert found.reason is Reason.NO_PACKAGE_IDENTITY
    assert found.doubt.because.endswith(found.because)


@pytest.mark.parametrize(
    ("ecosystem", "names"),
    [
        ("PyPI", ["Foo.Bar", "foo_bar", "FOO--bar", "foo-bar"]),
        ("crates.io", ["serde_json", "Serde-JSON"]),
        ("npm", ["@A/B", "@a/b"]),
        ("Go", ["github.com/Sirupsen/logrus", "github.com/sirupsen/logrus"]),
        ("NuGet", ["Newtonsoft.Json", "newtonsoft.json"]),
    ],
)
def test_spellings_that_a_registry_does_not_tell_apart_are_one_name(ecosystem: str, names: list[str]) -> None:
    assert len({canonical_name(ecosystem, name) for name in names}) == 1


@pytest.mark.parametrize("ecosystem", ["Maven", "RubyGems", "AlmaLinux:8", "CRAN"])
def test_case_is_kept_where_it_tells_packages_apart(ecosystem: str) -> None:
    assert canonical_name(ecosystem, "ImageMagick") == "ImageMagick"
