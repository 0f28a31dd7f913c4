"""A run of power targets with ramps on the same curves: answered from a shed ladder, judged by a simulation second by second.

The simulation knows the commands of an answer and the measured curves, nothing else of ECA.
"""

from __future__ import annotations

import csv
import random
import time
from dataclasses import dataclass
from pathlib import Path

import eca

from .field import Field
from .replay import RATE, START, W_PER_MW

#: Holds, minutes: a ladder is made for each beforehand, so that tiers keep their minimum within the event itself.
HOLDS_MIN = (15, 30, 60, 180, 360, 600)
#: Seconds until a cap has taken effect.
CAP_S = 5.0
COLUMNS = (
    "target",
    "planted",
    "cut_frac",
    "target_w",
    "ramp_w_per_min",
    "response_s",
    "hold_min",
    "met",
    "reached_s",
    "worst_over_frac",
    "worst_ramp_frac",
    "tiers_broken",
    "answer_us",
    "reason",
)


@dataclass(frozen=True)
class Target:
    """What is asked for; `planted` says why it cannot be met, empty where it can."""

    cut: float
    ramp_w_per_min: float
    response_s: float
    hold_min: int
    planted: str = ""


@dataclass(frozen=True)
class Ladder:
    """A ladder, and what the jobs draw before it is used."""

    steps: eca.ShedLadder
    watts: dict[str, float]

    @property
    def total_w(self) -> float:
        """Power before any step, W."""
        return sum(self.watts.values())


def ladders(field: Field) -> dict[int, Ladder]:
    """One ladder for each hold."""
    return {hold: ladder(field, hold) for hold in HOLDS_MIN}


