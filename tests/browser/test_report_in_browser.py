"""The report in a real browser with the network off; OREFLOW_SCREENSHOTS=DIR keeps what it looked like."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oreflow.reports.html import write_report
from oreflow.run import RunRecord

pytestmark = pytest.mark.browser

RECORDS = Path(__file__).parent.parent / "records"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def chromium() -> str | None:
    named = os.environ.get("OREFLOW_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install one, or name it in OREFLOW_CHROMIUM")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


def written(name: str, folder: Path) -> Path:
    run = RunRecord.model_validate_json((RECORDS / f"{name}.json").read_text(encoding="utf-8"))
    return write_report(run, folder / f"{name}.html")


@pytest.fixture(scope="module", params=["cafe", "hostile", "empty"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(request.param, tmp_path_factory.mktemp("report"))


def screenshots(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("OREFLOW_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Visit:
    """One page in one look, with everything it said and asked for; `scripts` off shows that it needs none."""

    def __init__(self, browser: Any, report: Path, *, size: str, scheme: str, scripts: bool = True) -> None:
        width, height = SIZES[size]
        self.said: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            offline=True,
            java_script_enabled=scripts,
        )
        self.context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(report.as_uri())

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_page_opens_offline_asks_for_nothing_and_never_scrolls_sideways(
    browser: Any, report: Path, size: str, scheme: str, tmp_path: Path
) -> None:
    with Visit(browser, report, size=size, scheme=scheme) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        visit.page.screenshot(path=screenshots(tmp_path) / f"{report.stem}_{size}_{scheme}.png", full_page=True)
        assert visit.said == []
        assert [url for url in visit.asked if not url.startswith("data:")] == [report.as_uri()]
        assert wide == SIZES[size][0]


def test_dark_is_dark_and_light_is_light(browser: Any, report: Path) -> None:
    shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"
    with Visit(browser, report, size="desktop", scheme="dark") as dark:
        assert dark.page.evaluate(shade) < 150
    with Visit(browser, report, size="desktop", scheme="light") as light:
        assert light.page.evaluate(shade) > 600


# WCAG 2: relative luminance of the text and of the nearest opaque ground, at least 4.5 to 1.
CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const opaque = (colour) => colour.length < 4 || colour[3] === 1;
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (opaque(colour)) return colour;
    }
    return [255, 255, 255];
  };
  const words = (e) => !e.closest("svg, script") && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const poor = new Set();
  for (const e of [...document.querySelectorAll("body *")].filter(words)) {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) poor.add(e.tagName + "." + e.className);
  }
  return [...poor];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Any, report: Path, scheme: str) -> None:
    with Visit(browser, report, size="desktop", scheme=scheme) as visit:
        assert visit.page.evaluate(CONTRAST) == []


def test_the_page_reads_without_scripts(browser: Any, report: Path) -> None:
    with Visit(browser, report, size="desktop", scheme="light", scripts=False) as visit:
        assert visit.page.locator("h2").count() == 11
        visit.page.locator("#columns").scroll_into_view_if_needed()
        assert visit.page.locator("main").inner_text().count("\n") > 30


def test_printing_shows_what_is_folded(browser: Any, tmp_path: Path) -> None:
    with Visit(browser, written("cafe", tmp_path), size="desktop", scheme="light") as visit:
        folded = visit.page.get_by_text("FROM delta_scan")
        assert not folded.is_visible()
        visit.page.emulate_media(media="print")
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert folded.is_visible()
        visit.page.pdf(path=screenshots(tmp_path) / "cafe.pdf", format="A4")
