"""Writes examples/c/day.csv: a made-up winter day of two regions, the same on every run.

    python3 examples/c/make_day.py > examples/c/day.csv
"""

from datetime import datetime, timedelta, timezone
from math import exp

START = datetime(2026, 3, 2, tzinfo=timezone.utc)


def bump(hour: float, middle: float, width: float) -> float:
    """A hill of height 1 around an hour of the day."""
    return exp(-(((hour - middle) / width) ** 2))


print("start,region,import_price_gbp_per_mwh,carbon_g_per_kwh")
for region, price, carbon, wind in [("london", 74.0, 185.0, 25.0), ("north-scotland", 58.0, 42.0, 38.0)]:
    for period in range(48):
        hour = period / 2
        demand = 0.6 * bump(hour, 8.5, 1.6) + bump(hour, 18.0, 1.9) - 0.5 * bump(hour, 3.5, 2.5)
        blown = wind * bump(hour, 13.0, 3.0)
        start = (START + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(f"{start},{region},{price + 62 * demand - blown:.2f},{max(carbon * (1 + 0.35 * demand) - blown, 5):.0f}")
