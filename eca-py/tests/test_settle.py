"""Settlement from Python and the command line."""

from __future__ import annotations

import json
from typing import Any

import eca
import eca.sample
import pytest
from eca.__main__ import main


def test_the_worked_event() -> None:
    record = eca.settle(*eca.sample.event())
    assert record["totals"]["cash_ugbp"] == 592_500_000
    assert record["compensation"]["received_ugbp"] == 418_608_000
    assert record["carbon"]["avoided_mg"] == 799_500_000
    assert [each["baseline_wh"] for each in record["baseline"]["periods"]] == [6_000_000] * 4
    assert [each["true_reduction_wh"] for each in record["periods"]] == [2_600_000, 2_200_000]
    assert eca.EventRecord.from_json(record.to_json()) == record
    assert len(record.hash) == 64


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_frames_go_in_and_come_out(engine: str) -> None:
    frames = pytest.importorskip(engine)
    event, meters, prices = eca.sample.event()
    import io

    tables = [frames.read_csv(io.StringIO(text)) for text in (meters, prices)]
    record = eca.settle(event, *tables)
    assert record == eca.settle(event, meters, prices)
    flows = record.to_frame(kind="flows", engine=engine)
    assert flows["cash_ugbp"].sum() == 592_500_000
    assert list(flows["flow"]) == ["sale", "imbalance"] * 2
    assert len(record.to_frame(engine=engine)) == 2
    assert list(record.to_frame(kind="rebound", engine=engine)["rebound_wh"]) == [500_000] * 2
    with pytest.raises(eca.EcaValueError, match="must be one of periods, flows, rebound"):
        record.to_frame(kind="days", engine=engine)


def test_command_line_settles_files(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle", "--out", str(tmp_path)]) == 0
    assert "trading party 592.50 GBP" in capsys.readouterr().out
    files = [str(tmp_path / name) for name in ("event.json", "meters.csv", "prices.csv")]
    record = tmp_path / "again.json"
    assert main(["settle", *files, "-o", str(record), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["record"]["totals"]["cash_ugbp"] == 592_500_000
    assert eca.EventRecord.read(record) == eca.EventRecord.read(tmp_path / "record.json")
    assert shown["record_hash"] == eca.EventRecord.read(record).hash


def test_command_line_refuses(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle", "event.json"]) == 2
    assert "EVENT METERS PRICES together" in capsys.readouterr().err
    assert main(["settle", "--out", str(tmp_path), "--run", "R9"]) == 2
    assert "settlement run `R9`" in capsys.readouterr().err


def test_input_is_refused_by_name() -> None:
    event, meters, prices = eca.sample.event()
    with pytest.raises(eca.EcaUnknownError, match="meter `hall-b`"):
        eca.settle({**event, "site": {**event["site"], "meter_id": "hall-b"}}, meters, prices)
    with pytest.raises(eca.EcaParseError, match="meters line 2"):
        eca.settle(event, meters.replace(",0,A", ",-1,A", 1), prices)
    with pytest.raises(eca.EcaValueError, match="must be a frame"):
        eca.settle(event, 7, prices)
    with pytest.raises(TypeError, match="as_off"):
        eca.settle(event, meters, prices, as_off="2026-02-20T00:00:00Z")  # type: ignore[call-arg]
