"""A small CSAF provider of our own on this machine: good by default, and as bad as a test tells it to be."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from watchbell.outside.egress import Policy

METADATA = "/.well-known/csaf/provider-metadata.json"
FEED = "/csaf/feed-tlp-white.json"


@dataclass
class Answer:
    """What one path answers; `conditional` answers 304 to whoever holds its ETag."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_conditional: bool = False


@dataclass
class Provider:
    """Documents with their moments, and every path that answers; `asked` remembers them in order."""

    address: str = ""
    role: str = "csaf_provider"
    documents: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    paths: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before_answering: Callable[[str], None] = lambda path: None

    @property
    def policy(self) -> Policy:
        return Policy(allowed_hosts=frozenset({self.address}), allow_loopback=True)

    def put(self, name: str, updated: str, document: dict[str, Any], *, hashed: bool = True) -> None:
        """Publish a document, with its hash file unless told otherwise, in the feed and the folder."""
        body = json.dumps(document).encode()
        self.documents[name] = (updated, document)
        self.paths[f"/csaf/{name}"] = Answer(body)
        if hashed:
            digest = hashlib.sha512(body).hexdigest()
            self.paths[f"/csaf/{name}.sha512"] = Answer(f"{digest}  {name.rpartition('/')[2]}\n".encode())
        self.list_them()

    def list_them(self) -> None:
        """Write the metadata, the feed, changes.csv and index.txt anew."""
        feeds = [{"summary": "All", "tlp_label": "WHITE", "url": f"{self.address}{FEED}"}]
        self.describe([{"directory_url": f"{self.address}/csaf"}, {"rolie": {"feeds": feeds}}])
        self.feed([self.entry(name) for name in self.documents])
        newest = sorted(self.documents.items(), key=lambda pair: pair[1][0], reverse=True)
        lines = "".join(f'"{name}","{updated}"\n' for name, (updated, _) in newest)
        self.paths["/csaf/changes.csv"] = Answer(lines.encode(), headers={"Content-Type": "text/csv"})
        self.paths["/csaf/index.txt"] = Answer("".join(f"{name}\n" for name, _ in newest).encode())

    def describe(self, distributions: list[dict[str, Any]]) -> None:
        publisher = {"category": "vendor", "name": "Acme", "namespace": "https://acme.example"}
        body = {
            "canonical_url": f"{self.address}{METADATA}", "last_updated": "2030-01-01T00:00:00Z",
            "metadata_version": "2.0", "role": self.role, "publisher": publisher, "distributions": distributions,
        }  # fmt: skip
        self.paths[METADATA] = Answer(json.dumps(body).encode())

    def feed(self, entries: list[dict[str, Any]], path: str = FEED, *links: dict[str, str]) -> None:
        feed = {"id": "white", "title": "Acme", "updated": "2030-01-01T00:00:00Z", "entry": entries, "link": links}
        body = json.dumps({"feed": feed}).encode()
        etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        self.paths[path] = Answer(body, headers={"ETag": etag}, is_conditional=True)

    def entry(self, name: str) -> dict[str, Any]:
        url = f"{self.address}/csaf/{name}"
        links = [{"rel": "self", "href": url}, {"rel": "signature", "href": f"{url}.asc"}]
        if f"/csaf/{name}.sha512" in self.paths:
            links.append({"rel": "hash", "href": f"{url}.sha512"})
        return {
            "id": name, "title": name, "link": links, "published": "2030-01-01T00:00:00Z",
            "updated": self.documents[name][0], "content": {"type": "application/json", "src": url},
        }  # fmt: skip

    def asked_for(self, part: str) -> list[str]:
        """Return the paths that were asked for and hold this part, and forget everything that was asked."""
        found = [path for path in self.asked if part in path]
        self.asked.clear()
        return found


@contextmanager
def serving() -> Iterator[Provider]:
    """Run a provider without documents on a free port of this machine."""
    held = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.path)
            held.before_answering(self.path)
            answer = held.paths.get(self.path, Answer(status=404))
            etag = answer.headers.get("ETag", "")
            is_held = answer.is_conditional and etag == self.headers.get("If-None-Match")
            body = b"" if is_held else answer.body
            self.send_response(304 if is_held else answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may have hung up
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
