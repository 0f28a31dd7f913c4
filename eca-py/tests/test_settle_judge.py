"""Random events settled twice: by the library, and in rational numbers by a judge that knows only the documents."""

from __future__ import annotations

import json
import os
import random
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import eca
import pytest
from judge import judge_settle

#: Settlement periods in all.
PERIODS = 1_000_000 if os.environ.get("ECA_TEST_SCALE") == "large" else 12_000
SLICES = 10
ROUTES = ("wholesale_p415", "balancing_mechanism", "neso_dfs", "dso_flex")


def decimal(rng: random.Random, low: float, high: float) -> str:
    """A decimal with up to six places, sometimes a round one."""
    return f"{rng.uniform(low, high):.{rng.choice((0, 1, 2, 3, 6))}f}"


def made(rng: random.Random, number: int) -> tuple[dict[str, Any], list[str], int]:
    """An event with the rows of its meter but those of a baseline of days, and the Wh of its fixed baseline."""
    route = rng.choice(ROUTES)
    first, count = rng.randint(1, 44), rng.choice((1, 2, 4, 4, 48))
    first = 1 if count == 48 else min(first, 49 - count)
    periods: list[dict[str, Any]] = []
    for sp in range(first, first + count):
        each: dict[str, Any] = {"settlement_date": "2026-02-19", "settlement_period": sp}
        each["committed_mwh"] = rng.choice(("0", decimal(rng, 0, 6), decimal(rng, 0, 300)))
        each["price_gbp_per_mwh"] = decimal(rng, -200, 900)
        if route == "dso_flex" and rng.random() < 0.5:
            each["available_mw"] = decimal(rng, 0, 20)
            each["availability_price_gbp_per_mw_h"] = decimal(rng, 0, 60)
        periods.append(each)
    event: dict[str, Any] = {
        "format": "eca-event/1",
        "event_id": f"e{number}",
        "site": {"site_id": "s", "meter_id": "m"},
        "route": route,
        "direction": rng.choice(("down", "up")),
        "periods": periods,
        "terms": {"supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": decimal(rng, 50, 120)}]},
        "sharing": {"site_frac": decimal(rng, 0, 1), "social_tariff_frac": decimal(rng, 0, 1)},
        "submissions": [
            {"flow": flow, "status": rng.choice(("accepted", "accepted", "rejected")), "sent_at": "2026-02-18T12:00:00Z"}
            for flow in ("wman", "ecvn")
        ],
    }
    if rng.random() < 0.3:
        event["site"]["loss_factor"] = decimal(rng, 0.9, 1.1) if rng.random() < 0.8 else "1.05"
    if rng.random() < 0.4:
        regime = rng.choice(("none", "mutualised_by_suppliers", "direct_party_pays_supplier"))
        event["terms"]["compensation"] = [{"route": route, "effective_from": "2026-02-19", "regime": regime}]
    if rng.random() < 0.7:
        corners = sorted(rng.sample(range(0, 1_200_000), rng.randint(1, 4)))
        event["terms"]["pay_factor"] = [
            {"delivered_frac": f"{at / 1e6:.6f}", "paid_frac": decimal(rng, 0, 1)} for at in corners
        ]
    fixed = rng.choice((0, rng.randint(-(10**7), 10**7), rng.randint(0, 3 * 10**8)))
    sign = "-" if fixed < 0 else ""
    event["baseline"] = {"method": "fixed", "fixed_mwh": f"{sign}{abs(fixed) // 10**6}.{abs(fixed) % 10**6:06d}"}
    return event, [], fixed


def row(start: datetime, minutes: int, net: int) -> str:
    end = start + timedelta(minutes=minutes)
    return f"m,{start:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ},{max(net, 0)},{max(-net, 0)},A"


def working_days(rng: random.Random, sps: list[int]) -> tuple[dict[date, dict[int, int]], set[date]]:
    """Volumes of working days before the event, and which of them are event days."""
    days: dict[date, dict[int, int]] = {}
    at = date(2026, 2, 19)
    wanted = rng.randint(9, 16)
    while len(days) < wanted:
        at -= timedelta(days=1)
        if at.weekday() < 5 and at != date(2026, 1, 1):
            days[at] = {sp: rng.randint(-(10**6), 10**7) for sp in sps}
    return days, set(rng.sample(sorted(days), rng.randint(0, 3)))


@pytest.mark.parametrize("part", range(SLICES))
def test_random_settlement_periods_equal_the_rational_judge(part: int) -> None:
    rng = random.Random(20260219 + part)
    done, number = 0, 0
    while done < PERIODS // SLICES:
        event, meters, fixed = made(rng, number)
        number += 1
        sps = [each["settlement_period"] for each in event["periods"]]
        expected = [fixed] * len(sps)
        midnight = datetime(2026, 2, 19, tzinfo=timezone.utc)
        if len(sps) <= 4 and rng.random() < 0.3:
            days, event_days = working_days(rng, sps)
            marked = [{"settlement_date": str(day), "kind": "market"} for day in sorted(event_days)]
            event["baseline"] = {"method": "bl01", "params": {"adjustment": "never"}, "event_days": marked}
            for day, used in days.items():
                start = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
                meters += [row(start + timedelta(minutes=30 * (sp - 1)), 30, wh) for sp, wh in used.items()]
            expected = [
                judge_settle.mean_of_days({day: used[sp] for day, used in days.items()}, date(2026, 2, 19), event_days)
                for sp in sps
            ]
        metered, prices, table = [], [], ["start,system_price_gbp_per_mwh"]
        for sp in sps:
            start = midnight + timedelta(minutes=30 * (sp - 1))
            parts = rng.choice((1, 1, 2, 6))
            used = [rng.randint(0, rng.choice((10**6, 3 * 10**8)) // parts) for _ in range(parts)]
            minutes = 30 // parts
            meters += [row(start + timedelta(minutes=minutes * i), minutes, wh) for i, wh in enumerate(used)]
            metered.append(sum(used))
            price = decimal(rng, -300, 6000)
            prices.append(Fraction(price))
            table.append(f"{start:%Y-%m-%dT%H:%M:%SZ},{price}")
        rng.shuffle(meters)
        text = "\n".join(["meter_id,start,end,import_wh,export_wh,quality", *meters])
        record = eca.settle(event, text, "\n".join(table))
        wanted = judge_settle.settle(event, expected, metered, prices)
        found = [
            (
                each["deviation_wh"],
                each["delivered_wh"],
                each["shortfall_wh"],
                [flow["cash_ugbp"] for flow in each["flows"]],
                each["cash_ugbp"],
                each["supplier_compensation_ugbp"],
            )
            for each in record["periods"]
        ]
        assert found == wanted["periods"], json.dumps(event)
        totals = record["totals"]
        assert (totals["cash_ugbp"], totals["site_ugbp"], totals["social_tariff_ugbp"]) == (
            wanted["cash"],
            wanted["site"],
            wanted["fund"],
        )
        # Parts and totals, to the unit.
        assert totals["cash_ugbp"] == sum(flow["cash_ugbp"] for each in record["periods"] for flow in each["flows"])
        for name in ("deviation_wh", "delivered_wh", "shortfall_wh", "committed_wh"):
            assert totals[name] == sum(each[name] for each in record["periods"])
        if record["compensation"] is not None:
            assert record["compensation"]["received_ugbp"] == wanted["supplier"]
        done += len(sps)
