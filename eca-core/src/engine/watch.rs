//! What a caller is told while a solve runs: numbers that hold, in order, and not too often.
//!
//! A solve has one step or more: a model that left rows out is solved again with them, strict carbon caps are planned in
//! an order of their own. Within a step the best plan never gets dearer and the bound never falls; over the whole solve
//! the clock and the nodes never go back.

use super::deadline::Deadline;
use crate::{CancelToken, Control, OnProgress, Progress};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// The caller hears of a better plan at once, of anything else so often at most.
const PERIOD_S: f64 = 0.02;

/// Which numbers of a solver call are those of the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Points and bound.
    Whole,
    /// Points only: a part of the choices is fixed, so that its bound proves nothing.
    Points,
    /// Nothing, and it cannot be stopped: it turns a found point into a plan, and stopping would lose the plan.
    Nothing,
}

/// Watches one solve.
#[derive(Clone)]
pub(crate) struct Watch {
    progress: Option<OnProgress>,
    cancel: CancelToken,
    deadline: Deadline,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    engine: &'static str,
    step: u32,
    incumbent_gbp: Option<f64>,
    bound_gbp: Option<f64>,
    nodes: u64,
    hushed: bool,
    told_s: Option<f64>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("progress", &self.progress.is_some()).field("seen", &self.seen).finish()
    }
}

impl Watch {
    /// A watch over the caller's function and token.
    pub(crate) fn new(control: &Control, deadline: Deadline) -> Self {
        let (progress, cancel) = (control.progress.clone(), control.cancel.clone());
        Self { progress, cancel, deadline, seen: Arc::default() }
    }

    /// A step begins whose plans and bounds have nothing to do with those before.
    pub(crate) fn begin(&self, engine: &'static str) {
        self.change(|seen| {
            (seen.engine, seen.incumbent_gbp, seen.bound_gbp) = (engine, None, None);
            seen.step += 1;
        });
    }

    /// The same model with more rows: its bound stays a bound, its best plan may be none.
    pub(crate) fn again(&self) {
        self.change(|seen| {
            seen.incumbent_gbp = None;
            seen.step += 1;
        });
    }

    /// While hushed, objectives are no money: the caller hears of time and nodes only.
    pub(crate) fn hush(&self, hushed: bool) {
        self.change(|seen| seen.hushed = hushed);
    }

    /// A plan was found, or more was proved; what is worse than what is known is left out.
    pub(crate) fn tell(&self, incumbent_gbp: Option<f64>, bound_gbp: Option<f64>, nodes: u64) {
        let Some(progress) = &self.progress else { return };
        let elapsed_s = self.deadline.elapsed_s();
        let said = self.change(|seen| {
            seen.nodes = seen.nodes.max(nodes);
            let before = seen.incumbent_gbp;
            if !seen.hushed {
                seen.incumbent_gbp = best(before, incumbent_gbp, f64::min);
                seen.bound_gbp = best(seen.bound_gbp, bound_gbp, f64::max);
            }
            let due = seen.told_s.is_none_or(|told_s| elapsed_s - told_s >= PERIOD_S);
            (due || seen.incumbent_gbp != before).then(|| {
                seen.told_s = Some(elapsed_s);
                seen.said(elapsed_s)
            })
        });
        if let Some(said) = said {
            self.call(progress, &said);
        }
    }

    /// The last word: the plan as it is handed out.
    pub(crate) fn finish(&self, engine: &'static str, objective_gbp: f64, bound_gbp: f64, nodes: u64) {
        let Some(progress) = &self.progress else { return };
        let elapsed_s = self.deadline.elapsed_s();
        let said = self.change(|seen| {
            (seen.engine, seen.incumbent_gbp, seen.bound_gbp) = (engine, Some(objective_gbp), Some(bound_gbp));
            seen.step += 1;
            seen.nodes = seen.nodes.max(nodes);
            seen.said(elapsed_s)
        });
        self.call(progress, &said);
    }

