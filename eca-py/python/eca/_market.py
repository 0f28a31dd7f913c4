"""What stands around a settlement: submissions with their deadlines, and the verbs that sell, check, share and compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _eca
from ._errors import bad_value
from ._keywords import checked
from ._parts import TimeLike, time

if TYPE_CHECKING:
    from argparse import Namespace

    from ._problem import Problem

Say = Callable[[str], None]


@checked("eca.submissions")
def submissions(event: Mapping[str, Any] | str, *, now: TimeLike | None = None) -> list[dict[str, Any]]:
    """The submissions to the market that an event needs, the first deadline first, as they stand at `now` (the clock, if None).

    Each has ``flow``, the period, ``due``, ``volume_mwh`` where it is known ahead, what the event document says of it, ``needed``,
    and ``standing``: ``in_force``, ``waiting`` (sent in time, no answer), ``open`` or ``missed``.

    >>> import eca, eca.sample
    >>> event, _, _ = eca.sample.event()
    >>> due = eca.submissions({**event, "submissions": []}, now="2026-02-19T12:00:00Z")
    >>> due[0]["flow"], due[0]["due"], due[0]["standing"]
    ('wman', '2026-02-19T16:00:00Z', 'open')
    """
    text = event if isinstance(event, str) else json.dumps(event)
    instant = time("eca.submissions", "now", datetime.now(timezone.utc).replace(microsecond=0) if now is None else now)
    found: list[dict[str, Any]] = json.loads(_eca.submissions(text, instant))
    return found


def _read(path: str) -> str:
    from ._problem import read_text

    return read_text(path)


def _json(path: str) -> Any:
    """A JSON file; what is none is told with its name."""
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise bad_value(path, "document", str(error), "must be JSON") from None


def _write(path: str | None, problem: Problem, say: Say) -> list[str]:
    if path is None:
        return []
    Path(path).write_text(problem.to_json() + "\n", encoding="utf-8")
    say(f"wrote {path}")
    return [path]


def run_submissions(options: Namespace, say: Say) -> dict[str, Any]:
    """``submissions EVENT``: passed unless something that is needed was missed."""
    found = submissions(_read(options.event), now=options.now)
    for each in found:
        volume = "" if each["volume_mwh"] is None else f" {each['volume_mwh']} MWh"
        told = "" if each["status"] is None else f" ({each['status']})"
        needed = "" if each["needed"] else ", not needed"
        period = f"{each['settlement_date']} SP{each['settlement_period']}"
        say(f"{each['due']} {each['flow']} for {period}{volume}: {each['standing'].replace('_', ' ')}{told}{needed}")
    missed = any(each["needed"] and each["standing"] == "missed" for each in found)
    return {"passed": not missed, "submissions": found}


def run_accept(options: Namespace, say: Say) -> dict[str, Any]:
    """``accept PROBLEM PLAN``: what the plan takes is sold."""
    from ._plan import Plan
    from ._problem import Problem

    problem = Problem.read(options.problem)
    made = problem.accept(Plan.read(options.plan, problem))
    new = made.commitments[len(problem.commitments) :]
    for each in new:
        say(f"sold `{each.id}` on {each.route}: {len(each.settlement_periods)} settlement periods")
    if not new:
        say("the plan takes nothing")
    files = _write(options.output, made, say)
    return {"passed": True, "commitments": [each.to_dict() for each in new], "problem_hash": made.hash, "files": files}


def run_sell(options: Namespace, say: Say) -> dict[str, Any]:
    """``sell PROBLEM OFFERS RUNG``: a rung that was bought becomes a commitment of the problem."""
    from ._flex import Offers, Penalty
    from ._problem import Problem

    problem = Problem.read(options.problem)
    offers = Offers.from_json(_read(options.offers))
    price = options.penalty_gbp_per_mwh
    penalty = None if price is None else Penalty(price_gbp_per_mwh=price)
    commitment = offers.commitment(options.rung, options.id, penalty=penalty)
    made = problem.add_commitment(commitment)
    rung = offers[options.rung]
    size = f"{rung['mw']:g} MW x {len(rung['settlement_periods'])} SP"
    say(f"sold `{options.id}`: {size} at {rung['price_gbp_per_mwh']:.2f} GBP/MWh")
    files = _write(options.output, made, say)
    return {"passed": True, "commitments": [commitment.to_dict()], "problem_hash": made.hash, "files": files}


def run_check_offer(options: Namespace, say: Say) -> dict[str, Any]:
    """``check-offer PROBLEM OFFER``: passed if all of the offer can be delivered."""
    from ._flex import check_offer
    from ._problem import Problem

    offer = _json(options.offer)
    found = check_offer(
        Problem.read(options.problem), offer, engine=options.engine, gap=options.gap, time_limit_s=options.time_limit_s
    )
    committed = offer["committed_mw"]
    wanted = [mw / 2 for mw in (committed if isinstance(committed, list) else [committed] * len(found))]
    for period, mwh, most in zip(offer["settlement_periods"], wanted, found, strict=True):
        say(f"{period['settlement_date']} SP{period['settlement_period']}: {most:.3f} of {mwh:.3f} MWh")
    # A kWh is the least that is sold.
    passed = all(most >= mwh - 5e-4 for mwh, most in zip(wanted, found, strict=True))
    return {"passed": passed, "offered_mwh": wanted, "deliverable_mwh": found}


def run_baseline(options: Namespace, say: Say) -> dict[str, Any]:
    """``baseline REQUEST METERS``."""
    cut = None if options.as_of is None else time("baseline", "as_of", options.as_of)
    found = json.loads(_eca.baseline(_read(options.request), _read(options.meters), cut))
    for each in found["periods"]:
        say(f"{each['settlement_date']} SP{each['settlement_period']}: {each['baseline_wh'] / 1e6:.3f} MWh")
    for days in found["days"]:
        say(f"{days['settlement_date']} ({days['class']} day): used {', '.join(days['used'])}")
        for left in days["excluded"]:
            say(f"  left out {left['settlement_date']}: {left['reason'].replace('_', ' ')}")
    if (moved := found["adjustment"]) is not None:
        added = f"moved by the same day: {moved['added_wh'] / 1e6:+.3f} MWh"
        say(added if moved["factor"] is None else "scaled by the same day")
    return {"passed": True, "baseline": found}


def run_fund(options: Namespace, say: Say) -> dict[str, Any]:
    """``fund CONTRIBUTIONS BENEFICIARIES``: contributions are a list of ``id`` and ``amount_ugbp``, or a ledger."""
    text = _read(options.contributions)
    given = text if text.lstrip().startswith("[") else json.dumps(_of_ledger(text))
    made = _eca.distribute(given, _read(options.beneficiaries), json.dumps(options.allocation), options.carried_in_ugbp)
    lines: list[dict[str, Any]] = json.loads(made)
    for line in lines:
        say(f"{line['entry'].replace('_', ' '):13} {line['id']:24} {line['amount_ugbp'] / 1e6:16,.6f} GBP")
    return {"passed": sum(line["amount_ugbp"] for line in lines) == 0, "lines": lines}


def _of_ledger(text: str) -> list[dict[str, Any]]:
    """What each event gives to the fund at its latest run."""
    # Reading it as a ledger refuses what is no record, and runs out of order.
    _eca.report(text, None, None)
    records = [json.loads(line) for line in text.splitlines() if line.strip()]
    latest = {record["event_id"]: record["totals"]["social_tariff_ugbp"] for record in records}
    return [{"id": name, "amount_ugbp": amount} for name, amount in latest.items()]
