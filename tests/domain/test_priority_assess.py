"""Is what is known used, what is guessed drawn as a guess, and what is unknown never shown as harmless?"""

from dataclasses import replace
from itertools import product

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.priority import (
    POLICY,
    TABLE_ID,
    Band,
    Drawn,
    Exposure,
    Facts,
    Impact,
    Outcome,
    assess,
    decide,
    rank,
)

WORST = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
MILD = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
ALL_TAKEN = "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
OPEN_DOOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"
VERSION_2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
FACTS = st.builds(
    Facts,
    in_kev=st.booleans(),
    exposed=st.sampled_from(Exposure),
    automatable=st.sampled_from([None, False, True]),
    impact=st.sampled_from([None, *Impact]),
    cvss_vector=st.sampled_from(
        [None, "", "nonsense", WORST, MILD, ALL_TAKEN, OPEN_DOOR, "AV:N/AC:L/Au:N/C:C/I:C/A:C"]
    ),
    was_published_at_first_import=st.booleans(),
    listed_in_kev_since=st.booleans(),
)
KNOWN = list(product((False, True), (Exposure.YES, Exposure.NO), (False, True), tuple(Impact)))


@pytest.mark.parametrize(("kev", "exposed", "automatable", "impact"), KNOWN)
@pytest.mark.parametrize("vector", [None, WORST, MILD])
def test_when_everything_is_known_the_table_decides_and_cvss_is_not_asked(kev, exposed, automatable, impact, vector):
    facts = Facts(in_kev=kev, exposed=exposed, automatable=automatable, impact=impact, cvss_vector=vector)

    priority = assess(facts)

    assert priority.outcome is decide(kev, exposed is Exposure.YES, automatable, impact)
    assert (priority.low, priority.high) == (priority.outcome, priority.outcome)
    assert priority.drawn is Drawn.KNOWN
    assert priority.would_be is None
    assert priority.forensics_required is (priority.outcome is Outcome.THREE_DAYS_AND_FORENSICS)


# What each missing answer means: in KEV, exposed, CVSS -> outcome, range, drawn, forensics offered.
MISSING = [
    (False, "yes", None, "60D", "60D to 3D", "unknown", False),
    (False, "unknown", None, "60D", "60D to 3D", "unknown", False),
    (False, "no", None, "60D", "FSU to 60D", "unknown", False),
    (False, "yes", WORST, "3D", "60D to 3D", "derived", False),
    (False, "unknown", WORST, "3D", "60D to 3D", "derived", False),
    (False, "yes", ALL_TAKEN, "14D", "60D to 3D", "derived", False),
    (False, "yes", OPEN_DOOR, "14D", "60D to 3D", "derived", False),
    (False, "yes", MILD, "60D", "60D to 3D", "unknown", False),
    (False, "no", WORST, "60D", "FSU to 60D", "unknown", False),
    (False, "no", MILD, "60D", "FSU to 60D", "unknown", False),
    (True, "yes", None, "3D", "14D to 3DF", "unknown", True),
    (True, "unknown", None, "3D", "14D to 3DF", "unknown", True),
    (True, "no", None, "14D", "14D to 3DF", "unknown", True),
    (True, "yes", WORST, "3D", "14D to 3DF", "derived", True),
    (True, "yes", OPEN_DOOR, "3D", "14D to 3DF", "derived", True),
    (True, "yes", MILD, "14D", "14D to 3DF", "derived", True),
    (True, "no", WORST, "3D", "14D to 3DF", "derived", True),
    (True, "no", MILD, "14D", "14D to 3DF", "derived", True),
]


@pytest.mark.parametrize(("kev", "exposed", "vector", "outcome", "span", "drawn", "offered"), MISSING)
def test_missing_answers_follow_the_policy(kev, exposed, vector, outcome, span, drawn, offered):
    priority = assess(Facts(in_kev=kev, exposed=Exposure(exposed), cvss_vector=vector))

    assert (priority.outcome, priority.range, priority.drawn) == (outcome, span, drawn)
    assert (priority.forensics_offered, priority.forensics_required) == (offered, False)


# One answer published, the other missing, no CVSS: what is known is never thrown away.
HALVES = [
    (False, "yes", True, None, "14D", "14D to 3D", "unknown"),
    (False, "yes", False, None, "60D", "60D to 14D", "unknown"),
    (False, "yes", None, Impact.TOTAL, "14D", "14D to 3D", "unknown"),
    (False, "no", True, None, "60D", "60D", "known"),
    (False, "no", False, None, "FSU", "FSU", "known"),
    (False, "no", None, Impact.TOTAL, "60D", "FSU to 60D", "unknown"),
    (True, "yes", None, Impact.TOTAL, "3DF", "3DF", "known"),
    (True, "yes", True, None, "3D", "3D to 3DF", "unknown"),
    (True, "yes", False, None, "3D", "14D to 3DF", "unknown"),
    (True, "no", None, Impact.PARTIAL, "14D", "14D", "known"),
    (True, "no", True, None, "14D", "14D to 3DF", "unknown"),
]


