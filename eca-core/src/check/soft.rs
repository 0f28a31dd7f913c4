//! `broken_limits`: every soft limit that is exceeded is listed once, with amount, unit and price; nothing else is.

use super::ledger::{Input, Ledger, Report, SoftLimit};
use super::quantity::{MONEY_GBP, Sum};
use crate::plan::BrokenLimit;
use std::collections::BTreeMap;

const RULE: &str = "broken_limits";

/// Compares the list with the limits as recomputed. The penalties, GBP.
pub(super) fn check(input: &Input<'_>, ledger: &Ledger, report: &mut Report) -> Sum {
    let mut by_name: BTreeMap<(&str, &str, Option<usize>), usize> = BTreeMap::new();
    for (i, limit) in ledger.limits.iter().enumerate() {
        by_name.insert((limit.rule, &limit.object, limit.period), i);
        if limit.whole_horizon {
            by_name.insert((limit.rule, &limit.object, None), i);
        }
    }
    let mut listed = vec![false; ledger.limits.len()];
    for entry in &input.plan.broken_limits {
        let object = format!("{} `{}`", entry.rule, entry.object);
        let found = by_name.get(&(entry.rule.as_str(), entry.object.as_str(), entry.period));
        let limit = found.and_then(|&i| ledger.limits.get(i).zip(listed.get_mut(i)));
        match limit {
            None => report.add(
                RULE,
                &object,
                entry.period,
                format!("is listed with {} {}, but is not broken", entry.amount, entry.unit),
            ),
            Some((_, seen)) if *seen => report.add(RULE, &object, entry.period, "is listed twice".to_owned()),
            Some((limit, seen)) => {
                *seen = true;
                compare(report, &object, entry, limit);
            }
        }
    }
    let mut penalty = Sum::default();
    for (limit, listed) in ledger.limits.iter().zip(listed) {
        if !listed && limit.excess.is_over() {
            let message = format!(
                "is exceeded by {} {} and not listed in broken_limits (rounding explains {})",
                limit.excess.value, limit.unit, limit.excess.slack
            );
            report.add(limit.rule, &format!("`{}`", limit.object), limit.period, message);
        }
        if listed || limit.excess.is_over() {
            penalty.add(price(limit));
        }
    }
    penalty
}

/// What a limit costs, rounded once in its entry.
fn price(limit: &SoftLimit) -> Sum {
    let amount = Sum { value: limit.excess.value.max(0.0), ..limit.excess };
    amount.restated(limit.quantum).times(limit.price_gbp).restated(MONEY_GBP)
}

fn compare(report: &mut Report, object: &str, entry: &BrokenLimit, limit: &SoftLimit) {
    if !(entry.amount > 0.0 && limit.excess.restated(limit.quantum).agrees(entry.amount)) {
        let message = format!("amount is {}, must be {} {}", entry.amount, limit.excess.value, limit.unit);
        report.add(RULE, object, entry.period, message);
    }
    if entry.unit != limit.unit {
        report.add(RULE, object, entry.period, format!("unit is `{}`, must be `{}`", entry.unit, limit.unit));
    }
    if !price(limit).agrees(entry.price_gbp) {
        let message = format!("price_gbp is {} GBP, must be {} GBP", entry.price_gbp, price(limit).value);
        report.add(RULE, object, entry.period, message);
    }
}
