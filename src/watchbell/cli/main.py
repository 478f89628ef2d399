"""Every verb of the command line, in one table; the code behind a verb is loaded when it is called."""

import importlib
import sys
import traceback
from collections.abc import Sequence

import click

from watchbell import __version__

VERBS = {
    "demo": ("demo", "Build a fictional node, run the whole river, then serve it."),
    "init": ("node", "Create the database, the keys and the link for the first administrator."),
    "serve": ("serve", "Serve the node's pages and interface."),
    "worker": ("serve", "Run background work (any number, against one PostgreSQL)."),
    "gateway": ("gateway", "Let evaluators call a developer's model without its credential."),
    "upgrade": ("upgrade", "Back up, bring the database to this version, and verify."),
    "backup": ("backup", "Copy database and files while the node runs; keys only when asked."),
    "restore": ("backup", "Put a backup in place of an empty node."),
    "doctor": ("doctor", "Check database, keys, disk, clock, mail and sandbox, and say what to do."),
    "admin": ("admin", "Manage organisations, people, tokens and keys without the web."),
    "import": ("imports", "Read advisories, catalogues, inventories and findings."),
    "snapshot": ("offline", "Make one file of all advisories, for matching without a node."),
    "match": ("offline", "Match lists of what is installed, offline."),
    "fleet": ("fleet", "Export what operators run, and match millions of components at once."),
    "evaluate": ("evaluate", "Run a locked protocol through a gateway; stopped and begun again at will."),
    "submit": ("submit", "Send findings to a node; safe to repeat."),
    "verify-voluntary": ("voluntary", "Try to break each promise V1 to V16, on a scratch node."),
    "journal": ("journal", "Verify or export the sealed record."),
    "key": ("key", "Make a signing key that you hold yourself, and sign with it."),
}
CHECKOUT_ONLY = {
    "test": "Lint, contracts, types and tests (from a checkout).",
    "bench": "Measure against peers and limits (from a checkout).",
}
UNEXPECTED = 70


class Verbs(click.Group):
    """A group whose verbs are named in the table and imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the table's order."""
        return [*VERBS, *CHECKOUT_ONLY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one verb's command."""
        if cmd_name in CHECKOUT_ONLY:
            return _checkout_only(cmd_name)
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"watchbell.cli.{VERBS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_verb")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing any verb."""
        with formatter.section("Verbs"):
            rows = [(verb, words) for verb, (_, words) in VERBS.items()]
            formatter.write_dl([*rows, *CHECKOUT_ONLY.items()])


def _checkout_only(verb: str) -> click.Command:
    @click.command(verb, help=CHECKOUT_ONLY[verb])
    def refuse() -> None:
        raise click.UsageError(f"`{verb}` works only from a checkout: ./watchbell {verb}")

    return refuse


@click.group(cls=Verbs, help="Find, judge, coordinate and fix vulnerabilities in the age of machine-found bugs.")
@click.version_option(__version__, prog_name="watchbell")
def verbs() -> None:
    """Hold the verbs."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; exit 2 on bad usage, 70 on anything unexpected."""
    try:
        verbs.main(args=arguments, prog_name="watchbell", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except Exception as error:
        _say(error)
        sys.exit(UNEXPECTED)


def _say(error: Exception) -> None:
    """Print what happened in one sentence and what to do in another; `python -X dev` shows the trace too."""
    if sys.flags.dev_mode:
        traceback.print_exception(error)
    first = (str(error).strip().splitlines() or [""])[0]
    click.echo(f"watchbell: something unexpected happened ({type(error).__name__}: {first[:300]}).", err=True)
    click.echo("Run `watchbell doctor`; if it finds nothing, please report this.", err=True)
