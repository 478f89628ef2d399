"""Is an engagement's access log whole, and does it fit what its reader kept? Recomputed with no code of its writer's.

Reads a log as the node hands it out and names the first line that does not hold. Written from
`docs/standards/engagement-statements.md` alone, so that a fault in the writer cannot hide itself here; one file on
purpose, so that a stranger can read it in one sitting and run it on a machine that knows nothing else of us.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TYPE = "watchbell-access-log-1"
ANCHORED = "engagement.log_anchored"
HASH, SIGNATURE, ENGAGEMENT = (re.compile(f"[0-9a-f]{{{digits}}}") for digits in (64, 128, 32))
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LONGEST_LINE, LONGEST_NAME, LARGEST = 1 << 20, 200, 2**53 - 1
HEADER = {"chains", "engagement", "key", "lines", "made_at", "public_key", "signature", "type"}
START = bytes(32)


class Bad(Exception):
    """Something does not hold; the text says what, the place is where the reader stands."""


def require(holds: bool, text: str) -> None:
    """This will raise Bad with this text unless the condition holds."""
    if not holds:
        raise Bad(text)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a log that held stands for: the hashes of each chain, one after the other, 32 bytes each."""

    engagement: str
    chains: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the developer's journal says of one chain: after this many entries, its last hash was this."""

    chain: str
    size: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many entries were checked, and the first line (from 1) that does not hold."""

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
            return f"The access log does NOT hold at {self.text}. Keep this copy, and compare it with an earlier one."
        return f"The access log holds: {self.text}. Signed by {', '.join(sorted(self.keys))}; compare with your node's."


# ---- bytes ---------------------------------------------------------------------------------------------------------


def sha(*parts: bytes) -> bytes:
    """Return SHA-256 over the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def plain(value: object) -> bytes:
    """Return RFC 8785 bytes; enough for what a log holds: ASCII names, no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(line: bytes) -> dict[str, Any]:
    """Return the object on this line, which must be written in exactly one way; raises Bad."""

    def no_fraction(text: str) -> float:
        raise ValueError(text)

    try:
        value = json.loads(line, parse_float=no_fraction, parse_constant=no_fraction)  # noqa: TID251 (no shared code)
        is_exact = isinstance(value, dict) and plain(value) + b"\n" == line
    except (ValueError, RecursionError):
        raise Bad("the line is not JSON as a log is written") from None
    require(is_exact, "the line is not the canonical form of what it says")
    return dict(value)


def unhex(value: object, pattern: re.Pattern[str] = HASH) -> bytes:
    """Return the bytes of small hexadecimal digits of the right number; raises Bad."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Bad("a hash, key or signature is not written in small hexadecimal digits of the right number")
    return bytes.fromhex(value)


def number(value: object) -> int:
    """Return a count; raises Bad for anything else, true and false included."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise Bad("a number is missing, negative or too large")
    return value


def name(value: object) -> str:
    """Return the name of a chain; raises Bad for what sorts differently from reader to reader."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isascii():
        raise Bad("the name of a chain is missing, too long or not in ASCII")
    return value


def signed(header: Mapping[str, Any]) -> bool:
    """Return whether the header's signature covers the rest of it."""
    body = {word: value for word, value in header.items() if word not in ("signature", "public_key")}
    try:
        key = Ed25519PublicKey.from_public_bytes(unhex(header["public_key"]))
        key.verify(unhex(header["signature"], SIGNATURE), plain(body))
    except (InvalidSignature, ValueError):
        return False
    return True


def commitment(entry: object) -> bytes:
    """Return what a chain holds of an entry; raises Bad unless it is an object of texts, whole numbers and the like."""
    if not isinstance(entry, dict):
        raise Bad("the entry is not an object")
    for word, value in entry.items():
        is_scalar = value is None or isinstance(value, str | bool) or (type(value) is int and abs(value) <= LARGEST)
        require(is_scalar and word.isascii(), "the entry holds more than texts, whole numbers, true, false and null")
    return sha(plain(entry))


# ---- a log ---------------------------------------------------------------------------------------------------------


def verify_log(
    file: BinaryIO,
    *,
    trusted: Collection[str] = (),
    earlier: Kept | None = None,
    anchors: Mapping[str, Sequence[Anchor]] | None = None,
) -> Verdict:
    """Return what is wrong with a log, by its first bad line, or that it holds.

    `earlier` is what an earlier log of the same engagement held: this one must begin with it, chain by
    chain. `anchors` are those of a journal, by engagement, see `anchors_in`.
    """
    at, log = 1, _Log(frozenset(trusted), earlier, anchors)
    try:
        while line := file.readline(LONGEST_LINE):
            log.read(at, line)
            at += 1
        log.end(at)
    except Bad as bad:
        return Verdict(log.count, at, f"line {at}: {bad}", log.keys)
    return Verdict(log.count, None, log.summary(), log.keys, Kept(log.engagement, log.hashes))


