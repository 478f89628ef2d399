"""This will import whatever lies at a path or address: a file, a folder, .zip, .gz, .zst, lines or one document."""

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from watchbell.apps.vulnerabilities.listed import CONSOLE_NAMES
from watchbell.apps.vulnerabilities.models import Source, SourceKind
from watchbell.apps.vulnerabilities.services import adp, catalogues, providers, sources
from watchbell.apps.vulnerabilities.services.record_import import READERS, Item, import_records
from watchbell.apps.vulnerabilities.services.reports import Report, Told, silent
from watchbell.apps.vulnerabilities.services.sources import NOTHING_HELD, Answer
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import csaf_provider, strictjson
from watchbell.outside.egress import Bounds, Policy, Request, fetch
from watchbell.outside.reader import IMPORT, Line, Member, ndjson_lines, open_document

MIB = 1024 * 1024
FETCHING = Bounds(total_seconds=1800, first_byte_seconds=60, body_bytes=2048 * MIB, inflated_bytes=8192 * MIB)
MOST_FILES = 500_000
_RECORDS = frozenset({".json", ".ndjson", ".jsonl"})
_BESIDE = frozenset({"delta.json", "deltaLog.json", "recent_activities.json", "provider-metadata.json"})
"""Files that lie beside the records in the repositories of the CVE program and of CSAF providers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read: a path or an http(s) address, and what we know of its freshness."""

    where: str
    policy: Policy | None = None
    held: Answer = NOTHING_HELD

    @property
    def is_url(self) -> bool:
        """Return whether it must be fetched."""
        return self.where.startswith(("http://", "https://"))


def import_path(
    kind: SourceKind,
    place: Place,
    *,
    by: Actor,
    now: datetime,
    rng: Dice,
    source: str = "",
    progress: Told = silent,
) -> Report:
    """Import what lies at `place` and return the counts; the source then counts as read at this moment.

    Raises Refused when nothing can be read there, EgressDenied or EgressFailed when it cannot be
    fetched, OSError when a path cannot be opened. What was stored before stays.
    """
    task = _Task(kind, source or CONSOLE_NAMES[kind], by, now, rng, progress)
    row = sources.ensure_source(name=task.source, kind=kind, rng=rng)
    if kind is SourceKind.CSAF and csaf_provider.is_provider(place.where):
        visit = providers.Visit(place.where, place.policy or Policy(allowed_hosts=frozenset()))
        return providers.read_whole(row, visit, by=by, now=now, rng=rng, progress=progress)
    if not place.is_url:
        report = _read(task, _members(Path(place.where)), Path(place.where).name)
        _alarm_if_a_stump(row, report)
        sources.note_success(row, now=now, answer=Answer(row.etag, row.last_modified))
        return report
    with tempfile.TemporaryFile() as file:
        answer = _fetched(place, file)
        report = Report()
        if answer is not None:
            file.seek(0)
            report = _read(task, open_document(cast(BinaryIO, file), task.source, IMPORT), task.source)
            _alarm_if_a_stump(row, report)
        sources.note_success(row, now=now, answer=answer or place.held)
    return report


@dataclass(frozen=True, slots=True)
class _Task:
    """One import under way."""

    kind: SourceKind
    source: str
    by: Actor
    now: datetime
    rng: Dice
    progress: Told


def _fetched(place: Place, file: BinaryIO) -> Answer | None:
    """Return what the answer says of its freshness, its body in `file`; None when what we hold is current."""
    request = Request(url=place.where, etag=place.held.etag, last_modified=place.held.last_modified)
    answer = fetch(request, place.policy or Policy(allowed_hosts=frozenset()), into=file, bounds=FETCHING)
    answer.require_data()
    return None if answer.is_unchanged else Answer(answer.etag, answer.last_modified)


def _read(task: _Task, members: Iterable[Member], lone: str) -> Report:
    if task.kind in READERS:
        items = _items(members if task.kind is SourceKind.OSV else _of_the_kind(members, lone), lone)
        return import_records(
            task.kind, items, source=task.source, by=task.by, now=task.now, rng=task.rng, progress=task.progress
        )
    report = Report()
    walk = iter(members)
    for member in walk:
        if task.kind is SourceKind.VULNRICHMENT and _looks_like_json(member):
            report.add(_table(task, adp.table(_json_documents(chain((member,), walk)))))
        else:
            report.add(_catalogue(task, member))
    return report


def _looks_like_json(member: Member) -> bool:
    return member.name.endswith((".json", ".md", ".gitignore")) or _head(member).startswith((b"{", b"["))


