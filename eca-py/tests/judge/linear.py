"""A thin layer over HiGHS: columns, rows, minimise. It knows nothing about the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np

INF = highspy.kHighsInf
OPTIONS: Mapping[str, float | int | str | bool] = {
    "output_flag": False,
    "threads": 1,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-8,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}


class Infeasible(Exception):
    """There is no solution."""


@dataclass
class Linear:
    """A linear or mixed-integer program that is built column by column and row by row."""

    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def column(self, cost: float = 0.0, lower: float = 0.0, upper: float = math.inf, integer: bool = False) -> int:
        """Adds a column and returns its number."""
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.cost) - 1

    def row(self, terms: Mapping[int, float], lower: float = -math.inf, upper: float = math.inf) -> int:
        """Adds `lower <= sum(terms) <= upper` and returns its number."""
        self.rows.append(({c: v for c, v in terms.items() if v != 0.0}, lower, upper))
        return len(self.rows) - 1

    def pass_to(self, highs: highspy.Highs, cost: Sequence[float], integer: bool) -> None:
        """Hands the program to a solver."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.rows)
        lp.col_cost_ = np.array(cost, dtype=float)
        lp.col_lower_ = np.array(self.lower)
        lp.col_upper_ = np.array([min(u, INF) for u in self.upper])
        lp.row_lower_ = np.array([max(lo, -INF) for _, lo, _ in self.rows])
        lp.row_upper_ = np.array([min(hi, INF) for _, _, hi in self.rows])
        starts = np.cumsum([0] + [len(terms) for terms, _, _ in self.rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = np.array([c for terms, _, _ in self.rows for c in terms], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([v for terms, _, _ in self.rows for v in terms.values()], dtype=float)
        if integer:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(flag)] for flag in self.integer]
        if highs.passModel(lp) == highspy.HighsStatus.kError:
            raise RuntimeError("HiGHS refuses the model")

    def minimise(self, cost: Sequence[float] | None = None) -> list[float]:
        """The values of the columns at the optimum.

        The integers of the mixed-integer optimum are rounded and fixed and the rest solved again as an LP, so that
        no tolerance on integers leaks into the objective. Rows that are met with hardly any room may look infeasible
        to the presolve of HiGHS; only a model that is infeasible without it, too, counts as infeasible.
        """
        weights = self.cost if cost is None else cost
        if not any(self.integer):
            highs = solver()
            self.pass_to(highs, weights, False)
            return run(highs)
        for presolve in ("choose", "off"):
            try:
                return self.minimise_with(presolve, weights)
            except Infeasible:
                pass
        raise Infeasible

    def minimise_with(self, presolve: str, weights: Sequence[float]) -> list[float]:
        """The values of the columns at the optimum, with presolve as it is chosen or off."""
        highs = solver()
        highs.setOptionValue("presolve", presolve)
        self.pass_to(highs, weights, True)
        values = run(highs)
        fixed = Linear(self.cost, list(self.lower), list(self.upper), self.integer, self.rows)
        for c, flag in enumerate(self.integer):
            if flag:
                fixed.lower[c] = fixed.upper[c] = float(round(values[c]))
        fixed.pass_to(highs, weights, False)
        return run(highs)


def solver() -> highspy.Highs:
    """A solver that is exact and silent."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in OPTIONS.items():
        highs.setOptionValue(name, value)
    return highs


def run(highs: highspy.Highs) -> list[float]:
    """Solves and returns the values of the columns."""
    highs.run()
    status = highs.getModelStatus()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        raise Infeasible
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty):
        raise RuntimeError(f"HiGHS ends with {highs.modelStatusToString(status)}")
    return list(highs.getSolution().col_value)
