"""Forecasts of a series, with quantiles and a back-test."""

from __future__ import annotations
