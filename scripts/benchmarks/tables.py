"""Tables of figures for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from steps import say


@dataclass(frozen=True)
class Verdict:
    """A promise about speed, and what was measured.

    Attributes:
        promise: What is held to the goal.
        found: The figure, in the goal's unit.
        goal: The most that it may be.
    """

    promise: str
    found: float
    goal: float

    @property
    def is_kept(self) -> bool:
        """Whether the figure is within the goal."""
        return self.found <= self.goal

    def __str__(self) -> str:
        within = "within" if self.is_kept else "OVER"
        return f"{self.promise}: {self.found:.2f}, {within} the goal of {self.goal:.2f}"


def show(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, figures to the right.

    Args:
        title: A line above it.
        heads: The columns' names.
        rows: Cells as text, as many a row as there are names.
    """
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    say()
    say(title)
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  " + "  ".join(cells).rstrip())


def seconds(figures: Sequence[float]) -> str:
    """Write the median of seconds."""
    return f"{median(figures):.2f}"


def ratio(over: Sequence[float], under: Sequence[float]) -> str:
    """Write the median of the ratios of paired runs, with the least and the greatest.

    Args:
        over: Figures of the runs in question.
        under: Figures of the runs they are held against, pair by pair.
    """
    found = paired(over, under)
    if not found:
        return "-"
    return f"{median(found):.2f} ({min(found):.2f}-{max(found):.2f})" if len(found) > 1 else f"{found[0]:.2f}"


def paired(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Divide pair by pair; pairs without a base are left out."""
    return [a / b for a, b in zip(over, under, strict=True) if b > 0]
