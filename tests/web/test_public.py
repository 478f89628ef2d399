"""Anyone may report a flaw without a name, ask what became of it, and read what is published."""

import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.web.coordination_scene import Scene, play

from watchbell.apps.advisories import services as publishing
from watchbell.apps.findings import queries, services
from watchbell.apps.findings.models import Finding, Submission
from watchbell.domain.advisory import Affected, RangeEvent, Reference, VersionRange, VersionScheme
from watchbell.domain.handling import Tlp
from watchbell.doors import keys
from watchbell.doors.throttle import Throttle, network_of
from watchbell.formats import csaf_checks, osv, strictjson
from watchbell.web.coordination import telling

pytestmark = pytest.mark.django_db

ANSWERS = {
    "title": "Anyone can change the dose",
    "vendor": "Acme Infusion",
    "product": "PumpWeb",
    "version": "1.9",
    "what": "The page /dose takes a new value without a sign-in.",
    "how": "Open /dose?value=9 from any machine.",
    "impact": "A wrong dose.",
    "public": "no",
    "ai": "yes",
    "ai_text": "A model read the firmware.",
    "contact": "finder@example.org",
    "credit": "R. Finder",
}


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture(autouse=True)
def node_keys(db: None) -> None:
    keys.make_node_keys()
    cache.clear()


@pytest.fixture
def anyone() -> Client:
    return Client(headers={"accept": "text/html"})


@pytest.fixture
def scene(cast: Cast) -> Scene:
    return play(cast, NOON)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def main_of(answer: Any) -> str:
    """Return what a reader sees, without secrets that differ each time."""
    main = text_of(answer).partition("<main")[2].partition("</main>")[0]
    return re.sub(r'value="[^"]*"|WB-[A-Z2-7-]+', "", main)


def key_in(answer: Any) -> str:
    found = re.search(r'name="key" value="([^"]+)"', text_of(answer))
    assert found is not None
    return found.group(1)


def code_in(answer: Any) -> str:
    found = re.search(r"WB-[A-Z2-7-]+", text_of(answer))
    assert found is not None
    return found.group(0)


def sent(anyone: Client, **changes: str) -> Any:
    key = key_in(anyone.get(reverse("report")))
    return anyone.post(reverse("report"), {**ANSWERS, "key": key, **changes})


def test_a_report_without_an_account_is_kept_as_it_was_said_and_answered_with_a_code(anyone: Client) -> None:
    answer = sent(anyone)

    [row] = Finding.objects.all()
    claim = queries.claim_of(row)
    assert code_in(answer)
    assert (row.title, row.vendor, row.product, row.version) == (
        "Anyone can change the dose",
        "Acme Infusion",
        "PumpWeb",
        "1.9",
    )
    assert row.marking == Tlp.AMBER
    assert claim.evidence.text == ANSWERS["how"]
    assert claim.ai_usage.text == "A model read the firmware."
    assert [one.name for one in claim.credits] == ["R. Finder"]
    assert claim.extra == {"impact": "A wrong dose.", "public": "no", "contact": "finder@example.org"}


def test_the_code_is_kept_nowhere_in_clear_and_in_no_address(anyone: Client) -> None:
    answer = sent(anyone)

    code = code_in(answer)
    assert "Location" not in answer.headers
    assert code not in str(Submission.objects.values())
    assert code not in str(anyone.cookies)


def test_a_form_sent_twice_is_stored_once_and_answered_with_the_same_code(anyone: Client) -> None:
    key = key_in(anyone.get(reverse("report")))

    first = anyone.post(reverse("report"), {**ANSWERS, "key": key})
    second = anyone.post(reverse("report"), {**ANSWERS, "key": key})

    assert code_in(first) == code_in(second)
    assert Submission.objects.count() == 1


def test_a_form_sent_again_after_a_while_is_stored_once_and_says_that_the_code_was_shown(anyone: Client) -> None:
    key = key_in(anyone.get(reverse("report")))
    anyone.post(reverse("report"), {**ANSWERS, "key": key})
    cache.clear()

    later = anyone.post(reverse("report"), {**ANSWERS, "key": key})

    assert "Its receipt code was shown when it arrived" in text_of(later)
    assert Submission.objects.count() == 1


def test_a_package_url_can_stand_in_for_the_product_and_one_of_them_is_needed(anyone: Client) -> None:
    by_purl = sent(anyone, vendor="", product="", version="", purl="pkg:pypi/requests@2.30.0")
    neither = sent(anyone, product="", title="Another")

    assert code_in(by_purl)
    assert "Name the product, or give its package URL." in text_of(neither)
    assert "Another" in text_of(neither)
    assert Finding.objects.count() == 1


