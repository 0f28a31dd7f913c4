"""The running loop with adapters that are classes: what they answer, refuse and raise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import eca

SITE: dict[str, Any] = {
    "format": "eca-problem/1",
    "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 60, "periods": 3},
    "regions": [
        {"id": "london", "it_capacity_mw": 1, "import_limit_mw": 4, "import_price_gbp_per_mwh": [90, 40, 70],
         "carbon_g_per_kwh": 200}
    ],
}  # fmt: skip


class Cluster:
    """One job of an hour at 1 MW, which starts when it is told."""

    def __init__(self) -> None:
        self.started: str | None = None
        self.commands: list[str] = []

    def observe(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        job: dict[str, Any] = {"id": "train", "gpu_hours": 1, "points": [{"power_mw": 1, "gpu_hours_per_h": 1}]}
        if self.started is not None:
            job["state"] = {"region": "london", "point": 0, "done_gpu_hours": 0.0}
        return [{"at": options["now"], "job": job}]

    def apply(self, action: dict[str, Any], options: dict[str, Any]) -> str:
        self.commands.append(action["id"])
        self.started = options["now"]
        return "done"


def hour(number: int) -> str:
    return f"2026-03-02T{number:02}:00:00Z"


def test_the_loop_waits_for_the_cheap_hour_and_a_restart_repeats_nothing(tmp_path: Path) -> None:
    cluster = Cluster()
    state = tmp_path / "state" / "live.json"
    live = eca.LiveController(SITE, clusters=[cluster], shadow=False, view_periods=3, state=state)
    assert live.tick(hour(0))["deliveries"] == []
    tick = live.tick(hour(1))
    assert [delivery["answer"] for delivery in tick["deliveries"]] == ["done"]
    assert cluster.started == hour(1)
    # A second controller finds what the first one has sent.
    again = eca.LiveController(SITE, clusters=[cluster], shadow=False, view_periods=3, state=state)
    assert again.tick("2026-03-02T01:01:00Z")["deliveries"] == []
    assert len(cluster.commands) == 1


def test_shadow_mode_tells_nobody_anything() -> None:
    cluster = Cluster()
    live = eca.LiveController(SITE, clusters=[cluster], view_periods=3)
    proposed = [live.tick(hour(number))["planned"]["proposed"] for number in range(3)]
    assert cluster.commands == []
    assert [action["command"] for action in proposed[1]] == [{"run": {"region": "london", "point": 0, "power_mw": 1.0}}]
    live.close(hour(3))
    assert live.ledger()["entries"]["eca"]["periods"] == 3


@pytest.mark.parametrize(
    ("raised", "said"),
    [(KeyError("gone"), "did not answer: KeyError: 'gone'"), (eca.AdapterRefusal("no room"), "refused the command: no room")],
)
def test_what_an_adapter_raises_stops_nothing(raised: Exception, said: str) -> None:
    class Broken(Cluster):
        def apply(self, action: dict[str, Any], options: dict[str, Any]) -> str:
            super().apply(action, options)
            self.started = None
            raise raised

    cluster = Broken()
    live = eca.LiveController(SITE, clusters=[cluster], shadow=False, view_periods=3)
    live.tick(hour(0))
    (delivery,) = live.tick(hour(1))["deliveries"]
    assert delivery["answer"] is None and said in delivery["error"]
    # No answer: the same command again.
    live.tick("2026-03-02T01:01:00Z")
    assert len(set(cluster.commands)) == 1 and len(cluster.commands) == 2


def test_a_cluster_that_raises_is_one_that_does_not_answer() -> None:
    class Gone(Cluster):
        def observe(self, options: dict[str, Any]) -> list[dict[str, Any]]:
            raise OSError("no route")

    tick = eca.LiveController(SITE, clusters=[Gone()], view_periods=3).tick(hour(0))
    assert any("OSError: no route" in problem for problem in tick["problems"]), tick["problems"]


def test_readings_that_are_none_are_refused() -> None:
    class Odd:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def read(self, options: dict[str, Any]) -> Any:
            return self.answer

    good = {"at": hour(0), "import_mw": 1.0, "export_mw": 0.0, "import_wh": 5, "export_wh": 0}
    for change, part in [
        ({"import_mw": float("nan")}, "not JSON compliant"),
        ({"import_mw": -1.0}, "must be a number of at least 0"),
        ({"at": "2026-03-01T00:00:00Z"}, "86400 s old"),
        ({"watts": 3}, "watts"),
    ]:
        live = eca.LiveController(SITE, meters={"london": Odd({**good, **change})}, view_periods=3)
        problems = live.tick(hour(0))["problems"]
        assert any(part in problem for problem in problems), (change, problems)


def test_signals_come_from_a_class() -> None:
    class Desk:
        def fetch(self, options: dict[str, Any]) -> str:
            return f"start,region,import_price_gbp_per_mwh\n{hour(0)},london,10\n{hour(1)},london,95\n{hour(2)},london,95\n"

    cluster = Cluster()
    live = eca.LiveController(SITE, clusters=[cluster], signals=[Desk()], shadow=False, view_periods=3)
    live.tick(hour(0))
    assert cluster.started == hour(0)
    found = eca.conformance.signal_source(Desk(), "london", "import_price_gbp_per_mwh", 3, eca.conformance.FakeTime())
    assert found == []


def test_stopped_and_held() -> None:
    cluster = Cluster()
    live = eca.LiveController(SITE, clusters=[cluster], shadow=False, view_periods=3)
    live.stop("maintenance")
    assert live.tick(hour(0))["stopped"] == "maintenance"
    live.resume()
    live.hold(job="train", until=hour(3))
    for number in (1, 2):
        live.tick(hour(number))
    assert cluster.commands == []


def test_settings_and_sites_are_checked() -> None:
    with pytest.raises(eca.EcaDocumentError, match="view_period"):
        eca.LiveController(SITE, settings={"view_period": 3})
    with pytest.raises(TypeError, match="did you mean 'shadow'"):
        eca.LiveController(SITE, shadw=True)  # type: ignore[call-arg]
    with pytest.raises(eca.EcaError, match="nowhere"):
        eca.LiveController(SITE, batteries={"nowhere": object()})  # type: ignore[dict-item]


def test_conformance_finds_what_is_wrong() -> None:
    class Meter:
        def __init__(self, step_wh: int) -> None:
            self.step_wh, self.wh = step_wh, 10**9

        def read(self, options: dict[str, Any]) -> dict[str, Any]:
            self.wh += self.step_wh
            return {"at": options["now"], "import_mw": 0.0, "export_mw": 0.0, "import_wh": self.wh, "export_wh": 0}

    assert eca.conformance.meter(Meter(0), eca.conformance.FakeTime()) == []
    rules = {finding.rule for finding in eca.conformance.meter(Meter(-5), eca.conformance.FakeTime())}
    assert "registers never go back" in rules
    ignoring = eca.conformance.workloads(Cluster(), "train", "london", eca.conformance.FakeTime())
    assert json.dumps([finding.rule for finding in ignoring]).count("dropped") >= 1
