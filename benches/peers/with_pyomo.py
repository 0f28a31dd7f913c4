"""Pyomo: sets, indexed variables and rules; HiGHS through the APPSI interface, the fastest that Pyomo has."""

from __future__ import annotations

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers import Highs
from pyomo.core.expr.numeric_expr import LinearExpression

from .answer import Answer, runs
from .problem import Problem


def linear(terms: list[tuple[float, object]]) -> LinearExpression:
    """A sum that is known to be linear: Pyomo's fast way."""
    return LinearExpression(constant=0.0, linear_coefs=[c for c, _ in terms], linear_vars=[v for _, v in terms])


class Model:
    """The model and the variables by which the answer is read."""

    def __init__(self, p: Problem):
        self.p = p
        self.m = m = pyo.ConcreteModel()
        h, b = p.h, p.battery
        jobs = range(len(p.jobs))
        solid = [j for j in jobs if not p.jobs[j].preemptible]
        may = [j for j in jobs if p.jobs[j].preemptible]
        starts = {n: v.tolist() for n, v in p.starts.items()}
        slots = {n: v.tolist() for n, v in p.cells.items()}
        m.R, m.T, m.S = pyo.RangeSet(0, p.R - 1), pyo.RangeSet(0, p.T - 1), pyo.RangeSet(0, p.S - 1)
        m.start_set, m.slot_set = pyo.RangeSet(0, len(starts["job"]) - 1), pyo.RangeSet(0, len(slots["job"]) - 1)
        m.solid, m.may = pyo.Set(initialize=solid), pyo.Set(initialize=may)
        m.place_set = pyo.Set(initialize=[(j, r) for j in may for r in p.jobs[j].regions])
        m.route_set = pyo.Set(
            initialize=[(s, r, t) for s in range(p.S) for r in range(p.R) if p.served[s, r] for t in range(p.T)]
        )

        def flow(upper: np.ndarray | None = None) -> pyo.Var:
            bounds = None if upper is None else (lambda _, r, t: (0.0, float(upper[r, t])))
            return pyo.Var(m.R, m.T, domain=pyo.NonNegativeReals, bounds=bounds)

        wide = lambda name: np.repeat(b[name][:, None], p.T, axis=1)  # noqa: E731
        m.imp, m.exp, m.sol = flow(p.import_limit), flow(p.export_limit), flow(p.solar)
        m.ch, m.dis, m.soc = flow(wide("power")), flow(wide("power")), flow(wide("energy"))
        m.over, m.iover = flow(), flow()
        m.short = pyo.Var(m.R, domain=pyo.NonNegativeReals)
        m.excess = pyo.Var(range(len(p.caps)), domain=pyo.NonNegativeReals)
        m.serve = pyo.Var(m.route_set, domain=pyo.NonNegativeReals)
        m.shed = pyo.Var(m.S, m.T, domain=pyo.NonNegativeReals)
        m.start = pyo.Var(m.start_set, domain=pyo.Binary)
        m.never = pyo.Var(m.solid, bounds=lambda _, j: (0, 0 if p.jobs[j].hard else 1))
        m.work = pyo.Var(m.slot_set, domain=pyo.Binary)
        m.segment = pyo.Var(m.slot_set, bounds=(0, 1))
        m.place = pyo.Var(m.place_set, domain=pyo.Binary)
        m.begun = pyo.Var(m.may, bounds=(0, 1))
        m.undone = pyo.Var(m.may, bounds=lambda _, j: (0, 0 if p.jobs[j].hard else p.jobs[j].need))

        it: dict[tuple[int, int], list[tuple[float, object]]] = {(r, t): [] for r in m.R for t in m.T}
        of_start: dict[int, list[int]] = {j: [] for j in solid}
        of_slot: dict[int, list[int]] = {j: [] for j in may}
        for k, (j, r, t, length) in enumerate(zip(*(starts[n] for n in ("job", "region", "t", "length")))):
            of_start[j].append(k)
            for s in range(t, t + length):
                it[r, s].append((p.jobs[j].power, m.start[k]))
        for k, (j, r, t) in enumerate(zip(*(slots[n] for n in ("job", "region", "t")))):
            of_slot[j].append(k)
            it[r, t].append((p.jobs[j].power, m.work[k]))
        for s, r, t in m.route_set:
            it[r, t].append((float(p.mw_per_million[s]), m.serve[s, r, t]))

        m.once = pyo.Constraint(
            m.solid, rule=lambda _, j: linear([(1.0, m.start[k]) for k in of_start[j]] + [(1.0, m.never[j])]) == 1
        )
        m.need = pyo.Constraint(
            m.may,
            rule=lambda _, j: linear([(1.0, m.work[k]) for k in of_slot[j]] + [(1.0, m.undone[j])]) == p.jobs[j].need,
        )
        m.here = pyo.Constraint(
            m.slot_set, rule=lambda _, k: m.work[k] - m.place[slots["job"][k], slots["region"][k]] <= 0
        )
        m.one_place = pyo.Constraint(
            m.may, rule=lambda _, j: linear([(1.0, m.place[j, r]) for r in p.jobs[j].regions]) <= 1
        )

        def rise(_: object, k: int) -> object:
            before = slots["before"][k]
            return m.segment[k] - m.work[k] + (m.work[before] if before >= 0 else 0) >= 0

        m.rise = pyo.Constraint(m.slot_set, rule=rise)
        segments = lambda j: [(1.0, m.segment[k]) for k in of_slot[j]]  # noqa: E731
        m.begins = pyo.Constraint(m.may, rule=lambda _, j: linear([*segments(j), (-1.0, m.begun[j])]) >= 0)
        m.pauses = pyo.Constraint(
            [j for j in may if p.jobs[j].most_pauses is not None],
            rule=lambda _, j: linear(segments(j)) <= p.jobs[j].most_pauses + 1,
        )

        def demand(_: object, s: int, t: int) -> object:
            served = [(1.0, m.serve[s, r, t]) for r in range(p.R) if p.served[s, r]]
            return linear([*served, (1.0, m.shed[s, t])]) == float(p.demand[s, t])

        m.demand = pyo.Constraint(m.S, m.T, rule=demand)

        def balance(_: object, r: int, t: int) -> object:
            site = [(1.0, m.imp), (1.0, m.iover), (-1.0, m.exp), (1.0, m.sol), (1.0, m.dis), (-1.0, m.ch)]
            terms = [(sign, var[r, t]) for sign, var in site]
            terms += [(-float(p.pue[r, t]) * mw, var) for mw, var in it[r, t]]
            return linear(terms) == float(p.overhead[r, t])

        m.balance = pyo.Constraint(m.R, m.T, rule=balance)
        m.capacity = pyo.Constraint(
            m.R, m.T, rule=lambda _, r, t: linear([*it[r, t], (-1.0, m.over[r, t])]) <= float(p.capacity[r, t])
        )

        def charge(_: object, r: int, t: int) -> object:
            terms = [
                (1.0, m.soc[r, t]),
                (-h * float(b["charge"][r]), m.ch[r, t]),
                (h / float(b["discharge"][r]), m.dis[r, t]),
            ]
            if t:
                terms.append((-1.0, m.soc[r, t - 1]))
            return linear(terms) == (0.0 if t else float(b["soc"][r]))

        m.charge = pyo.Constraint(m.R, m.T, rule=charge)
        m.end = pyo.Constraint(m.R, rule=lambda _, r: m.soc[r, p.T - 1] + m.short[r] >= float(b["end"][r]))

        def cap(_: object, k: int) -> object:
            one = p.caps[k]
            terms, fixed = [(-1.0, m.excess[k])], 0.0 if one.per_kwh else one.limit
            for r in range(p.R):
                for t in one.periods:
                    grams = h * float(p.carbon[r, t])
                    terms += [(grams, m.imp[r, t]), (grams, m.iover[r, t])]
                    if one.per_kwh:
                        fixed += one.limit * h * float(p.overhead[r, t])
                        terms += [(-one.limit * h * float(p.pue[r, t]) * mw, var) for mw, var in it[r, t]]
            return linear(terms) <= fixed

        m.cap = pyo.Constraint(range(len(p.caps)), rule=cap)
        cost: list[tuple[float, object]] = []
        for r in m.R:
            cost.append((p.end_soc_price, m.short[r]))
            for t in m.T:
                price, wear = float(p.import_price[r, t]), float(b["wear"][r])
                cost += [
                    (h * price, m.imp[r, t]),
                    (h * (price + p.overload_price), m.iover[r, t]),
                    (h * p.overload_price, m.over[r, t]),
                    (-h * float(p.export_price[r, t]), m.exp[r, t]),
                    (h * wear, m.ch[r, t]),
                    (h * wear, m.dis[r, t]),
                ]
        cost += [(one.price, m.excess[k]) for k, one in enumerate(p.caps)]
        cost += [(float(p.routing[s, r]), m.serve[s, r, t]) for s, r, t in m.route_set]
        cost += [(float(p.shed_price[s]), m.shed[s, t]) for s in m.S for t in m.T]
        cost += [(gbp, m.start[k]) for k, gbp in enumerate(starts["cost"])]
        cost += [(p.jobs[j].need * p.jobs[j].undone_gbp_per_period, m.never[j]) for j in solid]
        cost += [(p.jobs[j].pause_gbp, m.segment[k]) for k, j in enumerate(slots["job"])]
        cost += [(p.jobs[j].undone_gbp_per_period, m.undone[j]) for j in may]
        cost += [(-p.jobs[j].pause_gbp, m.begun[j]) for j in may]
        m.objective = pyo.Objective(expr=linear(cost))


