"""A throwaway node of its own, for tests that start and kill processes: home, keys, fresh database, a server."""

import fcntl
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from tests.support import machine, scratch

ROOT = machine.ROOT
LONGEST_RUN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Node:
    """Where one throwaway node lives; `database_url` is empty for SQLite under its home."""

    home: Path
    database_url: str = ""

    @property
    def database(self) -> str:
        """Return what a stranger needs to read the database: an address or a path."""
        return self.database_url or str(self.home / "watchbell.sqlite3")

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a process on this node, and of no other node."""
        clean = machine.without_node(os.environ)
        clean |= {"WATCHBELL_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "watchbell.config.settings"}
        clean |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(machine.BYTECODE)}
        if self.database_url:
            clean |= {"WATCHBELL_DATABASE_URL": self.database_url, "WATCHBELL_KEYS_SHARED": "yes"}
        return clean

    def watchbell(self, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run one verb of the command line on this node, as a keeper would, and return how it ended."""
        return subprocess.run(
            [sys.executable, "-m", "watchbell", *words],
            cwd=self.home,
            env=self.environment | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN_SECONDS,
            check=False,
        )

    def answer(self, *words: str) -> Any:
        """Run one verb with --json and return what it answers; raises unless it ended well."""
        done = self.watchbell(*words, "--json")
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout)  # noqa: TID251 (what our own process printed)

    def make(self) -> str:
        """Bring this node where `init` brings it and return the first administrator's link.

        Every node of a test run but the first is a copy of it; not on a server of a test's own.
        """
        server = os.environ.get("WATCHBELL_DATABASE_URL", "")
        if self.database_url and urlsplit(self.database_url).netloc != urlsplit(server).netloc:
            return str(self.answer("init")["admin_link"])
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        home = Path(scratch.home) / f"first-node-{run}"
        first = Node(home, _database(server, f"watchbell_first_{run}") if self.database_url else "")
        link = home / "first-link"
        with open(f"{home}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not link.exists():
                first._begin(link)
            if self.database_url:
                _copy_database(first.database_url, self.database_url)
        shutil.copytree(home, self.home, dirs_exist_ok=True, ignore=shutil.ignore_patterns(link.name))
        return link.read_text(encoding="utf-8")

    def _begin(self, link: Path) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700)
        if self.database_url:
            _on_server(self.database_url, f"DROP DATABASE IF EXISTS {_name(self.database_url)} WITH (FORCE)")
            _on_server(self.database_url, f"CREATE DATABASE {_name(self.database_url)}")
            scratch.AT_THE_END.append(lambda: self._forget(link))
        link.write_text(self.answer("init")["admin_link"], encoding="utf-8")

    def _forget(self, link: Path) -> None:
        """Leave no database behind; another process of the run that still wants a node makes the first one anew."""
        with open(f"{self.home}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            link.unlink(missing_ok=True)
            _on_server(self.database_url, f"DROP DATABASE IF EXISTS {_name(self.database_url)} WITH (FORCE)")

    def run(self, module: str, *arguments: str, seconds: int = LONGEST_RUN_SECONDS) -> Any:
        """Run a module of ours in a process on this node and return the JSON on its last line; raises on failure."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
        return json.loads(done.stdout.splitlines()[-1])  # noqa: TID251 (what our own process printed)


@dataclass(frozen=True, slots=True)
class Served:
    """A node that serves on loopback in a process of its own."""

    node: Node
    process: "subprocess.Popen[str]"
    port: int

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, seconds: float = 60, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (small letters) and body of one answer; underscores in header names become hyphens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return response.status, told, response.read()
        finally:
            connection.close()

    def join(self, link: str, password: str = "correct horse battery staple") -> None:
        """Open a one-time link as a person would, in the browser, and join; raises when it is not accepted."""
        parts = urlsplit(link)
        path = f"{parts.path}?{parts.query}"
        status, headers, page = self.ask(path)
        assert status == 200, page[-2000:]
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        answers = {"display_name": "Somebody", "password": password, "again": password}
        form = urlencode({"csrfmiddlewaretoken": token[1].decode(), **answers}).encode()
        status, _, page = self.ask(
            path,
            method="POST",
            body=form,
            Content_Type="application/x-www-form-urlencoded",
            Cookie=headers["set-cookie"].partition(";")[0],
        )
        assert status == 302, page[-2000:]

    def newcomer(self, name: str, kind: str, *scopes: str) -> tuple[str, str]:
        """Set up an organisation with one owner who joins by the link; return its id and a token of these scopes."""
        organisation = self.node.answer("admin", "org", name, "--kind", kind)["id"]
        email = f"owner@{name.lower().replace(' ', '-')}.example.org"
        self.join(self.node.answer("admin", "person", email, "--org", organisation, "--role", "owner")["link"])
        asked = [word for scope in scopes for word in ("--scope", scope)]
        return organisation, self.node.answer("admin", "token", email, "--org", organisation, *asked)["token"]

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Tell the server to stop and return its exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


@contextmanager
def served(node: Node, *words: str, **settings: str) -> Iterator[Served]:
    """Start `serve` on a free port and hand it over once it answers; the process is gone at the end."""
    log = node.home.parent / f"{node.home.name}-serve.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchbell", "serve", "--port", "0", *words],
            cwd=node.home,
            env=node.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )
    try:
        yield Served(node, process, _port_of(process, log))
    finally:
        process.kill()
        process.wait(timeout=30)


def _port_of(process: "subprocess.Popen[str]", log: Path) -> int:
    """Return the port the server says it listens on; raises when it ended instead."""
    until = time.monotonic() + LONGEST_RUN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if said := re.search(r"^Serving \S+ on \S+:(\d+)\.", log.read_text(encoding="utf-8"), re.MULTILINE):
            return int(said[1])
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8")[-4000:] or "the server said nothing")


@contextmanager
def throwaway(home: Path) -> Iterator[Node]:
    """Make a node on the kind of database this test run uses; its database is dropped at the end."""
    home.mkdir(parents=True, exist_ok=True)
    server = os.environ.get("WATCHBELL_DATABASE_URL", "")
    if not server:
        yield Node(home)
        return
    url = _database(server, f"watchbell_node_{secrets.token_hex(6)}")
    _on_server(url, f"CREATE DATABASE {_name(url)}")
    try:
        yield Node(home, url)
    finally:
        _on_server(url, f"DROP DATABASE {_name(url)} WITH (FORCE)")


def _database(server: str, name: str) -> str:
    """Return the address of a database of this name on a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _copy_database(first: str, other: str) -> None:
    """Put a copy of the first database, to which nobody is connected, into the place of another."""
    _on_server(other, f"DROP DATABASE {_name(other)} WITH (FORCE)")
    _on_server(other, f"CREATE DATABASE {_name(other)} TEMPLATE {_name(first)}")


def _on_server(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(_database(url, "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
