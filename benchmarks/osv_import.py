"""How much does importing OSV records cost, against parsing the same file with orjson alone?

`python -m benchmarks osv_import [FILE]`; FILE is NDJSON, plain or .zst. CPU time of this
process, user and system together; each round parses, then imports into a fresh
database, and the figures are medians over the rounds.
"""

import gc
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROUNDS = 3
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "osv" / "osv.ndjson.zst"
NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)


def main(arguments: list[str]) -> None:
    """Print the medians and the ratio."""
    if arguments[:1] == ["--once"]:
        print(" ".join(f"{seconds:.4f}" for seconds in once(Path(arguments[1]))))
        return
    file = Path(arguments[0]) if arguments else REAL
    if not file.exists():
        print(f"skipped: {file.name} is not there; name an NDJSON file of OSV records")
        return
    rounds = [measured(file) for _ in range(ROUNDS)]
    parse, keep, first, again = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"parse each line with orjson, keep none     {parse:7.3f} s")
    print(f"parse each line with orjson, keep them all {keep:7.3f} s")
    print(
        f"import into an empty node                  {first:7.3f} s  ratio {first / parse:5.1f}x ({first / keep:.1f}x)"
    )
    print(
        f"import the same file again                 {again:7.3f} s  ratio {again / parse:5.1f}x ({again / keep:.1f}x)"
    )
    print("aim: 8x for the import into an empty node; the ratio in brackets is against keeping what was parsed")


def measured(file: Path) -> list[float]:
    """Run one round in a process of its own, on a node of its own."""
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_HOME")}
        environment |= {"WATCHBELL_HOME": home, "DJANGO_SETTINGS_MODULE": "watchbell.config.settings"}
        command = [sys.executable, "-m", "benchmarks", "osv_import", "--once", str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def once(file: Path) -> list[float]:
    """Return the CPU seconds of parsing without and with keeping, of importing, and of importing again."""
    import orjson

    lines = _raw_lines(file)
    parse = _cpu(lambda: [None for line in lines() if orjson.loads(line) is None])
    keep = _cpu(lambda: [orjson.loads(line) for line in lines()])
    gc.collect()
    take = _prepared(file)
    return [parse, keep, _cpu(take), _cpu(take)]


def _raw_lines(file: Path) -> Callable[[], Any]:
    """Return a function that opens the file anew and gives its lines, the plainest way there is."""
    import zstandard

    def lines() -> Any:
        opened = file.open("rb")
        if file.suffix == ".zst":
            return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(opened), 1 << 20)
        return opened

    return lines


def _prepared(file: Path) -> Callable[[], Any]:
    """Return the import, on a database whose tables are made."""
    import django

    django.setup()
    from django.core.management import call_command

    from watchbell.apps.vulnerabilities import services
    from watchbell.domain.handling import system

    for room in ("journal", "vulnerabilities"):
        call_command("migrate", room, verbosity=0)
    place, dice = services.Place(str(file)), random.SystemRandom()
    return lambda: services.import_path(services.SourceKind.OSV, place, by=system("bench"), now=NOW, rng=dice)


def _cpu(deed: Callable[[], Any]) -> float:
    started = time.process_time()
    deed()
    return time.process_time() - started
