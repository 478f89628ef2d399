"""How do translations become what Python reads? By a small compiler, so that gettext's tools need not be there.

The format is GNU gettext's .mo: a header of seven 32-bit words, two tables of
(length, offset) sorted by key, and the texts, each ended by a zero byte.
"""

import ast
import contextlib
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
MAGIC = 0x950412DE
CONTEXT_END = "\x04"
PLURAL_END = "\0"


@dataclass(slots=True)
class Phrase:
    """One entry of a .po file: what is said, in which context, and how it is said in the other language."""

    msgid: str = ""
    plural: str = ""
    context: str = ""
    said: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def is_header(self) -> bool:
        """Return whether this entry says how the catalogue is written rather than what is said."""
        return not self.msgid and not self.context

    @property
    def is_complete(self) -> bool:
        """Return whether every form is translated by a person."""
        wanted = range(2) if self.plural else range(1)
        return not self.is_fuzzy and all(self.said.get(form) for form in wanted)

    @property
    def key(self) -> str:
        """Return the key under which gettext looks this phrase up."""
        context = f"{self.context}{CONTEXT_END}" if self.context else ""
        return context + self.msgid + (f"{PLURAL_END}{self.plural}" if self.plural else "")


def read(path: Path) -> list[Phrase]:
    """Return every phrase of a .po file, its header among them; raises ValueError naming a line it cannot read."""
    phrases: list[Phrase] = []
    phrase, target, fuzzy = None, "", False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            phrase = None if not line else phrase
            continue
        word, _, rest = line.partition(" ")
        if line.startswith('"'):
            word, rest = target, line
        elif phrase is None or word == "msgctxt" or (word == "msgid" and phrase.said):
            phrase = Phrase(is_fuzzy=fuzzy)
            phrases.append(phrase)
            fuzzy = False
        if phrase is None or not rest.startswith('"'):
            raise ValueError(f"{path.name}, line {number}: not a line of a catalogue")
        _add(phrase, word, str(ast.literal_eval(rest)))
        target = word
    return phrases


def _add(phrase: Phrase, word: str, text: str) -> None:
    if word == "msgid":
        phrase.msgid += text
    elif word == "msgid_plural":
        phrase.plural += text
    elif word == "msgctxt":
        phrase.context += text
    else:
        form = int(word.removeprefix("msgstr").strip("[]") or 0)
        phrase.said[form] = phrase.said.get(form, "") + text


def dumps(phrases: list[Phrase]) -> bytes:
    """Return the compiled catalogue; unfinished and fuzzy phrases are left out and show in English."""
    kept = [phrase for phrase in phrases if phrase.is_header or phrase.is_complete]
    pairs = sorted(
        (phrase.key.encode(), PLURAL_END.join(phrase.said[form] for form in sorted(phrase.said)).encode())
        for phrase in kept
    )
    texts = [key for key, _ in pairs] + [said for _, said in pairs]
    start = 28 + 16 * len(pairs)
    table, body = b"", b""
    for text in texts:
        table += struct.pack("<II", len(text), start + len(body))
        body += text + b"\0"
    header = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return header + table + body


def compile_stale(locale: Path = LOCALE) -> list[Path]:
    """This will compile each language whose catalogues are newer than their compiled form; return what was written.

    A language may have several .po files, one for each part of the pages; together
    they become `django.mo`, under the first header found. In a folder that cannot
    be written nothing is: an installed package brings its catalogues compiled.
    """
    written = []
    for folder in sorted(locale.glob("*/LC_MESSAGES")):
        sources = sorted(folder.glob("*.po"))
        target = folder / "django.mo"
        newest = max((source.stat().st_mtime for source in sources), default=0.0)
        if not sources or (target.exists() and target.stat().st_mtime >= newest):
            continue
        draft = folder / f"django.{os.getpid()}.tmp"
        with contextlib.suppress(PermissionError):
            draft.write_bytes(dumps(merged(sources)))
            draft.replace(target)
            written.append(target)
    return written


def merged(sources: list[Path]) -> list[Phrase]:
    """Return the phrases of several .po files; the first file to say a phrase, or to bring a header, keeps it."""
    phrases: dict[str, Phrase] = {}
    for source in sources:
        for phrase in read(source):
            phrases.setdefault(phrase.key, phrase)
    return list(phrases.values())
