"""This will carry calls to developers' endpoints, each over a connection that one credential alone has used."""

import asyncio
import hashlib
import os
import re
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import Policy, Target, vetted_addresses
from watchbell.outside.egress.addresses import Resolver
from watchbell.outside.egress.client import resolve
from watchbell.outside.egress.grammar import Head
from watchbell.outside.egress.refusals import EgressDenied
from watchbell.outside.upstream.bounds import Bounds
from watchbell.outside.upstream.connecting import connected, has_pinned_key
from watchbell.outside.upstream.line import Line
from watchbell.outside.upstream.names import Names
from watchbell.outside.upstream.places import endpoint
from watchbell.outside.upstream.trouble import Cause, EndpointTrouble

_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,4000}[\x21-\x7e])?")

Key = tuple[str, str, int, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One call to an endpoint. Credential and body never show in its repr.

    `header` is the one that carries the credential, with `prefix` before it; `headers` are the others.
    """

    base_url: str
    path: str
    body: bytes = field(repr=False)
    header: str
    prefix: str
    credential: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    pin: str = ""

    def request(self, target: Target) -> bytes:
        """Return what goes over the wire."""
        fields = (
            ("Host", target.authority),
            (self.header, f"{self.prefix}{self.credential}"),
            ("User-Agent", "Watchbell"),
            ("Accept", "application/json, text/event-stream"),
            ("Accept-Encoding", "identity"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(self.body))),
            *self.headers,
        )
        lines = [f"POST {target.path}{self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + self.body


class Exchange:
    """One call that was sent. To be closed in any case: only then may its connection serve another one."""

    def __init__(self, endpoints: "Endpoints", key: Key, line: Line) -> None:
        self._endpoints = endpoints
        self._key = key
        self._line = line
        self._is_closed = False

    async def head(self) -> Head:
        """Return status and header fields. Raises EndpointTrouble."""
        return await self._line.head()

    def read(self) -> Awaitable[bytes]:
        """Return what has come of the body, or nothing at its end. Raises EndpointTrouble, after all that came."""
        return self._line.read()

    def close(self) -> None:
        """This will end the call, whatever it is doing; nothing more comes."""
        if not self._is_closed:
            self._is_closed = True
            self._endpoints.take_back(self._key, self._line)


class Endpoints:
    """Every endpoint that this process talks to. A connection is kept for the next call with the same credential.

    Not one is used again after anything was in doubt: an error, an answer that was not read to its end, a byte
    too many. Redirects are answers like others, cookies and proxies from the environment are unknown here.
    """

    def __init__(
        self,
        *,
        allow: frozenset[str] = frozenset(),
        bounds: Bounds | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.bounds = bounds or Bounds()
        self._allow = allow
        self._names = Names(resolver)
        self._tls = tls or _strict_tls()
        self._unused: dict[Key, deque[tuple[float, Line]]] = {}
        self._closing: asyncio.TimerHandle | None = None
        self._salt = os.urandom(32)

    async def send(self, sending: Sending, *, last_look: Callable[[], None] = lambda: None) -> Exchange:
        """Return the call under way. Raises EndpointTrouble when it could not be sent.

        `last_look` is called at the last moment before the credential leaves, and may raise.
        """
        if not _SENDABLE.fullmatch(sending.credential):
            raise EndpointTrouble(Cause.NOT_ALLOWED, "The credential cannot stand in a header.", was_sent=False)
        try:
            target, policy = endpoint(sending.base_url, allow=self._allow)
        except EgressDenied as denied:
            raise _not_allowed(denied) from None
        key = (target.scheme, target.host, target.port, sending.pin, self._name_of(sending.credential))
        line = self._kept(key) or await self._connected(target, policy, sending.pin)
        try:
            last_look()
        except BaseException:
            line.close()
            raise
        line.ask(sending.request(target))
        return Exchange(self, key, line)

    def take_back(self, key: Key, line: Line) -> None:
        """This will keep a connection for the next call, if nothing about it is in doubt, and else close it."""
        kept = self._unused.get(key, deque())
        if not line.rest() or len(kept) >= self.bounds.unused_lines:
            line.close()
            return
        loop = asyncio.get_running_loop()
        self._unused[key] = kept
        kept.append((loop.time(), line))
        if self._closing is None:
            self._closing = loop.call_later(self.bounds.unused_seconds, self._close_old)

    def close(self) -> None:
        """This will close every connection that waits for a call."""
        for kept in self._unused.values():
            for _, line in kept:
                line.close()
        self._unused = {}

    @property
    def unused(self) -> int:
        """Return how many connections wait for a call."""
        return sum(len(kept) for kept in self._unused.values())

    def _kept(self, key: Key) -> Line | None:
        kept = self._unused.get(key, deque())
        line = None
        while kept and line is None:
            _, last = kept.pop()
            line = None if last.is_closed else last
        if not kept:
            self._unused.pop(key, None)
        return line

    def _close_old(self) -> None:
        """This will close what has waited long enough, and look again when something else will have."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self.bounds.unused_seconds
        for key, kept in list(self._unused.items()):
            while kept and kept[0][0] <= oldest:
                kept.popleft()[1].close()
            if not kept:
                del self._unused[key]
        next_at = min((kept[0][0] for kept in self._unused.values()), default=None)
        self._closing = None
        if next_at is not None:
            self._closing = loop.call_at(next_at + self.bounds.unused_seconds, self._close_old)

    async def _connected(self, target: Target, policy: Policy, pin: str) -> Line:
        try:
            async with asyncio.timeout(self.bounds.connect_seconds):
                found = await self._names.addresses(target.host, target.port)
        except TimeoutError:
            found = []
        if not found:
            raise EndpointTrouble(Cause.UNREACHABLE, "The endpoint's name could not be resolved.", was_sent=False)
        try:
            addresses = vetted_addresses(target, found, policy)
        except EgressDenied as denied:
            raise _not_allowed(denied) from None
        tls = self._tls if target.scheme == "https" else None
        line, transport = await connected(
            target, addresses, lambda: Line(self.bounds), tls, self.bounds.connect_seconds
        )
        if pin and not has_pinned_key(transport, pin):
            line.close()
            why = "The endpoint shows another key than the one that was pinned."
            raise EndpointTrouble(Cause.PIN, why, was_sent=False)
        return line

    def _name_of(self, credential: str) -> bytes:
        """Return what tells one credential from another without keeping it."""
        return hashlib.blake2b(credential.encode(), key=self._salt, digest_size=16).digest()


def _not_allowed(denied: EgressDenied) -> EndpointTrouble:
    why = Sentence("The endpoint's address may not be used: {why}.", why=denied.refusal.message)
    return EndpointTrouble(Cause.NOT_ALLOWED, why, was_sent=False)


def _strict_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
