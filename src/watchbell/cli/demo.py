"""`demo`: a fictional node built from nothing, the whole river told on it, then served on loopback."""

import json
import os
import shutil
import socket
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import click

from watchbell.outside.settings import Settings

MARK = "made-by-watchbell-demo"


@click.command("demo")
@click.option("--dir", "folder", default="var/demo", show_default=True, type=click.Path(file_okay=False))
@click.option("--port", default=0, type=int, help="Port to serve on; a free one by default.")
@click.option("--data", type=click.Path(exists=True, file_okay=False), help="Also import real data from this folder.")
@click.option("--once", is_flag=True, help="Stop after the river.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and a second one when serving.")
def demo_verb(folder: str, port: int, data: str | None, once: bool, as_json: bool) -> None:
    """Build a fictional node, run the whole river through the services everyone uses, then serve it."""
    home = Path(folder).absolute()
    port = port or free_port()
    model_url = "" if once else _rehearsal()
    node = _fresh(home, port, model_url)
    from watchbell.cli import boot
    from watchbell.cli import node as nodes

    nodes.prepare_folders(node)
    boot.boot()
    nodes.build()
    from watchbell.demo.story import Story, tell
    from watchbell.demo.telling import Telling
    from watchbell.doors import moment

    story = Story(Telling(aloud=not as_json), ends_at=moment.now(), rng=moment.dice(), model_url=model_url)
    try:
        tell(story)
        if data:
            from watchbell.demo.real_data import import_all

            import_all(Path(data), story)
    except Exception:
        if as_json:
            click.echo(story.telling.as_json())
        raise
    if as_json:
        click.echo(story.telling.as_json())
    if not once:
        _serve(node, port, story, as_json=as_json)


def free_port() -> int:
    """Return a port of loopback that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _rehearsal() -> str:
    """Start an endpoint without a model behind it, and return where it is."""
    from watchbell.gateway.rehearsal import Rehearsal

    return Rehearsal().start()


def _fresh(home: Path, port: int, model_url: str) -> Settings:
    """Return the settings of an empty demo node; a folder that is not a demo's is never emptied."""
    if home.exists() and any(home.iterdir()):
        if not (home / MARK).exists():
            raise click.UsageError(f"{home} is not empty and was not made by the demo. Name another folder with --dir.")
        shutil.rmtree(home)
    home.mkdir(mode=0o700, parents=True)
    (home / MARK).touch()
    for name in [name for name in os.environ if name.startswith("WATCHBELL_")]:
        del os.environ[name]
    os.environ["WATCHBELL_HOME"] = str(home)
    os.environ["WATCHBELL_BASE_URL"] = f"http://localhost:{port}"
    os.environ["WATCHBELL_GATEWAY_URL"] = f"http://127.0.0.1:{free_port()}"
    if model_url:
        os.environ["WATCHBELL_EGRESS_ALLOW"] = model_url
    return Settings.from_env(os.environ)


def _serve(node: Settings, port: int, story: object, *, as_json: bool) -> None:
    from watchbell.cli.beside import GatewayBeside
    from watchbell.cli.serve import run_server, start_worker
    from watchbell.demo.story import Story

    assert isinstance(story, Story)
    stop = threading.Event()
    worker = start_worker(stop)
    gateway = node.gateway_url
    beside = GatewayBeside("127.0.0.1", gateway_port := urlsplit(gateway).port or 0)
    beside.start()
    if as_json:
        announced = {
            "serving": node.base_url,
            "sign_ins": [asdict(one) for one in story.sign_ins],
            "gateway": gateway,
            "gateway_token": story.gateway_token,
        }
        threading.Thread(target=_announce, args=([port, gateway_port], announced), daemon=True).start()
    else:
        click.echo(f"\nServing {node.base_url} (this machine only; stop with Ctrl-C). Sign in as:")
        for one in story.sign_ins:
            click.echo(f"  {one.role:12} {one.email:28} {one.password}  authenticator key {one.totp_secret}")
        click.echo(f"The evaluator calls the model at {gateway}/v1 with the token {story.gateway_token}")
    try:
        run_server(node, "127.0.0.1", port)
    finally:
        stop.set()
        beside.stop()
        worker.join(timeout=20)


def _announce(ports: list[int], announced: dict[str, object]) -> None:
    """Print the second line as soon as node and gateway answer."""
    for port in ports:
        for _ in range(200):
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            threading.Event().wait(0.05)
    print(json.dumps(announced), flush=True)
    sys.stdout.flush()
