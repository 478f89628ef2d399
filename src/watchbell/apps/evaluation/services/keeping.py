"""Where do the words of a report lie? Under the evidence key, or as they are where the signed terms keep them.

For services that already decided who may read.
"""

from datetime import datetime
from typing import Any

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Report
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.formats import strictjson
from watchbell.outside.keystore import Keystore

REPORT_KEY = "evaluation-reports"


def laid_down(report: Report, what: str, data: bytes, *, now: datetime, keys: Keystore, place: str = "") -> bytes:
    """Return the bytes to store for one part of a report; `place` is its row where that is not the report's own."""
    if report.is_kept:
        return data
    engagement, key = engagement_of(report.protocol), Material.EVIDENCE
    return access.seal(engagement, what, data, key=key, place=place or report.public_id, now=now, keys=keys)


def taken_up(report: Report, what: str, stored: bytes, *, keys: Keystore, place: str = "") -> bytes:
    """Return what was laid down; raises KeyMissing once it is gone."""
    if report.is_kept:
        return stored
    engagement, key = engagement_of(report.protocol), Material.EVIDENCE
    return access.open_sealed(engagement, what, stored, key=key, place=place or report.public_id, keys=keys)


def signed_bytes(report: Report, *, keys: Keystore) -> bytes:
    """Return the bytes that were signed; raises KeyMissing once they are gone."""
    return taken_up(report, "report", bytes(report.content), keys=keys)


def comment_of(report: Report, *, keys: Keystore) -> str:
    """Return the developer's comment as it was written, or "" where there is none."""
    stored = bytes(report.comment)
    return taken_up(report, "comment", stored, keys=keys).decode() if stored else ""


def said(report: Report, *, keys: Keystore) -> dict[str, Any]:
    """Return all that a report says, with the developer's comment and the digest of what was signed beside it."""
    found = strictjson.loads(signed_bytes(report, keys=keys))
    return {**found, "comment": comment_of(report, keys=keys), "digest": report.digest}
