"""linopy: labelled arrays over long tables; loads are summed by group. Direct interface to HiGHS."""

from __future__ import annotations

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from .answer import Answer, runs
from .problem import Problem


class Model:
    """The model and the variables by which the answer is read."""

    def __init__(self, p: Problem):
        self.p = p
        self.m = m = linopy.Model()
        R, T, S, h, b = p.R, p.T, p.S, p.h, p.battery
        cell = pd.RangeIndex(R * T, name="cell")
        flat = lambda x: xr.DataArray(np.broadcast_to(x, (R, T)).ravel(), coords=[cell])  # noqa: E731
        each = lambda name: flat(b[name][:, None])  # noqa: E731
        add = lambda name, upper=np.inf: m.add_variables(lower=0, upper=upper, coords=[cell], name=name)  # noqa: E731
        self.imp, self.exp, self.sol = (
            add("import", flat(p.import_limit)),
            add("export", flat(p.export_limit)),
            add("solar", flat(p.solar)),
        )
        self.ch, self.dis, self.soc = (
            add("charge", each("power")),
            add("discharge", each("power")),
            add("soc", each("energy")),
        )
        over, self.iover = add("it_overload"), add("import_overload")
        imp, exp, ch, dis, soc = self.imp, self.exp, self.ch, self.dis, self.soc

        load, cost = jobs(self, m, p)
        routes = [(s, r, t) for s in range(S) for r in range(R) if p.served[s, r] for t in range(T)]
        self.route = np.array(routes, int).reshape(-1, 3)
        s, r, t = self.route.T
        route = pd.RangeIndex(len(routes), name="route")
        self.serve = m.add_variables(lower=0, coords=[route], name="serve")
        asked = pd.RangeIndex(S * T, name="asked")
        shed = m.add_variables(lower=0, coords=[asked], name="shed")
        by = lambda key, dim, name: xr.DataArray(key, coords=[dim], name=name)  # noqa: E731
        if S:
            m.add_constraints(
                self.serve.groupby(by(s * T + t, route, "asked")).sum() + shed
                == xr.DataArray(p.demand.ravel(), coords=[asked]),
                name="demand",
            )
            served = (by(p.mw_per_million[s], route, "mw") * self.serve).groupby(by(r * T + t, route, "cell")).sum()
            load.append(served.reindex(cell=cell).fillna(0))
            cost.append((by(p.routing[s, r], route, "gbp") * self.serve).sum())
            cost.append((xr.DataArray(np.repeat(p.shed_price, T), coords=[asked]) * shed).sum())
        it = sum(load[1:], load[0])
        facility = flat(p.pue) * it
        m.add_constraints(imp + self.iover - exp + self.sol + dis - ch - facility == flat(p.overhead), name="balance")
        m.add_constraints(it - over <= flat(p.capacity), name="capacity")
        gain = h * each("charge") * ch - h / each("discharge") * dis
        first = np.arange(R) * T
        later = np.setdiff1d(np.arange(R * T), first)
        m.add_constraints(
            (soc - gain).isel(cell=first) == xr.DataArray(b["soc"], coords=[cell[first]]), name="soc_first"
        )
        before = soc.isel(cell=later - 1).assign_coords(cell=cell[later])
        m.add_constraints((soc - gain).isel(cell=later) - before == 0, name="soc")
        region = pd.RangeIndex(R, name="region")
        short = m.add_variables(lower=0, coords=[region], name="end_soc")
        last = soc.isel(cell=first + T - 1).rename(cell="region").assign_coords(region=region)
        m.add_constraints(last + short >= xr.DataArray(b["end"], coords=[region]), name="end_soc")
        carbon = h * flat(p.carbon) * (imp + self.iover)
        for k, cap in enumerate(p.caps):
            excess = m.add_variables(lower=0, name=f"excess{k}")
            here = np.flatnonzero(np.isin(np.arange(R * T) % T, cap.periods))
            emitted = carbon.isel(cell=here).sum() - excess
            if cap.per_kwh:
                energy = (cap.limit * h * facility).isel(cell=here).sum()
                fixed = cap.limit * h * float(p.overhead[:, list(cap.periods)].sum())
                m.add_constraints(emitted - energy <= fixed, name=f"cap{k}")
            else:
                m.add_constraints(emitted <= cap.limit, name=f"cap{k}")
            cost.append(cap.price * excess)
        cost += [
            (h * flat(p.import_price) * imp).sum() - (h * flat(p.export_price) * exp).sum(),
            (h * each("wear") * (ch + dis)).sum(),
            (h * p.overload_price * (over + self.iover)).sum(),
            (p.end_soc_price * short).sum(),
            ((h * flat(p.import_price)) * self.iover).sum(),
        ]
        m.add_objective(sum(cost[1:], cost[0]))


