"""This will do the node's own work until told to stop: reap, seal, hand on, fill slots, run jobs."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import close_old_connections, connection

from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import Cancelled, Interrupted, LeaseLost, Progress
from watchbell.apps.journal import queries as record
from watchbell.apps.journal import services as journal
from watchbell.domain.identity import Dice, new_id
from watchbell.doors import keys, moment
from watchbell.worker.dispatch import dispatch
from watchbell.worker.heartbeat import beating
from watchbell.worker.subscriptions import SUBSCRIPTIONS, Subscription

log = logging.getLogger(__name__)

REST = timedelta(milliseconds=500)
REST_AFTER_TROUBLE = timedelta(seconds=2)
SLOW_ROUND = timedelta(seconds=10)
REPLIES_KEPT = timedelta(days=7)
FINISHED_JOBS_KEPT = timedelta(days=30)
MOST_TURNS = 100_000
LONG_LANES = 4
"""How much work that goes on for hours one worker does at a time; a run of an evaluation holds a quarter of a GB."""

Heart = Callable[[jobs.Claim], AbstractContextManager[None]]


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker: any number of them may share a database, in threads or processes or on machines.

    Without `signer` it publishes no heads; with `is_periodic` off it fills no slots. One that `is_long` does the work
    that goes on for hours, and nothing else: another one tends the record meanwhile.
    """

    clock: Callable[[], datetime]
    rng: Dice
    signer: journal.Signer | None = None
    subscriptions: tuple[Subscription, ...] = SUBSCRIPTIONS
    is_periodic: bool = True
    is_long: bool = False
    heart: Heart = lambda held: nullcontext()
    stopping: threading.Event = field(default_factory=threading.Event)
    _owner: str = ""
    _slow_round_at: datetime | None = None
    _handed_on_to: int | None = None

    def __post_init__(self) -> None:
        self._owner = new_id(self.rng)

    def run(self) -> None:
        """Work until `stopping` is set, resting when there is nothing to do and when the database is away."""
        while not self.stopping.is_set():
            rest = REST
            try:
                close_old_connections()
                if self.turn():
                    continue
            except Exception:
                # a database restarts, a disk is full, a key is missing: nothing is half done, so try again
                log.exception("The worker could not go on; it tries again in a moment.")
                connection.close()
                rest = REST_AFTER_TROUBLE
            self.stopping.wait(rest.total_seconds())
        connection.close()

    def turn(self) -> bool:
        """Tend the record and run at most one job; return whether anything was done."""
        moved = 0 if self.is_long else self.tend()
        held = jobs.claim(owner=self._owner, now=self.clock(), is_long=self.is_long)
        if held is not None:
            self.work_on(held)
        return bool(moved or held)

    def tend(self) -> int:
        """Free lost jobs, seal what waits, hand it to the handlers and fill due slots; return how much moved."""
        now = self.clock()
        moved = jobs.reap(now=now) + journal.seal_everything() + self._hand_on(now)
        if self._slow_round_at is None or abs(now - self._slow_round_at) >= SLOW_ROUND:
            self._slow_round_at = now
            moved += self._slow_round(now)
        return moved

    def work_on(self, held: jobs.Claim) -> None:
        """Run one claimed job and settle it; whatever happens, the fence decides whether we still may."""
        progress = Progress(held, self.clock, is_stopping=self.stopping.is_set)
        try:
            with self.heart(held):
                held.kind.work(held.job.args, progress, now=self.clock(), rng=self.rng)
        except LeaseLost:
            log.warning("A job was taken over by another worker", extra={"job": held.job.public_id})
        except Cancelled:
            jobs.settle_cancelled(held, now=self.clock())
        except Interrupted:
            jobs.put_back(held, now=self.clock())
        except Exception as error:
            log.exception("A job failed", extra={"job": held.job.public_id, "kind": held.job.kind})
            jobs.fail(held, error, now=self.clock(), rng=self.rng)
        else:
            jobs.finish(held, now=self.clock())

    def _hand_on(self, now: datetime) -> int:
        """Give every handler what is new; a record that has not grown since all had read it is not read again."""
        end = record.next_seq()
        if end == self._handed_on_to:
            return 0
        moved = sum(dispatch(each, now=now, rng=self.rng) for each in self.subscriptions)
        self._handed_on_to = end if not moved else None
        return moved

    def _slow_round(self, now: datetime) -> int:
        journal.forget_replies(before=now - REPLIES_KEPT)
        jobs.forget_finished(before=now - FINISHED_JOBS_KEPT)
        moved = jobs.fill_slots(now=now, rng=self.rng) if self.is_periodic else 0
        if self.signer is not None and journal.publish_head(now=now, keys=self.signer, rng=self.rng):
            moved += 1
        return moved


def run_until_idle(
    *,
    now: datetime,
    rng: Dice,
    signer: journal.Signer | None = None,
    subscriptions: tuple[Subscription, ...] = SUBSCRIPTIONS,
    is_periodic: bool = False,
) -> int:
    """This will work, at this one moment, until nothing is left to do, and return how many turns that took.

    For tests and the demo: in the caller's thread, without heartbeat; jobs that are to be
    tried again later stay waiting. Raises RuntimeError when work makes work without end.
    """
    worker = Worker(clock=lambda: now, rng=rng, signer=signer, subscriptions=subscriptions, is_periodic=is_periodic)
    for turns in range(MOST_TURNS):
        if not worker.turn():
            return turns
    raise RuntimeError(f"The worker was not idle after {MOST_TURNS} turns; some job enqueues itself for ever.")


def run(stop: threading.Event) -> None:
    """This will run one worker of this node, here or in a thread beside a server, until `stop` is set.

    The job at hand ends at its next step and goes back on the list; so does the long work in its lanes.
    """
    heart = partial(beating, clock=moment.now)
    made = partial(Worker, clock=moment.now, rng=moment.dice(), heart=heart, stopping=stop)
    lanes = [
        threading.Thread(target=made(is_long=True).run, name=f"long-{at}", daemon=True) for at in range(LONG_LANES)
    ]
    for lane in lanes:
        lane.start()
    made(signer=keys.keystore()).run()
    for lane in lanes:
        lane.join()
