"""What is asked about in these lists: every component, and each distinct version of a package once."""

from typing import NamedTuple

from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import CannotTell, Package, identity_of_purl
from watchbell.domain.versions import Scheme, Unparsable, is_only_convention, key, scheme_for
from watchbell.edge.answers import NOT_COVERED
from watchbell.formats.sbom import Component, Sbom


class Version(NamedTuple):
    """A distinct version of a package: its key, or why it has no certain place."""

    package: Package
    raw: str
    scheme: Scheme | None
    key: bytes | None
    doubt: str


class Asked:
    """What was asked about: every component, and each distinct version and commit once."""

    def __init__(self, covered: frozenset[str]) -> None:
        self.components: list[tuple[Sbom, Component, int, str]] = []
        self.versions: list[Version] = []
        self.commits: set[str] = set()
        self._covered = covered
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._schemes: dict[str, Scheme | None] = {}

    def add(self, bill: Sbom) -> None:
        """Add every component of a list."""
        for component in bill.components:
            at, reason = self._place(component)
            if component.commit:
                self.commits.add(component.commit)
            if at >= 0 and not component.version:
                from dataclasses import replace  # imported late: the version nearly always stands in the list itself

                component = replace(component, version=self.versions[at].raw)
            self.components.append((bill, component, at, reason))

    def _place(self, component: Component) -> tuple[int, str]:
        """Return the number of a component's version (-1 for none) and why it is not assessed ("" when it is)."""
        if not component.purl:
            return -1, Reason.ONLY_COMMITS if component.commit else Reason.NO_PACKAGE_IDENTITY
        found = identity_of_purl(component.purl)
        if isinstance(found, CannotTell):
            return -1, found.reason
        package, version = found
        if package.ecosystem not in self._covered:
            return -1, NOT_COVERED
        raw = (version or component.version).strip()
        named = package.ecosystem, package.name, raw
        at = self._numbers.get(named)
        if at is None:
            at = self._numbers[named] = len(self.versions)
            self.versions.append(self._version(package, raw))
        return at, self.versions[at].doubt

    def _version(self, package: Package, raw: str) -> Version:
        if package.ecosystem not in self._schemes:
            self._schemes[package.ecosystem] = scheme_for(package.ecosystem)
        scheme = self._schemes[package.ecosystem]
        if not raw or scheme is None:
            doubt = Reason.UNKNOWN_ECOSYSTEM if raw else Reason.NO_VERSION
            return Version(package, raw, scheme, None, doubt)
        try:
            place = key(scheme, raw)
        except Unparsable:
            return Version(package, raw, scheme, None, Reason.UNPARSABLE_VERSION)
        return Version(package, raw, scheme, place, _doubt(scheme, place))


def _doubt(scheme: Scheme, place: bytes) -> str:
    return Reason.UNPARSABLE_VERSION if is_only_convention(scheme, place) else ""
