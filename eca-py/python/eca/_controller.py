"""The rolling horizon: plan again as time passes, and say what to do now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import _eca
from ._errors import EcaUnknownError, bad_value
from ._keywords import checked
from ._parts import integer, time, utc
from ._plan import Plan, _Record
from ._problem import Problem, _clean

#: A problem, its document as a dict, or its text. Documents need not be valid problems: jobs may be late or due later.
Document = Problem | Mapping[str, Any] | str
#: ``perfect``, ``yesterday``, or a function that gets the time and the document of a plan and returns the document.
Forecast = str | Callable[[datetime, dict[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Action:
    """One command for one job or battery, with the time in which it may be carried out."""

    #: The same for the same command, however often it is sent: carry it out once.
    id: str
    #: Number of the step it comes from; for the same object and period the highest one holds.
    generation: int
    #: ``run``, ``set_power``, ``pause``, ``resume``, ``migrate``, ``set_shares``, ``charge``, ``discharge`` or ``idle``.
    command: str
    #: Not before this time.
    not_before: datetime
    #: Not at this time or later; set points end here.
    expires: datetime
    job: str | None = None
    battery: str | None = None
    region: str | None = None
    point: int | None = None
    power_mw: float | None = None
    shares: tuple[float, ...] | None = None

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> Action:
        ((kind, target),) = document["target"].items()
        command = document["command"]
        name, details = (command, {}) if isinstance(command, str) else next(iter(command.items()))
        shares = details.get("shares")
        return cls(
            id=document["id"],
            generation=document["generation"],
            command=name,
            not_before=utc(document["not_before"]),
            expires=utc(document["expires"]),
            job=None if kind == "battery" else target["id"],
            battery=target["id"] if kind == "battery" else None,
            region=details.get("region", target.get("region")),
            point=details.get("point"),
            power_mw=details.get("power_mw"),
            shares=None if shares is None else tuple(shares),
        )


@dataclass(frozen=True)
class Step:
    """What one planning step gives."""

    #: Number of the step, from 1.
    generation: int
    #: ``optimal``, ``incumbent``, ``shifted``, ``greedy``, ``committed`` or ``safe``: how good the answer is.
    source: str
    #: Why it is no better, or how it was found.
    reason: str
    #: What is to be done in the committed periods; empty in shadow mode.
    actions: tuple[Action, ...]
    #: What would be done, also in shadow mode.
    proposed: tuple[Action, ...]
    #: Jobs that can no longer keep what they were promised.
    late: tuple[str, ...]
    #: What protection against wrong forecasts costs and saves, GBP, with a budget of wrong periods.
    protection: Mapping[str, float] | None
    #: The plan of the periods that were not committed before; none where nothing could be planned.
    plan: Plan | None

    @classmethod
    def _of(cls, answer: tuple[str, _eca.Plan | None, _eca.Problem | None]) -> Step:
        text, plan, core = answer
        document = json.loads(text)
        problem = None
        if core is not None:
            problem = Problem.__new__(Problem)
            problem._set(core)
        return cls(
            generation=document["generation"],
            source=document["source"],
            reason=document["reason"],
            actions=tuple(map(Action._of, document["actions"])),
            proposed=tuple(map(Action._of, document["proposed"])),
            late=tuple(document["late"]),
            protection=document["protection"],
            plan=None if plan is None else Plan._of(plan, problem, {}),
        )


@dataclass(frozen=True)
class LedgerEntry(_Record):
    """What was paid and emitted."""

    periods: int
    cost_gbp: float
    import_kwh: float
    export_kwh: float
    carbon_kg: float
    inferences: float
    shed_inferences: float
    overload_kwh: float
    #: Paid for commitments, and due of them and missing; both are part of ``cost_gbp``.
    revenue_gbp: float
    shortfall_kwh: float
    shortfall_gbp: float
    #: Highest import of each region, MW, in the order of the document.
    peak_mw: tuple[float, ...]

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> LedgerEntry:
        # Settlement periods under way are for the next document, not for people.
        booked = {name: value for name, value in document.items() if name != "under_way"}
        return cls(**{**booked, "peak_mw": tuple(document["peak_mw"])})


@dataclass(frozen=True)
class Realised:
    """What a walk through a world paid and emitted in the end."""

    entry: LedgerEntry
    #: How often each source gave the answer.
    sources: Mapping[str, int]
    #: Jobs done after their deadline, or not at all although it is over.
    late: tuple[str, ...]
    #: Jobs not done when the series ended.
    open: tuple[str, ...]
    #: Stored energy of each battery at the end, MWh.
    soc_mwh: tuple[float, ...]


class Controller:
    """Plans again in each step, and keeps what it has sent.

    A step takes a problem, or its document: the horizon starts with the current period, jobs and batteries are in the
    state observed at that start, series are forecasts. A document (a dict or JSON) may hold jobs that are late or due
    after its horizon; a :class:`Problem` may not. The commands of the first period, and of ``committed_periods`` more,
    never change once they are sent; later steps repeat them with the same ids.

    ``risk`` is ``{"quantile": {"level": 0.8}}`` (prices, carbon and demand at a quantile of their forecast) or
    ``{"budget": {"periods": 6, "width": 1.5, "rounds": 8}}`` (prices up by 1.5 standard deviations in the 6 periods that
    hurt most); both read the ``uncertainty`` of a step. The other keywords are those of :meth:`Problem.solve`.

    >>> import eca
    >>> region = eca.Region("london", it_capacity_mw=1, import_limit_mw=2, import_price_gbp_per_mwh=[90, 40, 70],
    ...                     carbon_g_per_kwh=200)
    >>> job = eca.Job("train", gpu_hours=2, preemptible=True,
    ...               points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)])
    >>> problem = eca.Problem(horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=3),
    ...                       regions=[region], jobs=[job])
    >>> controller = eca.Controller(committed_periods=1)
    >>> step = controller.step(problem)
    >>> step.source, [(action.command, action.job, action.not_before.hour) for action in step.actions]
    ('optimal', [('run', 'train', 1)])
    """

    @checked("eca.Controller")
    def __init__(
        self,
        *,
        committed_periods: int = 0,
        shadow: bool = False,
        risk: Mapping[str, Any] | None = None,
        engine: str = "auto",
        solver: str = "auto",
        gap: float = 1e-4,
        time_limit_s: float | None = None,
        node_limit: int | None = None,
        seed: int = 0,
    ) -> None:
        solve = {"engine": engine, "solver": solver, "gap": gap, "seed": seed}
        self._core = _eca.Controller(
            _settings(committed_periods, risk, time_limit_s, node_limit, {**solve, "shadow": bool(shadow)})
        )

    def step(
        self, problem: Document, *, now: datetime | str | None = None, uncertainty: Mapping[str, Any] | None = None
    ) -> Step:
        """Plans, and says what to do ``now``: the start of the horizon if it is left out.

        ``uncertainty`` holds standard deviations of the forecasts: ``import_price_sd_gbp_per_mwh`` and
        ``carbon_sd_g_per_kwh`` by region, ``demand_sd_inferences`` by service.

        Raises :class:`EcaDocumentError` for what is no problem document and :class:`EcaTimeError` for a horizon that does
        not go with the clock. All else that is wrong has an answer: see :attr:`Step.source` and :attr:`Step.reason`.
        """
        sd = json.dumps(_clean(uncertainty or {}, ""))
        return Step._of(self._core.step(_now(now), _text(problem), sd))


class Shadow:
    """A controller that nobody follows, and its ledger: what it would have paid and emitted beside what the site did.

    :meth:`step` gets the same documents as :meth:`Controller.step`, and follows its own jobs and batteries on paper. When
    the period is over, :meth:`close` books it under the conditions that were.
    """

    @checked("eca.Shadow")
    def __init__(
        self,
        *,
        committed_periods: int = 0,
        risk: Mapping[str, Any] | None = None,
        engine: str = "auto",
        solver: str = "auto",
        gap: float = 1e-4,
        time_limit_s: float | None = None,
        node_limit: int | None = None,
        seed: int = 0,
    ) -> None:
        solve = {"engine": engine, "solver": solver, "gap": gap, "seed": seed}
        self._core = _eca.Shadow(_settings(committed_periods, risk, time_limit_s, node_limit, solve))

    def step(self, problem: Document, *, now: datetime | str | None = None) -> Step:
        """Plans as the controller would for a site that had followed it so far; ``actions`` is empty."""
        return Step._of(self._core.step(_now(now), _text(problem)))

    def close(self, actual: Document, *, import_mwh: Mapping[str, float]) -> dict[str, LedgerEntry]:
        """Books the period of the last step: for ``eca``, for ``run_at_once``, and for the ``site`` as metered.

        ``actual`` is a document of that one period as it was; its jobs and batteries are not read. ``import_mwh`` is what
        the site imported in each region. Returns the sums so far.
        """
        metered = {str(region): float(mwh) for region, mwh in import_mwh.items()}
        ledger = json.loads(self._core.close(_text(actual), metered))
        return {name: LedgerEntry._of(entry) for name, entry in ledger["entries"].items()}


@checked("eca.simulate")
def simulate(
    world: Document,
    *,
    forecast: Forecast = "perfect",
    policy: str = "replan",
    view_periods: int = 48,
    replan_periods: int = 1,
    replan_offset_periods: int = 0,
    notice_periods: int = 0,
    committed_periods: int = 0,
    risk: Mapping[str, Any] | None = None,
    engine: str = "auto",
    solver: str = "auto",
    gap: float = 1e-4,
    time_limit_s: float | None = None,
    node_limit: int | None = None,
    seed: int = 0,
) -> Realised:
    """Walks through ``world``: a document over the whole span with what really happened, and all jobs.

    A job is known from its earliest start on, or ``notice_periods`` earlier. Each plan looks ``view_periods`` ahead and is
    made every ``replan_periods``. ``policy`` is ``replan``, ``plan_once`` (each job when it becomes known) or
    ``run_at_once``. A ``forecast`` function gets the time and the document of a plan, with the true values in its series,
    and returns the document with its own.

    >>> import eca
    >>> region = eca.Region("london", it_capacity_mw=1, import_limit_mw=2, import_price_gbp_per_mwh=[90, 40, 70],
    ...                     carbon_g_per_kwh=200)
    >>> job = eca.Job("train", gpu_hours=1, points=[eca.JobPoint(power_mw=1, gpu_hours_per_h=1)])
    >>> world = eca.Problem(horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=3),
    ...                     regions=[region], jobs=[job])
    >>> eca.simulate(world).entry.cost_gbp, eca.simulate(world, policy="run_at_once").entry.cost_gbp
    (40.0, 90.0)
    """
    if isinstance(forecast, str) and forecast not in ("perfect", "yesterday"):
        raise EcaUnknownError(
            f"simulate names forecast `{forecast}`, which does not exist; known: perfect, yesterday, or a function"
        )
    solve = {"engine": engine, "solver": solver, "gap": gap, "seed": seed}
    walk: dict[str, Any] = {"policy": policy}
    counts = {
        "view_periods": view_periods,
        "replan_periods": replan_periods,
        "replan_offset_periods": replan_offset_periods,
        "notice_periods": notice_periods,
    }
    for name, count in counts.items():
        walk[name] = _count("simulate", name, count)
    walk["controller"] = json.loads(_settings(committed_periods, risk, time_limit_s, node_limit, solve))
    told = forecast if isinstance(forecast, str) else _told(forecast)
    document = json.loads(_eca.simulate(_text(world), json.dumps(walk), told))
    return Realised(
        entry=LedgerEntry._of(document["entry"]),
        sources=document["sources"],
        late=tuple(document["late"]),
        open=tuple(document["open"]),
        soc_mwh=tuple(document["soc_mwh"]),
    )


def _told(forecast: Callable[[datetime, dict[str, Any]], Mapping[str, Any]]) -> Callable[[str, str], str]:
    def call(now: str, text: str) -> str:
        return _text(forecast(utc(now), json.loads(text)))

    return call


def _settings(
    committed_periods: int,
    risk: Mapping[str, Any] | None,
    time_limit_s: float | None,
    node_limit: int | None,
    rest: Mapping[str, Any],
) -> str:
    settings: dict[str, Any] = {**rest, "committed_periods": _count("controller", "committed_periods", committed_periods)}
    if risk is not None:
        settings["risk"] = risk
    if time_limit_s is not None:
        settings["time_limit_s"] = time_limit_s
    if node_limit is not None:
        settings["node_limit"] = node_limit
    return json.dumps(_clean(settings, ""))


def _count(owner: str, name: str, value: Any) -> int:
    count = integer(owner, name, value)
    if count < 0:
        raise bad_value(owner, name, value, "must be at least 0", "periods")
    return int(count)


def _text(document: Document) -> str:
    if isinstance(document, Problem):
        return document.to_json()
    return document if isinstance(document, str) else json.dumps(_clean(document, ""), allow_nan=False)


def _now(now: datetime | str | None) -> str | None:
    return None if now is None else time("step", "now", now)
