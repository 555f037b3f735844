"""Hearth: AI tools that stay home."""

__version__ = "0.1.0"
