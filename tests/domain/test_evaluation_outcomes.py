"""An outage is not an inability and a refusal is no wrong answer, whatever the runner's status says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.support.protocols import ALIAS, ENDPOINTS_NAME, told

from watchbell.domain.evaluation import Outcome, Told, completeness, outcome_of
from watchbell.domain.lifecycle.run import RUN, Run, RunEvent

NAMES = frozenset({ALIAS, ENDPOINTS_NAME})
ANSWERED = Told(answered_as=(ALIAS,), solved=False)


def test_an_answer_is_solved_or_unsolved_as_it_was_scored() -> None:
    assert outcome_of(ANSWERED, names=NAMES) is Outcome.UNSOLVED
    assert outcome_of(replace(ANSWERED, solved=True), names=NAMES) is Outcome.SOLVED


@given(told)
def test_unsolved_is_said_only_of_a_model_that_answered_under_its_own_name_and_was_scored(one: Told) -> None:
    if outcome_of(one, names=NAMES) is Outcome.UNSOLVED:
        assert one.solved is False
        assert set(one.answered_as) <= NAMES
        assert not (one.is_error)
        assert not (one.filtered)
        assert not (one.declined)
        assert not (one.limit)
        assert not (one.taken_back)


@given(told)
def test_solved_is_never_said_of_an_error_or_of_another_models_answer(one: Told) -> None:
    if outcome_of(one, names=NAMES) is Outcome.SOLVED:
        assert one.solved
        assert set(one.answered_as) <= NAMES
        assert not (one.is_error)
        assert not (one.filtered)
        assert not (one.taken_back)


@given(told)
def test_an_error_is_infrastructure_even_when_it_was_scored(one: Told) -> None:
    found = outcome_of(replace(one, is_error=True, taken_back=False), names=NAMES)

    assert found is Outcome.INFRASTRUCTURE


@given(told)
def test_another_models_name_in_any_answer_is_infrastructure(one: Told) -> None:
    strange = replace(one, answered_as=(*one.answered_as, "somebody-else"), taken_back=False)

    assert outcome_of(strange, names=NAMES) is Outcome.INFRASTRUCTURE


def test_a_limit_is_a_limit_even_when_the_runner_scored_it_incorrect() -> None:
    assert outcome_of(replace(ANSWERED, limit="token"), names=NAMES) is Outcome.LIMIT


def test_what_was_solved_within_the_limit_is_solved() -> None:
    assert outcome_of(replace(ANSWERED, limit="token", solved=True), names=NAMES) is Outcome.SOLVED


def test_time_that_ran_out_before_the_model_said_anything_is_the_endpoints_silence() -> None:
    hung = Told(limit="time", solved=False)

    assert outcome_of(hung, names=NAMES) is Outcome.INFRASTRUCTURE


def test_a_refusal_is_never_counted_as_unsolved() -> None:
    assert outcome_of(replace(ANSWERED, filtered=True), names=NAMES) is Outcome.REFUSED
    assert outcome_of(replace(ANSWERED, declined=True), names=NAMES) is Outcome.REFUSED


def test_declining_where_declining_is_what_is_asked_for_is_solved() -> None:
    assert outcome_of(replace(ANSWERED, declined=True, solved=True), names=NAMES) is Outcome.SOLVED


def test_an_answer_without_a_usable_score_is_missing() -> None:
    assert outcome_of(replace(ANSWERED, solved=None), names=NAMES) is Outcome.MISSING


cells = st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from([10, 20]), st.integers(1, 5)), max_size=30)


@given(
    cells, st.dictionaries(st.tuples(st.sampled_from("abcd"), st.just(10), st.integers(1, 6)), st.sampled_from(Outcome))
)
def test_the_counts_add_up_to_what_was_expected(
    expected: set[tuple[str, int, int]], got: dict[tuple[str, int, int], Outcome]
) -> None:
    table = completeness(expected, got)

    assert sum(table.counts.values()) == table.expected == len(expected)
    assert table.counts[Outcome.MISSING] >= len(expected - set(got))


@given(cells.filter(bool), st.data())
def test_one_more_answer_never_makes_a_comparison_open(
    expected: set[tuple[str, int, int]], data: st.DataObject
) -> None:
    got = data.draw(st.dictionaries(st.sampled_from(sorted(expected)), st.sampled_from(Outcome)))
    cell = data.draw(st.sampled_from(sorted(expected)))

    before, after = completeness(expected, got), completeness(expected, {**got, cell: Outcome.UNSOLVED})

    assert after.absent_share <= before.absent_share
    assert before.is_open or not after.is_open


def test_two_in_a_hundred_missing_leave_it_comparable_and_three_leave_it_open() -> None:
    expected = [(f"i{number}", 10, 1) for number in range(100)]
    got = dict.fromkeys(expected, Outcome.SOLVED)
    lost = {**got, expected[0]: Outcome.INFRASTRUCTURE, expected[1]: Outcome.MISSING}

    assert not completeness(expected, lost).is_open
    assert completeness(expected, {**lost, expected[2]: Outcome.INFRASTRUCTURE}).is_open
    assert completeness([], {}).is_open


def test_refusals_and_limits_say_something_of_the_model_and_leave_nothing_open() -> None:
    expected = [(f"i{number}", 10, 1) for number in range(10)]

    assert not completeness(expected, dict.fromkeys(expected, Outcome.REFUSED)).is_open
    assert not completeness(expected, dict.fromkeys(expected, Outcome.LIMIT)).is_open


def test_a_run_that_is_over_stays_over() -> None:
    over = [state for state in Run if state.is_over]

    assert [RUN.possible(state) for state in over] == [(), ()]
    assert all(RunEvent.HALT in RUN.possible(state) for state in Run if state not in over)


@given(told)
def test_a_time_limit_met_while_the_endpoint_hung_is_never_a_limit_of_the_models(one: Told) -> None:
    hung = replace(one, limit="time", stalled=True)

    assert outcome_of(hung, names=NAMES) is not Outcome.LIMIT
    assert outcome_of(hung, names=NAMES) is not Outcome.UNSOLVED
