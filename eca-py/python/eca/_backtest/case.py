"""One case of a back-test: which problem, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from .._plan import _Record

#: Policies that a plan is compared with.
POLICIES = ("run_at_once", "cheapest_start")
#: What totals are given of: sums over a day.
SUMS = ("cost_gbp", "penalty_gbp", "carbon_kg", "energy_mwh", "inferences")
#: What a plan is compared in: value of a case, and the names of the saving and of its part of the policy's.
COMPARED = (
    ("cost_gbp", "gbp", "frac"),
    ("objective_gbp", "objective_gbp", "objective_frac"),
    ("carbon_kg", "kg", "carbon_frac"),
)


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

    def value(self, name: str, policy: str | None = None) -> float | None:
        """A value of the plan, or of a policy; ``objective_gbp`` is cost and penalties together."""
        if name == "objective_gbp":
            cost, penalty = self.value("cost_gbp", policy), self.value("penalty_gbp", policy)
            return None if cost is None or penalty is None else cost + penalty
        found: float | None = self[name if policy is None else f"{policy}_{name}"]
        return found

    def saving(self, policy: str, name: str = "cost_gbp") -> float | None:
        """What the plan saves against a policy: ``cost_gbp`` (no penalties), ``objective_gbp`` (with them) or
        ``carbon_kg``."""
        theirs, ours = self.value(name, policy), self.value(name)
        return None if theirs is None or ours is None else theirs - ours
