"""Europe/London days: which ones, and a day's document moved to another day by the London clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Union

from .._errors import EcaTimeError, bad_value
from .._parts import Horizon, Region, Service, utc
from ..signals import Signals

#: A date as text, or anything that has one: ``date``, ``datetime`` at midnight, a pandas ``Timestamp``.
DayLike = Union[str, date]

HOUR = timedelta(hours=1)
DAY_H = 24
#: Fields with one value for each period, by part of the document.
_SERIES = {
    part: tuple(each.name for each in fields(cls) if "SeriesLike" in str(each.type))
    for part, cls in (("regions", Region), ("services", Service))
} | {"targets": ("power_mw",)}

#: What is sold, or may be, by part of the document.
_KINDS = {"commitments": "commitment", "opportunities": "opportunity"}


def read_days(days: Iterable[DayLike] | DayLike) -> list[str]:
    """The days as text, in their order; one twice is refused."""
    if isinstance(days, (str, date)):
        days = [days]
    if not hasattr(days, "__iter__"):
        raise bad_value("backtest", "days", repr(days), "must be a list of dates, such as ['2025-01-31']")
    read = [_read_day(index, each) for index, each in enumerate(days)]
    if not read:
        raise bad_value("backtest", "days", "[]", "must name at least one day")
    twice = next((day for index, day in enumerate(read) if day in read[:index]), None)
    if twice is not None:
        raise bad_value("backtest", "days", twice, "is named twice; a day counts once")
    return read


def _read_day(index: int, given: Any) -> str:
    name = f"days[{index}]"
    if isinstance(given, datetime):
        if given != given or given.time() != clock_time():
            raise bad_value("backtest", name, given, "must be a date, or midnight of one")
        return given.date().isoformat()
    if isinstance(given, date):
        return given.isoformat()
    if hasattr(given, "astype") and type(given).__name__ == "datetime64":
        return str(given.astype("datetime64[D]"))
    try:
        return date.fromisoformat(given).isoformat()
    except (TypeError, ValueError):
        raise bad_value("backtest", name, repr(given), "must be a date, such as '2025-01-31'") from None


def whole_days(signals: Signals, regions: Iterable[str], step_min: int) -> list[str]:
    """Every London day that the price and carbon of all these regions span."""
    wanted = ("import_price_gbp_per_mwh", "carbon_g_per_kwh")
    spans = [
        span
        for region in regions
        for column in wanted
        if column in signals.columns_of(region) and (span := signals.span(region, column)) is not None
    ]
    if not spans:
        return []
    first, last = max(start for start, _ in spans), min(end for _, end in spans)
    found, day = [], first.date()
    while day <= last.date():
        horizon = Horizon.day(day, step_min=step_min)
        if horizon.starts[0] >= first and horizon.end <= last:
            found.append(day.isoformat())
        day += timedelta(days=1)
    return found


def ordinary_day(horizon: Horizon) -> None:
    """Refuses a template that is not one London day of 24 hours."""
    start = utc(str(horizon.start))
    # London midnight is 23:00 or 00:00 UTC.
    day = Horizon.day((start + 2 * HOUR).date(), step_min=horizon.step_min)
    if day != horizon or horizon.periods * horizon.step_min != DAY_H * 60:
        reason = (
            f"the template covers {horizon.periods} x {horizon.step_min} min; it must be one Europe/London day of 24 "
            "hours, from midnight on; for anything else give a function from the day to a problem"
        )
        raise EcaTimeError(
            f"backtest horizon `{horizon.start}`: {reason}", field="backtest horizon", text=str(horizon.start),
            reason=reason,
        )


def move(document: dict[str, Any], day: str) -> dict[str, Any]:
    """The template on another day: the same London clock times; an hour that a day lacks or has twice is left out or
    taken twice."""
    moved: dict[str, Any] = json.loads(json.dumps(document))
    old = Horizon(**document["horizon"])
    new = Horizon.day(day, step_min=old.step_min)
    moved["horizon"] = new.to_dict()
    per_h = 60 // old.step_min
    clock = _clock(new.periods // per_h)
    hours = [int(clock(t // per_h)) for t in range(new.periods)]
    index = [hour * per_h + t % per_h for t, hour in enumerate(hours)]
    for part, names in _SERIES.items():
        for each in moved.get(part) or ():
            for name in names:
                if isinstance(each.get(name), list):
                    each[name] = [each[name][old_t] for old_t in index]
    for part in ("commitments", "opportunities"):
        for each in moved.get(part) or ():
            _move_sold(f"{_KINDS[part]} `{each['id']}`", each, old.start, day, new.periods // per_h)
    begin = utc(str(old.start))
    for job in moved["jobs"]:
        for holder, name in ((job, "earliest_start"), (job, "deadline"), (job.get("state") or {}, "running_since")):
            if holder.get(name) is not None:
                after = utc(holder[name]) - begin
                at = new.starts[0] + _elapsed(after, new.periods // per_h)
                holder[name] = at.isoformat().replace("+00:00", "Z")
    return moved


def _move_sold(owner: str, each: dict[str, Any], start: Any, day: str, day_h: int) -> None:
    """What is sold, or may be, in the settlement periods of the same clock times."""
    begin, to = (utc(str(start)) + 2 * HOUR).date(), date.fromisoformat(day)
    holders = (each, each.get("guard") or {}, each.get("rebound") or {})
    lists = [(holder, "settlement_periods") for holder in holders] + [(each, "called")]
    for holder, name in lists:
        for period in holder.get(name, ()):
            of, number = date.fromisoformat(period["settlement_date"]), period["settlement_period"]
            period["settlement_date"] = (of + (to - begin)).isoformat()
            if of != begin:
                continue
            clock = (number - 1) * HOUR / 2
            if day_h == DAY_H - 1 and HOUR <= clock < 2 * HOUR:
                limit = f"must be of an hour that {day} has; leave that day out, or make its problem with a function"
                raise bad_value(owner, name, number, limit)
            period["settlement_period"] = 1 + int(_elapsed(clock, day_h) * 2 / HOUR)


def _clock(day_h: int) -> Callable[[float], float]:
    """Hours on the London clock from hours since midnight: the clocks change at 01:00 UTC."""
    if day_h == DAY_H - 1:
        return lambda hour: hour if hour < 1 else hour + 1
    if day_h == DAY_H + 1:
        return lambda hour: hour if hour < 2 else hour - 1
    return lambda hour: hour


def _elapsed(clock: timedelta, day_h: int) -> timedelta:
    """Time since midnight from the London clock: the other way round."""
    if day_h == DAY_H - 1 and clock >= HOUR:
        return max(clock - HOUR, HOUR)
    if day_h == DAY_H + 1 and clock >= 2 * HOUR:
        return clock + HOUR
    return clock
