"""A headless Chromium that opens a page of the suite, driven by Selenium.

Without Chromium its tests are skipped, which says so; QMP_CONFORMANCE_CHROMIUM=required makes that
a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from tests.patience import PATIENCE

REQUIRED: Final = "QMP_CONFORMANCE_CHROMIUM"
_OFF: Final = 2
"""Chromium's word for a setting that is blocked."""


class Browser:
    """A page in a window; what it complains of is in `complaints`."""

    def __init__(self, driver: webdriver.Chrome, page: Path) -> None:
        self.driver, self._page = driver, page

    def open(self, fragment: str = "", *, width: int = 1280, scripts: bool = True) -> None:
        """Open the page anew in a window of a width, and wait until it is ready."""
        window = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **window)
        self.driver.get("about:blank")
        self.driver.get(f"file://{self._page}{fragment}")
        if scripts:
            self.wait()

    def wait(self) -> None:
        """Wait until the page has done what it was asked."""
        self.wait_until("return document.documentElement.dataset.state === 'ready'")

    def wait_until(self, script: str) -> None:
        """Wait until a script returns true in the page."""
        WebDriverWait(self.driver, PATIENCE).until(lambda driver: driver.execute_script(script))

    def command(self, name: str, **words: object) -> dict[str, object]:
        """Send a command of the Chrome DevTools Protocol."""
        return {**self.driver.execute_cdp_cmd(name, dict(words))}

    def ask(self, script: str, *words: object) -> object:
        """Return what a script says in the page, beside its own policy."""
        return self.driver.execute_script(script, *words)

    def texts(self, selector: str) -> list[str]:
        """Return the text of each element that is shown."""
        script = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter((each) => each.checkVisibility()).map((each) => each.innerText.trim())"
        )
        return [str(each) for each in self.driver.execute_script(script, selector)]

    def text(self, selector: str) -> str:
        """Return the text of the only such element that is shown."""
        (found,) = self.texts(selector)
        return found

    def put(self, field: str, value: str) -> None:
        """Set a field of the filter as a hand does, and wait for what comes of it."""
        script = (
            "const field = document.querySelector(`#filter [name=${arguments[0]}]`);"
            "field.value = arguments[1];"
            "field.dispatchEvent(new Event('input', { bubbles: true }));"
        )
        self.driver.execute_script(script, field, value)
        self.wait()

    def go(self, fragment: str) -> None:
        """Go to a part of the open page, and wait for what comes of it."""
        script = "document.documentElement.dataset.state = ''; location.hash = arguments[0];"
        self.driver.execute_script(script, fragment)
        self.wait()

    def follow(self, selector: str, text: str = "") -> None:
        """Click the first such element that is shown, with a text if any; wait for what comes."""
        script = (
            "document.documentElement.dataset.state = '';"
            "[...document.querySelectorAll(arguments[0])].find((each) => each.checkVisibility() &&"
            " (!arguments[1] || each.innerText === arguments[1])).click();"
        )
        self.driver.execute_script(script, selector, text)
        self.wait()

    @property
    def complaints(self) -> list[str]:
        """What the console has said: errors, and what the page's policy forbade."""
        log: list[dict[str, object]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(entry["message"]) for entry in log]


@contextmanager
def chromium(page: Path, *, scripts: bool = True, dark: bool = False) -> Iterator[Browser]:
    """Open a browser for a page."""
    binary, helper = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or helper is None:
        missing = "Debian's chromium and chromium-driver are not installed"
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(missing)
        pytest.skip(f"NOT TESTED in a browser: {missing}")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    if not scripts:
        setting = "profile.managed_default_content_settings.javascript"
        options.add_experimental_option("prefs", {setting: _OFF})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(helper))
    try:
        yield Browser(driver, page)
    finally:
        driver.quit()
