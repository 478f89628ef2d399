"""This will kill workers at chosen statements, let others recover, and say what was lost or done twice.

Run as a program on a throwaway node: `python -m tests.support.kill statements 3 9 27`, or `crowd 4 30`,
`repeat 6`, `slow`, `told`. The parent never opens the database, so each forked child has its own connection.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import django

STEPS = 3
START = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def main() -> None:
    """Do what the arguments say and print one line of JSON."""
    django.setup()
    offer_work()
    alone(prepare)
    what, *numbers = sys.argv[1:]
    deeds: dict[str, Callable[..., object]] = {
        "statements": lambda *statements: [killed_at(number) for number in statements],
        "crowd": crowd,
        "repeat": repeat,
        "slow": slow,
        "told": told,
    }
    found = deeds[what](*map(int, numbers))
    sys.stdout.write(json.dumps(found) + "\n")


def offer_work() -> None:
    """Offer two kinds of work: one in steps, each with an effect; one that answers each effect."""
    from django.conf import settings

    from watchbell.apps.jobs.progress import Progress
    from watchbell.apps.jobs.registry import Args, job
    from watchbell.apps.journal import services as journal
    from watchbell.domain.handling import system
    from watchbell.domain.identity import Dice

    assert settings.configured
    worker = system("kill.test")

    @job("probe.walk", max_attempts=3)
    def walk(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        """Record one entry a step."""
        for step in range(progress.done, STEPS):
            with progress.step(done=step + 1, total=STEPS):
                subject = journal.Subject("probe.walk", str(args["id"]))
                journal.record(at=now, by=worker, action="walk.step", subject=subject, facts={"step": step})

    @job("probe.slow", max_attempts=3, lease=timedelta(seconds=0.9))
    def rest(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        """Sleep for twice the lease without a word, then record that it is done."""
        time.sleep(2)
        with progress.step():
            journal.record(
                at=now, by=worker, action="walk.step", subject=journal.Subject("a", "slow"), facts={"step": 0}
            )

    @job("probe.answer", max_attempts=3)
    def answer(args: Args, progress: Progress, *, now: datetime, rng: Dice) -> None:
        """Record one answer to an entry; once, however often this runs."""
        if not progress.done:
            with progress.step(done=1, total=1):
                subject = journal.Subject("probe.walk", str(args["subject"]))
                facts = {"entry": str(args["entry"])}
                journal.record(at=now, by=worker, action="answer.given", subject=subject, facts=facts)


def prepare() -> None:
    """Make the tables and the keys."""
    from django.conf import settings
    from django.core.management import call_command

    from watchbell.outside.keystore import FolderKeystore, KeyKind

    for room in ("journal", "jobs"):
        call_command("migrate", room, verbosity=0)
    FolderKeystore(settings.WATCHBELL.keys).ensure("journal-heads", KeyKind.SIGNING)


def killed_at(statement: int) -> dict[str, Any]:
    """Ask for work, kill the worker before its n-th statement, recover ten minutes later, and count what is there."""
    name, at = f"walk{statement}", START + timedelta(days=statement)
    alone(lambda: ask(name, at))
    was_killed = alone(lambda: work(at, die_at=statement), may_be_killed=True)
    alone(lambda: work(at + timedelta(minutes=10)))
    alone(lambda: work(at + timedelta(minutes=20)))
    return {"statement": statement, "was_killed": was_killed, **ask_child(lambda: count(name))}


def crowd(workers: int, jobs: int) -> dict[str, Any]:
    """Let several workers loose on one list at the same moment, and count what is there afterwards."""
    names = [f"walk{number}" for number in range(jobs)]
    for name in names:
        alone(partial(ask, name, START))
    children = [fork(lambda: work(START, until_idle_for=3)) for _ in range(workers)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    return {"statuses": statuses, "walks": [ask_child(partial(count, name)) for name in names]}


def repeat(senders: int) -> list[str]:
    """Send the same request from several processes at the same moment and return what each was answered."""
    answers: list[str] = []
    pipes = [os.pipe() for _ in range(senders)]
    children = [fork(partial(send_and_tell, writing)) for _, writing in pipes]
    for child, (reading, writing) in zip(children, pipes, strict=True):
        os.waitpid(child, 0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            answers.append(answer.read().decode())
    return [*answers, ask_child(entries_of_request)["ids"]]


def send_and_tell(writing: int) -> None:
    """Send the request and write its reply into the pipe."""
    os.write(writing, send().encode())


def send() -> str:
    """Do one repeatable deed and return its reply: the id of the entry it wrote."""
    from watchbell.apps.journal import services as journal
    from watchbell.domain.handling import system

    by = system("kill.test")

    def deed() -> journal.Reply:
        subject = journal.Subject("probe.request", "one")
        entry = journal.record(at=START, by=by, action="request.done", subject=subject)
        return journal.Reply(201, entry.public_id.encode())

    request = journal.Request("POST /probe", "one-key", "d" * 64)
    return journal.once(by=by, request=request, now=START, deed=deed).body.decode()


def entries_of_request() -> dict[str, Any]:
    """Return the ids of the entries that the repeated request wrote."""
    from watchbell.apps.journal.models import Entry

    ids = Entry.objects.filter(action="request.done").values_list("public_id", flat=True)
    return {"ids": ",".join(ids)}


def told() -> dict[str, Any]:
    """Run a worker as the node does, wait until a walk is done, send SIGTERM, and return how it ended."""
    from watchbell.doors import moment

    alone(lambda: ask("told", moment.now()))
    child = fork(run_as_node)
    walk: dict[str, Any] = {}
    for _ in range(100):
        walk = ask_child(lambda: count("told"))
        if walk["state"] == "done":
            break
        time.sleep(0.1)
    os.kill(child, signal.SIGTERM)
    return {"status": os.waitpid(child, 0)[1], "state": walk["state"]}


def slow() -> dict[str, Any]:
    """Let one worker do a job longer than its lease while another looks for lost ones; return how often it was done."""
    from watchbell.doors import moment

    alone(lambda: ask("slow", moment.now(), kind="probe.slow"))
    children = [fork(run_as_node), fork(run_as_node)]
    for _ in range(100):
        found = ask_child(lambda: count("slow"))
        if found["state"] == "done":
            break
        time.sleep(0.1)
    for child in children:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    return found


def run_as_node() -> None:
    """Run a worker as the `worker` verb does, until SIGTERM."""
    from watchbell.worker.run import run

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(stop)


def ask(name: str, at: datetime, *, kind: str = "probe.walk") -> None:
    """Put one walk on the list; when this returns it is acknowledged."""
    from watchbell.apps.jobs import services

    services.enqueue(kind=kind, key=name, args={"id": name}, now=at)


def work(at: datetime, *, die_at: int = 0, until_idle_for: int = 1) -> None:
    """Work as a worker does until nothing is left; die by SIGKILL before the n-th statement."""
    from django.conf import settings
    from django.db import connection

    from watchbell.outside.keystore import FolderKeystore
    from watchbell.worker.run import Worker
    from watchbell.worker.subscriptions import Subscription

    seen = 0

    def deadly(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    worker = Worker(
        clock=lambda: at,
        rng=random.SystemRandom(),
        signer=FolderKeystore(settings.WATCHBELL.keys),
        subscriptions=(Subscription("probe", "probe.answer", ("walk.step",)),),
        is_periodic=False,
    )
    with connection.execute_wrapper(deadly):
        idle = 0
        while idle < until_idle_for:
            idle = 0 if worker.turn() else idle + 1


def count(name: str) -> dict[str, Any]:
    """Return what there is of one walk: its state, its steps and their answers."""
    from watchbell.apps.jobs.models import Job
    from watchbell.apps.journal.models import Entry

    entries = Entry.objects.filter(subject_id=name)
    steps = [entry.facts["step"] for entry in entries if entry.action == "walk.step"]
    answers = Counter(entry.facts["entry"] for entry in entries if entry.action == "answer.given")
    expected = Counter(entry.public_id for entry in entries if entry.action == "walk.step")
    state = Job.objects.get(idempotency_key=name).state
    return {"state": state, "steps": sorted(steps), "answers_fit": answers == expected}


def fork(deed: Callable[[], Any]) -> int:
    """Run the deed in a child and return its process id."""
    child = os.fork()
    if child:
        return child
    try:
        deed()
        os._exit(0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def alone(deed: Callable[[], Any], *, may_be_killed: bool = False) -> bool:
    """Run the deed in a child and return whether it was killed; raises when it failed."""
    status = os.waitpid(fork(deed), 0)[1]
    was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if status and not (may_be_killed and was_killed):
        raise RuntimeError(f"a child ended with status {status}")
    return was_killed


def ask_child(deed: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what the deed returns in a child, through a pipe."""
    reading, writing = os.pipe()
    alone(lambda: os.write(writing, json.dumps(deed()).encode()))
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        return dict(json.loads(answer.read()))  # noqa: TID251 (what our own child wrote)


if __name__ == "__main__":
    main()
