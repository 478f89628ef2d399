"""This will send one request to one vetted address and hand back its answer."""

import io
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import BinaryIO

from watchbell.domain.refusal import Refused
from watchbell.domain.sentence import Sentence
from watchbell.outside.egress.addresses import Policy, Resolver, Target, check_url, vetted_addresses
from watchbell.outside.egress.exchange import Bounds, Request, Response
from watchbell.outside.egress.grammar import Head
from watchbell.outside.egress.refusals import EgressFailed, failed
from watchbell.outside.egress.wire import Wire
from watchbell.outside.reader.inflate import gunzip
from watchbell.outside.reader.limits import Budget, Limits


def resolve(host: str, port: int) -> Iterable[str]:
    """Return the addresses of a host, as this machine's resolver knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


def fetch(
    request: Request,
    policy: Policy,
    *,
    into: BinaryIO | None = None,
    bounds: Bounds | None = None,
    resolver: Resolver = resolve,
    tls: ssl.SSLContext | None = None,
) -> Response:
    """Send a request and return its answer, whatever its status.

    The host is resolved once, every address is vetted, and the connection goes
    to a vetted address under the host's own name (Host, SNI, certificate). It
    is closed afterwards. With `into` the body is written there as it comes: on
    an exception, throw away what was written. Proxies named in the environment
    are not used.

    Raises EgressDenied when the request may not be sent, EgressFailed when it
    failed or the answer cannot be trusted.
    """
    bounds = bounds or Bounds()
    target = check_url(request.url, policy)
    deadline = time.monotonic() + bounds.total_seconds
    addresses = vetted_addresses(target, _resolved(target, resolver, bounds), policy)
    with closing(_connected(target, addresses, bounds, deadline, tls)) as sock:
        wire = Wire(sock, bounds, target.place, deadline=deadline)
        wire.send(request.head(path=target.path, authority=target.authority) + request.body)
        head = wire.read_head()
        kept = into if into is not None else io.BytesIO()
        size = 0
        for piece in _decoded(wire.read_body(head, method=request.method), head, bounds, target):
            kept.write(piece)
            size += len(piece)
    body = kept.getvalue() if isinstance(kept, io.BytesIO) and into is None else b""
    return Response(status=head.status, headers=head.fields, body=body, size=size, place=target.place)


def _resolved(target: Target, resolver: Resolver, bounds: Bounds) -> list[str]:
    """Return what the resolver says; getaddrinfo knows no deadline, so it is waited for from outside."""
    answers: list[str] = []

    def ask() -> None:
        try:
            answers.extend(resolver(target.host, target.port))
        except (OSError, UnicodeError):
            answers.clear()

    asking = threading.Thread(target=ask, name="egress-resolver", daemon=True)
    asking.start()
    asking.join(bounds.connect_seconds)
    if asking.is_alive() or not answers:
        raise failed("egress-unreachable", "the host's name could not be resolved", target.place)
    return answers


def _connected(
    target: Target, addresses: Iterable[str], bounds: Bounds, deadline: float, tls: ssl.SSLContext | None
) -> socket.socket:
    until = min(deadline, time.monotonic() + bounds.connect_seconds)
    last: OSError | None = None
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            sock = socket.create_connection((address, target.port), timeout=left)
        except OSError as error:
            last = error
            continue
        return sock if target.scheme == "http" else _secured(sock, target, until, tls)
    raise failed("egress-unreachable", "no connection could be made", target.place) from last


def _secured(sock: socket.socket, target: Target, until: float, tls: ssl.SSLContext | None) -> socket.socket:
    context = tls or _tls()
    try:
        sock.settimeout(max(0.001, until - time.monotonic()))
        # An end without TLS's own goodbye could be somebody cutting the answer short.
        return context.wrap_socket(sock, server_hostname=target.host, suppress_ragged_eofs=False)
    except OSError as error:
        sock.close()
        reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
        raise failed(
            "egress-tls", Sentence("no encrypted connection could be made ({why})", why=reason), target.place
        ) from error


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _decoded(pieces: Iterator[bytes], head: Head, bounds: Bounds, target: Target) -> Iterator[bytes]:
    coding = head.fields.get("content-encoding", "identity").strip().lower()
    first = next(pieces, b"")
    whole = chain((first,), pieces)
    if coding in ("", "identity") or not first:
        yield from whole
    elif coding in ("gzip", "x-gzip"):
        yield from _gunzipped(whole, bounds, target)
    else:
        message = Sentence("the endpoint compresses with {coding}, which we did not ask for", coding=repr(coding[:40]))
        raise failed("egress-coding", message, target.place)


def _gunzipped(pieces: Iterable[bytes], bounds: Bounds, target: Target) -> Iterator[bytes]:
    budget = Budget(Limits(max_inflated_bytes=bounds.inflated_bytes), target.place)
    try:
        for piece in gunzip(pieces, budget):
            budget.take_inflated(len(piece))
            yield piece
    except EgressFailed:
        raise
    except Refused as error:
        raise failed(f"egress-{error.refusal.code}", error.refusal.message, target.place) from error
