"""How much CPU and memory does `match` take from a cold start, for a bill of materials of 2,000 components?

CPU time of the child, user and system together, and its peak memory, as the kernel counted
them; rounds alternate with a bare Python, so that a busy machine slows both. A third of the
components is in packages that records name. The snapshot is of ../shared/data/osv where that
is present, else of records made up here, as many.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from watchbell.formats import strictjson

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "osv" / "osv.ndjson.zst"
ROUNDS, COMPONENTS, NAMED = 11, 2000, 0.35
AIMS = {"watchbell, as installed": (100, 25)}
THROUGH_THE_LAUNCHER = (150, None)
SMALL = (
    "import os, sys; null = [(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]; "
    "child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null); "
    "_, status, used = os.wait4(child, 0); "
    "print(os.waitstatus_to_exitcode(status), 1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024)"
)
TYPES = {"PyPI": "pypi", "crates.io": "cargo", "Go": "golang", "RubyGems": "gem"}


def main(arguments: list[str]) -> None:
    """Build the snapshot and the list, then print CPU, memory and the ratio to a bare Python, the first run apart."""
    with tempfile.TemporaryDirectory() as folder:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHBELL_", "PYTHON"))}
        env |= {"WATCHBELL_HOME": folder, "PYTHONPYCACHEPREFIX": str(Path(folder, "pyc"))}
        records = DATA if DATA.exists() else _made_up(Path(folder, "records.ndjson"))
        snapshot = Path(folder, "snapshot")
        python = [sys.executable, "-m", "watchbell"]
        build = measured([*python, "snapshot", "build", "--from", str(records), "--out", str(snapshot)], env)
        counts = _counts(python, snapshot, folder, env)
        bill = _bill(records, Path(folder, "bill.json"))
        print(
            f"snapshot: {snapshot.stat().st_size / 1e6:.2f} MB for {counts:,} ranges, built in {build[0]:,.0f} ms CPU"
        )
        match = ["match", str(bill), "--snapshot", str(snapshot), "--format", "json"]
        measured([*python, *match], env)  # compiles
        for kept in Path(folder, "cache", "snapshots").iterdir():
            kept.unlink()
        first = measured([*python, *match], env)
        print(f"first run, which unpacks the snapshot   {first[0]:6.1f} ms CPU, {first[1]:5.1f} MB")
        base = getattr(sys, "_base_executable", sys.executable)  # not a version manager's shim, which `env` may find
        offline = "from watchbell.cli.start import main; main()"
        ways = {
            "watchbell, as installed": [sys.executable, "-P", "-c", offline],
            "./watchbell": [str(ROOT / "watchbell")],
            "./watchbell by this very python": [base, str(ROOT / "watchbell")],
        }
        _rounds(ways, match, env)


def _rounds(ways: dict[str, list[str]], match: list[str], env: dict[str, str]) -> None:
    bare: list[float] = []
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        bare.append(measured([sys.executable, "-c", "pass"], env)[0])
        for name, command in ways.items():
            found[name].append(measured([*command, *match], env))
    low = statistics.median(bare)
    print(f"{'bare python':40}{low:6.1f} ms CPU (median of {ROUNDS})")
    for name, each in found.items():
        cpu, memory = statistics.median(one[0] for one in each), max(one[1] for one in each)
        aim, most = AIMS.get(name, THROUGH_THE_LAUNCHER)
        limit = f", {most} MB" if most else ""
        print(f"{name:40}{cpu:6.1f} ms CPU, {memory:5.1f} MB, {cpu / low:.1f} times (aim: {aim} ms{limit})")


def measured(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Return the CPU time in milliseconds and the peak memory in MB of one run of this command.

    A small process starts it: what a parent holds when it starts a child counts as the child's peak.
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", SMALL, *command], env=env, capture_output=True, text=True, check=True
    )
    code, cpu, memory = done.stdout.split()
    if int(code) not in (0, 1, 4):
        raise SystemExit(f"{' '.join(command)} ended with {code}: {done.stderr[-500:]}")
    return float(cpu), float(memory)


def _counts(python: list[str], snapshot: Path, folder: str, env: dict[str, str]) -> int:
    done = subprocess.run(
        [*python, "snapshot", "info", str(snapshot), "--json"], env=env, cwd=folder, capture_output=True, check=True
    )
    counts: dict[str, int] = strictjson.loads(done.stdout)["counts"]
    return counts["affected_range"]


def _bill(records: Path, path: Path) -> Path:
    """Write a CycloneDX document: versions that records themselves speak of, among packages nobody speaks of."""
    rng = random.Random(7)
    named: dict[tuple[str, str], str] = {}
    for line in _lines(records):
        for entry in strictjson.loads(line).get("affected", []):
            package = entry.get("package", {})
            kind = TYPES.get(package.get("ecosystem", ""))
            fixes = [
                one["fixed"]
                for each in entry.get("ranges", [])
                for one in each.get("events", [])
                if "." in one.get("fixed", "")
            ]
            if kind and fixes and package["name"].isascii() and " " not in package["name"]:
                named[kind, package["name"]] = rng.choice(fixes)
    chosen = [(*one, named[one]) for one in rng.sample(sorted(named), int(COMPONENTS * NAMED))]
    kinds = list(TYPES.values())
    while len(chosen) < COMPONENTS:
        chosen.append((rng.choice(kinds), f"unheard-of-{len(chosen)}", f"{rng.randrange(9)}.{rng.randrange(40)}.1"))
    components = [
        {
            "type": "library",
            "bom-ref": f"{at}",
            "name": name,
            "version": version,
            "purl": f"pkg:{kind}/{name}@{version}",
        }
        for at, (kind, name, version) in enumerate(chosen)
    ]
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}))
    return path


def _lines(records: Path) -> list[bytes]:
    if records.suffix != ".zst":
        return records.read_bytes().splitlines()
    import zstandard

    return zstandard.ZstdDecompressor().stream_reader(records.read_bytes()).read().splitlines()


def _made_up(path: Path) -> Path:
    """Write 15,000 records with 85,000 ranges among 14,000 packages."""
    rng = random.Random(11)
    names = [f"package-{at}" for at in range(14_000)]
    with path.open("w", encoding="utf-8") as file:
        for at in range(15_000):
            affected = []
            for name in rng.sample(names, rng.randrange(1, 11)):
                fixed = f"{rng.randrange(1, 9)}.{rng.randrange(30)}.{rng.randrange(9)}"
                events = [{"introduced": "0"}, {"fixed": fixed}]
                package = {"ecosystem": rng.choice(list(TYPES)), "name": name}
                affected.append({"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]})
            file.write(json.dumps({"id": f"MADE-UP-{at}", "summary": f"Made up {at}", "affected": affected}) + "\n")
    return path


if __name__ == "__main__":
    main(sys.argv[1:])
