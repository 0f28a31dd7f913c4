"""The settings of the solves of a back-test, refused at the start and not in every task."""

from __future__ import annotations

from typing import Any

from .. import _eca
from .._errors import EcaUnknownError, bad_value
from .._parts import integer, number


def settings_of(
    engine: str, solver: str, gap: float, time_limit_s: float | None, node_limit: int | None, seed: int
) -> dict[str, Any]:
    """The settings of the solves, refused here and not in every task."""
    for name, value, known in (("engine", engine, _eca.ENGINES), ("solver", solver, _eca.SOLVERS)):
        if value not in known:
            raise EcaUnknownError(
                f"backtest names {name} `{value}`, which does not exist; known: {', '.join(known)}",
                object="backtest",
                field=name,
                wanted=name,
                id=value,
                known=", ".join(known),
            )
    if number("backtest", "gap", gap) < 0:
        raise bad_value("backtest", "gap", gap, "must be at least 0")
    if time_limit_s is not None and number("backtest", "time_limit_s", time_limit_s) <= 0:
        raise bad_value("backtest", "time_limit_s", time_limit_s, "must be above 0", "s")
    if node_limit is not None and not 0 < integer("backtest", "node_limit", node_limit) < 2**31:
        raise bad_value("backtest", "node_limit", node_limit, "must be 1 to 2147483647")
    if not 0 <= integer("backtest", "seed", seed) < 2**31:
        raise bad_value("backtest", "seed", seed, "must be 0 to 2147483647")
    return {
        "engine": engine,
        "solver": solver,
        "gap": float(gap),
        "time_limit_s": None if time_limit_s is None else float(time_limit_s),
        "node_limit": None if node_limit is None else int(node_limit),
        "seed": int(seed),
    }
