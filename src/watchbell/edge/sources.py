"""This will read whatever lies at a path or address, tell by its content what it is, and hand on what it says.

Files, folders, .zip, .gz, .zst, lines or one document; OSV, CVE, CSAF, KEV, EPSS and
Vulnrichment. What cannot be read is refused in its place and the next one is read.
"""

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.edge.told import Kind, Said, Told, answers_of_cve, of_csaf, of_cve, of_kev, of_osv
from watchbell.formats import csaf_reader, cve, epss, fields, kev, osv, sniff, strictjson, vulnrichment
from watchbell.formats.fields import Json
from watchbell.outside.reader import IMPORT, Line, Member, ndjson_lines, open_document

MIB = 1 << 20
MOST_FILES = 500_000
MOST_SHOWN = 1000
READABLE = (".json", ".ndjson", ".jsonl", ".csv", ".gz", ".zst", ".zip")

Read = Told | Said


@dataclass(slots=True)
class Reading:
    """What was refused so far, and how many records each kind and source brought."""

    refused: int = 0
    passed_over: int = 0
    refusals: list[tuple[str, Refusal]] = field(default_factory=list)
    seen: int = 0
    by_source: dict[tuple[str, str], int] = field(default_factory=dict)

    def refuse(self, where: str, refusal: Refusal) -> None:
        """Count a refusal; the first thousand are kept in words."""
        self.refused += 1
        if len(self.refusals) < MOST_SHOWN:
            self.refusals.append((where, refusal))


def read(place: str, reading: Reading) -> Iterator[Read]:
    """Yield everything that the files at a path or address say; what cannot be read is noted in `reading`.

    Raises Refused, EgressDenied, EgressFailed or OSError when there is nothing to read at all.
    """
    if place.startswith(("http://", "https://")):
        with tempfile.TemporaryFile() as body:
            _fetch(place, cast(BinaryIO, body))
            body.seek(0)
            yield from _members(cast(BinaryIO, body), Path(urlsplit(place).path).name or place, reading)
        return
    path = Path(place)
    if not path.is_dir():
        yield from _members(path, path.name, reading)
        return
    for file in _files(path, reading):
        name = str(file.relative_to(path))
        try:
            yield from _members(file, name, reading)
        except Refused as refused:
            reading.refuse(name, refused.refusal)


def _fetch(url: str, file: BinaryIO) -> None:
    """Fetch what was asked for by hand, and nothing else: one host, vetted, bounded."""
    from watchbell.outside.egress import Bounds, Policy, Request, fetch  # a build from files opens no socket

    parts = urlsplit(url)
    host = f"http://{parts.netloc}" if parts.scheme == "http" else parts.netloc
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    policy = Policy(allowed_hosts=frozenset({host}), allow_loopback=is_here)
    bounds = Bounds(total_seconds=1800, first_byte_seconds=60, body_bytes=2048 * MIB, inflated_bytes=8192 * MIB)
    fetch(Request(url=url), policy, into=file, bounds=bounds).require_data()


def _files(folder: Path, reading: Reading) -> Iterator[Path]:
    seen = 0
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            file = Path(where, name)
            if name.startswith(".") or file.is_symlink():
                continue
            if not name.lower().endswith(READABLE):
                reading.passed_over += 1
                continue
            seen += 1
            if seen > MOST_FILES:
                raise refuse("too-many-members", f"the folder has more than {MOST_FILES} files", place=str(folder))
            yield file


def _members(source: BinaryIO | Path, name: str, reading: Reading) -> Iterator[Read]:
    """Yield what each document of one file says; only a lone document that cannot be read at all raises."""
    found = False
    for member in open_document(source, name, IMPORT):
        if member.name != name and not member.name.lower().endswith(READABLE[:4]):
            reading.passed_over += 1
            continue
        try:
            for one in _documents(member, reading):
                found = True
                yield one
        except Refused as refused:
            if member.name == name and not found:
                raise
            reading.refuse(member.name, refused.refusal)


def _documents(member: Member, reading: Reading) -> Iterator[Read]:
    head: bytes = member.stream.peek(1)  # type: ignore[attr-defined]
    start = head.lstrip()[:1]
    if start not in (b"{", b"["):
        yield from _table(member, head, reading)
    elif start == b"{" and _is_lines(head):
        yield from _lines(member, reading)
    else:
        content = member.stream.read(IMPORT.max_line_bytes * 4 + 1)
        if len(content) > IMPORT.max_line_bytes * 4:
            raise refuse("too-large", "the document is too large", place=member.name)
        document = strictjson.loads(content, max_depth=csaf_reader.DEEPEST)
        if isinstance(document, list):
            for at, one in enumerate(document):
                yield from _soft(one, f"{member.name}, /{at}", reading)
        else:
            yield from _of(fields.root(document), reading)


