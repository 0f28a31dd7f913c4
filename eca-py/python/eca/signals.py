"""Prices and carbon."""

from __future__ import annotations
from typing import Any


class Signals:
    pass


def fill_regions(places: Any, signals: Any, horizon: Any) -> Any:
    raise NotImplementedError