def jobs(
    self: object, m: linopy.Model, p: Problem
) -> tuple[list[linopy.LinearExpression], list[linopy.LinearExpression]]:
    """Variables and rules of the jobs; their load by cell, and their costs. Also used on top of PyPSA's model."""
    cell = pd.RangeIndex(p.R * p.T, name="cell")
    number = pd.RangeIndex(len(p.jobs), name="job")
    table = pd.DataFrame(
        {
            "power": [job.power for job in p.jobs],
            "need": [float(job.need) for job in p.jobs],
            "late": [job.undone_gbp_per_period for job in p.jobs],
            "pause": [job.pause_gbp for job in p.jobs],
            "most": [np.inf if job.most_pauses is None else job.most_pauses + 1.0 for job in p.jobs],
            "hard": [job.hard for job in p.jobs],
            "may": [job.preemptible for job in p.jobs],
        },
        index=number,
    )
    load, cost = [], []
    solid = table[~table.may]
    index = pd.RangeIndex(len(p.starts["job"]), name="start")
    along = lambda values, dim, name="value": xr.DataArray(values, coords=[dim], name=name)  # noqa: E731
    self.start = m.add_variables(coords=[index], binary=True, name="job_start")
    if len(solid):
        never = m.add_variables(lower=0, upper=(~solid.hard).astype(float).to_xarray(), name="job_never")
        m.add_constraints(self.start.groupby(along(p.starts["job"], index, "job")).sum() + never == 1, name="job_once")
        again = np.repeat(np.arange(len(index)), p.starts["length"])
        ends = np.cumsum(p.starts["length"])
        t = p.starts["t"][again] + np.arange(len(again)) - (ends - p.starts["length"])[again]
        piece = pd.RangeIndex(len(again), name="piece")
        pieces = self.start.isel(start=again).rename(start="piece").assign_coords(piece=piece)
        mw = along(table.power.to_numpy()[p.starts["job"][again]], piece)
        load.append(
            (mw * pieces)
            .groupby(along(p.starts["region"][again] * p.T + t, piece, "cell"))
            .sum()
            .reindex(cell=cell)
            .fillna(0)
        )
        cost.append(
            (along(p.starts["cost"], index) * self.start).sum() + ((solid.need * solid.late).to_xarray() * never).sum()
        )
    may = table[table.may]
    slot = pd.RangeIndex(len(p.cells["job"]), name="slot")
    self.work = m.add_variables(coords=[slot], binary=True, name="job_work")
    if len(may):
        segment = m.add_variables(lower=0, upper=1, coords=[slot], name="job_segment")
        begun = m.add_variables(lower=0, upper=1, coords=[may.index], name="job_begun")
        undone = m.add_variables(lower=0, upper=may.need.where(~may.hard, 0.0).to_xarray(), name="job_undone")
        spot = pd.RangeIndex(int(p.cells["place"].max()) + 1, name="spot")
        place = m.add_variables(coords=[spot], binary=True, name="job_place")
        of_job = along(p.cells["job"], slot, "job")
        m.add_constraints(self.work.groupby(of_job).sum() + undone == may.need.to_xarray(), name="job_need")
        here = place.isel(spot=p.cells["place"]).rename(spot="slot").assign_coords(slot=slot)
        m.add_constraints(self.work - here <= 0, name="job_here")
        owner = np.zeros(len(spot), int)
        owner[p.cells["place"]] = p.cells["job"]
        m.add_constraints(place.groupby(along(owner, spot, "job")).sum() <= 1, name="job_place_one")
        first, later = (np.flatnonzero(test) for test in (p.cells["before"] < 0, p.cells["before"] >= 0))
        before = self.work.isel(slot=p.cells["before"][later]).assign_coords(slot=slot[later])
        m.add_constraints(segment.isel(slot=later) - self.work.isel(slot=later) + before >= 0, name="job_rise")
        m.add_constraints(segment.isel(slot=first) - self.work.isel(slot=first) >= 0, name="job_rise_first")
        segments = segment.groupby(of_job).sum()
        m.add_constraints(segments - begun >= 0, name="job_begun")
        m.add_constraints(segments <= may.most.to_xarray(), name="job_pauses")
        mw = along(table.power.to_numpy()[p.cells["job"]], slot)
        at = along(p.cells["region"] * p.T + p.cells["t"], slot, "cell")
        load.append((mw * self.work).groupby(at).sum().reindex(cell=cell).fillna(0))
        cost.append((along(table.pause.to_numpy()[p.cells["job"]], slot) * segment).sum())
        cost.append((may.late.to_xarray() * undone).sum() - (may.pause.to_xarray() * begun).sum())
    return load, cost


def build(p: Problem) -> Model:
    """The model as linopy holds it."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns and rows; nonzeros are not counted."""
    return model.m.nvars, model.m.ncons, 0


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str) -> Answer:
    """Through the direct interface, without a file."""
    m = model.m
    m.solve(
        solver_name="highs",
        io_api="direct",
        log_fn=log,
        time_limit=limit_s,
        mip_rel_gap=gap,
        threads=threads,
        output_flag=True,
        log_to_console=False,
        log_file=log,
        progress=False,
    )
    return read(model, m.solver_model, float(m.objective.value) if m.objective.value is not None else None)


def read(model: Model, solver: object, objective: float | None) -> Answer:
    """The answer from the solution by names."""
    p, m = model.p, model.m
    info = solver.getInfo()
    answer = Answer(status=str(m.termination_condition), bound=info.mip_dual_bound)
    if objective is None or np.isnan(objective) or info.primal_solution_status != 2:
        return answer
    answer.objective = objective
    value = lambda variable: np.asarray(variable.solution).reshape(p.R, p.T)  # noqa: E731
    answer.runs = runs(p, np.asarray(model.start.solution), np.asarray(model.work.solution))
    answer.flows = {
        "import": value(model.imp) + value(model.iover),
        "export": value(model.exp),
        "solar": value(model.sol),
        "charge": value(model.ch),
        "discharge": value(model.dis),
    }
    answer.served = np.zeros((p.S, p.R, p.T))
    s, r, t = model.route.T
    answer.served[s, r, t] = np.asarray(model.serve.solution)
    return answer
