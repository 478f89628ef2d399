"""Early access as people meet it: at every size, light and dark, by keyboard, and a log that goes on by itself."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.web import browser

pytestmark = pytest.mark.browser
SCENE = "tests.web.early_access_scene:play"
ENDING = "tests.web.early_access_scene:play_again"
Open = Callable[..., Any]
PAGES = [
    (None, "/early-access/limits/", ""),
    ("lab", "/", ""),
    ("lab", "/early-access/", ""),
    ("lab", "/early-access/keys/", ""),
    ("lab", "/early-access/keys/new/", ""),
    ("lab", "/early-access/models/new/", ""),
    ("lab", "/early-access/", "h2:has-text('Models') + table a.row-link >> nth=4"),
    ("lab", "/early-access/", "h2:has-text('Models') + table a.row-link >> nth=4 | text=What you asked and were told"),
    ("lab", "/early-access/", "h2:has-text('Models') + table a.row-link >> nth=4 | text=Write an offer"),
    ("lab", "/early-access/", "tr:has-text('Running') a.row-link"),
    ("lab", "/early-access/", "tr:has-text('Running') a.row-link | text=Change your endpoint"),
    ("lab", "/early-access/", "tr:has-text('Running') a.row-link | choose audit | text=Open the terms"),
    ("lab", "/early-access/", "tr:has-text('Running') a.row-link | main a:has-text('Let in')"),
    ("lab", "/early-access/", "tr:has-text('Draft') a.row-link"),
    ("lab", "/early-access/", "tr:has-text('Draft') a.row-link | text=Change the terms"),
    ("lab", "/early-access/", "tr:has-text('Draft') a.row-link | .next-step a"),
    ("lab", "/early-access/", "tr:has-text('Agreed') a.row-link"),
    ("lab", "/early-access/", "tr:has-text('Withdrawn') a.row-link"),
    ("lab", "/early-access/", "tr:has-text('Withdrawn') a.row-link | #receipts a >> nth=1"),
    ("evaluator", "/", ""),
    ("evaluator", "/early-access/", ""),
    ("evaluator", "/early-access/", "tr:has-text('Offered') a.row-link"),
    ("evaluator", "/early-access/", "tr:has-text('Offered') a.row-link | choose run | text=Open the terms"),
    ("evaluator", "/early-access/", "tr:has-text('Running') a.row-link"),
    ("evaluator", "/early-access/", "tr:has-text('Running') a.row-link | text=Take one"),
    (
        "evaluator",
        "/early-access/",
        "tr:has-text('Running') a.row-link | text=Take one | choose run | text=Make the token",
    ),
    ("hospital", "/early-access/", ""),
    ("bank", "/early-access/", ""),
]


@pytest.mark.parametrize(("who", "path", "then"), PAGES, ids=lambda value: str(value or "-"))
def test_a_page_reads_well_for_everyone_at_every_size(
    browser_of: Open, nodes: Callable[[str], browser.Node], axe_source: str, who: str | None, path: str, then: str
) -> None:
    page = browser_of(who, scene=SCENE)
    page.goto(path)

    for step in then.split(" | ") if then else []:
        if step.startswith("choose "):
            page.select_option("main select", step.removeprefix("choose "))
            continue
        page.click(f"main >> {step}" if step.startswith("text=") else step)
        page.wait_for_load_state()

    assert browser.faults(page, axe_source) == []
    assert nodes(SCENE).strangers == []


def test_an_error_of_the_terms_leads_to_its_question(browser_of: Open, axe_source: str) -> None:
    page = browser_of("lab", scene=SCENE)
    page.goto("/early-access/")
    page.click("tr:has-text('Draft') a.row-link")
    page.click("text=Change the terms")
    page.fill("#id_hours", "900")
    page.click("text=Save the new version")

    page.click(".errors a")

    assert page.evaluate("document.activeElement.id || location.hash.slice(1)") == "id_hours"
    assert browser.faults(page, axe_source) == []


def test_what_the_terms_mean_follows_while_one_answers(browser_of: Open) -> None:
    page = browser_of("lab", scene=SCENE)
    page.goto("/early-access/")
    page.click("tr:has-text('Draft') a.row-link")
    page.click("text=Change the terms")

    page.fill("#id_hours", "24")
    page.locator("#id_hours").blur()
    page.wait_for_selector("#preview :text('Reaches less far')")

    assert "Now: one day" in page.inner_text("#preview")
    assert page.url.endswith("/terms/")


def test_the_log_and_the_budgets_go_on_by_themselves(browser_of: Open) -> None:
    developer, evaluator = browser_of("lab", scene=SCENE), browser_of("evaluator", scene=SCENE)
    developer.goto("/early-access/")
    developer.click("tr:has-text('Running') a.row-link")
    developer.wait_for_selector("#live")
    before = developer.locator(".log > li").first.inner_text()

    evaluator.goto("/early-access/")
    evaluator.click("tr:has-text('Running') a.row-link")
    evaluator.select_option("#purpose_purpose", "audit")
    evaluator.click("text=Open the terms")

    developer.wait_for_selector(".log > li:first-child:has-text('Opened the terms: to audit')", timeout=15_000)
    assert developer.locator(".log > li").first.inner_text() != before
    assert "chain ok" in developer.inner_text("#live")


def test_a_developer_withdraws_by_keyboard_with_one_press(browser_of: Open, axe_source: str) -> None:
    page = browser_of("lab", scene=ENDING)
    page.goto("/early-access/")
    page.click("tr:has-text('Running') a.row-link")
    page.wait_for_selector("text=Withdraw")

    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Withdraw":
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert "You withdrew. Access is over and its key is destroyed." in page.inner_text("main")
    assert "Destruction receipts" in page.inner_text("main")
    assert browser.faults(page, axe_source) == []


def test_a_statement_is_downloaded_signed_with_the_tool_and_handed_in(browser_of: Open, tmp_path: Path) -> None:
    from tests.web.early_access_signing import signed_with_a_new_key

    page = browser_of("lab", scene=ENDING)
    public, sign = signed_with_a_new_key(tmp_path)
    page.goto("/early-access/keys/new/")
    page.set_input_files("#id_file", public)
    page.click("text=Add the key >> nth=-1")
    page.goto("/early-access/")
    page.click("tr:has-text('Draft') a.row-link")
    page.click(".next-step a")
    with page.expect_download() as waiting:
        page.click("a[download]")
    statement = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(statement)

    page.set_input_files("#id_file", sign(statement))
    page.click("text=Hand in the signature")
    page.wait_for_load_state()

    assert "The offer is made." in page.inner_text("main")
    assert re.fullmatch(r"offer-[0-9a-f]{8}\.json", statement.name)


def test_every_page_works_without_scripts(browser_of: Open, nodes: Callable[[str], browser.Node]) -> None:
    page = browser_of("lab", scene=SCENE)
    page.context.route("**/*.js", lambda route: route.abort())
    page.goto("/early-access/")
    page.click("tr:has-text('Draft') a.row-link")
    page.click("text=Change the terms")
    page.fill("#id_hours", "48")
    page.click("text=Show what it means")

    assert "Now: 2 days" in page.inner_text("#preview")
