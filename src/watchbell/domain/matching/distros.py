"""Which release of which distribution does a package URL mean, in OSV's words?

A fix in Debian 11 says nothing about Debian 12, so the release is part of the
ecosystem, and without one nothing can be told. Source of the names: the OSV
schema's list of ecosystems; code names from Debian and Ubuntu.
"""

import re
from collections.abc import Callable

_DEBIAN = {
    "squeeze": "6", "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10",
    "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
}  # fmt: skip
_UBUNTU = {
    "trusty": "14.04", "xenial": "16.04", "bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04",
    "kinetic": "22.10", "lunar": "23.04", "mantic": "23.10", "oracular": "24.10", "plucky": "25.04",
    "questing": "25.10",
}  # fmt: skip
_NUMBER = re.compile(r"(?:\A|[^0-9.])v?([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:\.[0-9.]{1,20})?\Z")
_UBUNTU_LTS = re.compile(r"[0-9]?[02468]\.04")


def ecosystem_of(purl_type: str, namespace: str, distro: str) -> str | None:
    """Return the OSV ecosystem with its release, "" when the release is missing, None for a distribution OSV has not.

    `distro` is the package URL's qualifier: `debian-12`, `bookworm`, `almalinux-8.5`, `alpine-3.18.4`.
    """
    name = _NAMESPACES.get((purl_type, namespace.lower()))
    if name is None:
        return None
    rule = _RELEASES.get(name)
    if rule is None:
        return name
    release = rule(distro.strip().lower())
    return f"{name}:{release}" if release else ""


def _version(distro: str) -> tuple[str, str]:
    """Return the two leading numbers of a release, "" where there is none."""
    match = _NUMBER.search(distro)
    return (match[1], match[2] or "") if match else ("", "")


def _major(distro: str) -> str:
    return _version(distro)[0]


def _debian(distro: str) -> str:
    return _DEBIAN.get(distro.removeprefix("debian-"), "") or _major(distro)


def _ubuntu(distro: str) -> str:
    major, minor = _version(distro)
    release = _UBUNTU.get(distro.removeprefix("ubuntu-"), "") or (f"{major}.{minor}" if minor else "")
    return f"{release}:LTS" if _UBUNTU_LTS.fullmatch(release) else release


def _alpine(distro: str) -> str:
    major, minor = _version(distro)
    return f"v{major}.{minor}" if minor else ""


def _opensuse(distro: str) -> str:
    if "tumbleweed" in distro:
        return "Tumbleweed"
    major, minor = _version(distro)
    return f"Leap {major}.{minor}" if minor and "leap" in distro else ""


_NAMESPACES: dict[tuple[str, str], str] = {
    ("deb", "debian"): "Debian",
    ("deb", "ubuntu"): "Ubuntu",
    ("rpm", "almalinux"): "AlmaLinux",
    ("rpm", "alma"): "AlmaLinux",
    ("rpm", "rocky"): "Rocky Linux",
    ("rpm", "rockylinux"): "Rocky Linux",
    ("rpm", "opensuse"): "openSUSE",
    ("rpm", "mageia"): "Mageia",
    ("rpm", "azurelinux"): "Azure Linux",
    ("apk", "alpine"): "Alpine",
    ("apk", "wolfi"): "Wolfi",
    ("apk", "chainguard"): "Chainguard",
}

_RELEASES: dict[str, Callable[[str], str]] = {
    "Debian": _debian,
    "Ubuntu": _ubuntu,
    "AlmaLinux": _major,
    "Rocky Linux": _major,
    "openSUSE": _opensuse,
    "Mageia": _major,
    "Azure Linux": _major,
    "Alpine": _alpine,
}
