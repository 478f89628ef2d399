"""Runs of Inspect against a scripted endpoint, and what their logs hold."""

import gzip
import json
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zstandard
from tests.support import tiny_suite
from tests.support.machine import ROOT
from tests.support.model_endpoint import Answer, ModelEndpoint, Pieces, Received
from tests.support.scripted_model import scripted

from watchbell.domain.suites.sets import item_of
from watchbell.outside import inspect_runner as runner
from watchbell.outside.inspect_runner.interpreter import OutOfReach, check_within_reach
from watchbell.outside.inspect_runner.plan import wanted

TOKEN = "wbg_canary-token-0123456789abcdef"
SEED = "5e" * 32
LIST = "finished.jsonl"


def plan(endpoint: ModelEndpoint, folder: Path, **more: Any) -> runner.RunPlan:
    """Return a plan for the tiny suite: 12 items of three families."""
    given = {"families": tiny_suite.FAMILIES, "levels": (1, 2), "numbers": 2, "epochs": 1, "scaffold": "tools"}
    given |= {"attempt_timeout": 20, "max_retries": 0, "time_limit": 60, "connections": 4, "tokens": 2000}
    given |= {"shelf": "tests.support.tiny_suite:SUITES", "sandbox": "tests.support.tiny_suite:run_here"}
    about = {"suite": "tiny", "version": 1, "seed": SEED, "model": "alias", "gateway": endpoint.base_url}
    return runner.planned(**{**about, **given, **more}, folder=str(folder))


def model(of: runner.RunPlan, *, pause: float = 0.0) -> Answer:
    """Return a model that solves the first level and nothing above it."""
    items = [item_of(tiny_suite, bytes.fromhex(of.seed), *parts) for parts in wanted(of)]
    return scripted(tiny_suite, items, lambda item: item.level == 1, pause=pause)


def by_item(answers: dict[str, Answer], otherwise: Answer) -> Answer:
    """Return the answer that is another one for each item whose name starts with one of these."""

    async def answer(received: Received) -> Pieces:
        name = received.told["messages"][0]["content"].partition("[")[2].partition("]")[0]
        chosen = next((one for start, one in answers.items() if name.startswith(start)), otherwise)
        async for piece in chosen(received):
            yield piece

    return answer


def after(calls: int, first: Answer, then: Answer) -> Answer:
    """Return the answer that is `first` for so many calls, and `then` from there on."""
    asked = [0]

    async def answer(received: Received) -> Pieces:
        asked[0] += 1
        async for piece in (first if asked[0] <= calls else then)(received):
            yield piece

    return answer


def begun(of: runner.RunPlan, folder: Path, start: Callable[..., runner.Run] = runner.start, **more: str) -> runner.Run:
    """Start or resume a run whose process reaches nothing but loopback."""
    path = f"{ROOT / 'tests' / 'support' / 'only_loopback'}:{ROOT}"
    log = folder.parent / "beyond-loopback"
    return start(of, token=TOKEN, as_root=only_root_may(), PYTHONPATH=path, ONLY_LOOPBACK_LOG=str(log), **more)


def only_root_may() -> bool:
    """Return whether we are root and an ordinary user could not run the interpreter: then root has to."""
    try:
        check_within_reach(runner.interpreter())
    except OutOfReach:
        return os.geteuid() == 0
    return False


@contextmanager
def ended(run: runner.Run) -> Iterator[runner.Run]:
    """End the run with the block, whatever happens in it."""
    try:
        yield run
    finally:
        run.cancel(seconds=0)
        run.result()


def samples_of(log: Path) -> list[dict[str, Any]]:
    """Return the samples of a log."""
    found = members(log).items()
    return [json.loads(data) for name, data in found if name.startswith("samples/")]  # noqa: TID251 (our own process's)


def listed(folder: Path) -> list[dict[str, Any]]:
    """Return the samples of a run's list of finished ones, but those that were not written whole."""
    path = folder / LIST
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"}")]  # noqa: TID251 (our own process's)


def left_half_written(folder: Path) -> None:
    """This will end a run's list as a process does that is killed while it writes into it."""
    with (folder / LIST).open("ab") as file:
        file.write(b'\n{"id": "tiny')


def members(log: Path) -> dict[str, bytes]:
    """Return the members of a log: Inspect's are packed as zipfile cannot unpack them, with Zstandard; ours are not."""
    found = {}
    with zipfile.ZipFile(log) as archive, log.open("rb") as file:
        for one in archive.infolist():
            if one.compress_type == zipfile.ZIP_DEFLATED:
                found[one.filename] = archive.read(one)
                continue
            file.seek(one.header_offset + 26)
            name, extra = struct.unpack("<HH", file.read(4))
            file.seek(name + extra, os.SEEK_CUR)
            data = file.read(one.compress_size)
            found[one.filename] = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return found


def files_with(needle: str, folder: Path) -> list[str]:
    """Return the files below a folder that hold these words, packed ones unpacked."""
    return sorted(str(one) for one in folder.rglob("*") if one.is_file() and needle.encode() in _unpacked(one))


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".eval":
        return data + b"".join(members(path).values())
    return data + (gzip.decompress(data) if path.suffix == ".gz" else b"")
