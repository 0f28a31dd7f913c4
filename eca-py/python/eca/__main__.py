"""The command line: ``python -m eca``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import ENGINES, __version__
from ._audit import run_audit
from ._demo import demo, dump, facts, summary
from ._errors import EcaCancelled, EcaCannotFitError, EcaError, EcaInfeasibleError, EcaInternalError, EcaSolverError
from ._flex import run_offers
from ._market import run_accept, run_baseline, run_check_offer, run_fund, run_sell, run_submissions
from ._message import run_message
from ._plan import Plan
from ._problem import Problem
from ._services import AGILE
from ._settle import run_products, run_report, run_settle

GOOD, BAD, UNUSABLE = 0, 1, 2
#: Errors of readable input for which there is no plan.
NO_PLAN = (EcaInfeasibleError, EcaCannotFitError, EcaCancelled, EcaSolverError, EcaInternalError)


class Usage(Exception):
    """The command line cannot be used as it is."""


class Parser(argparse.ArgumentParser):
    """Raises instead of leaving, so that ``--json`` has its one object also then."""

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message}\n{self.format_usage().strip()}")


def target(text: str) -> tuple[str, str]:
    """``TARGET=SOURCE`` of ``--map``."""
    name, equals, column = text.partition("=")
    if not (equals and name and column):
        raise argparse.ArgumentTypeError(f"{text!r} is not TARGET=SOURCE, such as gb.carbon_g_per_kwh=gb_co2")
    return name, column


def positive(text: str) -> float:
    """A number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def at_least_zero(text: str) -> float:
    """A number that is not negative."""
    return 0.0 if text in ("0", "0.0") else positive(text)


