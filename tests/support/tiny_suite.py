"""A suite for tests alone: sums, said or computed by a small program, and one with a drawer to open by tool."""

import sys
from collections.abc import Mapping
from typing import Any

from watchbell.domain.suites.draw import Draw
from watchbell.domain.suites.suite import Answer, Call, Item, Ran, Score, Tool, Trial

NAME = "tiny"
VERSION = 1
FAMILIES: tuple[str, ...] = ("spoken", "written", "drawer")
NEEDS_SANDBOX = True
SAYS = "Add two numbers: say the sum, write a program that prints it, or take it out of a drawer."

OPEN = Tool(
    name="open",
    description="Open a drawer.",
    parameters={
        "type": "object",
        "properties": {"drawer": {"type": "string", "description": "Its name."}},
        "required": ["drawer"],
    },
)


def generate(seed: bytes, family: str, level: int, number: int) -> Item:
    """Return a sum of numbers with as many digits as the level."""
    draw = Draw(seed, NAME, family, level, number)
    one, other = draw.below(10**level), draw.below(10**level)
    drawer = draw.word()
    asked = {
        "spoken": f"Say only the sum of {one} and {other}.",
        "written": f"Write a Python program that prints the sum of {one} and {other}.",
        "drawer": f"Say only what lies in the drawer {drawer}.",
    }[family]
    return Item(
        suite=NAME,
        family=family,
        level=level,
        number=number,
        prompt=f"[{NAME}.{family}.{level}.{number}] {asked}",
        tools=(OPEN,) if family == "drawer" else (),
        truth={"sum": one + other, "drawer": drawer},
    )


def reference(item: Item) -> Answer:
    """Return the right answer."""
    total = str(item.truth["sum"])
    if item.family == "written":
        return Answer(text=f"print({total})")
    if item.family == "drawer":
        return Answer(text=total, calls=(Call(tool="open", arguments={"drawer": item.truth["drawer"]}),))
    return Answer(text=total)


def controls(item: Item) -> Mapping[str, Answer]:
    """Return three answers that earn nothing."""
    return {"null": Answer(), "idle": Answer(text="print()"), "destructive": Answer(text="raise SystemExit(1)")}


def respond(item: Item, calls: tuple[Call, ...]) -> str:
    """Return what lies in the drawer that the last call opens."""
    return str(item.truth["sum"]) if calls[-1].arguments.get("drawer") == item.truth["drawer"] else "nothing"


def trials(item: Item, answer: Answer) -> tuple[Trial, ...]:
    """Return the program to run."""
    if item.family != "written":
        return ()
    return (Trial(files={"answer.py": answer.text.encode()}, command=("python3", "answer.py"), seconds=5),)


def judge(item: Item, answer: Answer, ran: tuple[Ran, ...]) -> Score:
    """Return full credit for the sum and nothing else."""
    told = ran[0].output.decode().strip() if item.family == "written" else answer.text.strip()
    solved = told == str(item.truth["sum"])
    return Score(credit=float(solved), solved=solved, cells={"right": solved, "called": bool(answer.calls)})


SUITES: Mapping[str, Any] = {NAME: sys.modules[__name__]}


def run_here(trial: Trial) -> Ran:
    """Return what came of a trial of ours, run as a plain process: only for the programs this file writes."""
    import subprocess
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        for name, data in trial.files.items():
            (Path(folder) / name).write_bytes(data)
        command = [sys.executable, "-I", "-S", *trial.command[1:]]
        done = subprocess.run(command, cwd=folder, env={}, capture_output=True, timeout=trial.seconds, check=False)
    return Ran(status=done.returncode, output=done.stdout[:1000], errors=done.stderr[:1000])
