"""PyPSA: sites as a network of buses, connections, solar and storage.

What PyPSA has no component for (jobs with windows and pauses, services, carbon over facility energy) is added to its
linopy model, as its manual says.

So this is PyPSA with an expert's own model on top, not what PyPSA plans alone.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from .answer import Answer, runs
from .problem import Problem
from .with_linopy import jobs

logging.getLogger("pypsa").setLevel(logging.ERROR)
warnings.filterwarnings("ignore")


class Model:
    """The model and the variables by which the answer is read."""

    def __init__(self, p: Problem):
        self.p = p
        self.n = n = pypsa.Network()
        T, R, S, h, b = p.T, p.R, p.S, p.h, p.battery
        n.set_snapshots(range(T))
        n.snapshot_weightings = n.snapshot_weightings.astype(float) * h
        names = [f"r{r}" for r in range(R)]
        n.add("Bus", names)
        big = 1e5
        series = lambda x, prefix: pd.DataFrame(x.T, index=n.snapshots, columns=[f"{prefix}{r}" for r in range(R)])  # noqa: E731
        each = lambda prefix: [f"{prefix}{r}" for r in range(R)]  # noqa: E731
        n.add("Load", each("overhead"), bus=names, p_set=series(p.overhead, "overhead"))
        n.add(
            "Generator",
            each("import"),
            bus=names,
            p_nom=big,
            p_max_pu=series(p.import_limit / big, "import"),
            marginal_cost=series(p.import_price, "import"),
        )
        n.add(
            "Generator",
            each("iover"),
            bus=names,
            p_nom=big,
            marginal_cost=series(p.import_price + p.overload_price, "iover"),
        )
        n.add(
            "Generator",
            each("export"),
            bus=names,
            p_nom=big,
            sign=-1.0,
            p_max_pu=series(p.export_limit / big, "export"),
            marginal_cost=series(-p.export_price, "export"),
        )
        n.add("Generator", each("solar"), bus=names, p_nom=big, p_max_pu=series(p.solar / big, "solar"))
        # IT power: MW of the site, PUE times as much from the bus.
        if not np.allclose(p.pue, p.pue[:, :1]):
            raise ValueError("PyPSA: a PUE that changes over time")
        n.add("Generator", each("it"), bus=names, p_nom=big, sign=-p.pue[:, 0])
        n.add(
            "StorageUnit",
            each("battery"),
            bus=names,
            p_nom=b["power"],
            max_hours=np.divide(b["energy"], b["power"], out=np.zeros(R), where=b["power"] > 0),
            efficiency_store=b["charge"],
            efficiency_dispatch=b["discharge"],
            state_of_charge_initial=b["soc"],
            marginal_cost=b["wear"],
            cyclic_state_of_charge=False,
        )
        self.m = m = n.optimize.create_model()
        cell = pd.RangeIndex(R * T, name="cell")
        flat = lambda x: xr.DataArray(np.broadcast_to(x, (R, T)).ravel(), coords=[cell])  # noqa: E731

        def cells(variable: object, prefix: str, dim: str) -> object:
            """A component's variable as (region, period) in one dimension."""
            one = [variable.sel({dim: f"{prefix}{r}"}, drop=True) for r in range(R)]
            parts = [x.rename(snapshot="cell").assign_coords(cell=cell[r * T : (r + 1) * T]) for r, x in enumerate(one)]
            return parts

        gen = m.variables["Generator-p"]
        dim = next(d for d in gen.dims if d != "snapshot")
        store, take, soc = (m.variables[f"StorageUnit-{x}"] for x in ("p_store", "p_dispatch", "state_of_charge"))
        self.gen, self.gen_dim, self.store, self.take = gen, dim, store, take
        sdim = next(d for d in store.dims if d != "snapshot")
        self.sdim = sdim
        load, cost = jobs(self, m, p)
        routes = [(s, r, t) for s in range(S) for r in range(R) if p.served[s, r] for t in range(T)]
        self.route = np.array(routes, int).reshape(-1, 3)
        s, r, t = self.route.T
        route, asked = pd.RangeIndex(len(routes), name="route"), pd.RangeIndex(S * T, name="asked")
        by = lambda key, dim, name: xr.DataArray(key, coords=[dim], name=name)  # noqa: E731
        self.serve = m.add_variables(lower=0, coords=[route], name="serve")
        shed = m.add_variables(lower=0, coords=[asked], name="shed")
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
        over = m.add_variables(lower=0, coords=[cell], name="it_overload")
        m.add_constraints(it - over <= flat(p.capacity), name="capacity")
        cost.append((h * p.overload_price * over).sum())
        for r, part in enumerate(cells(gen, "it", dim)):
            m.add_constraints(part - it.isel(cell=slice(r * T, (r + 1) * T)) == 0, name=f"it{r}")
        for r in range(R):
            unit = {sdim: f"battery{r}"}
            short = m.add_variables(lower=0, name=f"end_soc{r}")
            m.add_constraints(
                soc.sel({**unit, "snapshot": T - 1}, drop=True) + short >= float(b["end"][r]), name=f"end_soc{r}"
            )
            cost.append(p.end_soc_price * short)
            # PyPSA prices only what is taken out.
            cost.append((h * float(b["wear"][r]) * store.sel(unit, drop=True)).sum())
        imports = [(a, o) for a, o in zip(cells(gen, "import", dim), cells(gen, "iover", dim))]
        for k, cap in enumerate(p.caps):
            excess = m.add_variables(lower=0, name=f"excess{k}")
            here = list(cap.periods)
            left = -1.0 * excess
            fixed = 0.0 if cap.per_kwh else cap.limit
            for r, (a, o) in enumerate(imports):
                grams = xr.DataArray(h * p.carbon[r, here], coords=[cell[r * T + np.array(here)]])
                left = left + (grams * (a.isel(cell=here) + o.isel(cell=here))).sum()
                if cap.per_kwh:
                    drawn = gen.sel({dim: f"it{r}"}, drop=True).isel(snapshot=here)
                    left = left - (cap.limit * h * float(p.pue[r, 0]) * drawn).sum()
                    fixed += cap.limit * h * float(p.overhead[r, here].sum())
            m.add_constraints(left <= fixed, name=f"cap{k}")
            cost.append(cap.price * excess)
        m.objective = m.objective.expression + sum(cost[1:], cost[0])


