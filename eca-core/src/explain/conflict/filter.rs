//! The smallest set of limits in conflict: one after the other is given up, and stays so where the conflict remains.

use super::document::{ConflictLimit, Repair};
use super::elastic::{Elastic, Give, Terms};
use super::market;
use crate::explain::Limit;
use crate::{Problem, Result};

/// What gives way below this is rounding of the solver, as a part of a limit.
pub(super) const NOTHING: f64 = 1e-6;

/// The limits of which none can be left out, beginning with those that the proof rests on.
pub(super) fn smallest(problem: &Problem, elastic: &Elastic<'_>, proof: &Terms) -> Result<Vec<ConflictLimit>> {
    let mut kept = proof.clone();
    // Many conflicts need no single deadline: all of them are given up at once before each is.
    give_up(elastic, &mut kept, |terms| terms.deadlines.fill(Give::Free))?;
    for place in places(proof) {
        give_up(elastic, &mut kept, |terms| *at(terms, place) = Give::Free)?;
    }
    Ok(places(&kept).into_iter().map(|place| name(problem, place)).collect())
}

/// Gives some limits up if the conflict remains.
fn give_up(elastic: &Elastic<'_>, kept: &mut Terms, change: impl Fn(&mut Terms)) -> Result<()> {
    let mut without = kept.clone();
    change(&mut without);
    if without == *kept {
        return Ok(());
    }
    match elastic.solve(&without)? {
        // The new proof may rest on less.
        Some(bent) if bent.price > NOTHING => *kept = elastic.support(&without, &bent),
        Some(_) => {}
        None => *kept = without,
    }
    Ok(())
}

/// A limit, by what it is and its place in the document.
type Place = (Limit, usize);

/// The limits that are not gone. Those that are given up first come first: people rather hear that a promise to a market,
/// a cap and a capacity are too tight than that some deadline is.
fn places(terms: &Terms) -> Vec<Place> {
    let lists = [
        (Limit::Deadline, &terms.deadlines),
        (Limit::ImportLimit, &terms.import),
        (Limit::ItCapacity, &terms.it),
        (Limit::CarbonCap, &terms.caps),
        (Limit::PowerTarget, &terms.targets),
        (Limit::Commitment, &terms.commitments),
    ];
    let all =
        lists.into_iter().flat_map(|(limit, gives)| gives.iter().enumerate().map(move |(i, give)| ((limit, i), give)));
    all.filter(|(_, give)| **give != Give::Free).map(|(place, _)| place).collect()
}

fn at(terms: &mut Terms, (limit, i): Place) -> &mut Give {
    match limit {
        Limit::Deadline => &mut terms.deadlines[i],
        Limit::ImportLimit => &mut terms.import[i],
        Limit::ItCapacity => &mut terms.it[i],
        Limit::PowerTarget => &mut terms.targets[i],
        Limit::Commitment => &mut terms.commitments[i],
        _ => &mut terms.caps[i],
    }
}

fn name(problem: &Problem, (limit, i): Place) -> ConflictLimit {
    let (object, what) = match limit {
        Limit::Deadline => (problem.jobs()[i].id.to_string(), "the deadline of job"),
        Limit::ImportLimit => (problem.regions()[i].id.to_string(), "the import limit of"),
        Limit::ItCapacity => (problem.regions()[i].id.to_string(), "IT capacity of"),
        Limit::PowerTarget => (problem.targets()[i].id.to_string(), "power target"),
        Limit::Commitment => (problem.commitments()[i].id.to_string(), "commitment"),
        _ => (problem.carbon_caps()[i].id.to_string(), "carbon cap"),
    };
    let text = match limit {
        Limit::Commitment => format!("{what} `{object}` ({})", market::sold(problem, i)),
        _ => format!("{what} `{object}`"),
    };
    ConflictLimit { limit, text, object }
}

/// Of each kind of limit, its list in the document, the fields that a repair changes (all where there are several), and the
/// ids of the list.
type Kind = (Limit, &'static str, Option<&'static str>, Vec<String>);

fn kinds(problem: &Problem) -> [Kind; 6] {
    let regions = || problem.regions().iter().map(|region| region.id.to_string()).collect();
    let caps = problem.carbon_caps().iter().map(|cap| cap.id.to_string()).collect();
    let targets = problem.targets().iter().map(|target| target.id.to_string()).collect();
    let commitments = problem.commitments().iter().map(|one| one.id.to_string()).collect();
    let jobs = problem.jobs().iter().map(|job| job.id.to_string()).collect();
    [
        (Limit::CarbonCap, "carbon_caps", None, caps),
        (Limit::ItCapacity, "regions", Some("it_capacity_mw"), regions()),
        (Limit::ImportLimit, "regions", Some("import_limit_mw"), regions()),
        (Limit::Deadline, "jobs", None, jobs),
        (Limit::PowerTarget, "targets", None, targets),
        (Limit::Commitment, "commitments", None, commitments),
    ]
}

/// The limits that some repair changes: where nothing is proved, they are what is known to be in the way.
pub(super) fn changed(problem: &Problem, repairs: &[Repair]) -> Vec<ConflictLimit> {
    let mut all = Vec::new();
    for (limit, list, field, ids) in kinds(problem) {
        for (i, id) in ids.iter().enumerate() {
            let mut changes = repairs.iter().flat_map(|repair| &repair.changes);
            if changes.any(|change| {
                (change.list.as_str(), &change.id) == (list, id) && field.is_none_or(|field| change.field == field)
            }) {
                all.push(name(problem, (limit, i)));
            }
        }
    }
    all
}
