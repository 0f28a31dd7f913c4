//! The smallest set of limits in conflict: one after the other is given up, and stays so where the conflict remains.

use super::document::{ConflictLimit, Repair};
use super::elastic::{Elastic, Give, Terms};
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

/// The limits that are not gone. Those that are given up first come first: people rather hear that a cap and a capacity
/// are too tight than that some deadline is.
fn places(terms: &Terms) -> Vec<Place> {
    let lists = [
        (Limit::Deadline, &terms.deadlines),
        (Limit::ImportLimit, &terms.import),
        (Limit::ItCapacity, &terms.it),
        (Limit::CarbonCap, &terms.caps),
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
        _ => &mut terms.caps[i],
    }
}

fn name(problem: &Problem, (limit, i): Place) -> ConflictLimit {
    let (object, what) = match limit {
        Limit::Deadline => (problem.jobs()[i].id.to_string(), "the deadline of job"),
        Limit::ImportLimit => (problem.regions()[i].id.to_string(), "the import limit of"),
        Limit::ItCapacity => (problem.regions()[i].id.to_string(), "IT capacity of"),
        _ => (problem.carbon_caps()[i].id.to_string(), "carbon cap"),
    };
    ConflictLimit { limit, text: format!("{what} `{object}`"), object }
}

/// The limits that some repair changes: where nothing is proved, they are what is known to be in the way.
pub(super) fn changed(problem: &Problem, repairs: &[Repair]) -> Vec<ConflictLimit> {
    let named = |list: &str, field: &str, id: &str| {
        repairs
            .iter()
            .flat_map(|r| &r.changes)
            .any(|change| (change.list.as_str(), change.field.as_str(), change.id.as_str()) == (list, field, id))
    };
    let caps =
        problem.carbon_caps().iter().enumerate().filter(|(_, cap)| named("carbon_caps", "limit", cap.id.as_str()));
    let it = problem
        .regions()
        .iter()
        .enumerate()
        .filter(|(_, region)| named("regions", "it_capacity_mw", region.id.as_str()));
    let import = problem
        .regions()
        .iter()
        .enumerate()
        .filter(|(_, region)| named("regions", "import_limit_mw", region.id.as_str()));
    let jobs = problem.jobs().iter().enumerate().filter(|(_, job)| named("jobs", "deadline", job.id.as_str()));
    let places = caps.map(|(i, _)| (Limit::CarbonCap, i));
    let places =
        places.chain(it.map(|(i, _)| (Limit::ItCapacity, i))).chain(import.map(|(i, _)| (Limit::ImportLimit, i)));
    places.chain(jobs.map(|(i, _)| (Limit::Deadline, i))).map(|place| name(problem, place)).collect()
}
