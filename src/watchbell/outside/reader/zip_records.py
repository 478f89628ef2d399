"""What do the directory and the headers of a zip archive say (PKWARE APPNOTE 6.3.10), and do they agree?"""

import io
import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence

STORED, DEFLATED, ZSTD = 0, 8, 93

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF

_ENCRYPTED = 0x1 | 0x40 | 0x2000
_SIZES_FOLLOW = 0x8
_UTF8 = 0x800
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]|^/|^[A-Za-z]:|(?:^|/)\.\.?(?:/|$)|//")
_MAX_NAME_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies, in bytes from the beginning, and how many entries it has."""

    start: int
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the central directory says of one entry; `packed` and `size` are bytes before and after inflating."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int

    @property
    def is_folder(self) -> bool:
        """Return True for an entry that only names a folder."""
        return self.name.endswith("/")


def find_directory(file: BinaryIO, place: str) -> Directory:
    """Return where the directory is; raises Refused unless there is exactly one way to read the archive's end."""
    total = file.seek(0, io.SEEK_END)
    tail_start = max(0, total - _END.size - _FULL16)
    file.seek(tail_start)
    tail = file.read(_END.size + _FULL16)
    ends = [match.start() for match in re.finditer(b"PK\x05\x06", tail) if _reaches_the_end(tail, match.start())]
    # Two readings of one archive: what one tool vets, another unpacks.
    if len(ends) != 1:
        raise _structure(place, "the archive is cut off or can be read in two ways")
    end = tail_start + ends[0]
    _, disk, first_disk, here, count, size, start, _ = _END.unpack_from(tail, ends[0])
    if _FULL16 in (here, count) or _FULL32 in (size, start) or _has_locator(file, end):
        return _find_directory64(file, end, place)
    if disk or first_disk or here != count or start + size != end:
        raise _structure(place, "the archive's directory is not where the archive says")
    return Directory(start, size, count)


def _reaches_the_end(tail: bytes, at: int) -> bool:
    if at + _END.size > len(tail):
        return False
    comment_size: int = _END.unpack_from(tail, at)[7]
    return at + _END.size + comment_size == len(tail)


def _has_locator(file: BinaryIO, end: int) -> bool:
    if end < _END64_LOCATOR.size:
        return False
    file.seek(end - _END64_LOCATOR.size)
    return file.read(4) == b"PK\x06\x07"


def _find_directory64(file: BinaryIO, end: int, place: str) -> Directory:
    locator_at = end - _END64_LOCATOR.size
    if not _has_locator(file, end):
        raise _structure(place, "the archive's directory is missing")
    file.seek(locator_at)
    _, disk, at, disks = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
    if disk or disks > 1 or at + _END64.size > locator_at:
        raise _structure(place, "the archive's directory is not where the archive says")
    file.seek(at)
    mark, record_size, _, _, this_disk, first_disk, here, count, size, start = _END64.unpack(file.read(_END64.size))
    whole = mark == b"PK\x06\x06" and at + 12 + record_size == locator_at
    if not whole or this_disk or first_disk or here != count or start + size != at:
        raise _structure(place, "the archive's directory is not where the archive says")
    return Directory(start, size, count)


def read_entries(file: BinaryIO, directory: Directory, place: str) -> Iterator[Entry]:
    """Return the entries of the directory in order, each one vetted by itself."""
    position, stop = directory.start, directory.start + directory.size
    for _ in range(directory.count):
        file.seek(position)
        fixed = file.read(_CENTRAL.size)
        if len(fixed) < _CENTRAL.size or not fixed.startswith(b"PK\x01\x02"):
            raise _structure(place, "the archive's directory is damaged")
        fields = _CENTRAL.unpack(fixed)
        name_size, extra_size, comment_size = fields[10:13]
        variable = file.read(name_size + extra_size)
        position += _CENTRAL.size + name_size + extra_size + comment_size
        if position > stop or len(variable) != name_size + extra_size:
            raise _structure(place, "the archive's directory is damaged")
        yield _entry(fields, variable[:name_size], variable[name_size:])
    if position != stop:
        raise _structure(place, "the archive's directory has more in it than the archive says")


