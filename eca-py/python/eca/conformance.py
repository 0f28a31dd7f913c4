"""What every adapter must pass. Call these functions from your own tests; an empty list means that nothing is wrong.

They need somebody who lets time pass: :class:`FakeTime` for an adapter that lives in the time of its options,
:class:`RealTime` for a device.

>>> import eca
>>> class Broken:
...     def read(self, options):
...         return {"at": options["now"], "import_mw": -1, "export_mw": 0, "import_wh": 0, "export_wh": 0}
>>> eca.conformance.meter(Broken(), eca.conformance.FakeTime())[0].rule
'a meter can be read'
"""

from __future__ import annotations

import json
import time as _clock
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from . import _eca
from ._live import Meter, SignalSource, StorageDevice, Workloads, _function
from ._parts import Battery, utc

__all__ = ["FakeTime", "Finding", "RealTime", "Stage", "meter", "signal_source", "storage_device", "workloads"]


@dataclass(frozen=True)
class Finding:
    """One rule that an adapter broke."""

    #: The rule, in words.
    rule: str
    #: What was seen.
    seen: str


class Stage(Protocol):
    """Somebody who lets time pass."""

    #: Time in which a device does what it was told, s.
    settle_s: int
    #: Length of the commands of the test, s.
    command_s: int

    def now_s(self) -> int:
        """The present instant, seconds since 1970 UTC."""

    def wait_s(self, seconds: int) -> None:
        """Comes back when so many seconds have passed."""


class FakeTime:
    """Time that passes when it is told to."""

    def __init__(self, now: datetime | str = "2026-03-02T00:00:00Z", *, settle_s: int = 5, command_s: int = 600) -> None:
        self._now_s = int(utc(now).timestamp()) if isinstance(now, str) else int(now.timestamp())
        self.settle_s = settle_s
        self.command_s = command_s

    def now_s(self) -> int:
        return self._now_s

    def wait_s(self, seconds: int) -> None:
        self._now_s += seconds


class RealTime:
    """Time that passes by itself."""

    def __init__(self, *, settle_s: int = 5, command_s: int = 600) -> None:
        self.settle_s = settle_s
        self.command_s = command_s

    def now_s(self) -> int:
        return int(_clock.time())

    def wait_s(self, seconds: int) -> None:
        _clock.sleep(seconds)


def _judge(kind: str, like: object, adapter: Any, stage: Stage) -> list[Finding]:
    def clock(name: str, seconds: int = 0) -> int:
        if name == "wait":
            stage.wait_s(seconds)
        if name in ("settle", "command"):
            return stage.settle_s if name == "settle" else stage.command_s
        return stage.now_s()

    return [Finding(*found) for found in _eca.conform(kind, json.dumps(like), _function(adapter), clock)]


def workloads(adapter: Workloads, job: str, region: str, stage: Stage) -> list[Finding]:
    """Runs one job through run, pause and resume, with repetitions, late and early commands.

    ``job`` names a preemptible job that has not started and has more work than the test takes. It is left paused.
    """
    return _judge("cluster", [job, region], adapter, stage)


def storage_device(adapter: StorageDevice, battery: Battery, stage: Stage) -> list[Finding]:
    """Runs a battery through charge, discharge, rest, repetitions, late and early commands. It should be half full."""
    return _judge("battery", battery.to_dict(), adapter, stage)


def meter(adapter: Meter, stage: Stage) -> list[Finding]:
    """Reads a meter a few times while the load behind it hardly changes."""
    return _judge("meter", None, adapter, stage)


def signal_source(adapter: SignalSource, region: str, column: str, hours: int, stage: Stage) -> list[Finding]:
    """Fetches a column of a region for the next hours, of which the source knows at least the first."""
    return _judge("signals", [region, column, hours], adapter, stage)
