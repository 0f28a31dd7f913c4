"""Selling, checking, baselines, submissions and the fund, from Python and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import eca
import eca.sample
import pytest
from eca.__main__ import main

Told = pytest.CaptureFixture[str]
SP = {"settlement_date": "2026-03-02", "settlement_period": 2}


def site(**more: Any) -> dict[str, Any]:
    """Half an hour of 1 MW; the second half hour is the cheaper one."""
    region = {"id": "london", "it_capacity_mw": 4, "import_limit_mw": 6, "import_price_gbp_per_mwh": [100, 50], "carbon_g_per_kwh": 100}
    job = {"id": "embed", "inferences": 1e6, "points": [{"power_mw": 1, "inferences_per_h": 2e6}]}
    horizon = {"start": "2026-03-02T00:00:00Z", "step_min": 30, "periods": 2}
    return {"format": "eca-problem/1", "horizon": horizon, "regions": [region], "jobs": [job], **more}


def written(folder: Path, **files: Any) -> dict[str, str]:
    """Files of documents and texts."""
    found = {}
    for name, content in files.items():
        path = folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        found[name] = str(path)
    return found


def told(capsys: Told, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a verb."""
    capsys.readouterr()
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_a_plan_takes_is_sold_and_not_sold_again(tmp_path: Path, capsys: Told) -> None:
    wanted = {"id": "evening", "route": "dso_flex", "region": "london", "max_mw": 1, "baseline_mw": 1, "settlement_periods": [SP]}
    request = {
        "format": "eca-offer-request/1",
        "region": "london",
        "route": "dso_flex",
        "settlement_periods": [SP],
        "mw": [1, 2],
    }
    file = written(
        tmp_path, problem=site(opportunities=[{**wanted, "price_gbp_per_mwh": 500}]), plain=site(), request=request
    )
    out = {name: str(tmp_path / name) for name in ("plan", "sold", "ladder", "bought")}
    assert main(["plan", file["problem"], "-o", out["plan"]]) == 0
    code, found = told(capsys, "accept", file["problem"], out["plan"], "-o", out["sold"])
    assert code == 0 and [each["id"] for each in found["commitments"]] == ["evening"]
    sold = eca.Problem.read(out["sold"])
    assert sold.hash == found["problem_hash"] and sold.opportunities == () and sold.commitments[0].committed_mw == (1.0,)

    # The same half hour by a ladder: 50 GBP/MWh, and nothing of it left once it is sold.
    assert main(["offers", file["plain"], file["request"], "-o", out["ladder"]]) == 0
    code, found = told(capsys, "sell", file["plain"], out["ladder"], "0", "--id", "rung", "-o", out["bought"])
    assert code == 0 and found["commitments"][0]["price_gbp_per_mwh"] == 50
    offer = written(tmp_path, offer={**found["commitments"][0], "id": "again", "guard": None, "rebound": None})["offer"]
    code, found = told(capsys, "check-offer", file["plain"], offer)
    assert code == 0 and found["deliverable_mwh"] == pytest.approx([0.5])
    code, found = told(capsys, "check-offer", out["bought"], offer)
    assert code == 1 and found["deliverable_mwh"] == pytest.approx([0.0])
    for rung, words in (("1", "must be offered to be sold"), ("7", "known: 0 to 1")):
        assert main(["sell", file["plain"], out["ladder"], rung, "--id", "x"]) == 2
        assert words in capsys.readouterr().err
    assert main(["sell", out["bought"], out["ladder"], "0", "--id", "rung"]) == 2
    assert "`rung`" in capsys.readouterr().err
    with pytest.raises(eca.EcaValueError, match=r"must be an eca\.Commitment"):
        sold.add_commitment({})  # type: ignore[arg-type]


