"""How are the worklist's and the inventory's codes said in plain words? One line a code; a test names missing ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from watchbell.domain.advisory import VexJustification, VexStatus
from watchbell.domain.lifecycle import Remediation, RemediationEvent
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.tiers import Basis
from watchbell.domain.priority import Band, Drawn, Exposure, Outcome
from watchbell.web.states import State

Words = str | Promise

EXPOSED: dict[Exposure, Words] = {
    Exposure.YES: _("Yes"),
    Exposure.NO: _("No"),
    Exposure.UNKNOWN: _("Unknown, counts as yes"),
}
OUTCOMES: dict[Outcome, Words] = {
    Outcome.AT_UPGRADE: _("at the next upgrade"),
    Outcome.SIXTY_DAYS: _("within 60 days"),
    Outcome.FOURTEEN_DAYS: _("within 14 days"),
    Outcome.THREE_DAYS: _("within 3 days"),
    Outcome.THREE_DAYS_AND_FORENSICS: _("within 3 days, with a look for traces of an attack"),
}
BANDS: dict[Band, Words] = {
    Band.NOW: _("Now"),
    Band.SOON: _("Soon"),
    Band.LATER: _("Later"),
    Band.AT_UPGRADE: _("At upgrade"),
    Band.BACKLOG: _("Backlog"),
}
BAND_STATES: dict[Band, State] = {
    Band.NOW: State.NOW,
    Band.SOON: State.SOON,
    Band.LATER: State.LATER,
    Band.AT_UPGRADE: State.LATER,
    Band.BACKLOG: State.LATER,
}
DRAWN: dict[Drawn, Words] = {
    Drawn.KNOWN: _("published"),
    Drawn.DERIVED: _("guessed from CVSS"),
    Drawn.UNKNOWN: _("not published"),
}
STATES: dict[Remediation, Words] = {
    Remediation.OPEN: _("Open"),
    Remediation.PLANNED: _("Planned"),
    Remediation.WAITING_ON_VENDOR: _("Waiting on the vendor"),
    Remediation.MITIGATED: _("Mitigated"),
    Remediation.PATCHED: _("Patched, not verified yet"),
    Remediation.VERIFIED: _("Verified"),
    Remediation.ACCEPTED_UNTIL: _("Accepted until a date"),
}
DEEDS: dict[RemediationEvent, Words] = {
    RemediationEvent.PLAN: _("It is planned"),
    RemediationEvent.WAIT_ON_VENDOR: _("The vendor has to act first"),
    RemediationEvent.MITIGATE: _("We lowered the risk another way"),
    RemediationEvent.PATCH: _("The update is in"),
    RemediationEvent.VERIFY: _("We saw that the update works"),
    RemediationEvent.ACCEPT_UNTIL: _("Accept it until a day"),
    RemediationEvent.REOPEN: _("Take it up again"),
}
SENTENCES: dict[str, Words] = {
    "known": _("The published answers put this at %(outcome)s."),
    "known_in_kev": _("Attackers are using this. The published answers put it at %(outcome)s."),
    "unknown": _(
        "Nobody has published how easily this can be attacked. %(outcome)s is the default, not a finding: "
        "it may be %(low)s to %(high)s."
    ),
    "shortened": _(
        "Nobody has published how easily this can be attacked. Its CVSS vector suggests %(outcome)s; "
        "it may be %(low)s to %(high)s."
    ),
    "in_kev_derived": _(
        "Attackers are using this. Its CVSS vector suggests %(outcome)s; it may be %(low)s to %(high)s."
    ),
    "in_kev_unknown": _(
        "Attackers are using this. Nobody has published how easily it can be attacked, so %(outcome)s is the default: "
        "it may be %(low)s to %(high)s."
    ),
    "strict": _("Your organisation counts what is not known at its worst: %(outcome)s. It may be %(low)s to %(high)s."),
    "would_be": _("On an exposed asset it would be %(outcome)s if automatable and total."),
    "would_be_automatable": _("On an exposed asset it would be %(outcome)s if automatable."),
    "would_be_total": _("On an exposed asset it would be %(outcome)s if total."),
}

NOTES: dict[str, Words] = {
    "Every record of this vulnerability was withdrawn.": _("Every record of this vulnerability was withdrawn."),
    "It turned out to be the same vulnerability as another one on the list.": _(
        "It turned out to be the same vulnerability as another one on the list."
    ),
    "The lists in force no longer hold anything it reaches.": _(
        "The lists in force no longer hold anything it reaches."
    ),
    "The lists in force no longer hold an affected version.": _(
        "The lists in force no longer hold an affected version."
    ),
    "A list names this without saying which package it is, so nobody can tell whether it is still affected.": _(
        "A list names this without saying which package it is, so nobody can tell whether it is still affected."
    ),
    "The acceptance ran out.": _("The acceptance ran out."),
    "A list loaded after the fix was verified still holds an affected version.": _(
        "A list loaded after the fix was verified still holds an affected version."
    ),
    "It reaches something in the lists in force again.": _("It reaches something in the lists in force again."),
    "VEX statements say of everything it reaches here that it is not affected, or fixed.": _(
        "VEX statements say of everything it reaches here that it is not affected, or fixed."
    ),
    "The VEX statements that kept it quiet no longer speak of everything it reaches here.": _(
        "The VEX statements that kept it quiet no longer speak of everything it reaches here."
    ),
}
"""What the node itself notes in a line's story, by the words it is stored in."""

