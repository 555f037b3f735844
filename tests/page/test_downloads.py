"""The page's store of models, run by Node.js against the site's own server."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hearth.desk.node import node_command
from web.serve import SiteServer

pytestmark = pytest.mark.desk

SHELL = Path(__file__).parents[2] / "web" / "shell"
SCRIPT = """
globalThis.navigator ??= {};
globalThis.self = globalThis;
globalThis.origin = new URL(process.argv[2]).origin;
const { ModelStore } = await import("./store.js");
const { once } = await import("node:events");
const store = new ModelStore(new URL(process.argv[2]));
const model = JSON.parse(process.argv[3]);
const tell = (...news) => console.log(JSON.stringify(news));
const open = () => store.open(model, (loaded) => tell(loaded), new AbortController().signal);
await open().catch((error) => tell("failed", error.message));
await once(process.stdin, "data");
const { file } = await open();
tell("whole", Buffer.from(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())).toString("hex"));
process.exit();
"""


def test_a_download_goes_on_in_the_middle_of_a_part(tmp_path: Path) -> None:
    for name in ("store.js", "release.js"):
        shutil.copy(SHELL / name, tmp_path / name)
    (tmp_path / "words.js").write_text("export const say = (key) => key;")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "script.js").write_text(SCRIPT)
    content = bytes(range(256)) * 2000
    (tmp_path / "part.bin").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    part = {"url": "part.bin", "bytes": len(content), "sha256": digest}
    model = json.dumps({"id": "net", "bytes": len(content), "parts": [part]})
    with SiteServer(tmp_path, bytes_per_second=20e3) as server:
        command = [*node_command(), str(tmp_path / "script.js"), server.url, model]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as page:
            assert page.stdin and page.stdout
            news = iter(map(json.loads, page.stdout))
            some = next(loaded for (loaded,) in news if loaded)
            server.stop()
            assert next(told for told in news if told[0] == "failed") == ["failed", "fetch.broke"]
            server.bytes_per_second = None
            server.start()
            page.stdin.write("go on\n")
            page.stdin.flush()
            last = list(news)
        assert last[0][0] >= some, "what came is shown at once"
        assert last[-1] == ["whole", digest]
        assert server.rests == ["/part.bin"]
