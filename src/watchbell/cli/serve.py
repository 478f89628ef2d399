"""`serve` and `worker`: the running node."""

import signal
import threading

import click

from watchbell.cli import boot
from watchbell.cli.beside import GatewayBeside
from watchbell.outside.settings import Settings

LONGEST_STEP_SECONDS = 30


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--gateway-port", default=8010, show_default=True, type=click.IntRange(0, 65535), help="0: no gateway.")
def serve_verb(host: str, port: int, gateway_port: int) -> None:
    """Serve pages and interface; on the embedded database this runs background work, and a gateway when used, too."""
    node = boot.boot()
    refuse_other_schema()
    if node.is_https and not node.trusted_proxies:
        raise boot.CannotStart(
            f"People reach this node at {node.base_url}, but nothing here does TLS. Put a proxy in front and name its "
            "address in WATCHBELL_TRUSTED_PROXIES; see docs/howto/serve.md."
        )
    stop = threading.Event()
    worker = None if node.uses_postgresql else start_worker(stop)
    beside = None if node.uses_postgresql or not gateway_port else GatewayBeside(host, gateway_port)
    try:
        if beside is not None:
            beside.start()
        run_server(node, host, port)
    finally:
        stop.set()
        if beside is not None:
            beside.stop()
        if worker is not None:
            worker.join(timeout=LONGEST_STEP_SECONDS)


@click.command("worker")
def worker_verb() -> None:
    """Run background work until told to stop; any number, against one PostgreSQL."""
    boot.boot()
    refuse_other_schema()
    from watchbell.worker.run import run

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    click.echo("Working. Stop with Ctrl-C.", err=True)
    run(stop)


def refuse_other_schema() -> None:
    """Raise unless database and program are of one version."""
    from watchbell.cli.schema import schema_problem

    if problem := schema_problem():
        raise click.ClickException(problem)


def start_worker(stop: threading.Event) -> threading.Thread:
    """Return a running thread that does the background work until `stop` is set."""
    from watchbell.worker.run import run

    thread = threading.Thread(target=run, args=(stop,), name="worker", daemon=True)
    thread.start()
    return thread


def run_server(node: Settings, host: str, port: int) -> None:
    """This will serve until SIGTERM or SIGINT, then answer what was asked already and return."""
    from django.core.wsgi import get_wsgi_application

    from watchbell.cli.listening import Listener

    try:
        listener = Listener(get_wsgi_application(), host, port, trusted_proxies=node.trusted_proxies)
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"Cannot listen on {host} port {port} ({error}). Choose others with --host and --port."
        ) from error
    click.echo(f"Serving {node.base_url} on {host}:{listener.port}. Stop with Ctrl-C.", err=True)
    listener.run()