@dataclass(slots=True)
class _Log:
    """The lines read so far, each checked on its own and against what the first line and the reader's copies say."""

    trusted: frozenset[str]
    earlier: Kept | None
    anchors: Mapping[str, Sequence[Anchor]] | None
    engagement: str = ""
    keys: frozenset[str] = frozenset()
    count: int = 0
    hashes: dict[str, bytes] = field(default_factory=dict)
    _lines: int = -1
    _chains: list[tuple[str, int, bytes]] = field(default_factory=list)
    _chain: bytearray = field(default_factory=bytearray)
    _anchored: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    _missing: dict[int, str] = field(default_factory=dict)

    def read(self, at: int, line: bytes) -> None:
        """This will check the next line; raises Bad."""
        self._nothing_missing(at)
        mapping = parse(line)
        if self._lines < 0:
            self._header(mapping)
        else:
            require(self.count < self._lines, "there is something after the last entry")
            self._entry(mapping)

    def end(self, at: int) -> None:
        """This will check that nothing is missing behind the last line; raises Bad."""
        self._nothing_missing(at)
        require(self.count == self._lines, "the log ends here although its signed first line promises more")

    def summary(self) -> str:
        """Return what was found to hold."""
        text = f"all {self.count} entries of {len(self.hashes)} chains about engagement {self.engagement}"
        if self.earlier is not None:
            text += f"; it begins with the earlier log's {sum(map(len, self.earlier.chains.values())) // 32}"
        if self.anchors is not None:
            text += f"; {len(self.anchors.get(self.engagement, ()))} anchors in the journal agree"
        return text

    def _nothing_missing(self, at: int) -> None:
        if at in self._missing:
            raise Bad(self._missing[at])

    def _header(self, header: dict[str, Any]) -> None:
        require(header.keys() == HEADER and header["type"] == TYPE, "this is no first line of an access log")
        unhex(header["engagement"], ENGAGEMENT)
        unhex(header["public_key"])
        self.keys = frozenset({header["public_key"]})
        require(not self.trusted or self.keys <= self.trusted, "the key that signed it is not one you trust")
        require(signed(header), "the signature does not fit")
        is_dated = isinstance(header["made_at"], str) and bool(AT.fullmatch(header["made_at"]))
        require(
            is_dated and isinstance(header["key"], str), "the first line does not say when it was signed, or as what"
        )
        self.engagement = header["engagement"]
        self._promise(header["chains"], number(header["lines"]))
        self._hold_to_earlier()
        self._hold_to_anchors()
        self._skip_empty()

    def _promise(self, chains: object, lines: int) -> None:
        require(isinstance(chains, list), "the chains are not a list")
        for one in chains:  # type: ignore[attr-defined]
            require(isinstance(one, dict) and one.keys() == {"chain", "head", "size"}, "a chain is not whole")
            self._chains.append((name(one["chain"]), number(one["size"]), unhex(one["head"])))
        names = [chain for chain, _, _ in self._chains]
        require(names == sorted(set(names)), "the chains are out of order, or one is named twice")
        require(all(size or head == START for _, size, head in self._chains), "a chain without entries has a head")
        require(sum(size for _, size, _ in self._chains) == lines, "the chains do not add up to the number of lines")
        self._lines = lines
        self.hashes = dict.fromkeys(names, b"")

    def _hold_to_earlier(self) -> None:
        if self.earlier is None:
            return
        require(self.earlier.engagement == self.engagement, "the earlier log is about another engagement")
        for chain, hashes in self.earlier.chains.items():
            size = len(hashes) // 32
            self._must_reach(chain, size, f"the earlier log held {size} entries of chain {chain}, from here on missing")

    def _hold_to_anchors(self) -> None:
        for one in (self.anchors or {}).get(self.engagement, ()):
            require(one.size > 0 or one.head == START, "the journal anchors a head of no entries")
            self._anchored.setdefault((one.chain, one.size), []).append(one.head)
            text = f"the journal anchors {one.size} entries of chain {one.chain}, from here on missing"
            self._must_reach(one.chain, one.size, text)

    def _must_reach(self, chain: str, size: int, text: str) -> None:
        """This will note the line on which entries of a chain would stand that are not promised at all."""
        promised = {one: length for one, length, _ in self._chains}.get(chain, 0)
        if promised < size:
            before = sum(length for one, length, _ in self._chains if one < chain)
            self._missing.setdefault(2 + before + promised, text)

    def _entry(self, mapping: dict[str, Any]) -> None:
        require(mapping.keys() == {"chain", "entry", "hash", "previous", "seq"}, "this is no entry of a log")
        chain, size, head = self._chains[0]
        seq = len(self._chain) // 32
        is_next = mapping["chain"] == chain and number(mapping["seq"]) == seq
        require(is_next, f"entry {seq} of chain {chain} is missing here")
        previous = bytes(self._chain[-32:]) or START
        require(unhex(mapping["previous"]) == previous, "the entry does not follow the one before it")
        made = sha(previous, commitment(mapping["entry"]))
        require(unhex(mapping["hash"]) == made, "the entry is not what was logged here")
        self._chain += made
        self._fits_copies(chain, seq, made)
        require(seq + 1 < size or made == head, f"chain {chain} does not end in the head that was signed")
        self.count += 1
        self._skip_empty()

    def _fits_copies(self, chain: str, seq: int, made: bytes) -> None:
        known = self.earlier.chains.get(chain, b"")[32 * seq : 32 * seq + 32] if self.earlier else b""
        require(known in (b"", made), f"entry {seq} of chain {chain} is another one than in the earlier log")
        text = f"the journal anchors another entry {seq} of chain {chain}, or others before it"
        require(all(head == made for head in self._anchored.get((chain, seq + 1), ())), text)

    def _skip_empty(self) -> None:
        """This will go on to the next chain that has entries to come."""
        while self._chains and len(self._chain) // 32 == self._chains[0][1]:
            self.hashes[self._chains.pop(0)[0]] = bytes(self._chain)
            self._chain = bytearray()


