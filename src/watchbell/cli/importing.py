"""This will read one path for `import`, hand what it holds to the room it belongs to, and add up what came of it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import click

from watchbell.cli import eval_logs
from watchbell.domain.handling import Actor
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.outside.egress import Bounds, Policy, Request, fetch
from watchbell.outside.reader import IMPORT, Member, open_document, visible_controls

PUBLISHED = ("osv", "cve", "csaf", "kev", "epss", "vulnrichment")
FINDINGS = ("findings", "sarif")
"""Two names of one kind: the bytes decide which format it is in."""
ONES_OWN = ("sbom", "csv", *FINDINGS, "vex")
LOGS = ("eval-log",)
MOST_SHOWN = 1000
MIB = 1 << 20
FETCHING = Bounds(total_seconds=600, body_bytes=256 * MIB, inflated_bytes=1024 * MIB)
SAY_AGAIN_AFTER = 0.2
ENDINGS = (".gz", ".zst", ".json", ".xml", ".cdx", ".spdx", ".bom")


@dataclass(slots=True)
class Tally:
    """What came of an import so far; `refusals` holds the first thousand, `refused` counts all."""

    stored: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[tuple[str, Refusal]] = field(default_factory=list)

    def refuse(self, path: str, *refusals: Refusal, count: int = 0) -> None:
        """Count refusals of one path; `count` when there were more than are given."""
        self.refused += count or len(refusals)
        self.refusals += [(path, one) for one in refusals[: MOST_SHOWN - len(self.refusals)]]

    def as_mapping(self, kind: str) -> dict[str, Any]:
        """Return the answer for programs."""
        listed = [{"path": path, **refusal.as_mapping()} for path, refusal in self.refusals]
        counts = {"stored": self.stored, "unchanged": self.unchanged, "refused": self.refused}
        return {"kind": kind, **counts, "refusals": listed}


@dataclass(frozen=True, slots=True)
class Task:
    """One import: of what, as whom, into what, and whom to tell how far it is."""

    kind: str
    by: Actor
    asset: str
    extra_hosts: tuple[str, ...]
    tally: Tally
    progress: "Progress"
    protocol: Any = None
    """The protocol that logs of evaluations are held against."""
    said: str = ""
    """The format that findings are said to be in."""


class Progress:
    """One line on stderr that says how far the import is; nothing at all when stderr is no terminal."""

    def __init__(self, *, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._name = ""
        self._began = self._said_at = 0.0

    def begin(self, name: str) -> None:
        """Start counting another path."""
        self._name, self._began = name, time.monotonic()
        self(0)

    def __call__(self, seen: int) -> None:
        """Say how many items were seen, a few times a second at most."""
        now = time.monotonic()
        if self._is_shown and (not seen or now - self._said_at >= SAY_AGAIN_AFTER):
            self._said_at = now
            rate = f", {seen / (now - self._began):,.0f}/s" if seen and now > self._began else ""
            click.echo(f"\r\x1b[K{visible_controls(self._name)}: {seen:,} read{rate}", err=True, nl=False)

    def end(self) -> None:
        """Clear the line."""
        if self._is_shown and self._name:
            click.echo("\r\x1b[K", err=True, nl=False)


def read(path: str, task: Task) -> None:
    """Read one path and add up; one that cannot be read at all is one refusal, and the next path is read."""
    try:
        if task.kind in PUBLISHED:
            _published(path, task)
            return
        with ExitStack() as stack:
            for name, source in _sources(path, task, stack):
                if task.kind in LOGS:
                    eval_logs.take_in(_where(path, name), name, source, task)
                else:
                    _own(path, name, source, task)
    except Refused as refused:
        task.tally.refuse(path, refused.refusal)
    except OSError as error:
        why = error.strerror or type(error).__name__
        task.tally.refuse(path, Refusal(code="unreadable", message=why, todo="Check that it can be read"))


def _published(path: str, task: Task) -> None:
    from watchbell.apps.vulnerabilities import services
    from watchbell.doors import moment

    place = services.Place(path, _policy(path, task) if is_url(path) else None)
    kind = services.SourceKind(task.kind)
    report = services.import_path(kind, place, by=task.by, now=moment.now(), rng=moment.dice(), progress=task.progress)
    task.tally.stored += report.stored
    task.tally.unchanged += report.unchanged + report.older
    task.tally.refuse(path, *report.refusals, count=report.refused)


def _own(path: str, name: str, source: Path | BinaryIO, task: Task) -> None:
    """Hand each document of one file to its room; one refused as a whole leaves nothing, and the next one is read."""
    try:
        for member in open_document(source, name, IMPORT):
            _hand_over(path, member, task)
            task.progress(task.tally.stored + task.tally.unchanged)
    except Refused as refused:
        task.tally.refuse(_where(path, name), refused.refusal)


def _hand_over(path: str, member: Member, task: Task) -> None:
    load = {**dict.fromkeys(FINDINGS, _findings), "sbom": _bill, "csv": _table, "vex": _statements}[task.kind]
    where = _where(path, member.name)
    try:
        load(where, member.name, member.content(), task)
    except Refused as refused:
        task.tally.refuse(where, refused.refusal)


def _where(path: str, name: str) -> str:
    return path if name == Path(path).name else f"{path}, {name}"


def _findings(where: str, name: str, content: bytes, task: Task) -> None:
    from watchbell.apps.findings import services as findings
    from watchbell.apps.findings.words import Channel, Outcome
    from watchbell.doors import keys, moment, uploads

    upload = uploads.read_upload(content, name=name, channel=Channel.IMPORT, limits=IMPORT, said=task.said)
    now = moment.now()
    received = findings.submit(upload, store=keys.blob_store(), by=task.by, now=now, rng=moment.dice())
    is_new = received.submission.completed_at == now
    for item in received.results:
        if item.refusal is not None:
            task.tally.refuse(where, item.refusal)
        elif item.outcome is Outcome.STORED and is_new:
            task.tally.stored += 1
        else:
            task.tally.unchanged += 1


def _bill(where: str, name: str, content: bytes, task: Task) -> None:
    from watchbell.apps.inventory import services as inventory
    from watchbell.doors import keys, moment

    now, rng, organisation = moment.now(), moment.dice(), str(task.by.organisation)
    if task.asset and (task.tally.stored or task.tally.unchanged):
        todo = "Leave out --asset, and each asset is named after its file"
        raise refuse("one-asset", "an asset has one bill of materials in force, and this is another", todo=todo)
    details = inventory.NewAsset(name=task.asset or _bare(name))
    asset = inventory.add_asset(details, organisation=organisation, by=task.by, now=now, rng=rng)
    received = inventory.Received(content=content, store=keys.blob_store())
    _add(inventory.load_sbom(received, asset=asset, by=task.by, now=now, rng=rng), where, task)


def _table(where: str, name: str, content: bytes, task: Task) -> None:
    from watchbell.apps.inventory import services as inventory
    from watchbell.doors import keys, moment

    received = inventory.Received(content=content, store=keys.blob_store())
    organisation = str(task.by.organisation)
    loaded = inventory.load_csv(received, organisation=organisation, by=task.by, now=moment.now(), rng=moment.dice())
    _add(loaded, where, task)


def _statements(where: str, name: str, content: bytes, task: Task) -> None:
    """Take in one document of statements; what it says and cannot be read as it should is told, and the rest counts."""
    from watchbell.apps.inventory import services as inventory
    from watchbell.doors import moment

    now, rng, organisation = moment.now(), moment.dice(), str(task.by.organisation)
    asset = _asset_named(task.asset, task, now) if task.asset else None
    taken = inventory.import_vex(
        inventory.Received(content=content), organisation=organisation, asset=asset, by=task.by, now=now, rng=rng
    )
    task.tally.stored += taken.is_new
    task.tally.unchanged += not taken.is_new


def _asset_named(name: str, task: Task, now: datetime) -> Any:
    """Return the organisation's asset of this name; a statement adds none."""
    from watchbell.apps.inventory import queries as inventory

    asset = inventory.visible_to(task.by, now=now).filter(name=name.strip()).first()
    if asset is None:
        raise refuse("no-asset", "no asset has this name", place=name, todo="Load its list first, or leave out --asset")
    return asset


