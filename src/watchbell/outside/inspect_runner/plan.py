"""What is one run of an evaluation? One suite or task, one model, one budget; as strict JSON, without a secret.

The seed stands in the plan and the plan in the run's folder, which only the runner reads: whoever holds the folder
holds the benchmark. The token that opens the gateway is never part of a plan.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, get_args, get_type_hints
from urllib.parse import urlsplit

from watchbell.domain.records import record
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import strictjson

PLAN: Final = "plan.json"
"""Its name in the folder of the run."""

TASK: Final = "watchbell_suite"
"""The name of a built-in suite's task in every log."""

SHELF: Final = "watchbell.domain.suites.shelf:SUITES"
SANDBOX: Final = "watchbell.outside.sandbox:run"
SCAFFOLDS: Final = ("single", "tools")
WHOLE: Final = 1 << 31

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,199}\Z")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,199}\Z")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*\Z")
_ADDRESSES = ("http", "https")
_BACKOFF_SECONDS = 3
"""Inspect waits 3, 6, 12, ... seconds between attempts, and up to 3 more by chance."""


@record(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything a run depends on but the token. Made by `planned` or `loads`, which check it.

    Items are a grid (families x levels x numbers each) or a list of their names; `task` instead of `suite` names a
    task of somebody else's. `folder` belongs to this run alone. `gateway` is where the gateway listens, without "/v1";
    `answers_as` holds the names the endpoint may give the model: with any other the sample is missing. Times are
    seconds; `tokens` is the budget of one sample, what it reads and what it writes together, and `answer_tokens` the
    most of them that one answer is asked for (the gateway reserves as many). After `patience` samples in a row without
    an answer the run ends, to be resumed when the endpoint is back. With `fingerprints` the endpoint is asked the same
    neutral questions at the beginning, in the middle and at the end.
    """

    suite: str = ""
    version: int = 0
    seed: str = ""
    families: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    numbers: int = 0
    items: tuple[str, ...] = ()
    task: str = ""
    model: str
    answers_as: tuple[str, ...] = ()
    gateway: str
    folder: str
    tokens: int
    epochs: int = 1
    scaffold: str = "single"
    turns: int = 30
    answer_tokens: int = 8192
    patience: int = 20
    attempt_timeout: int = 120
    max_retries: int = 4
    time_limit: int = 1800
    connections: int = 10
    fingerprints: bool = False
    shelf: str = SHELF
    sandbox: str = SANDBOX


_MAY_CHANGE: Final = (
    *("gateway", "attempt_timeout", "max_retries", "time_limit", "connections", "patience"),
    "fingerprints",
)
"""What says how fast a run goes and where to, not what it measures: a resumed run may have others."""

_NUMBERS: Final = {
    "tokens": (1, WHOLE),
    "epochs": (1, 1000),
    "turns": (1, 1000),
    "answer_tokens": (1, WHOLE),
    "patience": (1, 100_000),
    "attempt_timeout": (1, 86_400),
    "max_retries": (0, 20),
    "time_limit": (1, 7 * 86_400),
    "connections": (1, 256),
}


def planned(**given: Any) -> RunPlan:
    """Return the plan, checked. Raises Refused, naming the field."""
    return _checked(RunPlan(**given))


def loads(data: bytes) -> RunPlan:
    """Return the plan that stands in this JSON. Raises Refused: an unknown, missing or odd field is never a guess."""
    found = strictjson.loads(data)
    if type(found) is not dict:
        raise refuse("wrong-type", "A run plan is a JSON object.", place="/")
    hints = get_type_hints(RunPlan)
    for name in found:
        if name not in hints:
            raise refuse("unknown-field", Sentence('A run plan has no field "{name}".', name=name[:60]), place="/")
    given = {name: _typed(found[name], hints[name], "/" + name) for name in found}
    for name in ("model", "gateway", "folder", "tokens"):
        if name not in given:
            raise refuse("missing-field", Sentence('The field "{name}" is required.', name=name), place="/" + name)
    return planned(**given)


def dumps(plan: RunPlan) -> bytes:
    """Return canonical bytes of the plan: equal plans give equal bytes."""
    return strictjson.dumps({name: _plain(getattr(plan, name)) for name in get_type_hints(RunPlan)})


def is_same_run(one: RunPlan, other: RunPlan) -> bool:
    """Return whether both measure the same: they differ at most in where the gateway is and how long to wait."""
    names = [name for name in get_type_hints(RunPlan) if name not in _MAY_CHANGE]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def wanted(plan: RunPlan) -> tuple[tuple[str, int, int], ...]:
    """Return family, level and number of each item of the plan, in its order."""
    if plan.items:
        return tuple(_parts(plan.suite, name) for name in plan.items)
    grid = ((family, level) for family in plan.families for level in plan.levels)
    return tuple((family, level, number) for family, level in grid for number in range(plan.numbers))


def longest_outage(*, attempt_timeout: int, max_retries: int) -> int:
    """Return the seconds after which a silent endpoint is given up, at most."""
    waits = sum(_BACKOFF_SECONDS * ((1 << at) + 1) for at in range(max_retries))
    return attempt_timeout * (max_retries + 1) + waits


def _typed(value: Any, hint: Any, place: str) -> Any:
    inner = get_args(hint)
    if not inner:
        if type(value) is not hint:
            raise refuse("wrong-type", "This field is of another type.", place=place, expected=str(hint.__name__))
        return value
    if type(value) is not list:
        raise refuse("wrong-type", "This field is a list.", place=place)
    return tuple(_typed(one, inner[0], f"{place}/{at}") for at, one in enumerate(value))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _checked(plan: RunPlan) -> RunPlan:
    _check_what_runs(plan)
    _check_model(plan)
    for name, (least, most) in _NUMBERS.items():
        if not least <= getattr(plan, name) <= most:
            said = Sentence("This number goes from {least} to {most}.", least=least, most=most)
            raise refuse("out-of-range", said, place="/" + name)
    needed = longest_outage(attempt_timeout=plan.attempt_timeout, max_retries=plan.max_retries)
    if plan.time_limit <= needed:
        said = Sentence("A silent endpoint is given up after {needed} s: the limit must be longer.", needed=needed)
        raise refuse("out-of-range", said, place="/time_limit", todo="Raise time_limit or try fewer times")
    return plan


def _check_what_runs(plan: RunPlan) -> None:
    if bool(plan.suite) == bool(plan.task):
        raise refuse("no-suite", "A run has either a suite or a task of somebody else's.", place="/suite")
    if plan.scaffold not in SCAFFOLDS:
        raise refuse("unknown-word", "The scaffold is single or tools.", place="/scaffold")
    for name in ("shelf", "sandbox"):
        if not _DOTTED.match(getattr(plan, name)):
            raise refuse("wrong-name", "This is a module and a name in it: a.b:c.", place="/" + name)
    if plan.task:
        return
    if not (re.fullmatch(r"(?:[0-9a-f]{2}){16,64}", plan.seed)):
        raise refuse("wrong-seed", "The seed is 16 to 64 bytes in hexadecimal.", place="/seed")
    if bool(plan.items) == bool(plan.families and plan.levels and plan.numbers > 0):
        raise refuse("no-items", "A run names its items, or families, levels and numbers.", place="/items")
    for name in (plan.suite, *plan.families, *plan.items):
        if not _NAME.match(name):
            raise refuse("wrong-name", "A name has letters, digits, dots and dashes.", place="/items")
    chosen = wanted(plan)
    if len(set(chosen)) != len(chosen):
        raise refuse("twice", "An item stands twice in the plan; say epochs instead.", place="/items")


def _check_model(plan: RunPlan) -> None:
    if not _MODEL.match(plan.model):
        raise refuse("wrong-name", "The model is its alias at the gateway.", place="/model")
    parts = urlsplit(plan.gateway)
    odd = parts.username or parts.password or parts.query or parts.fragment or parts.path not in ("", "/")
    if parts.scheme not in _ADDRESSES or not parts.hostname or odd:
        raise refuse("wrong-address", "The gateway is http(s)://host:port and nothing more.", place="/gateway")
    if not plan.folder.startswith("/") or "\x00" in plan.folder:
        raise refuse("wrong-folder", "The run's folder is an absolute path.", place="/folder")


def _parts(suite: str, name: str) -> tuple[str, int, int]:
    """Return family, level and number of "patch.traversal.3.0". Raises Refused when the name is none of this suite."""
    start, found = f"{suite}.", name.rsplit(".", 2)
    if len(found) != 3 or not found[0].startswith(start) or not all(part.isdecimal() for part in found[1:]):
        raise _no_item(name)
    return found[0].removeprefix(start), int(found[1]), int(found[2])


def _no_item(name: str) -> Refused:
    return refuse("unknown-item", Sentence("{name} is no item of this suite.", name=name[:200]), place="/items")


def said(plan: RunPlan) -> Mapping[str, Any]:
    """Return what a log may say about its plan: everything but the seed and the folder."""
    names = [name for name in get_type_hints(RunPlan) if name not in ("seed", "folder", "items")]
    return {name: _plain(getattr(plan, name)) for name in names}
