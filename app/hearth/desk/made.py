"""Files that are made from others, and made again only when those have changed."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path


def made(product: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The product; `make(new_file)` makes it anew unless it is there and was made with the same key.

    The new file takes the product's place only when it is whole, so a break leaves no half of one. The key is
    kept beside the product in a file of its own.
    """
    key_file = product.with_name(product.name + ".key")
    if product.is_file() and key_file.is_file() and key_file.read_text("utf-8") == key:
        return product
    product.parent.mkdir(parents=True, exist_ok=True)
    key_file.unlink(missing_ok=True)
    new = product.with_name(f"{product.name}.{os.getpid()}.new")
    try:
        make(new)
        new.replace(product)
    finally:
        new.unlink(missing_ok=True)
    key_file.write_text(key, "utf-8")
    return product


def key_of(*parts: str | Path) -> str:
    """One sha256 over texts and over the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()
