"""Run one benchmark, or all: `python -m benchmarks NAME|all`."""

import importlib
import pkgutil
import sys
from pathlib import Path

NAMES = sorted(one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)]) if one.name != "__main__")
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run what is named and return 0, 2 when there is no such benchmark, or 130 when Ctrl-C ended it."""
    wanted = arguments[0] if arguments else ""
    if wanted != "all" and wanted not in NAMES:
        print(f"There is no benchmark named {wanted!r}. Choose one of: all, {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in NAMES if wanted == "all" else [wanted]:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        try:
            module.main(arguments[1:])
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
