"""Read an archive that came out of a sandbox: into memory, never onto a disk, and only what is plain in it.

The whole archive is refused at the first entry that is no plain file or folder, has a name that leads elsewhere or
comes twice, or does not fit: whoever made one such entry meant it.
"""

import hashlib
import io
import tarfile
import zlib
from typing import Final

from watchbell.domain.refusal import Refused
from watchbell.outside.reader.limits import Budget
from watchbell.outside.reader.limits import Limits as ReaderLimits
from watchbell.outside.reader.zips import ZipArchive
from watchbell.outside.sandbox.interface import MIB, NotTaken, Taken
from watchbell.outside.sandbox.names import checked

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


def unpacked(data: bytes, *, files: int = 100, most: int = 16 * MIB) -> tuple[Taken, ...]:
    """Return the files of a tar, tar.gz or zip, sorted by name. Raises NotTaken."""
    found = _zip(data, files, most) if data.startswith(_ZIP) else _tar(_inflated(data, most), files, most)
    return tuple(
        Taken(name=name, data=found[name], sha256=hashlib.sha256(found[name]).hexdigest()) for name in sorted(found)
    )


def _zip(data: bytes, files: int, most: int) -> dict[str, bytes]:
    limits = ReaderLimits(max_bytes=most, max_inflated_bytes=most, max_members=files)
    try:
        archive = ZipArchive(io.BytesIO(data), Budget(limits, "archive"))
        return {checked(entry.name): b"".join(archive.pieces(entry)) for entry in archive.entries}
    except Refused as error:
        raise NotTaken(f"The archive is not taken: {error}") from error


def _inflated(data: bytes, most: int) -> bytes:
    if not data.startswith(_GZIP):
        return data
    inflater = zlib.decompressobj(wbits=31)
    try:
        whole = inflater.decompress(data, 2 * most + MIB)
    except zlib.error as error:
        raise NotTaken("The archive is not taken: it is damaged.") from error
    if not inflater.eof or inflater.unused_data:
        raise NotTaken("The archive is not taken: it is cut short, grows too large, or has something behind its end.")
    return whole


def _tar(data: bytes, files: int, most: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left, seen = most, 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                seen += 1
                if seen > files:
                    raise NotTaken(f"The archive is not taken: it has more than {files} entries.")
                if member.isdir():
                    checked(member.name)
                    continue
                found |= {_new_name(member, found): _content(archive, member, left)}
                left -= member.size
    except (tarfile.TarError, OSError, ValueError, OverflowError, UnicodeError) as error:
        raise NotTaken("The archive is not taken: it is damaged, or no archive that we know.") from error
    return found


def _new_name(member: tarfile.TarInfo, found: dict[str, bytes]) -> str:
    name = checked(member.name)
    if not member.isreg() or member.issparse():
        raise NotTaken(f"The archive is not taken: {name!a} is no plain file.")
    if name.casefold() in {one.casefold() for one in found}:
        raise NotTaken(f"The archive is not taken: {name!a} comes twice.")
    return name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, left: int) -> bytes:
    file = archive.extractfile(member)
    if file is None or not 0 <= member.size <= left:
        raise NotTaken(f"The archive is not taken: {member.name!a} is larger than what is left for it.")
    data = file.read(member.size)
    if len(data) != member.size:
        raise NotTaken(f"The archive is not taken: it ends within {member.name!a}.")
    return data
