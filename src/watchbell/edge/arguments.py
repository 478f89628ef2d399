"""What the two offline verbs take: one table of options, read by argparse here and shown by the command line's help."""

import argparse

from watchbell.edge.plain_words import EXPOSED, FAIL_ON, FORMATS

MATCH = """Match lists of what is installed against a snapshot, on this machine, without network or node. Reads
CycloneDX, SPDX, lock files, package databases and CSV. Exit 0: all assessed, nothing affected; 1: something affected;
2: bad input; 4: nothing affected, but something could not be assessed."""
BUILD = """Make one snapshot out of OSV, CVE, CSAF, KEV, EPSS and Vulnrichment: files, folders, .zip, .gz, .zst, NDJSON
or URLs. Exit 3 when something was refused; everything else is in the snapshot all the same."""
INFO = "Show what a snapshot was made from, how much is in it and when it was built."


def match_parser() -> argparse.ArgumentParser:
    """Return the parser of `match`."""
    parser = argparse.ArgumentParser(prog="watchbell match", description=MATCH, allow_abbrev=False)
    parser.add_argument("sboms", nargs="+", metavar="SBOM", help="A list of what is installed.")
    parser.add_argument("--snapshot", required=True, metavar="FILE", help="Made by `watchbell snapshot build`.")
    parser.add_argument("--format", choices=FORMATS, default="table", help="How to print the answer.")
    parser.add_argument("--vex", nargs="+", action="extend", default=[], metavar="FILE", help="VEX statements.")
    parser.add_argument("--exposed", choices=EXPOSED, help="Reachable from the internet? Left out: counts as yes.")
    parser.add_argument("--fail-on", choices=FAIL_ON, default="any", help="`affected`: 4 becomes 0.")
    parser.add_argument(
        "--distro", default="", metavar="RELEASE", help="Release of a dpkg, rpm or apk list: debian-12."
    )
    return parser


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `snapshot build`."""
    parser = argparse.ArgumentParser(prog="watchbell snapshot build", description=BUILD, allow_abbrev=False)
    parser.add_argument("--from", dest="places", nargs="+", action="extend", required=True, metavar="PATH|URL",
                        help="What to read.")  # fmt: skip
    parser.add_argument("--out", required=True, metavar="FILE", help="Where to put the snapshot.")
    parser.add_argument("--json", action="store_true", help="Print the counts and refusals as JSON.")
    return parser


def info_parser() -> argparse.ArgumentParser:
    """Return the parser of `snapshot info`."""
    parser = argparse.ArgumentParser(prog="watchbell snapshot info", description=INFO, allow_abbrev=False)
    parser.add_argument("file", metavar="FILE", help="A snapshot.")
    parser.add_argument("--json", action="store_true", help="Print it as JSON.")
    return parser
