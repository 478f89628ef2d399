"""`backup` and `restore`: database and files while the node runs; keys only when asked, and kept apart."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from watchbell import __version__
from watchbell.cli import boot
from watchbell.outside import durable, programs
from watchbell.outside.settings import Settings

MANIFEST = "backup.json"
WAL = ("", "-wal", "-shm", "-journal")


@click.command("backup")
@click.option("--out", required=True, type=click.Path(), help="Folder to create the backup in.")
@click.option("--keys-out", type=click.Path(), help="Copy the keystore too, into this folder of its own: guard it.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def backup_verb(out: str, keys_out: str | None, as_json: bool) -> None:
    """Copy database and files while the node runs."""
    node = boot.boot()
    if keys_out and Path(keys_out).resolve().is_relative_to(Path(out).resolve()):
        raise click.UsageError("Keep the keys apart from what they open: name a folder outside --out.")
    left_out = copy_keys(node.keys, Path(keys_out), but=is_of_an_engagement) if keys_out else 0
    folder = write_backup(node, out)
    sentence = f"Backed up to {folder}."
    if keys_out:
        sentence += (
            f"\nThe keys are in {keys_out}: together with a backup they open all but early access. Engagements' "
        )
        sentence += f"keys are never among them ({left_out} left out): on a restored node those engagements are over."
    answer = {"backup": str(folder), "keys": keys_out or "", "left_out": left_out}
    boot.show(answer, as_json=as_json, sentence=sentence)


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--keys", "keys", type=click.Path(exists=True, file_okay=False), help="The copied keystore to bring back."
)
@click.option("--without-keys", is_flag=True, help="The old keys are lost: make new ones, lose what only they open.")
def restore_verb(folder: str, keys: str | None, without_keys: bool) -> None:
    """Put a backup in place of an empty node; never over one that has data. Safe to run again when it was interrupted.

    The database appears last, as a whole. A mark in the home says that a restore is going on until it is finished:
    no other verb runs on a home that has it, and the same restore goes on where it was killed.
    """
    node = boot.settings()
    manifest = _manifest(Path(folder))
    is_there = _refuse_unfit(node, manifest)
    copied = Path(keys) if keys else None
    _refuse_wrong_keys(node, copied, without_keys=without_keys)
    _mark(node, manifest["made_at"])
    _bring_keys(node, copied)
    copy_files(Path(folder) / "blobs", node.home / "blobs")
    if not is_there:
        _restore_database(node, Path(folder))
    boot.boot(restoring=True)
    from watchbell.cli import node as made

    made.refuse_newer()
    made.build(without_keys=without_keys)
    durable.remove_leftovers(node.home)
    (node.home / boot.UNFINISHED).unlink()
    durable.sync_folder(node.home)
    click.echo(f"Restored the backup of {manifest['made_at']}. Run `watchbell doctor`, then `watchbell serve`.")


def write_backup(node: Settings, out: str | None) -> Path:
    """Return the folder of a fresh, complete backup; it appears under its name only when it is whole.

    The database goes first: every file it names was on the disk before its row was.
    """
    from watchbell.doors import moment

    made_at = moment.now()
    folder = Path(out) if out else node.home / "backups" / made_at.strftime("%Y%m%dT%H%M%S%fZ")
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty; name a new folder.")
    draft = folder.with_name(folder.name + ".part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        for left in unfinished(node):
            shutil.rmtree(left, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with durable.held(draft):
            _copy_database(node, draft)
            copy_files(node.home / "blobs", draft / "blobs")
            _write_manifest(draft, made_at, node)
            os.sync()
            draft.replace(folder)
        durable.sync_folder(folder.parent)
    except (OSError, sqlite3.Error, programs.ProgramFailed) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise click.ClickException(f"No backup was made: {error}. Free some space or choose another folder.") from error
    return folder


def unfinished(node: Settings) -> list[Path]:
    """Return the backups under this home that were killed half way; one that is being made is none of them."""
    return durable.abandoned(path for path in (node.home / "backups").glob("*.part") if path.is_dir())


def is_of_an_engagement(path: Path) -> bool:
    """Return whether this is a key that opens early access: what it sealed must not come back once it is destroyed."""
    from watchbell.apps.engagements.words import OF_ENGAGEMENTS

    return path.suffix == ".key" and path.name.partition("-")[0] in OF_ENGAGEMENTS


def copy_files(source: Path, target: Path, *, but: Callable[[Path], bool] = lambda path: False) -> int:
    """Copy sealed files, except those that are being written or destroyed at this moment; return how many `but` kept.

    What `but` names stays where it is.
    """
    if not source.is_dir():
        return 0
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    left_out = 0
    for path in _files(source):
        if but(path):
            left_out += 1
            continue
        copy = target / path.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = copy.with_name(copy.name + ".part")
        try:
            shutil.copyfile(path, draft)
        except FileNotFoundError:  # destroyed meanwhile
            continue
        draft.chmod(0o600)
        draft.replace(copy)
    return left_out


def copy_keys(source: Path, target: Path, *, but: Callable[[Path], bool] = lambda path: False) -> int:
    """Copy a keystore into a new folder that only its owner can read; return how many keys `but` kept where they are.

    A key is read while it is there or not at all: one that is being destroyed leaves nothing in the copy.
    """
    if target.exists() and any(target.iterdir()):
        raise click.UsageError(f"{target} is not empty; keys are never overwritten. Name a new folder.")
    draft = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        left_out = copy_files(source, draft, but=but)
        os.sync()
        draft.replace(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise click.ClickException(f"The keys were not copied: {error}. Choose another folder.") from error
    return left_out


def _files(source: Path) -> Iterable[Path]:
    for folder, _, names in os.walk(source):
        for path in (Path(folder) / name for name in sorted(names)):
            if not durable.is_leftover(path) and not path.is_symlink():
                yield path


def _copy_database(node: Settings, folder: Path) -> None:
    if node.uses_postgresql:
        place, secret = programs.without_password(node.database_url)
        programs.run(["pg_dump", "-Fc", "--no-owner", "-f", str(folder / "database.dump"), "-d", place], extra=secret)
        return
    # in one step: it reads one state of the write-ahead log while others write, and never starts over
    with (
        closing(sqlite3.connect(node.sqlite_path)) as source,
        closing(sqlite3.connect(folder / "database.sqlite3")) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        healthy = target.execute("PRAGMA quick_check").fetchone()[0]
    if healthy != "ok":
        raise click.ClickException(f"The copy of the database is damaged ({healthy}). Run `watchbell doctor`.")


def _write_manifest(folder: Path, made_at: datetime, node: Settings) -> None:
    manifest = {"made_at": made_at.isoformat(), "version": __version__, "database": _kind(node)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _kind(node: Settings) -> str:
    return "postgresql" if node.uses_postgresql else "sqlite"


def _manifest(folder: Path) -> dict[str, str]:
    from watchbell.domain.refusal import Refused
    from watchbell.formats import strictjson

    try:
        manifest = strictjson.loads((folder / MANIFEST).read_bytes())
        return {name: str(manifest[name]) for name in ("made_at", "version", "database")}
    except FileNotFoundError:
        raise click.UsageError(f"{folder} is not a whole backup: {MANIFEST} is missing.") from None
    except (Refused, TypeError, KeyError):
        raise click.UsageError(f"{folder / MANIFEST} is damaged. Take another backup.") from None


def _refuse_unfit(node: Settings, manifest: dict[str, str]) -> bool:
    """Return whether this very restore had put the database in its place already when it was interrupted.

    Ends the command before anything is written when this backup cannot go into this node.
    """
    if manifest["database"] != _kind(node):
        raise boot.CannotStart(
            f"This is a backup of {manifest['database']}, and this node uses {_kind(node)}. "
            "Set or unset WATCHBELL_DATABASE_URL."
        )
    begun = boot.unfinished(node)
    if begun not in ("", manifest["made_at"]):
        raise boot.CannotStart(
            f"A restore of the backup of {begun} was begun here and not finished. "
            "Run that one again, or name another home."
        )
    there = _data_there(node)
    if there and not begun:
        raise boot.CannotStart(f"There is data in {there}. A restore never overwrites: move it aside, or name another.")
    return bool(there)


def _data_there(node: Settings) -> str:
    """Return where there is data already, or nothing; a write-ahead log left behind would be read into any database."""
    if node.uses_postgresql:
        place, secret = programs.without_password(node.database_url)
        count = "SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace"
        is_empty = _program(["psql", "-XAt", "-d", place, "-c", count], secret).strip() == "0"
        return "" if is_empty else "the database"
    files = [node.sqlite_path.with_name(node.sqlite_path.name + end) for end in WAL]
    return next((str(file) for file in files if file.exists()), "")


def _refuse_wrong_keys(node: Settings, copied: Path | None, *, without_keys: bool) -> None:
    """This will end the command before anything is written when the keys named are not the ones to use."""
    there = node.keys / "wrapping.key"
    if copied is not None and not (copied / "wrapping.key").is_file():
        raise click.UsageError(f"{copied} is no copied keystore: wrapping.key is missing.")
    if there.exists() and copied and there.read_bytes() != (copied / "wrapping.key").read_bytes():
        raise boot.CannotStart(f"{node.keys} holds other keys already. Name another folder with WATCHBELL_KEYS.")
    if not (there.exists() or copied or without_keys):
        raise boot.CannotStart(
            f"There are no keys in {node.keys}, and a backup never holds them. Bring the copied keystore with --keys, "
            "or, if it is lost, say --without-keys: second factors and uploaded files will not open again."
        )


def _mark(node: Settings, made_at: str) -> None:
    from watchbell.cli import node as made

    made.prepare_home(node)
    try:
        durable.write(node.home / boot.UNFINISHED, made_at.encode())
    except OSError as error:
        raise click.ClickException(f"{node.home} cannot be written ({error.strerror}). Choose another home.") from error


def _bring_keys(node: Settings, copied: Path | None) -> None:
    """This will put the keys in their place before anything that needs them; repeat-safe after a kill."""
    from watchbell.cli import node as made

    if copied and not (node.keys / "wrapping.key").exists():
        copy_keys(copied, node.keys)
    made.prepare_folders(node)


def _restore_database(node: Settings, folder: Path) -> None:
    if node.uses_postgresql:
        place, secret = programs.without_password(node.database_url)
        flags = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        _program(["pg_restore", *flags, "-d", place, str(folder / "database.dump")], secret)
        return
    draft = node.sqlite_path.with_suffix(".part")
    shutil.copyfile(folder / "database.sqlite3", draft)
    draft.chmod(0o600)
    os.sync()
    draft.replace(node.sqlite_path)


def _program(command: list[str], secret: dict[str, str]) -> str:
    try:
        return programs.run(command, extra=secret)
    except programs.ProgramFailed as error:
        raise click.ClickException(f"{error} Nothing was changed in the database.") from error
