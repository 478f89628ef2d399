"""Which tasks of other people's could run here, and why not the others: read, never run, and said as unknown."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests.apps.scene_engagements import started
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web.early_access_scene import text_of

from watchbell.outside.inspect_runner import NoInspect, foreign
from watchbell.outside.inspect_runner.foreign import Foreign, Hindrance
from watchbell.outside.inspect_runner.known import KNOWN

pytestmark = pytest.mark.django_db
INSTALLED = (
    Foreign(task="inspect_evals/boxed", title="In a box <b>", samples=40, hindrances=(Hindrance.DOCKER,), about=("x",)),
    Foreign(task="inspect_evals/plain", title="Questions", version="2-A", samples=1200),
    Foreign(task="inspect_evals/far", title="From afar", hindrances=(Hindrance.DATA,), about=("internet",)),
)


@pytest.fixture
def evaluator(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)
    cache.delete("inspect-evals")
    return signed_in(cast.people["evaluator"], NOON)


def told(client: Client, query: str = "") -> str:
    return text_of(client.get(f"{reverse('foreign_tasks')}{query}"))


def test_what_is_installed_is_listed_with_its_reasons_and_what_could_run_stands_first(
    evaluator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "listed", lambda: INSTALLED)

    said = told(evaluator)

    assert said.index("inspect_evals/plain") < said.index("inspect_evals/boxed")
    assert "nothing hinders it" in said
    assert "It needs a container engine or virtual machines (x)" in said
    assert "It downloads its data, and runs here have no internet (internet)" in said
    assert "<b>" not in evaluator.get(reverse("foreign_tasks")).content.decode()
    assert "is not installed on this node" not in said


def test_it_is_searched_by_name_and_filtered_by_what_hinders(
    evaluator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "listed", lambda: INSTALLED)

    assert "inspect_evals/far" not in told(evaluator, "?named=BOXED")
    assert "inspect_evals/boxed" in told(evaluator, "?named=box+evals")
    assert "inspect_evals/boxed" not in told(evaluator, "?only=runs")
    assert "inspect_evals/far" in told(evaluator, "?only=data")
    assert "No task is like that" in told(evaluator, "?named=nothing&only=data")
    assert "No task is like that" in told(evaluator, "?only=invented")


def test_where_it_is_not_installed_what_is_written_down_is_shown_and_said_to_be_that(
    evaluator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> None:
        raise NoInspect

    monkeypatch.setattr(foreign, "listed", lacking)

    said = told(evaluator)

    assert "inspect_evals is not installed on this node." in said
    assert "inspect_evals/cybench" in said
    assert "nothing known hinders it" in said
    assert all(len(one.hindrances) == len(one.about) for one in KNOWN)


def test_the_machine_is_asked_once_and_then_not_for_ten_minutes(
    evaluator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(foreign, "listed", lambda: (asked.append(1), INSTALLED)[1])

    first, again = told(evaluator), told(evaluator)

    assert first == again
    assert asked == [1]


def test_the_words_beside_an_empty_registry_name_the_command_and_whom_to_ask(evaluator: Client, cast: Cast) -> None:
    access = started(cast)

    said = text_of(evaluator.get(reverse("draft_protocol", args=[access.engagement.public_id])))

    assert "watchbell admin suites" in said
    assert "ask who runs this node" in said
    assert "Tasks of other people's, and which of them could run here" not in said
