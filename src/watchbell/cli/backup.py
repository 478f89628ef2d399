"""`backup` and `restore`: database and files while the node runs; keys only when asked, and apart."""

import json
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

import click

from watchbell import __version__
from watchbell.cli import boot
from watchbell.outside import programs
from watchbell.outside.settings import Settings

MANIFEST = "backup.json"


@click.command("backup")
@click.option("--out", required=True, type=click.Path(), help="Folder to create the backup in.")
@click.option("--with-keys", is_flag=True, help="Copy the keystore too, into its own folder: guard it.")
def backup_verb(out: str, with_keys: bool) -> None:
    """Copy database and files while the node runs."""
    node = boot.boot()
    folder = write_backup(node, out)
    if with_keys:
        shutil.copytree(node.keys, folder / "keys")
        (folder / "keys").chmod(0o700)
        click.echo("This backup holds the keys: whoever has it can read everything.", err=True)
    click.echo(f"Backed up to {folder}.")


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
def restore_verb(folder: str) -> None:
    """Put a backup in place of an empty node; never over one that has data."""
    node = boot.settings()
    manifest = _manifest(Path(folder))
    if node.uses_postgresql:
        programs.run(
            ["pg_restore", "--no-owner", "--exit-on-error", "-d", node.database_url, f"{folder}/database.dump"]
        )
    else:
        _restore_sqlite(node, Path(folder))
    for name in ("blobs", "keys"):
        source, target = Path(folder) / name, node.keys if name == "keys" else node.home / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
    boot.boot()
    from watchbell.cli.node import build

    build()
    click.echo(f"Restored the backup of {manifest['made_at']}. Run `watchbell doctor`, then `watchbell serve`.")


def write_backup(node: Settings, out: str | None) -> Path:
    """Return the folder of a fresh, complete backup; it appears under its name only when it is whole."""
    from watchbell.doors import moment

    made_at = moment.now()
    folder = Path(out) if out else node.home / "backups" / made_at.strftime("%Y%m%dT%H%M%SZ")
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty; name a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _copy_database(node, draft)
    if (node.home / "blobs").is_dir():
        shutil.copytree(node.home / "blobs", draft / "blobs")
    _write_manifest(draft, made_at, node)
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
    return folder


def _copy_database(node: Settings, folder: Path) -> None:
    if node.uses_postgresql:
        programs.run(["pg_dump", "-Fc", "--no-owner", "-f", str(folder / "database.dump"), node.database_url])
        return
    with sqlite3.connect(node.sqlite_path) as source, sqlite3.connect(folder / "database.sqlite3") as target:
        source.backup(target, pages=2000, sleep=0.005)
        healthy = target.execute("PRAGMA quick_check").fetchone()[0]
    if healthy != "ok":
        raise click.ClickException(f"The copy of the database is damaged ({healthy}); nothing was kept.")


def _write_manifest(folder: Path, made_at: datetime, node: Settings) -> None:
    manifest = {
        "made_at": made_at.isoformat(),
        "version": __version__,
        "database": "postgresql" if node.uses_postgresql else "sqlite",
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _manifest(folder: Path) -> dict[str, str]:
    from watchbell.formats import strictjson

    try:
        manifest: dict[str, str] = strictjson.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise click.UsageError(f"{folder} is not a whole backup: {MANIFEST} is missing.") from None
    return manifest


def _restore_sqlite(node: Settings, folder: Path) -> None:
    if node.sqlite_path.exists():
        raise click.UsageError(f"{node.sqlite_path} exists. Move the node aside first; a restore never overwrites.")
    node.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = node.sqlite_path.with_suffix(".part")
    shutil.copyfile(folder / "database.sqlite3", draft)
    draft.rename(node.sqlite_path)
