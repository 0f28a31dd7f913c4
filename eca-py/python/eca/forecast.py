"""Forecasts of a series, with quantiles, and a back-test that says whether to trust them.

>>> import eca
>>> history = eca.Horizon(start="2026-02-02T00:00:00Z", step_min=60, periods=28 * 24)
>>> values = [100.0 if t % 24 < 12 else 200.0 for t in range(history.periods)]
>>> model = eca.forecast.fit(values, history)
>>> tomorrow = model.predict(eca.Horizon(start=history.end, step_min=60, periods=24))
>>> abs(tomorrow.mean[3] - 100) < 10 and abs(tomorrow.mean[15] - 200) < 10
True
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import _eca
from ._errors import bad_value
from ._frames import to_frame
from ._keywords import checked
from ._parts import Horizon

_DEFAULTS: dict[str, Any] = {
    "daily_harmonics": 4,
    "weekly_harmonics": 3,
    "ridge": 10.0,
    "shrinkage": 4.0,
    "half_life_days": 21.0,
    "window_days": 120.0,
    "quantiles": (0.1, 0.5, 0.9),
    "low": float("-inf"),
    "high": float("inf"),
}


@dataclass(frozen=True)
class Forecast:
    """A forecast for each period of a horizon, in the unit of the history."""

    #: The periods.
    horizon: Horizon
    #: The expected value of each period.
    mean: tuple[float, ...]
    #: Quantiles with their values: 0.1 is exceeded nine times of ten.
    quantiles: dict[float, tuple[float, ...]]

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """A frame with ``start``, ``mean`` and a column such as ``q10`` for each quantile."""
        table: dict[str, list[Any]] = {"start": list(self.horizon.starts), "mean": list(self.mean)}
        table.update({f"q{100 * p:g}": list(values) for p, values in self.quantiles.items()})
        return to_frame(table, engine)


@dataclass(frozen=True)
class Model:
    """A model fitted to a history."""

    _core: _eca.ForecastModel

    def predict(self, horizon: Horizon) -> Forecast:
        """The forecast for each period, best right after the history."""
        mean, quantiles = self._core.predict(_span(horizon))
        return Forecast(horizon, tuple(mean), {p: tuple(values) for p, values in quantiles})


@dataclass(frozen=True)
class Errors:
    """Mean errors, in the unit of the series."""

    #: Mean absolute error.
    mae: float
    #: Root of the mean square error.
    rmse: float


@dataclass(frozen=True)
class Backtest:
    """How well forecasts from the past would have done; all errors are over the same periods."""

    #: Forecasts made.
    origins: int
    #: Periods compared.
    compared: int
    #: Errors of the model.
    model: Errors
    #: Errors of "as yesterday".
    naive_day: Errors
    #: Errors of "as a week ago".
    naive_week: Errors
    #: ``1 - mae / naive mae`` against the better naive forecast; above 0 the model is better.
    skill: float
    #: For each quantile the share of values below it; equal to the quantile where the forecast is honest.
    coverage: dict[float, float]


@checked("eca.forecast.fit")
def fit(
    values: Sequence[float | None] | Any,
    history: Horizon,
    *,
    daily_harmonics: int = 4,
    weekly_harmonics: int = 3,
    ridge: float = 10.0,
    shrinkage: float = 4.0,
    half_life_days: float = 21.0,
    window_days: float = 120.0,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    low: float = float("-inf"),
    high: float = float("inf"),
) -> Model:
    """Fits the model to one value for each period of `history`; None and NaN are gaps."""
    choices = {
        "daily_harmonics": daily_harmonics,
        "weekly_harmonics": weekly_harmonics,
        "ridge": ridge,
        "shrinkage": shrinkage,
        "half_life_days": half_life_days,
        "window_days": window_days,
        "quantiles": list(quantiles),
        "low": low,
        "high": high,
    }
    return Model(_eca.ForecastModel.fit(_span(history), _values(values), choices))


def predict(values: Sequence[float | None] | Any, history: Horizon, horizon: Horizon, **choices: Any) -> Forecast:
    """Fits and predicts in one call; the choices are those of :func:`fit`."""
    return fit(values, history, **choices).predict(horizon)


def backtest(
    values: Sequence[float | None] | Any,
    history: Horizon,
    *,
    train_days: int = 28,
    lead_periods: int | None = None,
    stride_periods: int | None = None,
    **choices: Any,
) -> Backtest:
    """Forecasts again and again from the past of each day and compares with what came.

    Each forecast sees only values before it. Without `lead_periods` and `stride_periods` one day is forecast once a
    day. The other choices are those of :func:`fit`.
    """
    for name in choices:
        if name not in _DEFAULTS:
            from ._keywords import unknown_keyword

            raise unknown_keyword("eca.forecast.backtest", name, ["train_days", "lead_periods", *_DEFAULTS])
    settings = {**_DEFAULTS, **choices}
    settings["quantiles"] = list(settings["quantiles"])
    found = json.loads(
        _eca.backtest(_span(history), _values(values), settings, train_days, lead_periods, stride_periods)
    )
    for name in ("model", "naive_day", "naive_week"):
        found[name] = Errors(**found[name])
    found["coverage"] = {each["quantile"]: each["below_frac"] for each in found["coverage"]}
    return Backtest(**found)


def _span(horizon: Horizon) -> tuple[str, int, int]:
    if not isinstance(horizon, Horizon):
        raise bad_value("forecast", "horizon", type(horizon).__name__, "must be an eca.Horizon")
    return str(horizon.start), horizon.step_min, horizon.periods


def _values(values: Any) -> list[float | None]:
    if hasattr(values, "to_list"):
        values = values.to_list()
    elif hasattr(values, "tolist"):
        values = values.tolist()
    return [None if value is None or value != value else float(value) for value in values]