def _entry(fields: tuple[int, ...], raw_name: bytes, extra: bytes) -> Entry:
    flags, method, checksum, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
    offset = fields[16]
    name = _decoded(raw_name, flags)
    wide = _wide_sizes(extra, (size, packed, offset), name)
    entry = Entry(name, raw_name, flags, method, checksum, wide[1], wide[0], wide[2])
    if flags & _ENCRYPTED:
        raise _unfit("zip-encrypted", "the entry is encrypted", name)
    if method not in (STORED, DEFLATED, ZSTD):
        raise _unfit("zip-method", Sentence("the entry is packed with method {method}", method=method), name)
    mode = fields[15] >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _unfit("zip-special", "the entry is a link or a device, not a file", name)
    stored_sizes_differ = method == STORED and entry.packed != entry.size
    if fields[13] or stored_sizes_differ or (entry.is_folder and entry.size):
        raise _unfit("zip-lies", "what the archive says of this entry cannot be true", name)
    return entry


def _decoded(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError as error:
        raise _unfit("zip-path", "the entry's name is not valid UTF-8", ascii(raw)) from error
    if not name or len(raw) > _MAX_NAME_BYTES or _BAD_NAME.search(name):
        shown = ascii(name[:100])[1:-1]
        raise _unfit("zip-path", "the entry's name is no plain path below a folder", shown)
    return name


def _wide_sizes(extra: bytes, narrow: tuple[int, ...], name: str) -> list[int]:
    """Return the values with those that stand at 2^32 - 1 taken from the zip64 field, in its fixed order."""
    values = list(narrow)
    if _FULL32 not in values:
        return values
    wide = _extra_field(extra, 1, name)
    for index, value in enumerate(values):
        if value == _FULL32:
            if len(wide) < 8:
                raise _unfit("zip-structure", "the entry's size is missing", name)
            values[index] = int.from_bytes(wide[:8], "little")
            wide = wide[8:]
    return values


def _extra_field(extra: bytes, wanted: int, name: str) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<2H", extra, at)
        if tag == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    raise _unfit("zip-structure", "the entry's size is missing", name)


def check_local_header(file: BinaryIO, entry: Entry) -> int:
    """Return the byte at which the entry's data begins; raises Refused when its header and the directory differ."""
    file.seek(entry.offset)
    fixed = file.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(b"PK\x03\x04"):
        raise _unfit("zip-mismatch", "the entry is not where the archive's directory says", entry.name)
    _, _, flags, method, _, _, checksum, packed, size, name_size, extra_size = _LOCAL.unpack(fixed)
    variable = file.read(name_size + extra_size)
    raw_name, extra = variable[:name_size], variable[name_size:]
    same = len(variable) == name_size + extra_size and raw_name == entry.raw_name and method == entry.method
    same = same and not (flags ^ entry.flags) & ~0x6
    if same and not flags & _SIZES_FOLLOW:
        local = _wide_sizes(extra, (size, packed), entry.name)
        same = (checksum, *local) == (entry.checksum, entry.size, entry.packed)
    if not same:
        raise _unfit("zip-mismatch", "the entry's header and the archive's directory differ", entry.name)
    return entry.offset + _LOCAL.size + len(variable)


def _structure(place: str, message: str) -> Refused:
    return refuse("zip-structure", message, place=place, expected="A plain zip in one piece", todo="Fetch it again")


def _unfit(code: str, message: str, name: str) -> Refused:
    return refuse(
        code,
        message,
        place=f"member {name}",
        expected="Plain files, stored, deflated or zstd, under relative names",
        todo="Pack the documents again with a common zip tool",
    )