def ladder(field: Field, hold_min: int) -> Ladder:
    """The ladder of the site at full power, with all that jobs owe due within the hold."""
    hours = hold_min / 60
    peak_mw = sum(job.curve.watts[-1] for job in field.jobs) / W_PER_MW
    jobs = [
        eca.Job(
            job.id,
            inferences=RATE * hours,
            points=[
                eca.JobPoint(power_mw=watts / W_PER_MW, inferences_per_h=RATE * throughput)
                for watts, throughput in zip(job.curve.watts, job.curve.throughput)
            ],
            deadline_kind="priced",
            undone_penalty_gbp=1000 * job.weight * hours,
            undone_max_frac=1 - job.minimum,
            preemptible=True,
        )
        for job in field.jobs
    ]
    free = {"import_price_gbp_per_mwh": 0.0, "carbon_g_per_kwh": 0.0}
    site = eca.Region("phoenix", it_capacity_mw=peak_mw, import_limit_mw=peak_mw, **free)
    horizon = eca.Horizon(start=START, step_min=15, periods=hold_min // 15)
    plan = eca.Problem(horizon=horizon, regions=[site], jobs=jobs).solve(references=False)
    watts = {job["id"]: W_PER_MW * job["power_mw"][0] for job in plan.to_dict()["jobs"]}
    return Ladder(plan.shed_ladder(cap_s=CAP_S), watts)


def targets(field: Field, known: dict[int, Ladder], *, count: int = 200, planted: int = 25, seed: int = 1) -> list[Target]:
    """So many targets that can be met, and among them some that cannot."""
    draw = random.Random(seed)
    total = next(iter(known.values())).total_w
    floor = sum(job.curve.watts_for(job.minimum) for job in field.jobs)
    deepest = 1 - floor / total
    made = []
    for _ in range(count):
        cut, response = draw.uniform(0.02, 0.99 * deepest), float(draw.randint(15, 120))
        least = 60 * cut * total / response
        made.append(Target(cut, least * draw.uniform(1.01, 3), response, draw.choice(HOLDS_MIN)))
    kinds = ("below the tiers", "ramp too slow", "response too short", "below zero of all jobs", "hold too long")
    for k in range(planted):
        kind = kinds[k % len(kinds)]
        cut, response = draw.uniform(0.1, 0.9 * deepest), float(draw.randint(20, 90))
        ramp = 60 * cut * total / response
        if kind == "below the tiers":
            cut = draw.uniform(1.005 * deepest, 0.95)
            made.append(Target(cut, 1e9, response, draw.choice(HOLDS_MIN), kind))
        elif kind == "ramp too slow":
            made.append(Target(cut, ramp * draw.uniform(0.2, 0.98), response, draw.choice(HOLDS_MIN), kind))
        elif kind == "response too short":
            made.append(Target(cut, 1e9, draw.uniform(0.5, 0.99 * CAP_S), draw.choice(HOLDS_MIN), kind))
        elif kind == "below zero of all jobs":
            made.append(Target(draw.uniform(0.97, 1.0), 1e9, response, draw.choice(HOLDS_MIN), kind))
        else:
            made.append(Target(draw.uniform(1.002 * deepest, 1.05 * deepest), 1e9, response, 600, kind))
    draw.shuffle(made)
    return made


def simulate(field: Field, site: Ladder, target: Target, answer: eca.ShedAnswer) -> tuple[float, float, float, list[str]]:
    """Second by second: when the target is reached, the worst power beyond it (part of it), the steepest change as a part of the
    ramp, and the tiers broken while it is held."""
    curves = {job.id: job.curve for job in field.jobs}
    moves: dict[str, list[tuple[float, float, float]]] = {name: [] for name in curves}
    for step in answer.steps:
        command = step.command["set_power"]
        moves[step.target["job"]["id"]].append((step.start_s, step.end_s, W_PER_MW * command["power_mw"]))

    def watts(name: str, second: float) -> float:
        now = site.watts[name]
        for start, end, to in moves[name]:
            part = 1.0 if second >= end else max(0.0, (second - start) / (end - start))
            now += part * (to - now)
        return now

    goal = site.total_w * (1 - target.cut)
    span = [k / 4 for k in range(4 * int(target.response_s + 60) + 1)]
    power = [sum(watts(name, second) for name in curves) for second in span]
    reached = next((second for second, now in zip(span, power) if now <= goal * 1.01), float("inf"))
    over = max(now / goal - 1 for second, now in zip(span, power) if second >= target.response_s)
    steepest = max(abs(b - a) * 4 * 60 for a, b in zip(power, power[1:])) / target.ramp_w_per_min
    held = [curves[job.id].at(watts(job.id, span[-1])) for job in field.jobs]
    return reached, over, steepest, field.broken(held)


def run(field: Field) -> list[dict[str, str]]:
    """Answers all targets; one row for each."""
    known = ladders(field)
    rows = []
    for number, target in enumerate(targets(field, known)):
        site = known[target.hold_min]
        goal = site.total_w * (1 - target.cut)
        row = dict.fromkeys(COLUMNS, "")
        row.update(
            target=str(number),
            planted=target.planted,
            cut_frac=f"{target.cut:.4f}",
            target_w=f"{goal:.1f}",
            ramp_w_per_min=f"{target.ramp_w_per_min:.1f}",
            response_s=f"{target.response_s:.1f}",
            hold_min=str(target.hold_min),
        )
        begun = time.perf_counter()
        reason, answer = "", None
        try:
            answer = site.steps.answer(
                goal / W_PER_MW,
                response_s=target.response_s,
                hold_s=60.0 * target.hold_min,
                ramp_mw_per_min=target.ramp_w_per_min / W_PER_MW,
            )
        except eca.EcaInfeasibleError as error:
            reason = str(error)
        row["answer_us"] = f"{1e6 * (time.perf_counter() - begun):.0f}"
        if answer is None:
            row.update(met="refused", reason=reason)
        else:
            reached, over, steepest, broken = simulate(field, site, target, answer)
            row.update(
                met="yes" if over <= 0.01 and steepest <= 1.0 + 1e-5 and not broken else "no",
                reached_s=f"{reached:.2f}",
                worst_over_frac=f"{over:.6f}",
                worst_ramp_frac=f"{steepest:.6f}",
                tiers_broken=" ".join(broken),
            )
        rows.append(row)
    return rows


def timings(field: Field, *, repeats: int = 200) -> float:
    """Seconds that one answer takes, the median of many."""
    site = ladder(field, 180)
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        site.steps.answer(0.7 * site.total_w / W_PER_MW, response_s=30, hold_s=3600)
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[repeats // 2]


def write(path: Path, rows: list[dict[str, str]]) -> str:
    """Writes the table; gives a line that says how it went."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    asked = [row for row in rows if not row["planted"]]
    planted = [row for row in rows if row["planted"]]
    met = sum(row["met"] == "yes" for row in asked)
    refused = sum(row["met"] == "refused" for row in planted)
    return f"{met} of {len(asked)} targets met within ramp and response; {refused} of {len(planted)} planted ones refused"
