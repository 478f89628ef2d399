"""Which ids mean one vulnerability, now that these assertions have changed?

The rule is `domain.matching.aliases`; here its answer is brought up to date for the
ids a change can reach and nothing else. A CVE id is an anchor, so reaching one stops
there: what others say of it cannot move it. The outcome depends on the assertions
alone, never on the order they came in.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from watchbell.apps.vulnerabilities.models import Group, UmbrellaLink
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching.aliases import AliasGroup, Assertion, groups_of, is_cve

_MEMBER = "vulnerabilities_groupmember"
_GROUP = "vulnerabilities_group"
_ALIAS = "vulnerabilities_aliasassertion"
_LINK = "vulnerabilities_umbrellalink"
_PARK = "UPDATE vulnerabilities_group SET anchor = %s WHERE id = %s"
_RENAME = (
    "UPDATE vulnerabilities_group SET anchor = %s, display_id = %s, umbrella = %s, merged_into_id = NULL WHERE id = %s"
)
_MOVE = "UPDATE vulnerabilities_groupmember SET group_id = %s WHERE identifier = %s"


@dataclass(slots=True)
class _Row:
    """A group as it stands in the database."""

    id: int
    anchor: str
    display_id: str
    umbrella: bool
    merged_into: int | None


@dataclass(slots=True)
class _Present:
    """What the database holds of the ids that are looked at."""

    home: dict[str, int] = field(default_factory=dict)
    by_id: dict[int, _Row] = field(default_factory=dict)
    by_anchor: dict[str, _Row] = field(default_factory=dict)

    def add(self, rows: Iterable[bulk.Row]) -> None:
        """Take these group rows in."""
        for row in rows:
            one = _Row(*row)
            self.by_id[one.id] = self.by_anchor[one.anchor] = one


def regroup(touched: set[str], *, rng: Dice) -> set[str]:
    """Bring the groups of all ids these reach up to date; return those that moved from one group to another.

    To be called in the transaction that changed the assertions, while it holds the
    standing row, so that two writers never decide at once.
    """
    edges, ids = _reached(touched)
    groups = sorted(_grouped(edges, ids), key=_anchor)
    present = _present(ids, [_anchor(group) for group in groups])
    rows = _place(groups, present, rng)
    moved = _move(groups, rows, present)
    _link(groups, rows)
    _lead_on(present, rows)
    return moved


def _anchor(group: AliasGroup) -> str:
    return group.cve or min(group.ids)


def _reached(touched: set[str]) -> tuple[set[tuple[str, str]], set[str]]:
    """Return every assertion about the ids reached from these without passing through a CVE id, and the ids."""
    edges: set[tuple[str, str]] = set()
    ids, waiting = set(touched), {name for name in touched if not is_cve(name)}
    while waiting:
        found: set[tuple[str, str]] = set()
        for column in ("identifier", "alias"):
            query = f"SELECT identifier, alias FROM {_ALIAS} WHERE {column} IN ({{}})"  # noqa: S608
            found.update(bulk.rows_where_in(query, waiting))
        edges |= found
        near = {name for edge in found for name in edge} - ids
        ids |= near
        waiting = {name for name in near if not is_cve(name)}
    return edges, ids


def _grouped(edges: set[tuple[str, str]], ids: set[str]) -> Iterable[AliasGroup]:
    """Return the groups of these ids; an id that nobody says anything about is a group by itself."""
    linked = {name for edge in edges for name in edge}
    yield from groups_of(Assertion("", *edge) for edge in edges)
    for name in ids - linked:
        yield AliasGroup(frozenset((name,)), name if is_cve(name) else None, frozenset(), frozenset())


def _present(ids: set[str], anchors: list[str]) -> _Present:
    present = _Present()
    select = f"SELECT id, anchor, display_id, umbrella, merged_into_id FROM {_GROUP}"  # noqa: S608
    query = f"SELECT identifier, group_id FROM {_MEMBER} WHERE identifier IN ({{}})"  # noqa: S608
    present.home = dict(bulk.rows_where_in(query, ids))
    present.add(bulk.rows_where_in(select + " WHERE anchor IN ({})", anchors))
    present.add(bulk.rows_where_in(select + " WHERE id IN ({})", set(present.home.values()) - set(present.by_id)))
    return present


def _place(groups: list[AliasGroup], present: _Present, rng: Dice) -> dict[str, int]:
    """Return each anchor's group id: the row of that anchor, else one its members leave empty, else a new one."""
    taken = {row.id for group in groups if (row := present.by_anchor.get(_anchor(group)))}
    placed: dict[str, int] = {}
    changed: list[bulk.Row] = []
    fresh: list[bulk.Row] = []
    for group in groups:
        anchor, umbrella = _anchor(group), bool(group.umbrella_of)
        row = present.by_anchor.get(anchor) or _left_behind(group, present, taken)
        if row is None:
            fresh.append((new_id(rng), anchor, group.display_id, umbrella))
            continue
        taken.add(row.id)
        placed[anchor] = row.id
        # A CVE's group shows the CVE and is no umbrella, whichever of its members were reached.
        wanted = (anchor, group.display_id, umbrella, None)
        if (row.anchor, row.display_id, bool(row.umbrella), row.merged_into) != wanted:
            changed.append((*wanted[:3], row.id))
    # Two rows may trade anchors, which a unique column refuses halfway.
    bulk.run_many(_PARK, [(f"~{row[-1]}", row[-1]) for row in changed])
    bulk.run_many(_RENAME, changed)
    columns = ("public_id", "anchor", "display_id", "umbrella")
    placed |= {row[1]: row[0] for row in bulk.insert_returning(_GROUP, columns, fresh, "id, anchor")}
    return placed


