"""The program of one run, in the interpreter that has Inspect: `python -m watchbell.outside.inspect_runner FOLDER`.

Descriptor 1 is where the progress goes and nothing else: before anything is imported that could print, it is put
aside under another number and 1 becomes 2. Descriptor 0 is the parent's hand: the first line is the token, each later
one a word, and its end means that the parent is gone, which ends the run.
"""

import fcntl
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

from watchbell.domain.evaluation.fingerprints import Moment
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.suites.sets import item_of
from watchbell.domain.suites.suite import Item, Suite
from watchbell.outside.inspect_runner.desk import Desk
from watchbell.outside.inspect_runner.fingerprinting import Fingerprints, asking
from watchbell.outside.inspect_runner.outlet import Outlet
from watchbell.outside.inspect_runner.plan import PLAN, RunPlan, loads, wanted
from watchbell.outside.inspect_runner.progress import GO_ON, PAUSE, Cause, Kind

LOCK: Final = "lock"
KEY: Final = "LAB_API_KEY"
ENDED, BUSY, UNREADABLE = 0, 4, 5
MOST_FILE_BYTES: Final = 4 << 30
MOST_OPEN: Final = 4096


def main(folder: Path) -> int:
    """Run what the folder's plan says and return how it ended; the progress has said it before."""
    outlet = Outlet(_put_aside())
    desk = Desk(outlet.put)
    _limit()
    if _is_taken(folder):
        print("Another process has this run in its hands.", file=sys.stderr)  # noqa: T201 (for the parent)
        return BUSY
    words = _words()
    os.environ[KEY] = next(words, b"").decode()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: desk.stop(Cause.CANCELLED))
    threading.Thread(target=_listen, args=(words, desk), daemon=True).start()
    plan = loads((folder / PLAN).read_bytes())
    desk.patience = plan.patience
    prints = Fingerprints(folder, asking(plan, os.environ[KEY])) if plan.fingerprints else None
    try:
        status = _evaluate(plan, folder, desk, prints)
    except KeyboardInterrupt:
        status = UNREADABLE if desk.stopped is Cause.NONE else ENDED
    if prints is not None:
        prints.pack(wait=desk.stopped is Cause.NONE)
    desk.say(Kind.ENDED, cause=desk.stopped)
    outlet.close()
    return status


def _put_aside() -> int:
    """Return where progress is written; whatever else goes to standard output goes to the errors from now on."""
    ours = os.dup(1)
    os.set_inheritable(ours, False)
    os.dup2(2, 1)
    return ours


def _limit() -> None:
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for kind, most in ((resource.RLIMIT_FSIZE, MOST_FILE_BYTES), (resource.RLIMIT_NOFILE, MOST_OPEN)):
        hard = resource.getrlimit(kind)[1]
        wanted_limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (wanted_limit, wanted_limit))


_HELD: list[IO[bytes]] = []


def _is_taken(folder: Path) -> bool:
    """Return whether another process runs in this folder; the lock is ours until we end, however we end."""
    _HELD.append((folder / LOCK).open("ab"))
    try:
        fcntl.flock(_HELD[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _words() -> Iterator[bytes]:
    """Yield each line of descriptor 0; not through sys.stdin, whose lock a process that ends would stumble over."""
    held = b""
    while piece := os.read(0, 1 << 16):
        *whole, held = (held + piece).split(b"\n")
        yield from whole


def _listen(words: Iterator[bytes], desk: Desk) -> None:
    for word in words:
        if word == PAUSE:
            desk.hold()
        elif word == GO_ON:
            desk.go_on()
    desk.stop(Cause.PARENT_GONE)


def _evaluate(plan: RunPlan, folder: Path, desk: Desk, prints: Fingerprints | None) -> int:
    from inspect_ai import eval as evaluate
    from inspect_ai import eval_retry

    from watchbell.outside.inspect_runner import earlier, telling
    from watchbell.outside.inspect_runner.finished import FinishedList, between_writings
    from watchbell.outside.inspect_runner.logs import FOLDER

    task: Any = _suite_task(plan, desk) if plan.suite else _task_of_others(plan)
    log, kept = earlier.earlier(folder, gateway=_address(plan))
    finished = FinishedList(folder)
    telling.tell(desk, kept, finished)
    samples = len(wanted(plan)) * plan.epochs if plan.suite else 0
    if samples:
        desk.begin(samples, kept)
    both = {"log_dir": str(folder / FOLDER), "log_format": "eval", "display": "none", "fail_on_error": False}
    both |= {"log_realtime": False, "log_model_api": False, "log_images": False, "acp_server": False}
    both |= {"ctl_server": False, "score_display": False, "log_buffer": between_writings(samples)}
    both |= {"max_retries": plan.max_retries, "attempt_timeout": plan.attempt_timeout}
    both |= {"max_connections": plan.connections, "max_samples": plan.connections}
    is_asked = prints is not None and _begin(prints, desk, kept)
    if log is not None:
        log.eval.config.time_limit = plan.time_limit
        logs = eval_retry(log, **both)
    else:
        limits = {"token_limit": plan.tokens, "time_limit": plan.time_limit, "epochs": plan.epochs}
        logs = evaluate(task(), model=f"openai-api/lab/{plan.model}", model_base_url=_address(plan), **both, **limits)
    if all(one.status == "success" for one in logs):
        finished.clear()
    if prints is not None and is_asked and desk.stopped is Cause.NONE:
        prints.take(Moment.END)
    return ENDED


def _begin(prints: Fingerprints, desk: Desk, kept: int) -> bool:
    """Take the first fingerprint and see to the second; return whether there is anything left to take them of."""
    if desk.total and kept >= desk.total and prints.has(Moment.END):
        return False
    prints.take(Moment.AGAIN if prints.has(Moment.START) else Moment.START)
    if not prints.has(Moment.MIDDLE):
        desk.half_way = lambda: prints.take_aside(Moment.MIDDLE)
    return True


def _address(plan: RunPlan) -> str:
    return plan.gateway.rstrip("/") + "/v1"


def _suite_task(plan: RunPlan, desk: Desk) -> Any:
    from watchbell.outside.inspect_runner import task

    suite: Suite = _named(plan.shelf)[plan.suite]
    if plan.version != suite.VERSION:
        said = Sentence("The plan is for version {plan} of the suite.", plan=plan.version)
        raise refuse(
            "other-version", said, place="/version", expected=Sentence("Version {version}", version=suite.VERSION)
        )
    run = _named(plan.sandbox) if suite.NEEDS_SANDBOX else None
    task.lay_out(task.Bench(plan, suite, _items(plan, suite), run, desk))
    return task.suite_task


def _items(plan: RunPlan, suite: Suite) -> dict[str, Item]:
    seed = bytes.fromhex(plan.seed)
    made = [item_of(suite, seed, *parts) for parts in wanted(plan)]
    return {one.name: one for one in made}


def _named(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    return getattr(import_module(module), name)


def _task_of_others(plan: RunPlan) -> Any:
    from watchbell.outside.inspect_runner import guests

    guests.refuse_the_host_as_sandbox()
    return lambda: plan.task
