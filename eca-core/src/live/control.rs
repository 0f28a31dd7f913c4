//! One turn after the other.

use super::prepare::{self, window};
use super::state::{Outgoing, State};
use super::{Hold, LiveSettings, Planned, Plant, Sink, Tick, Totals};
use crate::action::{Command, Target};
use crate::adapter::{FetchOptions, ReadingOptions, StateStore};
use crate::mpc::{Controller, Shadow, Step};
use crate::problem::{BatteryId, Job, ProblemDocument};
use crate::{Error, Result, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A plan looks no farther than so many views, whatever is due later.
const FARTHEST: usize = 2;

/// Who plans: one that is obeyed, or one that is not.
#[derive(Debug)]
pub(super) enum Planner {
    Acting(Box<Controller>),
    Shadow(Box<Shadow>),
}

/// The running loop over a [`Plant`].
#[derive(Debug)]
pub struct Live {
    pub(super) plant: Plant,
    pub(super) settings: LiveSettings,
    pub(super) store: Arc<dyn StateStore>,
    /// Keeps evidence; none where nobody does.
    pub(super) sink: Option<Arc<dyn Sink>>,
    pub(super) planner: Planner,
    pub(super) state: State,
    /// The open jobs of all clusters as observed in this turn, or last.
    pub(super) known: Vec<Job>,
    /// Something changed that must survive a restart, and is not saved yet.
    pub(super) unsaved: bool,
}

impl Live {
    /// A loop that goes on where the one before it ended, if the store knows of one.
    ///
    /// # Errors
    /// [`Error::Value`] for settings outside their limits; [`Error::Unknown`] for a battery or a meter of something that the
    /// site does not have; [`Error::Unsupported`] for opportunities; [`Error::Document`] for a state that cannot be read: it is
    /// better not to begin than to send commands twice.
    pub fn new(plant: Plant, settings: LiveSettings, store: Arc<dyn StateStore>) -> Result<Self> {
        plant.check()?;
        let unreadable = |message: String| Error::Document { path: format!("state in {store}"), message };
        let mut state = match store.load().map_err(|error| unreadable(error.to_string()))? {
            Some(text) => State::from_json(&text).map_err(|error| unreadable(error.to_string()))?,
            None => State::default(),
        };
        // While nobody ran, devices fell back to rest as they should: they are judged by what they are told from now on.
        state.missed.clear();
        state.set_points.values_mut().for_each(|sent| sent.settled = false);
        let planner = if settings.shadow {
            let known = state.shadow.clone().unwrap_or_default();
            Planner::Shadow(Box::new(Shadow::restore(settings.controller.clone(), known)?))
        } else {
            let known = state.controller.clone().unwrap_or_default();
            Planner::Acting(Box::new(Controller::restore(settings.controller.clone(), known)?))
        };
        Ok(Self { plant, settings, store, sink: None, planner, state, known: Vec::new(), unsaved: false })
    }

    /// Keeps what is seen, decided and done in a sink too. Nothing is sent of what it did not keep.
    ///
    /// # Errors
    /// [`Error::Document`] where the sink cannot be read.
    pub fn sink(mut self, sink: Arc<dyn Sink>) -> Result<Self> {
        let unreadable = |error: crate::adapter::AdapterError| Error::Document {
            path: sink.to_string(),
            message: error.to_string(),
        };
        self.state.waiting.follow(sink.last().map_err(unreadable)?);
        self.sink = Some(sink);
        Ok(self)
    }

    /// One turn: plans if a new period has begun, sends what is due, looks whether it is followed.
    pub fn tick(&mut self, now: Timestamp) -> Tick {
        let mut tick = Tick::new(now, self.period(now));
        tick.shadow = self.settings.shadow;
        if let Some(last) = self.state.last_tick.filter(|last| now < *last) {
            tick.problems
                .push(format!("the clock went back from {last} to {now}; periods that were planned stay planned"));
        }
        self.state.last_tick = Some(now);
        self.state.holds.retain(|hold| now < hold.until);
        self.drop_expired(now);
        self.read(now, &mut tick);
        self.watch(&mut tick);
        let complete = self.observe(now, &mut tick);
        self.watch_jobs(now, &mut tick);
        if self.state.planned.is_none_or(|planned| planned < tick.period) {
            self.begin(complete, now, &mut tick);
        }
        tick.stopped.clone_from(&self.state.stopped);
        // What is sent is known to the store before: a restart repeats it, and plans nothing else for the same period.
        self.note(|waiting, sold, stopped| {
            waiting.sold(now, sold);
            waiting.decided(&tick, stopped);
        });
        if self.save(&mut tick) && self.hand_over(&mut tick) && !self.settings.shadow {
            self.deliver(now, &mut tick);
        }
        tick.lost = self.state.lost.iter().cloned().collect();
        self.count(&tick);
        self.unsaved |= !tick.deliveries.is_empty();
        self.note(|waiting, _, _| waiting.told(&tick));
        if self.save(&mut tick) {
            self.hand_over(&mut tick);
        }
        tick
    }

    /// Ends the period that is open at `now`: books it. [`Live::tick`] does so by itself where a new period begins.
    pub fn close(&mut self, now: Timestamp) -> Tick {
        let mut tick = Tick::new(now, self.period(now));
        tick.shadow = self.settings.shadow;
        self.read(now, &mut tick);
        self.book(now, &mut tick);
        self.unsaved = true;
        self.note(|waiting, _, _| waiting.observed(&tick));
        if self.save(&mut tick) {
            self.hand_over(&mut tick);
        }
        tick
    }

    /// Nothing is sent from now on but rest for the batteries, until [`Live::resume`].
    pub fn stop(&mut self, reason: impl Into<String>) {
        let reason = Some(reason.into());
        self.unsaved |= self.state.stopped != reason;
        self.state.stopped = reason;
    }

    /// Goes on after [`Live::stop`].
    pub fn resume(&mut self) {
        self.unsaved |= self.state.stopped.is_some();
        self.state.stopped = None;
    }

    /// A person looks after something: it is left alone until `until`.
    pub fn hold(&mut self, target: Target, until: Timestamp) {
        let hold = Hold { target, until };
        if !self.state.holds.contains(&hold) {
            self.state.holds.retain(|old| old.target != hold.target);
            self.state.holds.push(hold);
            self.unsaved = true;
        }
    }

    /// Uses a battery again that was given up because it did not follow.
    pub fn clear(&mut self, battery: &BatteryId) {
        self.state.lost.remove(battery);
        self.state.missed.remove(battery);
        self.unsaved = true;
    }

    /// What the loop did so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.state.totals
    }

    /// What it leaves alone.
    #[must_use]
    pub fn holds(&self) -> &[Hold] {
        &self.state.holds
    }

    /// Changes the site on paper, such as a limit that somebody gave or took. It counts from the next plan on.
    pub fn site_mut(&mut self) -> &mut ProblemDocument {
        &mut self.plant.site
    }

    /// Start of the period that `now` lies in.
    fn period(&self, now: Timestamp) -> Timestamp {
        let horizon = &self.plant.site.horizon;
        let step_min = i64::from(horizon.step_min.max(1));
        horizon.start.plus_min(now.minutes_since(horizon.start).div_euclid(step_min) * step_min)
    }

    /// Commands whose time is over are dropped. A move that never got through did not take place.
    fn drop_expired(&mut self, now: Timestamp) {
        for sent in self.state.outbox.extract_if(.., |sent| now >= sent.action.expires) {
            if let (Command::Migrate { .. }, Target::Job { id, .. }, false, Planner::Acting(controller)) =
                (&sent.action.command, &sent.action.target, sent.settled, &mut self.planner)
            {
                controller.forget_move(id);
            }
        }
    }

    fn reading(&self, now: Timestamp) -> ReadingOptions {
        ReadingOptions::new(now).max_age_s(self.settings.max_reading_age_s)
    }

    /// Reads batteries and meters.
    fn read(&self, now: Timestamp, tick: &mut Tick) {
        let options = self.reading(now);
        for (id, device) in &self.plant.batteries {
            match device.read(&options) {
                Ok(reading) if reading.soc_mwh.is_finite() && reading.net_mw().is_finite() => {
                    tick.storage.insert(id.clone(), reading);
                }
                Ok(reading) => tick.problems.push(format!("{device}: {reading:?} is no reading")),
                Err(error) => tick.problems.push(error.to_string()),
            }
        }
        for (region, meter) in &self.plant.meters {
            match meter.read(&options) {
                Ok(reading) => {
                    tick.meters.insert(region.clone(), reading);
                }
                Err(error) => tick.problems.push(error.to_string()),
            }
        }
    }

    /// A new period begins: the last one is booked, this one planned.
    fn begin(&mut self, complete: bool, now: Timestamp, tick: &mut Tick) {
        self.book(now, tick);
        if !complete {
            return;
        }
        let mut horizon = self.plant.site.horizon;
        (horizon.start, horizon.periods) = (tick.period, self.view_periods(tick.period));
        let day_min = 24 * 60;
        let options = FetchOptions::new(now, horizon.start.plus_min(-day_min), horizon.end())
            .max_age_s(60 * self.settings.max_signal_age_min);
        let signals = prepare::fetch(&self.plant, &self.settings, &options, &mut tick.problems);
        horizon.periods = prepare::reach(&self.plant.site, &signals, horizon, &self.settings);
        let mut document = window(&self.plant.site, horizon);
        prepare::put(&mut document, &signals, &self.settings, &mut tick.problems);
        tick.problems.extend(prepare::missing(&document, &signals));
        document.jobs = self.open_jobs(now);
        self.put_batteries(&mut document, now, tick);
        match self.step(now, &document) {
            Ok(step) => {
                self.state.planned = Some(tick.period);
                self.unsaved = true;
                let is_number = |step: &Step| step.problem.is_some();
                self.open_books(document, is_number(&step), step.generation, tick);
                self.state.registers_wh = tick.meters.iter().map(|(id, m)| (id.clone(), m.import_wh)).collect();
                self.take(step, tick);
            }
            Err(error) => tick.problems.push(format!("nothing was planned: {error}")),
        }
    }

    /// How far a plan looks: to the last deadline, as far as that is not too far. A job whose deadline lies beyond the view
    /// would seem due at its end, and take the place of others that are.
    fn view_periods(&self, from: Timestamp) -> usize {
        let view = self.settings.view_periods.max(1);
        let step_min = i64::from(self.plant.site.horizon.step_min.max(1));
        let due = self.known.iter().filter_map(|job| job.deadline).max();
        let until = due.map_or(0, |due| due.minutes_since(from).div_euclid(step_min));
        usize::try_from(until).unwrap_or(0).clamp(view, FARTHEST * view)
    }

    /// Observes the jobs of all clusters. False where one does not answer: then nothing is planned until it does.
    fn observe(&mut self, now: Timestamp, tick: &mut Tick) -> bool {
        let options = self.reading(now);
        let mut jobs: BTreeMap<_, Job> = BTreeMap::new();
        let mut seen = BTreeMap::new();
        let mut complete = true;
        for (c, cluster) in self.plant.clusters.iter().enumerate() {
            match cluster.observe(&options) {
                Ok(readings) => {
                    self.state.envelope.observe(c, &readings, now);
                    for reading in readings {
                        seen.insert(reading.job.id.clone(), c);
                        if jobs.insert(reading.job.id.clone(), reading.job).is_some() {
                            tick.problems.push(format!("{cluster} shows a job that another cluster shows too"));
                        }
                    }
                }
                Err(error) => {
                    complete = false;
                    tick.problems.push(error.to_string());
                    let there = self.state.seen.iter().filter(|(_, known)| **known == c);
                    tick.at_risk.extend(there.map(|(id, _)| id.clone()));
                }
            }
        }
        if complete {
            self.state.seen = seen;
            self.known = jobs.into_values().collect();
        }
        complete
    }

    /// The jobs to plan. One that somebody else decides about stays as it is.
    fn open_jobs(&self, now: Timestamp) -> Vec<Job> {
        let mut open = self.known.clone();
        open.retain_mut(|job| {
            let held = self.state.is_held(&Target::Job { id: job.id.clone(), copy: 0 }, now);
            match &mut job.state {
                Some(state) if held && state.point.is_some() => state.can_stop = false,
                _ => return !held,
            }
            true
        });
        open
    }

    /// The period of the site document that `now` lies in; its first or last one outside.
    pub(super) fn index_of(&self, now: Timestamp) -> usize {
        let horizon = &self.plant.site.horizon;
        let t = now.minutes_since(horizon.start).div_euclid(i64::from(horizon.step_min.max(1)));
        usize::try_from(t).unwrap_or(0).min(horizon.periods.saturating_sub(1))
    }

    /// Batteries as they are; those that cannot be used are left out.
    fn put_batteries(&self, document: &mut ProblemDocument, now: Timestamp, tick: &mut Tick) {
        let state = &self.state;
        document.batteries.retain_mut(|battery| {
            let target = Target::Battery { id: battery.id.clone() };
            let Some(reading) = tick.storage.get(&battery.id) else { return false };
            if state.lost.contains(&battery.id) || state.is_held(&target, now) || !reading.dispatchable {
                return false;
            }
            battery.soc_mwh = reading.soc_mwh.clamp(0.0, battery.energy_capacity_mwh);
            battery.soc_min_mwh = battery.soc_min_mwh.max(reading.reserve_mwh).min(battery.energy_capacity_mwh);
            true
        });
    }

    fn step(&mut self, now: Timestamp, document: &ProblemDocument) -> Result<Step> {
        match &mut self.planner {
            Planner::Acting(controller) => controller.step(now, document),
            Planner::Shadow(shadow) => {
                // A shadow books what it plans: it cannot go on with numbers that are none.
                crate::Problem::from_document(ProblemDocument { jobs: Vec::new(), ..document.clone() })?;
                shadow.step(now, document)
            }
        }
    }

    /// What a step says goes into the outbox, if its plan passes the check.
    fn take(&mut self, step: Step, tick: &mut Tick) {
        let check_passed =
            step.plan.as_ref().zip(step.problem.as_ref()).map(|(plan, problem)| plan.check(problem).passed());
        if check_passed != Some(false) {
            for action in step.actions {
                let known = self.state.outbox.iter().any(|sent| sent.action.id == action.id);
                if !known {
                    let place = (&action.target, action.not_before);
                    self.state.outbox.retain(|sent| (&sent.action.target, sent.action.not_before) != place);
                    self.state.outbox.push(Outgoing { action, settled: false });
                }
            }
        } else {
            tick.problems.push("the plan did not pass its check; nothing of it is sent".into());
        }
        *self.state.totals.plans.entry(step.source).or_default() += 1;
        tick.planned = Some(Planned {
            generation: step.generation,
            source: step.source,
            reason: step.reason,
            input_hash: step.problem.as_ref().map(crate::Problem::hash),
            cost_gbp: step.plan.as_ref().map(|plan| plan.totals.cost_gbp),
            carbon_kg: step.plan.as_ref().map(|plan| plan.totals.carbon_kg),
            check_passed,
            late: step.late,
            proposed: step.proposed,
            problem: step.problem,
            plan: step.plan,
        });
    }
}
