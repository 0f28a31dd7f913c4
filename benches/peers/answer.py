"""What a tool answers, the same for all: runs of jobs and flows of energy, and when it knew what."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .problem import Problem

WHOLE = 0.5


@dataclass
class Answer:
    """`runs[j]` is (region, periods) or None; flows are by region and period, MW; `served` by service, millions."""

    objective: float | None = None
    bound: float | None = None
    status: str = ""
    runs: list[tuple[int, list[int]] | None] = field(default_factory=list)
    flows: dict[str, np.ndarray] = field(default_factory=dict)
    served: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))


def runs(p: Problem, start: np.ndarray, work: np.ndarray) -> list[tuple[int, list[int]] | None]:
    """Runs from the values of the starts and the working periods."""
    out: list[tuple[int, list[int]] | None] = [None] * len(p.jobs)
    for k in np.flatnonzero(np.asarray(start) > WHOLE):
        t, length = int(p.starts["t"][k]), int(p.starts["length"][k])
        out[int(p.starts["job"][k])] = (int(p.starts["region"][k]), list(range(t, t + length)))
    for k in np.flatnonzero(np.asarray(work) > WHOLE):
        j, r, t = (int(p.cells[name][k]) for name in ("job", "region", "t"))
        before = out[j]
        # A job in two regions at once must not pass for one in the first of them.
        out[j] = (r, [t]) if before is None else (before[0] if before[0] == r else -1, [*before[1], t])
    return out


def steps(log: Path, offset: float) -> list[tuple[float, float | None, float | None]]:
    """When HiGHS had what, from its log; `offset` is when it was called."""
    out = []
    for line in log.read_text(errors="replace").splitlines() if log.exists() else []:
        # ... bound, best solution, gap; cuts, in the LP, conflicts; iterations, time.
        parts = line.split()
        if (
            len(parts) < 11
            or not parts[-1].endswith("s")
            or not (parts[-6].endswith("%") or parts[-6] in ("inf", "Large"))
        ):
            continue
        try:
            bound, best, time = float(parts[-8]), float(parts[-7]), float(parts[-1][:-1])
        except ValueError:
            continue
        out.append((offset + time, *(None if math.isinf(value) else value for value in (best, bound))))
    return out
