"""This will learn which documents a CSAF provider lists, and put those that are new or changed on the list of waiting.

Everything listed is in the table before the list counts as read, so a run that is killed
here begins this list again and loses nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from django.db import transaction
from django.db.models import F

from watchbell.apps.vulnerabilities.models import ADDRESS_LENGTH, ProvidedDocument, ProviderListing, Source
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.apps.vulnerabilities.services.provider_asking import LISTING, SMALL, AskedToWait, Asker, NotThere
from watchbell.apps.vulnerabilities.services.sources import Answer
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import csaf_listings, csaf_provider
from watchbell.formats.csaf_listings import ListedDocument
from watchbell.formats.csaf_provider import Distribution, Provider

MOST_PAGES = 1000
BLANK = Answer()

_BY_NAME = "csaf.data.security."
"""A host of this name serves the metadata itself (7.1.10)."""


def look(source: Source, location: str, asker: Asker) -> None:
    """Bring the table of what this provider lists up to date; a list that cannot be read says why, see `unread`.

    Raises Refused when the provider itself cannot be found, and AskedToWait.
    """
    provider = discover(location, asker)
    lists = _registered(source, provider)
    if not lists:
        message = "Nothing that the provider lists is for everyone, and records here are shown to everyone"
        raise refuse("not-public", message, place=location, expected="TLP:CLEAR, or WHITE in CSAF 2.0")
    for one in lists:
        try:
            _read(one, asker)
        except AskedToWait:
            raise
        except Refused as refused:
            ProviderListing.objects.filter(pk=one.pk).update(refusal=Sentence(str(refused.refusal)).packed(1000))


def discover(location: str, asker: Asker) -> Provider:
    """Return the provider behind this address: its metadata, its security.txt, or its host alone (CSAF 2.0, 7.3.1)."""
    if location.endswith(csaf_provider.METADATA) or urlsplit(location).netloc.startswith(_BY_NAME):
        return csaf_provider.loads(asker.get(location, SMALL).body, location)
    if not location.endswith("/security.txt"):
        try:
            known = urljoin(location, csaf_provider.WELL_KNOWN)
            return csaf_provider.loads(asker.get(known, SMALL).body, known)
        except NotThere:
            location = urljoin(location, csaf_provider.SECURITY_TXT)
    named = csaf_provider.metadata_in(asker.get(location, SMALL).body)
    if not named:
        message = Sentence("{host} names no CSAF provider", host=urlsplit(location).netloc)
        raise refuse("no-provider", message, place=location, todo="Give the address of its provider-metadata.json")
    own = urljoin(location, "/")
    chosen = next((one for one in named if one.startswith(own)), named[0])
    return csaf_provider.loads(asker.get(chosen, SMALL).body, chosen)


def unread(source: Source) -> str:
    """Return why a list of this provider could not be read the last time, as a packed sentence; "" when all were."""
    rows = ProviderListing.objects.filter(source=source, is_open=True).exclude(refusal="").order_by("address")
    return rows.values_list("refusal", flat=True).first() or ""


@transaction.atomic
def _registered(source: Source, provider: Provider) -> list[ProviderListing]:
    """Return the lists to be read, after making the table say what the provider names."""
    named = [_known(source, one, provider) for one in provider.preferred]
    others = ProviderListing.objects.filter(source=source).exclude(pk__in=[row.pk for row in named])
    if others.exists():
        others.delete()
        # what only those listed may stand in another list too, which then has to be read again
        ProviderListing.objects.filter(source=source).update(etag="", last_modified="")
        named = [ProviderListing.objects.get(pk=row.pk) for row in named]
    return [row for row in named if row.is_open]


def _known(source: Source, one: Distribution, provider: Provider) -> ProviderListing:
    if len(one.url) > ADDRESS_LENGTH:
        raise refuse("too-long", "The address of a feed is too long", place=one.place)
    row, _ = ProviderListing.objects.get_or_create(source=source, address=one.url)
    said = one.label[:32], one.is_for_everyone, provider.is_trusted
    if (row.label, row.is_open, row.is_trusted) != said:
        row.label, row.is_open, row.is_trusted = said
        row.etag = row.last_modified = ""
        row.save(update_fields=["label", "is_open", "is_trusted", "etag", "last_modified"])
    return row


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a list says now, and what makes the next request for it conditional."""

    entries: list[ListedDocument]
    refusals: list[Refusal]
    answer: Answer


def _read(listing: ProviderListing, asker: Asker) -> None:
    held = BLANK if listing.refusal else Answer(listing.etag, listing.last_modified)
    read = _folder if _is_folder(listing) else _feed
    found = read(listing.address, asker, held)
    if found is not None:
        _refuse_a_stump(listing, found)
        for part in bulk.slices(found.entries):
            _put(listing, part)
        _settle(listing, found)
    ProviderListing.objects.filter(pk=listing.pk).update(read_at=asker.now)


def _is_folder(listing: ProviderListing) -> bool:
    return listing.address.endswith("/")


