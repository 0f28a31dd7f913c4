"""What was measured: operating points of the jobs, their tiers, and the power of the cluster."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

#: The lowest mean throughput over the event that each tier is promised.
MINIMUM = {1: 0.9, 2: 0.75, 3: 0.5}
#: The jobs of the demonstration: workload on its measured curve, and tier.
JOBS = (
    ("ft_llama_8b_p3", 2),
    ("infer_llama_8b_32g", 3),
    ("infer_llama_8b_48g", 1),
    ("infer_llama_8b_48g", 2),
    ("pt_mpt_13b_sm", 3),
    ("pt_mpt_7b_fast", 3),
)
#: Local times of the first hour and of the event, both minutes included.
BEFORE = ("14:40", "15:40")
EVENT = ("16:15", "19:14")
EVENT_MIN = 180


@dataclass(frozen=True)
class Curve:
    """Measured points of a job, by rising power: W of the whole job, and throughput as a part of the highest."""

    watts: tuple[float, ...]
    throughput: tuple[float, ...]

    def at(self, watts: float) -> float:
        """Throughput at a power between two measured points, on the line between them."""
        below = [(w, q) for w, q in zip(self.watts, self.throughput) if w <= watts]
        above = [(w, q) for w, q in zip(self.watts, self.throughput) if w >= watts]
        if not below or not above:
            return 0.0 if not below else below[-1][1]
        (w0, q0), (w1, q1) = below[-1], above[0]
        return q0 if w1 == w0 else q0 + (q1 - q0) * (watts - w0) / (w1 - w0)

    def watts_for(self, throughput: float) -> float:
        """The least power at which a throughput is reached."""
        pairs = list(zip(self.watts, self.throughput))
        for (w0, q0), (w1, q1) in zip(pairs, pairs[1:]):
            if throughput <= q0:
                return w0
            if throughput <= q1:
                return w0 + (w1 - w0) * (throughput - q0) / (q1 - q0)
        return pairs[-1][0]


@dataclass(frozen=True)
class Job:
    """A job of the demonstration. `weight` is that of its tier, all weights adding up to one."""

    id: str
    tier: int
    curve: Curve
    weight: float

    @property
    def minimum(self) -> float:
        """The mean throughput it is promised."""
        return MINIMUM[self.tier]


@dataclass(frozen=True)
class Field:
    """The jobs and what the meters showed, W."""

    jobs: tuple[Job, ...]
    before_w: float
    event_w: float

    @property
    def targets(self) -> tuple[tuple[str, float], ...]:
        """The targets of the table: name and W."""
        cuts = (("-35 %", 0.35), ("-40 %", 0.40), ("-50 %", 0.50))
        lower = tuple((name, (1 - cut) * self.before_w) for name, cut in cuts)
        return (("-25 %", 0.75 * self.before_w), ("measured power", self.event_w), *lower)

    def performance(self, throughput: list[float]) -> float:
        """Weighted mean throughput."""
        return sum(job.weight * q for job, q in zip(self.jobs, throughput))

    def broken(self, throughput: list[float]) -> list[str]:
        """Jobs that get less than their tier is promised; a millionth is rounding."""
        return [job.id for job, q in zip(self.jobs, throughput) if q < job.minimum - 1e-6]


def read(data: Path) -> Field:
    """Reads `dvfs_sweep.csv` and `SRP_total_power.csv` in `data`."""
    points: dict[str, list[tuple[float, float]]] = {}
    with (data / "dvfs_sweep.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            point = (float(row["total GPU power"]), float(row["normalized throughput"]))
            points.setdefault(row["Workload"], []).append(point)
    total = sum(MINIMUM[tier] for _, tier in JOBS)
    jobs = []
    for number, (workload, tier) in enumerate(JOBS):
        watts, throughput = zip(*sorted(points[workload]))
        jobs.append(Job(f"{number}-{workload}", tier, Curve(watts, throughput), MINIMUM[tier] / total))
    with (data / "SRP_total_power.csv").open(newline="") as file:
        minutes = [(row["timestamp"][11:16], float(row["total"])) for row in csv.DictReader(file)]

    def mean(span: tuple[str, str]) -> float:
        inside = [watts for minute, watts in minutes if span[0] <= minute <= span[1]]
        return sum(inside) / len(inside)

    return Field(tuple(jobs), mean(BEFORE), mean(EVENT))
