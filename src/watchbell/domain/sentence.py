"""How does a rule speak, so that a program reads English and a page says the same in its reader's language?"""

import json
from typing import Any, Self

Value = str | int | tuple[str, ...]
"""What fills a place: inert text, a number, a sentence (said in the same language), or several of these."""


class Sentence(str):
    """English text that still knows its words apart from its values.

    `template` has named places such as "{limit}" and is what a catalogue of translations
    holds; `values` fill them and are never translated, unless they are sentences themselves:
    those give up their full stop. Everything that takes a text takes a sentence; it is then English.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, Value]

    def __new__(cls, template: str, /, **values: Value) -> Self:
        """Return the sentence; without values the template is said as it stands. Raises KeyError for an empty place."""
        if isinstance(template, cls) and not values:
            return template
        said = super().__new__(cls, filled(template, {name: in_english(one) for name, one in values.items()}))
        said.template, said.values = str(template), values
        return said

    def __str__(self) -> Self:
        """Return the sentence itself, so that `str()` of an exception that carries it forgets nothing."""
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Value]]:
        """Return what makes an equal sentence, for copies."""
        return (self.template,), self.values

    def packed(self, longest: int) -> str:
        """Return the sentence for a column of `longest` characters; values are cut where it would be longer."""
        if not self.values and not self.startswith("["):
            return self[:longest]
        for most in (longest, 200, 100, 40, 10, 0):
            text = json.dumps(_plain(self, most), ensure_ascii=False, separators=(",", ":"))
            if len(text) <= longest:
                return text
        return self[:longest]

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """Return the sentence that `packed` wrote; other text becomes a sentence that says just that."""
        try:
            # our own text, written by `packed`; the parser for other people's lives a floor above
            found = _restored(cls, json.loads(text)) if text.startswith("[") else text  # noqa: TID251
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            found = text
        return found if isinstance(found, cls) else cls(text)


def filled(template: str, values: dict[str, str]) -> str:
    """Return a template with its places filled; without values it is said as it stands, braces and all."""
    return template.format(**values) if values else template


def in_english(value: Value) -> str:
    """Return a value as it stands in English text."""
    if isinstance(value, tuple):
        return ", ".join(in_english(one) for one in value)
    return value.rstrip(".") if isinstance(value, Sentence) else f"{value}"


def _plain(value: Value, most: int) -> Any:
    if isinstance(value, Sentence):
        said = value.template if value.values else value.template[: max(most, 100)]
        return [said, {name: _plain(one, most) for name, one in value.values.items()}]
    if isinstance(value, tuple):
        return {"all": [_plain(one, most) for one in value]}
    return value if isinstance(value, int) else value[:most]


def _restored(cls: type[Sentence], found: Any) -> Any:
    if isinstance(found, list):
        template, values = found
        return cls(template, **{name: _restored(cls, one) for name, one in values.items()})
    return tuple(_restored(cls, one) for one in found["all"]) if isinstance(found, dict) else found