def test_submissions_with_their_deadlines(tmp_path: Path, capsys: Told) -> None:
    event, _, _ = eca.sample.event()
    file = written(tmp_path, event=event, bare={**event, "submissions": []})
    code, found = told(capsys, "submissions", file["event"], "--now", "2026-02-19T16:00:00Z")
    assert code == 0 and len(found["submissions"]) == 8
    assert {each["standing"] for each in found["submissions"] if each["needed"]} == {"in_force"}
    # Nothing was sent: at gate closure of SP35 it is missed, a second before it is open.
    for now, wanted in (("15:59:59", 0), ("16:00:00", 1)):
        code, found = told(capsys, "submissions", file["bare"], "--now", f"2026-02-19T{now}Z")
        assert (code, found["submissions"][0]["standing"]) == (wanted, ("open", "missed")[wanted])
    assert main(["submissions", file["bare"], "--now", "2026-02-19T16:00:00Z"]) == 1
    assert "2026-02-19T16:00:00Z ecvn for 2026-02-19 SP35 2.500 MWh: missed" in capsys.readouterr().out
    assert main(["submissions", file["bare"], "--now", "2026-02-19T16:00:00"]) == 2
    assert "offset" in capsys.readouterr().err
    assert all(each["standing"] in ("missed", "in_force") for each in eca.submissions(event))


def test_a_baseline_from_the_command_line(tmp_path: Path, capsys: Told) -> None:
    event, meters, _ = eca.sample.event()
    request = {
        "meter_id": event["site"]["meter_id"],
        "periods": [{"settlement_date": "2026-02-19", "settlement_period": 35}],
        "baseline": event["baseline"],
    }
    file = written(tmp_path, request=request, meters=meters, wrong={**request, "baseline": {"method": "p376"}})
    assert main(["baseline", file["request"], file["meters"]]) == 0
    words = capsys.readouterr().out
    assert "2026-02-19 SP35: 6.000 MWh" in words and "left out 2026-02-17: event day" in words
    code, found = told(capsys, "baseline", file["request"], file["meters"])
    assert code == 0 and len(found["baseline"]["days"][0]["used"]) == 10
    assert main(["baseline", file["wrong"], file["meters"]]) == 2
    assert "mid_8_of_10" in capsys.readouterr().err


def test_the_fund_is_shared_from_a_ledger_or_a_list(tmp_path: Path, capsys: Told) -> None:
    record = eca.settle(*eca.sample.event())
    homes = [{"id": "a", "weight": 1}, {"id": "b", "weight": 2, "cap_ugbp": 10_000_000}]
    file = written(tmp_path, homes=homes, ledger=record.to_json() + "\n", given=[{"id": "x", "amount_ugbp": 100}])
    code, found = told(capsys, "fund", file["ledger"], file["homes"], "--carried-in-ugbp", "5")
    assert code == 0 and sum(line["amount_ugbp"] for line in found["lines"]) == 0
    assert {line["id"]: line["amount_ugbp"] for line in found["lines"]} == {
        "fund": -5,
        record["event_id"]: -23_700_000,
        "a": 13_700_005,
        "b": 10_000_000,
    }
    code, found = told(capsys, "fund", file["given"], file["homes"], "--allocation", "equal")
    assert [line["amount_ugbp"] for line in found["lines"]] == [-100, 50, 50]
    for words, part in ((["--allocation", "by_need"], "by_need"), (["--carried-in-ugbp", "-1"], "carried_in_ugbp = -1")):
        assert main(["fund", file["given"], file["homes"], *words]) == 2
        assert part in capsys.readouterr().err


def test_equipment_from_the_command_line(tmp_path: Path, capsys: Told) -> None:
    record = eca.settle(*eca.sample.event())
    used = "start,consumption_wh,carbon_g_per_kwh,inferences\n2026-02-01T00:00:00Z,2500,150,10000\n"
    file = written(tmp_path, ledger=record.to_json() + "\n", used=used)
    words = ["report", file["ledger"], "--consumption", file["used"], "--embodied", "1000", "35040"]
    code, found = told(capsys, *words, "1")
    assert code == 0
    assert found["report"]["months"][0]["sci"] == {"operational_mg": 375_000, "embodied_mg": 14_269, "inferences": 10_000}
    assert main([*words, "1.5"]) == 2
    assert "reserved_frac = 1.5, must be from 0 to 1" in capsys.readouterr().err
