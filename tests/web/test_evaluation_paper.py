"""A report on paper: every number of it, in the reader's language; and its page where there is no paper."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from tests.apps.scene_engagements import DICE, keystore
from tests.support.cast import Cast
from tests.support.pdf_text import text_of as said_by
from tests.support.visitors import ELSEWHERE, signed_in
from tests.web import evaluation_scene
from tests.web.early_access_scene import text_of

from watchbell.apps.engagements.models import AccessLine
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import HandedOn
from watchbell.domain.evaluation.report import Reader, redacted
from watchbell.formats import strictjson
from watchbell.formats.paper import Paper, dumps
from watchbell.outside import typesetting
from watchbell.web.evaluation import printing, reading

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOW)


@pytest.fixture
def played(cast: Cast) -> evaluation_scene.Evaluated:
    return evaluation_scene.play(cast, NOW)


def whole(cast: Cast, played: evaluation_scene.Evaluated) -> dict[str, Any]:
    deed: dict[str, Any] = {"by": cast.lab.actor, "now": NOW, "keys": keystore(), "rng": DICE}
    return services.open_report(played.report, Reader.DEVELOPER, **deed)


def paper(report: dict[str, Any], language: str = "en") -> Paper:
    with translation.override(language):
        return printing.paper_of(report, developer="Northlight Lab", whom="both", key="ab" * 32)


def numbers_of(value: Any, scale: float, digits: int) -> Iterator[str]:
    """Return every number within a value as it is to be written."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name != "how":
                yield from numbers_of(one, scale, digits)
    elif value is not None:
        yield f"{scale * value:.{digits}f}"


def test_every_number_of_the_report_stands_on_it(cast: Cast, played: evaluation_scene.Evaluated) -> None:
    pytest.importorskip("typst")
    report = whole(cast, played)
    said = said_by(typesetting.typeset(paper(report)))

    wanted: set[str] = set()
    for cell in report["profile"]:
        wanted |= {*numbers_of(cell["generalised"], 100, 1), *numbers_of(cell["benchmark"], 100, 1)}
        wanted |= {f"{cell['tokens']:,}", f"{cell['budget']:,}", f"{100 * cell['credit']:.1f}"}
    for one in report["curves"]:
        wanted |= {*numbers_of(one["gain"], 100, 1)}
        wanted |= {number for point in one["points"] for number in numbers_of(point["score"], 100, 1)}
    for one in report["comparisons"]:
        wanted |= {f"{one['probability']:.3f}", f"{one['margin']:.3f}", f"{one['budget']:,}"}
        wanted |= {*numbers_of(one["difference"], 1, 3), *numbers_of(one["ability"], 1, 3)}
        wanted |= {*numbers_of(one["score"], 100, 1), *numbers_of(one["readings"], 1, 3)}
        for each in one["without"]:
            wanted |= {f"{each['probability']:.3f}", *numbers_of(each["difference"], 1, 3)}
        for each in one["shares"]:
            wanted |= {f"{each['attempts']:,}", f"{100 * each['refused']:.1f}", f"{100 * each['infrastructure']:.1f}"}
    for one in report["completeness"]:
        wanted |= {f"{one['expected']:,}", f"{one['absent']:,}", *(f"{n:,}" for n in one["outcomes"].values() if n)}
    assert len(wanted) > 140
    assert [number for number in wanted if number not in said] == []


def test_both_parties_download_the_whole_and_everybody_what_is_theirs(
    cast: Cast, played: evaluation_scene.Evaluated
) -> None:
    pytest.importorskip("typst")
    own = reverse("evaluation_report_paper", args=[played.access.fresh().public_id, played.report.public_id])
    public = HandedOn.objects.get(reader="public")
    shared = reverse("shared_report_paper", args=[public.public_id])
    before = AccessLine.objects.count()

    answers = [signed_in(cast.people[who], NOW).get(own) for who in ("lab", "evaluator")]
    anyone = Client(REMOTE_ADDR=ELSEWHERE).get(shared)

    assert {one.status_code for one in (*answers, anyone)} == {HTTPStatus.OK}
    assert anyone.headers["Content-Type"] == "application/pdf"
    assert anyone.headers["Content-Disposition"].startswith("attachment")
    assert answers[0].content == answers[1].content
    said = said_by(anyone.content)
    assert evaluation_scene.SAID in said
    assert "TLP:CLEAR" in said
    assert "protocol/calls_before" in said
    assert "Chain:" in said_by(answers[0].content)
    assert "Chain:" not in said
    assert AccessLine.objects.count() == before + 3


def test_a_report_of_few_attempts_and_no_sections_is_set_too(cast: Cast, played: evaluation_scene.Evaluated) -> None:
    pytest.importorskip("typst")
    few = whole(cast, played)
    few["profile"] = [{**one, "outcomes": {**one["outcomes"], "solved": 1, "unsolved": 0}} for one in few["profile"]]
    bare = {**redacted(few, Reader.PUBLIC), "curves": [], "comparisons": []}

    for report in (redacted(few, Reader.PUBLIC), bare):
        assert typesetting.typeset(paper(report)).startswith(b"%PDF-")


def test_in_spanish_it_says_so_to_a_screen_reader(cast: Cast, played: evaluation_scene.Evaluated) -> None:
    found = strictjson.loads(dumps(paper(whole(cast, played), "es")))

    assert found["language"] == "es"
    assert any(one.get("text") == "Perfil" for one in found["blocks"])


def test_without_the_typesetter_the_page_says_what_is_missing_and_stands_by_itself(
    cast: Cast, played: evaluation_scene.Evaluated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "is_installed", lambda: False)
    public = HandedOn.objects.get(reader="public").public_id
    anyone = Client(REMOTE_ADDR=ELSEWHERE)

    page = anyone.get(reverse("shared_report", args=[public]))
    asked = anyone.get(reverse("shared_report_paper", args=[public]))

    assert "A PDF needs the extra reports on this node" in text_of(page)
    assert "report.pdf" not in page.content.decode()
    assert asked.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "pip install 'watchbell[reports]'" in text_of(asked).replace("&#x27;", "'")
    assert reverse("shared_report", args=[public]) in asked.content.decode()


@pytest.mark.parametrize(("share", "said"), [(0.8949, "89"), (0.8951, "90"), (0.996, "100")])
def test_a_share_is_rounded_and_not_cut_off(share: float, said: str) -> None:
    assert reading.percent(share) == said