def _add(loaded: Any, where: str, task: Task) -> None:
    task.tally.stored += len(loaded.changed)
    task.tally.unchanged += len(loaded.unchanged)
    task.tally.refuse(where, *loaded.refusals)


def _sources(path: str, task: Task, stack: ExitStack) -> Iterator[tuple[str, Path | BinaryIO]]:
    if is_url(path):
        file = cast(BinaryIO, stack.enter_context(tempfile.TemporaryFile()))  # noqa: SIM115 (the stack closes it)
        fetch(Request(url=path), _policy(path, task), into=file, bounds=FETCHING).require_data()
        file.seek(0)
        yield Path(urlsplit(path).path).name or path, file
    elif Path(path).is_dir():
        for where, folders, names in os.walk(path, followlinks=False):
            folders.sort()
            files = (Path(where, name) for name in sorted(names) if not name.startswith("."))
            yield from ((str(file.relative_to(path)), file) for file in files if not file.is_symlink())
    else:
        yield Path(path).name, Path(path)


def _policy(url: str, task: Task) -> Policy:
    """Return the policy that allows this address, typed by the console's own hand, and what the settings allow."""
    parts = urlsplit(url)
    place = f"http://{parts.netloc}" if parts.scheme == "http" else parts.netloc
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return Policy(allowed_hosts=frozenset({place, *task.extra_hosts}), allow_loopback=is_here)


def is_url(path: str) -> bool:
    """Return whether this must be fetched."""
    return path.startswith(("http://", "https://"))


def _bare(name: str) -> str:
    """Return a file's name without its endings: `pump-7.cdx.json.gz` is `pump-7`."""
    bare = Path(name).name
    for ending in ENDINGS:
        bare = bare.removesuffix(ending)
    if not bare:
        raise refuse("no-name", "the file has no name an asset could have", place=name, todo="Say --asset")
    return bare