@pytest.mark.parametrize("banner", ["TOP SECRET//NOFORN", "SECRET", "CUI//SP-CTI"])
def test_classified_material_is_refused_kindly_and_nothing_of_it_is_kept(anyone: Client, banner: str) -> None:
    answer = sent(anyone, what=f"{banner}\nThe flaw is in the radio.")

    assert "unclassified material only" in text_of(answer)
    assert "The flaw is in the radio." in text_of(answer)
    assert not Submission.objects.exists()


@pytest.mark.parametrize("field", ["title", "what"])
def test_a_zero_character_is_refused_with_its_field(anyone: Client, field: str) -> None:
    answer = sent(anyone, **{field: "a\x00b"})

    assert answer.status_code == HTTPStatus.OK
    assert not Submission.objects.exists()


def test_a_form_without_its_secret_from_our_page_is_refused(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept": "text/html"})

    answer = strict.post(reverse("report"), {**ANSWERS, "key": "k"})

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not Submission.objects.exists()


def test_too_many_reports_from_one_address_are_stopped_for_a_while_and_others_are_not(
    anyone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchbell.web.public.report.REPORTS", Throttle("test", from_one=2, altogether=100))
    key = key_in(anyone.get(reverse("report")))

    codes = [anyone.post(reverse("report"), {"key": f"{key}{number}"}).status_code for number in range(3)]
    refused = anyone.post(reverse("report"), {**ANSWERS, "key": key})
    other = anyone.post(reverse("report"), {**ANSWERS, "key": key}, REMOTE_ADDR="192.0.2.9")

    assert codes == [HTTPStatus.OK, HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS]
    assert refused.headers["Retry-After"] == "3600"
    assert code_in(other)


def test_everyone_together_is_stopped_at_the_common_bound(rf: Any) -> None:
    throttle = Throttle("all", from_one=10, altogether=3)

    admitted = [throttle.admits(rf.get("/", REMOTE_ADDR=f"192.0.2.{n}"), now=NOON) for n in range(5)]
    an_hour_later = throttle.admits(rf.get("/", REMOTE_ADDR="192.0.2.1"), now=NOON + timedelta(hours=1))

    assert admitted == [True, True, True, False, False]
    assert an_hour_later


def test_one_household_counts_as_one_however_many_addresses_it_has(rf: Any) -> None:
    def network(address: str) -> str:
        return network_of(rf.get("/", REMOTE_ADDR=address))

    assert network("2001:db8:1:2::5") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::5")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1")
    assert network("garbage") == "unknown"


def test_the_holder_of_a_code_reads_what_was_decided(anyone: Client, cast: Cast) -> None:
    code = code_in(sent(anyone))
    before = anyone.post(reverse("report_status"), {"code": code.lower()})
    row = Finding.objects.get()
    services.confirm_valid(finding=row, by=cast.coordinator.actor, now=NOON)

    after = anyone.post(reverse("report_status"), {"code": code})

    assert "Waits for a decision" in text_of(before)
    assert "Found valid" in text_of(after)
    assert ANSWERS["what"] not in text_of(after)


def test_an_unknown_code_and_a_mistyped_one_are_answered_alike(anyone: Client) -> None:
    code = code_in(sent(anyone))
    mistyped = code[:-1] + ("A" if code[-1] != "A" else "B")

    answers = [anyone.post(reverse("report_status"), {"code": one}) for one in (mistyped, "WB-UNKNOWN")]

    texts = [main_of(one) for one in answers]
    assert texts[0] == texts[1]
    assert "No report has this code" in texts[0]


def test_what_was_reported_by_others_changes_nothing_in_what_a_reporter_is_told(anyone: Client, cast: Cast) -> None:
    first = sent(anyone)
    again = sent(anyone)

    assert main_of(first) == main_of(again)


def test_security_txt_names_the_report_page_and_ends_in_the_future(anyone: Client) -> None:
    answer = anyone.get("/.well-known/security.txt")

    fields = dict(line.split(": ", 1) for line in text_of(answer).splitlines())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Contact"].endswith("/report")
    assert fields["Canonical"].endswith("/.well-known/security.txt")
    assert NOON < datetime.fromisoformat(fields["Expires"]) < NOON + timedelta(days=366)


def test_only_what_was_published_is_listed_and_drafts_answer_as_nothing(anyone: Client, scene: Scene) -> None:
    listed = text_of(anyone.get(reverse("advisories")))
    number = scene.published.tracking_id

    assert number in listed
    assert scene.draft.title not in listed
    for path in (scene.draft.public_id, "WB-2026-9999", "None"):
        assert anyone.get(f"/advisories/{path}").status_code == HTTPStatus.NOT_FOUND
        assert anyone.get(f"/advisories/{path}/csaf.json").status_code == HTTPStatus.NOT_FOUND


def test_an_advisory_says_what_to_do_which_versions_and_links_only_plainly(anyone: Client, scene: Scene) -> None:
    page = text_of(anyone.get(reverse("advisory", args=[scene.published.tracking_id])))

    assert "Update infusepump to 1.9.4 or later." in page
    assert "1.0 and later, before 1.9.4" in page
    assert 'href="https://acme.example/fix" rel="noopener' in page
    assert 'href="javascript' not in page
    assert "javascript:alert(1)" in page


def test_the_stored_bytes_are_sent_with_their_tag_and_not_twice(anyone: Client, scene: Scene) -> None:
    path = reverse("advisory_csaf", args=[scene.published.tracking_id])

    first = anyone.get(path)
    again = anyone.get(path, headers={"if-none-match": first.headers["ETag"]})
    other = anyone.get(path, headers={"if-none-match": '"other"'})

    assert csaf_checks.check(strictjson.loads(first.content)) == []
    assert again.status_code == HTTPStatus.NOT_MODIFIED
    assert again.content == b""
    assert other.content == first.content


def test_each_vulnerability_is_there_as_osv_and_none_beyond(anyone: Client, scene: Scene) -> None:
    number = scene.published.tracking_id

    first = anyone.get(reverse("advisory_osv", args=[number]))

    assert osv.loads(first.content).id
    assert anyone.get(f"/advisories/{number}/osv-1.json").content == first.content
    assert anyone.get(f"/advisories/{number}/osv-2.json").status_code == HTTPStatus.NOT_FOUND
    assert anyone.get(f"/advisories/{number}/osv-0.json").status_code == HTTPStatus.NOT_FOUND


def test_the_feed_is_atom_and_names_what_is_public(anyone: Client, scene: Scene) -> None:
    answer = anyone.get(reverse("advisories_feed"))

    feed = ElementTree.fromstring(answer.content)
    titles = [one.text or "" for one in feed.iter("{http://www.w3.org/2005/Atom}title")]
    assert any(scene.published.tracking_id in title for title in titles)
    assert not any(scene.draft.title in title for title in titles)


def test_a_withdrawn_advisory_stays_readable_and_says_why(anyone: Client, scene: Scene) -> None:
    desk = scene.desk
    publishing.withdraw(scene.published, reason="The fix was wrong.", by=desk.by, now=NOON, rng=desk.rng)

    page = text_of(anyone.get(reverse("advisory", args=[scene.published.tracking_id])))

    assert "Withdrawn" in page
    assert "The fix was wrong." in page


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ((RangeEvent(introduced="0"), RangeEvent(fixed="2.0")), "every version before 2.0"),
        ((RangeEvent(introduced="1.0"), RangeEvent(fixed="2.0")), "1.0 and later, before 2.0"),
        ((RangeEvent(introduced="1.0"), RangeEvent(last_affected="1.9")), "1.0 up to and including 1.9"),
        ((RangeEvent(introduced="0"), RangeEvent(last_affected="1.9")), "every version up to and including 1.9"),
        ((RangeEvent(introduced="1.0"),), "1.0 and every later version"),
        ((RangeEvent(introduced="0"),), "every version"),
        (
            (RangeEvent(introduced="1"), RangeEvent(fixed="2"), RangeEvent(introduced="3")),
            "1 and later, before 2; 3 and every later version",
        ),
        ((), "Which versions is not known"),
    ],
)
def test_a_range_is_said_in_words_and_an_open_end_stays_open(events: Any, told: str) -> None:
    span = VersionRange(scheme=VersionScheme.SEMVER, events=events)

    assert telling.versions(Affected(product="x", ranges=(span,))) == told


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "https://user:pass@evil.example/",
        "http:///nohost",
        "https://a.example/\u202e",
        "http://[::1",
        " https://a.example",
        "file:///etc/passwd",
    ],
)
def test_a_reference_that_is_no_plain_web_address_stays_text(url: str) -> None:
    assert telling.link(Reference(url)).url == ""
    assert telling.link(Reference(url)).text == url
