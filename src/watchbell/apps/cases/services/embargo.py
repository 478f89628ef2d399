"""This will propose, agree on, refuse, join and end an embargo: one agreement a case, one consent a participant.

An embargo is never lengthened without every finder and every vendor; no role of a
coordinator or a government lengthens one. Source: CERT/CC Vultron, EM and PEC.
"""

from datetime import datetime

from django.db import transaction

from watchbell.apps.cases.models import Case, Embargo, Participant, Proposal, ProposalAnswer
from watchbell.apps.cases.services import delivery
from watchbell.apps.cases.services.standing import (
    NotAllowed,
    consent,
    hold,
    name_person,
    record,
    require_open,
    require_part,
    require_reader,
    spoke,
)
from watchbell.apps.cases.words import ProposalState
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle import EMBARGO, Consent, ConsentEvent, EmbargoEvent, NotPossible, rules
from watchbell.domain.lifecycle import Embargo as State
from watchbell.domain.lifecycle.rules import DECIDES, CaseRole
from watchbell.domain.sentence import Sentence


@transaction.atomic
def propose_embargo(
    case: Case, *, ends_at: datetime, reply_by: datetime, by: Actor, now: datetime, rng: Dice
) -> Proposal:
    """Propose an end, and ask for an answer by a moment; in force already, this asks for a revision.

    Whoever proposes agrees. Raises NotAllowed, and NotPossible, which says why not.
    """
    case = hold(case)
    require_open(case)
    own = require_part(case, by, now=now, roles=DECIDES)
    rules.check_end(ends_at, now=now)
    if not now < reply_by <= ends_at:
        raise NotPossible("An answer is due after now and before the proposed end.")
    embargo = case.embargo
    if not State(embargo.state).is_in_force:
        rules.check_may_start(case.world, [one.path for one in _vendors(case)])
    _step(embargo, EmbargoEvent.PROPOSE)
    proposal = Proposal.objects.create(
        public_id=new_id(rng), embargo=embargo, participant=own, ends_at=ends_at, reply_by=reply_by, made_at=now
    )
    _answer(proposal, own, agrees=True, now=now)
    if State(embargo.state) is State.PROPOSED:
        _invite_all(case, now=now)
        _sign(own, now=now)
    spoke(own, now=now)
    record("embargo.proposed", case, by=by, now=now, proposal=proposal.public_id)
    return proposal


@transaction.atomic
def accept(proposal: Proposal, *, by: Actor, now: datetime) -> Embargo:
    """Agree to a proposed end. The first to accept puts the shortest proposal in force; longer ones become revisions.

    A revision that is longer waits until every finder and vendor has agreed; a shorter one
    needs one acceptance. Raises NotAllowed, NotPossible.
    """
    case = hold(proposal.embargo.case)
    require_open(case)
    own = require_part(case, by, now=now)
    proposal = _still_open(proposal)
    if own.pk == proposal.participant_id:
        raise NotAllowed("You proposed this end; somebody else accepts it.")
    embargo = case.embargo
    _answer(proposal, own, agrees=True, now=now)
    spoke(own, now=now)
    name_person(case, own.organisation, by.person, now=now)
    record("embargo.agreed", case, by=by, now=now, proposal=proposal.public_id)
    if State(embargo.state).is_in_force:
        _revise(case, embargo, proposal, by=by, now=now)
        return embargo
    if not own.role_set & DECIDES:
        raise NotAllowed("An embargo begins when finder, vendor or coordinator accepts; join it once it is in force.")
    rules.check_may_start(case.world, [one.path for one in _vendors(case)])
    _begin(case, embargo, now=now)
    _sign(own, now=now)
    record("embargo.began", case, by=by, now=now)
    return embargo


