"""What is shown while something runs: a bar in a notebook or on a terminal, now and then a line anywhere else."""

from __future__ import annotations

import html
import math
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Union

from ._errors import bad_value

#: Seconds between two lines where nothing can be overwritten.
LINE_EVERY_S = 2.0
#: Seconds between two pictures of a bar.
BAR_EVERY_S = 0.1
#: Characters of the bar on a terminal.
WIDTH = 20


@dataclass(frozen=True)
class Progress:
    """How far a solve has come.

    A solve has one step or more: where a limit that was left out turns out to matter, or strict carbon caps are
    planned in their order, a new step begins and its numbers replace those before. Within a step the best plan never
    gets dearer and the bound never falls.
    """

    #: Seconds since the solve began.
    elapsed_s: float
    #: Objective of the best plan of this step so far, GBP.
    incumbent_gbp: float | None
    #: No plan of this step has a lower objective, GBP.
    bound_gbp: float | None
    #: Branch-and-bound nodes so far.
    nodes: int
    #: ``(incumbent - bound) / max(1, |incumbent|)`` where both are known.
    gap: float | None
    #: The engine at work; empty before one began.
    engine: str = ""
    #: Which step, from 1; 0 before one began.
    step: int = 0

    def __str__(self) -> str:
        best = "no plan yet" if self.incumbent_gbp is None else f"best {self.incumbent_gbp:,.2f} GBP"
        bound = "" if self.bound_gbp is None else f", bound {self.bound_gbp:,.2f} GBP"
        gap = "" if self.gap is None else f", gap {self.gap:.2%}"
        return f"{self.elapsed_s:5.1f} s  {best}{bound}{gap}"


#: What ``progress=`` takes: True for a bar, or a function; one that returns False stops the solve.
ProgressLike = Union[None, bool, Callable[[Progress], object]]
Watch = Callable[[float, Union[float, None], Union[float, None], int, Union[float, None], str, int], object]


def watcher(
    progress: ProgressLike, gap: float, time_limit_s: float | None
) -> tuple[Watch | None, Callable[[], None]]:
    """What the compiled module calls, and what is called at the end."""
    if progress is None or progress is False:
        return None, lambda: None
    if progress is True:
        shown = SolveBar(gap, time_limit_s)
        return lambda *seen: shown(Progress(*seen)), shown.end
    if not callable(progress):
        raise bad_value("solve", "progress", repr(progress), "must be True, None or a function")
    return lambda *seen: progress(Progress(*seen)), lambda: None


class SolveBar:
    """The bar of a solve: full when the proof asked for is there, or the time is up."""

    def __init__(self, gap: float, time_limit_s: float | None) -> None:
        self._bar = Bar()
        self._target = max(gap, 1e-6)
        self._limit_s = time_limit_s
        self._first: float | None = None
        self._step = 0
        self._frac = 0.0

    def __call__(self, seen: Progress) -> None:
        """Shows the progress; gives nothing back, so that the solve goes on."""
        self._bar.show(self._done(seen), str(seen))

    def _done(self, seen: Progress) -> float:
        """The part that is done: powers of ten of the gap, or seconds. It never goes back."""
        done = seen.elapsed_s / self._limit_s if self._limit_s else 0.0
        if seen.gap is not None:
            gap = max(seen.gap, self._target)
            if self._first is None or seen.step != self._step:
                self._first, self._step = max(gap, self._first or 0.0), seen.step
            span = math.log(self._first / self._target)
            done = max(done, 1.0 - math.log(gap / self._target) / span if span > 0 else 1.0)
        self._frac = max(self._frac, min(done, 1.0))
        return self._frac

    def end(self) -> None:
        """Leaves the bar as it was last."""
        self._bar.end()


class Bar:
    """A part of 1 and a text, kept up to date in one place: a notebook's output, or the last line of a terminal."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self._cell = _cell()
        self._live = self._cell is None and self._stream.isatty()
        self._next = 0.0
        self._width = 0
        self._last: tuple[float, str] | None = None
        self._shown: tuple[float, str] | None = None

    def show(self, frac: float, text: str) -> None:
        """Shows it, unless something was shown a moment ago; :meth:`end` shows the last one in any case."""
        self._last = (frac, text)
        now = time.monotonic()
        if now >= self._next:
            self._next = now + (BAR_EVERY_S if self._cell is not None or self._live else LINE_EVERY_S)
            self._draw()

    def _draw(self) -> None:
        if self._last is None or self._last == self._shown:
            return
        self._shown = self._last
        frac, text = self._last
        if self._cell is not None:
            self._cell.update(Picture(frac, text))
        elif self._live:
            # A line that is longer than the terminal could not be overwritten.
            line = f"{picture(frac)} {text}"[: max(shutil.get_terminal_size().columns - 1, 20)]
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
            self._stream.flush()
        else:
            self._stream.write(text + "\n")
            self._stream.flush()

    def end(self) -> None:
        """Shows the last word and leaves the line."""
        self._draw()
        if self._live and self._width:
            self._stream.write("\n")
            self._stream.flush()
        self._width = 0


@dataclass(frozen=True)
class Picture:
    """A bar as a notebook shows it."""

    frac: float
    text: str

    def __repr__(self) -> str:
        return f"{picture(self.frac)} {self.text}"

    def _repr_html_(self) -> str:
        track = "display:inline-block;width:16em;height:0.8em;border:1px solid #888;border-radius:3px;margin-right:0.8em"
        fill = f"display:block;width:{100 * self.frac:.1f}%;height:100%;background:#0072B2"
        text = html.escape(self.text)
        return f'<div><span style="{track}"><span style="{fill}"></span></span><code>{text}</code></div>'


def picture(frac: float) -> str:
    """A bar of characters."""
    full = round(WIDTH * min(max(frac, 0.0), 1.0))
    return f"[{'#' * full}{'.' * (WIDTH - full)}]"


def _cell() -> Any:
    """A place in the output of the notebook's cell that can be shown again; None outside a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is None:
        return None
    # Whoever runs a notebook has it; it is never imported elsewhere.
    display: Callable[..., Any] = import_module("IPython.display").display
    return display(Picture(0.0, ""), display_id=True)
