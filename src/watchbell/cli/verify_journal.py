"""Is the record whole, and is every entry where it was put? Recomputed with no code shared with the writer.

Reads an export file, or a node's database read-only, and names the first place that
does not hold. Written from `docs/decisions/0004-journal.md`, `0010` beside it, and RFC 9162 alone, so that a
fault in the writer cannot hide itself here; one file on purpose, so that a stranger can
read it in one sitting and run it on a machine that knows nothing else of us.
"""

import argparse
import hashlib
import hmac
import json
import re
import sqlite3
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HASH = re.compile(r"[0-9a-f]{64}")
SIGNATURE = re.compile(r"[0-9a-f]{128}")
LONGEST_LINE = 1 << 20
FEWEST_CONCERNS, FEWEST_VIEWS = 8, 256
HEAD = {"at", "chain", "key", "public_key", "published_for", "root", "signature", "size", "type", "views"}
EXPORT = {"head", "key", "made_at", "organisation", "public_key", "root", "signature", "size", "type", "view"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What an export that held stands for: whose log, how many entries, and the root over them."""

    organisation: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many places were checked, and the first that does not hold, counted as `text` says."""

    checked: int
    first_bad: int | None
    text: str
    keys: frozenset[str] = frozenset()
    kept: Kept | None = None

    @property
    def holds(self) -> bool:
        """Return whether nothing bad was found."""
        return self.first_bad is None

    def as_mapping(self) -> dict[str, object]:
        """Return the verdict as a program reads it."""
        return {
            "holds": self.holds,
            "checked": self.checked,
            "first_bad": self.first_bad,
            "text": self.text,
            "keys": sorted(self.keys),
        }

    def __str__(self) -> str:
        if not self.holds:
            return f"The journal does NOT hold at {self.text}. Keep this copy, and compare it with a backup."
        keys = ", ".join(sorted(self.keys)) or "nobody yet"
        return f"The journal holds: {self.text}. Signed by {keys}; compare with the key you were given."


class Bad(Exception):
    """Something does not hold; the text says what, the place is where the reader stands unless `at` names another."""

    def __init__(self, text: str, *, at: int | None = None) -> None:
        super().__init__(text)
        self.at = at


def require(holds: bool, text: str) -> None:
    """This will raise Bad with this text unless the condition holds."""
    if not holds:
        raise Bad(text)


# ---- bytes ---------------------------------------------------------------------------------------------------------


def sha(*parts: bytes) -> bytes:
    """Return SHA-256 over the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def commit(salt: bytes, body: bytes) -> bytes:
    """Return the commitment to a body: each part after its length in 8 bytes."""
    return sha(len(salt).to_bytes(8, "big"), salt, len(body).to_bytes(8, "big"), body)


def plain(value: object) -> bytes:
    """Return RFC 8785 bytes; enough for what the journal writes: ASCII keys, no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(line: bytes) -> dict[str, Any]:
    """Return the object on this line, which must be written in exactly one way; raises Bad."""

    def no_fraction(text: str) -> float:
        raise ValueError(text)

    try:
        value = json.loads(line, parse_float=no_fraction, parse_constant=no_fraction)  # noqa: TID251 (no shared code)
        is_exact = isinstance(value, dict) and plain(value) + b"\n" == line
    except (ValueError, RecursionError):
        raise Bad("the line is not JSON as the journal writes it") from None
    require(is_exact, "the line is not the canonical form of what it says")
    return dict(value)


def unhex(value: object, pattern: re.Pattern[str] = HASH) -> bytes:
    """Return the bytes of small hexadecimal digits of the right number; raises Bad."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Bad("a hash or signature is not written in small hexadecimal digits of the right number")
    return bytes.fromhex(value)


def number(value: object) -> int:
    """Return a count; raises Bad for anything else, true and false included."""
    if type(value) is not int or value < 0:
        raise Bad("a number is missing or negative")
    return value


def signed(mapping: dict[str, Any], key: bytes) -> bool:
    """Return whether the mapping's signature covers the rest of it."""
    body = {name: value for name, value in mapping.items() if name not in ("signature", "public_key")}
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(unhex(mapping.get("signature"), SIGNATURE), plain(body))
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- trees ---------------------------------------------------------------------------------------------------------


def climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that leaf and path lead to in a tree of this size; raises Bad when the path is no path."""
    if size == 1:
        require(not path and index == 0, "the proof has the wrong length")
        return leaf
    require(bool(path) and 0 <= index < size, "the proof has the wrong length")
    left = 1 << (size - 1).bit_length() - 1
    if index < left:
        return sha(b"\x01", climb(leaf, index, left, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], climb(leaf, index - left, size - left, path[:-1]))


class Growing:
    """A tree that grows by one leaf at a time: complete subtrees, largest first, each with its width."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, commitment: bytes) -> None:
        """This will append the leaf of this commitment and join equal neighbours."""
        width, node = 1, sha(b"\x00", commitment)
        while self._peaks and self._peaks[-1][0] == width:
            node, width = sha(b"\x01", self._peaks.pop()[1], node), width * 2
        self._peaks.append((width, node))
        self.size += 1

    def root(self) -> bytes:
        """Return the root so far."""
        if not self._peaks:
            return sha()
        node = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            node = sha(b"\x01", peak, node)
        return node

    def edge(self) -> bytes:
        """Return the right edge as the node keeps it: the size in 8 bytes, then the peaks, largest first."""
        return self.size.to_bytes(8, "big") + b"".join(node for _, node in self._peaks)


def crowd_leaf(salt: bytes, member: bytes) -> bytes:
    """Return the leaf of one among others: an organisation that an entry concerns, or what a head says of its log."""
    return sha(b"\x00", commit(salt, member))


def crowd_root(secret: bytes, label: bytes, members: Collection[bytes], fewest: int) -> bytes:
    """Return the root over these members, salted, filled up and sorted as the decision says."""
    width = fewest
    while width < len(members):
        width *= 2
    labelled = [(label, member) for member in members]
    labelled += [(b"nobody:", str(at).encode()) for at in range(width - len(members))]
    level = sorted(crowd_leaf(hmac.digest(secret, word + member, "sha256"), member) for word, member in labelled)
    while len(level) > 1:
        level = [sha(b"\x01", level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def opened_root(opening: Any, member: bytes, fewest: int) -> bytes:
    """Return the root that one member's opening leads to; raises Bad for what is no opening."""
    is_whole = isinstance(opening, dict) and opening.keys() == {"index", "path", "salt", "size"}
    require(is_whole, "the opening for this organisation is not whole")
    size = number(opening["size"])
    require(size >= fewest and size & (size - 1) == 0, "the opening is of a tree the journal never makes")
    return climb(crowd_leaf(unhex(opening["salt"]), member), number(opening["index"]), size, _path(opening["path"]))


def view(organisation: str, log: Growing) -> bytes:
    """Return what a head says of one organisation's log."""
    return plain({"organisation": organisation, "root": log.root().hex(), "size": log.size})


# ---- an export -----------------------------------------------------------------------------------------------------


def verify_export(file: BinaryIO, *, trusted: Collection[str] = (), earlier: Kept | None = None) -> Verdict:
    """Return what is wrong with an export, by the number of its first bad line (from 1), or that it holds.

    `earlier` is what an earlier export of the same organisation held: this one must begin with all of it.
    """
    at, reader = 1, _Export(frozenset(trusted), earlier)
    try:
        while line := file.readline(LONGEST_LINE):
            reader.read(line)
            at += 1
        require(reader.is_over, "the export ends here although its signed first line promises more")
    except Bad as bad:
        return Verdict(reader.log.size, at, f"line {at}: {bad}", reader.keys)
    return Verdict(reader.log.size, None, reader.summary(), reader.keys, reader.kept())


class _Export:
    """The lines of an export read so far, each checked on its own and against what the first line promises."""

    def __init__(self, trusted: frozenset[str], earlier: Kept | None) -> None:
        self._trusted = trusted
        self._promised: dict[int, tuple[bytes, str]] = {}
        self._earlier = earlier
        self._size = -1
        self._root = b""
        self._shown = "no head shows any of them yet"
        self.log = Growing()
        self.organisation = ""
        self.keys: frozenset[str] = frozenset()

    @property
    def is_over(self) -> bool:
        """Return whether every promised entry was read."""
        return self.log.size == self._size

    def read(self, line: bytes) -> None:
        """This will check the next line; raises Bad."""
        mapping = parse(line)
        if self._size < 0:
            self._header(mapping)
        else:
            require(not self.is_over, "there is something after the last entry")
            self._entry(mapping)

    def kept(self) -> Kept:
        """Return what a later export has to begin with."""
        return Kept(self.organisation, self.log.size, self.log.root())

    def summary(self) -> str:
        """Return what was found to hold."""
        return f"all {self.log.size} entries that concern organisation {self.organisation}; {self._shown}"

    def _header(self, mapping: dict[str, Any]) -> None:
        is_export = mapping.keys() == EXPORT and mapping["type"] == "watchbell-journal-export-2"
        require(is_export, "this is no export header")
        head = None if mapping["head"] is None else checked_head(mapping["head"])
        self.keys = frozenset(str(one["public_key"]) for one in (mapping, head) if one)
        self.organisation, self._root = str(mapping["organisation"]), unhex(mapping["root"])
        require(not self._trusted or self.keys <= self._trusted, "the key that signed it is not one you trust")
        require(signed(mapping, unhex(mapping["public_key"])), "the header's signature does not fit")
        self._size = number(mapping["size"])
        if mapping["view"] is not None:
            require(head is not None, "something is said of a head that is not there")
            self._view(mapping["view"], head or {})
        self._hold_to(self._earlier)

    def _view(self, shown: Any, head: dict[str, Any]) -> None:
        require(
            isinstance(shown, dict) and shown.keys() == {"opening", "root", "size"}, "what the head says is not whole"
        )
        size, root = number(shown["size"]), unhex(shown["root"])
        said = plain({"organisation": self.organisation, "root": root.hex(), "size": size})
        at_top = opened_root(shown["opening"], said, FEWEST_VIEWS)
        require(at_top == unhex(head["views"]), "the published head does not say this of the organisation's log")
        require(size <= self._size, "the published head counts more entries than the export promises")
        self._promised[size] = root, f"the head of {head['at']} was signed over other entries than these"
        self._shown = f"the head of {head['at']} over {head['size']} places shows {size} of them"

    def _hold_to(self, earlier: Kept | None) -> None:
        if earlier is None:
            return
        require(earlier.organisation == self.organisation, "the earlier export is of another organisation")
        require(earlier.size <= self._size, f"the earlier export held {earlier.size} entries, more than this one")
        text = f"the first {earlier.size} entries are not those of the earlier export"
        if earlier.size in self._promised:
            require(self._promised[earlier.size][0] == earlier.root, text)
        self._promised[earlier.size] = earlier.root, text

    def _entry(self, mapping: dict[str, Any]) -> None:
        require(mapping.keys() == {"concern", "entry", "place", "proof", "salt"}, "this is no entry line")
        place = number(mapping["place"])
        require(place == self.log.size, f"entry {self.log.size} is missing here")
        made = commit(unhex(mapping["salt"]), plain(mapping["entry"]))
        root = climb(sha(b"\x00", made), place, self._size, _path(mapping["proof"]))
        require(root == self._root, f"entry {place} is not what was sealed there")
        entry = mapping["entry"]
        require(isinstance(entry, dict), "this is no entry line")
        concerned = opened_root(mapping["concern"], self.organisation.encode(), FEWEST_CONCERNS)
        require(concerned == unhex(entry.get("concerns")), "the entry does not concern this organisation")
        self.log.add(made)
        promised, text = self._promised.get(self.log.size, (b"", ""))
        require(not text or promised == self.log.root(), text)


def _path(value: object) -> list[bytes]:
    require(isinstance(value, list), "a proof is not a list")
    return [unhex(step) for step in value]  # type: ignore[attr-defined]


def checked_head(head: Any) -> dict[str, Any]:
    """Return a signed head whose signature fits its own key; raises Bad."""
    require(isinstance(head, dict) and head.keys() == HEAD, "this is no head")
    require(head["type"] == "watchbell-journal-head-2", "this is a head of another kind")
    require(signed(head, unhex(head["public_key"])), f"the signature of the head over {head['size']} does not fit")
    return dict(head)


# ---- a database ----------------------------------------------------------------------------------------------------

SEALS = (
    "SELECT s.seq, s.commitment, s.chain, s.padding_salt, e.salt, e.concern_salt, e.public_id, e.action, e.at,"
    " e.actor_kind, e.actor_id, e.organisation_id, e.subject_kind, e.subject_id, e.digests, e.facts"
    " FROM journal_seal s LEFT JOIN journal_entry e ON e.id = s.entry_id ORDER BY s.seq"
)
CONCERNS = (
    "SELECT s.seq, c.organisation_id FROM journal_entryconcern c JOIN journal_seal s ON s.entry_id = c.entry_id"
    " ORDER BY s.seq"
)
HEADS = (
    "SELECT size, root, chain, at, published_for, key_id, public_key, signature, views, views_secret"
    " FROM journal_treehead ORDER BY size, id"
)
OWN_LOGS = "SELECT organisation_id, size, frontier, shown_size, shown_root FROM journal_ownlog"
FENCE = "SELECT next_seq, chain FROM journal_fence"
FORGOTTEN = (
    "SELECT COUNT(*) FROM journal_entry e WHERE NOT EXISTS (SELECT 1 FROM journal_seal s WHERE s.entry_id = e.id)"
    " AND NOT EXISTS (SELECT 1 FROM journal_unsealed u WHERE u.entry_id = e.id)"
)


def verify_database(connection: Any, *, trusted: Collection[str] = (), saved: Iterable[dict[str, Any]] = ()) -> Verdict:
    """Return what is wrong with a node's record, by its first bad place (from 0), or that it holds.

    `connection` is a DB-API connection inside a read-only transaction with one snapshot.
    `saved` are heads kept elsewhere earlier: only they can show that record and heads were rewritten together.
    """
    walk = _Walk(connection, frozenset(trusted))
    try:
        walk.heads = walk.all_heads(saved)
        walk.seals()
        walk.ends()
    except Bad as bad:
        at = walk.tree.size if bad.at is None else bad.at
        return Verdict(walk.tree.size, at, f"place {at}: {bad}", walk.keys)
    return Verdict(walk.tree.size, None, f"{walk.tree.size} places under {walk.head_count} heads", walk.keys)


class _Walk:
    """One pass over the record from its first place: commitment, chain and tree are all made anew."""

    def __init__(self, connection: Any, trusted: frozenset[str]) -> None:
        self._connection = connection
        self._trusted = trusted
        self._chain = bytes(32)
        self._proven = 0
        self._secrets: dict[int, bytes] = {}
        self._logs: dict[str, Growing] = {}
        self._shown: dict[str, tuple[int, bytes]] = {}
        self.tree = Growing()
        self.heads: list[dict[str, Any]] = []
        self.head_count = 0
        self.keys: frozenset[str] = frozenset()

    def rows(self, query: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query, some at a time."""
        cursor = self._connection.cursor()
        cursor.execute(query)
        while page := cursor.fetchmany(1000):
            yield from page

    def all_heads(self, saved: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the node's heads and those kept elsewhere, smallest first."""
        rows = list(self.rows(HEADS))
        heads = [*map(_head_of, rows), *saved]
        self._secrets = {number(row[0]): _bytes(row[-1]) for row in rows}
        self.keys = frozenset(str(head.get("public_key")) for head in heads)
        return sorted(heads, key=lambda head: number(head.get("size")))

    def seals(self) -> None:
        """This will walk every place in order; raises Bad at the first that does not hold."""
        concerns = _Concerns(self.rows(CONCERNS))
        self._check_heads()
        for seq, commitment, chain, padding_salt, *entry in self.rows(SEALS):
            require(seq == self.tree.size, "this place is missing")
            concerned = concerns.of(seq)
            made = _opened(padding_salt, entry, concerned)
            require(made == commitment, "the entry is not what was sealed here")
            following = sha(self._chain, made)
            require(following == chain, "the seal does not hold the one before it")
            self._chain = following
            self.tree.add(made)
            for organisation in concerned:
                self._logs.setdefault(organisation, Growing()).add(made)
            self._check_heads()

    def ends(self) -> None:
        """This will check that nothing is missing at the end; raises Bad."""
        require(not self.heads, "from here on places are missing: a signed head counts more of them")
        fence = next(iter(self.rows(FENCE)), (0, bytes(32)))
        is_last = (fence[0], _bytes(fence[1])) == (self.tree.size, self._chain)
        require(is_last, "the end is not where the sealer stopped: places are missing or were added")
        forgotten = next(iter(self.rows(FORGOTTEN)))[0]
        require(not forgotten, f"{forgotten} entries were taken out of the order: they have no place and wait for none")
        self._own_logs()

    def _own_logs(self) -> None:
        """This will check that each organisation's own log is kept as its entries make it; raises Bad."""
        kept = {str(row[0]): (row[1], _bytes(row[2]), row[3], _bytes(row[4])) for row in self.rows(OWN_LOGS)}
        made = {name: (log.size, log.edge(), *self._shown.get(name, (0, b""))) for name, log in self._logs.items()}
        for name in sorted(kept.keys() | made.keys()):
            require(kept.get(name) == made.get(name), f"the log of organisation {name} is not what its entries make")

    def _check_heads(self) -> None:
        is_proven = False
        while self.heads and self.heads[0]["size"] == self.tree.size:
            head = checked_head(self.heads.pop(0))
            self.head_count += 1
            if self._trusted and head["public_key"] not in self._trusted:
                raise Bad(f"the head over {self.tree.size} is signed by a key you do not trust", at=self._proven)
            if (unhex(head["root"]), unhex(head["chain"])) != (self.tree.root(), self._chain):
                text = f"the head over {self.tree.size} was signed over other entries, from here on at the earliest"
                raise Bad(text, at=self._proven)
            self._views(head)
            is_proven = True
        if is_proven:
            self._proven = self.tree.size

    def _views(self, head: dict[str, Any]) -> None:
        """This will check that a head shows every organisation the log that its entries make; raises Bad."""
        secret = self._secrets.get(self.tree.size)
        if secret is None:
            raise Bad(f"the head over {self.tree.size} that you kept is not among the node's own", at=self._proven)
        said = [view(name, log) for name, log in self._logs.items()]
        is_shown = crowd_root(secret, b"view:", said, FEWEST_VIEWS) == unhex(head["views"])
        require(is_shown, f"the head over {self.tree.size} shows somebody another log than their entries make")
        self._shown = {name: (log.size, log.root()) for name, log in self._logs.items()}


class _Concerns:
    """The organisations each place concerns, read along with the places."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, seq: int) -> list[str]:
        """Return the organisations of this place; places are asked in order."""
        names = []
        while self._next is not None and self._next[0] <= seq:
            if self._next[0] == seq:
                names.append(str(self._next[1]))
            self._next = next(self._rows, None)
        return names


def _opened(padding_salt: Any, entry: Sequence[Any], concerned: Sequence[str]) -> bytes:
    """Return the commitment that padding or entry leads to; raises Bad when there is neither."""
    if padding_salt is not None:
        require(entry[0] is None, "the place is padding and an entry at once")
        return commit(_bytes(padding_salt), b"padding")
    require(entry[0] is not None, "the entry that was sealed here is missing")
    try:
        return _commitment_of(entry, concerned)
    except (ValueError, TypeError, AttributeError):
        raise Bad("the entry cannot be read") from None


def _commitment_of(entry: Sequence[Any], concerned: Sequence[str]) -> bytes:
    salt, secret, public_id, action, at, kind, who, organisation, subject_kind, subject, digests, facts = entry
    body = {
        "action": action,
        "actor": {"id": who, "kind": kind},
        "at": _instant(at),
        "concerns": crowd_root(
            _bytes(secret), b"concern:", [name.encode() for name in concerned], FEWEST_CONCERNS
        ).hex(),
        "digests": _json(digests),
        "facts": _json(facts),
        "id": public_id,
        "organisation": organisation,
        "subject": {"id": subject, "kind": subject_kind},
        "v": 1,
    }
    return commit(_bytes(salt), plain(body))


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | memoryview):
        raise Bad("bytes are missing or of another type")
    return bytes(value)


def _instant(at: Any) -> str:
    """Return a moment in UTC as the record writes it, from a driver's datetime or SQLite's text."""
    text = at if isinstance(at, str) else at.strftime("%Y-%m-%d %H:%M:%S.%f")
    whole, _, fraction = text.partition(".")
    return f"{whole.replace(' ', 'T')}.{fraction:0<6}Z"


def _json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value  # noqa: TID251 (no shared code)
    except ValueError:
        raise Bad("the entry's facts are not JSON") from None


def _head_of(row: Sequence[Any]) -> dict[str, Any]:
    size, root, chain, at, published_for, key, public_key, signature, views, _ = row
    return {
        "at": _instant(at),
        "chain": _bytes(chain).hex(),
        "key": key,
        "public_key": _bytes(public_key).hex(),
        "published_for": _instant(published_for),
        "root": _bytes(root).hex(),
        "signature": _bytes(signature).hex(),
        "size": size,
        "type": "watchbell-journal-head-2",
        "views": _bytes(views).hex(),
    }


def connect(url: str) -> Any:
    """Return a read-only connection with one snapshot to `postgresql://...` or to the path of an SQLite file."""
    if url.startswith(("postgresql://", "postgres://")):
        import psycopg

        server = psycopg.connect(url, options="-c timezone=UTC")
        server.read_only = True
        server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return server
    file = sqlite3.connect(f"{Path(url).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    file.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")  # a flipped bit is a finding, not a crash
    file.execute("BEGIN")
    return file


# ---- the command ---------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything holds, 1 when something does not, 2 when it could not be read."""
    parser = argparse.ArgumentParser(prog="watchbell journal verify", description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, help="an export; without it, the node's database is checked")
    parser.add_argument("--database", metavar="URL", help="check this database instead of the node's own")
    parser.add_argument("--key", action="append", default=[], help="trust only this public key (hexadecimal)")
    parser.add_argument(
        "--earlier", type=Path, metavar="FILE", help="an earlier export, which this one must begin with"
    )
    parser.add_argument("--heads", type=Path, metavar="FILE", help="published heads that you kept earlier")
    chosen = parser.parse_args(arguments)
    try:
        verdict = _verdict(chosen)
    except OSError as error:
        sys.stderr.write(f"The journal could not be read: {error}. Check the path, and that you may read it.\n")
        return 2
    except Bad as error:
        sys.stderr.write(f"The file of kept heads cannot be used: {error}. Take one that this node published.\n")
        return 2
    print(verdict)
    return 0 if verdict.holds else 1


def _verdict(chosen: argparse.Namespace) -> Verdict:
    if chosen.file:
        return verify_file(chosen.file, trusted=chosen.key, earlier=chosen.earlier)
    saved = saved_heads(chosen.heads) if chosen.heads else []
    return verify_at(chosen.database or _own_database(), trusted=chosen.key, saved=saved)


def verify_file(path: Path, *, trusted: Collection[str] = (), earlier: Path | None = None) -> Verdict:
    """Return what is wrong with the export in this file, or that it holds; raises OSError.

    `earlier` is an export made before, which has to hold too, and with which this one must begin.
    """
    kept = None
    if earlier is not None:
        before = verify_file(earlier, trusted=trusted)
        if not before.holds:
            return replace(before, text=f"{before.text}, in the earlier export")
        kept = before.kept
    with path.open("rb") as file:
        return verify_export(file, trusted=trusted, earlier=kept)


def verify_at(url: str, *, trusted: Collection[str] = (), saved: Iterable[dict[str, Any]] = ()) -> Verdict:
    """Return what is wrong with the record in this database, or that it holds; raises OSError."""
    try:
        connection = connect(url)
        try:
            return verify_database(connection, trusted=trusted, saved=saved)
        finally:
            connection.close()
    except Exception as error:
        # psycopg is imported only where PostgreSQL is used, so its errors are told by their module
        if isinstance(error, sqlite3.Error) or type(error).__module__.startswith("psycopg"):
            raise OSError(str(error).strip()) from error
        raise


def saved_heads(path: Path) -> list[dict[str, Any]]:
    """Return the published heads someone kept in this file; raises OSError, or Bad when one is not whole."""
    return [checked_head(parse(line).get("head")) for line in path.read_bytes().splitlines(keepends=True)]


class Place(Protocol):
    """The part of a node's settings that says where its database is."""

    @property
    def database_url(self) -> str:
        """Return the address of PostgreSQL, or nothing."""

    @property
    def sqlite_path(self) -> Path:
        """Return the embedded database's file."""


def verify_node(node: Place, *, trusted: Collection[str] = (), heads: Path | None = None) -> Verdict:
    """Return what is wrong with this node's record, or that it holds; raises OSError, or Bad for unusable heads."""
    saved = saved_heads(heads) if heads else []
    return verify_at(node.database_url or str(node.sqlite_path), trusted=trusted, saved=saved)


def _own_database() -> str:
    import os

    from watchbell.outside.settings import Settings

    settings = Settings.from_env(os.environ)
    return settings.database_url or str(settings.sqlite_path)


if __name__ == "__main__":
    sys.exit(main())