def _feed(url: str, asker: Asker, held: Answer) -> _Listed | None:
    """Return everything a feed lists on all its pages; None when the server says that nothing changed."""
    answer = asker.get(url, LISTING, held=held)
    if answer.is_unchanged:
        return None
    fresh = Answer(answer.etag[:512], answer.last_modified[:128])
    seen: set[str] = {url}
    found: list[ListedDocument | Refusal] = []
    feed = csaf_listings.read_feed(answer.body, url)
    while feed.following:
        found += feed.entries
        fresh = BLANK  # an unchanged first page says nothing of the others
        if feed.following in seen or len(seen) > MOST_PAGES or len(found) > csaf_listings.MOST_LISTED:
            message = "The pages of the feed lead in a circle or have no end"
            raise refuse("endless-feed", message, place=feed.following[:200], todo="Ask the provider to correct it")
        seen.add(feed.following)
        feed = csaf_listings.read_feed(asker.get(feed.following, LISTING).body, feed.following)
    return _sorted_out([*found, *feed.entries], fresh)


def _folder(url: str, asker: Asker, held: Answer) -> _Listed | None:
    """Return what a folder lists: by changes.csv, or by index.txt, whose documents are asked for anew each week."""
    try:
        answer = asker.get(f"{url}changes.csv", LISTING, held=held)
        if answer.is_unchanged:
            return None
        fresh = Answer(answer.etag[:512], answer.last_modified[:128])
        return _sorted_out(csaf_listings.read_changes(answer.body, url), fresh)
    except NotThere:
        body = asker.get(f"{url}index.txt", LISTING).body
        return _sorted_out(csaf_listings.read_index(body, url, changed=_week(asker.now)), BLANK)


def _week(now: datetime) -> str:
    return f"{now:%G-W%V}"


def _sorted_out(listed: Iterable[ListedDocument | Refusal], answer: Answer) -> _Listed:
    """Return each document once, as its latest line says, and the lines that could not be read."""
    entries: dict[str, ListedDocument] = {}
    refusals: list[Refusal] = []
    for one in listed:
        if isinstance(one, Refusal):
            refusals.append(one)
        elif one.url not in entries or entries[one.url].changed < one.changed:
            entries[one.url] = one
    return _Listed(list(entries.values()), refusals, answer)


def _refuse_a_stump(listing: ProviderListing, found: _Listed) -> None:
    """Raise Refused when a list names less than half of what it named; nothing is ever removed for it."""
    before = ProvidedDocument.objects.filter(listing=listing).count()
    if len(found.entries) * 2 >= before:
        return
    message = Sentence("The list names {found} documents; it named {before}", found=len(found.entries), before=before)
    todo = "What was stored before stays; it is asked again later"
    raise refuse("incomplete", message, place=listing.address, expected="at least half as many as before", todo=todo)


@transaction.atomic
def _put(listing: ProviderListing, entries: list[ListedDocument]) -> None:
    """This will add or change the rows of these documents; those that stand as listed are not touched."""
    rows = ProvidedDocument.objects.filter(source_id=listing.source_id, address__in=[one.url for one in entries])
    there = {row.address: row for row in rows}
    fresh: list[ProvidedDocument] = []
    changed: list[ProvidedDocument] = []
    for one in entries:
        row = there.get(one.url)
        if row is None:
            row = ProvidedDocument(source_id=listing.source_id, address=one.url)
            fresh.append(row)
        elif row.changed == one.changed or (row.listing_id != listing.pk and row.changed > one.changed):
            continue  # of two lists with one document the later word counts, or each run would read it twice
        else:
            changed.append(row)
        _fill(row, listing, one)
    ProvidedDocument.objects.bulk_create(fresh, batch_size=50)
    ProvidedDocument.objects.bulk_update(changed, _FILLED, batch_size=50)


_FILLED = ("listing", "changed", "hashes", "must_check", "is_signed", "tried_at", "refusal")


def _fill(row: ProvidedDocument, listing: ProviderListing, one: ListedDocument) -> None:
    row.listing, row.changed, row.is_signed = listing, one.changed, one.is_signed
    row.hashes = "\n".join(one.hashes)
    row.must_check = listing.is_trusted or (bool(one.hashes) and not _is_folder(listing))
    row.tried_at, row.refusal = None, ""


@transaction.atomic
def _settle(listing: ProviderListing, found: _Listed) -> None:
    """This will forget what is listed no more, and note how the reading went."""
    listed = {one.url for one in found.entries}
    gone = [row.pk for row in _documents_of(listing) if row.address not in listed]
    for part in bulk.slices(gone):
        rows = ProvidedDocument.objects.filter(pk__in=part)
        rows.filter(taken__isnull=True).delete()
        rows.update(taken=F("changed"))
    ProviderListing.objects.filter(pk=listing.pk).update(
        refusal="",
        refused=len(found.refusals),
        refused_first=Sentence(str(found.refusals[0])).packed(1000) if found.refusals else "",
        etag=found.answer.etag,
        last_modified=found.answer.last_modified,
    )


def _documents_of(listing: ProviderListing) -> Iterator[ProvidedDocument]:
    return ProvidedDocument.objects.filter(listing=listing).only("pk", "address").iterator()
