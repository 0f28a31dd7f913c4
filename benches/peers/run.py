"""One tool on one problem in one process; prints one line of JSON.

python -m peers.run TOOL PROBLEM --time-limit 30 --gap 1e-4 [--build-only | --relax]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import tempfile
import time
from pathlib import Path

TOOLS = {
    "highspy": "raw",
    "linopy": "with_linopy",
    "pyomo": "with_pyomo",
    "pulp": "with_pulp",
    "cvxpy": "with_cvxpy",
    "ortools": "with_ortools",
    "pypsa": "with_pypsa",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=[*TOOLS, "eca"])
    parser.add_argument("problem", type=Path)
    parser.add_argument("--time-limit", type=float, default=30.0)
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--relax", action="store_true", help="the LP that is left without whole numbers (highspy)")
    parser.add_argument("--plan", type=Path, help="with `eca`: the plan document to be judged")
    ask = parser.parse_args()

    from . import answer as answers
    from . import check, problem

    p = problem.read(ask.problem)
    if ask.tool == "eca":
        answer = check.from_plan(p, json.loads(ask.plan.read_text()))
        print(json.dumps({"check": check.judge(p, answer)}))
        return
    # Imports are not counted for any tool.
    tool = importlib.import_module(f".{TOOLS[ask.tool]}", __package__)
    handle, name = tempfile.mkstemp(suffix=".log")
    os.close(handle)
    log = Path(name)
    begun, cpu = time.perf_counter(), time.process_time()
    model = tool.build(p)
    build_s = time.perf_counter() - begun
    columns, rows, nonzeros = tool.size(model)
    out = {"build_s": build_s, "build_cpu_s": time.process_time() - cpu}
    out |= {"columns": columns, "rows": rows, "nonzeros": nonzeros}
    if not ask.build_only:
        # What is left of the limit: building is part of a user's wait.
        left = max(0.1, ask.time_limit - build_s)
        called = time.perf_counter() - begun
        extra = {"relax": True} if ask.relax else {}
        answer = tool.solve(model, left, ask.gap, ask.threads, str(log), **extra)
        wall = time.perf_counter() - begun
        found = [step for step in answers.steps(log, called) if step[0] <= wall]
        found.append((wall, answer.objective, answer.bound))
        out |= {
            "status": answer.status,
            "wall_s": wall,
            "cpu_s": time.process_time() - cpu,
            "objective_gbp": answer.objective,
            "bound_gbp": answer.bound,
            "steps": found,
            "check": "no plan" if answer.objective is None else ("lp" if ask.relax else check.judge(p, answer)),
        }
    log.unlink(missing_ok=True)
    out["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps(out))


if __name__ == "__main__":
    main()
