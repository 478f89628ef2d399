"""May a task of somebody else's run here, and if not, why not? Told as data, for a list that shows what is greyed out.

Nothing of theirs is imported: `eval.yaml` is read in the other interpreter by its YAML parser's safe loader, and a
task's own file is only parsed. What cannot be known by reading (does it download in its code?) is said as unknown.
"""

import ast
import subprocess
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.refusal import refuse
from watchbell.formats import strictjson
from watchbell.outside.inspect_runner.interpreter import interpreter

MOST_FILE_BYTES: Final = 1 << 20
MOST_ANSWER_BYTES: Final = 16 << 20
SECONDS: Final = 60
_BOXES: Final = ("docker", "k8s", "proxmox", "ec2", "modal", "daytona", "podman", "vagrant", "local")


class Hindrance(StrEnum):
    """Why a task does not run here."""

    PACKAGE = "package"
    DOCKER = "docker"
    DATA = "data"
    HOST = "host"
    UNREADABLE = "unreadable"


@record(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A task of somebody else's. It runs here when nothing hinders it; `about` says more of each hindrance."""

    task: str
    title: str = ""
    version: str = ""
    samples: int = 0
    hindrances: tuple[Hindrance, ...] = ()
    about: tuple[str, ...] = ()

    @property
    def runs_here(self) -> bool:
        """Return whether nothing we can read keeps it from running here."""
        return not self.hindrances


_READ_ALL: Final = """
import json, pathlib, resource, sys, importlib.util
import yaml
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
folder = sys.argv[1]
if not folder:
    found = importlib.util.find_spec("inspect_evals")
    folder = found.submodule_search_locations[0] if found else ""
out = {}
for path in sorted(pathlib.Path(folder).glob("*/eval.yaml")) if folder else []:
    if path.stat().st_size > 1 << 20:
        continue
    try:
        out[path.parent.name] = yaml.safe_load(path.read_text("utf-8"))
    except Exception as error:
        out[path.parent.name] = type(error).__name__
json.dump({"is_there": bool(folder), "evals": out}, sys.stdout, default=str)
"""
_READ_PACKAGES: Final = """
import sys, importlib.util
print("\\n".join(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None))
"""


def listed(folder: Path | None = None, *, python: Path | None = None) -> tuple[Foreign, ...]:
    """Return every task that inspect_evals, or the folder, describes; nothing when it is not installed."""
    said = _asked(python or interpreter(), _READ_ALL, str(folder) if folder else "")
    found = strictjson.loads(said)
    return tuple(one for name, told in found["evals"].items() for one in described(name, told))


def described(name: str, told: Any) -> tuple[Foreign, ...]:
    """Return the tasks of one `eval.yaml`, parsed; anything odd in it is a hindrance, never a guess."""
    if not isinstance(told, Mapping):
        return (_unreadable(f"inspect_evals/{name}", "eval.yaml"),)
    hindrances = dict(_hindrances(told))
    rows = told.get("tasks")
    tasks = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return tuple(
        Foreign(
            task=f"inspect_evals/{_line(row.get('name'))}",
            title=_line(told.get("title")),
            version=_line(told.get("version")),
            samples=count if type(count := row.get("dataset_samples")) is int else 0,
            hindrances=tuple(hindrances),
            about=tuple(hindrances.values()),
        )
        for row in tasks
    ) or (_unreadable(f"inspect_evals/{name}", "eval.yaml"),)


def _hindrances(told: Mapping[str, Any]) -> list[tuple[Hindrance, str]]:
    more = told.get("metadata")
    about: Mapping[str, Any] = more if isinstance(more, Mapping) else {}
    found = []
    if told.get("dependency") or told.get("dependencies"):
        found.append((Hindrance.PACKAGE, _line(told.get("dependency") or told.get("dependencies"))))
    if about.get("sandbox"):
        found.append((Hindrance.DOCKER, _line(about["sandbox"])))
    assets = told.get("external_assets")
    if about.get("requires_internet") or assets:
        rows = assets if isinstance(assets, list) else []
        kinds = sorted({_line(row.get("type")) for row in rows if isinstance(row, Mapping)})
        found.append((Hindrance.DATA, ", ".join(kinds) or "internet"))
    return found


def looked_at(spec: str, *, python: Path | None = None) -> Foreign:
    """Return what can be read of "file.py@task" without running it: its sandbox, and the packages it needs."""
    path, _, name = spec.rpartition("@")
    try:
        data = Path(path).read_bytes()[: MOST_FILE_BYTES + 1]
        tree = ast.parse(data) if len(data) <= MOST_FILE_BYTES else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None or name not in {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}:
        return _unreadable(spec, "file")
    found = dict(_boxes(tree))
    wanted = sorted(_imported(tree))
    if wanted and (lacking := _asked(python or interpreter(), _READ_PACKAGES, *wanted).decode().split()):
        found[Hindrance.PACKAGE] = ", ".join(lacking)
    return Foreign(task=spec, hindrances=tuple(found), about=tuple(found.values()))


def _boxes(tree: ast.AST) -> list[tuple[Hindrance, str]]:
    """Return the sandboxes named in the code, wherever: `local` is this machine itself and is always refused."""
    words = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    named = [one for one in _BOXES if one in words]
    return [(Hindrance.HOST if one == "local" else Hindrance.DOCKER, one) for one in named]


def _imported(tree: ast.AST) -> set[str]:
    plain = {alias.name for one in ast.walk(tree) if isinstance(one, ast.Import) for alias in one.names}
    whole = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module and not one.level}
    return {name.partition(".")[0] for name in plain | whole}


def _asked(python: Path, program: str, *arguments: str) -> bytes:
    done = subprocess.run(  # noqa: S603 (our own program, no shell)
        [str(python), "-I", "-c", program, *arguments],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode or len(done.stdout) > MOST_ANSWER_BYTES:
        raise refuse("cannot-look", "The other interpreter could not read what is installed.")
    return done.stdout


def _unreadable(task: str, what: str) -> Foreign:
    return Foreign(task=task, hindrances=(Hindrance.UNREADABLE,), about=(what,))


def _line(value: Any) -> str:
    """Return any value of theirs as one harmless line."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return " ".join("".join(one if one.isprintable() else " " for one in text[:200]).split())
