"""How a refusal reads."""

import pytest

from watchbell.domain.refusal import Refusal, Refused, refuse


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (Refusal(code="x", message="it is too long"), "it is too long."),
        (Refusal(code="x", message="it is too long", place="line 2"), "it is too long (line 2)."),
        (Refusal(code="x", message="a.", place="/b", expected="c.", todo="d"), "a (/b). c. d."),
    ],
)
def test_a_refusal_says_what_where_and_what_to_do(refusal, text):
    assert str(refusal) == text
    assert str(Refused(refusal)) == text


def test_a_refusal_can_become_a_problem_document():
    error = refuse("too-large", "it is too large", place="upload", expected="less", todo="split it")

    assert error.refusal.as_mapping() == {
        "code": "too-large",
        "message": "it is too large",
        "place": "upload",
        "expected": "less",
        "todo": "split it",
    }
