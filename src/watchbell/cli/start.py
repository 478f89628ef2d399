"""Start the command line; the offline verbs go their own way, without what the others need to start."""

import sys

OFFLINE = ("match", "snapshot")


def main() -> None:
    """Run what was typed."""
    if sys.argv[1:2] and sys.argv[1] in OFFLINE:
        from watchbell.edge.main import main as run

        sys.exit(run(sys.argv[1:]))
    from watchbell.cli.main import main as run_verb

    run_verb()