def _left_behind(group: AliasGroup, present: _Present, taken: set[int]) -> _Row | None:
    """Return the oldest group that loses all its members to this one, so that its public id lives on."""
    homes = {present.home[name] for name in group.ids if name in present.home}
    free = [present.by_id[home] for home in homes - taken if not is_cve(present.by_id[home].anchor)]
    return min(free, key=lambda row: row.id, default=None)


def _move(groups: list[AliasGroup], rows: dict[str, int], present: _Present) -> set[str]:
    """This will give each id its group, and return the ids that had another one or whose group has a new name."""
    fresh: list[bulk.Row] = []
    moves: list[bulk.Row] = []
    moved: set[str] = set()
    for group in groups:
        anchor = _anchor(group)
        home = rows[anchor]
        before = present.by_id.get(home)
        renamed = before is not None and (before.anchor != anchor or before.display_id != group.display_id)
        for name in group.ids:
            had = present.home.get(name)
            if had is None:
                fresh.append((name, home))
            elif had != home:
                moves.append((home, name))
                moved.add(name)
            elif renamed:
                moved.add(name)
    bulk.insert(_MEMBER, ("identifier", "group_id"), fresh)
    bulk.run_many(_MOVE, moves)
    return moved


def _link(groups: list[AliasGroup], rows: dict[str, int]) -> None:
    """This will make the umbrella links of groups without a CVE what they should be."""
    wanted = {(rows[_anchor(group)], cve) for group in groups for cve in group.umbrella_of}
    query = f"SELECT group_id, cve FROM {_LINK} WHERE group_id IN ({{}})"  # noqa: S608
    there = set(bulk.rows_where_in(query, rows.values()))
    bulk.insert(_LINK, ("group_id", "cve"), sorted(wanted - there))
    for group_id, cve in there - wanted:
        UmbrellaLink.objects.filter(group_id=group_id, cve=cve).delete()


def _lead_on(present: _Present, rows: dict[str, int]) -> None:
    """This will let groups that were left empty lead to the group their anchor is in now."""
    left = [row for row in present.by_id.values() if row.id not in rows.values() and not is_cve(row.anchor)]
    if not left:
        return
    query = f"SELECT identifier, group_id FROM {_MEMBER} WHERE identifier IN ({{}})"  # noqa: S608
    homes: dict[str, int] = dict(bulk.rows_where_in(query, {row.anchor for row in left}))
    for row in left:
        if homes.get(row.anchor, row.id) != row.id:
            Group.objects.filter(id=row.id).update(merged_into=homes[row.anchor])
            UmbrellaLink.objects.filter(group_id=row.id).delete()
