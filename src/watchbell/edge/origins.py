"""Who names a product by words, and so what its name is worth?"""

from enum import StrEnum


class Origin(StrEnum):
    """The kind of record; PART is of a CSAF document that speaks of the product only within something else."""

    CSAF = "csaf"
    PART = "csaf part"
    CVE = "cve"
    KEV = "kev"
