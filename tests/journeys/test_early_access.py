"""Early access from sign-in to receipt, through pages and interface alone: what a lab and an evaluator go through.

Each signs with a key file of its own and our command line, as it would on its own machine. The one thing that does not
go through HTTP yet is the call of a model: `call_model` asks the ledger as the gateway does.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from tests.api.test_operator import ask
from tests.conftest import NOON
from tests.support.cast import PASSWORD, Cast, Player

from watchbell.apps.engagements.services import metering
from watchbell.apps.jobs import services as jobs
from watchbell.apps.journal.models import Entry
from watchbell.cli.main import verbs
from watchbell.domain.metering import Admission, Ask, Dialect, Ending, Settlement, TurnedAway, Usage
from watchbell.doors import keys, moment, signin
from watchbell.formats import strictjson
from watchbell.outside.keystore.interface import verify_signature
from watchbell.worker.run import run_until_idle

pytestmark = pytest.mark.django_db
DIGEST = "7d" * 32
PLACE = "/api/v1/engagements"
MODEL = "northlight-3"
SECRET = "sk-of-the-lab-alone"
Clock = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    def set_to(instant: datetime) -> None:
        monkeypatch.setattr("watchbell.doors.moment.now", lambda: instant)

    set_to(NOON)
    return set_to


@dataclass
class Party:
    """One side: a browser that signed in with password and code, a program's token, and a signing key in a file."""

    player: Player
    folder: Path
    browser: Client = field(default_factory=lambda: Client(headers={"accept": "text/html"}))
    token: str = ""

    def arrive(self) -> None:
        """Sign in, give the organisation's key, and make a token for one's programs."""
        secret = signin.add_authenticator(self.player.person)
        login = {"login": self.player.person.email, "password": PASSWORD}
        assert self.browser.post(reverse("account_login"), login).status_code == 302
        code = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
        assert self.browser.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
        run("key", "new", str(self.key))
        self.send("add_signing_key", {"text": Path(f"{self.key}.pub").read_text()})
        scopes = {"label": "our programs", "scopes": ["read", "engage"], "days": 90}
        page = self.browser.post(reverse("mint_token"), scopes).content.decode()
        self.token = found(r"wb_[0-9a-f]{32}_[\w-]+", page)

    @property
    def key(self) -> Path:
        return self.folder / "signing.key"

    def send(self, page: str, answers: dict[str, Any], *args: str) -> None:
        """Send a form, which leads on to another page when it is taken."""
        answer = self.browser.post(reverse(page, args=args), answers)
        assert answer.status_code == 302, found(r"(?s)<main.*?</main>", answer.content.decode())

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Let one's program ask, and return what it is answered."""
        answer = ask(method, path, self.token, body, **headers)
        assert answer.status_code in (200, 204), (method, path, answer.content)
        return strictjson.loads(answer.content) if answer.content else None

    def sign(self, engagement: str, statement: str, deed: str, query: str = "") -> Any:
        """Download what is to be signed, sign the file with one's own key, and hand in what that writes."""
        download = ask("GET", f"{PLACE}/{engagement}/to-sign/{statement}{query}", self.token)
        file = self.folder / f"{statement}-{engagement}.json"
        file.write_bytes(download.content)
        run("key", "sign", str(file), "--key", str(self.key))
        signed = strictjson.loads(Path(f"{file}.dsse.json").read_bytes())
        return self.ask("POST", f"{PLACE}/{engagement}/{deed}", signed)


