"""`serve` and `worker`: the running node."""

import signal
import threading
from types import FrameType

import click

from watchbell.cli import boot
from watchbell.outside.settings import Settings

THREADS = 16
CONNECTIONS = 2000
LARGEST_BODY = 1 << 30


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=int)
def serve_verb(host: str, port: int) -> None:
    """Serve pages and interface; on the embedded database this runs the background work too."""
    node = boot.boot()
    refuse_other_schema()
    stop = threading.Event()
    worker = None if node.uses_postgresql else start_worker(stop)
    click.echo(f"Serving {node.base_url} on {host}:{port}. Stop with Ctrl-C.", err=True)
    try:
        run_server(node, host, port)
    finally:
        stop.set()
        if worker:
            worker.join(timeout=30)


@click.command("worker")
def worker_verb() -> None:
    """Run background work until told to stop."""
    boot.boot()
    refuse_other_schema()
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    from watchbell.worker.run import run

    run(stop)


def refuse_other_schema() -> None:
    """Raise unless database and program are of one version."""
    from watchbell.cli.node import schema_problem

    if problem := schema_problem():
        raise click.ClickException(problem)


def start_worker(stop: threading.Event) -> threading.Thread:
    """Return a running thread that does the background work until `stop` is set."""
    from watchbell.worker.run import run

    thread = threading.Thread(target=run, args=(stop,), name="worker", daemon=True)
    thread.start()
    return thread


def run_server(node: Settings, host: str, port: int) -> None:
    """This will serve until interrupted. Bodies are buffered before a thread is taken, so slow senders stop nobody."""
    import waitress
    from django.core.wsgi import get_wsgi_application

    proxies = {}
    if node.trusted_proxies:
        proxies = {
            "trusted_proxy": node.trusted_proxies[0],
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
            "clear_untrusted_proxy_headers": True,
        }
    waitress.serve(
        get_wsgi_application(),
        host=host,
        port=port,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=60,
        cleanup_interval=10,
        max_request_body_size=LARGEST_BODY,
        inbuf_overflow=1 << 20,
        asyncore_use_poll=True,
        ident=None,
        clear_untrusted_proxy_headers=proxies.pop("clear_untrusted_proxy_headers", True),
        **proxies,
    )
