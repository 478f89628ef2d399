"""A node runs a protocol itself: who may, what one press does, and how a run comes to rest, whatever happens to it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.apps.scene_engagements import DICE, keystore
from tests.apps.scene_evaluation import LATER, LOCKED, PATCH, Scene, by, drafted, registered, signature
from tests.support.cast import Cast
from tests.support.eval_logs import changed, files_of, packed
from tests.support.protocols import PROTOCOL

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.models import AccessLine, GatewayToken
from watchbell.apps.engagements.services import IsOver, NotAllowed
from watchbell.apps.engagements.services.standing import NotYet
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Incident, Run, Sample
from watchbell.apps.evaluation.services import Means, Part, watching
from watchbell.apps.jobs.models import Job
from watchbell.apps.jobs.progress import Interrupted, Progress
from watchbell.apps.journal.models import Entry
from watchbell.domain.lifecycle import NotPossible
from watchbell.domain.lifecycle.run import Run as State
from watchbell.doors import keys as node_keys
from watchbell.outside import inspect_runner, sandbox
from watchbell.outside.inspect_runner import Cause, Kind, Outcome, Result, RunPlan
from watchbell.outside.inspect_runner import Progress as Told
from watchbell.outside.sandbox import Containment, Probe

pytestmark = pytest.mark.django_db
SUITE = replace(PROTOCOL.suites[0], benchmark="watchbell/patch")
VALUE = replace(
    PROTOCOL,
    scaffold=replace(PROTOCOL.scaffold, name="single"),
    suites=(SUITE,),
    epochs=1,
    indicators=(replace(PROTOCOL.indicators[0], suites=("watchbell/patch",)),),
)
PART = Part(suite="watchbell/patch", arm=0, budget=1000)
HOLDS = Containment(backend="bubblewrap", probes=(Probe(name="network", held=True, by="", seen=""),))


@pytest.fixture(autouse=True)
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_runner, "interpreter", lambda: Path("/usr/bin/python3"))
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.02)


def planned(cast: Cast, *, is_signed: bool = True) -> Scene:
    """Return a scene with a locked protocol of a built-in suite."""
    registered(cast, replace(PATCH, name="watchbell/patch"))
    scene = drafted(cast, VALUE)
    scene.protocol = services.lock(scene.protocol, **by(cast, now=LOCKED, rng=False))
    if is_signed:
        services.sign_containment(scene.protocol, signature(scene), **by(cast, now=LOCKED))
    return scene


def begin(scene: Scene, cast: Cast, part: Part = PART, *, who: str = "evaluator", now: datetime = LATER) -> Run:
    return services.start_run(scene.protocol, part, **by(cast, who, now=now))


def own_log(**more: Callable[[Any], object]) -> bytes:
    """Return a log as a run of ours leaves it: six samples of the built-in suite."""
    files = files_of("plain.eval")
    for name in ("header.json", "_journal/start.json"):
        files = changed(files, name, lambda one: one["eval"].update(task="watchbell/patch"))
    for name, change in more.items():
        files = changed(files, name.replace("__", "/"), change)
    return packed(files)


def actions(prefix: str = "evaluation.run") -> list[str]:
    rows = Entry.objects.filter(action__startswith=prefix).order_by("pk")
    return [action.removeprefix("evaluation.run_") for action in rows.values_list("action", flat=True)]


def told(done: int, *, missing: int = 0, kind: Kind = Kind.ENDED) -> Told:
    return Told(kind=kind, total=6, done=done, missing=missing)


@dataclass
class Scripted:
    """A run's process as the worker sees it: tells its lines, leaves its log, and waits where it is told to."""

    lines: tuple[Told, ...]
    log: bytes = b""
    cause: Cause = Cause.NONE
    status: int = 0
    waits: bool = False
    on_wait: Callable[[], object] = lambda: None
    heard: list[str] = field(default_factory=list)
    plans: list[RunPlan] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def begin(self, plan: RunPlan, *, token: str) -> "Scripted":
        self.plans.append(plan)
        self.tokens.append(token)
        logs = Path(plan.folder) / "logs"
        logs.mkdir(parents=True)
        if self.log:
            (logs / "1.eval").write_bytes(self.log)
        return self

    def told(self) -> Iterator[Told]:
        yield from self.lines
        if self.waits:
            self.over.wait(20)

    def pause(self) -> None:
        self.heard.append("pause")

    def go_on(self) -> None:
        self.heard.append("go on")

    def cancel(self, *, seconds: float = 25) -> None:
        self.heard.append(f"cancel {seconds:g}")
        self.over.set()

    def result(self) -> Result:
        return Result(status=self.status, stopped=self.cause, log=None, errors="", odd_lines=0)


