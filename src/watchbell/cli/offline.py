"""Show the offline verbs in the command line's own words; what they take and do is `watchbell.edge`'s."""

import argparse
import sys
from collections.abc import Callable

import click

from watchbell.edge import arguments
from watchbell.edge.main import main


def _shown(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> click.Command:
    """Return the command that lists the parser's options and hands everything on as it was typed."""

    def run(**_given: object) -> None:
        sys.exit(main(sys.argv[1:]))

    parts = [_part(action) for action in parser._actions if action.dest != "help"]
    return click.Command(words[-1], params=parts, callback=run, help=parser.description)


def _part(action: argparse.Action) -> click.Parameter:
    many, required = action.nargs == "+", bool(action.required)
    if not action.option_strings:
        return click.Argument([action.dest], nargs=-1 if many else 1, required=True)
    flag = action.nargs == 0
    kind = click.Choice([str(one) for one in action.choices]) if action.choices else None
    return click.Option(
        [*action.option_strings, action.dest],
        help=action.help,
        required=required,
        is_flag=flag,
        type=kind,
        multiple=many,
    )


def _group() -> click.Group:
    parsers: dict[str, Callable[[], argparse.ArgumentParser]] = {
        "build": arguments.build_parser,
        "info": arguments.info_parser,
    }
    commands = [_shown(make(), ("snapshot", name)) for name, make in parsers.items()]
    return click.Group("snapshot", commands=commands, help="Make or look at a snapshot for `match`.")


match_verb = _shown(arguments.match_parser(), ("match",))
snapshot_verb = _group()
