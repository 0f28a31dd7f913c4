"""Flexibility from Python and the command line: what it costs, what can be delivered, and what is sold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import eca
from eca.__main__ import main

PERIODS = [("2026-03-02", 1), ("2026-03-02", 2)]


@pytest.fixture
def problem() -> eca.Problem:
    """An hour of work at 5 MW: 50 GBP/MWh in the first hour, 80 in the second."""
    return eca.Problem(
        horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4),
        regions=[
            eca.Region(
                "london",
                it_capacity_mw=6,
                import_limit_mw=8,
                carbon_g_per_kwh=120,
                import_price_gbp_per_mwh=[50, 50, 80, 80],
            )
        ],
        jobs=[eca.Job("train", gpu_hours=1, points=[eca.JobPoint(power_mw=5, gpu_hours_per_h=1)])],
    )


def ask(problem: eca.Problem, **more: Any) -> eca.Offers:
    """A ladder of the first hour."""
    given: dict[str, Any] = {"region": "london", "route": "dso_flex", "settlement_periods": PERIODS, "mw": [5.0]}
    return problem.offers(**{**given, **more})


def test_a_ladder_has_prices_and_reasons(problem: eca.Problem) -> None:
    offers = ask(problem, mw=[2.5, 5, 6], margin_gbp_per_mwh=1.5)
    assert [rung["price_gbp_per_mwh"] for rung in offers] == [61.5, 31.5, None]
    assert offers[1]["parts"]["event_energy_gbp"] == pytest.approx(-250)
    assert offers[2]["refused"] == "5.000 MW can be delivered in every period"
    assert offers[2]["deliverable_mwh"] == [2.5, 2.5]
    assert str(offers).splitlines()[1] == "5 MW x 2 SP: 31.50 GBP/MWh"
    assert repr(offers) == "<eca.Offers london dso_flex: 2 of 3 rungs>"
    assert eca.Offers.from_json(offers.to_json()).to_dict() == offers.to_dict()


def test_a_frame_has_a_row_for_each_rung(problem: eca.Problem) -> None:
    pytest.importorskip("pandas")
    frame = ask(problem, mw=[2.5, 5], lengths=[1, 2]).to_frame()
    assert list(frame["settlement_periods"]) == [1, 1, 2, 2]
    assert list(frame["mw"]) == [2.5, 5.0, 2.5, 5.0]
    assert list(frame["price_gbp_per_mwh"]) == [60.0, 30.0, 60.0, 30.0]


def test_what_is_sold_is_not_sold_again(problem: eca.Problem) -> None:
    offers = ask(problem, mw=[3])
    sold = offers.commitment(0, "first", penalty=eca.Penalty(price_gbp_per_mwh=500))
    assert (sold.committed_mw, sold.price_gbp_per_mwh, sold.route) == ((3.0, 3.0), 50.0, "dso_flex")
    richer = eca.Problem(
        horizon=problem.horizon, regions=problem.regions, jobs=problem.jobs, commitments=[sold]
    )
    assert richer.commitments == (sold,)
    again = ask(richer, route="neso_dfs", mw=[2, 3])
    assert [rung["price_gbp_per_mwh"] for rung in again] == [0.0, None]
    plan = richer.solve()
    assert plan.check(richer) and not plan.broken_limits
    assert plan.to_dict()["commitments"][0]["delivered_mwh"] == [1.5, 1.5]


def test_check_offer_says_what_can_be_delivered(problem: eca.Problem) -> None:
    offer = eca.Commitment(
        "offer", route="dso_flex", region="london", settlement_periods=PERIODS, committed_mw=9, baseline_mw=5
    )
    assert eca.check_offer(problem, offer) == [2.5, 2.5]
    assert eca.check_offer(problem, offer.to_dict()) == [2.5, 2.5]


def test_probability_follows_from_quantiles(problem: eca.Problem) -> None:
    offers = ask(problem, mw=[4], import_error_mw={0.1: -1, 0.5: 0, 0.9: 2}, shortfall_gbp_per_mwh=100)
    assert offers[0]["delivery_probability_frac"] == pytest.approx(0.7)
    assert offers[0]["risk_gbp_per_mwh"] == pytest.approx(5)


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"mw": []}, eca.EcaValueError, "at least one power"),
        ({"mw": [-1]}, eca.EcaValueError, "mw = -1"),
        ({"settlement_periods": "2026-03-02"}, eca.EcaValueError, "settlement periods such as"),
        ({"settlement_periods": [("2026-03-02", 49)]}, eca.EcaDocumentError, "settlement periods 1 to 48"),
        ({"region": "paris"}, eca.EcaUnknownError, "`paris`"),
        ({"route": "nobody"}, eca.EcaDocumentError, "nobody"),
        ({"lengths": [3]}, eca.EcaValueError, "must be 1 to 2"),
        ({"ramp_min": 31}, eca.EcaValueError, "ramp_min = 31"),
        ({"power": 1}, TypeError, "power"),
    ],
)
def test_what_is_no_request_is_refused(
    problem: eca.Problem, more: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        ask(problem, **more)


def test_the_command_line_prices_a_request(
    problem: eca.Problem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [{"settlement_date": date, "settlement_period": number} for date, number in PERIODS]
    request = {
        "format": "eca-offer-request/1",
        "region": "london",
        "route": "dso_flex",
        "mw": [5, 6],
        "settlement_periods": named,
    }
    problem.write(tmp_path / "problem.json")
    (tmp_path / "request.json").write_text(json.dumps(request))
    words = ["offers", str(tmp_path / "problem.json"), str(tmp_path / "request.json")]
    assert main([*words, "-o", str(tmp_path / "offers.json")]) == 0
    assert "5 MW x 2 SP: 30.00 GBP/MWh\n6 MW x 2 SP: not offered" in capsys.readouterr().out
    assert json.loads((tmp_path / "offers.json").read_text())["rungs"][0]["price_gbp_per_mwh"] == 30.0
    assert main(["--json", *words]) == 0
    assert json.loads(capsys.readouterr().out)["rungs"][1]["price_gbp_per_mwh"] is None
    request["mw"] = [6]
    (tmp_path / "request.json").write_text(json.dumps(request))
    assert main(words) == 1
