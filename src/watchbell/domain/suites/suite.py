"""What is a built-in suite? A generator of items and the scoring of answers: the same from the same seed, for ever.

Pure: nothing runs here. Where scoring needs code to run, the suite says what to run (`Trial`) and judges what came of
it (`Ran`); the sandbox is somebody else's. These are small, synthetic teaching tasks: they screen and check a
pipeline, and can never establish frontier capability.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from watchbell.domain.records import record

LEVELS: Final = (1, 2, 3, 4, 5)
"""The ladder of every suite, easiest first."""

CONTROLS: Final = ("null", "idle", "destructive")
"""Answers that must earn nothing: empty, one that does nothing, one that deletes what it was asked about."""


@record(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the model may call; `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@record(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a tool, as the model made it; arguments that were no JSON object are an empty one."""

    tool: str
    arguments: Mapping[str, Any]


@record(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model gave in the end: its last text, and every tool call before it, in order."""

    text: str = ""
    calls: tuple[Call, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class Item:
    """One task. `truth` is what scoring knows and the model is never shown; both are plain JSON values."""

    suite: str
    family: str
    level: int
    number: int
    prompt: str
    tools: tuple[Tool, ...] = ()
    truth: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the item's name in its set: "patch.traversal.3.0"."""
        return f"{self.suite}.{self.family}.{self.level}.{self.number}"


@record(frozen=True, slots=True, kw_only=True)
class Trial:
    """A program to run in the sandbox: files by relative name, a command, seconds of wall time, MiB of memory.

    A command that starts with "python3" is run by the interpreter that the sandbox offers.
    """

    files: Mapping[str, bytes]
    command: tuple[str, ...]
    seconds: int = 10
    memory: int = 256


@record(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a trial. `status` is the exit code, or minus the signal; both texts are cut by the sandbox."""

    status: int
    output: bytes = b""
    errors: bytes = b""
    timed_out: bool = False
    out_of_memory: bool = False


@record(frozen=True, slots=True, kw_only=True)
class Score:
    """What an answer earned. `credit` is 0 to 1, `solved` what an analysis counts; `cells` are the parts, by name.

    A refusal is no wrong answer: it has a place of its own in every table.
    """

    credit: float
    solved: bool
    refused: bool = False
    cells: Mapping[str, bool]
    note: str = ""


class Suite(Protocol):
    """What a module of a suite offers."""

    NAME: str
    VERSION: int
    """Goes up with any change that makes another item or another score from the same seed or answer."""
    FAMILIES: tuple[str, ...]
    """Templates of the generator, at least twelve; the clusters of every interval."""
    NEEDS_SANDBOX: bool
    SAYS: str
    """One sentence for the protocol editor: what a model is asked to do."""

    def generate(self, seed: bytes, family: str, level: int, number: int) -> Item:
        """Return this item of the set that grows from the seed."""

    def reference(self, item: Item) -> Answer:
        """Return an answer that earns full credit."""

    def controls(self, item: Item) -> Mapping[str, Answer]:
        """Return answers that must earn nothing, at least those named in CONTROLS."""

    def respond(self, item: Item, calls: tuple[Call, ...]) -> str:
        """Return what the last of these calls gives back, after those before it; "" where there are no tools."""

    def trials(self, item: Item, answer: Answer) -> tuple[Trial, ...]:
        """Return what has to run to score this answer; nothing where the answer alone decides."""

    def judge(self, item: Item, answer: Answer, ran: tuple[Ran, ...]) -> Score:
        """Return what the answer earned, given what came of its trials, in their order."""
