"""What the lower floors say is said in the reader's language, with the values as they are."""

from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.translation import override
from tests.web import below

from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.web.speaking import spoken

HOSTILE = "<script>{limit}</script>%(x)s"


def test_a_refusal_is_told_in_spanish_with_its_place_and_its_values() -> None:
    error = refuse(
        "wrong-value",
        Sentence("{found} is not a CVE id.", found=repr("CVE")),
        place="line 12",
        expected="CVE-2026-12345",
        todo="Correct this field and send the document again",
    )

    with override("es"):
        said = spoken(error)

    assert said == (
        "'CVE' no es un identificador CVE (línea 12). CVE-2026-12345. Corrija este campo y envíe de nuevo el documento."
    )


def test_a_program_reads_the_same_refusal_in_english_whatever_the_language() -> None:
    with override("es"):
        error = refuse("too-large", "The upload is too large.", expected=Sentence("At most {limit} bytes", limit=3))

    assert str(error) == "The upload is too large. At most 3 bytes."
    assert error.refusal.as_mapping()["expected"] == "At most 3 bytes"


def test_a_value_is_inert_text_in_every_language() -> None:
    said = Sentence("The header lacks {names}.", names=(HOSTILE, "purl"))

    with override("es"):
        shown = Template("{% load watchbell %}{{ said|spoken }}").render(Context({"said": said}))

    assert shown == "En el encabezado falta &lt;script&gt;{limit}&lt;/script&gt;%(x)s, purl."


@pytest.mark.parametrize("said", ["", "Nobody wrote this sentence down.", ValueError(), ValueError(3)])
def test_what_no_catalogue_holds_stays_as_it_is(said: object) -> None:
    with override("es"):
        assert spoken(said) == str(said)


def test_every_sentence_of_the_lower_floors_can_be_found_by_a_translator() -> None:
    assert [where for module in below.modules() for where in module.unclear] == []


@pytest.mark.parametrize(
    "code",
    [
        'raise refuse("a", f"At most {limit}")',
        'raise refuse("a", "At most %s" % limit)',
        'raise refuse("a", "x", expected="At most " + limit)',
        'def f(todo):\n    raise refuse("a", "x", todo=todo)\nf(f"do {this}")',
        'message = f"{x}"\nraise refuse("a", message)',
        'raise refuse("a", Sentence(f"{x} y"))',
        'raise NotAllowed(f"Only {who}")',
    ],
)
def test_a_sentence_put_together_where_nobody_can_translate_it_is_found(code: str) -> None:
    assert below.read(Path(below.SOURCE / "apps" / "cases" / "made_up.py"), code).unclear


def test_a_sentence_is_followed_through_names_and_helpers() -> None:
    code = (
        'def f(message, place):\n    raise refuse("a", message, expected=expected if x else "b")\n'
        'expected = Sentence("At most {limit}", limit=3)\nf("c", p)\nf(message=Sentence("d {e}", e=f"{g}"), place=q)\n'
    )

    found = below.read(Path(below.SOURCE / "formats" / "made_up.py"), code)

    assert (found.texts, found.unclear) == ({"At most {limit}", "b", "c", "d {e}"}, [])
