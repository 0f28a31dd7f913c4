"""The running loop with adapters that are classes of Python: signals, plan, check, commands, readings, again and again."""

from __future__ import annotations

import _thread
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from . import _eca
from ._controller import Document, _text
from ._errors import bad_value
from ._keywords import checked
from ._parts import time
from ._problem import _clean

Function = Callable[[str, str], str]


class AdapterRefusal(Exception):
    """Raised by an adapter that says no: nothing was changed. Any other exception counts as no answer at all."""


class Workloads(Protocol):
    """Jobs of a cluster."""

    def observe(self, options: dict[str, Any]) -> Iterable[Mapping[str, Any]]:
        """Every job under control that is not finished: ``{"at": time, "job": document with its state}``, and where they
        are known ``power_mw`` and ``checkpoint_at``. ``options`` has ``now`` and ``max_age_s``."""

    def apply(self, action: dict[str, Any], options: dict[str, Any]) -> str:
        """Carries out a command at most once for each ``action["id"]``: ``done``, ``already_done``, ``early``, ``expired``,
        ``overtaken`` or ``would_do``. ``options`` has ``now``, ``grace_s`` and ``dry_run``."""


class StorageDevice(Protocol):
    """One battery."""

    def read(self, options: dict[str, Any]) -> Mapping[str, Any]:
        """``{"at", "soc_mwh", "charge_mw", "discharge_mw"}``, and where they are known ``reserve_mwh`` and
        ``dispatchable``."""

    def apply(self, action: dict[str, Any], options: dict[str, Any]) -> str:
        """As :meth:`Workloads.apply`, for ``charge``, ``discharge`` and ``idle``."""


class Meter(Protocol):
    """One connection to the grid."""

    def read(self, options: dict[str, Any]) -> Mapping[str, Any]:
        """``{"at", "import_mw", "export_mw", "import_wh", "export_wh"}``; registers never go back."""


class SignalSource(Protocol):
    """Prices and carbon."""

    def fetch(self, options: dict[str, Any]) -> str | Mapping[str, Any]:
        """A series file (CSV) that covers ``options["from"]`` to ``options["to"]``, just retrieved; or, where it is older,
        ``{"csv": text, "retrieved_at": time}``."""


def _instant(value: object) -> object:
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _document(value: object) -> str:
    return json.dumps(value, default=_instant, allow_nan=False)


def _answer(adapter: Any, operation: str, request: dict[str, Any]) -> str:
    if operation == "apply":
        return _document(adapter.apply(request["action"], request["options"]))
    if hasattr(adapter, "observe"):
        return _document(list(adapter.observe(request)))
    if hasattr(adapter, "fetch"):
        fetched = adapter.fetch(request)
        return _document({"csv": fetched, "retrieved_at": request["now"]} if isinstance(fetched, str) else fetched)
    return _document(adapter.read(request))


def _function(adapter: Any) -> Function:
    """The adapter as the core calls it. What it raises is told as text, and stops nothing."""

    def call(operation: str, request: str) -> str:
        try:
            return _answer(adapter, operation, json.loads(request))
        except AdapterRefusal as refusal:
            return _document({"refused": str(refusal)})
        except KeyboardInterrupt:
            # The turn ends in its safe way first; then the interrupt goes on.
            _thread.interrupt_main()
            raise

    return call


def _store(path: Path) -> Function:
    """State in a file that is replaced as a whole."""

    def call(operation: str, state: str) -> str:
        if operation == "load":
            return path.read_text(encoding="utf-8") if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        return ""

    return call


