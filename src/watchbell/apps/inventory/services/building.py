"""This will write what a document lists into a list, in small transactions and always in the same order.

So an attempt that was killed goes on where it stopped.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from watchbell.apps.inventory.contents import Contents
from watchbell.apps.inventory.models import Component, Listing, Mark, Unassessable
from watchbell.apps.inventory.nameless import NO_MACHINE, Unknown
from watchbell.apps.inventory.services import dictionary, equipment
from watchbell.apps.vulnerabilities.services import bulk

VERSIONS_AT_ONCE = 250
"""Versions in one transaction, each with its package and its component: 750 rows at most."""
UNKNOWN_AT_ONCE = 500
"""Rows in one transaction of things without a package and all by which they may be recognised."""

Step = Callable[[int], AbstractContextManager[None]]
"""The transaction of one part, given how much of the list is there once it is over."""


def build(listing: Listing, found: Contents, *, done: int, step: Step) -> None:
    """Write what a document lists into the list, in the document's own order, from its `done`th line on."""
    versions = sorted(found.versions)
    at = done
    for part in bulk.slices(versions[done:], VERSIONS_AT_ONCE):
        at += len(part)
        with step(at):
            entries = dictionary.ensure_versions(part)
            rows = [(listing.pk, entries[one].id, found.versions[one], found.called(one)) for one in part]
            bulk.insert(Component._meta.db_table, ("listing_id", "version_id", "times", "names"), rows)
    unknown = sorted(found.unknown.items())
    for some in _at_once(unknown[max(done - len(versions), 0) :]):
        at += len(some)
        with step(at):
            _write_unknown(listing, some)


def _at_once(unknown: list[tuple[Unknown, int]]) -> Iterator[list[tuple[Unknown, int]]]:
    """Yield these in their order, in lists that make about as many rows each."""
    some: list[tuple[Unknown, int]] = []
    rows = 0
    for one in unknown:
        if some and rows + one[0].rows > UNKNOWN_AT_ONCE:
            yield some
            some, rows = [], 0
        some.append(one)
        rows += one[0].rows
    if some:
        yield some


def _write_unknown(listing: Listing, some: list[tuple[Unknown, int]]) -> None:
    named = {one.machine for one, _ in some} - {NO_MACHINE}
    machines = {one: row.pk for one, row in equipment.machines_of(listing.asset.organisation_id, named).items()}
    lines = [_unassessable(listing, one, times, machines.get(one.machine)) for one, times in some]
    Unassessable.objects.bulk_create(lines, batch_size=100)
    marks = [
        (line.pk, kind.value, value)
        for line, (one, _) in zip(lines, some, strict=True)
        for kind, value in one.own_marks
    ]
    bulk.insert(Mark._meta.db_table, ("line_id", "kind", "value"), marks)


def lines_of(found: Contents) -> int:
    """Return how many lines `build` writes."""
    return len(found.versions) + len(found.unknown)


def _unassessable(listing: Listing, one: Unknown, times: int, machine: int | None) -> Unassessable:
    return Unassessable(
        listing=listing, name=one.name, version=one.version, purl=one.purl, word=one.word, reason=one.reason,
        times=times, cpe=one.cpe, machine_id=machine,
    )  # fmt: skip
