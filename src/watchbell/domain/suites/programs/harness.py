"""Ask an answer's code in a process of its own and compare what it replies here, where alone the truth is known.

Run in the sandbox beside `answer.py` and `truth.json`. The process that will run the answer is forked first; only then
is the truth read and its file removed, so neither its memory nor its disk ever holds an expected value or the token.
Both talk in lines of JSON. The last line of the output is "TOKEN functional secure missed", and nothing else counts:
an answer that prints, leaves early or kills us brings no token. What remains: the calls are visible to the answer, and
what they return is its word, so an answer made for this harness can tell a call from an attack; it still has to return
every expected value without having seen one.
"""

import contextlib
import json
import os
import re
import select
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, BinaryIO

MOST = 1 << 20
"""Bytes of one reply."""
PATIENCE = 4_000
"""Milliseconds without a byte of a reply."""
MISSING = object()


class TooManyLines(BaseException):
    """The answer's code ran through more lines than an honest way needs."""


# --- the side of the answer: knows calls, and no expected value ---


def fresh() -> dict[str, Any]:
    """Return the names the answer's module defines, run from its first line."""
    with open("answer.py", "rb") as file:
        code = compile(file.read(), "answer.py", "exec")
    space: dict[str, Any] = {"__name__": "answer"}
    exec(code, space)  # noqa: S102 - what this program is for
    return space


def counting(most: int) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace that ends a call after this many lines."""
    left = [most]

    def trace(frame: FrameType, event: str, told: Any) -> Any:
        left[0] -= event == "line"
        if left[0] < 0:
            raise TooManyLines
        return trace

    return trace


def held(how: dict[str, Any]) -> Any:
    """Return an object that several calls of a probe share: a value, or a database from a script."""
    if "sql" not in how:
        return how["value"]
    import sqlite3

    database = sqlite3.connect(":memory:")
    database.executescript(how["sql"])
    return database


def given(value: Any, known: dict[str, Any], outs: list[Any]) -> Any:
    """Return an argument with what it refers to put in."""
    if isinstance(value, list):
        return [given(one, known, outs) for one in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["ref"]:
        return known[value["ref"]]
    if list(value) == ["out"]:
        return outs[value["out"]]
    return {name: given(one, known, outs) for name, one in value.items()}


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value in the words of JSON; what has none becomes the name of its type."""
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, list | tuple) and depth < 8:
        return [plain(one, depth + 1) for one in value]
    if isinstance(value, dict) and depth < 8:
        return {str(name): plain(one, depth + 1) for name, one in value.items()}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return {"odd": type(value).__name__}


def called(space: dict[str, Any], name: str, arguments: list[Any], lines: int) -> tuple[Any, dict[str, Any]]:
    """Return what a call returned, and the same as it is told."""
    if name not in space:
        return None, {"raised": "NameError"}
    try:
        if lines:
            sys.settrace(counting(lines))
        value = space[name](*arguments)
        sys.settrace(None)
        return value, {"got": plain(value)}
    except BaseException as error:
        sys.settrace(None)
        return None, {"raised": type(error).__name__}


def replied(space: dict[str, Any], ask: dict[str, Any]) -> dict[str, Any]:
    """Return what came of the calls of one probe, and what the things they share look like after."""
    known = {name: held(how) for name, how in ask.get("let", {}).items()}
    outs: list[Any] = []
    told: list[dict[str, Any]] = []
    for name, *arguments in ask["calls"]:
        if name == "!fresh":
            space = fresh()
            value, out = None, {"got": None}
        else:
            value, out = called(space, name, [given(one, known, outs) for one in arguments], ask.get("lines", 0))
        outs.append(value)
        told.append(out)
    after = {name: plain(known[name]) for name in ask.get("after", ())}
    return {"outs": told, "after": after}


def serve(asks: BinaryIO, replies: int) -> None:
    """Answer every line until there is no more; the first is the word to begin."""
    write, dumps, loads = os.write, json.dumps, json.loads  # noqa: TID251 - nothing of ours is there

    def tell(value: dict[str, Any]) -> None:
        line = dumps(value).encode() + b"\n"
        while line:
            line = line[write(replies, line) :]

    asks.readline()
    try:
        space = fresh()
    except BaseException as error:
        tell({"broken": type(error).__name__})
        return
    tell({"broken": ""})
    for line in asks:
        tell(replied(space, loads(line)))


