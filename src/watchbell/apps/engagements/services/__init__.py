"""Every change to early access: register, offer, agree, start, use, pause, release, withdraw, end, destroy."""

from watchbell.apps.engagements.services.ending import (
    RECEIPTS,
    destroy_evidence_if_due,
    end_if_over,
    evidence_is_due,
    withdraw,
)
from watchbell.apps.engagements.services.log import anchor, export
from watchbell.apps.engagements.services.material import MODEL_NAMES, name_of, open_sealed, seal, terms_of
from watchbell.apps.engagements.services.offering import (
    ANSWER_WITHIN,
    Signing,
    agree,
    agreement_to_sign,
    change_terms,
    decline,
    draft,
    leave,
    offer,
    offer_to_sign,
    offered_terms,
    rescind,
)
from watchbell.apps.engagements.services.opening import note_opening, open_terms
from watchbell.apps.engagements.services.partners import choose_partner, consent, end_partnership
from watchbell.apps.engagements.services.registering import Release, plan_release, register_model, release
from watchbell.apps.engagements.services.rounds import make_round
from watchbell.apps.engagements.services.running import (
    Endpoint,
    admission_to_sign,
    admit_person,
    end_seat,
    name_person,
    pause,
    resume,
    set_endpoint,
    shorten,
    start,
    start_to_sign,
)
from watchbell.apps.engagements.services.signing import NoKey, NotSigned, add_signing_key, retire_signing_key
from watchbell.apps.engagements.services.standing import ChangedMeanwhile, IsOver, NotAllowed, NotYet
from watchbell.apps.engagements.services.tokens import Minted, end_token, mint

__all__ = [
    "ANSWER_WITHIN",
    "MODEL_NAMES",
    "RECEIPTS",
    "ChangedMeanwhile",
    "Endpoint",
    "IsOver",
    "Minted",
    "NoKey",
    "NotAllowed",
    "NotSigned",
    "NotYet",
    "Release",
    "Signing",
    "add_signing_key",
    "admission_to_sign",
    "admit_person",
    "agree",
    "agreement_to_sign",
    "anchor",
    "change_terms",
    "choose_partner",
    "consent",
    "decline",
    "destroy_evidence_if_due",
    "draft",
    "end_if_over",
    "end_partnership",
    "end_seat",
    "end_token",
    "evidence_is_due",
    "export",
    "leave",
    "make_round",
    "mint",
    "name_of",
    "name_person",
    "note_opening",
    "offer",
    "offer_to_sign",
    "offered_terms",
    "open_sealed",
    "open_terms",
    "pause",
    "plan_release",
    "register_model",
    "release",
    "rescind",
    "resume",
    "retire_signing_key",
    "seal",
    "set_endpoint",
    "shorten",
    "start",
    "start_to_sign",
    "terms_of",
    "withdraw",
]