def _is_lines(head: bytes) -> bool:
    """Return whether this is one record a line: a first line ends an object, or a second one begins one."""
    first, newline, rest = head.lstrip().partition(b"\n")
    return not newline or first.rstrip().endswith(b"}") or rest.lstrip().startswith(b"{")


def _lines(member: Member, reading: Reading) -> Iterator[Read]:
    for line in ndjson_lines(member.stream, IMPORT):
        where = f"{member.name}, line {line.number}"
        if not isinstance(line, Line):
            reading.refuse(where, line.refusal)
            continue
        try:
            document = strictjson.loads(line.content, max_depth=csaf_reader.DEEPEST)
        except Refused as refused:
            reading.refuse(where, refused.refusal)
            continue
        yield from _soft(document, where, reading)


def _soft(document: object, where: str, reading: Reading) -> Iterator[Read]:
    try:
        yield from _of(fields.root(document), reading)
    except Refused as refused:
        reading.refuse(where, refused.refusal)


def _of(document: Json, reading: Reading) -> Iterator[Read]:
    """Yield what one parsed document says, read wholly before anything of it is handed on."""
    reader = _READERS.get(sniff.what_is(document) or "")
    if reader is None:
        expected = "OSV, CVE, CSAF, KEV, EPSS or Vulnrichment"
        raise refuse("wrong-kind", "this is no advisory or catalogue that is read here", place="/", expected=expected)
    found = list(reader(document, reading))
    reading.seen += sum(isinstance(one, Said) or one.kind is not Kind.KEV for one in found)
    yield from found


def _osv(document: Json, reading: Reading) -> Iterator[Read]:
    yield of_osv(osv.read(document))


def _cve(document: Json, reading: Reading) -> Iterator[Read]:
    record = cve.read(document)
    yield of_cve(record)
    yield from answers_of_cve(record)


def _csaf(document: Json, reading: Reading) -> Iterator[Read]:
    found = csaf_reader.read(document)
    if found.status == "draft":
        raise refuse("draft", "the document is a draft, which its issuer does not stand by yet", place="/document")
    yield from of_csaf(found)


def _kev(document: Json, reading: Reading) -> Iterator[Read]:
    catalogue = kev.read(document)
    for at, one in enumerate(catalogue.entries()):
        if isinstance(one, Refused):
            reading.refuse(f"/vulnerabilities/{at}", one.refusal)
            continue
        edition = f"{catalogue.released} {catalogue.version}"
        since = one.added_on.isoformat()
        yield Said(
            kind=Kind.KEV, cve=one.cve, asserter="CISA", since=since, answers={"name": one.name}, edition=edition
        )
        yield of_kev(one, part=at, edition=edition)


_READERS: dict[str, Callable[[Json, Reading], Iterator[Read]]] = {"osv": _osv, "cve": _cve, "csaf": _csaf, "kev": _kev}


def _table(member: Member, head: bytes, reading: Reading) -> Iterator[Read]:
    lines = io.TextIOWrapper(member.stream, encoding="utf-8", newline="")
    try:
        if head.startswith(b"#"):
            yield from _epss(lines, member.name, reading)
        else:
            yield from _vulnrichment(lines, member.name, reading)
    except UnicodeDecodeError:
        raise refuse("not-utf8", "the table is not UTF-8", place=member.name, todo="Save it as UTF-8") from None
    finally:
        lines.detach()


def _epss(lines: Iterator[str], where: str, reading: Reading) -> Iterator[Said]:
    table = epss.read(lines)
    for line, one in table.scores:
        if isinstance(one, Refused):
            reading.refuse(f"{where}, line {line}", one.refusal)
            continue
        reading.seen += 1
        answers: dict[str, str | float | None] = {"probability": one.probability, "percentile": one.percentile}
        day = table.score_date[:10]
        yield Said(kind=Kind.EPSS, cve=one.cve, asserter="FIRST", since=day, answers=answers, edition=table.score_date)


def _vulnrichment(lines: Iterator[str], where: str, reading: Reading) -> Iterator[Said]:
    for line, one in vulnrichment.read(lines):
        if isinstance(one, Refused):
            reading.refuse(f"{where}, line {line}", one.refusal)
            continue
        reading.seen += 1
        answers: dict[str, str | float | None] = {
            "exploitation": one.exploitation,
            "automatable": one.automatable,
            "technical_impact": one.technical_impact,
            "vector": one.vector or None,
        }
        if any(answers.values()):
            yield Said(
                kind=Kind.VULNRICHMENT, cve=one.cve, asserter="CISA-ADP", since=one.assessed_on[:10], answers=answers
            )
