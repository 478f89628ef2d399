"""Which feeds does a node know of before anyone tells it? All off until a node administrator switches one on.

The names are also the asserters of what comes from them, whether a feed or a file
on the console brought it.
"""

from dataclasses import dataclass

from watchbell.apps.vulnerabilities.models import SourceKind

OURS = "watchbell"
"""The source of what this node publishes itself."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed: its name, what it publishes, where, and how often it is asked (hours)."""

    name: str
    kind: SourceKind
    location: str = ""
    period_hours: int = 24


_OSV = "https://osv-vulnerabilities.storage.googleapis.com"
_ECOSYSTEMS = (
    "PyPI", "npm", "Go", "crates.io", "RubyGems", "Debian", "Ubuntu", "AlmaLinux", "Rocky Linux", "Red Hat", "SUSE",
)  # fmt: skip


def _osv(ecosystem: str) -> Listed:
    place = f"{_OSV}/{ecosystem.replace(' ', '%20')}/all.zip"
    return Listed(f"osv-{ecosystem.lower().replace(' ', '-')}", SourceKind.OSV, place)


KEV, EPSS, VULNRICHMENT, OSV, CVE, CSAF = "cisa-kev", "first-epss", "cisa-vulnrichment", "osv", "cve", "csaf"

LISTED: tuple[Listed, ...] = (
    Listed(
        KEV,
        SourceKind.KEV,
        "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        period_hours=6,
    ),
    Listed(EPSS, SourceKind.EPSS, "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
    Listed(
        VULNRICHMENT, SourceKind.VULNRICHMENT, "https://codeload.github.com/cisagov/vulnrichment/zip/refs/heads/develop"
    ),
    *(_osv(ecosystem) for ecosystem in _ECOSYSTEMS),
    Listed("cve-list", SourceKind.CVE, "https://codeload.github.com/CVEProject/cvelistV5/zip/refs/heads/main"),
    Listed("cisa-csaf", SourceKind.CSAF, "https://codeload.github.com/cisagov/CSAF/zip/refs/heads/develop"),
    Listed("bsi-csaf", SourceKind.CSAF, "https://wid.cert-bund.de/.well-known/csaf/provider-metadata.json"),
)

BY_NAME = {one.name: one for one in LISTED}

CONSOLE_NAMES = {
    SourceKind.OSV: OSV,
    SourceKind.KEV: KEV,
    SourceKind.EPSS: EPSS,
    SourceKind.VULNRICHMENT: VULNRICHMENT,
    SourceKind.CVE: CVE,
    SourceKind.CSAF: CSAF,
}
"""Under which name a file given by hand is stored when nobody says otherwise."""
