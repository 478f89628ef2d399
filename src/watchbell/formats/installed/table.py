"""Read a spreadsheet of what is installed as a list of components; a line without a package URL is only a name."""

from watchbell.domain.refusal import Refused
from watchbell.formats import inventory_csv
from watchbell.formats.installed.text import lines_of
from watchbell.formats.sbom import Collected, Component, Sbom, SbomFormat


def loads(data: bytes) -> Sbom:
    """Return the lines of a CSV with the columns `inventory_csv` knows. Raises Refused when none names a product."""
    found = Collected()
    for number, line in inventory_csv.read([text + "\n" for _, text in lines_of(data, found)]):
        place = f"line {number}"
        if isinstance(line, Refused):
            found.note(line.refusal.code, line.refusal.message, line.refusal.place or place)
            found.unreadable(place, place)
            continue
        found.add(_component(line, place, found), place)
    return found.sbom(SbomFormat.CSV)


def _component(line: inventory_csv.InventoryLine, place: str, found: Collected) -> Component:
    return Component(
        ref=place,
        name=line.product or line.model or line.purl,
        version=line.version,
        purl=found.purl(line.purl, place),
        supplier=line.vendor,
        models=(line.model,) if line.model else (),
        serials=(line.serial,) if line.serial else (),
    )
