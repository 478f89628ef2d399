"""A loopback server that answers exactly the bytes a test gives it, well or badly."""

import socket
import ssl
import threading
import time
from collections.abc import Iterable


class StubServer:
    """Serves each connection with `pieces`: bytes are sent, numbers are seconds to wait."""

    def __init__(self, pieces: Iterable[bytes | float], *, tls: ssl.SSLContext | None = None) -> None:
        self._pieces = list(pieces)
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self.port = self._socket.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> "StubServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with socket.socket() as waker:
            waker.settimeout(1)
            waker.connect_ex(("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self._stop.is_set():
                connection.close()
                return
            self.connections += 1
            try:
                self._answer(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        self.requests.append(connection.recv(65536))
        for piece in self._pieces:
            if self._stop.is_set():
                break
            if isinstance(piece, bytes):
                connection.sendall(piece)
            else:
                self._stop.wait(piece)
        if self._tls is not None:
            connection.unwrap()
        connection.close()


def drip(seconds: float) -> Iterable[bytes | float]:
    """Return an answer that sends one byte after another for this long."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    ends = time.monotonic() + seconds
    for _ in range(int((ends - time.monotonic()) / 0.02)):
        yield b"1\r\nx\r\n"
        yield 0.02
