"""A plan: what to do in each period, what it costs, and how good it is."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _eca
from ._errors import EcaCheckError, EcaMismatchError, bad_value
from ._explain import Explanation
from ._parts import integer, number

if TYPE_CHECKING:
    from ._problem import Problem
    from ._shed import ShedLadder


class _Record:
    """Read by attribute or, like the document, by key."""

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)

    def keys(self) -> tuple[str, ...]:
        """The names of the values."""
        return tuple(each.name for each in fields(self))  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())


@dataclass(frozen=True)
class Totals(_Record):
    """Sums over the horizon."""

    #: Money spent less money earned, GBP, without penalties.
    cost_gbp: float
    #: Penalties for broken limits, GBP.
    penalty_gbp: float
    #: Facility energy, MWh.
    energy_mwh: float
    #: Location-based carbon of all imports, kg.
    carbon_kg: float
    #: Inferences done, batch and online.
    inferences: float
    #: ``cost_gbp / inferences``; None without inferences.
    cost_gbp_per_inference: float | None
    #: Grams of carbon for each inference; None without inferences.
    carbon_g_per_inference: float | None


@dataclass(frozen=True)
class References(_Record):
    """What simple policies would have cost on the same problem."""

    #: Every job starts as soon as it may.
    run_at_once: Totals
    #: Every job starts when its own energy is cheapest.
    cheapest_start: Totals


@dataclass(frozen=True)
class BrokenLimit(_Record):
    """One limit that the plan does not keep."""

    #: ``carbon_cap``, ``undone``, ``shed``, ``end_soc``, ``it_overload`` or ``import_overload``.
    rule: str
    #: The cap, job, service, battery or region.
    object: str
    #: The period, or the first period of the window; None where the whole horizon is meant.
    period: int | None
    #: By how much.
    amount: float
    #: Unit of the amount.
    unit: str
    #: Penalty paid for it, GBP; zero for a strict cap.
    price_gbp: float

    def __str__(self) -> str:
        when = "" if self.period is None else f" in period {self.period}"
        return f"{self.rule} `{self.object}`{when}: {self.amount:g} {self.unit}, {self.price_gbp:,.2f} GBP"


@dataclass(frozen=True)
class Saving(_Record):
    """What a plan saves against a simple policy; negative where it spends more."""

    #: The policy: ``run_at_once`` or ``cheapest_start``.
    reference: str
    #: GBP for the whole horizon.
    cost_gbp: float
    #: Part of the policy's cost; None where that is not above zero.
    cost_frac: float | None
    #: kg for the whole horizon.
    carbon_kg: float
    #: Part of the policy's carbon.
    carbon_frac: float | None
    #: GBP for each inference.
    cost_gbp_per_inference: float | None
    #: g for each inference.
    carbon_g_per_inference: float | None


@dataclass(frozen=True)
class Finding(_Record):
    """One thing that is wrong with a plan."""

    #: The rule, by its name in the model, or ``document``, ``totals``, ``hash``.
    rule: str
    #: The object, such as "region `london`".
    object: str
    #: The period; None where the whole horizon is meant.
    period: int | None
    #: What is wrong, with value, limit and unit.
    message: str

    def __str__(self) -> str:
        when = "" if self.period is None else f" in period {self.period}"
        return f"{self.rule} {self.object}{when}: {self.message}"


@dataclass(frozen=True)
class Check:
    """What a check found: true where the plan can be trusted."""

    #: Everything that is wrong.
    findings: tuple[Finding, ...]
    #: The totals as recomputed.
    totals: Totals

    def __bool__(self) -> bool:
        return not self.findings

    def raise_if_failed(self) -> None:
        """Raises :class:`eca.EcaCheckError` with the findings, if there are any."""
        if self.findings:
            shown = "; ".join(str(finding) for finding in self.findings[:3])
            more = f"; and {len(self.findings) - 3} more" if len(self.findings) > 3 else ""
            raise EcaCheckError(f"the check found: {shown}{more}", findings=self.findings)

    def __repr__(self) -> str:
        return f"<eca.Check {'passed' if self else f'{len(self.findings)} findings'}>"


class Plan:
    """A plan: usable as it stands; how good it is stands in ``outcome``, ``bound_gbp``, ``gap`` and ``broken_limits``.

    Made by :meth:`eca.Problem.solve`, or read from a document.
    """

    _core: _eca.Plan
    _document: dict[str, Any]
    _problem: Problem | None
    #: Sizes and timings of the solve; empty for a plan that was read.
    report: dict[str, Any]

    def __init__(self) -> None:
        raise TypeError("a plan is made by Problem.solve() or read by Plan.from_json()")

    @classmethod
    def _of(cls, core: _eca.Plan, problem: Problem | None, report: dict[str, Any]) -> Plan:
        made = cls.__new__(cls)
        for name, value in (
            ("_core", core),
            ("_document", json.loads(core.to_json())),
            ("_problem", problem),
            ("report", report),
        ):
            object.__setattr__(made, name, value)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"eca.Plan cannot be changed: {name}")

    # ---- documents --------------------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, text: str, problem: Problem | None = None) -> Plan:
        """Reads a plan document. With its ``problem`` it has times, so ``to_frame`` and ``plot`` work."""
        core = _eca.Plan.from_json(text)
        made = cls._of(core, problem, {})
        if problem is not None and made.problem_hash != problem.hash:
            reason = f"it was made for the problem with hash {made.problem_hash[:12]}, this one has {problem.hash[:12]}"
            raise EcaMismatchError(f"plan does not belong to this problem: {reason}", reason=reason)
        return made

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], problem: Problem | None = None) -> Plan:
        """Reads a plan document that is a dict already."""
        return cls.from_json(json.dumps(document), problem)

    @classmethod
    def read(cls, path: str | PathLike[str], problem: Problem | None = None) -> Plan:
        """Reads a plan document from a file."""
        from ._problem import read_text

        return cls.from_json(read_text(path), problem)

    def to_json(self) -> str:
        """The document as one line of JSON: the same bytes for the same plan."""
        return self._core.to_json()

    def to_dict(self) -> dict[str, Any]:
        """The document as a dict of its own."""
        document: dict[str, Any] = json.loads(self.to_json())
        return document

    def write(self, path: str | PathLike[str]) -> None:
        """Writes the document to a file."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    # ---- how good it is ---------------------------------------------------------------------------------------------

    @property
    def problem_hash(self) -> str:
        """Hash of the problem it belongs to."""
        return str(self._document["problem_hash"])

    @property
    def problem(self) -> Problem | None:
        """The problem it was made for, where it is known."""
        return self._problem

    @property
    def outcome(self) -> str:
        """``optimal``, ``within_gap``, or ``limit`` where time, nodes or a stop came first."""
        return str(self._document["outcome"])

    @property
    def engine(self) -> str:
        """The engine that made it."""
        return str(self._document["engine"])

    @property
    def engine_reason(self) -> str:
        """Why that engine."""
        return str(self._document["engine_reason"])

    @property
    def objective_gbp(self) -> float:
        """Money and penalties, GBP."""
        return float(self._document["objective_gbp"])

    @property
    def bound_gbp(self) -> float:
        """No plan has a lower objective, GBP."""
        return float(self._document["bound_gbp"])

    @property
    def gap(self) -> float:
        """``(objective - bound) / max(1, |objective|)``."""
        return float(self._document["gap"])

    @property
    def totals(self) -> Totals:
        """Sums over the horizon."""
        return Totals(**self._document["totals"])

    @property
    def references(self) -> References | None:
        """What simple policies would have cost; None where the comparison was left out."""
        found = self._document.get("references")
        if found is None:
            return None
        return References(Totals(**found["run_at_once"]), Totals(**found["cheapest_start"]))

    @property
    def opportunities(self) -> tuple[dict[str, Any], ...]:
        """What is taken of each opportunity: ``id``, ``taken``, ``committed_mw`` by settlement period, ``revenue_gbp``."""
        return tuple(dict(each) for each in self.to_dict().get("opportunities", ()))

    @property
    def commitments(self) -> tuple[dict[str, Any], ...]:
        """What comes of each commitment: ``id``, ``delivered_mwh`` and ``shortfall_mwh`` by settlement period; None where it
        is not within the horizon."""
        return tuple(dict(each) for each in self.to_dict().get("commitments", ()))

    @property
    def broken_limits(self) -> tuple[BrokenLimit, ...]:
        """Every limit that is not kept."""
        return tuple(BrokenLimit(**each) for each in self._document["broken_limits"])

    @property
    def provenance(self) -> dict[str, Any]:
        """Solver, version and options that made it."""
        return dict(self._document["provenance"])

    @property
    def savings(self) -> tuple[Saving, ...]:
        """What it saves against the simple policies."""
        references, ours = self.references, self.totals
        if references is None:
            return ()
        return tuple(_saving(name, references[name], ours) for name in references)

    def check(self, problem: Problem | None = None) -> Check:
        """Recomputes every limit, cost and gram from the problem, independently of how the plan was made.

        Without ``problem`` the plan is checked against the one it was made for.
        """
        found = json.loads(self._core.check(self._need_problem("check", problem)._core))
        return Check(tuple(Finding(**each) for each in found["findings"]), Totals(**found["totals"]))

    def explain(self, problem: Problem | None = None) -> Explanation:
        """What binds in the plan, what one unit more of each limit is worth, and what each job costs.

        Without ``problem`` it is explained with the one it was made for.
        """
        whole = self._need_problem("explain", problem)
        document, text = self._core.explain(whole._core)
        return Explanation(json.loads(document), text, whole)

    def shed_ladder(
        self,
        region: str | None = None,
        *,
        period: int = 0,
        cap_s: float = 5.0,
        pause_s: float = 60.0,
        migrate_s: float = 120.0,
        battery_s: float = 2.0,
        problem: Problem | None = None,
    ) -> ShedLadder:
        """What a region can give up in a period, worked out beforehand: :meth:`ShedLadder.answer` needs no solve.

        ``region`` may be left out where there is one. The seconds say how fast caps, pauses, moves and batteries are.
        """
        from ._shed import ShedLadder

        whole = self._need_problem("shed_ladder", problem)
        if region is None:
            names = [each.id for each in whole.regions]
            if len(names) > 1:
                raise bad_value("shed_ladder", "region", None, f"must be one of {', '.join(names)}")
            (region,) = names
        seconds = {"cap_s": cap_s, "pause_s": pause_s, "migrate_s": migrate_s, "battery_s": battery_s}
        settings = json.dumps({name: number("shed_ladder", name, value) for name, value in seconds.items()})
        return ShedLadder(_eca.ShedLadder.of(self._core, whole._core, region, integer("shed_ladder", "period", period), settings))

    # ---- tables and charts ------------------------------------------------------------------------------------------

    def _need_problem(self, what: str, problem: Problem | None = None) -> Problem:
        found = problem or self._problem
        if found is None:
            reason = f"{what} needs the problem; read the plan with Plan.from_json(text, problem)"
            raise EcaMismatchError(reason, reason=reason)
        return found

    def to_frame(self, kind: str = "regions", *, engine: str = "pandas") -> Any:
        """A tidy table with the start of each period in UTC: a pandas frame, or a polars one (``engine="polars"``).

        ``kind``: ``regions`` (power, price, carbon), ``jobs`` (a row for each period in which a job draws power),
        ``batteries``, ``services`` (inferences by region; shed inferences in rows without a region), or ``schedule``
        (everything that draws or gives power: run, serve, charge, discharge, import, export).
        """
        from ._frames import plan_columns, to_frame

        return to_frame(plan_columns(self._document, self._need_problem("to_frame"), kind), engine)

    def plot(self, path: str | PathLike[str] | None = None) -> Any:
        """A chart for each region: load by job, battery, price and carbon, on London time.

        Gives a matplotlib figure, and writes it to ``path`` where one is given.
        """
        from ._plot import draw

        return draw(self, self._need_problem("plot"), path)

    def __repr__(self) -> str:
        totals = self.totals
        broken = f", {len(self.broken_limits)} broken limits" if self.broken_limits else ""
        return (
            f"<eca.Plan {self.outcome}: {totals.cost_gbp:,.2f} GBP, {totals.energy_mwh:,.1f} MWh, "
            f"{totals.carbon_kg:,.1f} kg CO2, gap {self.gap:.2%}{broken}>"
        )

    def __eq__(self, other: object) -> bool:
        return self._document == other._document if isinstance(other, Plan) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.to_json(), self._problem, self.report)

    def table(self) -> list[tuple[str, ...]]:
        """The plan beside the simple policies, as text: a heading, then a row for each."""
        rows: list[tuple[str, ...]] = [("", "cost GBP", "carbon kg", "GBP per million inferences", "g per inference")]
        rows.append(("this plan", *_cells(self.totals)))
        if (references := self.references) is not None:
            rows += [(name.replace("_", " "), *_cells(references[name])) for name in references]
        return rows

    def _repr_html_(self) -> str:
        head, *rows = self.table()
        cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
        lines = [f"<tr>{cells}</tr>"]
        for name, *values in rows:
            cells = "".join(f'<td style="text-align:right">{html.escape(value)}</td>' for value in values)
            lines.append(f"<tr><th>{html.escape(name)}</th>{cells}</tr>")
        caption = html.escape(f"{self.outcome}, gap {self.gap:.2%}, {len(self.broken_limits)} broken limits")
        return f"<table><caption>{caption}</caption>{''.join(lines)}</table>"