def build(p: Problem) -> Model:
    """The model as Pyomo holds it; translating it for the solver is part of solving."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns and rows; nonzeros are not counted."""
    m = model.m
    count = lambda kind: sum(len(each) for each in m.component_objects(kind))  # noqa: E731
    return count(pyo.Var), count(pyo.Constraint), 0


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str) -> Answer:
    """Through APPSI."""
    p, m = model.p, model.m
    solver = Highs()
    solver.config.load_solution = False
    solver.config.time_limit = limit_s
    solver.config.mip_gap = gap
    solver.highs_options = {"threads": threads, "output_flag": True, "log_to_console": False, "log_file": log}
    results = solver.solve(m)
    info = solver._solver_model.getInfo()
    answer = Answer(status=str(results.termination_condition), bound=info.mip_dual_bound)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return answer
    results.solution_loader.load_vars()
    answer.objective = info.objective_function_value
    table = lambda var: np.array([[var[r, t].value or 0.0 for t in m.T] for r in m.R])  # noqa: E731
    answer.runs = runs(
        p, np.array([m.start[k].value for k in m.start_set]), np.array([m.work[k].value for k in m.slot_set])
    )
    answer.flows = {
        "import": table(m.imp) + table(m.iover),
        "export": table(m.exp),
        "solar": table(m.sol),
        "charge": table(m.ch),
        "discharge": table(m.dis),
    }
    answer.served = np.zeros((p.S, p.R, p.T))
    for s, r, t in m.route_set:
        answer.served[s, r, t] = m.serve[s, r, t].value
    return answer
