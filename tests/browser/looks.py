"""What can be measured of how a page looks, in every size and colour scheme; pictures of it to look at."""

from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

from selenium.webdriver import Chrome

from tests.browser.axe import barriers
from tests.browser.person import Person

SIZES = [(1440, 900), (390, 844)]

# Text whose contrast with the colours behind it is under 4.5 (3 for large letters), as WCAG 2.2 computes it.
FAINT_TEXT = """
const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
const rgb = (layers) => {
  canvas.clearRect(0, 0, 1, 1);
  for (const colour of layers) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const linear = (v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const light = ([r, g, b]) => [r, g, b].map((v) => linear(v / 255))
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const faint = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.data.trim() || !element.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
  if (element.closest(".visually-hidden, .veil, .skip, noscript, [disabled]")) continue;
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
  const behind = light(rgb(layers)), style = getComputedStyle(element), front = light(rgb([...layers, style.color]));
  const contrast = (Math.max(front, behind) + .05) / (Math.min(front, behind) + .05);
  const large = parseFloat(style.fontSize) >= 24;
  if (contrast < (large ? 3 : 4.5)) faint.push(`${node.data.trim()}: ${contrast.toFixed(2)}`);
}
return faint;
"""

# What can be pressed but has no name, or is smaller than 24 pixels.
HARD_TO_PRESS = """
return [...document.querySelectorAll("button, a[href], input, [role=button]")].flatMap((element) => {
  const shown = ["radio", "checkbox"].includes(element.type) ? element.closest("label") ?? element : element;
  if (!shown.checkVisibility() || element.closest(".skip")) return [];
  const {width, height} = shown.getBoundingClientRect();
  const name = element.ariaLabel || element.innerText || element.textContent || element.labels?.[0]?.textContent;
  return (width < 24 || height < 24 || !name?.trim()) ? [`${element.outerHTML.slice(0, 80)} ${width}x${height}`] : [];
});
"""


# Ends when all that moves for a while has come to rest.
REST = """
const frame = () => new Promise((done) => requestAnimationFrame(done));
await frame();
await frame(); // by now what was changed has begun to move
const moving = document.getAnimations().filter(({effect, playState}) =>
  playState === "running" && effect.getComputedTiming().endTime < Infinity);
await Promise.all(moving.map(({finished}) => finished.catch(() => 0)));
"""


def look(
    person: Person,
    screenshot: Callable[[Chrome, str], Path],
    name: str,
    worlds: Iterable[tuple[tuple[int, int], str]] = tuple(product(SIZES, ("light", "dark"))),
) -> None:
    """Takes pictures of what is shown in these sizes and colours, and checks what can be measured."""
    driver = person.driver
    for (width, height), scheme in worlds:
        resize(driver, width, height)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        person.later(REST)
        screenshot(driver, f"{name}-{width}-{scheme}")
        assert person.script(FAINT_TEXT) == [], f"{name} {width} {scheme}"
        assert person.script(HARD_TO_PRESS) == [], f"{name} {width} {scheme}"
        assert barriers(driver) == [], f"{name} {width} {scheme}"
    resize(driver, 360, 640)
    assert person.script("return document.documentElement.scrollWidth") <= 360, f"{name} at 360 pixels"
    resize(driver, 1280, 900)


def resize(driver: Chrome, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