def _json_documents(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield the JSON objects among these members; a repository's other files are passed over."""
    for member in members:
        if _head(member).startswith(b"{"):
            yield member.stream.read(IMPORT.max_line_bytes)


def _catalogue(task: _Task, member: Member) -> Report:
    if task.kind is SourceKind.KEV:
        content = member.stream.read(IMPORT.max_line_bytes)
        return catalogues.import_kev(
            content, source=task.source, by=task.by, now=task.now, rng=task.rng, progress=task.progress
        )
    try:
        return _table(task, io.TextIOWrapper(member.stream, encoding="utf-8", newline=""))
    except UnicodeDecodeError:
        raise refuse("not-utf8", "the table is not UTF-8", place=member.name, todo="Save it as UTF-8") from None


def _table(task: _Task, lines: Iterable[str]) -> Report:
    read = catalogues.import_epss if task.kind is SourceKind.EPSS else catalogues.import_vulnrichment
    return read(lines, source=task.source, by=task.by, now=task.now, rng=task.rng, progress=task.progress)


def _members(path: Path) -> Iterator[Member]:
    """Yield the documents at a path; a folder's files in the order of their names, links not followed."""
    if not path.is_dir():
        yield from open_document(path, path.name, IMPORT)
        return
    for file in _files(path):
        yield from open_document(file, str(file.relative_to(path)), IMPORT)


def _files(folder: Path) -> Iterator[Path]:
    seen = 0
    for where, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            file = Path(where, name)
            if name.startswith(".") or file.is_symlink():
                continue
            seen += 1
            if seen > MOST_FILES:
                raise refuse(
                    "too-many-members",
                    "the folder has too many files",
                    expected=Sentence("at most {limit}", limit=MOST_FILES),
                )
            yield file


def _of_the_kind(members: Iterable[Member], lone: str) -> Iterator[Member]:
    """Yield what can be a record of a repository's many files; a path given alone is what it is said to be."""
    for member in members:
        name = PurePosixPath(member.name)
        if member.name == lone or (name.suffix in _RECORDS and name.name not in _BESIDE):
            yield member


def _items(members: Iterable[Member], lone: str) -> Iterator[Item]:
    """Yield the records of every document. Raises Refused when the only one breaks off or is no document.

    Of several, one that cannot be read is refused in its place and the next one is read.
    """
    for member in members:
        try:
            yield from _records(member, lone)
        except Refused as refused:
            if member.name == lone:
                raise
            yield member.name, refused.refusal


def _records(member: Member, lone: str) -> Iterator[Item]:
    """Yield a member's records; their places name the member unless it is the whole document."""
    if _is_lines(member):
        for line in ndjson_lines(member.stream, IMPORT):
            place = line.number if member.name == lone else f"{member.name}, line {line.number}"
            yield place, line.content if isinstance(line, Line) else line.refusal
        return
    content = member.stream.read(IMPORT.max_line_bytes + 1)
    if len(content) > IMPORT.max_line_bytes:
        expected = Sentence("at most {limit} bytes", limit=IMPORT.max_line_bytes)
        raise refuse("too-large", "the document is too large", place=member.name, expected=expected)
    if not content.lstrip().startswith(b"["):
        yield member.name, content
        return
    for at, record in enumerate(strictjson.loads(content)):
        yield f"{member.name}, /{at}", strictjson.dumps(record)


def _head(member: Member) -> bytes:
    """Return the beginning of a member without consuming it."""
    head: bytes = member.stream.peek(1)  # type: ignore[attr-defined]
    return head.lstrip()


def _is_lines(member: Member) -> bool:
    """Return whether this is one record a line, not one document laid out over several lines, nor a list.

    It is when a first line ends an object, a second one begins one, or the first is longer than can be seen.
    """
    first, newline, rest = _head(member).partition(b"\n")
    if first.startswith(b"["):
        return False
    return not newline or first.rstrip().endswith(b"}") or rest.lstrip().startswith(b"{")


def _alarm_if_a_stump(source: Source, report: Report) -> None:
    """Raise Refused when a feed brought nothing, or less than half of what it held; nothing is ever removed for it."""
    if report.seen and (source.enabled is False or report.seen * 2 >= source.record_count):
        return
    raise refuse(
        "incomplete",
        Sentence(
            "The source brought {found} records; it held {before}. What was stored before stays",
            found=report.seen,
            before=source.record_count,
        ),
        expected="at least half as many as before",
        todo="Fetch it again later; if this happens again, look at the source's own page",
    )
