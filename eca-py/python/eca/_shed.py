"""The shed ladder: what a site can give up at once, worked out beforehand, and answers from it without a solve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import _eca
from ._keywords import checked
from ._parts import FrozenMap, number


@dataclass(frozen=True)
class ShedStep:
    """A step that is taken: what is done to what, when, and what it costs over the hold."""

    #: Its place in the ladder.
    step: int
    #: ``{"job": {"id": ..., "copy": 0}}`` or ``{"battery": {"id": ...}}``.
    target: FrozenMap
    #: ``{"set_power": {"point": 1, "power_mw": 3.3}}``, ``"pause"``, ``{"discharge": ...}`` and so on.
    command: Any
    shed_mw: float
    #: Seconds after the request from which, and until which, its power falls in a straight line.
    start_s: float
    end_s: float
    cost_gbp: float


@dataclass(frozen=True)
class ShedAnswer:
    """How a request is answered."""

    steps: tuple[ShedStep, ...]
    #: Import from ``response_s`` on until the hold ends, MW.
    power_mw: float
    #: Seconds after the request at which that is reached.
    response_s: float
    cost_gbp: float
    #: Import over time: seconds after the request, MW; in straight lines between.
    import_mw: tuple[tuple[float, float], ...]

    def __repr__(self) -> str:
        return f"<eca.ShedAnswer {self.power_mw:.3f} MW after {self.response_s:.1f} s by {len(self.steps)} steps, {self.cost_gbp:.2f} GBP>"


class ShedLadder:
    """Steps in the order in which a region gives up power, made by :meth:`Plan.shed_ladder`.

    The document ``eca-shed-ladder/1`` by key: ``ladder["steps"][0]["shed_mw"]``.
    """

    def __init__(self, core: _eca.ShedLadder) -> None:
        self._core = core
        self._document: dict[str, Any] = json.loads(core.to_json())

    @classmethod
    def from_json(cls, text: str) -> ShedLadder:
        """Reads a ladder."""
        return cls(_eca.ShedLadder.from_json(text))

    def to_json(self) -> str:
        """The document as one line of JSON."""
        return self._core.to_json()

    def to_dict(self) -> dict[str, Any]:
        """The document as a dict of its own."""
        copied: dict[str, Any] = json.loads(self.to_json())
        return copied

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def __len__(self) -> int:
        return len(self._document["steps"])

    @checked("eca.ShedLadder.answer")
    def answer(
        self,
        power_mw: float,
        *,
        response_s: float = 30.0,
        hold_s: float = 0.0,
        ramp_mw_per_min: float | None = None,
        rebound_max_mw: float | None = None,
    ) -> ShedAnswer:
        """The cheapest steps that bring the import to ``power_mw`` within ``response_s`` and may be held for ``hold_s``.

        ``ramp_mw_per_min`` is the most change of the import, down and back up; ``rebound_max_mw`` the most import after
        the hold. Raises :class:`EcaInfeasibleError` with the reason where the ladder does not reach. No solve: far less than
        a millisecond.
        """
        given = {
            "power_mw": power_mw,
            "response_s": response_s,
            "hold_s": hold_s,
            "ramp_mw_per_min": ramp_mw_per_min,
            "rebound_max_mw": rebound_max_mw,
        }
        request = {name: number("shed request", name, value) for name, value in given.items() if value is not None}
        found = json.loads(self._core.answer(json.dumps(request)))
        steps = tuple(ShedStep(**{**each, "target": FrozenMap(each["target"])}) for each in found.pop("steps"))
        import_mw = tuple((seconds, mw) for seconds, mw in found.pop("import_mw"))
        return ShedAnswer(steps=steps, import_mw=import_mw, **found)

    def to_frame(self, *, engine: str = "pandas") -> Any:
        """The steps as a tidy table, with the MW that all up to each give up."""
        from ._frames import to_frame

        names = ("shed_mw", "effect_s", "cost_gbp_per_h", "cost_gbp", "undoing", "divisible", "hold_max_s", "energy_mwh")
        steps = self._document["steps"]
        columns: dict[str, list[Any]] = {"object": [next(iter(each["target"].values()))["id"] for each in steps]}
        columns["command"] = [each["command"] if isinstance(each["command"], str) else next(iter(each["command"])) for each in steps]
        for name in names:
            columns[name] = [each.get(name) for each in steps]
        total, sums = 0.0, []
        for each in steps:
            total += each["shed_mw"]
            sums.append(total)
        columns["sum_mw"] = sums
        return to_frame(columns, engine)

    def __repr__(self) -> str:
        most = sum(each["shed_mw"] for each in self._document["steps"])
        return f"<eca.ShedLadder {self['region']} {self['start']}: {len(self)} steps, {most:.3f} of {self['power_mw']:.3f} MW>"
