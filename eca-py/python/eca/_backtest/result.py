"""What a back-test found: one line for each case, and totals with their spread."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any

from .._errors import EcaError, bad_value
from .._frames import to_frame
from .._parts import Horizon
from .._plan import Plan, _Record
from .runner import Answer
from .stats import mean, ratio

#: Policies that a plan is compared with.
POLICIES = ("run_at_once", "cheapest_start")
#: What totals are given of: sums over a day.
SUMS = ("cost_gbp", "penalty_gbp", "carbon_kg", "energy_mwh", "inferences")
#: A site that stands for all of them.
ALL = "all"


@dataclass(frozen=True)
class Case:
    """Which problem: a London day, and the names of site and scenario where there are such."""

    day: str
    site: str | None = None
    scenario: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.day, self.site, self.scenario) if part is not None)


@dataclass(frozen=True)
class BacktestCase(_Record):
    """One case. Where it failed, `error` says why and the values are None."""

    #: The Europe/London day.
    day: str
    #: The site; None where there is only one.
    site: str | None
    #: The scenario; None where there is only one.
    scenario: str | None
    #: Money spent less money earned, GBP, without penalties.
    cost_gbp: float | None = None
    #: Penalties for limits that are not kept, GBP.
    penalty_gbp: float | None = None
    #: Location-based carbon of all imports, kg.
    carbon_kg: float | None = None
    #: Facility energy, MWh.
    energy_mwh: float | None = None
    #: Inferences done.
    inferences: float | None = None
    #: Limits that are not kept.
    broken_limits: int | None = None
    #: Cost where every job starts as soon as it may, GBP.
    run_at_once_cost_gbp: float | None = None
    #: Its penalties, GBP.
    run_at_once_penalty_gbp: float | None = None
    #: Its carbon, kg.
    run_at_once_carbon_kg: float | None = None
    #: Cost where every job starts when its own energy is cheapest, GBP.
    cheapest_start_cost_gbp: float | None = None
    #: Its penalties, GBP.
    cheapest_start_penalty_gbp: float | None = None
    #: Its carbon, kg.
    cheapest_start_carbon_kg: float | None = None
    #: ``optimal``, ``within_gap`` or ``limit``.
    outcome: str | None = None
    #: How far the plan can be from the best.
    gap: float | None = None
    #: The engine that made the plan.
    engine: str | None = None
    #: The plan document, where plans are kept.
    plan: str | None = None
    #: Seconds from task to answer; the only value that differs between runs.
    wall_s: float | None = None
    #: Why there is no plan.
    error: str | None = None

    def saving(self, policy: str, name: str = "cost_gbp") -> float | None:
        """What the plan saves against a policy: ``cost_gbp`` (without penalties), ``penalty_gbp`` or ``carbon_kg``."""
        theirs, ours = self[f"{policy}_{name}"], self[name]
        return None if theirs is None or ours is None else float(theirs - ours)


@dataclass(frozen=True)
class BacktestTotal(_Record):
    """One measure of one scenario and site over all days that have an answer."""

    #: The scenario; None where there is only one.
    scenario: str | None
    #: The site; ``all`` for the sum over several.
    site: str | None
    #: What is measured, with its unit in the name.
    measure: str
    #: Days counted.
    days: int
    #: Sum over the days; for a ``_frac`` the ratio of sums.
    total: float
    #: Mean over the days; for a ``_frac`` the ratio of sums.
    mean: float
    #: Lower end of the 95 % interval of the mean; None for fewer than two days.
    low: float | None
    #: Upper end.
    high: float | None


class BacktestResult(Sequence[BacktestCase]):
    """The cases of a back-test in the order of days, sites and scenarios."""

    def __init__(self, cases: Iterable[BacktestCase]) -> None:
        self._cases = tuple(cases)
        self._totals: tuple[BacktestTotal, ...] | None = None

    @classmethod
    def of(cls, cases: Sequence[Case], answers: Sequence[Answer]) -> BacktestResult:
        """The result of these cases and their answers."""
        return cls(
            BacktestCase(case.day, case.site, case.scenario, **answer.values, error=answer.error)
            for case, answer in zip(cases, answers, strict=True)
        )

    def __getitem__(self, index: Any) -> Any:
        return self._cases[index]

    def __len__(self) -> int:
        return len(self._cases)

    @property
    def failures(self) -> tuple[BacktestCase, ...]:
        """The cases without a plan; `error` says why."""
        return tuple(case for case in self._cases if case.error is not None)

    def raise_if_failed(self) -> None:
        """Raises :class:`eca.EcaError` with the first failures, if there are any."""
        failures = self.failures
        if failures:
            shown = "; ".join(f"{Case(case.day, case.site, case.scenario)}: {case.error}" for case in failures[:3])
            more = f"; and {len(failures) - 3} more" if len(failures) > 3 else ""
            raise EcaError(f"{len(failures)} of {len(self)} cases of the back-test failed: {shown}{more}")

    def plan(self, day: str, site: str | None = None, scenario: str | None = None) -> Plan:
        """The plan of one case; needs ``keep_plans=True``."""
        for case in self._cases:
            if (case.day, case.site, case.scenario) == (day, site, scenario):
                if case.plan is None:
                    limit = "has no plan; " + (case.error or "run the back-test with keep_plans=True")
                    raise bad_value("backtest", "case", str(Case(day, site, scenario)), limit)
                return Plan.from_json(case.plan)
        raise bad_value("backtest", "case", str(Case(day, site, scenario)), "is none of this back-test")

    # ---- totals -----------------------------------------------------------------------------------------------------

    @property
    def totals(self) -> tuple[BacktestTotal, ...]:
        """Sums and means over the days with 95 % intervals, for each scenario and site, and for all sites together.

        Savings are without penalties, as in :attr:`eca.Plan.savings`; the penalties stand beside them. A day counts
        for all sites together only where each of them has an answer. The interval takes days as independent.
        """
        if self._totals is None:
            self._totals = tuple(self._add_up())
        return self._totals

    def _add_up(self) -> Iterable[BacktestTotal]:
        sites = tuple(dict.fromkeys(case.site for case in self._cases))
        for scenario in dict.fromkeys(case.scenario for case in self._cases):
            mine = [case for case in self._cases if case.scenario == scenario]
            for site in sites:
                days = [[case] for case in mine if case.site == site]
                yield from _totals(scenario, site, days)
            if len(sites) > 1:
                by_day = [[case for case in mine if case.day == day] for day in dict.fromkeys(c.day for c in mine)]
                yield from _totals(scenario, ALL, by_day)

    def total(self, measure: str, *, scenario: str | None = None, site: str | None = None) -> BacktestTotal:
        """One of the totals, such as ``saving_run_at_once_frac``; of all sites together where none is named."""
        several = len({case.site for case in self._cases}) > 1
        wanted = ALL if several and site is None else site
        for each in self.totals:
            if (each.measure, each.scenario, each.site) == (measure, scenario, wanted):
                return each
        known = ", ".join(dict.fromkeys(each.measure for each in self.totals))
        which = f"{measure} of scenario {scenario!r} and site {wanted!r}"
        raise bad_value("backtest", "total", which, f"does not exist; measures: {known}")

    # ---- tables and charts ------------------------------------------------------------------------------------------

    def to_frame(self, kind: str = "cases", *, engine: str = "pandas") -> Any:
        """A tidy table: a row for each case (``cases``), or the totals (``totals``).

        ``engine="polars"`` gives a polars frame.
        """
        if kind == "totals":
            names = tuple(each.name for each in fields(BacktestTotal))
            return to_frame({name: [total[name] for total in self.totals] for name in names}, engine)
        if kind != "cases":
            raise bad_value("to_frame", "kind", repr(kind), "must be cases or totals")
        table: dict[str, list[Any]] = {"start": [_midnight(case.day) for case in self._cases]}
        for each in fields(BacktestCase):
            if each.name in ("plan", "wall_s", "error"):
                continue
            table[each.name] = _column(each.name, [case[each.name] for case in self._cases], engine)
            if each.name == "cheapest_start_carbon_kg":
                for policy in POLICIES:
                    gbp = [case.saving(policy) for case in self._cases]
                    table[f"saving_{policy}_gbp"] = _column("gbp", gbp, engine)
                    table[f"saving_{policy}_frac"] = _column("frac", [_frac(c, policy) for c in self._cases], engine)
        for name in ("wall_s", "error"):
            table[name] = _column(name, [case[name] for case in self._cases], engine)
        return to_frame(table, engine)

    def plot(self, path: str | PathLike[str] | None = None, *, policy: str = "run_at_once") -> Any:
        """A chart of what each day saves against a policy and of the running sum; written to `path` where one is given.

        Needs matplotlib: ``pip install eca[plot]``.
        """
        if policy not in POLICIES:
            raise bad_value("plot", "policy", repr(policy), f"must be one of {', '.join(POLICIES)}")
        from .plot import draw

        return draw(self, policy, path)

    def _lines(self) -> Iterable[str]:
        days = dict.fromkeys(case.day for case in self._cases)
        span = next(iter(days), "") + (f" to {list(days)[-1]}" if len(days) > 1 else "")
        failed = f", {len(self.failures)} failed" if self.failures else ""
        yield f"{len(self)} cases, {len(days)} {'day' if len(days) == 1 else 'days'} {span}{failed}"
        for scenario in dict.fromkeys(total.scenario for total in self.totals):
            cost = self.total("cost_gbp", scenario=scenario)
            name = "" if scenario is None else f"{scenario}: "
            line = f"{name}{cost.mean:,.2f} GBP a day"
            for policy in POLICIES:
                if any(each.measure == f"saving_{policy}_frac" and each.scenario == scenario for each in self.totals):
                    line += f", {_percent(self.total(f'saving_{policy}_frac', scenario=scenario))} less than {policy}"
            yield line

    def __repr__(self) -> str:
        first, *rest = self._lines()
        return "\n  ".join([f"<eca.BacktestResult {first}", *rest]) + ">"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self)[1:-1])}</pre>"


def _totals(scenario: str | None, site: str | None, days: list[list[BacktestCase]]) -> Iterable[BacktestTotal]:
    """The totals over days, each the sum of its cases."""
    whole = [day for day in days if day and all(case.error is None for case in day)]
    if not whole:
        return
    for name in SUMS:
        values = [sum(case[name] for case in day) for day in whole]
        yield BacktestTotal(scenario, site, name, len(whole), sum(values), *mean(values))
    for policy in POLICIES:
        for name, short in (("cost_gbp", "gbp"), ("carbon_kg", "kg")):
            theirs = [sum(case[f"{policy}_{name}"] for case in day) for day in whole]
            saved = [their - sum(case[name] for case in day) for their, day in zip(theirs, whole, strict=True)]
            label = f"saving_{policy}_{short}"
            yield BacktestTotal(scenario, site, label, len(whole), sum(saved), *mean(saved))
            found = ratio(saved, theirs)
            if found is not None:
                label = f"saving_{policy}_{'carbon_frac' if short == 'kg' else 'frac'}"
                yield BacktestTotal(scenario, site, label, len(whole), found[0], *found)


def _frac(case: BacktestCase, policy: str) -> float | None:
    saved, theirs = case.saving(policy), case[f"{policy}_cost_gbp"]
    return None if saved is None or not theirs > 0 else float(saved / theirs)


def _column(name: str, values: list[Any], engine: str) -> list[Any]:
    """Numbers that are missing are NaN in pandas, which keeps a column of numbers one."""
    if engine == "pandas" and name.endswith(("gbp", "kg", "mwh", "frac", "inferences", "limits", "gap", "_s")):
        return [float("nan") if value is None else value for value in values]
    return values


def _percent(total: BacktestTotal) -> str:
    if total.low is None or total.high is None:
        return f"{total.mean:.1%}"
    return f"{total.mean:.1%} ({total.low:.1%} to {total.high:.1%})"


def _midnight(day: str) -> Any:
    return Horizon.day(day).starts[0]
