"""Which problems a back-test solves: a template or function, days, sites and scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Union

from .._errors import EcaError, EcaUnknownError, bad_value
from .._parts import Battery, CarbonCap, Horizon, Job, Part, Service, number, parts_of
from .._problem import Problem
from ..signals import _SERIES, Signals
from .case import Case
from .days import DayLike, move, ordinary_day, read_days, whole_days
from .runner import Task
from .settings import settings_of

#: A function from a day (and a site) to the problem of that day.
ProblemOf = Callable[..., Problem]
#: How a scenario differs.
Change = Union[None, Mapping[str, Any], Callable[[Problem], Problem]]

#: What a scenario can replace, and with what.
_PARTS: dict[str, type[Part]] = {"batteries": Battery, "jobs": Job, "services": Service, "carbon_caps": CarbonCap}
_SETTINGS = ("engine", "solver", "gap", "time_limit_s", "node_limit", "seed")
_MISSING = ("error", "hold", "forecast")


class Builder:
    """Makes the problem of each case, one after the other; refuses by name what cannot be used at all."""

    cases: tuple[Case, ...]

    def __init__(
        self,
        problem: Any,
        signals: Any,
        days: Iterable[DayLike] | DayLike | None,
        sites: Iterable[str] | Mapping[str, Any] | None,
        scenarios: Mapping[str, Change] | None,
        missing: str,
        settings: dict[str, Any],
    ) -> None:
        if missing not in _MISSING:
            raise bad_value("backtest", "missing", repr(missing), f"must be one of {', '.join(_MISSING)}")
        self._missing = missing
        self._signals = signals if signals is None or isinstance(signals, Signals) else Signals.from_frame(signals)
        self._given = _problems(problem, sites)
        # With names of regions the template's only region is fed by each of them in turn.
        self._fed = sites is not None and not isinstance(sites, Mapping)
        if signals is not None and not any(isinstance(given, Problem) for given in self._given.values()):
            limit = "must be left out where problems come from functions; use them inside the function"
            raise bad_value("backtest", "signals", type(signals).__name__, limit)
        self._changes = _scenarios(scenarios)
        self._day: tuple[str, dict[tuple[str, int], dict[str, list[float]]]] = ("", {})
        self._settings = {name: _settings(settings, name, change) for name, change in self._changes.items()}
        self._templates: dict[tuple[str | None, str | None], dict[str, Any]] = {}
        for site, given in self._given.items():
            if isinstance(given, Problem):
                ordinary_day(given.horizon)
                self._feeds(site, given.to_dict())
                for name, change in self._changes.items():
                    self._templates[site, name] = _changed(given.to_dict(), name, change)
        read = self._all_days() if days is None else read_days(days)
        self.cases = tuple(Case(day, site, name) for day in read for site in self._given for name in self._changes)

    def _all_days(self) -> list[str]:
        templates = [(site, given) for site, given in self._given.items() if isinstance(given, Problem)]
        if self._signals is None or len(templates) < len(self._given):
            limit = "must be given where there are no signals and templates to find them"
            raise bad_value("backtest", "days", None, limit)
        regions = {source for site, given in templates for source in self._feeds(site, given.to_dict()).values()}
        found = whole_days(self._signals, sorted(regions), templates[0][1].horizon.step_min)
        if not found:
            raise bad_value("backtest", "days", None, "must be given: the signals cover no whole Europe/London day")
        return found

    def _feeds(self, site: str | None, document: dict[str, Any]) -> dict[str, str]:
        """Which region of the signals feeds which region of the problem."""
        regions = [region["id"] for region in document["regions"]]
        if self._fed and site is not None and len(regions) != 1:
            limit = f"must be 1 where sites are names of regions; give sites={{'{site}': a problem, ...}} instead"
            raise bad_value("backtest", "regions of the template", len(regions), limit)
        if self._signals is None:
            if not self._fed:
                return {}
            raise bad_value("backtest", "signals", None, "must be given where sites are names of their regions")
        feeds = {region: site if self._fed and site is not None else region for region in regions}
        for source in feeds.values():
            if source not in self._signals.regions:
                known = ", ".join(self._signals.regions)
                raise EcaUnknownError(
                    f"region `{source}` has no series in the signals; known: {known}",
                    object=f"region `{source}`",
                    field="id",
                    wanted="region",
                    id=source,
                    known=known,
                )
        return feeds

    def tasks(self, keep_plans: bool) -> Iterator[Task | tuple[int, str, str]]:
        """The tasks in the order of the cases; number, name and reason of a case that has no problem."""
        for index, case in enumerate(self.cases):
            try:
                text = self._problem(case).to_json()
            except (EcaError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                yield index, str(case), f"{type(error).__name__}: {error}"
            else:
                yield Task(index, str(case), text, self._settings[case.scenario], keep_plans)

    def _problem(self, case: Case) -> Problem:
        given, change = self._given[case.site], self._changes[case.scenario]
        if isinstance(given, Problem):
            document = move(self._templates[case.site, case.scenario], case.day)
        else:
            made = given(case.day, case.site) if self._fed else given(case.day)
            if not isinstance(made, Problem):
                raise bad_value(str(case), "the function's answer", type(made).__name__, "must be an eca.Problem")
            document = _changed(made.to_dict(), case.scenario, change)
        self._fill(document, case)
        if isinstance(change, Mapping):
            _scale(document, case.scenario, change.get("scale", {}))
        problem = Problem.from_dict(document)
        if callable(change):
            problem = change(problem)
            if not isinstance(problem, Problem):
                raise bad_value(str(case), "the scenario's answer", type(problem).__name__, "must be an eca.Problem")
        return problem

    def _fill(self, document: dict[str, Any], case: Case) -> None:
        """Puts the signals of the day into the regions."""
        template = isinstance(self._given[case.site], Problem)
        if self._signals is None or not template:
            return
        horizon = Horizon(**document["horizon"])
        feeds = self._feeds(case.site, document)
        for region in document["regions"]:
            region.update(self._series(case.day, feeds[region["id"]], horizon))

    def _series(self, day: str, source: str, horizon: Horizon) -> dict[str, list[float]]:
        """The series of one region of the signals on one day; the last day is kept for its other cases."""
        if self._signals is None:
            return {}
        if self._day[0] != day:
            self._day = (day, {})
        known, key = self._day[1], (source, horizon.step_min)
        if key not in known:
            columns = [column for column in self._signals.columns_of(source) if column in _SERIES]
            ready = self._signals.align(horizon, gap=self._missing, regions=[source], columns=columns)
            known[key] = {column: list(ready.values(source, column)) for column in columns}
        return known[key]


def _problems(problem: Any, sites: Any) -> dict[str | None, Any]:
    """A template or function for each site."""
    if isinstance(sites, str):
        raise bad_value("backtest", "sites", repr(sites), f"must be a list of names, for example [{sites!r}]")
    if isinstance(sites, Mapping):
        if problem is not None:
            raise bad_value("backtest", "problem", type(problem).__name__, "must be None where sites have their own")
        found: dict[str | None, Any] = dict(sites)
    else:
        found = {None: problem} if sites is None else {site: problem for site in sites}
    if not found:
        raise bad_value("backtest", "sites", repr(sites), "must name at least one site")
    for site, given in found.items():
        if site is not None and not isinstance(site, str):
            raise bad_value("backtest", "sites", repr(site), "must be text")
        if not isinstance(given, Problem) and not callable(given):
            limit = "must be an eca.Problem, or a function from a day to one"
            raise bad_value("backtest", "problem" if site is None else f"sites['{site}']", type(given).__name__, limit)
    return found


def _scenarios(scenarios: Any) -> dict[str | None, Change]:
    if scenarios is None:
        return {None: None}
    if not isinstance(scenarios, Mapping) or not scenarios:
        raise bad_value("backtest", "scenarios", repr(scenarios), "must be a mapping from names to changes")
    known = (*_PARTS, "regions", "scale", *_SETTINGS)
    for name, change in scenarios.items():
        if not isinstance(name, str):
            raise bad_value("backtest", "scenarios", repr(name), "must be text")
        if change is None or callable(change):
            continue
        if not isinstance(change, Mapping):
            limit = "must be a mapping, None, or a function from a problem to a problem"
            raise bad_value(f"scenario `{name}`", "change", type(change).__name__, limit)
        for key in change:
            if key not in known:
                raise EcaUnknownError(
                    f"scenario `{name}` names change `{key}`, which does not exist; known: {', '.join(known)}",
                    object=f"scenario `{name}`",
                    field="change",
                    wanted="change",
                    id=str(key),
                    known=", ".join(known),
                )
    return dict(scenarios)


def _settings(settings: dict[str, Any], name: str | None, change: Change) -> dict[str, Any]:
    own = {key: change[key] for key in _SETTINGS if key in change} if isinstance(change, Mapping) else {}
    return settings_of(**{**settings, **own})


def _changed(document: dict[str, Any], scenario: str | None, change: Change) -> dict[str, Any]:
    """The document with what the scenario replaces; a document that is not valid then is refused."""
    if not isinstance(change, Mapping):
        return document
    owner = f"scenario `{scenario}`"
    for name, cls in _PARTS.items():
        if name in change:
            document[name] = [part.to_dict() for part in parts_of(owner, name, change[name], cls)]
    for region, values in dict(change.get("regions", {})).items():
        place = next((each for each in document["regions"] if each["id"] == region), None)
        if place is None:
            known = ", ".join(each["id"] for each in document["regions"])
            raise EcaUnknownError(
                f"{owner} names region `{region}`, which does not exist; known: {known}",
                object=owner,
                field="regions",
                wanted="region",
                id=str(region),
                known=known,
            )
        place.update(values)
    made = Problem.from_dict(document)
    # The series come later, with the signals; names and factors are looked at now.
    _scale(made.to_dict(), scenario, change.get("scale", {}))
    return made.to_dict()


def _scale(document: dict[str, Any], scenario: str | None, factors: Any) -> None:
    """Multiplies series of all regions."""
    owner = f"scenario `{scenario}`"
    if not isinstance(factors, Mapping):
        raise bad_value(owner, "scale", repr(factors), "must be a mapping from series of regions to factors")
    for name, factor in factors.items():
        if name not in _SERIES:
            raise EcaUnknownError(
                f"{owner} scales `{name}`, which no region has; known: {', '.join(_SERIES)}",
                object=owner,
                field="scale",
                wanted="series",
                id=str(name),
                known=", ".join(_SERIES),
            )
        factor = number(owner, f"scale[{name!r}]", factor)
        for region in document["regions"]:
            value = region.get(name)
            if isinstance(value, list):
                region[name] = [factor * each for each in value]
            elif value is not None:
                region[name] = factor * value
