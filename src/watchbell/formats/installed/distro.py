"""Which release of which distribution is a package database from? Told by its owner, or by the os-release beside it."""

import re
from dataclasses import dataclass

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats.installed.text import text_of

_NAMED = re.compile(r"[a-z][a-z0-9_.]*(?:-[a-z0-9_.]+)+")
_SETTING = re.compile(r"([A-Z_]+)=(.*)")
_NAMESPACES = {"rhel": "redhat", "ol": "oracle", "sles": "suse", "sled": "suse"}
"""What package URLs call a distribution where that is not its os-release id."""


@dataclass(frozen=True, slots=True)
class Distro:
    """A release: `namespace` and `qualifier` as package URLs write them (debian, debian-12); "" where nobody said."""

    namespace: str = ""
    qualifier: str = ""


def named(text: str) -> Distro:
    """Return the release somebody names, such as debian-12 or alpine-3.18; "" is none. Raises Refused for others."""
    said = text.strip().lower()
    if not said:
        return Distro()
    if len(said) > 100 or not _NAMED.fullmatch(said):
        raise refuse(
            "bad-distro",
            Sentence("{text} names no release of a distribution.", text=repr(text[:60])),
            expected="a name and a release, such as debian-12, ubuntu-24.04, almalinux-9 or alpine-3.18",
        )
    first = said.partition("-")[0]
    return Distro(_NAMESPACES.get(first, first), said)


def of_os_release(data: bytes) -> str:
    """Return the release in the words `named` reads, from the content of /etc/os-release; "" when it tells none."""
    found: dict[str, str] = {}
    for line in text_of(data).splitlines():
        setting = _SETTING.fullmatch(line.strip())
        if setting:
            found.setdefault(setting[1], setting[2].strip().strip("\"'"))
    release = found.get("VERSION_ID") or found.get("VERSION_CODENAME", "")
    said = f"{found.get('ID', '')}-{release}".lower()
    return said if release and _NAMED.fullmatch(said) else ""
