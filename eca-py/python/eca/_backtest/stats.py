"""Means over days and how far they can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

#: Two-sided.
LEVEL = 0.95


def t_cdf(t: float, degrees: int) -> float:
    """P(T <= t) of Student's t; exact for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan2(t, math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = degrees % 2 == 1
    term, total = (cosine, cosine if degrees > 1 else 0.0) if odd else (1.0, 1.0)
    for k in range(2 if odd else 1, degrees - 1, 2):
        term *= k / (k + 1) * cosine * cosine
        total += term
    within = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return 0.5 + 0.5 * within


@lru_cache(maxsize=None)
def t_quantile(degrees: int) -> float:
    """How many standard errors the interval reaches to either side."""
    low, high = 0.0, 1000.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if t_cdf(middle, degrees) < 0.5 + LEVEL / 2 else (low, middle)
    return high


Interval = tuple[float, "float | None", "float | None"]


def mean(values: Sequence[float]) -> Interval:
    """Mean and its 95 % interval by Student's t; no interval for fewer than two values.

    The values count as independent. Neighbouring days are alike, so that over one unbroken spell the interval is too
    narrow; days spread over the seasons mend that.
    """
    count = len(values)
    middle = math.fsum(values) / count
    if count < 2:
        return middle, None, None
    variance = math.fsum((value - middle) ** 2 for value in values) / (count - 1)
    reach = t_quantile(count - 1) * math.sqrt(variance / count)
    return middle, middle - reach, middle + reach


def ratio(parts: Sequence[float], wholes: Sequence[float]) -> Interval | None:
    """Sum of parts over sum of wholes with its 95 % interval (linearised); None where the wholes are not above 0."""
    whole = math.fsum(wholes)
    if not whole > 0:
        return None
    found = math.fsum(parts) / whole
    count = len(parts)
    if count < 2:
        return found, None, None
    rests = math.fsum((part - found * each) ** 2 for part, each in zip(parts, wholes, strict=True)) / (count - 1)
    reach = t_quantile(count - 1) * math.sqrt(rests / count) / (whole / count)
    return found, found - reach, found + reach
