"""Settlement from Python and the command line."""

from __future__ import annotations

import hashlib
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
    with pytest.raises(eca.EcaValueError, match="must be one of periods, flows, rebound, evidence, rebound_evidence"):
        record.to_frame(kind="days", engine=engine)


def test_command_line_settles_files(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle", "--out", str(tmp_path)]) == 0
    assert "trading party 592.50 GBP" in capsys.readouterr().out
    files = [str(tmp_path / name) for name in ("event.json", "meters.csv", "prices.csv")]
    record = tmp_path / "again.jsonl"
    assert main(["settle", *files, "-o", str(record), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["record"]["totals"]["cash_ugbp"] == 592_500_000
    assert eca.EventRecord.read(record) == eca.EventRecord.read(tmp_path / "records.jsonl")
    assert shown["record_hash"] == eca.EventRecord.read(record).hash


def test_a_ledger_only_grows(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle", "--out", str(tmp_path)]) == 0
    files = [str(tmp_path / name) for name in ("event.json", "meters.csv", "prices.csv")]
    ledger = tmp_path / "ledger.jsonl"
    for run in ("SF", "SF", "R1"):
        assert main(["settle", *files, "--run", run, "-o", str(ledger)]) == 0
    assert "against run SF: +0.00 GBP" in capsys.readouterr().out
    before = ledger.read_text(encoding="utf-8")
    assert before.count("\n") == 2
    (tmp_path / "prices.csv").write_text(eca.sample.event()[2].replace("180", "181"), encoding="utf-8")
    assert main(["settle", *files, "--run", "R1", "-o", str(ledger)]) == 2
    assert "must not replace what is settled" in capsys.readouterr().err
    assert ledger.read_text(encoding="utf-8") == before
    used = tmp_path / "used.csv"
    used.write_text(
        "start,consumption_wh,carbon_g_per_kwh,generation_wh,inferences\n"
        "2026-02-01T00:00:00Z,2000000,150,1000000,10000\n",
        encoding="utf-8",
    )
    assert main(["report", str(ledger), "--consumption", str(used)]) == 0
    assert "2026-02" in capsys.readouterr().out
    assert main(["report", str(ledger), "--consumption", str(used), "--json"]) == 0
    (month,) = json.loads(capsys.readouterr().out)["report"]["months"]
    assert (month["events"], month["cash_ugbp"], month["matched"]["matched_wh"]) == (1, 592_500_000, 1_000_000)


def test_reports_and_the_fund() -> None:
    record = eca.settle(*eca.sample.event())
    used = [{"start": "2026-02-01T00:00:00Z", "consumption_wh": 2500, "carbon_g_per_kwh": 150, "inferences": 10_000}]
    embodied = {"total_kg": 1000, "life_h": 4 * 8760, "reserved_frac": 1}
    report = eca.report([record], consumption=used, embodied=embodied)
    # Half an hour of the device: 14,269 mg.
    assert report[0]["sci"] == {"operational_mg": 375_000, "embodied_mg": 14_269, "inferences": 10_000}
    assert report.to_frame()["sci_embodied_mg"][0] == 14_269
    assert "799.5" in str(report) and len(report) == 1
    with pytest.raises(eca.EcaValueError, match="must have total_kg"):
        eca.report([record], embodied={"kg": 1})
    entries = eca.social_tariff({"evening": record["totals"]["social_tariff_ugbp"]}, [{"id": "a", "weight": 3}])
    assert [entry["amount_ugbp"] for entry in entries] == [-23_700_000, 23_700_000]
    with pytest.raises(eca.EcaDocumentError, match="by_need"):
        eca.social_tariff({}, [], allocation="by_need")


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


def test_products_from_python_and_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    known = {product["id"]: product for product in eca.products()}
    assert known["dfs_2026"]["min_mw"] == 0.1 and known["dfs_2022"]["min_mw"] == 1
    assert known["dynamic_containment"]["route"] is None
    assert known["dso_peak_reduction"]["pay_factor"][-1] == {"delivered_frac": 0.95, "paid_frac": 1.0}
    assert main(["products"]) == 0
    assert "slow_reserve" in capsys.readouterr().out
    assert main(["products", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["products"] == eca.products()


def test_a_record_has_what_its_figures_rest_on(tmp_path: Any) -> None:
    event, meters, prices = eca.sample.event()
    behind = {"settlement_date": "2026-02-19", "settlement_period": 35, "soc_before_mwh": 4, "it_mwh": 2.4}
    told = {"periods": [behind], "carbon": {"green_certificates": ["urn:gc:1"]}, "decision": {"seed": 7}}
    evidence = eca.settle({**event, "evidence": told}, meters, prices)["evidence"]
    assert evidence["inputs"]["meters_sha256"] == hashlib.sha256(meters.encode()).hexdigest()
    assert evidence["inputs"]["prices_sha256"] == hashlib.sha256(prices.encode()).hexdigest()
    assert (evidence["periods"][0]["soc_before_wh"], evidence["periods"][0]["it_wh"]) == (4_000_000, 2_400_000)
    assert evidence["periods"][1]["soc_before_wh"] is None and evidence["it_wh"] is None
    assert evidence["carbon"]["green_certificates"] == ["urn:gc:1"] and evidence["decision"]["seed"] == 7
    record = eca.settle(event, meters, prices)
    assert list(record.to_frame(kind="evidence")["metering_interval_s"]) == [900, 900]
    submissions = record.to_frame(kind="submissions")
    assert list(submissions["flow"])[:4] == ["wman", "ecvn", "sev", "delivered_volume"]
    assert list(submissions["volume_mwh"])[1:4] == ["2.500", "-6.0000", "2.6000"]
    days = record.to_frame(kind="baseline_days")
    assert len(days) == 10 * 4 and days.groupby("stands_for_period")["net_wh"].mean().tolist() == [6_000_000] * 4
    with pytest.raises(eca.EcaValueError, match="evidence.decision.plan_sha256"):
        eca.settle({**event, "evidence": {"decision": {"plan_sha256": "x"}}}, meters, prices)


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_all_that_can_be_told_stands_in_the_record(engine: str) -> None:
    event, meters, prices = eca.sample.event()
    periods = [
        {"settlement_date": "2026-02-19", "settlement_period": 36, "forecast_carbon_g_per_kwh": "210.5"},
        {"settlement_date": "2026-02-19", "settlement_period": 37, "soc_before_mwh": 2},
    ]
    told = {
        "trading_party_role": "vtp",
        "price_sources": [{"column": "system_price_gbp_per_mwh", "source": "Elexon", "retrieved_at": "2026-02-20T08:00:00Z"}],
        "event_days": [{"settlement_date": "2026-02-19", "kind": "market", "status": "accepted", "sequence": 3}],
        "periods": periods,
        "carbon": {"embodied_kg": "12.5"},
    }
    submissions = [{**each, "sequence": 100} for each in event["submissions"]]
    record = eca.settle({**event, "evidence": told, "submissions": submissions}, meters, prices)
    evidence = record["evidence"]
    assert evidence["trading_party_role"] == "vtp" and evidence["workings"]["site_frac_micro"] == 800_000
    # 4,060.5 kg in event and rebound, 12.5 kg of equipment.
    served = event["operations"]["inferences_after"]
    assert evidence["workings"]["sci"] == {
        "operational_mg": record["carbon"]["location_based_mg"],
        "embodied_mg": 12_500_000,
        "inferences": served,
    }

    def column(kind: str, name: str) -> list[Any]:
        frame = record.to_frame(kind=kind, engine=engine)[name]
        return [None if value is None or value != value else value for value in frame]

    assert column("evidence", "forecast_carbon_ug_per_kwh") == [None, 210_500_000]
    assert column("rebound_evidence", "soc_before_wh") == [2_000_000, None]
    assert column("rebound_evidence", "import_wh") == [6_500_000, 6_500_000]
    assert column("submissions", "sequence")[:3] == [100, 100, None]
    assert column("event_days", "kind") == ["market"]
    assert column("price_sources", "column") == ["system_price_gbp_per_mwh"]
    old = record.to_dict()
    for name in ("workings", "price_sources", "event_days", "trading_party_role"):
        del old["evidence"][name]
    read = eca.EventRecord.from_json(json.dumps(old))
    assert read.to_dict() == old and len(read.to_frame(kind="baseline_days", engine=engine)) == 0
    with pytest.raises(eca.EcaDocumentError, match="trading_party_role"):
        eca.settle({**event, "evidence": {"trading_party_role": "boss"}}, meters, prices)
