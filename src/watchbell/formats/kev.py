"""Read CISA's catalogue of known exploited vulnerabilities, and notice when it was cut short."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from watchbell.domain.refusal import Refused, refuse
from watchbell.domain.sentence import Sentence
from watchbell.formats import fields, strictjson
from watchbell.formats.fields import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class KevEntry:
    """One listed vulnerability; `ransomware` None means the catalogue does not say."""

    cve: str
    vendor: str
    product: str
    name: str
    added_on: date
    due_on: date | None
    description: str
    required_action: str
    ransomware: bool | None
    cwes: tuple[str, ...]
    notes: str
    record: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class KevCatalogue:
    """One issue of the catalogue; iterate `entries()` once for each entry or its refusal."""

    version: str
    released: str
    records: list[object]

    def entries(self) -> Iterator[KevEntry | Refused]:
        """Yield every entry, or the Refused that says what is wrong with it, in the catalogue's order."""
        for index, record in enumerate(self.records):
            try:
                yield _entry(record, f"/vulnerabilities/{index}")
            except Refused as refused:
                yield refused


def loads(data: bytes | str) -> KevCatalogue:
    """Return the catalogue in `data`.

    Raises Refused with code incomplete when it holds no entry or not as many as
    it says, so that a cut download never empties the list of exploited flaws.
    """
    return read(fields.root(strictjson.loads(data)))


def read(document: Json) -> KevCatalogue:
    """Return the catalogue in a parsed document; see `loads`."""
    records = fields.items(document, "vulnerabilities")
    count = document.get("count")
    if type(count) is not int:
        raise fields.missing("", "count") if count is None else fields.wrong_type("/count", int, count)
    if count != len(records) or not records:
        message = Sentence("The catalogue says {count} entries and holds {found}.", count=count, found=len(records))
        raise refuse("incomplete", message, place="/count", todo="Fetch the catalogue again; nothing was changed")
    released = fields.text(document, "dateReleased")
    return KevCatalogue(version=fields.text(document, "catalogVersion"), released=released, records=records)


def _entry(record: object, place: str) -> KevEntry:
    if not isinstance(record, dict):
        raise fields.wrong_type(place, dict, record)
    use = fields.text(record, "knownRansomwareCampaignUse", place).strip().lower()
    return KevEntry(
        cve=fields.required_text(record, "cveID", place).strip().upper(),
        vendor=fields.text(record, "vendorProject", place).strip(),
        product=fields.text(record, "product", place).strip(),
        name=fields.text(record, "vulnerabilityName", place),
        added_on=_day(fields.required_text(record, "dateAdded", place), f"{place}/dateAdded"),
        due_on=_day(text, f"{place}/dueDate") if (text := fields.text(record, "dueDate", place)) else None,
        description=fields.text(record, "shortDescription", place),
        required_action=fields.text(record, "requiredAction", place),
        ransomware={"known": True}.get(use),
        cwes=fields.texts(record, "cwes", place),
        notes=fields.text(record, "notes", place),
        record=record,
    )


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise refuse(
            "wrong-time",
            Sentence("{found} is not a date.", found=repr(text[:40])),
            place=place,
            expected="a date such as 2026-01-31",
        ) from None
