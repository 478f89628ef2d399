"""Print the figures of the equipment matcher: `python -m tests.conformance.equipment [--tuned]`.

`--tuned` also lists what went wrong in the tuned half; the held half is never listed.
"""

import sys

from tests.conformance.equipment import figures


def main() -> None:
    """Print both halves."""
    if not figures.ADVISORIES.is_dir():
        sys.exit(f"The advisories are not at {figures.ADVISORIES}; they are not part of this repository.")
    tuned, held = figures.both()
    _say(figures.shown("tuned half", tuned))
    _say(figures.shown("held half", held))
    if "--tuned" in sys.argv[1:]:
        for line, false, missed in tuned.wrong:
            _say(f"{line.machine.shown} {line.machine.version} | false {sorted(false)} | missed {sorted(missed)}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
