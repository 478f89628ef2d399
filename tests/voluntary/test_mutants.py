"""A product that broke one of its promises is caught, and by the check of that very promise."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.urls import clear_url_caches
from tests.voluntary import mutants

from watchbell.voluntary.census import everything_said
from watchbell.voluntary.run import Run
from watchbell.voluntary.verify import PROPERTIES

pytestmark = pytest.mark.django_db

BREAKS: dict[str, tuple[mutants.Mutant, ...]] = {
    "V1": (
        mutants.the_table_knows_no_release_while_access_runs,
        mutants.a_release_waits_for_the_determination,
        mutants.a_release_waits_for_a_keystore,
    ),
    "V2": (
        mutants.a_withdrawal_waits_for_the_worker,
        mutants.a_withdrawal_asks_for_a_reason,
        mutants.a_withdrawal_fails_when_a_key_cannot_be_destroyed,
    ),
    "V3": (
        mutants.a_call_is_admitted_without_a_look_at_the_clock,
        mutants.windows_end_by_the_clocks_round_alone,
        mutants.a_running_call_is_not_cut_at_the_end,
    ),
    "V4": (mutants.only_windows_whose_engagement_is_there_count, mutants.windows_are_counted_one_by_one),
    "V5": (
        mutants.the_access_key_survives_a_withdrawal,
        mutants.the_access_key_survives_the_end,
        mutants.the_key_is_destroyed_after_the_commit,
        mutants.evidence_outlives_its_date,
    ),
    "V6": (mutants.an_evaluator_who_reads_puts_the_release_off, mutants.naming_a_person_holds_the_developer),
    "V7": (mutants.a_government_evaluator_moves_the_end, mutants.whoever_is_named_is_let_in),
    "V8": (mutants.windows_renew_by_default, mutants.use_keeps_a_window_open, mutants.an_unanswered_offer_stays),
    "V9": (mutants.a_covered_model_is_not_paused,),
    "V10": (mutants.the_public_sees_that_access_runs,),
    "V11": (mutants.the_public_sees_that_access_runs,),
    "V12": (mutants.there_is_an_address_to_ask_for_access, mutants.an_evaluator_who_reads_begins_another),
    "V13": (
        mutants.a_state_of_the_room_is_called_approved,
        mutants.a_field_of_the_room_is_called_gate_keeper,
        mutants.a_page_says_that_a_model_was_certified,
        mutants.a_translation_speaks_of_a_licence,
    ),
    "V14": (mutants.coordinators_see_engagements,),
    "V15": (
        mutants.terms_are_opened_without_a_line,
        mutants.a_token_is_there_before_its_line_is_written,
        mutants.a_call_goes_out_though_its_line_was_not_written,
        mutants.heads_are_anchored_nowhere,
    ),
    "V16": (mutants.the_public_sees_that_somebody_declined,),
}
LOOKERS = {
    "V9": {},
    "V10": {"never": ("public",), "active": ("public",)},
    "V11": {"never": ("public",), "active": ("public",)},
    "V16": {"never": ("vendor",), "declined": ("vendor",)},
}
BEGINS = {"V6": "active", "V7": "active", "V8": "offered", "V12": "active"}


@pytest.fixture(autouse=True)
def as_installed() -> Iterator[None]:
    everything_said.cache_clear()
    clear_url_caches()
    yield
    everything_said.cache_clear()
    clear_url_caches()


@pytest.mark.parametrize(
    ("name", "mutant"),
    [(name, mutant) for name, found in BREAKS.items() for mutant in found],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_a_product_that_broke_its_promise_is_caught_by_the_check_of_that_promise(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, mutant: mutants.Mutant
) -> None:
    mutant(monkeypatch)

    checked = PROPERTIES[name](
        replace(run, only=frozenset({name}), lookers=LOOKERS.get(name, {}), begins=BEGINS.get(name, "draft"))
    )

    assert checked.id == name
    assert not checked.holds, f"{name} holds: {checked.tried}"
    assert checked.counterexample


def test_every_promise_has_somebody_who_broke_it() -> None:
    assert set(BREAKS) == set(PROPERTIES)
