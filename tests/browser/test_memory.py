"""Memory is given back at once, as Linux counts it, not when the browser next tidies up."""

import sys
from pathlib import Path

import pytest

from tests.bench._tab import TabMemory
from tests.browser.browsers import start_chromium
from web.site import WEB

READ = """
const context = new OffscreenCanvas(8660, 256).getContext("2d", { willReadFrequently: true });
for (let number = 0; number < 40; number++) {
  const { buffer } = context.getImageData(0, 0, 8660, 256).data;
  release(buffer);
  if (buffer.byteLength) throw new Error("It is still there.");
}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_pixels_that_were_read_are_gone_once_they_are_released(tmp_path: Path) -> None:
    release = (WEB / "shell" / "release.js").read_text("utf-8").replace("export ", "")
    driver = start_chromium(tmp_path / "profile", tmp_path)
    try:
        driver.get("data:text/html,<title>Memory</title>")
        memory = TabMemory(driver)
        before = memory.now()
        driver.execute_script(release + READ)
        assert memory.peak() - before < 120, "of 355 MB; a tab that has just begun takes some more by itself"
    finally:
        driver.quit()