    /// The control of one solver call; `nodes` were searched by the calls before.
    pub(crate) fn control(&self, heard: Heard, nodes: u64) -> Control {
        let mut control = Control::default();
        if heard == Heard::Nothing {
            return control;
        }
        control.cancel = self.cancel.clone();
        if self.progress.is_some() {
            let watch = self.clone();
            control.progress = Some(Arc::new(move |seen: &Progress| {
                let bound_gbp = seen.bound_gbp.filter(|_| heard == Heard::Whole);
                watch.tell(seen.incumbent_gbp, bound_gbp, nodes + seen.nodes);
            }));
        }
        control
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls the caller's function without any lock; a panic in it stops the solve instead of ending it.
    fn call(&self, progress: &OnProgress, said: &Progress) {
        if catch_unwind(AssertUnwindSafe(|| progress(said))).is_err() {
            self.cancel.cancel();
        }
    }
}

impl Seen {
    fn said(&self, elapsed_s: f64) -> Progress {
        // Rounding may let the two cross by a hair; a bound above the best plan would be nonsense to a reader.
        let bound_gbp = best(self.bound_gbp, self.bound_gbp.and(self.incumbent_gbp), f64::min);
        let (incumbent_gbp, nodes) = (self.incumbent_gbp, self.nodes);
        Progress { elapsed_s, incumbent_gbp, bound_gbp, nodes, engine: self.engine, step: self.step }
    }
}

fn best(known: Option<f64>, new: Option<f64>, choose: fn(f64, f64) -> f64) -> Option<f64> {
    match (known, new.filter(|value| value.is_finite())) {
        (Some(known), Some(new)) => Some(choose(known, new)),
        (known, new) => known.or(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watch whose caller keeps all that it hears, however soon after the last word.
    fn watch() -> (Watch, impl Fn() -> Vec<Progress>) {
        let heard: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let mut control = Control::default();
        let ear = Arc::clone(&heard);
        control.progress = Some(Arc::new(move |said: &Progress| ear.lock().unwrap().push(*said)));
        (Watch::new(&control, Deadline::start(None)), move || heard.lock().unwrap().clone())
    }

    fn last(heard: &[Progress]) -> (Option<f64>, Option<f64>, u64, &'static str, u32) {
        let said = heard.last().unwrap();
        (said.incumbent_gbp, said.bound_gbp, said.nodes, said.engine, said.step)
    }

    /// What a solver call tells, as HiGHS does it.
    fn solver_says(control: &Control, incumbent_gbp: Option<f64>, bound_gbp: Option<f64>, nodes: u64) {
        let said = Progress { elapsed_s: 0.0, incumbent_gbp, bound_gbp, nodes, engine: "", step: 0 };
        control.progress.as_ref().unwrap()(&said);
    }

    #[test]
    fn within_a_step_plans_only_get_cheaper_and_bounds_only_rise() {
        let (watch, heard) = watch();
        watch.begin("exact");
        watch.tell(Some(100.0), Some(80.0), 1);
        watch.tell(Some(120.0), Some(70.0), 2);
        watch.tell(Some(90.0), None, 3);
        assert_eq!(last(&heard()), (Some(90.0), Some(80.0), 3, "exact", 1));
        assert!(heard().iter().all(|said| said.incumbent_gbp <= Some(100.0)), "{:?}", heard());
        watch.tell(Some(f64::INFINITY), Some(f64::NAN), 2);
        watch.tell(Some(89.0), Some(89.5), 1);
        // A bound above the plan is rounding: the plan's own value is said.
        assert_eq!(last(&heard()), (Some(89.0), Some(89.0), 3, "exact", 1));
    }

    #[test]
    fn a_new_step_forgets_what_no_longer_holds() {
        let (watch, heard) = watch();
        watch.begin("exact");
        watch.tell(Some(100.0), Some(80.0), 5);
        watch.again();
        watch.tell(Some(110.0), Some(79.0), 6);
        assert_eq!(last(&heard()), (Some(110.0), Some(80.0), 6, "exact", 2));
        watch.begin("fleet");
        watch.tell(Some(150.0), Some(10.0), 6);
        assert_eq!(last(&heard()), (Some(150.0), Some(10.0), 6, "fleet", 3));
        watch.finish("fleet", 151.0, 12.0, 9);
        assert_eq!(last(&heard()), (Some(151.0), Some(12.0), 9, "fleet", 4));
    }

    #[test]
    fn solver_calls_are_heard_as_far_as_they_mean_something() {
        let (watch, heard) = watch();
        watch.begin("exact");
        solver_says(&watch.control(Heard::Points, 10), Some(100.0), Some(99.0), 1);
        assert_eq!(last(&heard()), (Some(100.0), None, 11, "exact", 1));
        solver_says(&watch.control(Heard::Whole, 20), Some(95.0), Some(60.0), 2);
        assert_eq!(last(&heard()), (Some(95.0), Some(60.0), 22, "exact", 1));
        watch.hush(true);
        watch.begin("exact");
        solver_says(&watch.control(Heard::Whole, 30), Some(1.5), Some(1.5), 3);
        watch.hush(false);
        // Hushed: the next word has the nodes and none of the kilograms.
        watch.tell(Some(94.0), None, 0);
        assert_eq!(last(&heard()), (Some(94.0), None, 33, "exact", 2));
        assert!(watch.control(Heard::Nothing, 0).progress.is_none());
    }

    #[test]
    fn better_plans_are_told_at_once_and_the_rest_now_and_then() {
        let (watch, heard) = watch();
        watch.begin("exact");
        for nodes in 0..10_000 {
            watch.tell(Some(100.0), Some(80.0), nodes);
        }
        let often = 2.0 + watch.deadline.elapsed_s() / PERIOD_S;
        assert!((heard().len() as f64) <= often, "{} words in {often} periods", heard().len());
        for better in 0..10 {
            watch.tell(Some(99.0 - f64::from(better)), None, 0);
        }
        assert_eq!(last(&heard()).0, Some(90.0));
    }

    #[test]
    fn only_the_plan_making_calls_cannot_be_stopped() {
        let (watch, _) = watch();
        watch.cancel.cancel();
        assert!(watch.control(Heard::Whole, 0).cancel.is_cancelled());
        assert!(watch.control(Heard::Points, 0).cancel.is_cancelled());
        assert!(!watch.control(Heard::Nothing, 0).cancel.is_cancelled());
    }
}
