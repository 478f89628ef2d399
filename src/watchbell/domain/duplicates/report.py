"""What is compared when two reports may be about one flaw? Their words and names, never their ids or dates.

Ids give the answer away where they are known and say nothing where they are not; dates
tell of when a catalogue was copied. Neither is ever looked at here.
"""

from dataclasses import dataclass

from watchbell.domain.advisory import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report as it is compared. `name` is only handed back; texts are inert.

    `packages` are packages, products or repositories; `versions` those said to hold the fix
    or the flaw; `places` are files and functions; all as their writer spells them.
    """

    name: str
    title: str = ""
    text: str = ""
    packages: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    cwes: tuple[str, ...] = ()


def report_of(name: str, claim: Claim) -> Report:
    """Return a claim as it is compared: what its finder wrote, the products, and where the flaw is said to be."""
    products = claim.products
    return Report(
        name=name,
        title=claim.title,
        text="\n\n".join(part for part in (claim.description, claim.evidence.text, claim.suggested_fix) if part),
        packages=tuple(one.purl or one.name or one.repository for one in products if one.is_named),
        versions=tuple(one.version for one in products if one.version),
        places=tuple(part for one in claim.locations for part in (one.uri, one.symbol) if part),
        cwes=claim.cwes,
    )
