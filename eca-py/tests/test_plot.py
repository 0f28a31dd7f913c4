"""The chart of a plan."""

from __future__ import annotations

import colorsys
import sys
from pathlib import Path
from typing import Any

import matplotlib
import pytest

import eca
from eca import _plot


def test_the_chart_shows_load_battery_price_and_carbon_of_each_region(plan: eca.Plan, tmp_path: Path) -> None:
    back_end = matplotlib.get_backend(auto_select=False)
    figure = plan.plot(tmp_path / "plan.png")
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")
    assert len(figure.axes) == 2 * 4
    labels = {axis.get_ylabel().replace("\n", " ") for axis in figure.axes}
    assert labels == {"", "power, MW", "stored MWh", "delivered price GBP/MWh", "carbon g/kWh"}
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert [title for title in titles if title] == ["london", "north-scotland"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["chat (online)", "embed", "tune", "import at the meter", "IT capacity"]
    assert figure.axes[-1].get_xlabel() == "2 March 2026, London time"
    assert figure._repr_png_().startswith(b"\x89PNG")
    # It leaves the caller's matplotlib as it was: no window system, no pyplot figures.
    assert matplotlib.get_backend(auto_select=False) == back_end
    assert "matplotlib.pyplot" not in sys.modules


def test_times_are_london_times_in_summer(document: dict[str, Any]) -> None:
    document["horizon"]["start"] = "2026-06-30T23:00:00Z"
    for job in document["jobs"]:
        job.pop("earliest_start", None)
        job.pop("deadline", None)
    document["batteries"] = []
    figure = eca.Problem.from_dict(document).solve().plot()
    assert len(figure.axes) == 2 * 3
    assert figure.axes[-1].get_xlabel() == "1 July 2026, London time"


def test_many_jobs_have_styles_of_their_own() -> None:
    assert len({(colour, hatch) for colour in _plot.COLOURS for hatch in _plot.HATCHES}) == _plot.MOST_JOBS == 21


@pytest.mark.parametrize("colour", _plot.COLOURS)
def test_colours_are_saturated_and_greys_are_for_services(colour: str) -> None:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    assert colorsys.rgb_to_hls(red, green, blue)[2] > 0.3
    assert colour not in _plot.GREYS


def test_shared_axes_show_every_region() -> None:
    """A second region with ten times the carbon and price of the first one stays on the chart."""
    horizon = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4)
    regions = [
        eca.Region(name, it_capacity_mw=2 * scale, import_limit_mw=4 * scale, import_price_gbp_per_mwh=50 * scale,
                   carbon_g_per_kwh=40 * scale)
        for name, scale in (("small", 1), ("large", 10))
    ]
    points = [eca.JobPoint(power_mw=1, inferences_per_h=2e6)]
    problem = eca.Problem(horizon=horizon, regions=regions, jobs=[eca.Job("embed", inferences=1e6, points=points)])
    figure = problem.solve().plot()
    for axis in figure.axes:
        low, high = axis.get_ylim()
        shown = [value for line in axis.get_lines() for value in line.get_ydata()]
        assert low <= min(shown) and max(shown) <= high, axis.get_title()
