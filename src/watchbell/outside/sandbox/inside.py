"""Try the walls of a sandbox from the inside; runs alone, in the sandbox, on whatever Python it offers.

Reads what to try from `facts.json` beside it and prints what it saw as one JSON object. Nothing here does harm where
a wall is missing: it connects to listeners that are there for this, looks for files that are there for this, and asks
for each forbidden system call with arguments that mean nothing.
"""

import ctypes
import errno
import json
import os
import socket
from pathlib import Path
from typing import Any


def main() -> None:
    """Print what was seen."""
    facts = json.loads(Path("facts.json").read_text("utf-8"))  # noqa: TID251 (ours, and it runs without our code)
    seen = {
        "network": _network(facts),
        "spaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in facts["spaces"]},
        "status": _status(),
        "uid": os.getuid(),
        "files": [path for path in facts["absent"] if _is_there(path)],
        "root": sorted(os.listdir("/")),
        "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
        "environment": _environment(facts["secret"]),
        "descriptors": _descriptors(),
        "written": [place for place in facts["read_only"] if _is_writable(place)],
        "calls": {name: _asked(numbers) for name, numbers in facts["calls"].items()},
    }
    print(json.dumps(seen))  # noqa: T201 (its answer)


def _network(facts: dict[str, Any]) -> dict[str, str]:
    host, tcp, udp = "127.0.0.1", facts["tcp"], facts["udp"]
    ways: dict[str, tuple[int, int, Any]] = {
        "TCP": (socket.AF_INET, socket.SOCK_STREAM, (host, tcp)),
        "TCP over IPv6": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", tcp)),
        "UDP": (socket.AF_INET, socket.SOCK_DGRAM, (host, udp)),
        "DNS": (socket.AF_INET, socket.SOCK_DGRAM, (host, 53)),
        "cloud metadata": (socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80)),
        "ICMP": (socket.AF_INET, socket.SOCK_RAW, (host, 1)),
        "raw packets": (17, socket.SOCK_RAW, None),
        "abstract local socket": (socket.AF_UNIX, socket.SOCK_STREAM, "\0" + facts["abstract"]),
        "virtual machine's socket": (40, socket.SOCK_STREAM, (2, 1)),
        "netlink": (16, socket.SOCK_RAW, None),
    }
    return {name: _reached(*way) for name, way in ways.items()}


def _reached(family: int, kind: int, address: Any) -> str:
    try:
        with socket.socket(family, kind) as one:
            one.settimeout(1)
            if address is not None:
                one.connect(address)
                one.send(b"x")
            return "reached"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)


def _status() -> dict[str, str]:
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return {name: value.strip() for name, _, value in lines if name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}


def _is_there(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except OSError:
        return False


def _environment(secret: str) -> list[str]:
    found = [name for name, value in os.environ.items() if secret in value]
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = place.read_bytes() + (place.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if secret.encode() in text:
            found.append(str(place))
    return found


def _descriptors() -> list[str]:
    own = os.listdir("/proc/self/fd")
    return [number for number in own if int(number) > 2 and os.path.exists(f"/proc/self/fd/{number}")]


def _is_writable(place: str) -> bool:
    try:
        with open(place, "a"):
            return True
    except OSError:
        return False


def _asked(numbers: list[int]) -> str:
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(*(ctypes.c_long(number) for number in numbers)) == -1:
        return errno.errorcode.get(ctypes.get_errno(), "?")
    return "done"


if __name__ == "__main__":
    main()