def build(p: Problem) -> Model:
    """PyPSA's model with ours on top."""
    return Model(p)


def size(model: Model) -> tuple[int, int, int]:
    """Columns and rows; nonzeros are not counted."""
    return model.m.nvars, model.m.ncons, 0


def solve(model: Model, limit_s: float, gap: float, threads: int, log: str) -> Answer:
    """The linopy model, as `optimize.solve_model` does."""
    p, m = model.p, model.m
    m.solve(
        solver_name="highs",
        io_api="direct",
        time_limit=limit_s,
        mip_rel_gap=gap,
        threads=threads,
        output_flag=True,
        log_to_console=False,
        log_file=log,
        progress=False,
    )
    info = m.solver_model.getInfo()
    answer = Answer(status=str(m.termination_condition), bound=info.mip_dual_bound)
    if m.objective.value is None or np.isnan(m.objective.value) or info.primal_solution_status != 2:
        return answer
    answer.objective = float(m.objective.value)
    value = lambda variable, dim, prefix: np.array(  # noqa: E731
        [np.asarray(variable.solution.sel({dim: f"{prefix}{r}"})) for r in range(p.R)]
    )
    gen = lambda prefix: value(model.gen, model.gen_dim, prefix)  # noqa: E731
    answer.runs = runs(p, np.asarray(model.start.solution), np.asarray(model.work.solution))
    answer.flows = {
        "import": gen("import") + gen("iover"),
        "export": gen("export"),
        "solar": gen("solar"),
        "charge": value(model.store, model.sdim, "battery"),
        "discharge": value(model.take, model.sdim, "battery"),
    }
    answer.served = np.zeros((p.S, p.R, p.T))
    s, r, t = model.route.T
    answer.served[s, r, t] = np.asarray(model.serve.solution)
    return answer