def _rebuild(text: str, problem: Problem | None, report: dict[str, Any]) -> Plan:
    return Plan._of(_eca.Plan.from_json(text), problem, report)


def _saving(name: str, reference: Totals, ours: Totals) -> Saving:
    def frac(before: float, after: float) -> float | None:
        return (before - after) / before if before > 0 else None

    def less(before: float | None, after: float | None) -> float | None:
        return None if before is None or after is None else before - after

    return Saving(
        reference=name,
        cost_gbp=reference.cost_gbp - ours.cost_gbp,
        cost_frac=frac(reference.cost_gbp, ours.cost_gbp),
        carbon_kg=reference.carbon_kg - ours.carbon_kg,
        carbon_frac=frac(reference.carbon_kg, ours.carbon_kg),
        cost_gbp_per_inference=less(reference.cost_gbp_per_inference, ours.cost_gbp_per_inference),
        carbon_g_per_inference=less(reference.carbon_g_per_inference, ours.carbon_g_per_inference),
    )


def _cells(totals: Totals) -> tuple[str, ...]:
    cost, carbon = totals.cost_gbp_per_inference, totals.carbon_g_per_inference
    return (
        f"{totals.cost_gbp:,.2f}",
        f"{totals.carbon_kg:,.1f}",
        "-" if cost is None else f"{cost * 1e6:,.2f}",
        "-" if carbon is None else f"{carbon:.4f}",
    )