def run(*words: str) -> str:
    done = CliRunner().invoke(verbs, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text[-3000:]
    return match[0]


def call_model(text: str, *, now: datetime = NOON, model: str = MODEL) -> int:
    """Call the model with a gateway token and return the status; to be sent through the real gateway."""
    asked = Ask(token=text, dialect=Dialect.CHAT, model=model, most=Usage(500, 500), request_digest="ab" * 32)
    store, dice = keys.keystore(), moment.dice()
    answer = metering.admit([asked], chain="gateway-journey", now=now, keys=store, rng=dice)[0]
    if isinstance(answer, TurnedAway):
        return answer.status
    assert isinstance(answer, Admission)
    end = Settlement(
        call=answer.call, ending=Ending.ANSWERED, status=200, usage=Usage(100, 50), response_digest="cd" * 32,
        response_bytes=700,
    )  # fmt: skip
    metering.settle([end], now=now)
    return 200


def go_round(now: datetime) -> None:
    """Let the worker do what is due at this moment."""
    jobs.fill_slots(now=now, rng=moment.dice())
    run_until_idle(now=now, rng=moment.dice())


@pytest.fixture
def lab(cast: Cast, tmp_path: Path) -> Party:
    return arrived(cast.lab, tmp_path / "lab")


@pytest.fixture
def evaluator(cast: Cast, tmp_path: Path) -> Party:
    return arrived(cast.evaluator, tmp_path / "evaluator")


def arrived(player: Player, folder: Path) -> Party:
    folder.mkdir()
    party = Party(player, folder)
    party.arrive()
    return party


def terms(**changed: Any) -> dict[str, Any]:
    """Return the lab's terms, as a file of its own would hold them."""
    limits = {"requests": 100, "tokens": 200_000, "cost": None, "currency": "", "per_minute": 60, "at_once": 8}
    return {
        "model_digest": DIGEST,
        "custody": "developer_endpoint",
        "scope": {"models": [MODEL], "interfaces": ["chat/completions"]},
        "safeguards": "as_released",
        "hours": 720,
        "personnel_at_most": 2,
        "egress": [],
        "limits": {**limits, "input_per_million": 0, "output_per_million": 0, "opened_a_day": 50},
        "developer_does_not": {"train_on_prompts": True, "retain_prompts": True, "let_staff_read_prompts": True},
        "evidence_days": 14,
        "evidence_on_withdrawal": "destroy_at_once",
        "kept_after_end": ["report", "scores"],
        "third_party_flaws": "route_anonymised",
        "paper_agreement": "",
        **changed,
    }


def begun(lab: Party, evaluator: Party) -> str:
    """Take an engagement from a digest to its start, and return its id."""
    model = lab.ask("POST", "/api/v1/models", {"name": "Northlight 3", "digest": DIGEST})["id"]
    (whom,) = lab.ask("GET", f"{PLACE}/evaluators")
    draft = {"model": model, "evaluator": whom["id"], "terms": terms()}
    made = lab.ask("POST", PLACE, draft, **{"Idempotency-Key": "draft-1"})["id"]
    lab.sign(made, "offer", "offer", "?purpose=housekeeping")
    evaluator.ask("GET", f"{PLACE}/{made}/terms?purpose=read_results")
    (me,) = evaluator.ask("GET", f"{PLACE}/people")
    evaluator.sign(made, "agreement", "agree", f"?person={me['id']}")
    lab.sign(made, "start", "start")
    way = {"base_url": "https://models.lab.example", "credential": SECRET, "models": {MODEL: "nl-3"}}
    lab.ask("PUT", f"{PLACE}/{made}/endpoint", way)
    return str(made)


def gateway_token(evaluator: Party, engagement: str) -> str:
    """Take a token for the gateway on the evaluator's page, where it is shown once."""
    answers = {"purpose": "run", "hours": 8}
    page = evaluator.browser.post(reverse("take_token", args=[engagement]), answers).content.decode()
    return found(r"wbg_[0-9a-f]{32}_[\w-]+", page)


def test_a_lab_offers_on_its_own_terms_watches_every_touch_and_withdraws_with_one_click(
    lab: Party, evaluator: Party, cast: Cast, tmp_path: Path
) -> None:
    made = begun(lab, evaluator)
    here = f"{PLACE}/{made}"
    text = gateway_token(evaluator, made)

    started = lab.ask("GET", here)
    assert (started["state"], started["is_open"], started["day"]) == ("active", True, 1)
    assert started["ends_at"] == "2026-12-04T12:00:00Z"
    assert [call_model(text) for _ in range(3)] == [200] * 3
    assert call_model(text, model="northlight-4") == 403
    lab.ask("POST", f"{here}/pause")
    assert call_model(text) == 503
    lab.ask("POST", f"{here}/resume")
    assert call_model(text) == 200
    lab.ask("POST", f"/api/v1/models/{started['model']}/partners", {"organisation": vendor_of(cast)})

    lines = lab.ask("GET", f"{here}/log?limit=200")["lines"]
    whats = [one["entry"]["what"] for one in lines]
    assert (whats.count("call"), whats.count("settled"), whats.count("turned_away")) == (4, 4, 1)
    assert {"started", "endpoint_set", "opened", "token_made", "paused", "resumed"} <= set(whats)
    assert lab.ask("GET", here)["requests"] == {"used": 4, "most": 100}
    log = tmp_path / "access.ndjson"
    exported = lab.browser.post(reverse("export_access_log", args=[made]))
    log.write_bytes(b"".join(exported.streaming_content))  # type: ignore[attr-defined]
    assert "holds" in run("journal", "verify", str(log)).lower()

    lab.send("developer_deed", {}, made, "withdraw")

    assert call_model(text) == 403
    assert evaluator.ask("GET", here)["state"] == "withdrawn"
    assert ask("GET", f"{here}/terms?purpose=audit", evaluator.token).json()["code"] == "is-over"
    for party in (lab, evaluator):
        receipts = party.ask("GET", f"{here}/receipts")
        assert [one["key"] for one in receipts] == ["access", "evidence"]
        for one in receipts:
            signature, public = bytes.fromhex(one["signature"]), bytes.fromhex(one["public_key"])
            assert verify_signature(public, signature, one["content"].encode())
    assert Entry.objects.filter(subject_id=made, action="engagement.withdrawn").count() == 1
    go_round(NOON)
    assert "A developer withdrew; early access has ended." in evaluator.browser.get("/notices").content.decode()
    assert SECRET not in log.read_text()


def vendor_of(cast: Cast) -> str:
    return str(cast.vendor.organisation.public_id)


def test_an_evaluator_accepts_what_is_offered_cannot_begin_or_lengthen_it_and_day_thirty_ends_it(
    lab: Party, evaluator: Party, clock: Clock
) -> None:
    made = begun(lab, evaluator)
    here, model = f"{PLACE}/{made}", lab.ask("GET", "/api/v1/models")["models"][0]["id"]

    begin = {"model": model, "evaluator": own_id(evaluator), "terms": terms()}
    refused = [
        ask("POST", PLACE, evaluator.token, begin),
        ask("PUT", f"{here}/terms", evaluator.token, terms(), **{"If-Match": "*"}),
        ask("POST", f"{here}/shorten", evaluator.token, {"ends_at": "2027-12-04T12:00:00Z"}),
        ask("POST", f"/api/v1/models/{model}/plan", evaluator.token, {"to": "public"}),
    ]
    longer = lab.ask("POST", f"{here}/shorten", {"ends_at": "2027-12-04T12:00:00Z"})
    assert [one.status_code for one in refused] == [403] * 4
    assert longer["ends_at"] == "2026-12-04T12:00:00Z"
    text = gateway_token(evaluator, made)
    assert call_model(text, now=NOON + timedelta(hours=8) - timedelta(seconds=1)) == 200
    assert call_model(text, now=NOON + timedelta(hours=8)) == 401

    end = NOON + timedelta(hours=720)
    clock(end)
    assert call_model(text, now=end) == 403
    go_round(end)
    assert evaluator.ask("GET", here)["state"] == "ended"
    assert [one["key"] for one in evaluator.ask("GET", f"{here}/receipts")] == ["access"]
    assert evaluator.ask("GET", f"{here}/terms?purpose=read_results")["terms"] == terms()

    clock(end + timedelta(days=14))
    go_round(end + timedelta(days=14))
    assert [one["key"] for one in lab.ask("GET", f"{here}/receipts")] == ["access", "evidence"]
    assert ask("GET", f"{here}/terms?purpose=audit", lab.token).json()["code"] == "is-over"
    assert lab.ask("GET", f"/api/v1/models/{model}")["hours_left"] == 0


def own_id(evaluator: Party) -> str:
    return str(evaluator.player.organisation.public_id)


def test_an_offer_that_is_declined_leaves_nothing_but_its_receipts(lab: Party, evaluator: Party) -> None:
    model = lab.ask("POST", "/api/v1/models", {"name": "Northlight 3", "digest": DIGEST})["id"]
    whom = str(evaluator.player.organisation.public_id)
    made = lab.ask("POST", PLACE, {"model": model, "evaluator": whom, "terms": terms()})["id"]
    lab.sign(made, "offer", "offer")

    evaluator.send("evaluator_deed", {}, made, "decline")

    assert lab.ask("GET", f"{PLACE}/{made}")["state"] == "declined"
    assert [one["key"] for one in lab.ask("GET", f"{PLACE}/{made}/receipts")] == ["access", "evidence"]
    assert lab.ask("GET", f"/api/v1/models/{model}")["hours_left"] == 720
