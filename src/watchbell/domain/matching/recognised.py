"""By what was something recognised, and what is surer?

A vendor's own identification helper that is a package URL is as exact as any record's range.
"""

from watchbell.domain.matching.tiers import Basis


def basis_of_package(ecosystem: str, *, is_vendors: bool) -> Basis:
    """Return by what a component with a package URL was recognised; `is_vendors` for a helper in a vendor's product.

    A distribution's package is told with its release ("Debian:12").
    """
    if is_vendors:
        return Basis.HELPER
    return Basis.RELEASE if ":" in ecosystem else Basis.PACKAGE


def basis_of_product(*, is_vendors: bool, is_helped: bool = False) -> Basis:
    """Return by what a product was recognised: a vendor's own helper, its branches, or anybody's names.

    `is_helped` for what a record gives a digest, a number or an address of, which a list has too.
    """
    if is_helped:
        return Basis.HELPER
    return Basis.BRANCHES if is_vendors else Basis.PICKED


def surer(one: Basis) -> int:
    """Return the place of a basis among all, the surest first; to sort by."""
    return list(Basis).index(one)