class Lease:
    """A lease that nobody takes away."""

    done_before, total_before = 0, None

    def renew(self, *, now: datetime, done: int, total: int | None, note: str) -> bool:
        return False


def carry(
    run: Run, process: Scripted, folder: Path, *, at: datetime = LATER, is_stopping: bool = False, holds: bool = True
) -> Run:
    """Carry a run out as a worker would, and return it."""
    test = HOLDS if holds else replace(HOLDS, probes=(replace(HOLDS.probes[0], held=False),))
    means = Means(
        keys=keystore(),
        store=node_keys.blob_store(),
        rng=DICE,
        folders=folder,
        gateway="http://127.0.0.1:8010",
        begin=process.begin,  # type: ignore[arg-type]
        test=lambda: test,
    )

    def clock() -> datetime:
        if process.plans:
            process.on_wait()
        return at

    progress = Progress(Lease(), clock, is_stopping=lambda: is_stopping and bool(process.plans))
    services.carry_out(run.public_id, progress, means)
    run.refresh_from_db()
    return run


def test_pressing_start_twice_makes_one_run_one_entry_and_one_job(cast: Cast) -> None:
    scene = planned(cast)

    first, second = begin(scene, cast), begin(scene, cast)

    assert (first, first.stands, first.total) == (second, State.PLANNED, 6)
    assert actions() == ["planned"]
    assert list(Job.objects.values_list("kind", "args")) == [("evaluation.run", {"run": first.public_id})]


def test_the_database_itself_refuses_a_second_open_run_of_one_part(cast: Cast) -> None:
    run = begin(planned(cast), cast)

    run.pk, run.public_id = None, "0" * 32
    with pytest.raises(IntegrityError), transaction.atomic():
        run.save(force_insert=True)


@pytest.mark.parametrize("who", ["lab", "coordinator", "hospital", "mallory"])
def test_nobody_but_the_evaluators_people_starts_a_run(cast: Cast, who: str) -> None:
    scene = planned(cast)
    how = {**by(cast, now=LATER), "by": cast.mallory if who == "mallory" else getattr(cast, who).actor}

    with pytest.raises(NotAllowed):
        services.start_run(scene.protocol, PART, **how)


