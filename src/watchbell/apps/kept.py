"""What does each room keep, how long, and what do export and deletion do? One row a table, walked by a test."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """One table's columns and their fate; every column of every table appears in exactly one row."""

    model: str
    columns: tuple[str, ...]
    holds: str
    until: str
    on_export: str
    on_deletion: str
