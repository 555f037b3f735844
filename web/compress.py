"""Compressed copies of the site's files, for hosts that serve them beside the originals."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli

KEPT = Path(__file__).parents[1] / "build" / "compressed"
WORTH = (".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm", ".webmanifest")
SMALLEST = 512  # bytes; below that a copy saves nothing

WAYS: dict[str, Callable[[bytes], bytes]] = {
    ".br": lambda content: bytes(brotli.compress(content, quality=11)),
    ".gz": lambda content: gzip.compress(content, 9, mtime=0),
}


def compressed(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Suffix and content of each copy that is worth having; kept in `build/`, the best ones take their time."""
    if not path.endswith(WORTH) or len(content) < SMALLEST:
        return
    for suffix, compress in WAYS.items():
        kept = KEPT / (hashlib.sha256(content).hexdigest() + suffix)
        if not kept.is_file():
            KEPT.mkdir(parents=True, exist_ok=True)
            new = kept.with_suffix(".new")
            new.write_bytes(compress(content))
            new.replace(kept)
        packed = kept.read_bytes()
        if len(packed) < 0.9 * len(content):
            yield suffix, packed
