"""What goes out and what comes back, with the bounds both keep."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from watchbell.domain.sentence import Sentence
from watchbell.outside.egress.refusals import denied, failed

MIB = 1024 * 1024

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset(
    (
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "te",
        "upgrade",
        "expect",
        "trailer",
    )
)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long and how much: seconds and bytes. Drips are cut at `total_seconds`, whatever has come by then."""

    connect_seconds: float = 5.0
    first_byte_seconds: float = 30.0
    total_seconds: float = 120.0
    head_bytes: int = 64 * 1024
    head_fields: int = 100
    body_bytes: int = 64 * MIB
    inflated_bytes: int = 256 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; headers and body never show in its repr, because they may hold credentials.

    `etag` and `last_modified` are those of the answer we hold already: a
    server with nothing newer answers 304 (RFC 9110, section 13).
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    etag: str = ""
    last_modified: str = ""

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise denied(
                "egress-method",
                "this method is not one we send",
                "",
                expected=Sentence("one of {known}", known=tuple(sorted(_METHODS))),
            )
        conditions = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        for name, value in (*self.headers.items(), *conditions.items()):
            if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _OURS:
                raise denied(
                    "egress-header", "a header of the request cannot be sent", name[:40] if name.isascii() else ""
                )

    def head(self, *, path: str, authority: str) -> bytes:
        """Return the request's first lines as they go over the wire."""
        fields = {"Host": authority, "User-Agent": "Watchbell", "Accept-Encoding": "gzip", "Connection": "close"}
        fields.update(self.headers)
        if self.etag:
            fields["If-None-Match"] = self.etag
        if self.last_modified:
            fields["If-Modified-Since"] = self.last_modified
        if self.body or self.method in ("POST", "PUT"):
            fields["Content-Length"] = str(len(self.body))
        lines = [f"{self.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. `headers` have lower-case names; `body` is empty when it was written to a file instead.

    `size` is the body's length after decompression. A redirect is an answer
    like any other: it is reported and never followed.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    size: int
    place: str

    @property
    def is_unchanged(self) -> bool:
        """Return True when the server says that what we hold is still current."""
        return self.status == 304

    @property
    def etag(self) -> str:
        """Return the entity tag, to be given back with the next request."""
        return self.headers.get("etag", "")

    @property
    def last_modified(self) -> str:
        """Return the Last-Modified header, to be given back with the next request."""
        return self.headers.get("last-modified", "")

    def require_data(self) -> None:
        """This will raise EgressFailed unless the answer is a success that carries data, not a page for people."""
        if 300 <= self.status < 400 and not self.is_unchanged:
            where = self.headers.get("location", "nowhere")[:200]
            raise failed(
                "egress-redirect",
                Sentence(
                    "the endpoint answered with a redirect to {where}, and redirects are not followed",
                    where=ascii(where),
                ),
                self.place,
                todo="Configure the final address",
            )
        if self._is_html():
            raise failed(
                "egress-html",
                Sentence("the endpoint returned HTML (status {status}), not data", status=self.status),
                self.place,
                todo="Check the address, and whether a sign-in or a proxy answers in its place",
            )
        if not (200 <= self.status < 300 or self.is_unchanged):
            raise failed(
                "egress-status", Sentence("the endpoint answered with status {status}", status=self.status), self.place
            )

    def _is_html(self) -> bool:
        declared = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        start = self.body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return declared in ("text/html", "application/xhtml+xml") or start.startswith((b"<!doctype html", b"<html"))


def retry_after_seconds(value: str, *, now: datetime, most: int = 3600) -> int | None:
    """Return how long a Retry-After header asks us to wait, between 0 and `most` seconds; None when it says nothing.

    `now` carries a time zone. RFC 9110, section 10.2.3 allows seconds or a date.
    """
    text = value.strip()
    if re.fullmatch(r"-?[0-9]{1,20}", text):
        return min(max(int(text), 0), most)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return min(max(int((at - now).total_seconds()), 0), most)
