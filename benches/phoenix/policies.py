"""The four policies that the publisher describes, on the same curves. None of them uses ECA."""

from __future__ import annotations

from itertools import combinations

from .field import EVENT_MIN, Field, Job
from .replay import Outcome

#: Parts into which a search for a common fraction is cut.
HALVINGS = 60


def fair_capping(field: Field, target_w: float) -> Outcome:
    """All jobs give up the same fraction of their headroom above the power that meets their minimum.

    Where that is not enough, all go on below their minimum by the same fraction of what is left down to the lowest cap.
    """
    powers = _fair([(job, job.minimum) for job in field.jobs], target_w)
    return Outcome([sum(powers)] * EVENT_MIN, [job.curve.at(watts) for job, watts in zip(field.jobs, powers)])


def capping_and_pausing(field: Field, target_w: float) -> Outcome:
    """The set of at least two jobs that may be paused with the least total reduction, paused in turn, one at a time; the rest
    is capped fairly."""
    best: tuple[tuple[bool, bool, float], Outcome] | None = None
    for size in range(2, len(field.jobs) + 1):
        for chosen in combinations(range(len(field.jobs)), size):
            # Each is away for an equal part of the event: the others of its tier's minimum must fit into what is left.
            if any(field.jobs[j].minimum > 1 - 1 / size for j in chosen):
                continue
            outcome = _in_turn(field, target_w, chosen)
            reduction = sum(field.jobs[j].curve.watts[-1] for j in chosen) / size
            misses = max(outcome.power_w) > target_w * (1 + 1e-9)
            key = (misses, bool(field.broken(outcome.throughput)), reduction)
            if best is None or key < best[0]:
                best = key, outcome
    assert best is not None
    return best[1]


def greedy_pausing(field: Field, target_w: float) -> Outcome:
    """Each job may pause for its allowance; walking through time, the next most flexible one is paused while power is above
    the target."""
    left = [round((1 - job.minimum) * EVENT_MIN) for job in field.jobs]
    ran = [0] * len(field.jobs)
    power = []
    # The most flexible tier first; within it in turn, the one with most allowance left.
    for _ in range(EVENT_MIN):
        running = set(range(len(field.jobs)))
        while sum(field.jobs[j].curve.watts[-1] for j in running) > target_w:
            may = [j for j in running if left[j] > 0]
            if not may:
                break
            running.remove(max(may, key=lambda j: (field.jobs[j].tier, left[j], -j)))
        for j in range(len(field.jobs)):
            if j in running:
                ran[j] += 1
            else:
                left[j] -= 1
        power.append(sum(field.jobs[j].curve.watts[-1] for j in running))
    return Outcome(power, [minutes / EVENT_MIN for minutes in ran])


def pausing_and_resizing(field: Field, target_w: float) -> Outcome:
    """One job stops for the whole event; the others share the remaining GPUs fairly: power and throughput go with the number
    of GPUs. The job whose stop leaves most performance."""
    outcomes = []
    for stopped in range(len(field.jobs)):
        rest = sum(job.curve.watts[-1] for j, job in enumerate(field.jobs) if j != stopped)
        share = min(1.0, target_w / rest)
        throughput = [0.0 if j == stopped else share for j in range(len(field.jobs))]
        outcomes.append(Outcome([share * rest] * EVENT_MIN, throughput))
    return max(outcomes, key=lambda outcome: (-len(field.broken(outcome.throughput)), field.performance(outcome.throughput)))


#: By the column of the table.
POLICIES = {
    "fair_capping": fair_capping,
    "capping_pausing": capping_and_pausing,
    "greedy_pausing": greedy_pausing,
    "pausing_resizing": pausing_and_resizing,
}


def _in_turn(field: Field, target_w: float, chosen: tuple[int, ...]) -> Outcome:
    size = len(chosen)
    throughput = [0.0] * len(field.jobs)
    power: list[float] = []
    for away in chosen:
        rest = [j for j in range(len(field.jobs)) if j != away]
        wanted = [field.jobs[j].minimum / (1 - 1 / size if j in chosen else 1) for j in rest]
        powers = _fair([(field.jobs[j], q) for j, q in zip(rest, wanted)], target_w)
        for j, watts in zip(rest, powers):
            throughput[j] += field.jobs[j].curve.at(watts) / size
        power += [sum(powers)] * (EVENT_MIN // size)
    return Outcome(power, throughput)


def _fair(jobs: list[tuple[Job, float]], target_w: float) -> list[float]:
    """Powers of jobs that all give up the same fraction of their headroom, W."""
    tops = [job.curve.watts[-1] for job, _ in jobs]
    floors = [job.curve.watts_for(minimum) for job, minimum in jobs]
    lowest = [job.curve.watts[0] for job, _ in jobs]
    for high, low in ((tops, floors), (floors, lowest)):
        if sum(low) <= target_w:
            keep = min(1.0, (target_w - sum(low)) / max(sum(high) - sum(low), 1e-9))
            return [a + keep * (b - a) for a, b in zip(low, high)]
    return lowest
