"""A transcript is opened with a purpose, is inert on its page, and its readers' notes are counted in the report."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.scene_engagements import keystore
from tests.apps.scene_evaluation import LATER, Scene, by, signed
from tests.support.cast import Cast
from tests.support.eval_logs import files_of, packed, retold
from tests.support.visitors import signed_in
from tests.web.early_access_scene import text_of

from watchbell.apps.engagements.models import AccessLine
from watchbell.apps.engagements.services import IsOver, NotAllowed, withdraw
from watchbell.apps.engagements.words import What
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import Review, Sample
from watchbell.apps.evaluation.words import ReviewKind
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\u202e[click](https://example.org)"


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)


@pytest.fixture
def scene(cast: Cast) -> Scene:
    def change(sample: Any) -> None:
        sample["messages"][-1]["content"] = HOSTILE

    found = signed(cast)
    found.take_in(packed(retold(files_of("plain.eval"), change)))
    return found


def client(cast: Cast, who: str) -> Client:
    return signed_in(cast.people[who], LATER)


def sample(number: int = 0) -> Sample:
    return Sample.objects.order_by("item")[number]


def address(scene: Scene, name: str, *rest: str) -> str:
    return reverse(name, args=[scene.engagement.public_id, scene.protocol.public_id, *rest])


def note(cast: Cast, kind: ReviewKind, text: str = "", *, of: int = 0, who: str = "evaluator") -> Review:
    noted = services.Noted(kind=kind, text=text)
    return services.note_transcript(sample(of), noted, **by(cast, who, now=LATER))


def validity(cast: Cast, scene: Scene) -> dict[str, Any]:
    report = services.issue_report(scene.fresh(), **by(cast, now=LATER))
    found: dict[str, Any] = strictjson.loads(services.signed_bytes(report, keys=keystore()))
    return found["validity"]


def openings() -> list[str]:
    lines = AccessLine.objects.filter(what=What.OPENED).order_by("id")
    return [strictjson.loads(bytes(line.entry))["material"] for line in lines]


def test_the_list_is_filtered_by_what_came_out_and_holds_no_text(cast: Cast, scene: Scene) -> None:
    page = client(cast, "lab").get(address(scene, "transcripts"), {"outcome": "unsolved"})

    assert "patch.traversal.1.1" in text_of(page)
    assert "patch.traversal.1.0" not in text_of(page)
    assert "alert(1)" not in page.content.decode()


def test_a_transcript_is_not_shown_before_somebody_says_what_for_and_then_it_is_a_line_of_the_access_log(
    cast: Cast, scene: Scene
) -> None:
    evaluator, path = client(cast, "evaluator"), address(scene, "transcript", sample().digest)
    before = openings().count("transcript")

    closed, empty = evaluator.get(path), evaluator.post(path, {})
    opened = evaluator.post(path, {"purpose": "read_results"})

    assert "alert(1)" not in (closed.content + empty.content).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in opened.content.decode()
    assert "<script>alert(1)" not in opened.content.decode()
    assert "\u202e" not in opened.content.decode()
    assert openings().count("transcript") == before + 1


def test_the_evaluator_notes_what_it_saw_and_both_parties_read_it_with_the_transcript(cast: Cast, scene: Scene) -> None:
    path = address(scene, "note_on_transcript", sample().digest)
    client(cast, "evaluator").post(path, {"kind": "grader_gamed", "text": "It printed the answer file."})

    lab, where = client(cast, "lab"), address(scene, "transcript", sample().digest)
    closed, opened = lab.get(where), lab.post(where, {"purpose": "audit"})

    assert "the scoring was got round" in text_of(closed)
    assert "answer file" not in text_of(closed)
    assert "It printed the answer file." in text_of(opened)
    assert b"answer file" not in bytes(Review.objects.get().sealed)
    assert "Write the note" not in text_of(opened)


def test_what_readers_saw_is_counted_in_the_report_and_a_doubt_is_an_open_flag(cast: Cast, scene: Scene) -> None:
    note(cast, ReviewKind.GRADER_GAMED)
    note(cast, ReviewKind.NOTHING_UNUSUAL, of=1)

    found = validity(cast, scene)

    assert found["reviews"]["people"] == 1
    own = found["reviews"]["models"][0]
    assert (own["read"], own["of"]) == (2, 6)
    assert own["kinds"] == {"grader_gamed": 1, "nothing_unusual": 1}
    assert "reviewers: grader_gamed" in found["open_flags"]


def test_a_note_stays_and_the_newest_on_a_transcript_counts(cast: Cast, scene: Scene) -> None:
    note(cast, ReviewKind.CONTAMINATED)
    note(cast, ReviewKind.NOTHING_UNUSUAL, "I read it again.")

    found = validity(cast, scene)

    assert Review.objects.count() == 2
    assert found["reviews"]["models"][0]["kinds"] == {"nothing_unusual": 1}
    assert not any(one.startswith("reviewers") for one in found["open_flags"])


def test_a_report_whose_transcripts_nobody_read_says_so(cast: Cast, scene: Scene) -> None:
    report = services.issue_report(scene.fresh(), **by(cast, now=LATER))

    page = client(cast, "lab").get(reverse("evaluation_report", args=[scene.engagement.public_id, report.public_id]))

    assert "Nobody noted that they read one" in text_of(page)


def test_nobody_but_the_evaluators_people_writes_notes_and_none_after_the_evidence_is_gone(
    cast: Cast, scene: Scene
) -> None:
    for who in ("lab", "coordinator", "vendor"):
        with pytest.raises(NotAllowed):
            note(cast, ReviewKind.CONTAMINATED, who=who)
    with pytest.raises(ValueError, match="letters"):
        note(cast, ReviewKind.CONTAMINATED, "x" * 5001)
    kept = sample()
    withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    with pytest.raises((IsOver, NotAllowed)):
        services.note_transcript(kept, services.Noted(kind=ReviewKind.CONTAMINATED), **by(cast, now=LATER))
