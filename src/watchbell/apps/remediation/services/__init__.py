"""Every change to worklists: the refresh that follows what is published and run, and what operators do."""

from watchbell.apps.remediation.services.deeds import (
    ChangedMeanwhile,
    Evidence,
    NotAllowed,
    accept_until,
    mark_patched,
    mitigate,
    plan,
    record_forensics,
    reopen,
    verify,
    wait_on_vendor,
)
from watchbell.apps.remediation.services.refreshing import Overtaken, Refreshed, refresh
from watchbell.apps.remediation.services.strictness import choose_strict

__all__ = [
    "ChangedMeanwhile",
    "Evidence",
    "NotAllowed",
    "Overtaken",
    "Refreshed",
    "accept_until",
    "choose_strict",
    "mark_patched",
    "mitigate",
    "plan",
    "record_forensics",
    "refresh",
    "reopen",
    "verify",
    "wait_on_vendor",
]
