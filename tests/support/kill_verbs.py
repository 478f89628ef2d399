"""This will kill `restore`, `backup` and `upgrade` at chosen steps, run them again, and say what was there in between.

Run as a program with a folder for scratch: `python -m tests.support.kill_verbs FOLDER`. Each verb runs in a forked
child. A step is named by what happens to which file: a rename onto it, or a database opened. Embedded database.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

# loaded once here and not again in every child
import cryptography.hazmat.primitives.ciphers.aead
import django.core.management
import pydantic
from tests.support.kill import alone, ask_child

LOADED = (cryptography, django, pydantic)
SEALED_FILES = 3
RENAMED, OPENED = "os.rename", "sqlite3.connect"
Step = tuple[str, str, int]
RESTORE: tuple[Step, ...] = (
    (RENAMED, "/place/keys", 1),
    (RENAMED, "/place/blobs/", 2),
    (RENAMED, "/place/watchbell.sqlite3", 1),
    (OPENED, "/place/watchbell.sqlite3", 1),
)
USED = (RESTORE[0], RESTORE[-1])
REFUSED = 2
BACKUP: tuple[Step, ...] = ((RENAMED, "/out.part/blobs/", 2), (RENAMED, "/out", 1))
UPGRADE: tuple[Step, ...] = ((OPENED, "/node/place/watchbell", 3), (RENAMED, ".part/blobs/", 2))


def main() -> None:
    """Make a node and a whole backup of it, kill each verb at its steps, and print one line of JSON."""
    folder = Path(sys.argv[1])
    node = folder / "node/place"
    node.parent.mkdir()
    ends(node, "init")
    alone(partial(fill, node))
    ends(node, "backup", "--out", str(folder / "whole"), "--keys-out", str(folder / "keys"))
    restore = ("restore", str(folder / "whole"), "--keys", str(folder / "keys"))
    found = {
        "whole": ask_child(partial(state, node)),
        "restore": [killed_restore(folder / f"restore-{at}", step, restore) for at, step in enumerate(RESTORE)],
        "backup": [killed_backup(folder / f"backup-{at}", step, node) for at, step in enumerate(BACKUP)],
        "upgrade": [killed_upgrade(node, step) for step in UPGRADE],
    }
    sys.stdout.write(json.dumps(found) + "\n")


def fill(home: Path) -> None:
    """Seal some files and the record, as uploads and the worker do."""
    os.environ |= {"WATCHBELL_HOME": str(home), "DJANGO_SETTINGS_MODULE": "watchbell.config.settings"}
    django.setup()
    from watchbell.apps.journal import services as journal
    from watchbell.doors import keys

    for number in range(SEALED_FILES):
        keys.blob_store().write(f"file {number}".encode(), key_id=keys.FILES, max_bytes=100)
    journal.seal_everything()


def killed_restore(folder: Path, step: Step, words: tuple[str, ...]) -> dict[str, Any]:
    """Kill a restore into an empty home; try to use what is there, and run it again."""
    home = folder / "place"
    folder.mkdir()
    was_killed = alone(partial(verb, home, *words, dies_at=step), may_be_killed=True)
    between = ask_child(partial(state, home))
    used = ends(home, "doctor") if step in USED else REFUSED
    return {
        "step": step,
        "was_killed": was_killed,
        "between": between,
        "used": used,
        "again": ends(home, *words),
        "after": ask_child(partial(state, home)),
    }


def killed_backup(folder: Path, step: Step, node: Path) -> dict[str, Any]:
    """Kill a backup; say whether it was taken for one, and how the next one under its name went."""
    out = folder / "out"
    folder.mkdir()
    words = ("backup", "--out", str(out))
    was_killed = alone(partial(verb, node, *words, dies_at=step), may_be_killed=True)
    there = out.exists()
    again = ends(node, *words)
    left = sorted(path.name for path in folder.iterdir())
    return {"step": step, "was_killed": was_killed, "there": there, "again": again, "left": left}


def killed_upgrade(node: Path, step: Step) -> dict[str, Any]:
    """Kill an upgrade and run it again."""
    was_killed = alone(partial(verb, node, "upgrade", dies_at=step), may_be_killed=True)
    between = [path.name for path in (node / "backups").glob("*.part")]
    again = ends(node, "upgrade")
    left = [path.name for path in (node / "backups").glob("*.part")]
    return {"step": step, "was_killed": was_killed, "between": between, "again": again, "left": left}


def ends(home: Path, *words: str) -> int:
    """Run a verb to its end in a child and return its exit code."""
    child = os.fork()
    if not child:
        verb(home, *words)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def verb(home: Path, *words: str, dies_at: Step | None = None) -> None:
    """Run one verb of the command line on this node; die by SIGKILL before the step."""
    os.environ["WATCHBELL_HOME"] = str(home)
    os.chdir(home.parent)
    if dies_at:
        sys.addaudithook(deadly(*dies_at))
    from watchbell.cli.main import main as run

    sys.argv = ["watchbell", *words]
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            run()
        except SystemExit as end:
            os._exit(int(end.code or 0))


def deadly(event: str, place: str, number: int) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that kills this process before the n-th such event at such a place."""
    seen = 0

    def watch(happening: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if happening == event and is_at(str(arguments[1 if event == RENAMED else 0]), place):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    return watch


def is_at(path: str, place: str) -> bool:
    """Return whether a path ends with the place, or lies in it where the place ends with a stroke."""
    return place in path if place.endswith(("/", "database", "watchbell")) else path.endswith(place)


def state(home: Path) -> dict[str, Any]:
    """Return what a stranger finds in this home: its record, its files, and what is left over."""
    from watchbell.cli import verify_journal

    database = home / "watchbell.sqlite3"
    verdict = verify_journal.verify_at(str(database)) if database.exists() else None
    sealed = sorted((home / "blobs").glob("??/*")) if (home / "blobs").is_dir() else []
    content = b"".join(path.name.encode() + path.read_bytes() for path in sealed)
    return {
        "database": database.exists(),
        "places": verdict.checked if verdict else 0,
        "holds": verdict.holds if verdict else True,
        "files": hashlib.sha256(content).hexdigest(),
        "leftovers": [path.name for path in home.rglob("*") if path.name.endswith(".part") or ".tmp-" in path.name],
    }


if __name__ == "__main__":
    main()
