"""Series files, frames and answers of market services, as problems use them."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import data_file

import eca

HOURS = """start,region,import_price_gbp_per_mwh,carbon_g_per_kwh
2026-03-02T00:00Z,london,80,210
2026-03-02T01:00Z,london,95,190
2026-03-02T00:00Z,north-scotland,60,20
2026-03-02T01:00Z,north-scotland,,30
"""
DAY = eca.Horizon(start="2026-03-02T00:00:00Z", step_min=30, periods=4)
SITE: dict[str, Any] = {"it_capacity_mw": 1, "import_limit_mw": 2}


def tidy(**changes: Any) -> pd.DataFrame:
    """Two hours of London as a frame."""
    columns = {
        "start": pd.date_range("2026-03-02", periods=2, freq="h", tz="UTC"),
        "region": "london",
        "import_price_gbp_per_mwh": [80.0, 95.0],
        "carbon_g_per_kwh": [210, 190],
    }
    return pd.DataFrame({**columns, **changes})


def test_files_text_and_frames_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(HOURS)
    text = eca.signals.parse_csv(HOURS)
    assert text.regions == ("london", "north-scotland")
    assert text.columns == ("import_price_gbp_per_mwh", "carbon_g_per_kwh")
    for other in (
        eca.signals.read_csv(tmp_path / "day.csv"),
        eca.signals.read_csv(str(tmp_path / "day.csv")),
        eca.signals.read_csv(io.StringIO(HOURS)),
        eca.Signals.from_frame(text.to_frame()),
        eca.Signals.from_frame(text.to_frame(engine="polars")),
    ):
        assert other.to_csv() == text.to_csv()


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_frame_gives_a_problem_its_series(engine: str) -> None:
    frame: Any = tidy() if engine == "pandas" else pl.DataFrame(tidy().to_dict("list"))
    problem = eca.Problem(frame, horizon=DAY, regions=[eca.Region("london", **SITE)])
    assert problem.regions[0].import_price_gbp_per_mwh == (80, 80, 95, 95)
    assert eca.Problem.from_frame(frame, horizon=DAY, regions=[eca.Region("london", **SITE)]) == problem
    own = eca.Problem(frame, regions=[eca.Region("london", carbon_g_per_kwh=1, **SITE)])
    assert own.horizon == eca.Horizon(start=DAY.start, step_min=60, periods=2)
    assert own.regions[0].carbon_g_per_kwh == 1.0


def test_a_frame_may_have_its_times_in_the_index_and_in_local_time() -> None:
    frame = tidy(start=pd.date_range("2026-07-01T01:00", periods=2, freq="h", tz="Europe/London")).set_index("start")
    problem = eca.Problem(frame, regions=[eca.Region("london", **SITE)])
    assert problem.horizon.start == "2026-07-01T00:00:00Z"


@pytest.mark.parametrize(
    "frame",
    [
        tidy(start=pd.date_range("2026-03-02", periods=2, freq="h")),
        pl.DataFrame({"start": [datetime(2026, 3, 2)], "region": ["london"], "carbon_g_per_kwh": [1.0]}),
    ],
    ids=["pandas", "polars"],
)
def test_naive_times_are_refused_with_the_fix(frame: Any) -> None:
    with pytest.raises(eca.EcaTimeError, match="column start of the frame.*make the column aware"):
        eca.Signals.from_frame(frame)


def test_gaps_stay_gaps_until_somebody_decides() -> None:
    found = eca.signals.parse_csv(HOURS)
    with pytest.raises(
        eca.EcaGapError, match="import_price_gbp_per_mwh of north-scotland has no value for 2 of 4"
    ) as caught:
        found.align(DAY)
    assert (caught.value.missing, caught.value.periods) == (2, 4)
    assert "2026-03-02T01:00:00Z" in caught.value.first
    held = found.align(DAY, gap="hold")
    assert held.values("north-scotland", "import_price_gbp_per_mwh") == (60, 60, 60, 60)
    assert held.filled("north-scotland", "import_price_gbp_per_mwh") == (2, 3)
    with pytest.raises(eca.EcaGapError):
        found.align(DAY, gap="hold", hold_periods=1)
    with pytest.raises(eca.EcaUnknownError, match="error, hold, forecast"):
        found.align(DAY, gap="zero")
    assert found.align(DAY, regions=["london"]).regions == ("london",)
    missing = tidy(import_price_gbp_per_mwh=[80.0, np.nan])
    with pytest.raises(eca.EcaGapError, match="import_price_gbp_per_mwh of london"):
        eca.Problem(missing, horizon=DAY, regions=[eca.Region("london", **SITE)])


def test_aligned_signals_go_into_a_problem_and_into_frames() -> None:
    aligned = eca.signals.parse_csv(HOURS).align(DAY, gap="hold")
    problem = eca.Problem(aligned, regions=[eca.Region(name, **SITE) for name in aligned.regions])
    assert problem.horizon == DAY and "2 values filled" in repr(aligned)
    assert len(aligned.to_frame()) == aligned.to_frame(engine="polars").height == 8
    with pytest.raises(eca.EcaUnknownError, match="signals have no solar_mw of london"):
        aligned.values("london", "solar_mw")
    with pytest.raises(eca.EcaValueError, match="must be that of the signals"):
        eca.Problem(aligned, horizon=eca.Horizon.day("2026-03-03"), regions=[eca.Region("london", **SITE)])
    with pytest.raises(eca.EcaUnknownError, match="region `paris` has no series in the signals; known: london"):
        eca.Problem(aligned, regions=[eca.Region("paris", **SITE)])
    with pytest.raises(eca.EcaValueError, match="frame = int, must be a pandas or polars frame"):
        eca.Problem(3, regions=[eca.Region("paris", **SITE)])


WIDE = "utc_start,gb_day_ahead_eur_per_mwh,gb_carbon_lifecycle_g_per_kwh,gb_carbon_direct_g_per_kwh\n" + "".join(
    f"2026-03-02T{hour:02}:00:00Z,{100 - hour},200,150\n" for hour in range(3)
)
MAP = {"gb.import_price_gbp_per_mwh": "gb_day_ahead_eur_per_mwh"}


def test_foreign_prices_need_a_rate_that_is_kept() -> None:
    with pytest.raises(eca.EcaCurrencyError, match="gb_day_ahead_eur_per_mwh` is in EUR; give the rate") as caught:
        eca.signals.parse_csv(WIDE, map=MAP)
    assert (caught.value.currency, caught.value.column) == ("EUR", "gb_day_ahead_eur_per_mwh")
    found = eca.signals.parse_csv(WIDE, map=MAP, gbp_per_eur=0.88)
    assert found.align(found.horizon()).values("gb", "import_price_gbp_per_mwh")[0] == pytest.approx(88)
    assert found.provenance("gb", "import_price_gbp_per_mwh")["rate"] == {"currency": "EUR", "gbp_per_unit": 0.88}
    assert eca.signals.parse_csv(WIDE, map=MAP, rates={"EUR": 0.88}).to_csv() == found.to_csv()
    for rate in (0, -1, float("nan")):
        with pytest.raises(eca.EcaValueError, match="gbp_per_eur"):
            eca.signals.parse_csv(WIDE, map=MAP, gbp_per_eur=rate)


def test_lifecycle_carbon_is_the_default() -> None:
    for accounting, carbon in ((None, 200.0), ("direct", 150.0)):
        choices = {} if accounting is None else {"carbon_accounting": accounting}
        found = eca.signals.parse_csv(WIDE, map=MAP, gbp_per_eur=1, **choices)  # type: ignore[arg-type]
        assert found.align(found.horizon()).values("gb", "carbon_g_per_kwh")[0] == carbon


@pytest.mark.parametrize(
    ("text", "cls", "message"),
    [
        ("", eca.EcaParseError, "csv"),
        ("start,region,carbon_g_per_kwh\n2026-03-02T00:00,gb,1\n", eca.EcaTimeError, "write Z"),
        ("start,region,carbon_g_per_kwh\n2026-03-02T00:00Z,gb,low\n", eca.EcaParseError, "line 2"),
        ("start,region,carbon_g_per_kwh\n2026-03-02T00:00Z,gb,-1\n", eca.EcaParseError, "at least 0"),
        ("start,region,co2\n2026-03-02T00:00Z,gb,1\n", eca.EcaParseError, "co2"),
        (
            "start,region,carbon_g_per_kwh\n"
            + "2026-03-02T00:00Z,gb,1\n2026-03-02T01:00Z,gb,1\n2026-03-02T01:00Z,gb,2\n",
            eca.EcaTimeError,
            "twice",
        ),
    ],
)
def test_bad_files_are_refused_by_line(text: str, cls: type[eca.EcaError], message: str) -> None:
    with pytest.raises(cls) as caught:
        eca.signals.parse_csv(text)
    assert message in str(caught.value)


def test_choices_have_helpful_errors() -> None:
    with pytest.raises(TypeError, match="did you mean 'gbp_per_eur'"):
        eca.signals.read_csv(io.StringIO(WIDE), gbp_eur=0.88)
    with pytest.raises(eca.EcaUnknownError, match="refuse, keep_first, keep_last"):
        eca.signals.parse_csv(HOURS, duplicates="sum")
    with pytest.raises(eca.EcaUnknownError, match="`day_ahead`"):
        eca.signals.parse_csv(WIDE, map={"gb.import_price_gbp_per_mwh": "day_ahead"})
    with pytest.raises(TypeError, match="read_csv"):
        eca.Signals()


def test_signals_are_merged_and_copied() -> None:
    head, *lines = HOURS.splitlines()
    first = eca.signals.parse_csv("\n".join([head, lines[0]]), step_min=60)
    second = eca.signals.parse_csv("\n".join([head, lines[1]]), step_min=60)
    both = first.merge(second).copy("import_price_gbp_per_mwh", source="london", target="leeds")
    assert both.span("leeds", "import_price_gbp_per_mwh") == (
        datetime(2026, 3, 2, tzinfo=timezone.utc),
        datetime(2026, 3, 2, 2, tzinfo=timezone.utc),
    )
    assert both.columns_of("leeds") == ("import_price_gbp_per_mwh",)


def test_answers_of_the_carbon_intensity_service() -> None:
    answer = {
        "data": [
            {
                "from": "2026-02-19T17:00Z",
                "to": "2026-02-19T17:30Z",
                "intensity": {"forecast": 210, "actual": None, "index": "moderate"},
            }
        ]
    }
    for given in (answer, json.dumps(answer)):
        assert "2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,gb,210" in eca.signals.neso(given).to_csv()
    assert "gb,\n" in eca.signals.neso(answer, value="actual").to_csv()
    with pytest.raises(eca.EcaParseError):
        eca.signals.neso({"error": {"code": "400 Bad Request", "message": "no"}})


def test_the_csv_of_the_carbon_intensity_service() -> None:
    text = data_file("grid/neso_gb_carbon_2020_06.csv").read_text(encoding="utf-8")
    with pytest.raises(eca.EcaTimeError, match="2020-06-10T10:00:00Z"):
        eca.signals.neso(text, value="actual")
    found = eca.signals.neso(text, value="actual", duplicates="keep_first")
    day = eca.Horizon.day("2020-06-10")
    with pytest.raises(eca.EcaGapError, match="2 of 48 periods, first 2020-06-10T09:00:00Z"):
        found.align(day)
    assert found.align(day, gap="hold").filled("gb", "carbon_g_per_kwh") == (20, 28)


def test_answers_of_elexon_and_octopus() -> None:
    price = {"settlementDate": "2026-02-19", "settlementPeriod": 35, "startTime": "2026-02-19T17:00:00Z"}
    system = eca.signals.elexon(
        {"data": [{**price, "systemSellPrice": 95.5, "systemBuyPrice": 95.5}]}, dataset="system_prices"
    )
    assert system.columns == ("system_price_gbp_per_mwh",)
    with pytest.raises(eca.EcaValueError, match="system_prices or market_index"):
        eca.signals.elexon([], dataset="prices")
    page = {
        "count": 1,
        "next": "https://example.org/?page=2",
        "previous": None,
        "results": [
            {
                "value_exc_vat": 19.5,
                "value_inc_vat": 20.475,
                "valid_from": "2026-02-19T17:00:00Z",
                "valid_to": "2026-02-19T17:30:00Z",
                "payment_method": None,
            }
        ],
    }
    assert "london,195" in eca.signals.octopus(page, region="london").to_csv()
    assert "london,204.75" in eca.signals.octopus(page, region="london", inc_vat=True).to_csv()
    assert eca.signals.octopus_next_page(page) == "https://example.org/?page=2"


# ---- forecasts ------------------------------------------------------------------------------------------------------


def history(days: int = 28) -> tuple[eca.Horizon, list[float]]:
    span = eca.Horizon(start="2026-02-02T00:00:00Z", step_min=60, periods=days * 24)
    return span, [100.0 + 10 * (t % 24) + (t // 24 % 7) for t in range(span.periods)]


def test_a_forecast_learns_the_day_and_has_quantiles() -> None:
    span, values = history()
    gapped: list[float | None] = [None if t % 50 == 0 else value for t, value in enumerate(values)]
    tomorrow = eca.Horizon(start=span.end, step_min=60, periods=24)
    for given in (gapped, np.array(gapped, dtype=float), pd.Series(gapped, dtype=float)):
        forecast = eca.forecast.predict(given, span, tomorrow, quantiles=(0.1, 0.9), low=0)
        assert max(abs(mean - (100 + 10 * t)) for t, mean in enumerate(forecast.mean)) < 15
        assert list(forecast.quantiles) == [0.1, 0.9]
        assert all(low <= high for low, high in zip(*forecast.quantiles.values(), strict=True))
    frame = forecast.to_frame()
    assert list(frame.columns) == ["start", "mean", "q10", "q90"] and len(frame) == 24


def test_a_back_test_says_whether_to_trust_it() -> None:
    span, values = history()
    report = eca.forecast.backtest(values, span, train_days=14)
    assert (report.origins, report.compared) == (14, 14 * 24)
    assert report.naive_week.mae == pytest.approx(0, abs=1e-9) and report.model.rmse >= report.model.mae
    assert set(report.coverage) == {0.1, 0.5, 0.9}
    with pytest.raises(eca.EcaValueError, match="train_days = 3"):
        eca.forecast.backtest(values, span, train_days=3)
    with pytest.raises(TypeError, match="did you mean 'ridge'"):
        eca.forecast.backtest(values, span, rigde=3)
    with pytest.raises(eca.EcaLengthError):
        eca.forecast.fit(values[:-1], span)
    with pytest.raises(eca.EcaValueError, match="horizon = str, must be an eca.Horizon"):
        eca.forecast.fit(values, "2026-02-02")  # type: ignore[arg-type]
