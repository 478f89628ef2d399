"""Every change to what the world has published: imports, our own records, packages, sources."""

from watchbell.apps.vulnerabilities.models import AssertionKind, SourceKind
from watchbell.apps.vulnerabilities.services.catalogues import import_epss, import_kev, import_vulnrichment
from watchbell.apps.vulnerabilities.services.importing import Place, import_path
from watchbell.apps.vulnerabilities.services.packages import ensure_packages
from watchbell.apps.vulnerabilities.services.publishing import store_advisory, told_by
from watchbell.apps.vulnerabilities.services.record_import import Item, import_osv, import_records
from watchbell.apps.vulnerabilities.services.refreshing import allowed, due, refresh
from watchbell.apps.vulnerabilities.services.reports import Report
from watchbell.apps.vulnerabilities.services.rereading import read_again
from watchbell.apps.vulnerabilities.services.sources import (
    NoSuchSource,
    NotAllowed,
    ensure_listed,
    switch_off,
    switch_on,
)

__all__ = [
    "AssertionKind",
    "Item",
    "NoSuchSource",
    "NotAllowed",
    "Place",
    "Report",
    "SourceKind",
    "allowed",
    "due",
    "ensure_listed",
    "ensure_packages",
    "import_epss",
    "import_kev",
    "import_osv",
    "import_path",
    "import_records",
    "import_vulnrichment",
    "read_again",
    "refresh",
    "store_advisory",
    "switch_off",
    "switch_on",
    "told_by",
]
