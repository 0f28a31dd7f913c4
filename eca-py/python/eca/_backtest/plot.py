"""The chart of a back-test."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

from .._errors import missing_extra
from .._plot import COLOURS

if TYPE_CHECKING:
    from .result import BacktestResult

MARKS = ("o", "s", "^", "D", "v", "P", "X")


def draw(result: BacktestResult, policy: str, measure: str, path: str | PathLike[str] | None) -> Any:
    """The figure; written to `path` where one is given."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        dates: Any = import_module("matplotlib.dates")
    except ImportError:
        raise missing_extra("plot()", "matplotlib", "plot") from None

    class Chart(Figure):
        def _repr_png_(self) -> bytes:
            import io

            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=110)
            return buffer.getvalue()

    unit = "kg CO2" if measure == "carbon_kg" else "GBP"
    how = {"cost_gbp": ", without penalties", "objective_gbp": ", with penalties"}.get(measure, "")
    figure = Chart(figsize=(9.0, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    daily, summed = figure.subplots(2, 1, sharex=True)
    for index, scenario in enumerate(dict.fromkeys(case.scenario for case in result)):
        mine = [case for case in result if case.scenario == scenario]
        days = sorted({case.day for case in mine if case.error is None})
        good = [case for case in mine if case.error is None]
        saved = [sum(case.saving(policy, measure) or 0.0 for case in good if case.day == day) for day in days]
        style = {"color": COLOURS[index % len(COLOURS)], "marker": MARKS[index % len(MARKS)], "markersize": 3.5}
        at: Any = [date.fromisoformat(day) for day in days]
        label = "plan" if scenario is None else scenario
        daily.plot(at, saved, linewidth=1, label=label, **style)
        summed.plot(at, [sum(saved[: index + 1]) for index in range(len(saved))], linewidth=1.5, **style)
    for axis, label in ((daily, f"saved each day\n{unit}"), (summed, f"saved so far\n{unit}")):
        axis.axhline(0, color="#6b6b6b", linewidth=0.8)
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
    locator: Any = dates.AutoDateLocator()
    summed.xaxis.set_major_locator(locator)
    summed.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    failed = f"; {len(result.failures)} of {len(result)} cases failed" if result.failures else ""
    title = f"Saved against {policy.replace('_', ' ')}{how}{failed}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    if path is not None:
        figure.savefig(path, dpi=130)
    return figure
