"""May we talk to this address at all?"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from watchbell.outside.egress.refusals import EgressDenied, denied

Resolver = Callable[[str, int], Iterable[str]]

_PORTS = {"https": 443, "http": 80}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "localdomain")
_MAX_URL = 2048

# Python's is_global differs from version to version; these are the registries' own lists (RFC 6890 and successors).
_CLOSED_V4 = tuple(
    IPv4Network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
    )
)
# Only 2000::/3 is ours to reach; in it, Teredo and its kind, documentation and 6to4 are not (RFC 4291, 6890, 9637).
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_PRIVATE_V4 = tuple(IPv4Network(net) for net in ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_PRIVATE_V6 = tuple(IPv6Network(net) for net in ("::1/128", "fc00::/7"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which places we may talk to: "feeds.example.org", "host:8443", or "http://host" to allow plain HTTP there.

    `allow_loopback` lets a listed host lead to this machine (a node on localhost), and
    nowhere else inside. `inner_hosts` are allowed too, and may lead to this machine or to a
    private network: whoever runs the node named them one by one. Link-local addresses, where
    clouds keep their credentials, stay closed even then.
    """

    allowed_hosts: frozenset[str]
    allow_loopback: bool = False
    inner_hosts: frozenset[str] = frozenset()

    def allows(self, target: "Target") -> bool:
        """Return True when exactly this scheme, host and port was allowed."""
        return _is_listed(target, self.allowed_hosts) or _is_listed(target, self.inner_hosts)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads; `place` names it in messages, without the query, which may hold secrets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return the Host header: the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def place(self) -> str:
        """Return scheme, host and path."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"


def check_url(url: str, policy: Policy) -> Target:
    """Return where the URL leads, or raise EgressDenied when it may not be used.

    To be called when a URL is saved, so that whoever typed it learns why, and
    again on every use. Names are not resolved here: see `vetted_addresses`.
    """
    target = _target(url)
    literal = _literal(target.host)
    if literal is not None and not _may_reach(literal, target, policy):
        raise _closed(target.place)
    if not policy.allows(target):
        raise denied(
            "egress-host",
            "this node may not talk to this host",
            target.place,
            expected="A host that was allowed",
            todo="Ask an administrator to add it to WATCHBELL_EGRESS_ALLOW or to enable the source",
        )
    return target


def _target(url: str) -> Target:
    if len(url) > _MAX_URL or not re.fullmatch(r"[!-\[\]-~]+", url):
        raise _malformed("the URL has characters that a URL cannot have, or is too long")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _malformed("the URL cannot be read") from error
    if parts.scheme not in _PORTS:
        raise denied("egress-scheme", "the URL is not a web address", "", expected="https://host/path")
    if "@" in parts.netloc or not parts.hostname or "%" in parts.netloc or port == 0:
        raise _malformed("the URL names a user, no host, or an escaped host")
    host = _host(parts.hostname, bracketed=parts.netloc.startswith("["))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _host(name: str, *, bracketed: bool) -> str:
    if bracketed:
        try:
            return str(IPv6Address(name))
        except ValueError as error:
            raise _malformed("the URL's host is no IPv6 address") from error
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _malformed("the URL's host is not a plain ASCII host name (write others in their xn-- form)")
    # The C library reads 127.1, 0177.0.0.1, 0x7f.1 and 2130706433 as addresses: what could be one must be a plain one.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        try:
            return str(IPv4Address(name))
        except ValueError as error:
            raise _closed(name) from error
    if labels[-1] in _LOCAL_NAMES and name != "localhost":
        raise _closed(name)
    return name


def _place_of(entry: str) -> tuple[str, str, int] | None:
    try:
        target = _target(entry if "://" in entry else f"https://{entry}")
    except (EgressDenied, ValueError):
        return None
    return (target.scheme, target.host, target.port)


def is_public(address: str) -> bool:
    """Return True for a unicast address of the open Internet, and False for everything else and for nonsense."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in net for net in _CLOSED_V4)
    if ip.scope_id is not None or ip not in _OPEN_V6:
        return False
    return not any(ip in net for net in _CLOSED_V6)


def vetted_addresses(target: Target, addresses: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """Return the addresses a name resolved to, once all of them have shown to be reachable for us.

    One closed address among open ones is enough to refuse: whoever controls
    the name is trying something (DNS rebinding).
    """
    found = tuple(dict.fromkeys(addresses))
    if not all(_may_reach(address, target, policy) for address in found):
        raise _closed(target.place)
    return found


def _may_reach(address: str, target: Target, policy: Policy) -> bool:
    if is_public(address) or (policy.allow_loopback and address in ("127.0.0.1", "::1")):
        return True
    return _is_private(address) and _is_listed(target, policy.inner_hosts)


def _is_private(address: str) -> bool:
    """Return True for this machine's own and private networks' addresses (RFC 1918, RFC 4193), and for no other."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return any(ip in net for net in _PRIVATE_V4)
    return ip.scope_id is None and any(ip in net for net in _PRIVATE_V6)


def _is_listed(target: Target, entries: frozenset[str]) -> bool:
    return any(_place_of(entry) == (target.scheme, target.host, target.port) for entry in entries)


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return "127.0.0.1" if host == "localhost" else None


def _malformed(message: str) -> EgressDenied:
    return denied("egress-url", message, "", expected="https://host/path", todo="Write the address out plainly")


def _closed(place: str) -> EgressDenied:
    return denied(
        "egress-address",
        "the address belongs to this machine or to an inner network",
        place,
        expected="A host on the open Internet",
        todo="Use the service's public name",
    )
