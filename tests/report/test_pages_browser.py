"""The site in a real browser: widths, themes, no network, no script, filter and sort, accessibility, hostile texts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.project import locate
from pytest_bets.report.folder import write
from pytest_bets.report.gather import gather
from pytest_bets.report.site import Site
from tests.helpers.browser import BUILD, Browser, axe, started
from tests.helpers.repositories import commit, git, isolate
from tests.helpers.sites import HOSTILE, write_catalogue

KINDS: Final = ("index", "bets/1_made", "audit", "errors", "write-ups")
WIDTHS: Final = (360, 1280, 3840)
BEYOND: Final = """
const wide = document.documentElement.clientWidth;
const found = [...document.querySelectorAll("svg.drawing text")].filter((node) => {
  const box = node.getBoundingClientRect();
  return box.left < -1 || box.right > wide + 1;
});
return [document.documentElement.scrollWidth - wide, found.map((node) => node.textContent)];
"""
RUN: Final = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  (found) => done(found.violations.map((item) => [item.impact, item.id, item.nodes.map((node) => node.html)])),
  (error) => done([["critical", String(error), []]]));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return the one browser of this file."""
    pytest.importorskip("jinja2", reason="the site needs the extra `report`")
    found = started(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


def made(folder: Path, hostile: str = "") -> Path:
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch)
        write_catalogue(folder, 6, hostile)
        (folder / "README.md").write_text("Bet 1: FAIL\n", encoding="utf-8")
        patch.chdir(folder)
        git("init", "-q", "-b", "main")
        commit()
        project = locate(folder, None, str(folder))
        source = gather(project, Catalogue(project.root, project.searched), lambda *_: {}, "1.0")
    write(folder / "site", Site(source).files())
    return folder / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of six bets in a git repository."""
    return made(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_every_width_in_both_themes(browser: Browser, site: Path, kind: str) -> None:
    """No text is cut off, nothing is loaded, the console is silent, and a picture of each is kept."""
    for width in WIDTHS:
        for theme in ("light", "dark"):
            browser.show(site / f"{kind}.html", width, theme)
            assert browser.run(BEYOND) == [0, []], (width, theme)
            browser.picture(BUILD / "pictures" / f"{Path(kind).name}-{width}-{theme}.png", width=width)
    asked = browser.requests()
    assert asked
    assert all(address.startswith(site.absolute().as_uri()) for address in asked), asked
    assert browser.complaints() == []


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(browser: Browser, site: Path, kind: str) -> None:
    """Wide and narrow, light and dark: contrast, names, roles, order."""
    source = axe()
    for width, theme in ((1280, "light"), (1280, "dark"), (360, "light")):
        browser.show(site / f"{kind}.html", width, theme)
        browser.run(source)
        found = browser.driver.execute_async_script(RUN)
        assert [item for item in found if item[0] in ("serious", "critical")] == [], (width, theme)


def test_a_page_works_without_scripts(browser: Browser, site: Path) -> None:
    """The table is whole, and what needs a script is not shown."""
    browser.show(site / "index.html", scripts=False)
    assert browser.run("return document.querySelectorAll('#table tbody tr:not([hidden])').length") == 6
    assert browser.run("return document.querySelectorAll('th button').length") == 0
    assert browser.run("return getComputedStyle(document.getElementById('filter')).display") == "none"
    browser.show(site / "bets/1_made.html", scripts=False)
    assert browser.run("return document.querySelectorAll('svg.drawing').length") == 7


def shown(browser: Browser) -> list[str]:
    script = "return [...document.querySelectorAll('#table tbody tr:not([hidden]) th')].map((cell) => cell.textContent)"
    return [str(name) for name in browser.run(script)]


def test_the_index_filters_by_text_verdict_and_tag(browser: Browser, site: Path) -> None:
    """And says how many bets are left."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    browser.show(site / "index.html")
    assert len(shown(browser)) == 6
    box = browser.driver.find_element(By.ID, "text")
    box.send_keys("3_MADE claim")
    assert shown(browser) == ["3_made"]
    assert browser.driver.find_element(By.ID, "shown").text == "1 of 6 bets"
    box.clear()
    box.send_keys(" ")
    Select(browser.driver.find_element(By.ID, "verdict")).select_by_visible_text("PASS")
    assert shown(browser) == ["1_made", "5_made"]
    Select(browser.driver.find_element(By.ID, "tag")).select_by_visible_text("retracted")
    assert shown(browser) == ["1_made"]


def test_the_index_sorts_by_every_column_with_the_keyboard(browser: Browser, site: Path) -> None:
    """Up, then down; screen readers hear which."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.show(site / "index.html")
    buttons = browser.driver.find_elements(By.CSS_SELECTOR, "thead button")
    assert len(buttons) == 8
    for place, button in enumerate(buttons):
        button.send_keys(Keys.ENTER)
        column = f"return [...document.querySelectorAll('#table tbody tr')].map((row) => row.cells[{place}].innerText)"
        up = browser.run(column)
        assert up == sorted(up, key=str.lower)
        button.send_keys(Keys.SPACE)
        assert browser.run(column) == sorted(up, key=str.lower, reverse=True)
        sorted_by = browser.run("return [...document.querySelectorAll('[aria-sort]')].map((cell) => cell.ariaSort)")
        assert sorted_by == ["descending"]


def test_a_hostile_record_does_nothing(browser: Browser, tmp_path: Path) -> None:
    """No alert, no element, no request; the policy had nothing to stop."""
    site = made(tmp_path, HOSTILE)
    browser.requests()
    for kind in KINDS:
        browser.show(site / f"{kind}.html")
        assert browser.run("return document.querySelectorAll('img, main script, main style').length") == 0
        assert browser.run("return document.querySelectorAll('footer').length") == 1
    browser.show(site / "bets/1_made.html")
    assert "<script>alert('pwned')</script>" in browser.run("return document.body.innerText")
    assert all(address.startswith(site.absolute().as_uri()) for address in browser.requests())
    assert browser.complaints() == []


def test_the_policy_stops_a_script_that_would_be_there(browser: Browser, tmp_path: Path, site: Path) -> None:
    """The second line of defence: escaping is the first."""
    page = (site / "bets/1_made.html").read_text(encoding="utf-8")
    script = (
        "<script>document.title = 'pwned'</script><img src=http://127.0.0.1:9/x onerror=\"document.title='pwned'\">"
    )
    (tmp_path / "page.html").write_text(page.replace("<h1>", f"{script}<h1>", 1), encoding="utf-8")
    browser.show(tmp_path / "page.html")
    assert browser.driver.title == "1_made: PASS"
    assert any("Content Security Policy" in text for text in browser.complaints())
