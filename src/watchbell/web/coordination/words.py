"""How are the machines' states said to people? Each has a word and a colour; what nobody knows is never calm."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from watchbell.apps.cases.words import Standing
from watchbell.apps.findings.words import Channel, Outcome, RejectionReason
from watchbell.domain.advisory import EvidenceLevel, VexJustification
from watchbell.domain.lifecycle import Consent, Embargo, Finding, Report
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.web.states import State

Words = str | Promise

FINDING_STATES: dict[Finding, Words] = {
    Finding.RECEIVED: _("Waits for a decision"),
    Finding.VALID: _("Found valid"),
    Finding.DUPLICATE: _("Same as another report"),
    Finding.REJECTED: _("Rejected"),
}
FINDING_BADGES: dict[Finding, State] = {
    Finding.RECEIVED: State.UNKNOWN,
    Finding.VALID: State.LATER,
    Finding.DUPLICATE: State.DONE,
    Finding.REJECTED: State.DONE,
}
LEVELS: dict[EvidenceLevel, Words] = {
    EvidenceLevel.E0_ASSERTED: _("asserted, nobody has checked it"),
    EvidenceLevel.E1_STATICALLY_CONFIRMED: _("confirmed by reading the code"),
    EvidenceLevel.E2_REPRODUCED: _("reproduced once, by somebody other than the finder"),
    EvidenceLevel.E3_REPRODUCED_BY_TWO: _("reproduced by two others"),
    EvidenceLevel.E4_VENDOR_CONFIRMED: _("confirmed by the vendor"),
}
CHANNELS: dict[Channel, Words] = {
    Channel.FORM: _("web form"),
    Channel.API: _("interface"),
    Channel.SUBMIT: _("upload"),
    Channel.IMPORT: _("import"),
}
OUTCOMES: dict[Outcome, Words] = {
    Outcome.STORED: _("Stored"),
    Outcome.SAME: _("Same as one of yours"),
    Outcome.REFUSED: _("Refused"),
}
OUTCOME_BADGES: dict[Outcome, State] = {
    Outcome.STORED: State.DONE,
    Outcome.SAME: State.LATER,
    Outcome.REFUSED: State.NOW,
}
REJECTIONS: dict[RejectionReason, Words] = {
    RejectionReason.NOT_A_FLAW: _("It is not a flaw"),
    RejectionReason.NOT_REPRODUCIBLE: _("Nobody could reproduce it"),
    RejectionReason.NOT_ENOUGH_INFORMATION: _("It says too little"),
    RejectionReason.OUT_OF_SCOPE: _("It is out of scope"),
    RejectionReason.NOT_SERIOUS: _("It is not a serious report"),
}
REPORT_STATES: dict[Report, Words] = {
    Report.START: _("not sent yet"),
    Report.RECEIVED: _("received, no answer yet"),
    Report.INVALID: _("not a vulnerability, they say"),
    Report.VALID: _("found valid"),
    Report.DEFERRED: _("set aside for later"),
    Report.ACCEPTED: _("accepted"),
    Report.CLOSED: _("closed"),
}
EMBARGO_STATES: dict[Embargo, Words] = {
    Embargo.NONE: _("No embargo"),
    Embargo.PROPOSED: _("Embargo proposed"),
    Embargo.ACTIVE: _("Embargo in force"),
    Embargo.REVISE: _("Embargo in force, a new end is proposed"),
    Embargo.EXITED: _("Embargo over"),
}
CONSENTS: dict[Consent, Words] = {
    Consent.NO_EMBARGO: _("no embargo to join"),
    Consent.INVITED: _("asked to join the embargo"),
    Consent.SIGNATORY: _("joined the embargo"),
    Consent.LAPSED: _("has yet to answer the new end"),
    Consent.DECLINED: _("declined the embargo"),
}
STANDINGS: dict[Standing, Words] = {
    Standing.NO_ANSWER: _("No answer"),
    Standing.UNDER_INVESTIGATION: _("Under investigation"),
    Standing.AFFECTED: _("Affected"),
    Standing.NOT_AFFECTED: _("Not affected"),
    Standing.FIXED: _("Fixed"),
}
STANDING_BADGES: dict[Standing, State] = {
    Standing.NO_ANSWER: State.UNKNOWN,
    Standing.UNDER_INVESTIGATION: State.SOON,
    Standing.AFFECTED: State.NOW,
    Standing.NOT_AFFECTED: State.LATER,
    Standing.FIXED: State.DONE,
}
JUSTIFICATIONS: dict[VexJustification, Words] = {
    VexJustification.COMPONENT_NOT_PRESENT: _("The component is not in it"),
    VexJustification.VULNERABLE_CODE_NOT_PRESENT: _("The flawed code is not in it"),
    VexJustification.VULNERABLE_CODE_CANNOT_BE_CONTROLLED: _("Nobody can steer the flawed code from outside"),
    VexJustification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH: _("The flawed code never runs"),
    VexJustification.INLINE_MITIGATIONS_ALREADY_EXIST: _("Something inside stops it already"),
}
ROLES: dict[CaseRole, Words] = {
    CaseRole.FINDER: _("finder"),
    CaseRole.REPORTER: _("reporter"),
    CaseRole.VENDOR: _("vendor"),
    CaseRole.DEPLOYER: _("deployer"),
    CaseRole.COORDINATOR: _("coordinator"),
    CaseRole.OBSERVER: _("observer"),
    CaseRole.CASE_OWNER: _("owner of the case"),
    CaseRole.CASE_MANAGER: _("manager of the case"),
    CaseRole.CNA: _("CVE numbering authority"),
}


def level(value: int) -> str:
    """Return an evidence level as people write it with what it means, such as "E0: asserted, ..."."""
    known = EvidenceLevel(value)
    return f"{known.label}: {LEVELS[known]}"


def level_badge(value: int) -> State:
    """Return in which colour an evidence level is shown: a bare claim is unknown, the vendor's word is done."""
    if value < EvidenceLevel.E2_REPRODUCED:
        return State.UNKNOWN
    return State.DONE if value == EvidenceLevel.E4_VENDOR_CONFIRMED else State.LATER


SETTLED: Words = _("The decision stands. It can be taken back with Reopen.")
LINKED: Words = _("Linked. Both reports keep their own clock, credit and words, and the link can be taken back.")
SHOWN: Words = _("The evidence is noted, with its receipt.")
REOPENED: Words = _("It is open again and waits for a decision.")
