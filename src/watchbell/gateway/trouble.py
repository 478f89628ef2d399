"""What is written down when something unexpected happens? Which kind of error and where, never its words."""

import json
import logging
import traceback
from pathlib import Path

log = logging.getLogger("watchbell.gateway")

FRAMES = 4


def say_unexpected(reference: str, error: BaseException) -> None:
    """This will log an error without its text, which may quote what was asked or answered."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    log.error(json.dumps({"reference": reference, "says": "unexpected", "error": type(error).__name__, "at": where}))
