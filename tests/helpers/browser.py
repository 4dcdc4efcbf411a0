"""A real browser for tests: Debian's chromium, driven by Selenium."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
BUILD: Final = ROOT / "build" / "browser"
"""Where `.ci/browser` puts axe-core, and tests put the pictures that they take."""
FLAGS: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
_INSTALL: Final = "run .ci/browser, which installs it where it may"


class Browser:
    """One window: it opens pages from disk and says what they asked for."""

    def __init__(self, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.binary_location = str(shutil.which("chromium"))
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver: Any = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.get("about:blank")
        self.requests()  # those of the page that the browser opens by itself

    def command(self, name: str, **parameters: object) -> Any:
        """Give a command of the DevTools protocol, and return its answer."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def show(self, page: Path, width: int = 1280, theme: str = "light", *, scripts: bool = True) -> None:
        """Open a page in a window of this width, in a light or a dark theme, with its scripts or without."""
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        self.driver.get(page.absolute().as_uri())

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def picture(self, path: Path, height: int = 0, *, width: int = 1280, top: int = 0) -> None:
        """Write a picture of the page, by default the whole of it."""
        height = height or self.run("return document.documentElement.scrollHeight")
        clip = {"x": 0, "y": top, "width": width, "height": min(height, 6000), "scale": 1}
        found = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def requests(self) -> list[str]:
        """Return the addresses that pages asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [item["params"]["request"]["url"] for item in messages if item["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """Return what the console says since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()


def started(profile: Path) -> Browser:
    """Return a browser; skip the test where there is none."""
    pytest.importorskip("selenium", reason=f"selenium is not installed: {_INSTALL}")
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: {_INSTALL}")
    return Browser(profile)


def axe() -> str:
    """Return the source of axe-core; skip the test where it is not there."""
    path = BUILD / "package" / "axe.min.js"
    if not path.is_file():
        pytest.skip(f"axe-core is not in {path.parent}: {_INSTALL}")
    return path.read_text(encoding="utf-8")
