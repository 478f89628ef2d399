"""How do two databases come to sort and measure text alike? By a column and a rule that say so."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

ID_LENGTH = 32

if TYPE_CHECKING:
    _Text = models.CharField[str, str]
else:
    _Text = models.CharField


class OrderedText(_Text):
    """Short text compared byte by byte on every database.

    SQLite compares bytes by default; PostgreSQL follows its locale unless told
    otherwise, and a list paged by such a column would differ between the two.
    """

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        """Return the column's type, with collation "C" where the database would use a locale."""
        parameters: dict[str, Any] = dict(super().db_parameters(connection))
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def public_id() -> OrderedText:
    """Return the column that names a row to the outside: 32 hexadecimal digits, chosen before the insert."""
    return OrderedText(max_length=ID_LENGTH, unique=True)


def no_longer_than(column: str, length: int, *, name: str) -> models.CheckConstraint:
    """Return the rule that SQLite needs to refuse text longer than the column says."""
    return models.CheckConstraint(condition=LessThanOrEqual(Length(column), length), name=name)
