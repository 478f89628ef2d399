"""This will open a connection to a vetted address under the endpoint's own name, and show whose key answers."""

import asyncio
import hashlib
import hmac
import socket
import ssl
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import Target
from watchbell.outside.upstream.line import Line
from watchbell.outside.upstream.trouble import Cause, EndpointTrouble


async def connected(
    target: Target, addresses: Sequence[str], make: Callable[[], Line], tls: ssl.SSLContext | None, seconds: float
) -> tuple[Line, asyncio.BaseTransport]:
    """Return a connection to the first of these addresses that answers, encrypted when `tls` is given.

    All of it, the handshake included, takes at most `seconds`. Raises EndpointTrouble.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    sock = await _reached(target, addresses, until)
    if tls is None:
        transport, line = await loop.create_connection(make, sock=sock)
        return line, transport
    try:
        async with asyncio.timeout_at(until):
            transport, line = await loop.create_connection(make, sock=sock, ssl=tls, server_hostname=target.host)
    except TimeoutError:
        sock.close()
        raise _no_tls(Sentence("the handshake was not over after {seconds} s", seconds=f"{seconds:g}")) from None
    except (OSError, ssl.SSLError) as error:
        sock.close()
        raise _no_tls(_reason(error)) from error
    return line, transport


def has_pinned_key(transport: asyncio.BaseTransport, pin: str) -> bool:
    """Return whether the certificate shown carries the key whose SHA-256 (SubjectPublicKeyInfo, hex) was pinned."""
    shown = transport.get_extra_info("ssl_object")
    certificate = shown.getpeercert(binary_form=True) if shown is not None else None
    if certificate is None:
        return False
    key = x509.load_der_x509_certificate(certificate).public_key()
    told = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    return hmac.compare_digest(told, pin.strip().lower().replace(":", ""))


async def _reached(target: Target, addresses: Sequence[str], until: float) -> socket.socket:
    """Return a connected socket; each address gets its share of the time that is left."""
    loop = asyncio.get_running_loop()
    why = ""
    for number, address in enumerate(addresses):
        left = until - loop.time()
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            async with asyncio.timeout(max(0.001, left / (len(addresses) - number))):
                await loop.sock_connect(sock, (address, target.port))
        except (OSError, TimeoutError) as error:
            sock.close()
            why = "it did not answer in time" if isinstance(error, TimeoutError) else type(error).__name__
        except BaseException:
            sock.close()
            raise
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    told = Sentence("The endpoint could not be reached ({why}).", why=why)
    raise EndpointTrouble(Cause.UNREACHABLE, told, was_sent=False)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message).partition(",")[0]  # what follows names the host
    return error.reason or type(error).__name__ if isinstance(error, ssl.SSLError) else type(error).__name__


def _no_tls(why: str) -> EndpointTrouble:
    told = Sentence("No encrypted connection to the endpoint could be made: {why}.", why=why)
    return EndpointTrouble(Cause.TLS, told, was_sent=False)
