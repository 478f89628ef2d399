"""This will write what is published: the version, its renderings, what it is found by, and the public records."""

from dataclasses import replace
from datetime import datetime

from watchbell.apps.advisories.models import Advisory, Naming, Rendering, Version
from watchbell.apps.advisories.queries import SOURCE, read
from watchbell.apps.advisories.services.standing import etag_of
from watchbell.apps.advisories.words import Format
from watchbell.apps.vulnerabilities import services as vulnerabilities
from watchbell.domain import advisory as words
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, Tlp
from watchbell.domain.identity import Dice
from watchbell.formats import csaf, osv, strictjson


def new_version(
    advisory: Advisory, summary: str, *, withdrawn_at: datetime | None, by: Actor, now: datetime, rng: Dice
) -> Version:
    """Write the next version with its renderings, and hand what is public to `vulnerabilities` as OSV records."""
    number = advisory.versions.count() + 1
    earlier = [words.Revision(one.number, one.at, one.summary) for one in advisory.versions.order_by("number")]
    whole = replace(
        read(bytes(advisory.content)),
        id=advisory.tracking_id,
        revisions=(*earlier, words.Revision(number, now, summary)),
        handling=words.Handling(tlp=Tlp(advisory.marking)),
        withdrawn_at=withdrawn_at,
    )
    octets = canonical(plain(whole))
    version = Version.objects.create(
        advisory=advisory, number=number, summary=summary, content=octets, etag=etag_of(octets), at=now
    )
    _render(version, Format.CSAF, 0, csaf.dumps(whole))
    bodies = [osv.dumps(whole, vulnerability=index) for index in range(len(whole.vulnerabilities))]
    for index, body in enumerate(bodies):
        _render(version, Format.OSV, index, body)
    _note_names(advisory, bodies)
    if advisory.marking == Tlp.CLEAR:
        for flaw, body in zip(whole.vulnerabilities, bodies, strict=True):
            named = sorted({(one.vendor, one.name) for one in flaw.affected if one.vendor and one.product})
            vulnerabilities.store_advisory(body, source=SOURCE, by=by, now=now, rng=rng, products_named=named)
        for body in _left_out(version, whole):
            vulnerabilities.store_advisory(body, source=SOURCE, by=by, now=now, rng=rng)
    return version


def _note_names(advisory: Advisory, bodies: list[bytes]) -> None:
    """This will note what an advisory for some is found by; one for everyone is found by its public records."""
    Naming.objects.filter(advisory=advisory).delete()
    if advisory.marking == Tlp.CLEAR:
        return
    rows: list[Naming] = []
    for flaw, body in enumerate(bodies):
        told = vulnerabilities.told_by(body)
        rows += [Naming(advisory=advisory, flaw=flaw, identifier=one) for one in sorted(told.ids)]
        rows += [Naming(advisory=advisory, flaw=flaw, ecosystem=one, name=name) for one, name in sorted(told.packages)]
    Naming.objects.bulk_create(rows)


def _left_out(version: Version, whole: words.Advisory) -> list[bytes]:
    """Return the public records of the version before that this one no longer has, withdrawn.

    An OSV record holds one flaw, so its id changes when an advisory comes to speak of one
    flaw more or less; under the old id it would go on matching.
    """
    before = Version.objects.filter(advisory=version.advisory, number=version.number - 1).first()
    told = read(bytes(before.content)) if before else None
    if told is None or told.handling.tlp != Tlp.CLEAR:
        return []
    kept = {osv.write(whole, vulnerability=index)["id"] for index in range(len(whole.vulnerabilities))}
    gone = replace(told, withdrawn_at=whole.modified_at, revisions=whole.revisions)
    records = [osv.write(gone, vulnerability=index) for index in range(len(gone.vulnerabilities))]
    return [strictjson.dumps(one) for one in records if one["id"] not in kept]


def _render(version: Version, kind: Format, index: int, body: bytes) -> None:
    Rendering.objects.create(version=version, format=kind, index=index, body=body, etag=etag_of(body))
