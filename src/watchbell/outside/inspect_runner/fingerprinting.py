"""Ask the endpoint the same neutral questions at the beginning, in the middle and at the end of a run.

The calls go through the gateway with the run's own token, beside Inspect and not through it, so that they are in no
sample's budget. What came back is kept in the run's folder, and put into the newest log when the run is over.
"""

import json
import os
import queue
import shutil
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from watchbell.domain.evaluation.fingerprints import (
    ANSWER_TOKENS,
    EACH,
    PROMPTS,
    TEMPERATURE,
    Fingerprint,
    Moment,
    kept,
)
from watchbell.domain.refusal import Refused
from watchbell.formats import fingerprints as written
from watchbell.formats import strictjson
from watchbell.outside.inspect_runner.logs import logs_in
from watchbell.outside.inspect_runner.plan import RunPlan

FILE: Final = "fingerprints.json"
AT_ONCE: Final = 5
MOST_SECONDS: Final = 120.0
"""How long one moment may take: an endpoint that hangs is found out by the run itself."""
MOST_FAILURES: Final = 5
MOST_ANSWER_BYTES: Final = 256 * 1024
Ask = Callable[[str], str]


class Fingerprints:
    """The fingerprints of one run; `ask` brings an answer or raises, `clock` tells seconds since 1970."""

    def __init__(self, folder: Path, ask: Ask, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._ask = ask
        self._clock = clock
        self._taken = _earlier(folder / FILE)
        self._lock = threading.Lock()
        self._aside: threading.Thread | None = None

    def take(self, moment: Moment) -> None:
        """Ask all questions, once a moment taken aside is over; an endpoint that is away gives fewer answers."""
        if self._aside not in (None, threading.current_thread()):
            self._wait()
        at = datetime.fromtimestamp(int(self._clock()), UTC)
        answers = self._answers()
        with self._lock:
            self._taken.append(Fingerprint(moment=moment, at=at, answers=answers))
            data = written.dumps(tuple(self._taken[-written.MOST_MOMENTS :]))
            beside = self._folder / f"{FILE}.new"
            beside.write_bytes(data)
            os.replace(beside, self._folder / FILE)

    def take_aside(self, moment: Moment) -> None:
        """This will ask them in a thread, while the run goes on."""
        self._aside = threading.Thread(target=self.take, args=(moment,), daemon=True)
        self._aside.start()

    def pack(self, *, wait: bool = True) -> None:
        """Put what was taken into the newest log; a log that has it already, or none, stays as it is.

        A moment that is just being taken is waited for, unless the run was ended early.
        """
        if wait:
            self._wait()
        newest = logs_in(self._folder)
        if not self._taken or not newest or not zipfile.is_zipfile(newest[0]):
            return
        beside = newest[0].with_suffix(".new")
        shutil.copyfile(newest[0], beside)
        with zipfile.ZipFile(beside, "a", zipfile.ZIP_DEFLATED) as log:
            if written.MEMBER not in log.namelist():
                log.writestr(written.MEMBER, (self._folder / FILE).read_bytes())
        os.replace(beside, newest[0])

    def _wait(self) -> None:
        if self._aside is not None:
            self._aside.join(MOST_SECONDS)

    def has(self, moment: Moment) -> bool:
        """Return whether this moment was taken, in whichever process."""
        return any(one.moment is moment for one in self._taken)

    def _answers(self) -> tuple[tuple[str, ...], ...]:
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for at in range(len(PROMPTS) * EACH):
            waiting.put(at % len(PROMPTS))
        came: list[list[str]] = [[] for _ in PROMPTS]
        failures: list[str] = []
        until = time.monotonic() + MOST_SECONDS

        def work() -> None:
            while len(failures) < MOST_FAILURES and time.monotonic() < until:
                try:
                    at = waiting.get_nowait()
                    came[at].append(kept(self._ask(PROMPTS[at])))
                except queue.Empty:
                    return
                except Exception as error:
                    failures.append(type(error).__name__)

        workers = [threading.Thread(target=work, daemon=True) for _ in range(AT_ONCE)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        return tuple(tuple(answers) for answers in came)


def asking(plan: RunPlan, token: str) -> Ask:
    """Return how one question is put to the gateway; its answer is the text alone. It raises whatever goes wrong."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    address = plan.gateway.rstrip("/") + "/v1/chat/completions"

    def ask(prompt: str) -> str:
        message = {"role": "user", "content": prompt}
        body = {"model": plan.model, "messages": [message], "max_tokens": ANSWER_TOKENS, "temperature": TEMPERATURE}
        head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(address, json.dumps(body).encode(), head)  # noqa: S310 (the plan's scheme)
        with opener.open(request, timeout=min(plan.attempt_timeout, MOST_SECONDS)) as answer:
            told: Any = strictjson.loads(answer.read(MOST_ANSWER_BYTES))
        text: Any = told["choices"][0]["message"]["content"]
        if type(text) is not str or not text.strip():
            raise ValueError("There is no text in the answer.")
        return text

    return ask


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the token is for the gateway alone."""


def _earlier(path: Path) -> list[Fingerprint]:
    try:
        return list(written.loads(path.read_bytes()))
    except (FileNotFoundError, Refused):
        return []
