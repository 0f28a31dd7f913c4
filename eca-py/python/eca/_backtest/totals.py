"""Sums, means and differences over the days of a back-test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._errors import bad_value
from .._plan import _Record
from .case import COMPARED, POLICIES, SUMS, BacktestCase
from .stats import mean, ratio

#: A site that stands for all of them.
ALL = "all"


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


def totals(cases: Sequence[BacktestCase]) -> Iterable[BacktestTotal]:
    """Every measure of each scenario and site, and of all sites together where there are several."""
    sites = tuple(dict.fromkeys(case.site for case in cases))
    for scenario in dict.fromkeys(case.scenario for case in cases):
        mine = [case for case in cases if case.scenario == scenario]
        for site in sites:
            yield from _totals(scenario, site, [[case] for case in mine if case.site == site])
        if len(sites) > 1:
            by_day: dict[str, list[BacktestCase]] = {}
            for case in mine:
                by_day.setdefault(case.day, []).append(case)
            yield from _totals(scenario, ALL, list(by_day.values()))


def differences(cases: Sequence[BacktestCase], against: str | None) -> Iterable[BacktestTotal]:
    """What each other scenario has more than `against`, paired by day."""
    by_scenario: dict[str | None, dict[str, list[BacktestCase]]] = {}
    for case in cases:
        by_scenario.setdefault(case.scenario, {}).setdefault(case.day, []).append(case)
    if against not in by_scenario:
        known = ", ".join(str(scenario) for scenario in by_scenario)
        raise bad_value("backtest", "against", repr(against), f"must be one of the scenarios: {known}")
    site = ALL if len({case.site for case in cases}) > 1 else cases[0].site
    for scenario, mine in by_scenario.items():
        pairs = [(_sum(mine[day]), _sum(base)) for day, base in by_scenario[against].items() if scenario != against]
        whole = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
        for name in (*SUMS, "objective_gbp") if whole else ():
            extra = [ours[name] - theirs[name] for ours, theirs in whole]
            yield BacktestTotal(scenario, site, f"extra_{name}", len(extra), sum(extra), *mean(extra))


def _totals(scenario: str | None, site: str | None, days: list[list[BacktestCase]]) -> Iterable[BacktestTotal]:
    """The totals over days, each the sum of its cases."""
    whole = [day for day in days if day and all(case.error is None for case in day)]
    if not whole:
        return
    for name in SUMS:
        values = [sum(case[name] for case in day) for day in whole]
        yield BacktestTotal(scenario, site, name, len(whole), sum(values), *mean(values))
    for policy in POLICIES:
        for name, saving, frac in COMPARED:
            theirs = [sum(case.value(name, policy) or 0.0 for case in day) for day in whole]
            ours = [sum(case.value(name) or 0.0 for case in day) for day in whole]
            saved = [their - our for their, our in zip(theirs, ours, strict=True)]
            label = f"saving_{policy}_{saving}"
            yield BacktestTotal(scenario, site, label, len(whole), sum(saved), *mean(saved))
            found = ratio(saved, theirs)
            if found is not None:
                yield BacktestTotal(scenario, site, f"saving_{policy}_{frac}", len(whole), found[0], *found)


def _sum(day: list[BacktestCase]) -> dict[str, float] | None:
    """The sums of a day over its sites; None where one of them has no answer."""
    if any(case.error is not None for case in day):
        return None
    return {name: sum(case.value(name) or 0.0 for case in day) for name in (*SUMS, "objective_gbp")}
