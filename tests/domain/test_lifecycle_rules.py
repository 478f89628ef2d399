"""Does every embargo end, does nobody lengthen it alone, and is no row of a worklist closed without a reason?"""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.lifecycle import (
    Consent,
    Embargo,
    NotPossible,
    Path,
    Remediation,
    RemediationEvent,
    Report,
    World,
)
from watchbell.domain.lifecycle.remediation import NEEDS_EVIDENCE, REMEDIATION, advance, has_run_out
from watchbell.domain.lifecycle.rules import (
    KNOW_ALREADY,
    LONGEST_EMBARGO,
    CaseRole,
    Ending,
    Party,
    Proposal,
    check_change,
    check_end,
    check_fix_may_be_ready,
    check_may_publish,
    check_may_start,
    ending,
    ends_early,
    is_usual_moment,
    may_hear_news,
    may_read_report,
    shortest,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VENDOR = frozenset({CaseRole.VENDOR})
FINDER = frozenset({CaseRole.FINDER})
OTHERS = [role for role in CaseRole if role not in (CaseRole.FINDER, CaseRole.REPORTER, CaseRole.VENDOR)]


@pytest.mark.parametrize("world", World)
def test_an_embargo_ends_at_once_when_the_flaw_or_an_exploit_is_public_and_should_end_under_attack(world):
    expected = {"PX": Ending.ENDS_NOW, "Px": Ending.ENDS_NOW, "pX": Ending.ENDS_NOW}.get(
        world.value[:2], Ending.SHOULD_END if world.value[2] == "A" else Ending.HOLDS
    )

    assert ending(world) is expected
    assert ends_early(world, [Path.AWARE]) is expected


def test_an_embargo_ends_when_every_fix_is_deployed():
    assert ends_early(World.QUIET, [Path.FIX_DEPLOYED, Path.FIX_DEPLOYED]) is Ending.ENDS_NOW
    assert ends_early(World.QUIET, [Path.FIX_DEPLOYED, Path.FIX_READY]) is Ending.HOLDS
    assert ends_early(World.QUIET, []) is Ending.HOLDS


@pytest.mark.parametrize(("world", "path"), list(product(World, Path)))
def test_an_embargo_begins_only_while_all_is_quiet_and_a_fix_is_missing(world, path):
    if world is World.QUIET and path in (Path.UNAWARE, Path.AWARE):
        check_may_start(world, [path])
        check_may_start(world, [path, Path.FIX_READY])
        return

    with pytest.raises(NotPossible):
        check_may_start(world, [path])


def test_an_embargo_may_begin_before_any_vendor_is_found():
    check_may_start(World.QUIET, [])


def test_an_embargo_is_unusual_once_a_report_is_set_aside():
    assert {report for report in Report if not is_usual_moment(report)} == {
        Report.INVALID,
        Report.DEFERRED,
        Report.CLOSED,
    }


@pytest.mark.parametrize(
    ("ends_at", "said"),
    [
        (None, "needs an end"),
        (NOON.replace(tzinfo=None) + DAY, "no time zone"),
        (NOON, "lies in the past"),
        (NOON - DAY, "lies in the past"),
        (NOON + LONGEST_EMBARGO + timedelta(seconds=1), "more than 180 days away"),
    ],
)
def test_an_embargo_has_an_end_with_a_zone_ahead_of_us_and_not_too_far(ends_at, said):
    with pytest.raises(NotPossible, match=said) as refusal:
        check_end(ends_at, now=NOON)

    assert "Possible now" not in str(refusal.value), "a rule cannot know what a machine allows"


def test_an_embargo_may_be_as_long_as_the_bound():
    check_end(NOON + LONGEST_EMBARGO, now=NOON)
    check_end(NOON + timedelta(seconds=1), now=NOON)


@given(st.lists(st.tuples(st.integers(0, 200), st.text(min_size=1)), min_size=1), st.randoms(use_true_random=False))
def test_the_shortest_proposal_wins_in_whatever_order_they_came(drawn, rng):
    proposals = [Proposal(name, NOON + days * DAY, reply_by=NOON + DAY) for days, name in drawn]
    shuffled = rng.sample(proposals, len(proposals))

    assert shortest(proposals) == shortest(shuffled)
    assert shortest(proposals).ends_at == min(proposal.ends_at for proposal in proposals)


def test_without_a_proposal_nothing_wins():
    with pytest.raises(NotPossible, match="Nobody has proposed"):
        shortest([])


@given(st.lists(st.tuples(st.frozensets(st.sampled_from(CaseRole)), st.booleans()), max_size=6))
def test_an_embargo_is_lengthened_only_when_every_finder_and_every_vendor_agrees(drawn):
    parties = [Party(str(at), roles, agrees) for at, (roles, agrees) in enumerate(drawn)]
    finders = [party for party in parties if party.roles & {CaseRole.FINDER, CaseRole.REPORTER}]
    vendors = [party for party in parties if CaseRole.VENDOR in party.roles]
    allowed = finders and vendors and all(party.agrees for party in finders + vendors)

    try:
        check_change(current=NOON, proposed=NOON + DAY, parties=parties)
    except NotPossible:
        assert not allowed
    else:
        assert allowed


@given(st.lists(st.frozensets(st.sampled_from(OTHERS), min_size=1), max_size=4))
def test_nobody_else_can_lengthen_or_prevent_anything(roles):
    agreed = [Party("Lab", FINDER, True), Party("Acme", VENDOR, True)]
    silent = [Party(str(at), each, False) for at, each in enumerate(roles)]
    eager = [Party(str(at), each, True) for at, each in enumerate(roles)]

    check_change(current=NOON, proposed=NOON + DAY, parties=[*agreed, *silent])
    with pytest.raises(NotPossible, match="never lengthened without"):
        check_change(current=NOON, proposed=NOON + DAY, parties=eager)


def test_a_refused_extension_names_who_has_not_agreed():
    parties = [Party("Lab", FINDER, True), Party("Acme", VENDOR, True), Party("Zeta", VENDOR), Party("Beta", VENDOR)]

    with pytest.raises(NotPossible, match="without the vendor; not agreed yet: Beta, Zeta"):
        check_change(current=NOON, proposed=NOON + DAY, parties=parties)


def test_an_embargo_may_be_shortened_by_anyone_and_at_any_time():
    check_change(current=NOON, proposed=NOON - DAY, parties=[])
    check_change(current=NOON, proposed=NOON, parties=[])


@pytest.mark.parametrize("embargo", [Embargo.PROPOSED, Embargo.ACTIVE, Embargo.REVISE])
def test_newcomers_read_the_report_only_after_accepting_the_embargo(embargo):
    reads = {consent for consent in Consent if may_read_report(embargo, consent, VENDOR)}

    assert reads == {Consent.SIGNATORY, Consent.LAPSED}


@pytest.mark.parametrize("consent", Consent)
def test_who_brought_the_report_can_always_read_it(consent):
    for embargo, role in product(Embargo, KNOW_ALREADY):
        assert may_read_report(embargo, consent, frozenset({role}))


@pytest.mark.parametrize("consent", [Consent.INVITED, Consent.DECLINED])
def test_who_was_asked_and_has_not_accepted_does_not_read_it_before_an_embargo_either(consent):
    assert not may_read_report(Embargo.NONE, consent, VENDOR)


@pytest.mark.parametrize(("embargo", "consent"), list(product(Embargo, Consent)))
def test_news_goes_to_nobody_who_may_not_read_and_waits_for_an_answer_to_new_terms(embargo, consent):
    hears, reads = may_hear_news(embargo, consent, VENDOR), may_read_report(embargo, consent, VENDOR)

    assert reads or not hears
    if reads and not hears:
        assert embargo in (Embargo.ACTIVE, Embargo.REVISE)
        assert consent is Consent.LAPSED


@pytest.mark.parametrize(("embargo", "world"), list(product(Embargo, World)))
def test_nothing_is_published_while_an_embargo_binds(embargo, world):
    binds = embargo in (Embargo.ACTIVE, Embargo.REVISE) and ending(world) is not Ending.ENDS_NOW

    check_may_publish(embargo, ends_at=NOON, world=world, now=NOON)
    if not binds:
        check_may_publish(embargo, ends_at=NOON + DAY, world=world, now=NOON)
        return
    for ends_at in (NOON + DAY, None):
        with pytest.raises(NotPossible, match="in force until"):
            check_may_publish(embargo, ends_at=ends_at, world=world, now=NOON)


@pytest.mark.parametrize("report", Report)
def test_only_a_vendor_that_accepted_the_report_has_a_fix(report):
    if report is Report.ACCEPTED:
        check_fix_may_be_ready(report)
        return

    with pytest.raises(NotPossible, match="only for a report it has accepted"):
        check_fix_may_be_ready(report)


# The operator's row.
@pytest.mark.parametrize("event", sorted(NEEDS_EVIDENCE))
def test_whatever_lowers_the_shown_risk_needs_a_note(event):
    state = next(each for each in Remediation if event in REMEDIATION.possible(each))

    for nothing in ("", "  \n"):
        with pytest.raises(NotPossible, match="needs a note"):
            advance(state, event, evidence=nothing, until=NOON + DAY, now=NOON)
    advance(state, event, evidence="Ticket 12, seen by Ana", until=NOON + DAY, now=NOON)


@pytest.mark.parametrize("until", [None, NOON, NOON - DAY])
def test_a_risk_is_accepted_until_a_date_ahead_and_never_for_good(until):
    with pytest.raises(NotPossible, match="never for good"):
        advance(Remediation.OPEN, RemediationEvent.ACCEPT_UNTIL, evidence="Board, 2 March", until=until, now=NOON)


@pytest.mark.parametrize(("state", "event"), list(product(Remediation, RemediationEvent)))
def test_nothing_is_settled_while_required_forensics_is_not_on_record(state, event):
    if event not in REMEDIATION.possible(state):
        return
    after = REMEDIATION.next(state, event)

    if not after.is_settled:
        assert advance(state, event, evidence="Done", forensics_owed=True, now=NOON) is after
        return
    with pytest.raises(NotPossible, match="Forensic triage"):
        advance(state, event, evidence="Done", until=NOON + DAY, forensics_owed=True, now=NOON)


def test_an_acceptance_runs_out_on_its_date():
    assert not has_run_out(Remediation.ACCEPTED_UNTIL, until=NOON, now=NOON - timedelta(seconds=1))
    assert has_run_out(Remediation.ACCEPTED_UNTIL, until=NOON, now=NOON)
    assert not has_run_out(Remediation.VERIFIED, until=NOON, now=NOON + DAY)


def test_a_mitigation_or_an_unproven_patch_keeps_the_row_on_the_list():
    assert {state for state in Remediation if state.is_settled} == {Remediation.VERIFIED, Remediation.ACCEPTED_UNTIL}
