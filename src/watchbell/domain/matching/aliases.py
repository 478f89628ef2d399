"""Which identifiers mean the same vulnerability, and who says so?

A CVE id is an anchor: two of them are never in one group, whatever is asserted.
Plain "all that is connected is one" would merge dozens of CVEs through a single
record that lists several. So:

1. an id that names exactly one CVE belongs to that CVE;
2. an id that names several is an *umbrella*: its own group, linked to each of them;
   ids that name the same several CVEs and each other share one group;
3. an id that names none belongs to the group its neighbours (through other such ids)
   belong to, if that is one group; if it is several, it is an umbrella over their CVEs.

The answer depends only on the set of assertions, not on their order.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Assertion:
    """`asserter` (a record or a person) says that `id` and `alias` are the same vulnerability."""

    asserter: str
    id: str
    alias: str


@dataclass(frozen=True, slots=True)
class AliasGroup:
    """Ids that mean one vulnerability, and every assertion that touches one of them.

    `cve` is the one CVE among `ids`, if any; `umbrella_of` are CVEs this group
    speaks of as a whole, when they are several.
    """

    ids: frozenset[str]
    cve: str | None
    umbrella_of: frozenset[str]
    assertions: frozenset[Assertion]

    @property
    def display_id(self) -> str:
        """Return the CVE if there is one, else the first own id, GitHub's before others."""
        return self.cve or min(self.ids, key=lambda name: (not name.startswith("GHSA-"), name))


def is_cve(name: str) -> bool:
    """Return whether this is a CVE id."""
    return _CVE.fullmatch(name) is not None


def canonical_id(name: str) -> str:
    """Return the id trimmed, a CVE id in capitals; other ids keep their case."""
    name = name.strip()
    return name.upper() if is_cve(name) else name


def groups_of(assertions: Iterable[Assertion], ids: Iterable[str] = ()) -> frozenset[AliasGroup]:
    """Return the groups of all ids in `assertions` and `ids`; each id is in exactly one."""
    edges = frozenset(assertions)
    neighbours = _neighbours(edges, ids)
    named = {name: frozenset(filter(is_cve, near)) for name, near in neighbours.items() if not is_cve(name)}
    home: dict[str, str] = {name: name for name in neighbours if is_cve(name)}
    home |= {name: next(iter(cves)) for name, cves in named.items() if len(cves) == 1}
    umbrellas = _connected(
        (name for name, cves in named.items() if len(cves) > 1),
        neighbours,
        lambda one, other: named[one] == named.get(other),
    )
    spans: dict[str, frozenset[str]] = {}
    for members in umbrellas:
        _settle(members, home, spans, named[min(members)])
    free = {name for name, cves in named.items() if not cves}
    for members in list(_connected(free, neighbours, lambda _one, other: other in free)):
        homes = {home[near] for name in members for near in neighbours[name] if near not in free}
        if len(homes) == 1:
            home |= dict.fromkeys(members, homes.pop())
        else:
            cves = frozenset(cve for near in homes for cve in spans.get(near, frozenset({near})))
            _settle(members, home, spans, cves)
    return _assembled(edges, home, spans)


def _neighbours(edges: Iterable[Assertion], ids: Iterable[str]) -> dict[str, set[str]]:
    near: dict[str, set[str]] = {canonical_id(name): set() for name in ids}
    for edge in edges:
        one, other = canonical_id(edge.id), canonical_id(edge.alias)
        near.setdefault(one, set())
        near.setdefault(other, set())
        if one != other:
            near[one].add(other)
            near[other].add(one)
    return near


def _connected(
    names: Iterable[str], neighbours: dict[str, set[str]], together: Callable[[str, str], bool]
) -> Iterator[frozenset[str]]:
    """Yield the sets of names that hang together through neighbours for which `together` holds."""
    left = set(names)
    while left:
        members, waiting = set[str](), [left.pop()]
        while waiting:
            name = waiting.pop()
            members.add(name)
            near = {other for other in neighbours[name] if other in left and together(name, other)}
            left -= near
            waiting.extend(near)
        yield frozenset(members)


def _settle(
    members: frozenset[str], home: dict[str, str], spans: dict[str, frozenset[str]], cves: frozenset[str]
) -> None:
    """This will give these ids a group of their own, named after its first id, that speaks of `cves`."""
    name = min(members)
    home.update(dict.fromkeys(members, name))
    spans[name] = cves


def _assembled(
    edges: Iterable[Assertion], home: dict[str, str], spans: dict[str, frozenset[str]]
) -> frozenset[AliasGroup]:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    said: defaultdict[str, set[Assertion]] = defaultdict(set)
    for name, group in home.items():
        ids[group].add(name)
    for edge in edges:
        said[home[canonical_id(edge.id)]].add(edge)
        said[home[canonical_id(edge.alias)]].add(edge)
    return frozenset(
        AliasGroup(
            frozenset(members), group if is_cve(group) else None, spans.get(group, frozenset()), frozenset(said[group])
        )
        for group, members in ids.items()
    )
