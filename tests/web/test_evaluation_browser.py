"""An evaluation as people meet it: at every size, light and dark, and a picture that is drawn for both."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.web import browser

pytestmark = pytest.mark.browser
SCENE = "tests.web.evaluation_scene:play"
Open = Callable[..., Any]
THERE = ("tr:has-text('Running') a.row-link", "#evaluation a")
PAGES = [
    ("lab", ()),
    ("lab", ("#reports a.row-link",)),
    ("lab", ("#reports a.row-link", "#readers li:nth-child(2) >> text=See exactly")),
    ("evaluator", ("#protocols tr:nth-child(1) a.row-link",)),
    ("evaluator", ("#protocols tr:nth-child(1) a.row-link", "main >> text=Change the draft")),
    ("evaluator", ("#protocols tr:nth-child(2) a.row-link",)),
    ("evaluator", ("main >> text=Begin another protocol", "main >> text=Save the draft >> nth=0")),
    ("lab", ("#incidents >> text=All incidents",)),
    ("lab", ("#incidents li a",)),
    ("evaluator", ("#incidents >> text=Report an incident",)),
    ("lab", ("#flaws >> text=See where they went",)),
    ("evaluator", ("#flaws >> text=See where they went", "a.row-link")),
    ("evaluator", ("#flaws >> text=Report a flaw",)),
    ("evaluator", ("main >> text=Begin another protocol", "main >> text=Tasks of other people's")),
]


def gone_to(page: Any, steps: tuple[str, ...]) -> Any:
    page.goto("/early-access/")
    for step in (*THERE, *steps):
        page.click(step)
        page.wait_for_load_state()
    return page


@pytest.mark.parametrize(("who", "steps"), PAGES, ids=lambda value: str(value))
def test_a_page_reads_well_for_everyone_at_every_size(
    browser_of: Open, nodes: Callable[[str], browser.Node], axe_source: str, who: str, steps: tuple[str, ...]
) -> None:
    page = gone_to(browser_of(who, scene=SCENE), steps)

    assert browser.faults(page, axe_source) == []
    assert nodes(SCENE).strangers == []


def test_the_picture_of_a_report_is_drawn_in_its_own_colours(browser_of: Open) -> None:
    page = gone_to(browser_of("lab", scene=SCENE), ("#reports a.row-link",))

    drawn = page.evaluate("[...document.querySelectorAll('.chart img')].map(one => [one.complete, one.naturalWidth])")
    colour = page.goto(page.get_attribute(".chart img", "src")) and page.evaluate(
        "getComputedStyle(document.querySelector('.dot')).fill"
    )

    assert drawn == [[True, 720]] * 3
    assert colour == "rgb(11, 59, 102)"


@pytest.mark.parametrize(("who", "row"), [(None, None), (None, 1), ("vendor", 1), ("vendor", 2)])
def test_what_others_may_read_reads_well_for_everyone_at_every_size(
    browser_of: Open, nodes: Callable[[str], browser.Node], axe_source: str, who: str | None, row: int | None
) -> None:
    page = browser_of(who, scene=SCENE)
    page.goto("/reports/")
    if row:
        page.click(f"tbody tr:nth-child({row}) a.row-link")
        page.wait_for_load_state()

    drawn = page.evaluate("[...document.querySelectorAll('.chart img')].map(one => [one.complete, one.naturalWidth])")
    assert drawn == [[True, 720]] * (3 if row else 0)
    assert browser.faults(page, axe_source) == []
    assert nodes(SCENE).strangers == []


def test_an_error_of_a_protocol_leads_to_its_question(browser_of: Open) -> None:
    page = gone_to(browser_of("evaluator", scene=SCENE), ("main >> text=Begin another protocol",))
    page.fill("#id_title", "Once more")
    page.fill("#id_budgets", "2000 1000")
    page.fill("#id_references", "bell-0")
    page.click("main >> text=Save the draft >> nth=0")

    page.click(".errors a:has-text('The budgets are not in order.')")

    assert page.evaluate("location.hash") == "#id_budgets"
    assert page.input_value("#id_title") == "Once more"
