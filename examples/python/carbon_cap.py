"""What a carbon cap costs: the sample day planned under tighter and tighter caps.

    python examples/python/carbon_cap.py
"""

from __future__ import annotations

import eca
import eca.sample


def main() -> None:
    """Prints a line for each cap."""
    day = eca.Horizon.day("2026-03-02")
    series = eca.sample.signals(day)
    regions = [
        eca.Region(name, **{**site, **series[name]})
        for name, site in zip(eca.sample.REGIONS, eca.sample.sites(), strict=True)
    ]
    work = eca.sample.workload(day)
    print("cap g/kWh   cost GBP   carbon kg   g/kWh reached")
    for limit in (90, 70, 60):
        work["carbon_caps"] = [eca.CarbonCap("day", metric="g_per_kwh", limit=limit, window="day")]
        problem = eca.Problem(horizon=day, regions=regions, **work)
        totals = problem.solve(gap=2e-3, time_limit_s=30, references=False).totals
        reached = totals.carbon_kg / totals.energy_mwh
        print(f"{limit:9} {totals.cost_gbp:10,.0f} {totals.carbon_kg:11,.0f} {reached:15.1f}")


if __name__ == "__main__":
    main()