@transaction.atomic
def reject(proposal: Proposal, *, by: Actor, now: datetime) -> Embargo:
    """Refuse a proposed end, or take back one's own; an embargo in force stays as it was.

    Raises NotAllowed, NotPossible.
    """
    case = hold(proposal.embargo.case)
    require_open(case)
    own = require_part(case, by, now=now, roles=DECIDES)
    proposal = _still_open(proposal)
    embargo = case.embargo
    _answer(proposal, own, agrees=False, now=now)
    _settle(proposal, ProposalState.REJECTED, now=now)
    spoke(own, now=now)
    if not _open_proposals(embargo):
        _step(embargo, EmbargoEvent.REJECT)
        if State(embargo.state) is State.NONE:
            _reset_all(case, now=now)
            delivery.deliver_waiting(case, now=now)
    record("embargo.refused", case, by=by, now=now, proposal=proposal.public_id)
    return embargo


@transaction.atomic
def join(case: Case, *, by: Actor, now: datetime) -> Participant:
    """Accept the embargo as it is in force; from now on the report may be read. Raises NotAllowed, NotPossible."""
    case = hold(case)
    require_open(case)
    own = require_part(case, by, now=now)
    if not State(case.embargo.state).is_in_force:
        raise NotPossible("There is no embargo in force to join.", instead=("answer the proposal",))
    consent(own, ConsentEvent.ACCEPT, now=now)
    spoke(own, now=now)
    name_person(case, own.organisation, by.person, now=now)
    record("embargo.joined", case, by=by, now=now, participant=own.public_id)
    delivery.deliver_waiting(case, now=now)
    return own


@transaction.atomic
def decline(case: Case, *, by: Actor, now: datetime) -> Participant:
    """Say that one does not join the embargo; the report stays closed to them until it is over. Raises as `join`."""
    case = hold(case)
    require_open(case)
    own = require_part(case, by, now=now)
    consent(own, ConsentEvent.DECLINE, now=now)
    spoke(own, now=now)
    record("embargo.declined", case, by=by, now=now, participant=own.public_id)
    return own


@transaction.atomic
def terminate(case: Case, *, by: Actor, now: datetime) -> Embargo:
    """End an embargo before its time; everyone in the case hears of it. It is no duty to publish.

    Raises NotAllowed, NotPossible.
    """
    case = hold(case)
    require_reader(require_part(case, by, now=now, roles=DECIDES), case)
    end(case, by=by, now=now)
    return case.embargo


def end(case: Case, *, by: Actor, now: datetime) -> None:
    """Take the embargo to its end in the caller's transaction, and every consent and proposal with it."""
    embargo = case.embargo
    _step(embargo, EmbargoEvent.TERMINATE, ended_at=now)
    embargo.proposals.filter(state=ProposalState.OPEN).update(state=ProposalState.OVERTAKEN, settled_at=now)
    _reset_all(case, now=now)
    record("embargo.ended", case, by=by, now=now)
    delivery.deliver_waiting(case, now=now)


def overtake(case: Case, *, by: Actor, now: datetime) -> None:
    """Do to the embargo what public knowledge demands: in force it ends at once, and what is proposed falls."""
    embargo = case.embargo
    state = State(embargo.state)
    if state.is_in_force:
        end(case, by=by, now=now)
    elif state is State.PROPOSED:
        embargo.proposals.filter(state=ProposalState.OPEN).update(state=ProposalState.OVERTAKEN, settled_at=now)
        _step(embargo, EmbargoEvent.REJECT)
        _reset_all(case, now=now)
        record("embargo.overtaken", case, by=by, now=now)
        delivery.deliver_waiting(case, now=now)


def _begin(case: Case, embargo: Embargo, *, now: datetime) -> None:
    """Put the shortest proposal in force; longer ones stay open as revisions."""
    waiting = {one.public_id: one for one in _open_proposals(embargo)}
    offered = [rules.Proposal(one.public_id, one.ends_at, one.reply_by) for one in waiting.values()]
    winner = waiting.pop(rules.shortest(offered).name)
    rules.check_end(winner.ends_at, now=now)
    _settle(winner, ProposalState.ACCEPTED, now=now)
    _step(embargo, EmbargoEvent.ACCEPT, ends_at=winner.ends_at, began_at=now)
    if waiting:
        _step(embargo, EmbargoEvent.PROPOSE)


