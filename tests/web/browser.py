"""A browser with a whole node behind it: sign in, look at pages, and have them checked for everyone's eyes.

    def test_something(browser_of):
        page = browser_of("hospital")          # signed in, second factor included
        page.goto("/organisation/tokens/")

Skips with a plain reason where Chromium is missing.
"""

import base64
import hashlib
import hmac
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.support import machine
from tests.support.cast import PASSWORD
from tests.web.node import SEED

from watchbell.formats import strictjson

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Node:
    """A running node: its address, the people on it and what the browser asked of others."""

    url: str
    people: dict[str, str]
    process: subprocess.Popen[str]
    home: Path
    strangers: list[str] = field(default_factory=list)


def start_node(home: Path, scene: str = "") -> Node:
    """Start a node in its own process and return it once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = machine.without_node(os.environ)
    environment["PYTHONPATH"] = str(machine.ROOT)
    environment["PYTHONPYCACHEPREFIX"] = str(machine.BYTECODE)
    with (home.parent / f"{home.name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.node", str(home), str(port), scene],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            cwd=machine.ROOT,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    url = f"http://localhost:{port}"
    if not line or not _answers(url, process):
        process.kill()
        raise RuntimeError(f"the node did not start:\n{Path(log.name).read_text()[-4000:]}")
    return Node(url, strictjson.loads(line.encode()), process, home)


def _answers(url: str, process: subprocess.Popen[str]) -> bool:
    """Return whether the node answers within half a minute and does not end before."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def stop_node(node: Node) -> None:
    node.process.terminate()
    node.process.wait(timeout=20)
    if node.process.stdout is not None:
        node.process.stdout.close()


def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium, headless and silent."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield launched
        launched.close()


def open_context(browser: Browser, node: Node, **options: Any) -> BrowserContext:
    """Return a fresh context that notes every request to anyone but the node."""
    context = browser.new_context(base_url=node.url, reduced_motion="reduce", **options)

    def note(request: Any) -> None:
        if not request.url.startswith((node.url, "data:", "blob:")):
            node.strangers.append(request.url)

    context.on("request", note)
    return context


def totp(seed: str = SEED, *, at: float | None = None, step: int = 30) -> str:
    """Return the six digits an authenticator app shows (RFC 6238)."""
    counter = int((time.time() if at is None else at) // step)
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def sign_in(page: Page, email: str, *, password: str = PASSWORD, seed: str = SEED) -> None:
    """Sign in as a person would: address, password, and the app's code where one is asked for."""
    page.goto("/account/sign-in/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    _send(page)
    if "/second-factor/check/" in page.url:
        page.fill("input[name=code]", totp(seed, at=_moment_with_time_left()))
        _send(page)


def _send(page: Page) -> None:
    """Send the page's form and wait for the answer, however slow the machine is."""
    with page.expect_navigation():
        page.click("main form:first-of-type button[type=submit]")


def _moment_with_time_left(step: int = 30, least: int = 8) -> float:
    """Return a moment whose code will still be the code when it arrives; waits for the next one if need be."""
    left = step - time.time() % step
    if left < least:
        time.sleep(left + 0.1)
    return time.time()


def opener(browser: Browser, node: Node) -> Callable[..., Page]:
    """Return a function that opens a page as someone; each person signs in once a node."""
    kept: dict[str, Any] = {}

    def open_as(who: str | None = None, *, size: str = "wide", scheme: str = "light", language: str = "en-GB") -> Page:
        if who is not None and who not in kept:
            context = open_context(browser, node)
            page = context.new_page()
            sign_in(page, node.people[who])
            assert "/account/" not in page.url, f"{who} was not signed in, and stands at {page.url}"
            kept[who] = context.storage_state()
            context.close()
        options = {"viewport": SIZES[size], "color_scheme": scheme, "locale": language}
        return open_context(browser, node, storage_state=kept.get(who or ""), **options).new_page()

    return open_as


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def small_targets(page: Page, least: int = 44) -> list[str]:
    """Return what can be clicked and is smaller than a fingertip; links inside sentences are exempt (WCAG 2.5.8)."""
    return list(
        page.evaluate(
            """least => Array.from(document.querySelectorAll('button, summary, a.button, nav a, select, .deed-link, '
                + 'input:not([type=hidden]):not([type=checkbox]):not([type=radio])'))
              .filter(one => one.offsetParent !== null)
              .filter(one => one.getBoundingClientRect().height < least - 0.5)
              .map(one => one.outerHTML.slice(0, 120))""",
            least,
        )
    )


def faults(page: Page, axe: str) -> list[str]:
    """Return what is wrong with the page shown, for eyes, fingers and screen readers, at every size and scheme.

    The whole of axe runs at both sizes, its contrast rule again in the dark.
    """
    page.evaluate(axe)
    found: list[str] = []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            wrong = complaints(page, None if scheme == "light" else ["color-contrast"])
            if scheme == "light":
                wrong += [f"small target: {one}" for one in small_targets(page)]
                wrong += ["scrolls sideways"] if scrolls_sideways(page) else []
            found += [f"{size} {scheme}: {one}" for one in wrong]
    return found


def complaints(page: Page, rules: list[str] | None = None, *, overlaid: bool = False) -> list[str]:
    """Return what axe finds: every violation, and every colour contrast it could not decide.

    It never can where one thing lies over another, so with a menu open (`overlaid`) only violations count.
    """
    only = {"type": "rule", "values": rules} if rules else RULES
    asked = {"runOnly": only, "resultTypes": ["violations", "incomplete"], "selectors": False}
    found = page.evaluate("asked => axe.run(document, asked)", asked)
    undecided = [one for one in found["incomplete"] if one["id"] == "color-contrast" and not overlaid]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}"
        for one in [*found["violations"], *undecided]
        for node in one["nodes"]
    ]


def picture(page: Page, name: str, folder: Path) -> Path:
    """Take a picture of the whole page, for people to look at; return where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=str(path), full_page=True)
    return path
