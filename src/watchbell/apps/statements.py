"""What is asked for every single call of a model has its SQL written once: by Django, from the same query as ever.

To write the SQL of a look takes Django five times as long as a database in this process takes to answer it. A
`Look` keeps what Django wrote, with a place for each value; the rows come back as the same models. Rows are
written with the fields' own conversions. For the few busiest statements only: everything else asks the ORM.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")
Scalar = int | str | datetime
Value = Scalar | tuple[Scalar, ...]

_FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Written:
    """SQL with its parameters in order: the place of a value, or a constant of the query's own."""

    sql: str
    places: tuple[int | None, ...]
    constants: tuple[object, ...]
    locks: bool
    read: Callable[[list[Any]], Iterator[Any]]


class Look(Generic[Row]):
    """A query that takes named values; its SQL is written once for each database and number of values.

    `query` gets the values by name and must use each of them as it is, in comparisons only: what it does may depend
    on nothing else, so a look whose query locks rows is another one than that whose query does not.
    """

    def __init__(self, query: Callable[..., "QuerySet[Any, Row]"]) -> None:
        self._query = query
        self._written: dict[tuple[object, ...], _Written] = {}

    def __call__(self, **values: Value) -> list[Row]:
        """Return the rows, as the query itself would. A tuple must not be empty."""
        given = [one for value in values.values() for one in (value if isinstance(value, tuple) else (value,))]
        sizes = [len(value) if isinstance(value, tuple) else None for value in values.values()]
        shape = (connection.vendor, *values, *sizes, *map(type, given))
        written = self._written.get(shape)
        if written is None:
            written = self._written[shape] = self._write(values)
        if written.locks and not connection.in_atomic_block:
            raise TransactionManagementError("Rows are locked in a transaction only.")
        parameters: list[Any] = [
            constant if place is None else _adapted(given[place])
            for place, constant in zip(written.places, written.constants, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, parameters)
            return list(written.read(cursor.fetchall()))

    def _write(self, values: Mapping[str, Value]) -> _Written:
        """Have Django write the query with marks for values, and find the marks among its parameters."""
        marks: list[Scalar] = []

        def marked(value: Scalar) -> Scalar:
            marks.append(_mark(value, len(marks)))
            return marks[-1]

        told = {
            name: tuple(map(marked, value)) if isinstance(value, tuple) else marked(value)
            for name, value in values.items()
        }
        rows = self._query(**told)
        compiler = rows.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        place_of = {_adapted(mark): place for place, mark in enumerate(marks)}
        places = tuple(place_of.get(one) for one in parameters)
        if sorted(one for one in places if one is not None) != list(range(len(marks))):
            raise TypeError("A look uses each of its values once, as it is.")
        return _Written(
            sql,
            places,
            tuple(parameters),
            rows.query.select_for_update,
            _reader(compiler, as_models=rows._iterable_class is ModelIterable),
        )


def _mark(value: Scalar, place: int) -> Scalar:
    """Return a value of the same type that nobody else writes."""
    if isinstance(value, datetime):
        return _FAR + timedelta(days=place)
    return (1 << 62) + place if isinstance(value, int) else f"\x01{place:031d}"


def _adapted(value: Scalar) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _reader(compiler: Any, *, as_models: bool) -> Callable[[list[Any]], Iterator[Any]]:
    """Return what turns rows of the database into models with their related ones, or into plain tuples."""
    info, select = compiler.klass_info, compiler.select
    converters = [(at, *found) for at, found in compiler.get_converters([one[0] for one in select]).items()]

    def rows(found: list[Any]) -> Iterator[list[Any]]:
        for row in map(list, found):
            for at, convert, expression in converters:
                for one in convert:
                    row[at] = one(row[at], expression, connection)
            yield row

    if not as_models:
        return lambda found: map(tuple, rows(found))
    own = info["select_fields"]
    names = [select[at][0].target.attname for at in own]
    first, last = own[0], own[-1] + 1
    related = get_related_populators(info, select, connection.alias)  # type: ignore[call-arg]  # stubs of a later Django

    def models(found: list[Any]) -> Iterator[Any]:
        for row in rows(found):
            one = info["model"].from_db(connection.alias, names, row[first:last])
            for populator in related:
                populator.populate(row, one)
            yield one

    return models


_TEXTS: Final[dict[tuple[object, ...], str]] = {}


def insert(rows: Sequence[Model]) -> None:
    """This will insert new rows of one model, and not tell them their keys."""
    meta: Any = rows[0]._meta
    fields = [one for one in meta.concrete_fields if not one.primary_key]
    key = (connection.vendor, "insert", meta.label, len(rows))
    if key not in _TEXTS:
        group = "(" + ", ".join(["%s"] * len(fields)) + ")"
        columns = ", ".join(_quoted(one.column) for one in fields)
        _TEXTS[key] = f"INSERT INTO {_quoted(meta.db_table)} ({columns}) VALUES " + ", ".join([group] * len(rows))  # noqa: S608 (names of our own tables)
    _run(_TEXTS[key], [one.get_db_prep_save(getattr(row, one.attname), connection) for row in rows for one in fields])


def update(model: type[Model], pk: int, **values: object) -> None:
    """This will set these fields of one row."""
    meta: Any = model._meta
    fields = [meta.get_field(name) for name in values]
    key = (connection.vendor, "update", meta.label, *values)
    if key not in _TEXTS:
        settings = ", ".join(f"{_quoted(one.column)} = %s" for one in fields)
        _TEXTS[key] = f"UPDATE {_quoted(meta.db_table)} SET {settings} WHERE {_quoted(meta.pk.column)} = %s"  # noqa: S608 (as above)
    given = [one.get_db_prep_save(value, connection) for one, value in zip(fields, values.values(), strict=True)]
    _run(_TEXTS[key], [*given, pk])


def delete(model: type[Model], pks: Sequence[int]) -> None:
    """This will delete these rows of a model that nothing refers to."""
    meta: Any = model._meta
    key = (connection.vendor, "delete", meta.label, len(pks))
    if key not in _TEXTS:
        places = ", ".join(["%s"] * len(pks))
        _TEXTS[key] = f"DELETE FROM {_quoted(meta.db_table)} WHERE {_quoted(meta.pk.column)} IN ({places})"  # noqa: S608 (as above)
    _run(_TEXTS[key], list(pks))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _run(sql: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
