"""`gateway`: the process through which evaluators call a developer's model."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from watchbell.cli import boot
from watchbell.cli.serve import refuse_other_schema
from watchbell.outside.settings import Settings

if TYPE_CHECKING:
    from watchbell.gateway.app import Gateway
    from watchbell.gateway.ledger import Ledger
    from watchbell.gateway.limits import Limits


@click.command("gateway")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8010, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def gateway_verb(host: str, port: int) -> None:
    """Serve /v1/chat/completions, /v1/responses, /v1/messages and /v1/models to evaluators with a token."""
    node = boot.boot()
    refuse_other_schema()
    try:
        from watchbell.gateway.limits import Limits
        from watchbell.gateway.serving import listening, serve
    except ImportError as error:
        raise boot.CannotStart(
            "The extra for the gateway is not installed: pip install 'watchbell[gateway]'."
        ) from error
    limits = Limits()
    from watchbell.doors.keys import keystore
    from watchbell.gateway.node_ledger import NodeLedger

    gateway = made(node, NodeLedger(keystore()), limits)
    try:
        sock = listening(host, port)
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host} port {port} ({error}). Choose others with --host and --port."
        ) from error
    click.echo(f"The gateway listens on http://{host}:{sock.getsockname()[1]}. Stop with Ctrl-C.", err=True)
    serve(gateway, sock, limits=limits)


def made(node: Settings, ledger: "Ledger", limits: "Limits") -> "Gateway":
    """Return the gateway of this node. Nobody but this process may look into its memory from now on."""
    from watchbell.doors import moment
    from watchbell.gateway.app import Gateway
    from watchbell.gateway.counter import Counter
    from watchbell.outside.closed import close_memory
    from watchbell.outside.upstream import Endpoints

    close_memory()
    dice = moment.dice()
    counter = Counter(ledger, now=moment.now, rng=dice, limits=limits, around=database_in_reach)
    endpoints = Endpoints(allow=frozenset(node.egress_allow))
    return Gateway(counter, endpoints, now=moment.now, rng=dice, limits=limits)


@contextlib.contextmanager
def database_in_reach() -> Iterator[None]:
    """This will drop connections that are too old or broken, before and after a round of questions."""
    from django.db import close_old_connections

    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
