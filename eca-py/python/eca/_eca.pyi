"""The compiled module: documents go in and out as JSON."""

from collections.abc import Callable, Mapping, Sequence
from typing import final

__all__ = [
    "ENGINES",
    "ForecastModel",
    "Plan",
    "Problem",
    "SOLVERS",
    "Signals",
    "__version__",
    "backtest",
    "check_horizon",
    "octopus_next_page",
    "panic_on_purpose",
    "parse_time",
    "settlement_day",
]

__version__: str
ENGINES: tuple[str, ...]
SOLVERS: tuple[str, ...]

def parse_time(field: str, text: str) -> str: ...
def check_horizon(start: str, step_min: int, periods: int) -> str: ...
def settlement_day(date: str, step_min: int) -> tuple[str, int]: ...
def panic_on_purpose() -> None: ...

@final
class Problem:
    @staticmethod
    def from_json(text: str) -> Problem: ...
    def to_json(self) -> str: ...
    def hash(self) -> str: ...
    def warnings(self) -> str: ...
    def solve(
        self,
        *,
        engine: str,
        solver: str,
        gap: float,
        time_limit_s: float | None,
        node_limit: int | None,
        seed: int,
        references: bool,
        progress: Callable[[float, float | None, float | None, int, float | None, str, int], object] | None,
    ) -> tuple[Plan, str]: ...

@final
class Plan:
    @staticmethod
    def from_json(text: str) -> Plan: ...
    def to_json(self) -> str: ...
    def check(self, problem: Problem) -> str: ...

def octopus_next_page(text: str) -> str | None: ...
def backtest(
    history: tuple[str, int, int],
    values: Sequence[float | None],
    choices: Mapping[str, object],
    train_days: int,
    lead_periods: int | None,
    stride_periods: int | None,
) -> str: ...

@final
class Signals:
    @staticmethod
    def parse(source: str, text: str, choices: Mapping[str, object]) -> Signals: ...
    def regions(self) -> list[str]: ...
    def columns(self, region: str) -> list[str]: ...
    def warnings(self) -> list[str]: ...
    def span(self, region: str, column: str) -> tuple[str, str] | None: ...
    def provenance(self, region: str, column: str) -> str: ...
    def to_csv(self) -> str: ...
    def merge(self, other: Signals, duplicates: str) -> Signals: ...
    def copy(self, column: str, from_: str, to: str) -> Signals: ...
    def align(
        self, region: str, column: str, start: str, step_min: int, periods: int, gap: str, max_periods: int
    ) -> tuple[list[float], list[int], str]: ...
    def align_gaps(self, region: str, column: str, start: str, step_min: int, periods: int) -> list[float | None]: ...

@final
class ForecastModel:
    @staticmethod
    def fit(
        history: tuple[str, int, int], values: Sequence[float | None], choices: Mapping[str, object]
    ) -> ForecastModel: ...
    def predict(self, ahead: tuple[str, int, int]) -> tuple[list[float], list[tuple[float, list[float]]]]: ...
