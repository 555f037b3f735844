"""axe-core over what a page shows: WCAG 2.2 A and AA, and its own good practice."""

from functools import cache
from pathlib import Path

from selenium.webdriver import Chrome

from hearth.desk.fetch import Cache
from hearth.desk.pins import read_pins

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """
const done = arguments[1];
axe.run(document, {runOnly: arguments[0], resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(
  ({violations}) => done(violations.flatMap(({id, nodes}) =>
    nodes.map(({target, failureSummary}) => `${id}: ${target.join(" ")}: ${failureSummary.replace(/\\s+/g, " ")}`))),
  (error) => done([String(error)]));
"""


@cache
def _source() -> str:
    file = Cache().get(read_pins(Path(__file__).with_name("pins.toml"))["axe.min.js"])
    return file.read_text("utf-8")


def barriers(driver: Chrome) -> list[str]:
    """What keeps somebody out, one line an element: the rule, where it is, what is wrong."""
    if not driver.execute_script("return typeof axe === 'object'"):
        driver.execute_script(_source())
    found: list[str] = driver.execute_async_script(_RUN, _TAGS)
    return found
