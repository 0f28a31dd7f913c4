"""What planning would have saved: every day, site and scenario planned on its own, and the totals with their spread.

`days` and `cases` make the problems, `runner` has them solved by any executor, `result` and `totals` add up, `stats`
says how sure that is.
Forecasts have a back-test of their own, :func:`eca.forecast.backtest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union

from .._errors import bad_value
from .._keywords import checked
from .._parts import integer
from .._problem import Problem
from .case import BacktestCase
from .cases import Builder, Change, ProblemOf
from .days import DayLike
from .result import BacktestResult
from .runner import BacktestProgress, run
from .settings import settings_of
from .totals import BacktestTotal

__all__ = ["BacktestCase", "BacktestProgress", "BacktestResult", "BacktestTotal", "backtest"]

#: What ``progress=`` takes: True for a bar, or a function; one that returns False ends the back-test.
BacktestProgressLike = Union[None, bool, Callable[[BacktestProgress], object]]


@checked("eca.backtest")
def backtest(
    problem: Problem | ProblemOf,
    signals: Any = None,
    *,
    days: Iterable[DayLike] | DayLike | None = None,
    sites: Iterable[str] | Mapping[str, Problem | ProblemOf] | None = None,
    scenarios: Mapping[str, Change] | None = None,
    missing: str = "error",
    engine: str = "auto",
    solver: str = "auto",
    gap: float = 1e-3,
    time_limit_s: float | None = None,
    node_limit: int | None = None,
    seed: int = 0,
    executor: Any = None,
    workers: int | None = None,
    progress: BacktestProgressLike = None,
    keep_plans: bool = False,
) -> BacktestResult:
    """Plans every day x site x scenario and compares each plan with two simple policies on the same day.

    ``problem`` is the workload of one day: an :class:`eca.Problem` over an ordinary Europe/London day as template, or a
    function from the day (text such as ``2025-01-31``) to a problem. A template is moved to each day by the London
    clock; ``signals``, an :class:`eca.Signals` or a tidy frame, replace what its regions have. Each day is planned on
    the signals of that day: with what was known before it, the result is what planning on a forecast expects; with
    what happened, it is an upper limit.

    - ``days``: dates; without them every London day that the signals cover in full.
    - ``sites``: names of regions of the signals, each standing in for the template's one region; or a mapping from
      names to templates or functions. A function gets the site as second argument where names are given.
    - ``scenarios``: a mapping from names to changes. A change is a mapping: ``carbon_caps``, ``batteries``, ``jobs``,
      ``services`` replace those of the template; ``regions={"london": {"it_capacity_mw": 8}}`` sets fields;
      ``scale={"import_price_gbp_per_mwh": 1.2}`` multiplies series of all regions; and any setting of the solve. Or it
      is a function from a problem to a problem, or None for the problem as it is.
    - ``missing``: what happens to gaps of the signals: ``error``, ``hold`` or ``forecast``.
    - ``executor``: any :class:`concurrent.futures.Executor`, or a Dask ``Client``; without one ``workers`` threads, as
      many as there are cores. A task is one problem as text; the answers do not depend on who solves them. With
      ``time_limit_s`` they depend on how fast the machine is; ``node_limit`` and ``gap`` do not have that effect.

    A case that fails has its error in the result and does not stop the others. A case whose worker was lost is tried
    again. Ctrl-C stops what runs and drops the rest.
    """
    settings = settings_of(engine, solver, gap, time_limit_s, node_limit, seed)
    builder = Builder(problem, signals, days, sites, scenarios, missing, settings)
    if workers is not None and integer("backtest", "workers", workers) < 1:
        raise bad_value("backtest", "workers", workers, "must be at least 1")
    if workers is not None and executor is not None:
        raise bad_value("backtest", "workers", workers, "must be left out where an executor is given")
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        raise bad_value("backtest", "progress", repr(progress), "must be True, None or a function")
    answers = run(builder.tasks(bool(keep_plans)), len(builder.cases), executor, workers, progress)
    return BacktestResult.of(builder.cases, answers)
