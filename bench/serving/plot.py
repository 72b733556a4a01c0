"""A plot of values over time as SVG, made by hand: panels from top to bottom, one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 720, 150, 60, 30, 50
_COLORS = ("#1f6f8b", "#c8553d")


@dataclass(frozen=True)
class Panel:
    """Lines with a common scale that begins at zero."""

    title: str
    lines: Sequence[Sequence[float]]


def draw(minutes: Sequence[float], panels: Sequence[Panel]) -> str:
    """An SVG document."""
    height = _TOP + len(panels) * (_HEIGHT + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 20} {height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for place, panel in enumerate(panels):
        parts += _panel(minutes, panel, _TOP + place * (_HEIGHT + _GAP))
    return "\n".join([*parts, "</svg>", ""])


def _panel(minutes: Sequence[float], panel: Panel, top: int) -> list[str]:
    most = max(max(line) for line in panel.lines) * 1.1 or 1.0
    end = max(minutes)
    bottom = top + _HEIGHT
    parts = [
        f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{panel.title}</text>',
        f'<path d="M{_LEFT},{top} V{bottom} H{_LEFT + _WIDTH}" fill="none" stroke="#444"/>',
        f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{most:.4g}</text>',
        f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{_LEFT + _WIDTH}" y="{bottom + 16}" text-anchor="end">{end:.1f} min</text>',
    ]
    for line, color in zip(panel.lines, _COLORS, strict=False):
        points = " ".join(
            f"{_LEFT + _WIDTH * at / end:.1f},{bottom - _HEIGHT * value / most:.1f}"
            for at, value in zip(minutes, line, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}"/>')
    return parts
