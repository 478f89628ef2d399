"""Does a place that the keeper named answer, and until when is its certificate good? For the node's doctor only."""

import socket
import ssl
from datetime import UTC, datetime

SECONDS = 5.0


class NoAnswer(Exception):
    """The place did not answer as it should; the text says why in one sentence."""


def connect(host: str, port: int) -> None:
    """This will open a connection and close it again; raises NoAnswer."""
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError as error:
        raise NoAnswer(f"{host} port {port} does not answer ({error})") from error


def certificate_ends_at(host: str, port: int = 443) -> datetime:
    """Return when the certificate of this place expires; raises NoAnswer when strangers would not trust it."""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise NoAnswer(f"the certificate of {host} is not trusted ({error.verify_message})") from error
    except OSError as error:
        raise NoAnswer(f"{host} port {port} does not answer ({error})") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
