"""Be the process of one run; the argument is its folder."""

import sys
from pathlib import Path

from watchbell.outside.inspect_runner.child import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
