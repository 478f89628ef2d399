"""Which logs did a run leave? Plain files only, the newest first: the folder belongs to a process we do not trust."""

import stat
from pathlib import Path
from typing import Final

FOLDER: Final = "logs"


def logs_in(folder: Path) -> list[Path]:
    """Return the run's .eval files, the newest first; a link or anything else that is no plain file is not one."""
    found = []
    for path in (folder / FOLDER).glob("*.eval"):
        try:
            one = path.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(one.st_mode) and one.st_size:
            found.append((one.st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(found, reverse=True)]
