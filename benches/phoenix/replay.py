"""The event as a problem of ECA: six jobs, one site, a strict power target."""

from __future__ import annotations

from dataclasses import dataclass

import eca

from .field import EVENT_MIN, Field

#: Work of a job for each hour at full speed.
RATE = 1e6
#: The penalty of leaving all of all jobs undone, GBP.
SCALE_GBP = 1000.0
#: Relative gap: with penalties of this scale 0.0002 of weighted performance at most.
GAP = 1e-3
#: Seconds for a plan with one point for each slot; the best one found by then is taken.
LIMIT_S = 20.0
#: The site is planned a thousand times as large, W as kW: plans are rounded to whole W.
W_PER_MW = 1e3
START = "2025-05-04T23:15:00Z"


@dataclass(frozen=True)
class Outcome:
    """What a plan or policy does in the event; `refused` holds the reason where there is none."""

    power_w: list[float]
    throughput: list[float]
    refused: str = ""


def problem(field: Field, target_w: float, *, divisible: bool) -> eca.Problem:
    """The problem: time-shared jobs, or one point for each job and slot of fifteen minutes."""
    hours = EVENT_MIN / 60
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
            undone_penalty_gbp=SCALE_GBP * job.weight,
            undone_max_frac=1 - job.minimum,
            preemptible=not divisible,
            divisible=divisible,
        )
        for job in field.jobs
    ]
    free = {"import_price_gbp_per_mwh": 0.0, "carbon_g_per_kwh": 0.0}
    site = eca.Region("phoenix", it_capacity_mw=peak_mw, import_limit_mw=peak_mw, **free)
    target = eca.PowerTarget("event", region="phoenix", power_mw=target_w / W_PER_MW)
    horizon = eca.Horizon(start=START, step_min=15, periods=EVENT_MIN // 15)
    return eca.Problem(horizon=horizon, regions=[site], jobs=jobs, targets=[target])


def replay(field: Field, target_w: float, *, divisible: bool) -> Outcome:
    """Plans the event."""
    try:
        posed = problem(field, target_w, divisible=divisible)
        plan = posed.solve(engine="exact", gap=GAP, time_limit_s=LIMIT_S, references=False)
    except eca.EcaError as error:
        return Outcome([], [], str(error))
    document = plan.to_dict()
    power = [W_PER_MW * mw for mw in document["regions"][0]["import_mw"]]
    return Outcome(power, [1 - job["undone_frac"] for job in document["jobs"]])
