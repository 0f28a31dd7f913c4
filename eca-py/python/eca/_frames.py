"""Tidy tables in and out: pandas or polars, imported where one is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ._errors import bad_value, missing_extra

if TYPE_CHECKING:
    from ._problem import Problem

Columns = dict[str, list[Any]]

#: Columns that hold times.
TIMES = ("start", "end")


def to_frame(columns: Columns, engine: str) -> Any:
    """The table as a frame of `engine`; times are aware, in UTC."""
    if engine == "pandas":
        try:
            import pandas
        except ImportError:
            raise missing_extra("to_frame()", "pandas", "pandas") from None
        return pandas.DataFrame(
            {
                name: pandas.to_datetime(pandas.Series(values, dtype=object), utc=True) if name in TIMES else values
                for name, values in columns.items()
            }
        )
    if engine == "polars":
        try:
            import polars
        except ImportError:
            raise missing_extra("to_frame(engine='polars')", "polars", "polars") from None
        times = {name: polars.Datetime("us", "UTC") for name in columns if name in TIMES}
        return polars.DataFrame(columns, schema_overrides=times, strict=False)
    raise bad_value("to_frame", "engine", repr(engine), "must be pandas or polars")


def plan_columns(plan: dict[str, Any], problem: Problem, kind: str) -> Columns:
    """The columns of one kind of table of a plan."""
    makers = {
        "regions": _regions,
        "jobs": _jobs,
        "batteries": _batteries,
        "services": _services,
        "schedule": _schedule,
    }
    if kind not in makers:
        raise bad_value("to_frame", "kind", repr(kind), f"must be one of {', '.join(makers)}")
    names, rows = makers[kind](plan, problem, problem.horizon.starts)
    table = list(rows)
    return {name: [row[index] for row in table] for index, name in enumerate(names)}


Table = tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]


def _regions(plan: dict[str, Any], problem: Problem, starts: tuple[datetime, ...]) -> Table:
    flows = ("it_mw", "facility_mw", "import_mw", "export_mw", "solar_used_mw")
    given = ("import_price_gbp_per_mwh", "carbon_g_per_kwh")
    sites = {site.id: site for site in problem.regions}

    def rows() -> Iterable[tuple[Any, ...]]:
        for region in plan["regions"]:
            site = sites[region["id"]]
            for t, start in enumerate(starts):
                signals = (value_at(getattr(site, name), t) for name in given)
                yield (start, region["id"], *(region[name][t] for name in flows), *signals)

    return ("start", "region", *flows, *given), rows()


def _jobs(plan: dict[str, Any], problem: Problem, starts: tuple[datetime, ...]) -> Table:
    jobs = {job.id: job for job in problem.jobs}

    def rows() -> Iterable[tuple[Any, ...]]:
        for job in plan["jobs"]:
            who = (job["id"], job["copy"])
            for t, start in enumerate(starts):
                if job.get("shares") is None:
                    if job["power_mw"][t] or job["region"][t] is not None:
                        place = (job["region"][t], job["point"][t])
                        yield (start, *who, *place, job["power_mw"][t], job["inferences"][t])
                    continue
                points = jobs[job["id"]].points
                for region, by_point in job["shares"].items():
                    for index, shares in enumerate(by_point):
                        if shares[t] > 0:
                            point = points[index]
                            done = shares[t] * (point.inferences_per_h or 0.0) * problem.horizon.step_h
                            yield (start, *who, region, index, shares[t] * point.power_mw, done)

    return ("start", "job", "copy", "region", "point", "power_mw", "inferences"), rows()


def _batteries(plan: dict[str, Any], problem: Problem, starts: tuple[datetime, ...]) -> Table:
    where = {battery.id: battery.region for battery in problem.batteries}
    flows = ("charge_mw", "discharge_mw", "soc_mwh")
    rows = (
        (start, battery["id"], where[battery["id"]], *(battery[name][t] for name in flows))
        for battery in plan["batteries"]
        for t, start in enumerate(starts)
    )
    return ("start", "battery", "region", *flows), rows


def _services(plan: dict[str, Any], problem: Problem, starts: tuple[datetime, ...]) -> Table:
    def rows() -> Iterable[tuple[Any, ...]]:
        for service in plan["services"]:
            for region, served in service["inferences"].items():
                for t, start in enumerate(starts):
                    yield (start, service["id"], region, served[t], 0.0)
            for t, start in enumerate(starts):
                if service["shed"][t] > 0:
                    yield (start, service["id"], None, 0.0, service["shed"][t])

    return ("start", "service", "region", "inferences", "shed"), rows()


def _schedule(plan: dict[str, Any], problem: Problem, starts: tuple[datetime, ...]) -> Table:
    step_h = problem.horizon.step_h
    points = {service.id: service.points for service in problem.services}

    def rows() -> Iterable[tuple[Any, ...]]:
        for start, name, copy, region, _, power_mw, inferences in _jobs(plan, problem, starts)[1]:
            yield start, region, "run", f"{name}#{copy}" if copy else name, power_mw, inferences
        for service in plan["services"]:
            for region, by_point in service["point_inferences"].items():
                for t, start in enumerate(starts):
                    served = [each[t] for each in by_point]
                    if sum(served) > 0:
                        pairs = zip(served, points[service["id"]], strict=True)
                        power = sum(count * point.wh_per_inference for count, point in pairs) * 1e-6 / step_h
                        yield start, region, "serve", service["id"], power, sum(served)
        for start, name, region, charge_mw, discharge_mw, _ in _batteries(plan, problem, starts)[1]:
            for what, power in (("charge", charge_mw), ("discharge", discharge_mw)):
                if power > 0:
                    yield start, region, what, name, power, 0.0
        for region in plan["regions"]:
            for what in ("import", "export"):
                for start, power in zip(starts, region[f"{what}_mw"], strict=True):
                    if power > 0:
                        yield start, region["id"], what, region["id"], power, 0.0

    return ("start", "region", "action", "name", "power_mw", "inferences"), sorted(rows(), key=_order)


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[0], row[1] or "", row[2], row[3]


def write_csv(columns: Columns, path: Any) -> None:
    """The table as a CSV file; times are UTC."""
    import csv

    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(f"{cell:%Y-%m-%dT%H:%M:%SZ}" if isinstance(cell, datetime) else cell for cell in row)


def value_at(series: Any, t: int) -> float:
    """The value of a series, which is a number or a tuple, in period `t`."""
    return float(series[t] if isinstance(series, tuple) else series)
