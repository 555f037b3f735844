"""Compressed copies of the site's files, for hosts that serve them beside the originals."""

import gzip
import hashlib
import os
import sys
from collections.abc import Callable, Iterator

import brotli

from hearth.desk.fetch import default_folder

KEPT = default_folder() / "compressed"
WORTH = (".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm", ".webmanifest")
SMALLEST = 512  # bytes; below that a copy saves nothing
SLOW = 256 * 1024  # bytes; from there on a copy is kept for the next build: brotli's best takes 3 s a megabyte

WAYS: dict[str, Callable[[bytes], bytes]] = {
    ".br": lambda content: bytes(brotli.compress(content, quality=11)),
    ".gz": lambda content: gzip.compress(content, 9, mtime=0),
}


def compressed(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Suffix and content of each copy that is worth having."""
    if not path.endswith(WORTH) or len(content) < SMALLEST:
        return
    for suffix, compress in WAYS.items():
        packed = compress(content) if len(content) < SLOW else _kept(path, content, suffix)
        if len(packed) < 0.9 * len(content):
            yield suffix, packed


def _kept(path: str, content: bytes, suffix: str) -> bytes:
    kept = KEPT / (hashlib.sha256(content).hexdigest() + suffix)
    if not kept.is_file():
        print(f"Compressing {path} ({suffix[1:]})", file=sys.stderr)
        KEPT.mkdir(parents=True, exist_ok=True)
        new = kept.with_name(f"{kept.name}.{os.getpid()}.new")
        new.write_bytes(WAYS[suffix](content))
        new.replace(kept)
    return kept.read_bytes()
