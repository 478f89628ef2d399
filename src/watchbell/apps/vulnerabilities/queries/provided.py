"""What does a provider of advisories list, how much of it was taken, and why was the rest not?"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from watchbell.apps.vulnerabilities.models import ProvidedDocument, ProviderListing
from watchbell.domain.sentence import Sentence

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ShownListing:
    """One feed or folder; `is_open` when it is read, `because` why it could not be, `first` the first bad line."""

    address: str
    label: str
    is_open: bool
    read_at: datetime | None
    because: str
    refused: int
    first: str


@dataclass(frozen=True, slots=True)
class Provided:
    """How far we are with one provider; `refusals` are the latest hundred, an address and a reason each.

    `unproved` documents were taken without a hash, `signed` ones come with a signature, which nobody checked.
    """

    listings: tuple[ShownListing, ...]
    listed: int
    taken: int
    waiting: int
    refused: int
    proved: int
    signed: int
    refusals: tuple[tuple[str, str], ...]

    @property
    def unproved(self) -> int:
        """Return how many were taken without a hash."""
        return self.taken - self.proved


def provided(name: str) -> Provided | None:
    """Return how far we are with the provider behind the source of this name; None for any other source."""
    lists = ProviderListing.objects.filter(source__name=name).order_by("address")
    if not lists.exists():
        return None
    rows = ProvidedDocument.objects.filter(source__name=name)
    is_taken = Q(taken=F("changed"), refusal="")
    bad = rows.exclude(refusal="")
    return Provided(
        listings=tuple(_shown(row) for row in lists),
        listed=rows.count(),
        taken=rows.filter(is_taken).count(),
        waiting=rows.exclude(taken=F("changed"), taken__isnull=False).filter(refusal="").count(),
        refused=bad.count(),
        proved=rows.filter(is_taken).exclude(checked="").count(),
        signed=rows.filter(is_signed=True).count(),
        refusals=tuple(
            (row.address, Sentence.unpacked(row.refusal)) for row in bad.order_by("-tried_at", "address")[:MOST_SHOWN]
        ),
    )


def _shown(row: ProviderListing) -> ShownListing:
    return ShownListing(
        address=row.address,
        label=row.label,
        is_open=row.is_open,
        read_at=row.read_at,
        because=Sentence.unpacked(row.refusal) if row.refusal else "",
        refused=row.refused,
        first=Sentence.unpacked(row.refused_first) if row.refused_first else "",
    )
