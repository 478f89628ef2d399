"""Nothing in the way to a developer's model means permission, verdict or barrier (V13): names, texts and comments."""

import io
import keyword
import re
import tokenize
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "watchbell"
WHERE = (
    "gateway",
    "outside/upstream",
    "outside/closed.py",
    "formats/model_api",
    "domain/metering",
    "domain/suites",
    "domain/evaluation",
    "domain/measurement",
    "apps/evaluation",
    "web/evaluation",
    "cli/gateway.py",
    "cli/evaluate.py",
)
NEVER = frozenset(("approve", "license", "permit", "clear", "certify", "pass", "fail", "gate", "block"))
FORMS = frozenset(f"{word}{end}" for word in NEVER for end in ("s", "d", "ed", "es", "ing")) | {
    *("approving", "approval", "licence", "certified", "certifies", "certifying", "permitted", "licensing"),
    *("clearance", "failure", "gating"),
}
OTHER_PEOPLES = frozenset({'"response.failed"', '"content_block_delta"'})
"""Names in interfaces that we did not make."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words_of(text: str) -> set[str]:
    """Return the words of a text; pass@k is the name of a statistic, which product.md allows."""
    return {word.lower() for word in WORD.findall(re.sub(r"pass(@|_at_)(k|\d)|pass_at\b", "", text))}


def found_in(source: str) -> list[str]:
    told = (tokenize.NAME, tokenize.STRING, tokenize.COMMENT)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    ours = (one for one in tokens if one.type in told and one.string not in OTHER_PEOPLES)
    spoken = [one for one in ours if not keyword.iskeyword(one.string)]
    return [f"line {one.start[0]}: {one.string[:60]}" for one in spoken if words_of(one.string) & (NEVER | FORMS)]


def modules() -> list[Path]:
    places = [SOURCE / name for name in WHERE]
    return [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_name_text_or_comment_means_permission_verdict_or_barrier(path: Path) -> None:
    assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source", ["is_gate = 1", "x = 'will permit'", "# a Block", "def failFast(): pass", "CLEAR = 1"]
)
def test_such_a_word_is_found_wherever_it_stands(source: str) -> None:
    assert found_in(source)


def test_words_that_only_contain_one_are_others() -> None:
    assert found_in("gateway = password = permission = 'passkey aggregate'\nfor _ in x:\n    pass\n") == []
