"""Prices and carbon from a pandas frame, the plan back as one.

    python examples/python/from_a_frame.py
"""

from __future__ import annotations

import pandas as pd

import eca


def main() -> None:
    """Plans two jobs on a made-up day and prints when they run."""
    start = pd.date_range("2026-03-02", periods=48, freq="30min", tz="Europe/London")
    hours = start.hour + start.minute / 60
    signals = pd.DataFrame(
        {
            "start": start,
            "region": "london",
            "import_price_gbp_per_mwh": 70 + 50 * ((hours >= 16) & (hours < 19)) - 20 * (hours < 6),
            "carbon_g_per_kwh": 180 + 40 * ((hours >= 16) & (hours < 20)),
        }
    )
    problem = eca.Problem(
        signals,
        regions=[eca.Region("london", it_capacity_mw=3, import_limit_mw=5, pue_slope=1.2)],
        jobs=[
            eca.Job("tune", gpu_hours=600, points=[eca.JobPoint(power_mw=1.5, gpu_hours_per_h=150)]),
            eca.Job("index", inferences=8e6, points=[eca.JobPoint(power_mw=2, inferences_per_h=4e6)], preemptible=True),
        ],
    )
    plan = problem.solve()
    runs = plan.to_frame("jobs").groupby("job")["start"].agg(["min", "max", "count"])
    print(runs.to_string())
    print(plan)


if __name__ == "__main__":
    main()
