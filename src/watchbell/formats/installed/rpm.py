"""Read a list of installed rpm packages, one a line, in the seven columns that COMMAND prints, tabs between them.

A plain `rpm -qa` leaves out the epoch, without which versions cannot be compared. Who built a package decides whose
records it is compared with: a foreign vendor's package on AlmaLinux is not AlmaLinux's. Keys are no packages.
"""

import re

from watchbell.domain.sentence import Sentence
from watchbell.formats.installed import distro as distros
from watchbell.formats.installed import reasons
from watchbell.formats.installed.purls import purl
from watchbell.formats.installed.text import lines_of
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat

COMMAND = r"rpm -qa --qf '%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\n'"
"""How the list is printed on the machine it is of."""

_NONE = "(none)"
_KEYS = "gpg-pubkey"
_EPOCH = re.compile(r"[0-9]{1,10}")
_VENDORS = (
    ("almalinux", "almalinux"), ("rocky", "rocky"), ("red hat", "redhat"), ("centos", "centos"),
    ("fedora", "fedora"), ("opensuse", "opensuse"), ("suse", "suse"), ("amazon", "amzn"), ("oracle", "oracle"),
    ("mageia", "mageia"), ("microsoft", "azurelinux"),
)  # fmt: skip
"""Who signs as what in the VENDOR column, first match counts: word in it -> namespace of the package URL."""


def loads(data: bytes, *, distro: str = "") -> Sbom:
    """Return what is installed; `distro` is its release, such as almalinux-9. Raises Refused for what is no text."""
    found, release = Collected(), distros.named(distro)
    for number, line in lines_of(data, found):
        if line.strip():
            _add(line.split("\t"), f"line {number}", release, found)
    if not release.qualifier:
        found.note("no-release", reasons.NO_RELEASE, "")
    return found.sbom(SbomFormat.RPM, release.qualifier)


def _add(cells: list[str], place: str, release: distros.Distro, found: Collected) -> None:
    if len(cells) != 7:
        message = Sentence("Expected 7 columns, found {count}.", count=len(cells))
        found.note("wrong-columns", message, place)
        found.unreadable(" ".join(cells), place)
        return
    name, epoch, version, revision, arch, source, vendor = (_said(cell) for cell in cells)
    if name == _KEYS:
        return
    if not name or not version or (epoch and not _EPOCH.fullmatch(epoch)):
        found.unreadable(" ".join(cells), place)
        return
    exact = f"{version}-{revision}" if revision else version
    namespace = _namespace(vendor, release)
    upstream = source.removesuffix(".src.rpm")
    path = f"{namespace}/{name}" if namespace else name
    found.add(
        Component(
            ref=place,
            name=name,
            version=f"{epoch}:{exact}" if epoch else exact,
            purl=purl("rpm", path, exact, arch=arch, distro=release.qualifier, epoch=epoch, upstream=upstream),
            supplier=vendor,
            because="" if release.qualifier else reasons.NO_RELEASE,
        ),
        place,
    )


def _said(cell: str) -> str:
    text = cell.strip()
    return "" if text == _NONE else text


def _namespace(vendor: str, release: distros.Distro) -> str:
    """Return whose package it is: its vendor's where we know the name, else the distribution's it stands in."""
    small = vendor.lower()
    return next((name for word, name in _VENDORS if word in small), "" if vendor else release.namespace)
