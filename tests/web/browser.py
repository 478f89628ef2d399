"""A browser with a whole node behind it: sign in, look at pages, and have them checked for everyone's eyes.

    def test_something(browser_of):
        page = browser_of("hospital")          # signed in, second factor included
        page.goto("/organisation/tokens/")

Skips with a plain reason where Chromium is missing.
"""

import base64
import hashlib
import hmac
import json
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
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBELL_")}
    environment["PYTHONPATH"] = str(machine.ROOT)
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
    if not line:
        raise RuntimeError(f"the node did not start:\n{Path(log.name).read_text()[-4000:]}")
    url = f"http://localhost:{port}"
    _wait_for(url)
    return Node(url, json.loads(line), process, home)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


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
    page.click("main form:first-of-type button[type=submit]")
    if "/second-factor/check/" in page.url:
        page.fill("input[name=code]", totp(seed))
        page.click("main form:first-of-type button[type=submit]")


Opened = Callable[..., Page]


def opener(browser: Browser, node: Node) -> tuple[Opened, list[BrowserContext]]:
    """Return a function that opens a page as someone; each person signs in once a node."""
    kept: dict[str, Any] = {}
    contexts: list[BrowserContext] = []

    def open_as(who: str | None = None, *, size: str = "wide", scheme: str = "light", language: str = "en-GB") -> Page:
        if who is not None and who not in kept:
            context = open_context(browser, node)
            sign_in(context.new_page(), node.people[who])
            kept[who] = context.storage_state()
            context.close()
        options = {"viewport": SIZES[size], "color_scheme": scheme, "locale": language}
        context = open_context(browser, node, storage_state=kept.get(who or ""), **options)
        contexts.append(context)
        return context.new_page()

    return open_as, contexts


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


def complaints(page: Page, axe: str) -> list[str]:
    """Return what axe finds: every violation, and every colour contrast it could not decide."""
    page.evaluate(axe)
    found = page.evaluate(
        """() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"""
    )
    open_questions = [one for one in found["incomplete"] if one["id"] == "color-contrast"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}"
        for one in [*found["violations"], *open_questions]
        for node in one["nodes"]
    ]
