"""What a tab of a browser, or the process that drives its graphics card, takes of the memory, as Linux counts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any


class TabMemory:
    """The most memory that any of a browser's tabs held, in MB, since this was made.

    `kind` is Chromium's name for the process: `gpu-process` is the one for the graphics card.
    """

    def __init__(self, driver: Any, kind: str = "renderer") -> None:
        self.root = int(driver.service.process.pid)
        self.kind = f"--type={kind}".encode()
        for process in self._tabs():
            with suppress(OSError):
                Path(f"/proc/{process}/clear_refs").write_text("5")

    def peak(self) -> float:
        return self._largest("VmHWM")

    def program(self) -> float:
        """What of it is the browser's own program, which all tabs share and its task manager counts to none, in MB."""
        return self._largest("RssFile")

    def now(self) -> float:
        """What the tab that holds most holds now, in MB."""
        return self._largest("VmRSS")

    def _largest(self, what: str) -> float:
        found = [0]
        for process in self._tabs():
            with suppress(OSError):
                lines = Path(f"/proc/{process}/status").read_text().splitlines()
                found += [int(line.split()[1]) for line in lines if line.startswith(what)]
        return max(found) * 1024 / 1e6

    def _tabs(self) -> Iterator[int]:
        """Processes below the driver's whose command line names their kind."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        for process in parents:
            above = process
            while above in parents and above != self.root:
                above = parents[above]
            if above == self.root:
                with suppress(OSError):
                    if self.kind in Path(f"/proc/{process}/cmdline").read_bytes():
                        yield process
