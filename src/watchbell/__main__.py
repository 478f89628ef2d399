"""Run the command line: `python -m watchbell VERB`."""

from watchbell.cli.main import main

main()
