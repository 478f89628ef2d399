"""`evaluate`: run a locked protocol through a gateway, on the evaluator's own machine; stopped and begun again at will.

It needs no node and no database: a run kit, a gateway's address and a token. What comes of it are Inspect's own logs,
which `import eval-log` takes in.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from watchbell.domain.evaluation import Protocol
from watchbell.domain.refusal import Refused
from watchbell.formats import run_kits
from watchbell.outside import inspect_runner
from watchbell.outside.inspect_runner import Cause, Kind, Progress, RunPlan
from watchbell.outside.settings import Settings

NOT_WHOLE: Final = 3
LARGEST_KIT: Final = 64 << 20
_ENDS_ALL: Final = {
    Cause.BUDGET: "the budget is spent",
    Cause.WINDOW: "the window is over",
    Cause.TOKEN: "the token is not known any more",
    Cause.SCOPE: "the terms do not name this",
}


@dataclass(slots=True)
class Part:
    """One suite at one budget: its plan, and what came of it."""

    suite: str
    budget: int
    plan: RunPlan
    progress: Progress | None = None
    stopped: Cause = Cause.NONE
    log: Path | None = None
    status: int = 0

    @property
    def is_whole(self) -> bool:
        """Return whether every sample of it has an outcome."""
        return self.progress is not None and self.status == 0 and self.progress.is_whole

    def as_mapping(self) -> dict[str, Any]:
        """Return it as JSON values."""
        told = self.progress or Progress(kind=Kind.ENDED)
        return {
            "suite": self.suite,
            "budget": self.budget,
            "model": self.plan.model,
            "samples": told.total,
            "done": told.kept + told.done,
            "missing": told.missing,
            "whole": self.is_whole,
            "stopped": self.stopped.value,
            "log": str(self.log) if self.log else None,
        }


@click.command("evaluate")
@click.argument("kit", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--gateway", required=True, help="Where the gateway listens: https://gateway.example.org")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the runs.")
@click.option("--model", default="", help="The model measured, or a reference of the protocol (default: the former).")
@click.option("--suite", "only", multiple=True, help="Only these suites; may be given several times.")
@click.option("--connections", default=10, show_default=True, type=click.IntRange(1, 256), help="Calls at once.")
@click.option("--as-root", is_flag=True, help="Let the runner be root, where nobody else may read this Python.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def evaluate_verb(
    kit: Path,
    gateway: str,
    out: Path,
    model: str,
    only: tuple[str, ...],
    connections: int,
    as_root: bool,
    as_json: bool,
) -> None:
    """Run the protocol of a run kit with the token in WATCHBELL_TOKEN. Repeat to go on; exit 3 while samples lack."""
    token = Settings.from_env(os.environ).token
    if not token:
        raise click.UsageError("Put the gateway's token into WATCHBELL_TOKEN.")
    try:
        told = run_kits.loads(_read(kit))
        parts = list(_parts(told, gateway, out.absolute(), model, only, connections))
    except Refused as refused:
        raise click.UsageError(str(refused)) from None
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in parts:
        _run(part, token, as_root=as_root)
        if part.stopped in _ENDS_ALL:
            click.echo(f"Stopped: {_ENDS_ALL[part.stopped]}. What is finished is kept.", err=True)
            break
    _tell(parts, told.protocol, as_json=as_json)


def _read(kit: Path) -> bytes:
    with kit.open("rb") as file:
        data = file.read(LARGEST_KIT + 1)
    if len(data) > LARGEST_KIT:
        raise click.UsageError(f"{kit} is larger than any run kit.")
    return data


def _parts(
    kit: run_kits.RunKit, gateway: str, out: Path, model: str, only: tuple[str, ...], connections: int
) -> Iterator[Part]:
    protocol = kit.protocol
    chosen = model or protocol.model.alias
    if chosen not in protocol.models:
        raise click.UsageError(f"The protocol names no model {chosen[:80]!r}: {', '.join(protocol.models)}.")
    unknown = set(only) - {one.benchmark for one in protocol.suites}
    if unknown:
        raise click.UsageError(f"The protocol has no suite {', '.join(sorted(unknown))[:200]}.")
    for suite in protocol.suites:
        for budget in protocol.budgets if not only or suite.benchmark in only else ():
            name = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{suite.short}-{budget}-{chosen}")
            plan = inspect_runner.part_of(
                kit,
                suite,
                model=chosen,
                gateway=gateway.rstrip("/"),
                folder=str(out / name),
                tokens=budget,
                connections=connections,
                fingerprints=True,
            )
            yield Part(suite=suite.benchmark, budget=budget, plan=plan)


def _run(part: Part, token: str, *, as_root: bool) -> None:
    """Run one part, or what is left of it, and tell how it goes; Ctrl-C ends it in order."""
    try:
        run = inspect_runner.resume(part.plan, token=token, as_root=as_root)
    except (inspect_runner.AnotherRun, inspect_runner.NoInspect, inspect_runner.OutOfReach) as error:
        raise click.ClickException(str(error)) from None
    try:
        for told in run.told():
            part.progress = _later(part.progress, told)
            _show(part)
    except KeyboardInterrupt:
        click.echo("\nStopping; what is finished is kept. The same command goes on from here.", err=True)
        run.cancel()
        raise
    result = run.result()
    part.stopped, part.log, part.status = result.stopped, result.log, result.status
    _show(part, is_last=True)
    if result.status and not result.stopped:
        click.echo(f"The run ended with {result.status}. {result.errors[-500:]}", err=True)


def _later(before: Progress | None, told: Progress) -> Progress:
    """Return the newest line that counts samples."""
    return told if told.total or before is None else before


def _show(part: Part, *, is_last: bool = False) -> None:
    told = part.progress
    err = sys.stderr
    if told is None or not (is_last or err.isatty()):
        return
    done = f"{told.kept + told.done} of {told.total}"
    words = f"{part.suite} at {part.budget} tokens: {done} samples, {told.missing} missing"
    err.write(f"\r\x1b[K{words}" if err.isatty() else words)
    err.write("\n" if is_last else "")
    err.flush()


def _tell(parts: list[Part], protocol: Protocol, *, as_json: bool) -> None:
    """Print what came of it; exit 3 unless everything is whole."""
    is_whole = all(one.is_whole for one in parts)
    if as_json:
        whole = {"protocol": protocol.digest, "whole": is_whole, "runs": [one.as_mapping() for one in parts]}
        click.echo(json.dumps(whole))
    else:
        for one in parts:
            click.echo(
                f"{one.log or 'no log'}  {one.suite} at {one.budget}: {'whole' if one.is_whole else 'not whole'}"
            )
        click.echo("Hand the logs to the node: watchbell import eval-log LOG... --protocol P")
    raise SystemExit(0 if is_whole else NOT_WHOLE)
