"""What a back-test found: one line for each case, and totals with their spread."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import fields
from os import PathLike
from typing import Any

from .._errors import EcaError, bad_value
from .._frames import to_frame
from .._parts import Horizon
from .._plan import Plan
from .case import COMPARED, POLICIES, BacktestCase, Case
from .runner import Answer
from .totals import ALL, BacktestTotal, differences, totals


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

        Savings are without penalties, as in :attr:`eca.Plan.savings`; those called ``objective`` include them. A day
        counts for all sites together only where each of them has an answer. The interval takes days as independent.
        """
        if self._totals is None:
            self._totals = tuple(totals(self._cases))
        return self._totals

    def differences(self, against: str | None) -> tuple[BacktestTotal, ...]:
        """What the other scenarios have more than this one, day by day: ``extra_cost_gbp``, ``extra_carbon_kg`` and so
        on, for all sites together, over the days on which both have all their answers.
        """
        return tuple(differences(self._cases, against))

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
                    for name, saving, frac in COMPARED:
                        saved = [case.saving(policy, name) for case in self._cases]
                        parts = [_frac(case, policy, name) for case in self._cases]
                        table[f"saving_{policy}_{saving}"] = _column(saving, saved, engine)
                        table[f"saving_{policy}_{frac}"] = _column(frac, parts, engine)
        for name in ("wall_s", "error"):
            table[name] = _column(name, [case[name] for case in self._cases], engine)
        return to_frame(table, engine)

    def plot(
        self,
        path: str | PathLike[str] | None = None,
        *,
        policy: str = "run_at_once",
        measure: str = "cost_gbp",
    ) -> Any:
        """A chart of what each day saves against a policy and of the running sum; written to `path` where one is given.

        ``measure`` is ``cost_gbp``, ``objective_gbp`` (with penalties) or ``carbon_kg``. Needs matplotlib:
        ``pip install eca[plot]``.
        """
        if policy not in POLICIES:
            raise bad_value("plot", "policy", repr(policy), f"must be one of {', '.join(POLICIES)}")
        measures = tuple(name for name, _, _ in COMPARED)
        if measure not in measures:
            raise bad_value("plot", "measure", repr(measure), f"must be one of {', '.join(measures)}")
        from .plot import draw

        return draw(self, policy, measure, path)

    def _lines(self) -> Iterable[str]:
        days = dict.fromkeys(case.day for case in self._cases)
        span = next(iter(days), "") + (f" to {list(days)[-1]}" if len(days) > 1 else "")
        failed = f", {len(self.failures)} failed" if self.failures else ""
        yield f"{len(self)} cases, {len(days)} {'day' if len(days) == 1 else 'days'} {span}{failed}"
        for scenario in dict.fromkeys(total.scenario for total in self.totals):
            cost = self.total("cost_gbp", scenario=scenario)
            penalty = self.total("penalty_gbp", scenario=scenario).mean
            name = "" if scenario is None else f"{scenario}: "
            line = f"{name}{cost.mean:,.2f} GBP a day" + (f" and {penalty:,.2f} GBP of penalties" if penalty else "")
            for policy in POLICIES:
                if any(each.measure == f"saving_{policy}_frac" and each.scenario == scenario for each in self.totals):
                    saved = _percent(self.total(f"saving_{policy}_frac", scenario=scenario))
                    line += f"{'; saves' if policy == POLICIES[0] else ','} {saved} against {policy}"
            yield line

    def __repr__(self) -> str:
        first, *rest = self._lines()
        return "\n  ".join([f"<eca.BacktestResult {first}", *rest]) + ">"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self)[1:-1])}</pre>"


def _frac(case: BacktestCase, policy: str, name: str) -> float | None:
    saved, theirs = case.saving(policy, name), case.value(name, policy)
    return None if saved is None or theirs is None or not theirs > 0 else saved / theirs


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
