"""A log comes in once, whatever happens meanwhile; what is not the protocol's is refused with its place."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.apps.scene_engagements import ENDPOINT, TERMS, ask, keystore, token
from tests.apps.scene_engagements import admit as admit_calls
from tests.apps.scene_evaluation import BEGAN, LATER, LOCKED, PATCH, Scene, by, locked, signed
from tests.support.cast import Cast
from tests.support.eval_logs import changed, files_of, opened, packed, retold
from tests.support.protocols import PROTOCOL, SMALL

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services import IsOver, metering
from watchbell.apps.evaluation import queries, services
from watchbell.apps.evaluation.models import Incident, Run, Sample
from watchbell.apps.evaluation.services import taking_in
from watchbell.apps.files.models import Blob
from watchbell.apps.journal.models import Entry
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.metering import Admission, Ending, Settlement, Usage
from watchbell.domain.refusal import Refused

pytestmark = pytest.mark.django_db
PLAIN = files_of("plain.eval")
WRITTEN = opened(packed(PLAIN)).head.began
"""When Inspect wrote the plain log."""


def head_changed(change: Any) -> bytes:
    files = changed(PLAIN, "header.json", change)
    return packed(changed(files, "_journal/start.json", change))


def refused_as_a_whole(scene: Scene, log: str | bytes) -> tuple[str, str]:
    with pytest.raises(Refused) as error:
        scene.take_in(log)
    assert not Run.objects.exists()
    return error.value.refusal.code, error.value.refusal.place


def test_a_plain_log_fills_its_cells_and_ends_its_run(cast: Cast) -> None:
    scene = signed(cast)

    taken = scene.take_in("plain.eval")

    assert (taken.stored, taken.unchanged, taken.refused) == (6, 0, 0)
    assert scene.table() == {
        **dict.fromkeys([("1.0", 1), ("1.2", 1), ("2.1", 1)], "solved"),
        **dict.fromkeys([("1.1", 1), ("2.0", 1), ("2.2", 1)], "unsolved"),
    }
    assert (taken.run.stands, taken.run.outcomes) == (RunState.ENDED, {"solved": 3, "unsolved": 3})
    assert (taken.run.suite, taken.run.arm, taken.run.budget) == ("patch", 0, 1000)
    assert {(row.family, row.level, row.total_tokens) for row in Sample.objects.all()} == {
        ("traversal", 1, 27),
        ("traversal", 2, 27),
    }


def test_the_developer_reads_results_as_soon_as_anyone(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval", by=cast.evaluator.actor)

    for who in (cast.lab, cast.evaluator):
        assert queries.samples_of(scene.protocol, who.actor, now=LATER).count() == 6
        assert queries.runs_of(scene.protocol, who.actor, now=LATER).count() == 1
    said = Entry.objects.get(action="evaluation.log_imported")
    assert cast.lab.organisation.public_id in {one.organisation_id for one in said.concerns.all()}


def test_the_same_log_again_changes_nothing(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")
    before = list(Sample.objects.order_by("pk").values()), list(Run.objects.values()), Blob.objects.count()
    entries = Entry.objects.count()

    again = scene.take_in("plain.eval", now=LATER + timedelta(hours=1))

    assert (again.stored, again.unchanged, again.refused) == (0, 6, 0)
    assert (list(Sample.objects.order_by("pk").values()), list(Run.objects.values()), Blob.objects.count()) == before
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("killed_after", [2, 4])
def test_an_import_killed_half_way_goes_on_and_no_sample_counts_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    monkeypatch.setattr(taking_in, "PAGE", 2)
    scene = signed(cast)

    def kill(seen: int) -> None:
        if seen >= killed_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene.take_in("plain.eval", progress=kill)
    assert Sample.objects.count() == killed_after
    assert Run.objects.get().stands is RunState.RUNNING

    taken = scene.take_in("plain.eval")

    assert (taken.stored, taken.unchanged) == (6 - killed_after, killed_after)
    assert (Sample.objects.count(), Run.objects.count(), Blob.objects.count()) == (6, 1, 1)
    assert taken.run.outcomes == {"solved": 3, "unsolved": 3}
    assert (taken.run.stands, taken.run.recovered) == (RunState.ENDED, 6)


def test_a_killed_run_and_what_inspect_wrote_of_it_is_taken_as_it_is(cast: Cast) -> None:
    scene = signed(cast)

    run = scene.take_in("cancelled.eval").run

    assert (run.listed, run.recovered, run.outcomes) == (3, 3, {"solved": 2, "unsolved": 1})
    assert "cut_off" in run.deviations


@pytest.mark.parametrize("order", list(itertools.permutations(["errors.eval", "slow.eval", "plain.eval"])))
def test_a_loss_is_filled_by_another_log_in_whatever_order_they_come_and_no_answer_is_replaced(
    cast: Cast, order: tuple[str, ...]
) -> None:
    scene = signed(cast)

    taken = [scene.take_in(name) for name in order]

    assert Counter(scene.table().values()) == {"solved": 3, "unsolved": 3}
    assert {one.code for part in taken for one in part.refusals} <= {"answered-already"}
    assert Sample.objects.count() == 6


def test_a_better_answer_that_comes_later_is_refused(cast: Cast) -> None:
    scene = signed(cast)
    scene.take_in("plain.eval")
    better = retold(PLAIN, lambda one: one["scores"]["match"].update(value="C"), "patch.traversal.1.1")

    taken = scene.take_in(packed(better))

    assert scene.table()["1.1", 1] == "unsolved"
    assert [one.code for one in taken.refusals] == ["answered-already"]


def test_epochs_and_the_json_format_come_in_too(cast: Cast) -> None:
    scene = signed(cast)

    assert scene.take_in("epochs.eval").stored == 12
    assert scene.take_in("document.json").refused == 6


def test_samples_outside_the_protocol_are_refused_with_their_place_and_the_others_count(cast: Cast) -> None:
    value = replace(SMALL, suites=(replace(SMALL.suites[0], each=2),))
    scene = signed(cast, value)

    taken = scene.take_in("epochs.eval")

    assert (taken.stored, taken.refused) == (4, 8)
    assert {one.code for one in taken.refusals} == {"not-in-protocol"}
    assert taken.refusals[0].place == "member samples/patch.traversal.1.2_epoch_1.json: /id"
    assert taken.run.deviations == ["other_epochs", "more_calls_than_admitted"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda head: head["eval"].update(task_registry_name="other"), ("other-task", "/eval/task")),
        (lambda head: head["eval"].update(task_version=2), ("other-task-version", "/eval/task_version")),
        (lambda head: head["eval"].update(model="scripted/northlight-2"), ("other-model", "/eval/model")),
        (lambda head: head["eval"]["config"].update(token_limit=5000), ("other-budget", "/eval/config/token_limit")),
        (lambda head: head["eval"]["config"].update(token_limit=None), ("other-budget", "/eval/config/token_limit")),
        (lambda head: head["eval"].update(created="2026-11-28T12:59:59+00:00"), ("before-lock", "/eval/created")),
        (lambda head: head["eval"].update(created="2027-01-28T12:59:59+00:00"), None),
    ],
)
def test_a_log_of_something_else_is_refused_as_a_whole(
    cast: Cast, change: Any, refusal: tuple[str, str] | None
) -> None:
    scene = signed(cast)

    def late(head: Any) -> None:
        change(head)
        if refusal is None and "stats" in head:
            head["stats"]["started_at"] = head["eval"]["created"]

    expected = refusal or ("outside-window", "/eval/created")
    assert refused_as_a_whole(scene, head_changed(late)) == expected


def test_a_log_that_began_before_the_statement_was_signed_is_refused(cast: Cast) -> None:
    scene = locked(cast)

    assert refused_as_a_whole(scene, "plain.eval")[0] == "no-containment"


def test_a_log_of_a_draft_is_refused(cast: Cast) -> None:
    scene = signed(cast)
    newer = services.amend(scene.protocol, replace(PROTOCOL, epochs=3), "More.", **by(cast, now=LOCKED))
    scene.protocol = newer

    assert refused_as_a_whole(scene, "plain.eval")[0] == "not-locked"


def test_a_log_that_began_after_a_newer_version_is_that_ones(cast: Cast) -> None:
    scene = signed(cast)
    newer = services.amend(scene.protocol, replace(PROTOCOL, epochs=3), "More.", **by(cast, now=LOCKED))
    services.lock(newer, **by(cast, now=LOCKED, rng=False))

    assert refused_as_a_whole(scene, "plain.eval")[0] == "superseded"


def test_a_reference_models_log_needs_no_statement_and_has_no_calls_to_compare(cast: Cast) -> None:
    scene = locked(cast)
    log = head_changed(lambda head: head["eval"].update(model="scripted/bell-0"))

    run = scene.take_in(log).run

    assert (run.arm, run.calls_admitted, run.stands) == (1, None, RunState.ENDED)


def test_after_the_evidence_is_due_no_log_comes_in(cast: Cast) -> None:
    scene = signed(cast)
    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    with pytest.raises(IsOver):
        scene.take_in("plain.eval")


def test_a_log_cut_short_leaves_nothing(cast: Cast) -> None:
    scene = signed(cast)

    assert refused_as_a_whole(scene, packed(PLAIN)[:-100])[0] in ("zip-structure", "truncated")
    assert not Blob.objects.exists()


def calls_made(scene: Scene, number: int, at: datetime, *, model: str = "northlight-1") -> None:
    text = token(scene.access, now=at)
    for answer in admit_calls(*[ask(text, model=model)] * number, now=at):
        assert isinstance(answer, Admission)
        used = Usage(20, 7)
        end = Settlement(
            call=answer.call,
            ending=Ending.ANSWERED,
            status=200,
            usage=used,
            response_digest="cd" * 32,
            response_bytes=10,
        )
        metering.settle([end], now=at)


@pytest.mark.parametrize(("admitted", "deviates"), [(6, False), (8, False), (4, True)])
def test_the_calls_of_a_log_are_held_against_those_the_gateway_let_through(
    cast: Cast, admitted: int, deviates: bool
) -> None:
    scene = signed(cast)
    calls_made(scene, admitted, WRITTEN)
    calls_made(scene, 3, WRITTEN - timedelta(hours=2))

    run = scene.take_in("plain.eval").run

    assert (run.calls_logged, run.calls_admitted) == (6, admitted)
    assert (run.tokens_logged, run.tokens_charged) == (6 * 27, admitted * 27)
    assert ("more_calls_than_admitted" in run.deviations) == deviates
    chain = queries.chain_of(scene.protocol, "northlight-1", cast.lab.actor, now=LATER)
    assert chain is not None
    assert chain.difference == admitted - 6


def test_calls_of_a_reference_in_the_same_minutes_do_not_make_up_for_calls_of_the_model_measured(cast: Cast) -> None:
    scene = signed(cast, terms=replace(TERMS, models=("northlight-1", "bell-0")))
    both = replace(ENDPOINT, models={"northlight-1": "nl-1-2026-11", "bell-0": "bell-0"})
    access.set_endpoint(scene.engagement, both, **by(cast, "lab"))
    calls_made(scene, 4, WRITTEN)
    calls_made(scene, 5, WRITTEN, model="bell-0")

    run = scene.take_in("plain.eval").run

    assert (run.calls_logged, run.calls_admitted) == (6, 4)
    assert "more_calls_than_admitted" in run.deviations
    chain = queries.chain_of(scene.protocol, "northlight-1", cast.lab.actor, now=LATER)
    assert chain is not None
    assert chain.admitted == 4


def test_logs_of_the_same_minutes_are_compared_together_once(cast: Cast) -> None:
    scene = signed(cast)
    calls_made(scene, 9, WRITTEN)
    scene.take_in("plain.eval")
    scene.take_in("cancelled.eval")

    chain = queries.chain_of(scene.protocol, "northlight-1", cast.lab.actor, now=LATER)

    assert chain is not None
    assert (chain.logged, chain.admitted, chain.difference) == (9, 9, 0)


def test_what_the_log_of_a_resumed_run_repeats_of_the_one_before_is_counted_once(cast: Cast) -> None:
    scene = signed(cast)
    calls_made(scene, 6, WRITTEN)
    before = scene.take_in("plain.eval").run
    resumed = scene.take_in(head_changed(lambda head: head["eval"].update(eval_id="resumed"))).run

    chain = queries.chain_of(scene.protocol, "northlight-1", cast.lab.actor, now=LATER)

    assert (before.calls_logged, resumed.calls_logged) == (6, 0)
    assert chain is not None
    assert (chain.logged, chain.tokens_logged, chain.difference) == (6, 6 * 27, 0)


def test_a_canary_that_was_never_told_halts_the_run_and_is_the_developers_incident_at_once(cast: Cast) -> None:
    scene = signed(cast)
    files = changed(
        PLAIN,
        "samples/patch.traversal.1.1_epoch_1.json",
        lambda one: one["messages"][-1].update(content=f"I remember {PATCH.canary}"),
    )

    taken = scene.take_in(packed(files))

    assert [one.code for one in taken.refusals] == ["canary"]
    assert (taken.run.stands, taken.stored) == (RunState.HALTED, 1)
    incident = Incident.objects.get()
    assert (incident.kind, incident.run, incident.told_at) == ("canary", taken.run, LATER)
    with pytest.raises(Refused) as again:
        scene.take_in(packed(files))
    assert again.value.refusal.code == "halted"


def test_a_canary_that_stood_in_the_task_is_no_incident(cast: Cast) -> None:
    scene = signed(cast)

    def both(one: Any) -> None:
        for message in one["messages"]:
            message["content"] += f" # {PATCH.canary}"

    taken = scene.take_in(packed(changed(PLAIN, "samples/patch.traversal.1.1_epoch_1.json", both)))

    assert (taken.refused, Incident.objects.count()) == (0, 0)


def test_the_table_says_how_much_is_missing_and_when_a_comparison_is_open(cast: Cast) -> None:
    scene = signed(cast, SMALL)
    rows = table(scene, cast)
    assert (rows[0].whole.expected, rows[0].whole.is_open) == (6, True)

    scene.take_in("errors.eval")
    assert table(scene, cast)[0].whole.absent == 2
    scene.take_in("plain.eval")

    ours, reference = table(scene, cast)
    assert (ours.whole.absent, ours.whole.is_open) == (0, False)
    assert (reference.arm, reference.whole.absent, reference.whole.is_open) == (1, 6, True)


def table(scene: Scene, cast: Cast) -> list[queries.Row]:
    value = services.opened(scene.protocol, keys=keystore())
    return queries.table_of(scene.protocol, value, cast.lab.actor, now=LATER)


def test_times_of_the_authored_logs_are_inside_the_window_of_these_tests() -> None:
    assert BEGAN < LOCKED < WRITTEN < LATER