@pytest.mark.parametrize(("kev", "exposed", "automatable", "impact", "outcome", "span", "drawn"), HALVES)
def test_half_an_answer_narrows_the_range(kev, exposed, automatable, impact, outcome, span, drawn):
    facts = Facts(in_kev=kev, exposed=Exposure(exposed), automatable=automatable, impact=impact)

    priority = assess(facts)

    assert (priority.outcome, priority.range, priority.drawn) == (outcome, span, drawn)


def test_a_missing_answer_says_what_it_could_mean_on_an_exposed_asset():
    hidden = assess(Facts(in_kev=False, exposed=Exposure.NO))
    exposed = assess(Facts(in_kev=False, exposed=Exposure.YES))

    assert str(hidden.would_be) == "On an exposed asset it would be 3D if automatable and total."
    assert str(exposed.would_be) == str(hidden.would_be)


def test_what_it_could_mean_names_only_the_answer_that_is_missing():
    no_impact = assess(Facts(in_kev=False, exposed=Exposure.NO, automatable=True))
    no_automation = assess(Facts(in_kev=False, exposed=Exposure.NO, impact=Impact.PARTIAL))

    assert str(no_impact.would_be) == "On an exposed asset it would be 3D if total."
    assert str(no_automation.would_be) == "On an exposed asset it would be 14D if automatable."


def test_a_published_answer_is_never_replaced_by_a_guess():
    priority = assess(Facts(in_kev=True, exposed=Exposure.YES, automatable=False, cvss_vector=WORST))

    assert priority.inputs.automatable.value is False
    assert priority.inputs.automatable.drawn is Drawn.KNOWN
    assert priority.inputs.impact.drawn is Drawn.DERIVED
    assert priority.outcome is Outcome.THREE_DAYS


def test_a_vector_nobody_can_read_is_a_missing_one_and_is_named():
    priority = assess(Facts(in_kev=True, cvss_vector="CVSS:3.1/AV:?"))

    assert priority.inputs.cvss_was_unreadable
    assert replace(priority, inputs=assess(Facts(in_kev=True)).inputs) == assess(Facts(in_kev=True))


def test_being_strict_counts_the_missing_at_its_worst_whatever_cvss_suggests():
    in_kev = assess(Facts(in_kev=True, exposed=Exposure.NO, cvss_vector=MILD), strict=True)
    outside = assess(Facts(in_kev=False, exposed=Exposure.YES), strict=True)

    assert in_kev.outcome is Outcome.THREE_DAYS_AND_FORENSICS
    assert in_kev.forensics_required
    assert in_kev.drawn is Drawn.UNKNOWN
    assert outside.outcome is Outcome.THREE_DAYS


@given(FACTS, st.booleans())
def test_the_outcome_never_leaves_the_range_of_what_is_known(facts, strict):
    priority = assess(facts, strict=strict)

    assert priority.low.urgency <= priority.outcome.urgency <= priority.high.urgency
    assert (priority.drawn is Drawn.KNOWN) == (priority.low is priority.high)


@given(FACTS)
def test_strict_never_gives_more_time(facts):
    assert assess(facts, strict=True).outcome.urgency >= assess(facts).outcome.urgency


@given(FACTS)
def test_outside_kev_a_guess_never_gives_more_time_than_no_guess(facts):
    facts = replace(facts, in_kev=False)

    assert assess(facts).outcome.urgency >= assess(replace(facts, cvss_vector=None)).outcome.urgency


@given(FACTS)
def test_an_unknown_exposure_is_treated_like_an_exposed_asset_and_still_shown_as_unknown(facts):
    unknown = assess(replace(facts, exposed=Exposure.UNKNOWN))
    exposed = assess(replace(facts, exposed=Exposure.YES))

    assert unknown.inputs.exposure is Exposure.UNKNOWN
    assert replace(unknown, inputs=exposed.inputs) == exposed


@given(FACTS)
def test_forensics_is_never_required_on_a_guess(facts):
    priority = assess(facts)

    assert not priority.forensics_required or priority.drawn is Drawn.KNOWN
    assert not (priority.forensics_required and priority.forensics_offered)
    assert priority.forensics_offered or priority.forensics_required or priority.high.urgency < 4


@given(FACTS, st.booleans())
def test_everything_unknown_is_drawn_as_unknown_and_gives_a_reason(facts, strict):
    priority = assess(replace(facts, automatable=None, impact=None, cvss_vector=None), strict=strict)

    assert priority.drawn is Drawn.UNKNOWN
    assert priority.outcome is not Outcome.AT_UPGRADE
    assert priority.range in str(priority.reason)


def test_what_was_there_before_the_node_is_backlog_without_an_invented_date():
    facts = Facts(in_kev=False, exposed=Exposure.YES, cvss_vector=WORST, was_published_at_first_import=True)

    priority = assess(facts)

    assert priority.backlog
    assert priority.due_days is None
    assert priority.outcome is Outcome.THREE_DAYS


