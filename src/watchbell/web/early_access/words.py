"""In which words do these pages say states, purposes and what a line of the access log holds?"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from watchbell.apps.engagements.words import Material, Outcome, What
from watchbell.domain.lifecycle.engagement import Engagement, EngagementEvent
from watchbell.domain.metering import Dialect, Ending
from watchbell.domain.terms import Purpose
from watchbell.domain.terms.aspects import count
from watchbell.web.states import State

Words = str | Promise

STATES: dict[Engagement, Words] = {
    Engagement.DRAFT: gettext_lazy("Draft"),
    Engagement.OFFERED: gettext_lazy("Offered"),
    Engagement.AGREED: gettext_lazy("Agreed"),
    Engagement.ACTIVE: gettext_lazy("Running"),
    Engagement.RESCINDED: gettext_lazy("Offer taken back"),
    Engagement.DECLINED: gettext_lazy("Declined"),
    Engagement.LAPSED: gettext_lazy("Lapsed"),
    Engagement.WITHDRAWN: gettext_lazy("Withdrawn"),
    Engagement.RELEASED: gettext_lazy("Model released"),
    Engagement.ENDED: gettext_lazy("Ended"),
}
BADGES: dict[Engagement, State] = {
    Engagement.DRAFT: State.LATER,
    Engagement.OFFERED: State.SOON,
    Engagement.AGREED: State.SOON,
    Engagement.ACTIVE: State.LATER,
}
PURPOSES: dict[Purpose, Words] = {
    Purpose.RUN: gettext_lazy("To run an evaluation"),
    Purpose.READ_RESULTS: gettext_lazy("To read results"),
    Purpose.INCIDENT: gettext_lazy("To look into an incident"),
    Purpose.AUDIT: gettext_lazy("To audit"),
    Purpose.HOUSEKEEPING: gettext_lazy("For housekeeping"),
}
DIALECTS: dict[Dialect, Words] = {
    Dialect.CHAT: gettext_lazy("Chat completions (OpenAI)"),
    Dialect.RESPONSES: gettext_lazy("Responses (OpenAI)"),
    Dialect.MESSAGES: gettext_lazy("Messages (Anthropic)"),
    Dialect.MODELS: gettext_lazy("The list of models"),
}
OUTCOMES: dict[Outcome, Words] = {
    Outcome.COVERED: gettext_lazy("It is a covered frontier model"),
    Outcome.NOT_COVERED: gettext_lazy("It is not a covered frontier model"),
    Outcome.DECLINED: gettext_lazy("No determination was made"),
}
MATERIALS: dict[Material, Words] = {
    Material.ACCESS: gettext_lazy("the key to the developer's endpoint"),
    Material.EVIDENCE: gettext_lazy("the key to terms, statements and evidence"),
}
OVER_BY: dict[EngagementEvent, Words] = {
    EngagementEvent.RESCIND: gettext_lazy("The developer took the offer back"),
    EngagementEvent.WITHDRAW: gettext_lazy("The developer withdrew"),
    EngagementEvent.RELEASE: gettext_lazy("The developer released the model"),
    EngagementEvent.DECLINE: gettext_lazy("The evaluator declined"),
    EngagementEvent.LEAVE: gettext_lazy("The evaluator left"),
    EngagementEvent.LAPSE: gettext_lazy("Nobody acted in time"),
    EngagementEvent.END: gettext_lazy("The window ended"),
}
OVER: dict[Engagement, Words] = {
    Engagement.RESCINDED: gettext_lazy("The developer took the offer back before access began."),
    Engagement.DECLINED: gettext_lazy("The evaluator declined the offer. No reason is asked."),
    Engagement.LAPSED: gettext_lazy("Nobody acted in time, and silence ends."),
    Engagement.WITHDRAWN: gettext_lazy("The developer withdrew. No reason is asked."),
    Engagement.RELEASED: gettext_lazy("The developer released the model, so there is no early access to it any more."),
    Engagement.ENDED: gettext_lazy("Its time is over, or the evaluator left. Nothing renews it."),
}
ENDINGS: dict[Ending, Words] = {
    Ending.ANSWERED: gettext_lazy("The endpoint answered"),
    Ending.ENDPOINT_REFUSED: gettext_lazy("The endpoint refused the call"),
    Ending.ENDPOINT_BROKEN: gettext_lazy("The endpoint could not be reached, or its answer broke off"),
    Ending.ENDPOINT_SILENT: gettext_lazy("The endpoint stayed silent"),
    Ending.TOO_LARGE: gettext_lazy("The answer was too large"),
    Ending.OUT_OF_TIME: gettext_lazy("Cut: the time for this call was over"),
    Ending.STOPPED: gettext_lazy("Cut: access was paused or ended"),
    Ending.CALLER_LEFT: gettext_lazy("The caller hung up"),
    Ending.NOT_SENT: gettext_lazy("Not sent, and nothing charged"),
}
AWAY: dict[str, Words] = {
    "interface-out-of-scope": gettext_lazy("Turned away: that interface is not in scope"),
    "model-out-of-scope": gettext_lazy("Turned away: that model is not in scope"),
}
OPENED: dict[str, Words] = {
    "terms": gettext_lazy("the terms"),
    "protocol": gettext_lazy("a protocol"),
    "transcript": gettext_lazy("a transcript"),
    "samples": gettext_lazy("the table of samples"),
    "report": gettext_lazy("a report"),
    "incident": gettext_lazy("an incident"),
    "flaw": gettext_lazy("what was found in other software"),
    "report_partner": gettext_lazy("what trusted partners may read of a report"),
    "report_public": gettext_lazy("what everybody may read of a report"),
    "run-board": gettext_lazy("how its runs go"),
    "run-kit": gettext_lazy("what a run needs"),
    "offer": gettext_lazy("the offer"),
    "models": gettext_lazy("the names of the models in scope"),
    "log": gettext_lazy("the access log"),
}
PLAIN: dict[What, Words] = {
    What.UNSETTLED: gettext_lazy("A call was never settled; all it had reserved stays charged"),
    What.EXPORTED: gettext_lazy("Exported the access log"),
    What.TOKEN_ENDED: gettext_lazy("Ended a token"),
    What.STARTED: gettext_lazy("Opened the window"),
    What.PAUSED: gettext_lazy("Paused access"),
    What.RESUMED: gettext_lazy("Resumed access"),
    What.SHORTENED: gettext_lazy("Shortened the window"),
    What.SEAT_ADMITTED: gettext_lazy("Let one more person in"),
    What.SEAT_ENDED: gettext_lazy("Took a person's access away"),
    What.ENDPOINT_SET: gettext_lazy("Pointed access at an endpoint"),
}

RECORDED: dict[str, Words] = {
    "determination.noted": gettext_lazy("The outcome of a determination was noted"),
    "determination.requested": gettext_lazy("It was noted that a determination was asked for"),
    "determination.retracted": gettext_lazy("A request for a determination was taken back"),
    "engagement.agreed": gettext_lazy("An offer of early access was agreed to"),
    "engagement.declined": gettext_lazy("An offer of early access was declined"),
    "engagement.drafted": gettext_lazy("Terms for an offer of early access were drafted"),
    "engagement.ended": gettext_lazy("Early access ended"),
    "engagement.endpoint_set": gettext_lazy("Early access was pointed at an endpoint"),
    "engagement.key_destroyed": gettext_lazy("A key of an engagement was destroyed"),
    "engagement.key_removed": gettext_lazy("A key that nothing needed any more was removed"),
    "engagement.lapsed": gettext_lazy("An offer of early access lapsed"),
    "engagement.log_anchored": gettext_lazy("An access log was anchored here"),
    "engagement.offered": gettext_lazy("Early access was offered"),
    "engagement.paused": gettext_lazy("Early access was paused"),
    "engagement.person_admitted": gettext_lazy("One more person was let in to early access"),
    "engagement.person_named": gettext_lazy("One more person was named for early access"),
    "engagement.released": gettext_lazy("Early access ended by the model's release"),
    "engagement.rescinded": gettext_lazy("An offer of early access was taken back"),
    "engagement.resumed": gettext_lazy("Early access was resumed"),
    "engagement.seat_ended": gettext_lazy("A person's early access was taken away"),
    "engagement.shortened": gettext_lazy("A window of early access was shortened"),
    "engagement.started": gettext_lazy("Early access began"),
    "engagement.terms_written": gettext_lazy("A new version of terms was written"),
    "engagement.token_ended": gettext_lazy("A token for the gateway was ended"),
    "engagement.token_made": gettext_lazy("A token for the gateway was made"),
    "engagement.unusual_volume": gettext_lazy("One person opened material unusually often"),
    "engagement.withdrawn": gettext_lazy("The developer withdrew from early access"),
    "evaluation.benchmark_registered": gettext_lazy("A version of a benchmark was registered"),
    "evaluation.containment_signed": gettext_lazy("The statement about containment was signed"),
    "evaluation.flaw_reported": gettext_lazy("A flaw found in other software went where the terms say"),
    "evaluation.flaw_sent_on": gettext_lazy("The developer sent a flaw found in other software on"),
    "evaluation.forgotten": gettext_lazy("What the terms do not keep of an evaluation was removed"),
    "evaluation.incident": gettext_lazy("An incident in an evaluation was reported"),
    "evaluation.incident_settled": gettext_lazy("An incident in an evaluation was settled"),
    "evaluation.log_imported": gettext_lazy("A log of an evaluation was taken in"),
    "evaluation.log_received": gettext_lazy("A log of an evaluation was received"),
    "evaluation.protocol_amended": gettext_lazy("A protocol was amended"),
    "evaluation.protocol_drafted": gettext_lazy("A protocol was drafted"),
    "evaluation.protocol_locked": gettext_lazy("A protocol was locked"),
    "evaluation.report_commented": gettext_lazy("The developer commented on a report"),
    "evaluation.report_consented": gettext_lazy("The developer consented to a report for others"),
    "evaluation.report_consent_withdrawn": gettext_lazy("The developer withdrew its consent to a report for others"),
    "evaluation.report_read": gettext_lazy("A trusted partner opened what it may read of a report"),
    "evaluation.report_issued": gettext_lazy("A report on an evaluation was issued"),
    "evaluation.result_imported": gettext_lazy("A signed result on a sealed benchmark was taken in"),
    "evaluation.run_began": gettext_lazy("A run of an evaluation began on this node"),
    "evaluation.run_cancelled": gettext_lazy("A run of an evaluation was cancelled"),
    "evaluation.run_ended": gettext_lazy("A run of an evaluation ended without a log"),
    "evaluation.run_paused": gettext_lazy("A run of an evaluation was paused"),
    "evaluation.run_planned": gettext_lazy("A run of an evaluation was planned on this node"),
    "evaluation.run_resumed": gettext_lazy("A run of an evaluation went on"),
    "evaluation.run_stopped": gettext_lazy("A run of an evaluation stands still"),
    "evaluation.seed_committed": gettext_lazy("A seed of held-out items was committed to"),
    "evaluation.seed_revealed": gettext_lazy("A seed of held-out items was revealed"),
    "model.partners_planned": gettext_lazy("A release to trusted partners was planned"),
    "model.partners_released": gettext_lazy("A model was released to trusted partners"),
    "model.public_planned": gettext_lazy("A release to everyone was planned"),
    "model.public_released": gettext_lazy("A model was released to everyone"),
    "model.registered": gettext_lazy("A model was registered"),
    "partner.chosen": gettext_lazy("A trusted partner was chosen"),
    "partner.consented": gettext_lazy("A trusted partner consented"),
    "partner.ended": gettext_lazy("A trusted partnership ended"),
    "signing_key.added": gettext_lazy("The public half of a signing key was given"),
    "signing_key.retired": gettext_lazy("A signing key was retired"),
}
"""What an entry of the record says of early access."""


def badge(state: Engagement) -> State:
    """Return in which colour a state is shown: what is over in none, whoever ended it."""
    return BADGES.get(state, State.OVER)


def purpose(code: object) -> str:
    """Return a purpose in words."""
    return str(PURPOSES[Purpose(str(code))]) if code in set(Purpose) else str(code)


def line(what: What, facts: dict[str, Any]) -> str:
    """Return what a line of the access log says, in words; never more than its codes and counts."""
    match what:
        case What.CALL:
            return _call(facts)
        case What.SETTLED:
            return _settled(facts)
        case What.TURNED_AWAY:
            return str(AWAY.get(str(facts.get("code")), _("Turned away: %(code)s") % {"code": facts.get("code")}))
        case What.OPENED:
            material = OPENED.get(str(facts.get("material")), facts.get("material"))
            return _("Opened %(what)s: %(why)s") % {"what": material, "why": _small(purpose(facts.get("purpose")))}
        case What.TOKEN_MADE:
            return _("Took a token: %(why)s") % {"why": _small(purpose(facts.get("purpose")))}
        case What.ENDED:
            event = str(facts.get("event"))
            return str(OVER_BY[EngagementEvent(event)]) if event in set(EngagementEvent) else _("It ended")
        case What.KEY_DESTROYED:
            return _destroyed(facts)
    return str(PLAIN[what])


def _call(facts: dict[str, Any]) -> str:
    interface = str(facts.get("interface"))
    through = DIALECTS[Dialect(interface)] if interface in set(Dialect) else interface
    why = _small(purpose(facts.get("purpose")))
    return _("Called the model: %(through)s, %(why)s") % {"through": through, "why": why}


def _settled(facts: dict[str, Any]) -> str:
    ending = str(facts.get("ending"))
    said = str(ENDINGS[Ending(ending)]) if ending in set(Ending) else ending
    tokens = int(facts.get("tokens") or 0)
    if ending == Ending.NOT_SENT:
        return said
    used = ngettext("%(count)s token charged", "%(count)s tokens charged", tokens) % {"count": count(tokens)}
    return f"{said}; {used}"


def _destroyed(facts: dict[str, Any]) -> str:
    key = str(facts.get("key"))
    which = MATERIALS[Material(key)] if key in set(Material) else key
    if facts.get("was_there"):
        return _("Destroyed %(key)s") % {"key": which}
    return _("Found %(key)s gone") % {"key": which}


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]
