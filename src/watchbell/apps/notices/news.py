"""Which deeds are news, in which words, and which of them are worth a mail? One line each.

The words say what kind of thing happened and never what it is about: titles are read
inside, where the label is checked again.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class News:
    """One kind of news: what is said, and whether a mail goes out beside the notice."""

    text: "str | Promise"
    is_mailed: bool = True


NEWS: Final[dict[str, News]] = {
    "case.invited": News(_("You are invited to take part in a case.")),
    "case.opened": News(_("A case was opened about a flaw you reported.")),
    "case.public": News(_("A flaw in one of your cases is public now.")),
    "case.exploit_public": News(_("An exploit for a flaw in one of your cases is public now.")),
    "case.attacked": News(_("Attacks on a flaw in one of your cases have been seen.")),
    "case.closed": News(_("A case you take part in was closed."), is_mailed=False),
    "case.read": News(_("Someone looked at a case its vendor does not know of."), is_mailed=False),
    "embargo.proposed": News(_("An end of an embargo was proposed; your answer is asked for.")),
    "embargo.agreed": News(_("A participant agreed to a proposed embargo."), is_mailed=False),
    "embargo.began": News(_("An embargo is in force in one of your cases.")),
    "embargo.revised": News(_("An embargo in one of your cases has a new end.")),
    "embargo.refused": News(_("A proposed embargo was refused."), is_mailed=False),
    "embargo.ended": News(_("An embargo in one of your cases has ended.")),
    "embargo.overtaken": News(_("A proposed embargo fell, since the flaw is public.")),
    "embargo.answer_due": News(_("An answer to a proposed embargo is due soon.")),
    "embargo.end_near": News(_("An embargo in one of your cases ends soon.")),
    "advisory.shared": News(_("The draft of an advisory in one of your cases can be read.")),
    "report.sent": News(_("A report about one of your products waits for you.")),
    "report.accepted": News(_("A vendor accepted a report.")),
    "report.answered": News(_("A vendor answered a report.")),
    "vendor.status": News(_("A vendor said how a product stands to a flaw."), is_mailed=False),
    "vendor.severity": News(_("A vendor set its severity."), is_mailed=False),
    "vendor.fix_ready": News(_("A vendor's fix is ready.")),
    "vendor.fix_deployed": News(_("A vendor's fix is deployed."), is_mailed=False),
    "message.posted": News(_("There is a new message in one of your cases.")),
    "finding.valid": News(_("A flaw you reported was found valid.")),
    "finding.rejected": News(_("A flaw you reported was not taken up; the reason stands beside it.")),
    "finding.shown": News(_("A flaw you reported was shown by someone else."), is_mailed=False),
    "engagement.offered": News(_("A developer offers you early access; the offer waits for your answer.")),
    "engagement.agreed": News(_("An evaluator agreed to your terms; access begins when you start it.")),
    "engagement.declined": News(_("An evaluator declined an offer of yours.")),
    "engagement.rescinded": News(_("A developer took back an offer of early access.")),
    "engagement.lapsed": News(_("An offer of early access lapsed, since nobody acted in time.")),
    "engagement.started": News(_("Early access that you agreed to has begun.")),
    "engagement.shortened": News(_("Early access will end earlier than it would have."), is_mailed=False),
    "engagement.ended": News(_("Early access to a model has ended.")),
    "engagement.withdrawn": News(_("A developer withdrew; early access has ended.")),
    "engagement.released": News(_("A developer released a model; early access to it has ended.")),
    "engagement.person_named": News(_("An evaluator named one more person; they wait for your signature.")),
    "engagement.person_admitted": News(_("A developer admitted a person whom you named."), is_mailed=False),
    "engagement.unusual_volume": News(_("Someone opened material of an engagement unusually often in a day.")),
    "engagement.key_destroyed": News(_("A key of an engagement was destroyed; the receipt is there."), is_mailed=False),
    "evaluation.flaw_reported": News(_("A flaw in other people's software was found; it went where your terms say.")),
    "evaluation.flaw_sent_on": News(_("A developer sent on a flaw that you found for it."), is_mailed=False),
    "evaluation.incident_settled": News(_("A developer settled an incident of an evaluation; runs may go on.")),
    "evaluation.incident": News(_("An evaluation met an incident; its run is halted and its tokens are ended.")),
    "evaluation.protocol_locked": News(_("A protocol of an evaluation was locked."), is_mailed=False),
    "evaluation.log_imported": News(_("Results of an evaluation came in."), is_mailed=False),
    "evaluation.result_imported": News(_("A signed result of an evaluation came in."), is_mailed=False),
    "partner.chosen": News(_("A developer chose you as a trusted partner; it counts once you consent.")),
    "partner.consented": News(_("An organisation consented to be your trusted partner.")),
    "partner.ended": News(_("A trusted partnership has ended.")),
    "submission.received": News(_("New findings were handed in."), is_mailed=False),
}

WAITING: Final = _("Something waits for you.")
"""All that a mail above TLP:GREEN says."""
