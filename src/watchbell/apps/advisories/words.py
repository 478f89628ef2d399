"""Which words does publishing use? Where an advisory stands, and in which formats it is rendered."""

from enum import StrEnum


class State(StrEnum):
    """Where an advisory stands; a withdrawn one stays readable and says so."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Format(StrEnum):
    """Formats whose bytes are written once, at publication, and served as they are."""

    CSAF = "csaf"
    OSV = "osv"