def parser() -> Parser:
    """All verbs and their options."""
    every = Parser(add_help=False)
    every.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")
    top = Parser(
        prog="python -m eca", description="Plan inference work at least cost under a carbon cap.", parents=[every]
    )
    top.add_argument("--version", action="version", version=f"eca {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)

    show = verbs.add_parser("demo", parents=[every], help="a sample or real day, end to end")
    data = show.add_mutually_exclusive_group()
    data.add_argument("--data", metavar="CSV", help="prices and carbon, tidy or wide")
    data.add_argument("--live", action="store_true", help="today's Agile rates of Octopus and carbon of NESO, over HTTP")
    show.add_argument("--product", default=AGILE, metavar="P", help=f"with --live: product of Octopus ({AGILE})")
    show.add_argument(
        "--base-url", metavar="URL", help="with --live: address of both services (or ECA_NESO_URL, ECA_OCTOPUS_URL)"
    )
    show.add_argument("--cache", metavar="DIR", help="with --live: folder in which answers are kept")
    show.add_argument("--offline", action="store_true", help="with --live: only what was kept, nobody is asked")
    show.add_argument("--date", metavar="D", help="Europe/London date, such as 2023-03-15")
    show.add_argument(
        "--map",
        metavar="TARGET=SOURCE",
        type=target,
        nargs="+",
        action="extend",
        default=[],
        help="which column of the file is what, such as gb.import_price_gbp_per_mwh=gb_day_ahead_eur_per_mwh",
    )
    show.add_argument("--gbp-per-eur", metavar="R", type=positive, help="rate for columns in EUR, such as 0.88")
    show.add_argument("--out", metavar="DIR", default="out/demo", help="where the files go (out/demo)")

    plan = verbs.add_parser("plan", parents=[every], help="solve a problem document")
    plan.add_argument("problem", metavar="PROBLEM")
    plan.add_argument("-o", "--output", metavar="PLAN", required=True)
    plan.add_argument("--engine", default="auto", metavar="E", help=f"one of {', '.join(ENGINES)} (auto)")
    plan.add_argument("--time-limit-s", type=positive, metavar="S")
    plan.add_argument("--gap", type=at_least_zero, default=1e-4, metavar="G", help="proof asked for (1e-4)")

    check = verbs.add_parser("check", parents=[every], help="recompute and judge a plan")
    check.add_argument("problem", metavar="PROBLEM")
    check.add_argument("plan", metavar="PLAN")

    explain = verbs.add_parser("explain", parents=[every], help="what binds, what it is worth, cheapest repair")
    explain.add_argument("problem", metavar="PROBLEM")
    explain.add_argument("plan", metavar="PLAN", nargs="?", help="made anew where none is given")

    offers = verbs.add_parser("offers", parents=[every], help="price ladder of flexibility")
    offers.add_argument("problem", metavar="PROBLEM")
    offers.add_argument("request", metavar="REQUEST", help="what is asked for (eca-offer-request/1)")
    offers.add_argument("-o", "--output", metavar="OFFERS", help="where the ladder is written")
    offers.add_argument("--engine", default="auto", metavar="E", help=f"one of {', '.join(ENGINES)} (auto)")
    offers.add_argument("--time-limit-s", type=positive, metavar="S", help="for each of the plans")
    offers.add_argument("--gap", type=at_least_zero, default=1e-4, metavar="G", help="proof asked for (1e-4)")

    shed = verbs.add_parser("shed", parents=[every], help="the shed ladder of a plan, and what answers a power target")
    shed.add_argument("problem", metavar="PROBLEM")
    shed.add_argument("plan", metavar="PLAN")
    shed.add_argument("--region", metavar="R", help="may be left out where there is one")
    shed.add_argument("--period", type=int, default=0, metavar="T", help="period of the plan (0)")
    shed.add_argument("--power-mw", type=at_least_zero, metavar="MW", help="most import; without it the ladder is shown")
    shed.add_argument("--response-s", type=at_least_zero, default=30.0, metavar="S", help="until it is reached (30)")
    shed.add_argument("--hold-s", type=at_least_zero, default=0.0, metavar="S", help="for which it is held (0)")
    shed.add_argument("--ramp-mw-per-min", type=positive, metavar="R", help="most change of the import")
    shed.add_argument("--rebound-max-mw", type=at_least_zero, metavar="MW", help="most import after the hold")

    market(verbs, every)

    settle = verbs.add_parser("settle", parents=[every], help="settle an event; without files, a made-up one")
    settle.add_argument("event", metavar="EVENT", nargs="?", help="event document")
    settle.add_argument("meters", metavar="METERS", nargs="?", help="meter file, CSV or JSON")
    settle.add_argument("prices", metavar="PRICES", nargs="?", help="price file, CSV or JSON")
    settle.add_argument("-o", "--output", metavar="RECORDS", help="ledger that the record is added to")
    settle.add_argument("--run", default="SF", metavar="RUN", help="II, SF, R1, R2, R3, RF or DF (SF)")
    settle.add_argument("--as-of", metavar="TIME", help="leave out readings that arrived later, by received_at")
    settle.add_argument("--out", metavar="DIR", default="out/settle", help="files of the made-up event (out/settle)")

    report = verbs.add_parser("report", parents=[every], help="months of settled events: money, carbon, matched share")
    report.add_argument("records", metavar="RECORDS", help="ledger as settle -o writes it")
    report.add_argument("--consumption", metavar="FILE", help="what the site consumed, CSV or JSON")
    report.add_argument(
        "--embodied", nargs=3, type=float, metavar=("KG", "LIFE_H", "RESERVED"), help="equipment, for the SCI: kg, h, 0 to 1"
    )

    verbs.add_parser("products", parents=[every], help="what is known of flexibility products")

    message = verbs.add_parser("message", parents=[every], help="dialect, action and verdict of Beckn messages")
    message.add_argument("files", metavar="FILE", nargs="+")

    audit = verbs.add_parser("audit", parents=[every], help="verify a log from its files alone")
    audit.add_argument("folder", metavar="LOGDIR", help="a log, or a folder with all yearly shards of one")
    audit.add_argument("--trust", metavar="KEYS.json", help="keys from outside the log")
    audit.add_argument("--since", metavar="CHECKPOINT", help="an earlier signed head that the log must continue")
    return top


def market(verbs: Any, every: argparse.ArgumentParser) -> None:
    """Verbs that sell, and that compare with what was or would have been."""
    accept = verbs.add_parser("accept", parents=[every], help="what a plan takes of its opportunities becomes commitments")
    accept.add_argument("problem", metavar="PROBLEM")
    accept.add_argument("plan", metavar="PLAN")
    accept.add_argument("-o", "--output", metavar="PROBLEM", help="where the new problem is written")

    sell = verbs.add_parser("sell", parents=[every], help="a rung of a ladder becomes a commitment")
    sell.add_argument("problem", metavar="PROBLEM")
    sell.add_argument("offers", metavar="OFFERS", help="ladder as offers -o writes it")
    sell.add_argument("rung", metavar="RUNG", type=int, help="number of the rung, from 0")
    sell.add_argument("--id", required=True, metavar="ID", help="name of the commitment")
    sell.add_argument("--penalty-gbp-per-mwh", metavar="P", type=at_least_zero, help="price of a shortfall; none: above any energy")
    sell.add_argument("-o", "--output", metavar="PROBLEM", help="where the new problem is written")

    check = verbs.add_parser("check-offer", parents=[every], help="how much of an offer can be delivered")
    check.add_argument("problem", metavar="PROBLEM")
    check.add_argument("offer", metavar="OFFER", help="a commitment as it stands in a problem document")
    check.add_argument("--engine", default="auto", metavar="E", help=f"one of {', '.join(ENGINES)} (auto)")
    check.add_argument("--time-limit-s", type=positive, metavar="S", help="for each of the plans")
    check.add_argument("--gap", type=at_least_zero, default=1e-4, metavar="G", help="proof asked for (1e-4)")

    baseline = verbs.add_parser("baseline", parents=[every], help="what a meter would have shown, and the days used")
    baseline.add_argument("request", metavar="REQUEST", help="meter_id, periods and baseline, as in an event document")
    baseline.add_argument("meters", metavar="METERS", help="meter file, CSV or JSON")
    baseline.add_argument("--as-of", metavar="TIME", help="leave out readings that arrived later, by received_at")

    due = verbs.add_parser("submissions", parents=[every], help="what an event owes the market, with deadlines")
    due.add_argument("event", metavar="EVENT", help="event document")
    due.add_argument("--now", metavar="TIME", help="instant with offset (the clock)")

    fund = verbs.add_parser("fund", parents=[every], help="share contributions to the Social Tariff Fund out")
    fund.add_argument("contributions", metavar="CONTRIBUTIONS", help="JSON list of id and amount_ugbp, or a ledger")
    fund.add_argument("beneficiaries", metavar="BENEFICIARIES", help="JSON list of id, weight and cap_ugbp")
    fund.add_argument("--allocation", default="by_weight", metavar="RULE", help="by_weight or equal (by_weight)")
    fund.add_argument("--carried-in-ugbp", type=int, default=0, metavar="N", help="left by the last distribution (0)")


def run_plan(options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``plan PROBLEM -o PLAN``."""
    problem = Problem.read(options.problem)
    for warning in problem.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    made = problem.solve(
        engine=options.engine, time_limit_s=options.time_limit_s, gap=options.gap, progress=sys.stderr.isatty()
    )
    found = made.check()
    made.write(options.output)
    for line in summary(made):
        say(line)
    for finding in found.findings:
        say(f"check: {finding}")
    say(f"wrote {options.output}")
    return {
        "passed": bool(found),
        "findings": [dict(finding) for finding in found.findings],
        **facts(made),
        "files": [options.output],
    }


def run_check(options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``check PROBLEM PLAN``."""
    problem, plan = Problem.read(options.problem), Plan.read(options.plan)
    found = plan.check(problem)
    for finding in found.findings:
        say(str(finding))
    totals = f"{found.totals.cost_gbp:,.2f} GBP, {found.totals.carbon_kg:,.1f} kg CO2"
    say(f"passed: {totals}" if found else f"failed: {len(found.findings)} findings")
    return {
        "passed": bool(found),
        "findings": [dict(finding) for finding in found.findings],
        "totals": dict(found.totals),
        "problem_hash": problem.hash,
    }


def run_explain(options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``explain PROBLEM [PLAN]``."""
    problem = Problem.read(options.problem)
    plan = Plan.read(options.plan) if options.plan else problem.solve(references=False)
    found = plan.explain(problem)
    say(str(found))
    # Whether a promise had to be broken, and what would keep it.
    conflict = problem.conflict() if plan.broken_limits else None
    for broken in plan.broken_limits:
        say(f"broken: {broken}")
    if conflict is not None:
        say(f"conflict: {conflict}")
    # Nearer than this is no news to one who sets a cap, and takes time.
    lowest = problem.lowest_carbon(gap=1e-3, time_limit_s=10)
    say(f"lowest carbon: {lowest}")
    return {
        "passed": not plan.broken_limits,
        "explanation": found.to_dict(),
        "lowest_carbon": lowest.to_dict(),
        "conflict": None if conflict is None else conflict.to_dict(),
    }


def run_shed(options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``shed PROBLEM PLAN``."""
    problem = Problem.read(options.problem)
    ladder = Plan.read(options.plan, problem).shed_ladder(options.region, period=options.period)
    result: dict[str, Any] = {"passed": True, "ladder": ladder.to_dict()}
    if options.power_mw is None:
        say(f"{ladder['region']} {ladder['start']}: {ladder['power_mw']:.3f} MW")
        for each in ladder["steps"]:
            kind, what = next(iter(each["target"].items()))
            done = each["command"] if isinstance(each["command"], str) else next(iter(each["command"]))
            hold = f", at most {each['hold_max_s']:.0f} s" if each.get("hold_max_s") is not None else ""
            say(
                f"{each['shed_mw']:9.3f} MW in {each['effect_s']:.0f} s at {each['cost_gbp_per_h']:.2f} GBP/h "
                f"+ {each['cost_gbp']:.2f} GBP: {done} {kind} `{what['id']}` ({each['undoing']}{hold})"
            )
        return result
    answer = ladder.answer(
        options.power_mw,
        response_s=options.response_s,
        hold_s=options.hold_s,
        ramp_mw_per_min=options.ramp_mw_per_min,
        rebound_max_mw=options.rebound_max_mw,
    )
    say(f"{answer.power_mw:.3f} MW after {answer.response_s:.1f} s, {answer.cost_gbp:.2f} GBP")
    for step in answer.steps:
        say(f"{step.shed_mw:9.3f} MW from {step.start_s:.1f} to {step.end_s:.1f} s: {json.dumps(step.command)} for {json.dumps(step.target)}")
    return {**result, "answer": dataclasses.asdict(answer)}


def settle_verb(options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """``settle EVENT METERS PRICES``."""
    given = [options.event, options.meters, options.prices]
    if any(given) and not all(given):
        raise Usage("settle takes EVENT METERS PRICES together, or none of them for a made-up event")
    return run_settle(options, say)


VERBS = {
    "demo": demo,
    "plan": run_plan,
    "check": run_check,
    "explain": run_explain,
    "offers": run_offers,
    "shed": run_shed,
    "accept": run_accept,
    "sell": run_sell,
    "check-offer": run_check_offer,
    "baseline": run_baseline,
    "submissions": run_submissions,
    "fund": run_fund,
    "settle": settle_verb,
    "report": run_report,
    "products": run_products,
    "message": run_message,
    "audit": run_audit,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line and gives its exit code: 0 good, 1 checked and bad, 2 not usable."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    verb = next((word for word in words if not word.startswith("-")), None)

    def say(line: str) -> None:
        if not as_json:
            print(line)

    def finish(code: int, result: dict[str, Any]) -> int:
        if as_json:
            print(dump({"verb": verb, "exit_code": code, **result}))
        return code

    def refuse(code: int, kind: str, message: str) -> int:
        print(f"eca: {message}", file=sys.stderr)
        return finish(code, {"error": {"kind": kind, "message": message}})

    try:
        options = parser().parse_args(words)
        result = VERBS[options.verb](options, say)
    except Usage as error:
        return refuse(UNUSABLE, "usage", str(error))
    except NO_PLAN as error:
        return refuse(BAD, error.kind, str(error))
    except EcaError as error:
        return refuse(UNUSABLE, error.kind, str(error))
    except OSError as error:
        where = f"{Path(error.filename)}: " if isinstance(error.filename, str) else ""
        return refuse(UNUSABLE, "file", f"{where}{error.strerror or error}")
    return finish(result.pop("exit_code", GOOD if result["passed"] else BAD), result)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("eca: stopped", file=sys.stderr)
        sys.exit(130)