@pytest.mark.parametrize("exposed", [Exposure.YES, Exposure.UNKNOWN])
@pytest.mark.parametrize(("automatable", "impact", "days"), [(None, None, 3), (False, Impact.PARTIAL, 14)])
def test_a_known_exploited_flaw_on_an_exposed_asset_stays_now_however_old_it_is(exposed, automatable, impact, days):
    facts = Facts(
        in_kev=True,
        exposed=exposed,
        automatable=automatable,
        impact=impact,
        was_published_at_first_import=True,
    )

    priority = assess(facts)

    assert priority.band is Band.NOW
    assert priority.due_days == days


def test_a_known_exploited_flaw_on_a_hidden_asset_waits_in_the_backlog_unless_the_listing_is_new():
    old = Facts(in_kev=True, exposed=Exposure.NO, was_published_at_first_import=True)

    assert assess(old).backlog
    assert assess(replace(old, listed_in_kev_since=True)).due_days == 14


@given(FACTS)
def test_only_backlog_and_upgrades_have_no_term(facts):
    priority = assess(facts)

    assert (priority.due_days is None) == (priority.backlog or priority.outcome is Outcome.AT_UPGRADE)
    assert priority.due_days == (None if priority.backlog else POLICY.terms[priority.outcome])


@given(FACTS, st.booleans())
def test_an_assessment_can_be_stored_and_names_its_table_and_policy(facts, strict):
    record = orjson.loads(orjson.dumps(assess(facts, strict=strict).record()))

    assert record["table"] == TABLE_ID == POLICY.table
    assert record["policy"] == POLICY.id
    assert record["inputs"]["exposed"] == facts.exposed


def test_every_sentence_of_the_policy_is_used_and_complete():
    used = set()
    for kev, exposed, automatable, impact, vector, strict in product(
        (False, True), Exposure, (None, False, True), (None, *Impact), (None, WORST, MILD), (False, True)
    ):
        priority = assess(
            Facts(in_kev=kev, exposed=exposed, automatable=automatable, impact=impact, cvss_vector=vector),
            strict=strict,
        )
        used |= {sentence.key for sentence in (priority.reason, priority.would_be) if sentence}
        assert "%(" not in str(priority.reason)

    assert used == set(POLICY.sentences)


def test_no_sentence_promises_what_nobody_knows():
    words = " ".join(POLICY.sentences.values()).lower()

    assert not any(word in words for word in ("safe", "secure", "harmless", "approved", "compliant"))


# The order of a worklist.
NOW_FORENSICS = Facts(in_kev=True, exposed=Exposure.YES, automatable=True, impact=Impact.TOTAL)
THREE = Facts(in_kev=False, exposed=Exposure.YES, automatable=True, impact=Impact.TOTAL)
IN_KEV_FOURTEEN = Facts(in_kev=True, exposed=Exposure.YES, automatable=False, impact=Impact.PARTIAL)
IN_KEV_HIDDEN = Facts(in_kev=True, exposed=Exposure.NO, automatable=False, impact=Impact.PARTIAL)
FOURTEEN = Facts(in_kev=False, exposed=Exposure.YES, automatable=False, impact=Impact.TOTAL)
SIXTY = Facts(in_kev=False, exposed=Exposure.YES)
UPGRADE = Facts(in_kev=False, exposed=Exposure.NO, automatable=False, impact=Impact.PARTIAL)
BACKLOG = Facts(in_kev=False, exposed=Exposure.YES, was_published_at_first_import=True)
OLD_IN_KEV = Facts(in_kev=True, exposed=Exposure.NO, was_published_at_first_import=True)
ORDER = [NOW_FORENSICS, THREE, IN_KEV_FOURTEEN, IN_KEV_HIDDEN, FOURTEEN, SIXTY, UPGRADE, BACKLOG]


@given(epss=st.lists(st.floats(0, 1), min_size=8, max_size=8), cvss=st.lists(st.floats(0, 10), min_size=8, max_size=8))
def test_urgency_orders_the_list_before_any_figure_does(epss, cvss):
    ranks = [rank(assess(facts), epss=epss[at], cvss=cvss[at]) for at, facts in enumerate(ORDER)]

    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    assert all(0 <= each < 2**31 for each in ranks)


def test_the_backlog_is_ordered_by_kev_then_epss_then_cvss():
    old, in_kev = assess(BACKLOG), assess(OLD_IN_KEV)

    ranks = [
        rank(in_kev, epss=0.0, cvss=0.0),
        rank(old, epss=0.9, cvss=1.0),
        rank(old, epss=0.5, cvss=9.8),
        rank(old, epss=0.5, cvss=5.0),
    ]

    assert in_kev.backlog
    assert ranks == sorted(ranks)


def test_a_figure_nobody_has_published_does_not_sort_last():
    old = assess(BACKLOG)

    assert rank(old) < rank(old, epss=0.001, cvss=1.0)
    assert rank(old) > rank(old, epss=0.9, cvss=9.0)


@pytest.mark.parametrize(("epss", "cvss"), [(1.1, 5), (-0.1, 5), (float("nan"), 5), (0.5, 11), (0.5, -1)])
def test_a_figure_outside_its_scale_is_refused(epss, cvss):
    with pytest.raises(ValueError, match="is not between 0 and"):
        rank(assess(SIXTY), epss=epss, cvss=cvss)
