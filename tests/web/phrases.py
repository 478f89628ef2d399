"""Which phrases does the product say, and where are words that nobody can translate?

`python -m tests.web.phrases [AREA...]` prints what the Spanish catalogues lack, ready to be translated. An area is a
folder of pages; each may keep its own `<area>.po` beside `django.po`, and all of them become one.
"""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import django
from django.utils.translation.template import templatize
from tests.support import machine
from tests.web import below

from watchbell.web.catalogues import LOCALE, Phrase, merged

WEB = machine.ROOT / "src" / "watchbell" / "web"
TEMPLATES = WEB / "templates"
SPANISH = LOCALE / "es" / "LC_MESSAGES"
ONE = {"gettext", "gettext_lazy", "gettext_noop", "_"}
MANY = {"ngettext", "ngettext_lazy"}
UNSPOKEN = ("script", "style", "pre", "code", "kbd", "samp")
SPOKEN = ("alt", "title", "placeholder", "aria-label", "aria-description", "aria-roledescription")
LETTERS = re.compile(r"[^\W\d_]{2,}")
MARKED = re.compile(r"\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}", re.DOTALL)
COMMENTS = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?\{%\s*endcomment\s*%\}|<!--.*?-->", re.DOTALL)
CLASSES = re.compile(r"\{%\s*block (?:frame|robots)\s*%\}.*?\{%\s*endblock\s*%\}", re.DOTALL)
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ENTITIES = re.compile(r"&#?\w+;")
PLACES = re.compile(r"\{\w+\}")
NAMES = {"Authorization: Bearer …"}


@dataclass(frozen=True, order=True)
class Said:
    """One phrase in the code, and where."""

    msgid: str
    plural: str
    context: str
    place: str

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.msgid

    @property
    def area(self) -> str:
        """Return which part says it: a folder of pages, `watchbell` for all pages, `below` for the lower floors."""
        if not self.place.startswith("src/watchbell/web/"):
            return "below"
        parts = Path(self.place).relative_to("src/watchbell/web").parts
        folder = parts[1].removesuffix(".py") if parts[0] in ("templates", "templatetags") else parts[0]
        return folder if "." not in folder else "watchbell"


def templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in (".html", ".txt"))


def said() -> list[Said]:
    """Return every phrase of pages and code, and of the floors below them, once a place."""
    found: list[Said] = []
    for path in templates():
        text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        found += _in_templatized(text, str(path.relative_to(machine.ROOT)))
    for path in sorted(WEB.rglob("*.py")):
        found += _in_python(path.read_text(encoding="utf-8"), str(path.relative_to(machine.ROOT)))
    return [*found, *_from_below()]


@cache
def _from_below() -> tuple[Said, ...]:
    """Return what the lower floors say to people; their code does not change while we read."""
    told = {f"{module.path.relative_to(below.SOURCE)}": module.texts for module in below.modules()}
    tables = (*told.items(), *below.listed().items())
    pairs = ((place, text) for place, texts in tables for text in sorted(texts) if LETTERS.search(PLACES.sub("", text)))
    return tuple(Said(text, "", "", f"src/watchbell/{place}") for place, text in pairs)


CALLS = re.compile(r"\b(gettext|ngettext|pgettext|_)\(", re.ASCII)


def _in_templatized(text: str, place: str) -> Iterator[Said]:
    for match in CALLS.finditer(text):
        call = _call_at(text, match.start())
        if call is not None:
            yield from _of_call(call, place)


def _call_at(text: str, start: int) -> ast.Call | None:
    for end in (found.end() for found in re.finditer(r"\)", text[start:])):
        try:
            parsed = ast.parse(text[start : start + end].strip(), mode="eval").body
        except SyntaxError:
            continue
        return parsed if isinstance(parsed, ast.Call) else None
    return None


def _in_python(text: str, place: str) -> Iterator[Said]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from _of_call(node, place)


def _of_call(call: ast.Call, place: str) -> Iterator[Said]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    words = [one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else "" for one in call.args]
    if name in ONE and words and words[0]:
        yield Said(words[0], "", "", place)
    elif name in MANY and len(words) > 1 and words[0]:
        yield Said(words[0], words[1], "", place)
    elif name in ("pgettext", "pgettext_lazy") and len(words) > 1 and words[1]:
        yield Said(words[1], "", words[0], place)


class _Words(HTMLParser):
    """Collect what a reader would see or hear of a template with its marked phrases taken out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSPOKEN:
            self.inside.append(tag)
        self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag == "input" and ("type", "submit") in attrs:
            self.found += [value for name, value in attrs if name == "value" and value]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.found.append(data)


def unmarked(text: str) -> list[str]:
    """Return the words of a template that stand outside of every translation tag."""
    bare = TAGS.sub("", CLASSES.sub("", MARKED.sub("", COMMENTS.sub("", text))))
    words = _Words()
    words.feed(bare)
    words.close()
    plain = (ENTITIES.sub("", word).strip() for word in words.found)
    return [word for word in plain if word not in NAMES and LETTERS.search(word)]


def untranslated() -> list[Said]:
    """Return the phrases for which no Spanish catalogue has a finished translation, each once an area."""
    done = {(phrase.context, phrase.msgid): phrase for phrase in spanish() if phrase.is_complete}
    missing: dict[tuple[tuple[str, str], str], Said] = {}
    for one in said():
        phrase = done.get(one.key)
        if phrase is None or phrase.plural != one.plural:
            missing.setdefault((one.key, one.area), one)
    return sorted(missing.values(), key=lambda one: (one.place, one.msgid))


def forgotten() -> list[Phrase]:
    """Return what the Spanish catalogue translates though nobody says it any more."""
    spoken = {one.key for one in said()}
    return [one for one in spanish() if not one.is_header and (one.context, one.msgid) not in spoken]


def spanish() -> list[Phrase]:
    """Return every phrase of the Spanish catalogues."""
    return merged(sorted(SPANISH.glob("*.po")))


def entry(one: Said) -> str:
    """Return a phrase as the empty entry a translator fills in."""
    lines = [f"# {one.place}"]
    if one.context:
        lines.append(f"msgctxt {_quoted(one.context)}")
    lines.append(f"msgid {_quoted(one.msgid)}")
    if one.plural:
        lines += [f"msgid_plural {_quoted(one.plural)}", 'msgstr[0] ""', 'msgstr[1] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbell.config.settings")
    django.setup()
    wanted = {one.key: one for one in untranslated() if one.area in (sys.argv[1:] or [one.area])}
    sys.stdout.write("\n".join(entry(one) for one in wanted.values()))
