"""Run `match` or `snapshot`: bad input is 2, anything unexpected 70, and neither is ever mistaken for an answer."""

import gc
import sys
from collections.abc import Sequence
from contextlib import suppress

from watchbell.edge.output import BAD_INPUT

UNEXPECTED, STOPPED = 70, 130


def main(arguments: Sequence[str]) -> int:
    """Run one of the offline verbs and return its exit code."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _say("\nStopped. Nothing was changed.")
        return STOPPED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else BAD_INPUT
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        first = (str(error).strip().splitlines() or [""])[0]
        _say(f"watchbell: something unexpected happened ({type(error).__name__}: {first[:300]}).")
        _say("Please report this, if you may with the file that caused it.")
        return UNEXPECTED


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "match":
        gc.disable()  # what is made from here on lives to the end; a tenth of the time
        from watchbell.edge import run

        return run.match(arguments[1:])
    from watchbell.edge import making

    return making.snapshot(arguments[1:])


def _say(sentence: str) -> None:
    with suppress(OSError):  # the terminal may be gone, and the exit code must not change for it
        sys.stderr.write(sentence.encode("utf-8", "backslashreplace").decode() + "\n")
        sys.stderr.flush()