VEX_STATUSES: dict[VexStatus, Words] = {
    VexStatus.AFFECTED: _("affected"),
    VexStatus.UNDER_INVESTIGATION: _("under investigation"),
    VexStatus.FIXED: _("fixed"),
    VexStatus.NOT_AFFECTED: _("not affected"),
}
VEX_BADGES: dict[VexStatus, State] = {
    VexStatus.AFFECTED: State.NOW,
    VexStatus.UNDER_INVESTIGATION: State.UNKNOWN,
    VexStatus.FIXED: State.LATER,
    VexStatus.NOT_AFFECTED: State.LATER,
}
JUSTIFICATIONS: dict[VexJustification, Words] = {
    VexJustification.COMPONENT_NOT_PRESENT: _("The component is not in it"),
    VexJustification.VULNERABLE_CODE_NOT_PRESENT: _("The flawed code is not in it"),
    VexJustification.VULNERABLE_CODE_CANNOT_BE_CONTROLLED: _("Nobody can steer the flawed code from outside"),
    VexJustification.VULNERABLE_CODE_NOT_IN_EXECUTE_PATH: _("The flawed code never runs"),
    VexJustification.INLINE_MITIGATIONS_ALREADY_EXIST: _("Something inside stops it already"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Why something could not be checked, and what would change that."""

    why: Words
    todo: Words


GAPS: dict[Reason, Gap] = {
    Reason.NO_VERSION: Gap(
        _("The list gives no version"),
        _("Add the version to the list and load it again. Until then every flaw of the package is shown as unknown."),
    ),
    Reason.UNKNOWN_ECOSYSTEM: Gap(
        _("Its kind of version cannot be put in order here yet"),
        _("Look at its maker's advisories yourself, or pick it as a product by name."),
    ),
    Reason.UNPARSABLE_VERSION: Gap(
        _("The version cannot be read as one"),
        _("Correct it in the list, as the maker writes it, and load the list again."),
    ),
    Reason.NO_DISTRO_RELEASE: Gap(
        _("The list does not say which release of the system it is from"),
        _("Make the list with a tool that writes the release, such as distro=debian-12, and load it again."),
    ),
    Reason.NO_PACKAGE_IDENTITY: Gap(
        _("The list names it without saying which package or product it is"),
        _(
            "Make the list with package URLs, or pick the product by name on the asset's page. For a machine, add its "
            "model number, and answer what is asked about it."
        ),
    ),
    Reason.RANGE_NOT_UNDERSTOOD: Gap(
        _("The record's range of versions cannot be read"),
        _("Read the record itself and decide."),
    ),
    Reason.RANGE_NOT_GIVEN: Gap(
        _("The record names no versions"),
        _("Read the record itself and decide."),
    ),
    Reason.ONLY_COMMITS: Gap(
        _("The record names commits, not versions"),
        _("Ask the maker which versions hold the fix."),
    ),
}


def say(sentence: Mapping[str, object] | None) -> str:
    """Return a stored sentence ({"key", "values"}) in the reader's language; "" for none."""
    if not sentence:
        return ""
    values = sentence.get("values")
    return str(SENTENCES[str(sentence["key"])]) % (values if isinstance(values, dict) else {})


def span(low: str, high: str) -> str:
    """Return a range of outcomes as people read it: `14D to 3DF`, or the one there is."""
    return low if low == high else gettext("%(low)s to %(high)s") % {"low": low, "high": high}


BASES: dict[Basis, Words] = {
    Basis.PACKAGE: _("by its package"),
    Basis.RELEASE: _("by its package in this release of the distribution"),
    Basis.COMMIT: _("by its commit"),
    Basis.HELPER: _("by what its vendor gives to identify it"),
    Basis.BRANCHES: _("by the names its vendor gives, for a product you picked"),
    Basis.PICKED: _("by its names, for a product you picked"),
    Basis.CPE: _("by a CPE, which is a guess"),
    Basis.NAME: _("by its name, which is a guess"),
}
"""How was it recognised? Said behind the name of a record."""
