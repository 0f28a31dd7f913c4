"""Computes the figures of a DEG log again: settlements, energy, carbon, cost per inference, certificates, the fund.

    python docs/auditor.py LOGDIR

Plain Python, nothing of ECA: money, energy and carbon are exact fractions, rounded once at the end of each formula, half
away from zero. It believes the records of the log to be there and unaltered; that is what verify.py is for. Baselines:
`fixed`, and `bl01` without adjustment. Prints what it computed and every difference; exit status 1 if there is one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

M = 10**6
LONDON = ZoneInfo("Europe/London")
#: Bank holidays of England and Wales, 2026 (gov.uk, read 2026-11-23): no working days.
HOLIDAYS = {date(2026, m, d) for m, d in ((1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28))}


def whole(value: Fraction) -> int:
    """The nearest whole number, half away from zero."""
    up = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return up if value >= 0 else -up


def num(value: object) -> Fraction:
    """A decimal of a document."""
    return Fraction(str(value))


def start_of(day: str, period: int) -> datetime:
    """When a settlement period begins, UTC."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=LONDON).astimezone(timezone.utc)
    return midnight + timedelta(minutes=30 * (period - 1))


class Log:
    """The records of a log and what they cite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        size = int((folder / "checkpoint").read_text(encoding="utf-8").split("\n")[1])
        self.records = []
        for tile in range(-(-size // 256)):
            name, rest = f"{tile % 1000:03}", tile // 1000
            while rest:
                name, rest = f"x{rest % 1000:03}/{name}", rest // 1000
            width = min(256, size - 256 * tile)
            data = (folder / "tile/entries" / (name if width == 256 else f"{name}.p/{width}")).read_bytes()
            while data:
                length = int.from_bytes(data[:2], "big")
                self.records.append(json.loads(data[2 : 2 + length]))
                data = data[2 + length :]

    def cited(self, record: dict, name: str) -> str:
        """What a record cites under a name."""
        sha = next(ref["sha256"] for ref in record["refs"] if ref["name"] == name)
        data = (self.folder / "blob" / sha).read_bytes()
        assert hashlib.sha256(data).hexdigest() == sha, f"blob {sha} is altered"
        return data.decode()


def metered(text: str, meter: str) -> dict[datetime, list[int]]:
    """Import and export of each half hour, Wh."""
    found: dict[datetime, list[int]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["meter_id"] == meter:
            at = datetime.fromisoformat(row["start"].replace("Z", "+00:00")).astimezone(timezone.utc)
            used = found.setdefault(at.replace(minute=at.minute // 30 * 30), [0, 0])
            used[0] += int(row["import_wh"])
            used[1] += int(row["export_wh"])
    return found


def priced(text: str) -> dict[datetime, dict[str, str]]:
    """Prices and intensities of each half hour."""
    rows = csv.DictReader(io.StringIO(text))
    return {datetime.fromisoformat(row["start"].replace("Z", "+00:00")): row for row in rows}


def baseline(event: dict, day: str, period: int, used: dict[datetime, list[int]]) -> int:
    """What would have been used, Wh."""
    terms = event["baseline"]
    if terms["method"] == "fixed":
        return whole(num(terms["fixed_mwh"]) * M)
    # Wholesale trading alone has no in-day adjustment, if nothing else is said.
    adjusted = terms.get("params", {}).get("adjustment", "never" if event["route"] == "wholesale_p415" else "")
    assert terms["method"] == "bl01" and adjusted == "never", "baseline not known here"
    left_out = {each["settlement_date"] for each in terms.get("event_days", [])} | {p["settlement_date"] for p in event["periods"]}
    found, at = [], date.fromisoformat(day)
    for _ in range(60):
        at -= timedelta(days=1)
        here = used.get(start_of(str(at), period))
        if at.weekday() < 5 and at not in HOLIDAYS and str(at) not in left_out and here and len(found) < 10:
            found.append(here[0] - here[1])
    return whole(Fraction(sum(found), len(found)))


def cash(event: dict, terms: dict, deviation: Fraction, system: Fraction | None, accepted: set[str]) -> tuple[list[Fraction], Fraction]:
    """Flows of a period, GBP, and the energy that the supplier is compensated for, MWh."""
    sign = -1 if event.get("direction") == "up" else 1
    promised, price = sign * num(terms["committed_mwh"]), num(terms["price_gbp_per_mwh"])
    delivered = max(sign * deviation, Fraction(0))
    paid = min(delivered, abs(promised))
    if event["route"] == "wholesale_p415":
        position = promised if "ecvn" in accepted else Fraction(0)
        return [position * price, (deviation - position) * system], deviation
    if event["route"] == "balancing_mechanism":
        lost = max(0, min(promised - deviation, promised)) if promised >= 0 else min(0, max(promised - deviation, promised))
        charge = lost * (max(0, price - system) if promised >= 0 else min(0, price - system))
        return [promised * price, -charge, (deviation - promised) * system], promised - lost
    ready = [num(terms["available_mw"]) * num(terms["availability_price_gbp_per_mw_h"]) / 2] if terms.get("available_mw") else []
    return [*ready, paid * price], Fraction(0)


def settle(event: dict, used: dict[datetime, list[int]], prices: dict[datetime, dict[str, str]]) -> dict[str, int]:
    """Sums of an event: Wh, µGBP, mg."""
    sign = -1 if event.get("direction") == "up" else 1
    accepted = {each["flow"] for each in event.get("submissions", []) if each["status"] == "accepted"}
    share = event.get("sharing", {})
    default = "mutualised_by_suppliers" if event["route"] == "wholesale_p415" else "none"
    regime = next((each["regime"] for each in event["terms"].get("compensation", []) if each["route"] == event["route"]), default)
    total = dict.fromkeys(("deviation", "delivered", "shortfall", "cash", "supplier", "avoided", "before", "carbon", "saved", "rebound", "extra"), 0)
    for terms in [*event["periods"], *event.get("rebound_periods", [])]:
        day, period = terms["settlement_date"], terms["settlement_period"]
        row, (bought, sold) = prices[start_of(day, period)], used[start_of(day, period)]
        expected = baseline(event, day, period, used)
        reduction = expected - (bought - sold)
        retail = num(row["import_price_gbp_per_mwh"]) + num(row.get("network_charge_gbp_per_mwh") or 0)
        total["before"] += whole(expected * retail)
        total["carbon"] += whole(bought * num(row["carbon_g_per_kwh"]))
        total["saved"] += whole(reduction * num(row["carbon_g_per_kwh"]))
        if "committed_mwh" not in terms:
            total["rebound"] -= reduction
            total["extra"] += whole(-reduction * retail)
            continue
        active = event["route"] != "wholesale_p415" or "wman" in accepted
        deviation = whole(reduction * num(event["site"].get("loss_factor", 1))) if active else 0
        system = num(row["system_price_gbp_per_mwh"]) if row.get("system_price_gbp_per_mwh") else None
        flows, compensated = cash(event, terms, Fraction(deviation, M), system, accepted)
        supplier = Fraction(0)
        if regime != "none":
            supplier = compensated * num(event["terms"]["supplier_compensation_price"][0]["price_gbp_per_mwh"])
        total["supplier"] += whole(supplier * M)
        total["cash"] += sum(whole(flow * M) for flow in flows)
        total["cash"] -= whole(supplier * M) if regime == "direct_party_pays_supplier" else 0
        delivered = max(sign * deviation, 0)
        total["deviation"] += deviation
        total["delivered"] += delivered
        total["shortfall"] += max(whole(num(terms["committed_mwh"]) * M) - delivered, 0)
        total["avoided"] += whole(reduction * retail)
    total["site"] = whole(total["cash"] * num(share.get("site_frac", 1)))
    total["fund"] = whole(max(total["site"], 0) * num(share.get("social_tariff_frac", 0)))
    total["after"] = total["before"] - total["avoided"] + total["extra"] - total["site"] + total["fund"]
    return total


def shared(given: list[dict], homes: list[dict], allocation: str, carried_in: int) -> list[dict]:
    """The lines of the fund: by weight up to the caps, what is left over to the largest remainders."""
    homes = sorted(homes, key=lambda home: home["id"])
    weights = {home["id"]: min(home["weight"], 1) if allocation == "equal" else home["weight"] for home in homes}
    caps = {home["id"]: home["cap_ugbp"] for home in homes}
    left, got, open_ = carried_in + sum(each["amount_ugbp"] for each in given), dict.fromkeys(weights, 0), [name for name in weights if weights[name]]
    while open_ and left:
        total = sum(weights[name] for name in open_)
        full = [name for name in open_ if caps[name] is not None and left * weights[name] > caps[name] * total]
        for name in full or open_:
            got[name] = caps[name] if full else left * weights[name] // total
        if not full:
            ranked = sorted(open_, key=lambda name: (-(left * weights[name] % total), name))
            for name in ranked[: left - sum(got[name] for name in open_)]:
                got[name] += 1
        left -= sum(got[name] for name in full or open_)
        open_ = [name for name in open_ if name not in full] if full else []
    lines = [("carried_in", "fund", -carried_in)] if carried_in else []
    lines += [("contribution", each["id"], -each["amount_ugbp"]) for each in given]
    lines += [("distribution", name, amount) for name, amount in got.items()] + ([("carried_out", "fund", left)] if left else [])
    return [{"entry": entry, "id": name, "amount_ugbp": amount} for entry, name, amount in lines]


def audit(folder: Path) -> int:
    """Computes everything again; gives the number of differences."""
    log, wrong = Log(folder), 0

    def same(seq: int, what: str, kept: object, found: object) -> None:
        nonlocal wrong
        if kept != found:
            wrong += 1
            print(f"DIFFERENCE record {seq}, {what}: {kept} in the log, {found} computed")

    files: dict[str, tuple[dict, dict]] = {}
    events: dict[str, int] = {}
    deliveries: dict[tuple, dict] = {}
    sums = {"settlement": 0, "delivery": 0, "certificate": 0, "fund": 0}
    cost, energy, carbon, inferences, income = 0, 0, 0, 0, 0
    for record in log.records:
        seq, body, kind = record["seq"], record["body"], record["type"]
        if kind in sums:
            sums[kind] += 1
        if kind == "settlement":
            event, kept = json.loads(log.cited(record, "event")), json.loads(log.cited(record, "event_record"))
            meter = event["site"]["meter_id"]
            used, prices = metered(log.cited(record, "meters"), meter), priced(log.cited(record, "prices"))
            files[meter] = used, prices
            found, totals, customer = settle(event, used, prices), kept["totals"], kept["customer"]
            events[event["event_id"]] = found["fund"]
            for name, key in (("deviation_wh", "deviation"), ("delivered_wh", "delivered"), ("shortfall_wh", "shortfall"),
                              ("cash_ugbp", "cash"), ("site_ugbp", "site"), ("social_tariff_ugbp", "fund")):  # fmt: skip
                same(seq, name, body[name], found[key])
                same(seq, f"event record {name}", totals[name], found[key])
            same(seq, "supplier", (kept["compensation"] or {"received_ugbp": 0})["received_ugbp"], found["supplier"])
            same(seq, "rebound", totals["rebound_wh"], found["rebound"])
            for name, key in (("avoided_import_ugbp", "avoided"), ("cost_before_ugbp", "before"), ("cost_after_ugbp", "after")):
                same(seq, name, customer[name], found[key])
            same(seq, "carbon", kept["carbon"]["location_based_mg"], found["carbon"])
            same(seq, "avoided carbon", kept["carbon"]["avoided_mg"], found["saved"])
            same(seq, "inferences", customer.get("inferences_after"), event.get("operations", {}).get("inferences_after"))
            income += found["cash"]
        elif kind == "delivery" and body["meter_id"] in files:
            used, prices = files[body["meter_id"]]
            at = start_of(body["settlement_date"], body["settlement_period"])
            row = prices[at]
            same(seq, "energy_wh", body["energy_wh"], used[at][0])
            same(seq, "carbon_mg", body["carbon_mg"], whole(used[at][0] * num(row["carbon_g_per_kwh"])))
            retail = num(row["import_price_gbp_per_mwh"]) + num(row.get("network_charge_gbp_per_mwh") or 0)
            same(seq, "cost_ugbp", body["cost_ugbp"], whole(used[at][0] * retail))
            deliveries[body["meter_id"], body["settlement_date"], body["settlement_period"]] = body
            energy, carbon = energy + body["energy_wh"], carbon + body["carbon_mg"]
            cost, inferences = cost + body["cost_ugbp"], inferences + body["inferences"]
        elif kind == "certificate":
            claim = json.loads(log.cited(record, "credential"))["credentialSubject"]
            of = deliveries[body["meter_id"], body["settlement_date"], body["settlement_period"]]
            for name, key in (("inferences", "inferences"), ("carbon_mg_location", "carbon_mg"), ("cost_ugbp", "cost_ugbp")):
                part = [of[key] * wh // of["energy_wh"] for wh in (body["wh_start"], body["wh_end"])]
                same(seq, name, claim[name], part[1] - part[0])
            same(seq, "energy_wh", claim["energy_wh"], body["wh_end"] - body["wh_start"])
        elif kind == "fund":
            lines = json.loads(log.cited(record, "lines"))
            same(seq, "sum of the fund", sum(line["amount_ugbp"] for line in lines), 0)
            given, homes = (json.loads(log.cited(record, name)) for name in ("contributions", "beneficiaries"))
            same(seq, "lines of the fund", lines, shared(given, homes, body["allocation"], body["carried_in_ugbp"]))
            for line in lines:
                if line["entry"] == "contribution":
                    same(seq, f"contribution of {line['id']}", -line["amount_ugbp"], events[line["id"]])
    print(", ".join(f"{number} {kind} records" for kind, number in sums.items()))
    if inferences:
        print(f"{energy / 1000:.3f} kWh, {carbon / M:.3f} kgCO2, {cost / M:.2f} GBP import, {income / M:.2f} GBP income")
        print(f"{inferences} inferences at {cost / M / inferences:.9f} GBP and {carbon / 1000 / inferences:.6f} gCO2 each")
    print(f"{wrong} differences")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if audit(Path(sys.argv[1])) else 0)
