"""Every word on a page can be translated, is translated into Spanish, and is one we use."""

import gettext
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web import phrases

from watchbell.web import catalogues

# Sign-in and account pages, home, errors, everything shared, the worklist. Others show English until they are added.
SPOKEN_IN_SPANISH = (
    "account",
    "below",
    "coordination",
    "early_access",
    "evaluation",
    "mfa",
    "node",
    "operator",
    "public",
    "watchbell",
)
NEVER = re.compile(r"\b(are you sure|safe|secure|compliant|approved|oops|sorry)\b", re.IGNORECASE)


@pytest.mark.parametrize("path", phrases.templates(), ids=lambda path: str(path.relative_to(phrases.TEMPLATES)))
def test_a_template_has_no_words_outside_of_translation_tags(path: Path) -> None:
    assert phrases.unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello there</p>",
        '<img alt="A bell">',
        '<input placeholder="Search">',
        '<a aria-label="Close">{{ x }}</a>',
        "{% if a %}{% translate 'Yes' %} indeed{% endif %}",
        '<input type="submit" value="Send">',
    ],
)
def test_an_unmarked_word_is_found_wherever_a_reader_would_meet_it(template: str) -> None:
    assert phrases.unmarked(template)


def test_marked_words_names_and_code_are_left_alone() -> None:
    marked = (
        '{% load i18n %}{# a note #}<p title="{% translate "Bell" %}">{% blocktranslate %}Hello {{ n }}'
        '{% endblocktranslate %} {{ name }} &nbsp;–</p><script type="application/json">{"key": "word"}</script>'
    )

    assert phrases.unmarked(marked) == []


@pytest.mark.parametrize("area", SPOKEN_IN_SPANISH)
def test_every_phrase_of_these_pages_has_a_finished_spanish_translation(area: str) -> None:
    lacking = [f"{one.place}: {one.msgid}" for one in phrases.untranslated() if one.area == area]

    assert lacking == [], "run `python -m tests.web.phrases` and translate what it prints"


def test_several_catalogues_of_one_language_become_one(tmp_path: Path) -> None:
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (tmp_path / "a.po").write_text('msgid "bell"\nmsgstr "campana"\n\nmsgid "watch"\nmsgstr "guardia"\n')
    (tmp_path / "b.po").write_text(header + 'msgid "watch"\nmsgstr "reloj"\n\nmsgid "river"\nmsgstr "río"\n')

    together = catalogues.merged([tmp_path / "a.po", tmp_path / "b.po"])

    compiled = gettext.GNUTranslations(io.BytesIO(catalogues.dumps(together)))
    assert [compiled.gettext(word) for word in ("bell", "watch", "river")] == ["campana", "guardia", "río"]


def test_a_translation_keeps_every_placeholder_of_its_phrase() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")

    wrong = [
        phrase.msgid
        for phrase in phrases.spanish()
        for form, said in phrase.said.items()
        if not phrase.is_header
        and set(placeholder.findall(said)) != set(placeholder.findall(phrase.plural if form else phrase.msgid))
    ]

    assert wrong == []


def test_no_page_promises_safety_or_asks_whether_you_are_sure() -> None:
    wrong = [one.msgid for one in phrases.said() if NEVER.search(one.msgid)]

    assert wrong == []


def test_the_compiled_catalogue_says_what_the_source_says() -> None:
    compiled = gettext.GNUTranslations(io.BytesIO(catalogues.dumps(phrases.spanish())))

    assert compiled.gettext("Sign in") == "Entrar"
    assert compiled.ngettext("in %d day", "in %d days", 3) == "en %d días"
    assert compiled.gettext("not in the catalogue") == "not in the catalogue"


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORDS, WORDS, max_size=8))
def test_any_catalogue_survives_compiling(pairs: dict[str, str]) -> None:
    header = catalogues.Phrase(said={0: "Content-Type: text/plain; charset=UTF-8\n"})
    phrases_of = [catalogues.Phrase(msgid=key, said={0: said}) for key, said in pairs.items()]

    compiled = gettext.GNUTranslations(io.BytesIO(catalogues.dumps([header, *phrases_of])))

    assert {key: compiled.gettext(key) for key in pairs} == pairs


def test_a_fuzzy_translation_counts_as_missing_and_is_not_shown(tmp_path: Path) -> None:
    source = tmp_path / "django.po"
    source.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n',
        encoding="utf-8",
    )

    read = catalogues.read(source)

    assert [phrase.is_complete for phrase in read if not phrase.is_header] == [False]
    assert gettext.GNUTranslations(io.BytesIO(catalogues.dumps(read))).gettext("a") == "a"


def test_a_catalogue_is_compiled_when_its_source_is_newer(tmp_path: Path) -> None:
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n')

    first, second = catalogues.compile_stale(tmp_path), catalogues.compile_stale(tmp_path)

    assert [path.name for path in first] == ["django.mo"]
    assert second == []


def test_a_broken_catalogue_is_refused_with_its_line(tmp_path: Path) -> None:
    source = tmp_path / "django.po"
    source.write_text('msgid "a"\nmsgstr b\n')

    with pytest.raises(ValueError, match="line 2"):
        catalogues.read(source)
