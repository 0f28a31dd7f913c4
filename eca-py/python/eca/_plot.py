"""The chart of a plan, drawn with matplotlib's file back end: no window, no global state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone, tzinfo
from os import PathLike
from typing import TYPE_CHECKING, Any

from ._errors import missing_extra
from ._frames import value_at

if TYPE_CHECKING:
    from ._plan import Plan
    from ._problem import Problem

# Okabe and Ito: told apart with every kind of colour vision. Hatching tells the second round from the first.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
GREYS = ("#6b6b6b", "#a3a3a3", "#cfcfcf")
HATCHES = ("", "////", "....")
MOST_JOBS = len(COLOURS) * len(HATCHES)

Layer = tuple[str, list[float]]


def draw(plan: Plan, problem: Problem, path: str | PathLike[str] | None) -> Any:
    """The figure; written to `path` where one is given."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise missing_extra("plot()", "matplotlib", "plot") from None

    class Chart(Figure):
        def _repr_png_(self) -> bytes:
            import io

            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=110)
            return buffer.getvalue()

    document = plan.to_dict()
    has_battery = bool(document["batteries"])
    heights = [3.2, *([1.1] if has_battery else []), 1.2, 1.2]
    wide = 4.2 * len(document["regions"]) + 2.6
    figure = Chart(figsize=(max(wide, 8.0), 1.15 * sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        len(heights), len(document["regions"]), sharex=True, sharey="row", squeeze=False, height_ratios=heights
    )
    styles = _styles(document, problem)
    for column, region in enumerate(document["regions"]):
        panels = list(axes[:, column])
        _load(panels[0], document, problem, region, styles)
        if has_battery:
            _batteries(panels[1], document, problem, region["id"])
        _signals(panels[-2], panels[-1], problem, region["id"])
        if column == 0:
            for panel, label in zip(panels, _labels(has_battery), strict=True):
                panel.set_ylabel(label)
        _time_axis(panels, problem)
    # Only now: a limit stops the axes that regions share from growing. Prices may be negative.
    price_row = len(heights) - 2
    for row in (row for row in range(len(heights)) if row != price_row):
        axes[row, 0].set_ylim(bottom=0)
    handles = {
        label: handle for axis in axes[0] for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside right upper", frameon=False, fontsize=8)
    figure.suptitle(_title(plan), x=0.01, ha="left", fontsize=11)
    if path is not None:
        figure.savefig(path, dpi=130)
    return figure


def _labels(has_battery: bool) -> list[str]:
    battery = ["stored\nMWh"] if has_battery else []
    return ["power, MW", *battery, "delivered price\nGBP/MWh", "carbon\ng/kWh"]


def _title(plan: Plan) -> str:
    totals = plan.totals
    first = f"{totals.cost_gbp:,.0f} GBP and {totals.carbon_kg:,.0f} kg CO2"
    if totals.inferences:
        first += f" for {totals.inferences / 1e6:,.1f} million inferences"
    for saving in plan.savings[:1]:
        if saving.cost_frac is not None and saving.carbon_frac is not None:
            cost = "saves" if saving.cost_frac >= 0 else "adds"
            carbon = "saves" if saving.carbon_frac >= 0 else "adds"
            first += f"\nAgainst run at once it {cost} {abs(saving.cost_frac):.1%} of cost "
            first += f"and {carbon} {abs(saving.carbon_frac):.1%} of carbon"
    return first


def _styles(document: dict[str, Any], problem: Problem) -> dict[str, tuple[str, str]]:
    """Colour and hatch of every job and service, the same in all panels; the largest jobs come first."""
    energy: dict[str, float] = {}
    for job in document["jobs"]:
        energy[job["id"]] = energy.get(job["id"], 0.0) + sum(job["power_mw"])
    largest = sorted(energy, key=lambda name: (-energy[name], name))
    styles = {
        name: (COLOURS[i % len(COLOURS)], HATCHES[i // len(COLOURS)]) for i, name in enumerate(largest[:MOST_JOBS])
    }
    styles.update(dict.fromkeys(largest[MOST_JOBS:], ("#dddddd", "xxxx")))
    for i, service in enumerate(problem.services):
        styles[f"{service.id} (online)"] = (GREYS[i % len(GREYS)], "")
    return styles


def _layers(document: dict[str, Any], problem: Problem, region: str) -> Iterator[Layer]:
    """IT power of every service and job in one region, MW."""
    periods, step_h = problem.horizon.periods, problem.horizon.step_h
    for service, plan in zip(problem.services, document["services"], strict=True):
        by_point = plan["point_inferences"].get(region, [])
        yield (
            f"{service.id} (online)",
            [
                sum(served[t] * point.wh_per_inference for served, point in zip(by_point, service.points, strict=True))
                * 1e-6
                / step_h
                for t in range(periods)
            ]
            if by_point
            else [0.0] * periods,
        )
    points = {job.id: job.points for job in problem.jobs}
    for job in document["jobs"]:
        if job.get("shares") is None:
            power = [mw if where == region else 0.0 for mw, where in zip(job["power_mw"], job["region"], strict=True)]
        else:
            shares = job["shares"].get(region, [])
            power = [
                sum(share[t] * point.power_mw for share, point in zip(shares, points[job["id"]], strict=False))
                for t in range(periods)
            ]
        yield job["id"], power


def _edges(problem: Problem) -> list[Any]:
    return [*problem.horizon.starts, problem.horizon.end]


def _steps(values: list[float]) -> list[float]:
    """Values at the edges of the periods, for lines that are drawn `steps-post`."""
    return [*values, values[-1]]


def _load(axis: Any, document: dict[str, Any], problem: Problem, region: dict[str, Any], styles: Any) -> None:
    edges = _edges(problem)
    stacked: dict[str, list[float]] = {}
    for name, power in _layers(document, problem, region["id"]):
        before = stacked.setdefault(name, [0.0] * len(power))
        stacked[name] = [a + b for a, b in zip(before, power, strict=True)]
    base = [0.0] * problem.horizon.periods
    for name, power in stacked.items():
        top = [a + b for a, b in zip(base, power, strict=True)]
        colour, hatch = styles[name]
        # Drawn even where it is nothing, so that the legend names every job once.
        axis.fill_between(
            edges,
            _steps(base),
            _steps(top),
            step="post",
            facecolor=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.3,
            label=name,
        )
        base = top
    axis.step(edges, _steps(region["import_mw"]), where="post", color="black", lw=1.2, label="import at the meter")
    site = next(each for each in problem.regions if each.id == region["id"])
    capacity = [value_at(site.it_capacity_mw, t) for t in range(problem.horizon.periods)]
    axis.step(edges, _steps(capacity), where="post", color="black", lw=0.9, ls=":", label="IT capacity")
    axis.set_title(region["id"], loc="left", fontweight="bold", fontsize=10)


def _batteries(axis: Any, document: dict[str, Any], problem: Problem, region: str) -> None:
    edges = _edges(problem)
    here = [battery for battery in problem.batteries if battery.region == region]
    if not here:
        axis.text(0.02, 0.8, "no battery", transform=axis.transAxes, va="top", color="#6b6b6b", fontsize=8)
    for battery in here:
        stored = next(each["soc_mwh"] for each in document["batteries"] if each["id"] == battery.id)
        axis.plot(edges, [battery.soc_mwh, *stored], color="#009E73", lw=1.4)
        axis.axhline(battery.energy_capacity_mwh, color="black", lw=0.8, ls=":")


def _signals(price_axis: Any, carbon_axis: Any, problem: Problem, region: str) -> None:
    edges, periods = _edges(problem), range(problem.horizon.periods)
    site = next(each for each in problem.regions if each.id == region)
    charges = (site.import_price_gbp_per_mwh, site.network_charge_gbp_per_mwh, site.congestion_gbp_per_mwh)
    price = [sum(value_at(part, t) for part in charges) for t in periods]
    carbon = [value_at(site.carbon_g_per_kwh, t) for t in periods]
    price_axis.step(edges, _steps(price), where="post", color="#D55E00", lw=1.4)
    if min(price) < 0:
        price_axis.axhline(0, color="black", lw=0.6)
    carbon_axis.step(edges, _steps(carbon), where="post", color="#0072B2", lw=1.4)


def _time_axis(panels: list[Any], problem: Problem) -> None:
    from matplotlib import dates as mdates

    dates: Any = mdates  # matplotlib's stubs leave these untyped
    zone, zone_name = _london()
    edges = _edges(problem)
    for panel in panels:
        panel.grid(axis="y", color="#e5e5e5", lw=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    first, last = (edge.astimezone(zone) for edge in (edges[0], problem.horizon.starts[-1]))
    axis = panels[-1]
    axis.set_xlim(edges[0], edges[-1])
    if edges[-1] - edges[0] <= timedelta(hours=36):
        axis.xaxis.set_major_locator(dates.HourLocator(byhour=range(0, 24, 6), tz=zone))
        axis.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz=zone))
    else:
        locator = dates.AutoDateLocator(tz=zone, minticks=3, maxticks=6)
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(dates.DateFormatter("%d %b", tz=zone))
    days = dict.fromkeys(f"{day.day} {day:%B %Y}" for day in (first, last))
    axis.set_xlabel(f"{' to '.join(days)}, {zone_name} time")


def _london() -> tuple[tzinfo, str]:
    """The clock of settlement; UTC where the machine has no time zone data."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo("Europe/London"), "London"
    except ZoneInfoNotFoundError:
        return timezone.utc, "UTC"