class LiveController:
    """Runs a site through its adapters. Call :meth:`tick` every minute, or as often as batteries have to be told.

    ``site`` is a problem or its document: regions, batteries, services and caps count, jobs come from the clusters. Adapters
    are objects with the methods of :class:`Workloads`, :class:`StorageDevice` (by battery), :class:`Meter` (by region) and
    :class:`SignalSource`. An adapter that raises has not answered; only :class:`AdapterRefusal` is an answer. By default
    (``shadow``) nothing is told to anybody, and :meth:`ledger` says what following ECA would have saved. ``state`` is a file
    that survives a restart. ``settings`` are ``max_reading_age_s``, ``max_signal_age_min``, ``hold_periods``, ``grace_s``,
    ``max_actions_per_tick``, ``follow_ticks`` and ``controller``, the document of a controller.

    >>> import eca
    >>> region = eca.Region("london", it_capacity_mw=1, import_limit_mw=2, import_price_gbp_per_mwh=[90, 40, 70],
    ...                     carbon_g_per_kwh=200)
    >>> problem = eca.Problem(horizon=eca.Horizon(start="2026-03-02T00:00:00Z", step_min=60, periods=3), regions=[region])
    >>> class Cluster:
    ...     def observe(self, options):
    ...         job = {"id": "train", "gpu_hours": 1, "points": [{"power_mw": 1, "gpu_hours_per_h": 1}]}
    ...         return [{"at": options["now"], "job": job}]
    ...     def apply(self, action, options):
    ...         print(action["command"]["run"]["region"], options["now"])
    ...         return "done"
    >>> live = eca.LiveController(problem, clusters=[Cluster()], shadow=False, view_periods=3)
    >>> live.tick("2026-03-02T00:00:00Z")["deliveries"]
    []
    >>> live.tick("2026-03-02T01:00:00Z")["deliveries"][0]["answer"]
    london 2026-03-02T01:00:00Z
    'done'
    """

    @checked("eca.LiveController")
    def __init__(
        self,
        site: Document,
        *,
        clusters: Iterable[Workloads] = (),
        batteries: Mapping[str, StorageDevice] | None = None,
        meters: Mapping[str, Meter] | None = None,
        signals: Iterable[SignalSource] = (),
        shadow: bool = True,
        view_periods: int = 48,
        state: str | os.PathLike[str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        text = _text(site)
        _known("batteries", batteries, json.loads(text).get("batteries", []))
        _known("meters", meters, json.loads(text).get("regions", []))
        parts = [("cluster", str(number), _function(adapter)) for number, adapter in enumerate(clusters)]
        parts += [("battery", name, _function(adapter)) for name, adapter in (batteries or {}).items()]
        parts += [("meter", name, _function(adapter)) for name, adapter in (meters or {}).items()]
        parts += [("signals", str(number), _function(adapter)) for number, adapter in enumerate(signals)]
        given = {**_clean(settings or {}, ""), "shadow": bool(shadow), "view_periods": view_periods}
        store = None if state is None else _store(Path(state))
        self._core = _eca.Loop(text, json.dumps(given), parts, store)

    def tick(self, now: datetime | str) -> dict[str, Any]:
        """Takes a turn, and says what happened: readings, the plan of a new period, commands and answers, ``problems``.

        It does not fail: what goes wrong stands in ``problems``, and the answer is the safe one.
        """
        return _loaded(self._core.tick(_time(now)))

    def close(self, now: datetime | str) -> dict[str, Any]:
        """Books the period that ends ``now``, at the end of a run."""
        return _loaded(self._core.close(_time(now)))

    def stop(self, reason: str) -> None:
        """Tells batteries to rest, and nobody anything else, until :meth:`resume`."""
        self._core.stop(reason)

    def resume(self) -> None:
        """Goes on after :meth:`stop`."""
        self._core.stop(None)

    def hold(self, *, job: str | None = None, battery: str | None = None, until: datetime | str) -> None:
        """Leaves a job or a battery to a person until then."""
        target = {"battery": {"id": battery}} if job is None else {"job": {"id": job, "copy": 0}}
        self._core.hold(json.dumps(target), _time(until))

    def ledger(self) -> dict[str, Any]:
        """What the site paid and emitted (``site``), and what ECA would have (``eca``), by name."""
        return _loaded(self._core.ledger())


def _known(field: str, given: Mapping[str, Any] | None, parts: list[dict[str, Any]]) -> None:
    names = [part["id"] for part in parts]
    for name in given or {}:
        if name not in names:
            raise bad_value("eca.LiveController", field, repr(name), f"must be one of the site: {', '.join(names)}")


def _loaded(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def _time(value: datetime | str) -> str:
    return time("eca.LiveController", "now", value)
