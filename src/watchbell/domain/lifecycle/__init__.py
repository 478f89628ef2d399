"""What may happen next? State machines as data, which explain what they refuse."""

from watchbell.domain.lifecycle.case import PATH, WORLD, Path, PathEvent, World, WorldEvent
from watchbell.domain.lifecycle.embargo import CONSENT, EMBARGO, Consent, ConsentEvent, Embargo, EmbargoEvent
from watchbell.domain.lifecycle.finding import FINDING, Finding, FindingEvent
from watchbell.domain.lifecycle.machine import Machine, NotPossible
from watchbell.domain.lifecycle.remediation import REMEDIATION, Remediation, RemediationEvent
from watchbell.domain.lifecycle.report import REPORT, Report, ReportEvent

__all__ = [
    "CONSENT",
    "EMBARGO",
    "FINDING",
    "PATH",
    "REMEDIATION",
    "REPORT",
    "WORLD",
    "Consent",
    "ConsentEvent",
    "Embargo",
    "EmbargoEvent",
    "Finding",
    "FindingEvent",
    "Machine",
    "NotPossible",
    "Path",
    "PathEvent",
    "Remediation",
    "RemediationEvent",
    "Report",
    "ReportEvent",
    "World",
    "WorldEvent",
]