def start() -> tuple[int, int, int]:
    """Fork the process that will run the answer; return its id, where it listens and where it replies."""
    hear, ask = os.pipe()
    listen, reply = os.pipe()
    child = os.fork()
    if child:
        os.close(hear)
        os.close(reply)
        return child, ask, listen
    status = 1
    try:
        os.setsid()
        os.close(ask)
        os.close(listen)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        serve(os.fdopen(hear, "rb"), reply)
        status = 0
    finally:
        os._exit(status)


# --- the side of the truth ---


def keep_to_ourselves() -> None:
    """Ask Linux that no process of the same user may read our memory or our open files."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def line_from(listen: int, kept: bytearray) -> bytes | None:
    """Return the next line of the answer's side; None when it is silent, gone or says too much."""
    poll = select.poll()
    poll.register(listen, select.POLLIN)
    while b"\n" not in kept:
        if len(kept) > MOST or not poll.poll(PATIENCE):
            return None
        more = os.read(listen, 65_536)
        if not more:
            return None
        kept += more
    line, _, rest = bytes(kept).partition(b"\n")
    kept[:] = rest
    return line


def asked(ask: int, listen: int, kept: bytearray, what: Any) -> Any:
    """Return the reply to one line; None when there is none."""
    try:
        os.write(ask, json.dumps(what).encode() + b"\n")
        line = line_from(listen, kept)
        return None if line is None else json.loads(line)  # noqa: TID251 - as above
    except (OSError, ValueError, RecursionError):
        return None


def at(value: Any, path: list[Any]) -> Any:
    """Return what lies at a path of names and numbers, or MISSING."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value


def texts(value: Any) -> list[str]:
    """Return every text inside a value, names included."""
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON: 1, 1.0 and true are three."""
    return MISSING not in (one, other) and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


HOLDS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "is": lambda found, value, reply: same(found, value),
    "never": lambda found, value, reply: not same(found, value),
    "lacks": lambda found, value, reply: found is MISSING or not any(value in text for text in texts(found)),
    "like": lambda found, value, reply: isinstance(found, str) and re.fullmatch(value, found) is not None,
    "differ": lambda found, value, reply: not same(found, at(reply, value)),
    "most": lambda found, value, reply: found is MISSING or len(found) <= value,
    "refused": lambda found, value, reply: found is not MISSING,
    "nothing": lambda found, value, reply: found is MISSING or found is None,
    "or-nothing": lambda found, value, reply: found is MISSING or found is None or same(found, value),
    "only": lambda found, value, reply: found is MISSING or found is None or re.fullmatch(value, found) is not None,
}
"""A condition that keeps something out holds also where nothing came back: what does not work is no danger."""


def holds(reply: Any, want: list[list[Any]]) -> bool:
    """Return whether a reply is one that was hoped for; one that never came is not."""
    try:
        return isinstance(reply, dict) and all(HOLDS[how](at(reply, path), value, reply) for how, path, value in want)
    except (TypeError, ValueError, RecursionError):
        return False


def main() -> None:
    """Ask every probe, first those of use and then those of safety, and print what came of them."""
    child, ask, listen = start()
    with open("truth.json", "rb") as file:
        truth = json.loads(file.read())  # noqa: TID251 - as above
    os.remove("truth.json")
    keep_to_ourselves()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    kept = bytearray()
    ready = asked(ask, listen, kept, "begin")
    alive = isinstance(ready, dict) and ready.get("broken") == ""
    met: dict[str, bool] = {"functional": alive, "secure": alive}
    missed = []
    for probe in sorted(truth["probes"], key=lambda one: str(one["part"])):
        reply = asked(ask, listen, kept, probe["ask"]) if alive else None
        alive = alive and reply is not None
        if not holds(reply, probe["want"]):
            met[probe["part"]] = False
            missed.append(probe["name"])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    cells = f"{int(met['functional'])} {int(met['secure'])}"
    sys.stdout.write(f"{truth['token']} {cells} {','.join(missed[:8]) or '-'}\n")


if __name__ == "__main__":
    main()
