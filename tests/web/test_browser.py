"""The pages as people meet them: in a browser, wide and narrow, light and dark, with keyboard and code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.web import browser

pytestmark = pytest.mark.browser

PAGES = [
    (None, "/"),
    (None, "/account/sign-in/"),
    (None, "/account/password/reset/"),
    (None, "/account/password/reset/sent/"),
    (None, "/account/password/reset/changed/"),
    (None, "/nothing-here"),
    (None, "/join/00000000000000000000000000000000/?key=0"),
    ("mallory", "/"),
    ("mallory", "/account/second-factor/"),
    ("mallory", "/organisation/"),
    ("hospital", "/"),
    ("hospital", "/organisation/"),
    ("hospital", "/organisation/members/"),
    ("hospital", "/organisation/members/invite/"),
    ("hospital", "/organisation/tokens/"),
    ("hospital", "/organisation/tokens/new/"),
    ("hospital", "/account/second-factor/"),
    ("hospital", "/account/second-factor/codes/"),
    ("hospital", "/account/passkeys/"),
    ("hospital", "/account/password/"),
    ("hospital", "/account/sign-out/"),
    ("admin", "/node/organisations/"),
    ("admin", "/node/organisations/new/"),
    ("admin", "/node/people/"),
]
Open = Callable[..., Any]


@pytest.mark.parametrize(("who", "path"), PAGES, ids=lambda value: str(value or "anyone"))
def test_a_page_reads_well_for_everyone_at_every_size(
    browser_of: Open, axe_source: str, node: browser.Node, who: str | None, path: str
) -> None:
    page = browser_of(who)
    page.goto(path)
    _confirm(page)

    assert page.url == node.url + path  # and not where someone is sent who is not signed in
    assert browser.faults(page, axe_source) == []
    assert node.strangers == []


def test_someone_new_signs_in_and_sets_up_an_app_and_is_let_in(browser_of: Open, node: browser.Node) -> None:
    page = browser_of()
    browser.sign_in(page, node.people["mallory"])
    page.click("text=Set it up")
    page.click(".next-step >> text=Add an app")
    _confirm(page)
    seed = page.inner_text("code.secret")

    page.fill("input[name=code]", browser.totp(seed))
    page.click("text=Turn it on")
    codes = page.locator(".codes li").count()
    page.click("text=I have kept them")

    assert codes == 10
    assert "Set up" in page.inner_text(".card:first-child")


def test_an_owner_signs_in_with_the_code_of_the_app(browser_of: Open, node: browser.Node) -> None:
    page = browser_of()

    browser.sign_in(page, node.people["vendor"])

    assert "You act for Acme Infusion" in page.inner_text("main")
    page.goto("/organisation/members/")
    assert page.inner_text("h1").startswith("Members")


def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nobody(browser_of: Open, node: browser.Node) -> None:
    page = browser_of()
    browser.sign_in(page, node.people["bank"], password="not the password")
    known = page.inner_text(".errors")

    browser.sign_in(page, "who@nowhere.example", password="not the password")

    assert page.inner_text(".errors") == known


def test_a_wrong_code_is_refused_and_the_session_stays_closed(browser_of: Open, node: browser.Node) -> None:
    page = browser_of()

    browser.sign_in(page, node.people["lab"], seed="A" * 32)

    assert page.locator(".errors").count() == 1
    page.goto("/organisation/members/")
    assert "/organisation/members/" not in page.url


def test_a_passkey_is_added_and_opens_the_account(browser_of: Open, node: browser.Node) -> None:
    page = browser_of("evaluator")
    _virtual_authenticator(page)
    page.goto("/account/passkeys/add/")
    _confirm(page)
    page.check("input[name=passwordless]")
    page.click("button[data-passkey=create]")
    page.wait_for_url("**/account/second-factor/**")
    page.click("summary")
    page.click("text=Sign out")
    page.goto("/account/sign-in/")

    page.click("button[data-passkey=sign-in]")
    page.wait_for_url(node.url + "/")

    assert "You act for State Evaluation Office" in page.inner_text("main")
    assert page.locator(".next-step").count() == 0


def test_a_list_is_walked_with_j_and_k_and_opened_with_enter(browser_of: Open) -> None:
    page = browser_of("hospital")
    page.goto("/organisation/members/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")

    page.wait_for_url("**/organisation/members/*/")
    assert page.inner_text("h1") == "owner@hospital.example"


def test_the_first_tab_leads_past_the_header(browser_of: Open) -> None:
    page = browser_of("hospital")
    page.goto("/organisation/members/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


def test_the_language_is_changed_at_the_foot_and_stays(browser_of: Open) -> None:
    page = browser_of()
    page.goto("/account/sign-in/")

    page.click("footer >> text=Español")

    assert page.inner_text("h1") == "Entrar"
    assert page.url.endswith("/account/sign-in/")


def test_pages_run_no_script_of_others_and_break_no_policy(browser_of: Open, node: browser.Node) -> None:
    page = browser_of("hospital")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    for path in (path for who, path in PAGES if who == "hospital"):
        page.goto(path)

    assert said == []
    assert node.strangers == []


def test_pages_that_a_deed_leads_to_read_well_too(browser_of: Open, axe_source: str) -> None:
    page = browser_of("hospital")
    faults: dict[str, list[str]] = {}

    def look(name: str) -> None:
        faults[name] = browser.faults(page, axe_source)
        page.set_viewport_size(browser.SIZES["wide"])

    page.goto("/organisation/tokens/new/")
    page.fill("input[name=days]", "400")
    page.evaluate("document.querySelector('form.form').noValidate = true")
    page.click("text=Make the token")
    look("a form with errors")
    page.fill("input[name=label]", "Nightly upload")
    page.fill("input[name=days]", "30")
    page.check("input[value=submit]")
    page.click("text=Make the token")
    look("a token shown once")
    page.click("text=I have copied it")
    look("a list of tokens")
    page.goto("/organisation/members/invite/")
    page.fill("input[name=email]", "new@hospital.example")
    page.click("text=Send the invitation")
    look("an invitation")
    page.goto(page.inner_text("code.secret"))
    look("joining")
    page.goto("/organisation/members/")
    page.click("a.row-link >> nth=0")
    look("a member")
    page.set_viewport_size(browser.SIZES["narrow"])
    page.click("summary")
    faults["the menu, open"] = browser.complaints(page, overlaid=True) + browser.small_targets(page)

    assert {name: found for name, found in faults.items() if found} == {}


def test_the_administrators_detail_page_reads_well(browser_of: Open, axe_source: str) -> None:
    page = browser_of("admin")
    page.goto("/node/organisations/")
    page.click("a.row-link >> nth=0")

    assert browser.faults(page, axe_source) == []


def test_the_step_that_shows_a_seed_reads_well_and_says_it_as_text(browser_of: Open, axe_source: str) -> None:
    page = browser_of("reader")
    page.goto("/account/passkeys/add/")
    _confirm(page)

    assert browser.faults(page, axe_source) == []


def test_every_component_reads_well(browser_of: Open, axe_source: str) -> None:
    sheet = (Path(__file__).parent / "components.html").read_text(encoding="utf-8")
    page = browser_of("hospital")
    page.goto("/")

    page.evaluate("html => { document.querySelector('main').innerHTML = html }", sheet)

    assert browser.faults(page, axe_source) == []


def _confirm(page: Any) -> None:
    """Type the password once more where a step asks for it."""
    if "/account/reauthenticate/" in page.url:
        page.fill("input[name=password]", browser.PASSWORD)
        with page.expect_navigation():
            page.click("main form:first-of-type button[type=submit]")


def _virtual_authenticator(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
