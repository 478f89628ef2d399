"""Run the command line: `python -m watchbell VERB`."""

from watchbell.cli.start import main

main()