def test_a_run_begins_only_when_all_is_there_that_it_needs(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    unsigned = planned(cast, is_signed=False)
    with pytest.raises(NotYet, match="Sign the statement"):
        begin(unsigned, cast)

    services.sign_containment(unsigned.protocol, signature(unsigned), **by(cast, now=LOCKED))
    with pytest.raises(NotYet, match="do not name this model"):
        begin(unsigned, cast, replace(PART, arm=1))
    with pytest.raises(NotYet, match="no such part"):
        begin(unsigned, cast, replace(PART, budget=7))
    monkeypatch.setattr(inspect_runner, "interpreter", no_inspect)
    with pytest.raises(NotYet, match="Install the extra"):
        begin(unsigned, cast)
    access.withdraw(unsigned.engagement, **by(cast, "lab", now=LATER))
    with pytest.raises(IsOver):
        begin(unsigned, cast)
    assert not Run.objects.exists()


def no_inspect() -> Path:
    raise inspect_runner.NoInspect


def test_each_wish_is_one_entry_and_what_is_so_already_stays(cast: Cast) -> None:
    run = begin(planned(cast), cast)
    how = by(cast, now=LATER)
    plain = {name: how[name] for name in ("by", "now")}

    for _ in range(2):
        services.pause_run(run, **plain)
    for _ in range(2):
        services.go_on_with_run(run, **how)
    for _ in range(2):
        services.cancel_run(run, **plain, rng=DICE)

    assert actions() == ["planned", "paused", "resumed", "cancelled"]
    assert run.stands is State.STOPPING
    with pytest.raises(NotPossible):
        services.pause_run(run, **plain)
    with pytest.raises(NotAllowed):
        services.cancel_run(run, by=cast.lab.actor, now=LATER, rng=DICE)


def test_a_whole_run_is_taken_in_as_any_log_is_and_nothing_of_it_lies_in_the_open(cast: Cast, tmp_path: Path) -> None:
    scene = planned(cast)
    process = Scripted((told(3, kind=Kind.READY), told(6)), log=own_log())

    run = carry(begin(scene, cast), process, tmp_path)

    assert (run.stands, run.reason, run.source, run.done) == (State.ENDED, "", "own", 6)
    assert Sample.objects.filter(run=run).count() == 6
    assert run.blob
    assert run.log_digest
    assert list(tmp_path.iterdir()) == []
    assert not GatewayToken.objects.filter(ended_at__isnull=True).exists()
    assert process.plans[0].gateway == "http://127.0.0.1:8010"
    opened = [line for line in AccessLine.objects.filter(what="opened") if b"run-kit" in bytes(line.entry)]
    assert [line.person for line in opened] == [cast.evaluator.person.public_id]
    assert begin_again_says(scene, cast) == "Every sample of this part is there."


def begin_again_says(scene: Scene, cast: Cast) -> str:
    with pytest.raises(NotYet) as refused:
        begin(scene, cast)
    return str(refused.value)


def test_the_next_run_of_a_part_asks_only_for_what_is_missing(cast: Cast, tmp_path: Path) -> None:
    scene = planned(cast)
    carry(begin(scene, cast), Scripted((told(6),), log=own_log()), tmp_path)
    Sample.objects.filter(item="patch.traversal.2.1").delete()
    Sample.objects.filter(item="patch.traversal.1.0").update(outcome="infrastructure")
    process = Scripted((told(1),))

    run = begin(scene, cast)
    left = run.total
    carry(run, process, tmp_path)

    assert left == 2
    assert process.plans[0].items == ("patch.traversal.1.0", "patch.traversal.2.1")


def test_where_a_wall_does_not_hold_no_token_is_taken_and_nothing_is_asked(cast: Cast, tmp_path: Path) -> None:
    process = Scripted((told(6),))

    run = carry(begin(planned(cast), cast), process, tmp_path, holds=False)

    assert (run.stands, run.reason) == (State.ENDED, "walls")
    assert process.plans == []
    assert not GatewayToken.objects.exists()
    assert actions() == ["planned", "ended"]


def test_a_missing_sandbox_is_a_wall_that_does_not_hold(cast: Cast, tmp_path: Path) -> None:
    def missing() -> Containment:
        raise sandbox.ContainmentMissing("Not installed: bwrap.")

    run = begin(planned(cast), cast)
    means = Means(
        keys=keystore(), store=node_keys.blob_store(), rng=DICE, folders=tmp_path, gateway="http://x", test=missing
    )
    services.carry_out(run.public_id, Progress(Lease(), lambda: LATER, is_stopping=lambda: False), means)

    run.refresh_from_db()
    assert (run.stands, run.reason) == (State.ENDED, "walls")


@pytest.mark.parametrize(
    ("cause", "status", "state", "reason"),
    [
        (Cause.BUDGET, 0, State.ENDED, "budget"),
        (Cause.WINDOW, 0, State.PAUSED, "window"),
        (Cause.TOKEN, 0, State.PAUSED, "token"),
        (Cause.ENDPOINT, 0, State.PAUSED, "endpoint"),
        (Cause.NONE, 0, State.PAUSED, "missing"),
        (Cause.NONE, 9, State.PAUSED, "broke"),
    ],
)
def test_what_stops_a_run_decides_whether_it_ends_or_waits_for_somebody(
    cast: Cast, tmp_path: Path, cause: Cause, status: int, state: State, reason: str
) -> None:
    process = Scripted((told(2, missing=1),), log=own_log(), cause=cause, status=status)

    run = carry(begin(planned(cast), cast), process, tmp_path)

    assert (run.stands, run.reason) == (state, reason)
    assert bool(list(tmp_path.iterdir())) is (state is State.PAUSED)
    assert not GatewayToken.objects.filter(ended_at__isnull=True).exists()


def test_a_call_outside_the_scope_halts_the_run_and_the_developer_has_the_incident_at_once(
    cast: Cast, tmp_path: Path
) -> None:
    process = Scripted((told(2),), log=own_log(), cause=Cause.SCOPE)

    run = carry(begin(planned(cast), cast), process, tmp_path)

    incident = Incident.objects.get()
    assert (incident.kind, incident.run, incident.told_at) == ("out_of_scope", run, LATER)
    assert (run.stands, Sample.objects.count()) == (State.HALTED, 0)
    assert run.blob  # the log is sealed as evidence, and nothing of it counts
    assert list(tmp_path.iterdir()) == []


def test_a_canary_in_the_log_halts_the_run_whether_it_is_whole_or_still_goes_on(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "READ_EVERY", timedelta(0))
    slipped = {
        "samples__patch.traversal.1.1_epoch_1.json": lambda one: one["messages"][-1].update(content=PATCH.canary)
    }
    process = Scripted((told(2, kind=Kind.READY),), log=own_log(**slipped), waits=True)

    run = carry(begin(planned(cast), cast), process, tmp_path)

    assert (Incident.objects.get().kind, run.stands) == ("canary", State.HALTED)
    assert "cancel 25" in process.heard
    assert run.blob
    assert list(tmp_path.iterdir()) == []


def test_a_canary_that_only_the_whole_log_shows_halts_the_run_too(cast: Cast, tmp_path: Path) -> None:
    slipped = {
        "samples__patch.traversal.1.1_epoch_1.json": lambda one: one["messages"][-1].update(content=PATCH.canary)
    }

    run = carry(begin(planned(cast), cast), Scripted((told(6),), log=own_log(**slipped)), tmp_path)

    assert (Incident.objects.get().run, run.stands) == (run, State.HALTED)
    assert list(tmp_path.iterdir()) == []


def test_a_withdrawal_ends_the_process_without_a_grace_and_nothing_is_kept(cast: Cast, tmp_path: Path) -> None:
    scene = planned(cast)
    run = begin(scene, cast)
    withdraw = once(lambda: access.withdraw(scene.engagement, **by(cast, "lab", now=LATER)))
    process = Scripted((told(2, kind=Kind.READY),), log=own_log(), waits=True, on_wait=withdraw)

    carry(run, process, tmp_path)

    assert (run.stands, run.reason, run.blob) == (State.ENDED, "window", "")
    assert process.heard[0] == "cancel 0"
    assert list(tmp_path.iterdir()) == []


def test_a_pause_lets_what_has_begun_finish_and_the_next_go_on_takes_the_same_folder_up(
    cast: Cast, tmp_path: Path
) -> None:
    scene = planned(cast)
    run = begin(scene, cast)
    pause = once(lambda: services.pause_run(run, by=cast.evaluator.actor, now=LATER))
    begun = Told(kind=Kind.BEGUN, total=6, done=0)
    ended = Told(kind=Kind.SAMPLE, total=6, done=1, outcome=Outcome.ANSWERED, input_tokens=7, output_tokens=3)
    process = Scripted((begun, ended), waits=True, on_wait=pause)

    carry(run, process, tmp_path)

    assert (run.stands, run.done, run.tokens_told) == (State.PAUSED, 1, 10)
    assert process.heard[:2] == ["pause", "cancel 25"]
    assert [one.name for one in tmp_path.iterdir()] == [run.public_id]


def test_a_worker_that_is_told_to_stop_ends_the_process_in_order_and_the_run_stays_open(
    cast: Cast, tmp_path: Path
) -> None:
    run = begin(planned(cast), cast)
    process = Scripted((told(2, kind=Kind.READY),), waits=True)

    with pytest.raises(Interrupted):
        carry(run, process, tmp_path, is_stopping=True)

    run.refresh_from_db()
    assert (run.stands, process.heard[0]) == (State.RUNNING, "cancel 25")


def test_one_press_lasts_twelve_hours_and_then_the_run_waits_for_another(cast: Cast, tmp_path: Path) -> None:
    scene = planned(cast)
    process = Scripted((told(2, kind=Kind.READY),), waits=True)
    run = begin(scene, cast)
    Run.objects.filter(pk=run.pk).update(asked_at=LATER - timedelta(hours=12))

    carry(run, process, tmp_path)

    assert (run.stands, run.reason, process.plans) == (State.PAUSED, "time", [])


def test_a_token_lives_no_longer_than_the_press_that_it_was_taken_for(cast: Cast, tmp_path: Path) -> None:
    run = begin(planned(cast), cast)
    Run.objects.filter(pk=run.pk).update(asked_at=LATER - timedelta(hours=11))

    carry(run, Scripted((told(2, missing=1),)), tmp_path)

    assert GatewayToken.objects.get().expires_at == LATER + timedelta(hours=1)


def test_a_run_that_no_worker_has_any_more_is_handed_to_one_again_once(cast: Cast, tmp_path: Path) -> None:
    run = begin(planned(cast), cast)
    Job.objects.update(state=Job.State.DONE, finished_at=LATER)

    handed = [services.tend_runs(tmp_path, now=LATER, rng=DICE) for _ in range(2)]

    assert handed == [1, 0]
    assert Job.objects.filter(state=Job.State.WAITING, args={"run": run.public_id}).count() == 1


def test_the_round_removes_what_runs_that_are_over_left_and_nobody_elses_folders(cast: Cast, tmp_path: Path) -> None:
    run = begin(planned(cast), cast)
    for name in (run.public_id, "0" * 32, "locate-4000-model"):
        (tmp_path / name).mkdir()

    services.tend_runs(tmp_path, now=LATER, rng=DICE)

    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([run.public_id, "locate-4000-model"])


def once(deed: Callable[[], object]) -> Callable[[], None]:
    """Return a function that does a deed the first time and nothing later."""
    done: list[object] = []

    def do() -> None:
        if not done:
            done.append(None)
            deed()

    return do
