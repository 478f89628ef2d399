"""A record is a frozen, slotted dataclass in everything anybody can ask of it, but for what it costs to start."""

import copy
import dataclasses
import inspect
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.matching.outcomes import Outcome, Reason, Status
from watchbell.domain.records import record


@record(frozen=True, slots=True, order=True)
class Gate:
    """A gate."""

    name: str
    width: int = 3
    marks: tuple[str, ...] = ()

    @property
    def wide(self) -> bool:
        """Return whether it is."""
        return self.width > 3


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Like:
    """A gate."""

    name: str
    width: int = 3
    marks: tuple[str, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class Named:
    """What takes names alone."""

    a: int = 1
    b: int


gates = st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.sampled_from([(), ("x",)]))


@given(one=gates, other=gates)
def test_two_records_are_equal_ordered_and_hashed_as_two_dataclasses_are(one: Any, other: Any) -> None:
    left, right, like, liked = Gate(*one), Gate(*other), Like(*one), Like(*other)

    assert (left == right, left < right, left <= right) == (like == liked, like < liked, like <= liked)
    assert (hash(left) == hash(right)) == (hash(like) == hash(liked))
    assert repr(left) == repr(like).replace("Like", "Gate")
    assert left.__eq__(like) is NotImplemented


def test_a_record_is_made_changed_and_taken_apart_as_a_dataclass_is() -> None:
    made = Gate("a", marks=("x",))

    assert (made.name, made.width, made.marks, made.wide) == ("a", 3, ("x",), False)
    assert dataclasses.replace(made, width=4).wide
    assert dataclasses.asdict(Named(b=2)) == {"a": 1, "b": 2}
    assert [one.name for one in dataclasses.fields(Gate)] == ["name", "width", "marks"]
    assert dataclasses.is_dataclass(made)
    assert Gate.__dataclass_fields__ is Gate.__dataclass_fields__, "worked out once: `replace` asks each time"
    assert copy.deepcopy(made) == copy.copy(made) == made
    assert not hasattr(made, "__dict__")


def test_a_record_can_not_be_changed_and_takes_only_what_it_has() -> None:
    made = Gate("a")

    with pytest.raises(dataclasses.FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.name
    for wrong in (lambda: Gate(), lambda: Gate("a", nothing=1), lambda: Named(1, 2), lambda: Named(a=1)):  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            wrong()


def test_the_signature_is_the_fields_also_before_the_first_one_is_made() -> None:
    @record(frozen=True, slots=True)
    class Fresh:
        a: int
        b: str = "x"

    assert str(inspect.signature(Fresh)) == "(a: int, b: str = 'x') -> None"
    assert Fresh.__init__.__annotations__ == {"a": int, "b": str, "return": None}


def test_of_one_class_records_are_told_apart_by_their_fields_in_a_match_statement() -> None:
    match Outcome(Status.CANNOT_TELL, "why", Reason.NO_VERSION):
        case Outcome(Status.CANNOT_TELL, because, Reason.NO_VERSION):
            found = because
        case _:
            found = ""

    assert found == "why"


def test_what_an_offline_match_loads_starts_without_dataclasses() -> None:
    program = (
        "import sys; import watchbell.edge.run, watchbell.formats.cyclonedx, watchbell.edge.writing.as_json; "
        "print({'dataclasses', 'inspect', 'argparse', 'shutil'} & set(sys.modules) or '')"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
