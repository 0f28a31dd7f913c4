"""ECA plans inference work over regions and time at least cost under a carbon cap.

A :class:`Problem` goes in: regions with prices and carbon, batteries, batch jobs, online services and carbon caps.
A :class:`Plan` comes out, with a proof of how good it is and an independent check.

>>> import eca
>>> problem = eca.Problem(
...     horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4),
...     regions=[eca.Region("london", it_capacity_mw=12, import_limit_mw=15,
...                         import_price_gbp_per_mwh=[142.0, 96.5, 61.2, 88.0],
...                         carbon_g_per_kwh=[231, 187, 98, 120])],
...     jobs=[eca.Job("embed", inferences=5e6, points=[eca.JobPoint(power_mw=5, inferences_per_h=10e6)])])
>>> plan = problem.solve()
>>> plan.outcome, round(plan.totals.cost_gbp, 2)
('optimal', 153.0)
>>> bool(plan.check())
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import _eca
from ._eca import __version__
from ._errors import (
    EcaCancelled,
    EcaCannotFitError,
    EcaCheckError,
    EcaCurrencyError,
    EcaDocumentError,
    EcaDuplicateError,
    EcaError,
    EcaExtraError,
    EcaFetchError,
    EcaGapError,
    EcaInfeasibleError,
    EcaInternalError,
    EcaLengthError,
    EcaMismatchError,
    EcaParseError,
    EcaSolverError,
    EcaTimeError,
    EcaUnknownError,
    EcaUnsupportedError,
    EcaValueError,
)
from ._explain import Conflict, Explanation, LowestCarbon
from ._flex import BaselineGuard, Commitment, Offers, Opportunity, Penalty, Rebound, check_offer
from ._parts import (
    Battery,
    CarbonCap,
    Horizon,
    Job,
    JobPoint,
    JobState,
    Migration,
    PowerTarget,
    Region,
    Service,
    ServicePoint,
)
from ._plan import BrokenLimit, Check, Finding, Plan, References, Saving, Totals
from ._problem import Problem, Warning
from ._progress import Progress

if TYPE_CHECKING:
    from . import conformance, forecast, signals
    from ._audit import Audit, Fault, audit
    from ._backtest import BacktestCase, BacktestProgress, BacktestResult, BacktestTotal, backtest
    from ._controller import Action, Controller, LedgerEntry, Realised, Shadow, Step, simulate
    from ._live import AdapterRefusal, LiveController, Meter, SignalSource, StorageDevice, Workloads
    from ._market import submissions
    from ._settle import Baseline, EventRecord, Report, baseline, products, report, settle, social_tariff
    from ._shed import ShedAnswer, ShedLadder, ShedStep
    from .signals import Signals

#: What is read when it is first asked for: a notebook that only plans does not wait for it.
_LATER: dict[str, str] = {
    **{name: name for name in ("conformance", "forecast", "signals")},
    **dict.fromkeys(("Audit", "Fault", "audit"), "_audit"),
    **dict.fromkeys(("BacktestCase", "BacktestProgress", "BacktestResult", "BacktestTotal", "backtest"), "_backtest"),
    **dict.fromkeys(("Action", "Controller", "LedgerEntry", "Realised", "Shadow", "Step", "simulate"), "_controller"),
    **dict.fromkeys(("AdapterRefusal", "LiveController", "Meter", "SignalSource", "StorageDevice", "Workloads"), "_live"),
    **dict.fromkeys(
        ("Baseline", "EventRecord", "Report", "baseline", "products", "report", "settle", "social_tariff"), "_settle"
    ),
    **dict.fromkeys(("submissions",), "_market"),
    **dict.fromkeys(("ShedAnswer", "ShedLadder", "ShedStep"), "_shed"),
    **dict.fromkeys(("Signals",), "signals"),
}

#: Names of the engines, for ``engine=`` of :meth:`Problem.solve` and ``--engine`` of the command line.
ENGINES: tuple[str, ...] = _eca.ENGINES
#: Names of the solvers, for ``solver=`` of :meth:`Problem.solve`.
SOLVERS: tuple[str, ...] = _eca.SOLVERS

__all__ = [
    "ENGINES",
    "SOLVERS",
    "Action",
    "AdapterRefusal",
    "Audit",
    "BacktestCase",
    "BacktestProgress",
    "BacktestResult",
    "BacktestTotal",
    "Baseline",
    "BaselineGuard",
    "Battery",
    "BrokenLimit",
    "CarbonCap",
    "Check",
    "Commitment",
    "Conflict",
    "Controller",
    "EcaCancelled",
    "EcaCannotFitError",
    "EcaCheckError",
    "EcaCurrencyError",
    "EcaDocumentError",
    "EcaDuplicateError",
    "EcaError",
    "EcaExtraError",
    "EcaFetchError",
    "EcaGapError",
    "EcaInfeasibleError",
    "EcaInternalError",
    "EcaLengthError",
    "EcaMismatchError",
    "EcaParseError",
    "EcaSolverError",
    "EcaTimeError",
    "EcaUnknownError",
    "EcaUnsupportedError",
    "EcaValueError",
    "EventRecord",
    "Explanation",
    "Fault",
    "Finding",
    "Horizon",
    "Job",
    "JobPoint",
    "JobState",
    "LedgerEntry",
    "LiveController",
    "LowestCarbon",
    "Meter",
    "Migration",
    "Offers",
    "Opportunity",
    "Penalty",
    "Plan",
    "PowerTarget",
    "Problem",
    "Progress",
    "Realised",
    "Rebound",
    "References",
    "Region",
    "Report",
    "Saving",
    "Service",
    "ServicePoint",
    "Shadow",
    "ShedAnswer",
    "ShedLadder",
    "ShedStep",
    "SignalSource",
    "Signals",
    "Step",
    "StorageDevice",
    "Totals",
    "Warning",
    "Workloads",
    "__version__",
    "audit",
    "backtest",
    "baseline",
    "check_offer",
    "conformance",
    "forecast",
    "products",
    "report",
    "settle",
    "signals",
    "simulate",
    "social_tariff",
    "submissions",
]


if not TYPE_CHECKING:  # a type checker shall go on to report a misspelt name

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module `eca` has no attribute `{name}`")
        module = import_module(f".{_LATER[name]}", __name__)
        value = module if name == _LATER[name] else getattr(module, name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER})
