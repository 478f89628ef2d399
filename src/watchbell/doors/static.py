"""Which files does the node serve by itself? A fixed table read once at the start; nothing else can be reached."""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseNotModified
from django.http.response import HttpResponseBase

PREFIX = "/static/"
SOURCES = (("watchbell.web", "static", ""), ("django_htmx", "static/django_htmx", "htmx/"))
SERVED = (".css", ".js", ".svg", ".png", ".ico", ".woff2")
YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file's bytes, plain and compressed, and the digest its address carries."""

    content: bytes
    packed: bytes
    kind: str
    digest: str


@cache
def table() -> dict[str, StaticFile]:
    """Return every static file by name, read once."""
    found: dict[str, StaticFile] = {}
    for package, folder, prefix in SOURCES:
        root: Traversable = files(package)
        for part in folder.split("/"):
            root = root / part
        for name, content in _walk(root, prefix):
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            digest = hashlib.sha256(content).hexdigest()[:16]
            found[name] = StaticFile(content, gzip.compress(content, mtime=0), kind, digest)
    return found


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found.extend(_walk(entry, f"{prefix}{entry.name}/"))
        elif entry.name.endswith(SERVED):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def url(name: str) -> str:
    """Return the address of a static file, with its digest so that browsers may keep it; raises KeyError."""
    return f"{PREFIX}{name}?v={table()[name].digest}"


class StaticFiles:
    """This will answer requests under /static/ from the table and pass everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve a known file, or say it is not there."""
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        file = table().get(request.path.removeprefix(PREFIX))
        if file is None or request.method not in ("GET", "HEAD"):
            return HttpResponseNotFound("There is no such file here.", content_type="text/plain")
        etag = f'"{file.digest}"'
        if request.headers.get("If-None-Match") == etag:
            return HttpResponseNotModified(headers={"ETag": etag, "Cache-Control": YEAR})
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        response = HttpResponse(file.packed if packed else file.content, content_type=file.kind)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = YEAR if request.GET.get("v") == file.digest else "no-cache"
        response.headers["Vary"] = "Accept-Encoding"
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response
