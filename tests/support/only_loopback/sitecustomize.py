"""Put first on a process's path, this writes down and refuses every connection or name look-up beyond loopback."""

import os
import sys


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"  # a path: AF_UNIX
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host not in ("127.0.0.1", "::1", "localhost", None):
        with open(os.environ["ONLY_LOOPBACK_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{event} {host!r}\n")
        raise OSError("only loopback")


sys.addaudithook(_watch)
