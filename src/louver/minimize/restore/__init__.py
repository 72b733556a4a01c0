"""Puts values back into answers: exact placeholders of this request only, and never into a URL."""

from louver.minimize.restore.json_source import JsonRestorer
from louver.minimize.restore.text import TextRestorer, restore_text

__all__ = ["JsonRestorer", "TextRestorer", "restore_text"]
