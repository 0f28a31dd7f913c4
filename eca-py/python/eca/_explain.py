"""What a plan's limits are worth, and which limits of a problem cannot be kept together."""

from __future__ import annotations

import html
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._problem import Problem


class Explanation:
    """What binds in a plan and what one unit more of everything is worth, to first order.

    The document ``eca-explanation/1`` by key: ``explanation["jobs"][0]["saved_without_gbp"]``.
    """

    def __init__(self, document: dict[str, Any], text: str, problem: Problem) -> None:
        self._document = document
        self._text = text
        self._problem = problem

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def to_dict(self) -> dict[str, Any]:
        """The document."""
        copied: dict[str, Any] = json.loads(self.to_json())
        return copied

    def to_json(self) -> str:
        """The document as one line of JSON."""
        return json.dumps(self._document)

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """Prices of every region and period as a tidy table: a pandas frame, or a polars one (``engine="polars"``)."""
        from ._frames import to_frame

        starts = list(self._problem.horizon.starts)
        regions = self._document["regions"]
        names = [name for name in regions[0] if name != "id"]
        columns: dict[str, list[Any]] = {"start": starts * len(regions)}
        columns["region"] = [region["id"] for region in regions for _ in starts]
        for name in names:
            columns[name] = [value for region in regions for value in region[name]]
        return to_frame(columns, engine)

    def __str__(self) -> str:
        return self._text.rstrip()

    def __repr__(self) -> str:
        return f"<eca.Explanation {len(self._document['binding'])} limits bind>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td>{html.escape(each["text"])}</td><td style="text-align:right">{each["worth_gbp"]:,.2f}</td></tr>'
            for each in self._document["binding"]
        )
        return f"<table><caption>what binds</caption><tr><th>limit</th><th>GBP for one more</th></tr>{rows}</table>"


@dataclass(frozen=True)
class LowestCarbon:
    """The least carbon with which every promise can be kept; ``str(lowest)`` says it in one sentence."""

    carbon_kg: float
    """Carbon of the imports of the best plan that was found, kg."""
    carbon_bound_kg: float
    """No plan that keeps every promise emits less, kg."""
    energy_mwh: float
    """Facility energy of that plan, MWh."""
    carbon_g_per_kwh: float | None
    """Its carbon over its facility energy, g/kWh; None without energy."""
    carbon_g_per_inference: float | None
    """Its carbon for each inference, g; None where nothing counts inferences."""
    keeps_promises: bool
    """Whether that plan does all work in time and serves all demand."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    def __str__(self) -> str:
        intensity = "" if self.carbon_g_per_kwh is None else f", {self.carbon_g_per_kwh:,.1f} g/kWh"
        least = f"{self.carbon_kg:,.1f} kg CO2{intensity}; no plan emits less than {self.carbon_bound_kg:,.1f} kg"
        return least if self.keeps_promises else f"{least}; not every promise can be kept"


class Conflict:
    """Limits that cannot be kept together, and repairs; ``str(conflict)`` says it in one sentence."""

    def __init__(self, document: dict[str, Any], problem: Problem) -> None:
        self._document = document
        self._problem = problem

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def to_dict(self) -> dict[str, Any]:
        """Everything: ``proved``, ``limits``, ``repairs`` (the smallest change first) and ``text``."""
        copied: dict[str, Any] = json.loads(json.dumps(self._document))
        return copied

    def repaired(self, index: int = 0) -> Problem:
        """The problem with the changes of one repair, the smallest by default."""
        from ._problem import Problem

        repair = json.dumps(self._document["repairs"][index])
        return Problem.from_json(self._problem._core.repaired(repair).to_json())

    def __str__(self) -> str:
        return str(self._document["text"])

    def __repr__(self) -> str:
        return f"<eca.Conflict of {len(self._document['limits'])} limits, {len(self._document['repairs'])} repairs>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(each['text'])}</li>" for each in self._document["repairs"])
        limits = ", ".join(html.escape(each["text"]) for each in self._document["limits"])
        return f"<p>in conflict: {limits}</p><ul>{rows}</ul>"
