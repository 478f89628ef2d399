"""Which documents does a CSAF provider list, and since when? ROLIE feeds, changes.csv, index.txt and hash files."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, moments, strictjson
from watchbell.formats.csaf_provider import joined
from watchbell.formats.fields import Json

MOST_LISTED = 500_000
LONGEST_ADDRESS = 1024

_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*\.json")
_DIGITS = {"sha512": 128, "sha256": 64}


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """One document: where it lies, when it last changed as the list writes it ("" when it does not say), its checks."""

    url: str
    changed: str = ""
    hashes: tuple[str, ...] = ()
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of a ROLIE feed; `following` is the address of the next one, "" on the last."""

    entries: tuple[ListedDocument | Refusal, ...]
    following: str = ""


def read_feed(data: bytes, url: str) -> Feed:
    """Return what a ROLIE feed (RFC 8322, in JSON) lists; an entry that cannot be read is a refusal in its place.

    Raises Refused with a JSON pointer when it is no feed.
    """
    document = fields.root(strictjson.loads(data))
    if "feed" not in document:
        raise fields.missing("", "feed")
    feed = fields.mapping(document, "feed")
    entries = fields.items(feed, "entry", "/feed")
    _refuse_too_many(len(entries), "/feed/entry")
    links = dict(_links(feed, "/feed"))
    following = joined(url, links["next"], "/feed/link") if "next" in links else ""
    return Feed(tuple(_entry(one, fields.pointer("/feed/entry", at), url) for at, one in enumerate(entries)), following)


def _entry(one: object, place: str, url: str) -> ListedDocument | Refusal:
    try:
        if not isinstance(one, dict):
            raise fields.wrong_type(place, dict, one)
        return _listed(one, place, url)
    except Refused as refused:
        return refused.refusal


def _listed(one: Json, place: str, url: str) -> ListedDocument:
    links: dict[str, list[str]] = {}
    for rel, href in _links(one, place):
        links.setdefault(rel, []).append(joined(url, href, place))
    content = fields.text(fields.mapping(one, "content", place), "src", fields.pointer(place, "content"))
    address = joined(url, content, place) if content else next(iter(links.get("self", ())), "")
    if not address:
        raise fields.missing(place, "content")
    changed = fields.required_text(one, "updated", place)
    moments.read(changed, place=fields.pointer(place, "updated"))
    return ListedDocument(_kept(address, place), changed[:64], _preferred(links.get("hash", [])), "signature" in links)


def _links(holder: Json, place: str) -> Iterator[tuple[str, str]]:
    for link, where in fields.objects(holder, "link", place):
        href = fields.text(link, "href", where)
        if href:
            yield fields.text(link, "rel", where), href


def _preferred(hashes: list[str]) -> tuple[str, ...]:
    """Return the hash files we can check, the longest digest first."""
    known = [one for one in hashes if one.endswith((".sha512", ".sha256")) and len(one) <= LONGEST_ADDRESS]
    return tuple(sorted(dict.fromkeys(known), key=lambda one: one.endswith(".sha256")))


def read_changes(data: bytes, folder: str) -> Iterator[ListedDocument | Refusal]:
    """Yield what a changes.csv lists: a path and a moment a line, without a heading (7.1.13)."""
    rows = csv.reader(_lines(data, "changes.csv"))
    at = 0
    try:
        for row in rows:
            at = rows.line_num
            yield from _changed(row, at, folder)
    except csv.Error:
        yield Refusal(code="wrong-value", message="The line cannot be read as a table", place=f"line {at + 1}")


def _changed(row: list[str], at: int, folder: str) -> Iterator[ListedDocument | Refusal]:
    if not row:
        return
    place = f"line {at}"
    try:
        if len(row) != 2:
            message = "A line of changes.csv is a path and a moment"
            raise refuse("wrong-value", message, place=place, expected='"2026/a-1.json","2026-01-31T12:00:00Z"')
        moments.read(row[1].strip(), place=place)
        yield _in_folder(row[0].strip(), row[1].strip()[:64], folder, place)
    except Refused as refused:
        yield refused.refusal


def read_index(data: bytes, folder: str, *, changed: str) -> Iterator[ListedDocument | Refusal]:
    """Yield what an index.txt lists: one path a line (7.1.12); it does not say when, so the caller does."""
    for at, line in enumerate(_lines(data, "index.txt"), start=1):
        if not line.strip():
            continue
        try:
            yield _in_folder(line.strip(), changed, folder, f"line {at}")
        except Refused as refused:
            yield refused.refusal


def _lines(data: bytes, name: str) -> list[str]:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise refuse("not-utf8", "the list is not UTF-8", place=name, todo="Ask the provider to correct it") from None
    _refuse_too_many(len(lines), name)
    return lines


def _in_folder(path: str, changed: str, folder: str, place: str) -> ListedDocument:
    path = path.removeprefix("./")
    if not _PATH.fullmatch(path) or "%2e" in path.casefold() or set(path.split("/")) & {"..", "."}:
        message = Sentence("{path} is not the path of a document below this folder", path=repr(path[:60]))
        raise refuse("wrong-value", message, place=place, expected="such as 2026/acme-2026-1.json")
    url = _kept(folder + path, place)
    return ListedDocument(url, changed, (f"{url}.sha512", f"{url}.sha256"))


def _kept(url: str, place: str) -> str:
    if len(url) > LONGEST_ADDRESS - len(".sha512"):
        expected = Sentence("at most {limit} characters", limit=LONGEST_ADDRESS)
        raise refuse("too-long", "The address of a document is too long", place=place, expected=expected)
    return url


def _refuse_too_many(count: int, place: str) -> None:
    if count > MOST_LISTED:
        expected = Sentence("at most {limit}", limit=MOST_LISTED)
        raise refuse("too-many-items", "The list has too many documents", place=place, expected=expected)


def read_hash(data: bytes, url: str) -> tuple[str, str]:
    """Return ("sha512", digits) of a hash file as `sha512sum` writes it (7.1.18); raises Refused for anything else."""
    algorithm = url.rpartition(".")[2]
    first = data[:4096].split(maxsplit=1)
    digits = first[0].decode("ascii", errors="replace").casefold() if first else ""
    if len(digits) != _DIGITS.get(algorithm, 0) or not re.fullmatch(r"[0-9a-f]+", digits):
        message = Sentence("The hash file holds no {algorithm} digest", algorithm=algorithm)
        raise refuse("bad-hash-file", message, place=url, todo="Ask the provider to correct it")
    return algorithm, digits