def _revise(case: Case, embargo: Embargo, proposal: Proposal, *, by: Actor, now: datetime) -> None:
    """Put a revision in force if all who must agree have; whoever has not agreed to a longer one lapses."""
    agreed = set(proposal.answers.filter(agrees=True).values_list("participant", flat=True))
    taking_part = list(case.participants.filter(left_at__isnull=True).prefetch_related("roles"))
    parties = [rules.Party(one.public_id, one.role_set, agrees=one.pk in agreed) for one in taking_part]
    assert embargo.ends_at is not None
    try:
        rules.check_change(current=embargo.ends_at, proposed=proposal.ends_at, parties=parties)
    except NotPossible:
        return  # some have not answered yet: the revision stays on the table
    rules.check_end(proposal.ends_at, now=now)
    is_longer = proposal.ends_at > embargo.ends_at
    _settle(proposal, ProposalState.ACCEPTED, now=now)
    _step(embargo, EmbargoEvent.ACCEPT, ends_at=proposal.ends_at)
    if _open_proposals(embargo):
        _step(embargo, EmbargoEvent.PROPOSE)
    for one in taking_part:
        if is_longer and one.consent == Consent.SIGNATORY and one.pk not in agreed:
            consent(one, ConsentEvent.REVISE, now=now)
        elif one.consent == Consent.LAPSED and one.pk in agreed:
            consent(one, ConsentEvent.ACCEPT, now=now)
    record("embargo.revised", case, by=by, now=now, proposal=proposal.public_id)


def _vendors(case: Case) -> list[Participant]:
    return list(case.participants.filter(roles__role=CaseRole.VENDOR, left_at__isnull=True))


def _open_proposals(embargo: Embargo) -> list[Proposal]:
    return list(embargo.proposals.filter(state=ProposalState.OPEN))


def _still_open(proposal: Proposal) -> Proposal:
    fresh = Proposal.objects.get(pk=proposal.pk)
    if fresh.state != ProposalState.OPEN:
        raise NotPossible(Sentence("This proposal is {state} already.", state=Sentence(str(fresh.state))))
    return fresh


def _settle(proposal: Proposal, state: ProposalState, *, now: datetime) -> None:
    Proposal.objects.filter(pk=proposal.pk).update(state=state, settled_at=now)


def _answer(proposal: Proposal, participant: Participant, *, agrees: bool, now: datetime) -> None:
    ProposalAnswer.objects.update_or_create(
        proposal=proposal, participant=participant, defaults={"agrees": agrees, "at": now}
    )


def _step(embargo: Embargo, event: EmbargoEvent, **moments: datetime) -> None:
    """Take the embargo one step on; raises NotPossible."""
    embargo.state = EMBARGO.next(State(embargo.state), event)
    for name, at in moments.items():
        setattr(embargo, name, at)
    embargo.save(update_fields=["state", *moments])


def _sign(participant: Participant, *, now: datetime) -> None:
    participant.refresh_from_db(fields=["consent"])
    if participant.consent != Consent.SIGNATORY:
        if participant.consent == Consent.DECLINED:
            consent(participant, ConsentEvent.INVITE, now=now)
        consent(participant, ConsentEvent.ACCEPT, now=now)
    delivery.deliver_waiting(participant.case, now=now)


def _invite_all(case: Case, *, now: datetime) -> None:
    for one in case.participants.filter(left_at__isnull=True, consent=Consent.NO_EMBARGO):
        consent(one, ConsentEvent.INVITE, now=now)


def _reset_all(case: Case, *, now: datetime) -> None:
    for one in case.participants.exclude(consent=Consent.NO_EMBARGO):
        consent(one, ConsentEvent.RESET, now=now)
