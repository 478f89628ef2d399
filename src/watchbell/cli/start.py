"""Start the command line; the offline verbs go their own way, without what the others need to start."""

import os
import sys

OFFLINE = ("match", "snapshot")


def main() -> None:
    """Run what was typed."""
    if sys.argv[1:2] and sys.argv[1] in OFFLINE:
        try:
            from watchbell.edge.main import main as run

            code = run(sys.argv[1:])
            sys.stdout.flush()
        except KeyboardInterrupt:  # before or after `run` could say so
            code = 130
        except OSError:  # a full disk, or a terminal that went away: never to be taken for an answer
            code = 70
        os._exit(code)  # taking the interpreter down in order costs a tenth of an offline match, for nothing
    from watchbell.cli.main import main as run_verb

    run_verb()
