"""Settlement in rational numbers, from the documents alone: shares no code and no structure with the library.

Money, energy and carbon are exact fractions of GBP, MWh and kg; each amount is rounded once, at the end of its formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

MILLION = 10**6


def whole(value: Fraction) -> int:
    """Millionths of a unit, half away from zero."""
    scaled = abs(value) * MILLION
    up = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return up if value >= 0 else -up


def number(value: Any) -> Fraction:
    """A decimal of a document."""
    return Fraction(str(value))


def pay_factor(points: list[Mapping[str, Any]], ratio: Fraction | None) -> Fraction:
    """The part of the price that is paid."""
    if not points:
        return Fraction(1)
    corners = [(number(point["delivered_frac"]), number(point["paid_frac"])) for point in points]
    if ratio is None or ratio <= corners[0][0]:
        return corners[0][1]
    for (left, low), (right, high) in zip(corners, corners[1:]):
        if left < ratio <= right:
            return low + (high - low) * (ratio - left) / (right - left)
    return corners[-1][1]


def mean_of_days(used: Mapping[date, int], day: date, event_days: set[date]) -> int:
    """Mean of the ten most recent days with a value that are no event days, Wh. All are working days."""
    found = [used[at] for back in range(1, 61) if (at := day - timedelta(days=back)) in used and at not in event_days]
    return whole(Fraction(sum(found[:10]), len(found[:10])) / MILLION)


def settle(event: Mapping[str, Any], baseline_wh: list[int], metered_wh: list[int], prices: list[Fraction]) -> dict[str, Any]:
    """Flows in µGBP and volumes in Wh of each period, and totals."""
    terms = event.get("terms", {})
    sign = -1 if event.get("direction") == "up" else 1
    states = {each["flow"]: each["status"] == "accepted" for each in event.get("submissions", [])}
    regimes = {each["route"]: each["regime"] for each in terms.get("compensation", [])}
    default = "mutualised_by_suppliers" if event["route"] == "wholesale_p415" else "none"
    regime = regimes.get(event["route"], default)
    reference = number(terms["supplier_compensation_price"][0]["price_gbp_per_mwh"]) if regime != "none" else Fraction(0)
    loss = number(event["site"].get("loss_factor", 1))
    periods = []
    for period, expected, metered, imbalance_price in zip(event["periods"], baseline_wh, metered_wh, prices, strict=True):
        active = event["route"] != "wholesale_p415" or states.get("wman", False)
        claim = whole(Fraction(expected - metered, MILLION) * loss) if active else 0
        deviation = Fraction(claim, MILLION)
        promised = sign * number(period["committed_mwh"])
        price = number(period["price_gbp_per_mwh"])
        delivered = max(sign * deviation, Fraction(0))
        compensated = Fraction(0)
        if event["route"] == "wholesale_p415":
            position = promised if states.get("ecvn", False) else Fraction(0)
            flows = [position * price, (deviation - position) * imbalance_price]
            compensated = deviation
        elif event["route"] == "balancing_mechanism":
            if promised >= 0:
                lost = max(Fraction(0), min(promised - deviation, promised))
                charge = lost * max(Fraction(0), price - imbalance_price)
            else:
                lost = min(Fraction(0), max(promised - deviation, promised))
                charge = lost * min(Fraction(0), price - imbalance_price)
            flows = [promised * price, -charge, (deviation - promised) * imbalance_price]
            compensated = promised - lost
        elif event["route"] == "neso_dfs":
            flows = [min(delivered, abs(promised)) * price]
        else:
            ratio = delivered / abs(promised) if promised else None
            paid = pay_factor(terms.get("pay_factor", []), ratio)
            flows = [min(delivered, abs(promised)) * price * paid]
            if "available_mw" in period:
                ready = number(period["available_mw"]) * number(period["availability_price_gbp_per_mw_h"])
                flows.insert(0, ready / 2)
        supplier = whole(compensated * reference)
        cash = [whole(flow) for flow in flows]
        if regime == "direct_party_pays_supplier":
            cash.append(-supplier)
        shortfall = max(abs(promised) - delivered, Fraction(0))
        periods.append((claim, whole(delivered), whole(shortfall), cash, sum(cash), supplier))
    cash = sum(period[4] for period in periods)
    site = whole(Fraction(cash, MILLION) * number(event.get("sharing", {}).get("site_frac", 1)))
    fund = whole(Fraction(max(site, 0), MILLION) * number(event.get("sharing", {}).get("social_tariff_frac", 0)))
    return {"periods": periods, "cash": cash, "site": site, "fund": fund, "supplier": sum(p[5] for p in periods)}
