"""This will open a snapshot: unpacked once into a cache, checked every time, read-only.

The name in the cache is the digest of what is inside, so several programs may unpack at
once and one that is killed leaves nothing that counts. Where no cache can be written, a
temporary file serves this one run.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from watchbell.edge.footer import Footer
from watchbell.edge.layout import FOOTER_BYTES, KEYS, MOST_BYTES, TABLES
from watchbell.edge.trouble import CannotUse

CHUNK = 1 << 18
KEPT = 4
"""Unpacked snapshots that stay in the cache, those used last."""

_BUILD_AGAIN = "Build it again with `watchbell snapshot build`, or copy it again from where it came"


@contextmanager
def opened(path: str, env: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    """Give the snapshot as a read-only database with room for temporary tables. Raises CannotUse."""
    footer = _checked(path)
    folder = cache_folder(env)
    place, is_kept = _unpacked(path, footer, folder)
    try:
        db = _connected(place, path)
        try:
            _require_ours(db, path)
            yield db
        except sqlite3.Error as error:
            if is_kept:
                _forget(place)  # whatever became of it, the next run unpacks it anew
            raise CannotUse(f"{path} cannot be read ({error}). Run the command again, or build it again.") from error
        finally:
            db.close()
    finally:
        if not is_kept:
            _forget(place)


def cache_folder(env: Mapping[str, str]) -> str:
    """Return where unpacked snapshots are kept: under WATCHBELL_HOME, else where the user's caches are; "" for none."""
    if env.get("WATCHBELL_HOME"):
        return os.path.join(env["WATCHBELL_HOME"], "cache", "snapshots")
    base = env.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = env.get("HOME", "")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return os.path.join(base, "watchbell", "snapshots") if base else ""


def _checked(path: str) -> Footer:
    """Return the footer of a file that is a whole snapshot."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - FOOTER_BYTES, 0))
            footer = Footer.read(file.read(FOOTER_BYTES))
            if footer is None or footer.packed != size - FOOTER_BYTES or not 0 < footer.size <= MOST_BYTES:
                raise CannotUse(f"{path} is no snapshot, or not a whole one, or from another version. {_BUILD_AGAIN}.")
            file.seek(0)
            check, left = 0, footer.packed
            while left and (piece := file.read(min(left, CHUNK))):
                check, left = zlib.crc32(piece, check), left - len(piece)
    except OSError as error:
        raise CannotUse(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    if left or check != footer.check:
        raise CannotUse(f"{path} is damaged. {_BUILD_AGAIN}.")
    return footer


def _unpacked(path: str, footer: Footer, folder: str) -> tuple[str, bool]:
    """Return where the database lies, and whether it stays there."""
    if folder:
        kept = os.path.join(folder, f"{footer.digest}.sqlite3")
        try:
            if os.stat(kept).st_size == footer.size:
                os.utime(kept)
                return kept, True
        except OSError:
            pass
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            _unpack(path, footer, kept)
        except OSError:
            pass
        else:
            _prune(folder, kept)
            return kept, True
    import tempfile

    descriptor, place = tempfile.mkstemp(prefix="watchbell-snapshot-")
    os.close(descriptor)
    try:
        _unpack(path, footer, place)
    except OSError as error:
        _forget(place)
        raise CannotUse(f"{path} cannot be unpacked: {error.strerror}. Make room, or set WATCHBELL_HOME.") from error
    return place, False


def _unpack(path: str, footer: Footer, target: str) -> None:
    """Unpack into a file beside the target and put it there in one step. Raises CannotUse, OSError."""
    import hashlib

    import zstandard

    temp = f"{target}.{os.getpid()}-{os.urandom(8).hex()}"
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(path, "rb") as packed, os.fdopen(descriptor, "wb") as file:
            reader = zstandard.ZstdDecompressor().stream_reader(packed, read_size=CHUNK)
            while size <= footer.size and (piece := reader.read(CHUNK)):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if size != footer.size or digest.hexdigest() != footer.digest:
            raise CannotUse(f"{path} is damaged. {_BUILD_AGAIN}.")
        os.replace(temp, target)
    except zstandard.ZstdError as error:
        raise CannotUse(f"{path} is damaged ({error}). {_BUILD_AGAIN}.") from error
    finally:
        _forget(temp)


def _prune(folder: str, kept: str) -> None:
    """Remove what was not used for longest, and what killed programs left; who has a file open keeps it."""
    try:
        with os.scandir(folder) as entries:
            others = sorted((one.stat().st_mtime, one.path) for one in entries if one.path != kept)
    except OSError:
        return
    newest = others[-1][0] if others else 0.0
    for at, path in others[: max(len(others) - KEPT + 1, 0)]:
        if path.endswith(".sqlite3") or at < newest - 3600:
            _forget(path)


def _forget(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _connected(place: str, path: str) -> sqlite3.Connection:
    quoted = place.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        db = sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True, isolation_level=None)
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error as error:
        raise CannotUse(f"{path} cannot be opened ({error}). {_BUILD_AGAIN}.") from error
    return db


def _require_ours(db: sqlite3.Connection, path: str) -> None:
    """Raise CannotUse for a database with other tables than ours, or keys that this version does not compare."""
    found = {row[0] for row in db.execute("SELECT sql FROM main.sqlite_master WHERE sql IS NOT NULL")}
    if found != set(TABLES):
        raise CannotUse(f"{path} is no snapshot of this version. {_BUILD_AGAIN}.")
    meta = dict(db.execute("SELECT name, value FROM main.meta"))
    wrong = [name for name, value in KEYS.items() if meta.get(name) != value]
    if wrong or not {"id", "built_at", "ecosystems"} <= meta.keys():
        raise CannotUse(f"{path} was built by another version ({', '.join(wrong)}). {_BUILD_AGAIN}.")