# ---- the developer's own journal -----------------------------------------------------------------------------------


def anchors_in(file: BinaryIO) -> dict[str, list[Anchor]]:
    """Return what a journal's export anchors of access logs, by engagement; raises Bad, naming its line.

    Whether the export itself holds is for `verify_journal` to say, which knows its proofs.
    """
    found: dict[str, list[Anchor]] = {}
    for at, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
        try:
            entry = parse(line).get("entry")
            if isinstance(entry, dict) and entry.get("action") == ANCHORED:
                engagement, anchor = _anchor(entry)
                found.setdefault(engagement, []).append(anchor)
        except Bad as bad:
            raise Bad(f"line {at} of the journal: {bad}") from None
    return found


def _anchor(entry: dict[str, Any]) -> tuple[str, Anchor]:
    subject, facts, digests = (entry.get(part) for part in ("subject", "facts", "digests"))
    if not (isinstance(subject, dict) and isinstance(facts, dict) and isinstance(digests, dict)):
        raise Bad("the anchor is not whole")
    engagement = unhex(subject.get("id"), ENGAGEMENT).hex()
    return engagement, Anchor(name(facts.get("chain")), number(facts.get("size")), unhex(digests.get("head")))


# ---- the command ---------------------------------------------------------------------------------------------------


def is_log(path: Path) -> bool:
    """Return whether the first line of this file says that it is an access log; raises OSError."""
    with path.open("rb") as file:
        return b'"type":"' + TYPE.encode() + b'"' in file.readline(LONGEST_LINE)


def verify_file(
    path: Path, *, trusted: Collection[str] = (), earlier: Path | None = None, journal: Path | None = None
) -> Verdict:
    """Return what is wrong with the log in this file, or that it holds; raises OSError, or Bad for an unusable journal.

    `earlier` is a log handed out before, which has to hold too, and with which this one must begin.
    """
    kept = None
    if earlier is not None:
        before = verify_file(earlier, trusted=trusted)
        if not before.holds:
            return replace(before, text=f"{before.text}, in the earlier log")
        kept = before.kept
    anchors = None
    if journal is not None:
        with journal.open("rb") as file:
            anchors = anchors_in(file)
    with path.open("rb") as file:
        return verify_log(file, trusted=trusted, earlier=kept, anchors=anchors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything holds, 1 when something does not, 2 when it could not be read."""
    parser = argparse.ArgumentParser(prog="verify_access", description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="an access log as the node hands it out")
    parser.add_argument("--key", action="append", default=[], help="trust only this public key (hexadecimal)")
    parser.add_argument("--earlier", type=Path, metavar="FILE", help="an earlier log, which this one must begin with")
    parser.add_argument(
        "--journal", type=Path, metavar="FILE", help="your journal's export; see that it holds with verify_journal"
    )
    chosen = parser.parse_args(arguments)
    try:
        verdict = verify_file(chosen.file, trusted=chosen.key, earlier=chosen.earlier, journal=chosen.journal)
    except (OSError, Bad) as error:
        sys.stderr.write(f"The log could not be verified: {error}. Check the path, and that you may read it.\n")
        return 2
    print(verdict)
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
