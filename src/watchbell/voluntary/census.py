"""Which names and texts does early access consist of? Every file of it that is installed, read as source.

Names that are defined there, texts between quotes, templates without their tags, addresses, and the translation of
every one of these texts. What a library calls its own things is not ours to name.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path

import watchbell
from watchbell.apps.notices.news import NEWS
from watchbell.voluntary.routes import in_area, operations, pages
from watchbell.web.catalogues import LOCALE, merged

ROOT = Path(watchbell.__file__).parent
FOLDERS = (
    *("domain/terms", "domain/metering", "apps/engagements", "apps/evaluation", "gateway", "formats/model_api"),
    *("outside/upstream", "web/early_access", "web/evaluation", "web/templates/early_access"),
    *("web/templates/evaluation", "domain/measurement", "domain/evaluation"),
)
FILES = (
    *("domain/lifecycle/engagement.py", "domain/lifecycle/window.py", "domain/lifecycle/run.py"),
    *("formats/engagement_statements.py", "formats/protocols.py", "formats/eval_log.py", "formats/eval_sample.py"),
    *("formats/sealed_results.py", "formats/containment_statements.py"),
    *("cli/gateway.py", "cli/verify_access.py", "cli/eval_logs.py"),
)
KINDS_OF_NEWS = ("engagement.", "partner.", "determination.", "model.", "evaluation.")
API = re.compile(r"(early|engagement|evaluation)")
TRANSLATED = re.compile(r"""\{%\s*(?:blocktranslate|blocktrans)\b.*?%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}""", re.S)
QUOTED = re.compile(r"""\{%\s*(?:translate|trans)\s+(?:"([^"]*)"|'([^']*)')""")
TAGS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.S)
COMMENTS = re.compile(r"\{%\s*comment\b.*?\{%\s*endcomment\s*%\}", re.S)
PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class Said:
    """One name or text, and where it stands."""

    text: str
    where: str


def sources() -> list[Path]:
    """Return every file of this area that is installed here."""
    found = [ROOT / name for name in FILES if (ROOT / name).exists()]
    for folder in FOLDERS:
        found += sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".html", ".txt"))
    return [*found, *sorted(path for path in (ROOT / "api").glob("*.py") if API.search(path.stem))]


@cache
def everything_said() -> tuple[Said, ...]:
    """Return every name and text of this area, in English or in no language."""
    found: list[Said] = []
    for path in sources():
        where, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        words = _of_python(text) if path.suffix == ".py" else _of_template(text)
        found += [Said(word, f"{where}:{line}") for word, line in words]
    for kind, news in NEWS.items():
        if kind.startswith(KINDS_OF_NEWS):
            found += [Said(text, f"news of {kind}") for text in (kind, *map(str, _values(news)))]
    return tuple(found)


def _values(news: object) -> list[object]:
    return [getattr(news, each.name) for each in fields(news)] if is_dataclass(news) else [news]


def addresses() -> list[Said]:
    """Return the names and paths of this area's pages and operations."""
    names = [Said(text, f"page {page.name}") for page in pages() if in_area(page) for text in (page.name, page.path)]
    return names + [Said(one.path, f"operation {one.path}") for one in operations() if in_area(one)]


def translations() -> list[Said]:
    """Return how each of this area's texts is said in the other language; whole catalogues of the area besides."""
    said = {one.text for one in everything_said()}
    found = []
    for folder in sorted(LOCALE.glob("*/LC_MESSAGES")):
        own = {phrase.key for name in ("terms", "early_access") for phrase in merged([*folder.glob(f"{name}.po")])}
        for phrase in merged(sorted(folder.glob("*.po"))):
            if not phrase.is_header and (phrase.msgid in said or phrase.key in own):
                found += [Said(form, f"translation of {phrase.msgid[:60]!r}") for form in phrase.said.values()]
    return found


def words_of(text: str) -> set[str]:
    """Return the words of a name or text in small letters, names split at underscores and capitals."""
    return {word.lower() for word in PARTS.findall(text)}


def _of_python(source: str) -> Iterator[tuple[str, int]]:
    tree = ast.parse(source)
    described = {id(text) for node in ast.walk(tree) if (text := _docstring(node)) is not None}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
            yield node.value, node.lineno


def _docstring(node: ast.AST) -> ast.Constant | None:
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value
    return None


def _of_template(source: str) -> Iterator[tuple[str, int]]:
    source = COMMENTS.sub("", source)
    for found in TRANSLATED.finditer(source):
        yield " ".join(found.group(1).split()), 1 + source[: found.start()].count("\n")
        yield found.group(1), 1 + source[: found.start()].count("\n")
    for found in QUOTED.finditer(source):
        yield found.group(1) or found.group(2), 1 + source[: found.start()].count("\n")
    for number, line in enumerate(TAGS.sub(" ", source).splitlines(), start=1):
        yield line, number
