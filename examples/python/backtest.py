"""What planning would have saved over a fortnight, and what a carbon cap would have cost, day by day.

    python examples/python/backtest.py [SCHEDULER]

With the address of a Dask scheduler the days are planned on its workers (pip install eca[dask]).
"""

from __future__ import annotations

import sys
from typing import Any

import eca
import eca.sample


def main() -> None:
    """Prints totals for each scenario, and what the cap costs."""
    # Made up; eca.signals.read_csv("prices.csv") or a tidy frame goes in the same way.
    history = eca.sample.history("2026-03-02", days=14)
    cap = eca.CarbonCap("day", metric="g_per_kwh", limit=55, window="day", kind="priced", price_gbp_per_kg=0.3)
    executor: Any = None
    if len(sys.argv) > 1:
        import distributed

        executor = distributed.Client(sys.argv[1])
    result = eca.backtest(
        eca.sample.problem("2026-03-02"),
        history,
        scenarios={"no cap": {"carbon_caps": []}, "cap of 55 g/kWh": {"carbon_caps": [cap]}},
        gap=1e-2,
        executor=executor,
        progress=True,
    )
    result.raise_if_failed()
    print(result)
    for extra in result.differences("no cap"):
        if extra.measure in ("extra_cost_gbp", "extra_penalty_gbp", "extra_carbon_kg"):
            print(f"{extra.scenario}: {extra.measure} {extra.mean:,.0f} a day ({extra.low:,.0f} to {extra.high:,.0f})")


if __name__ == "__main__":
    main()
