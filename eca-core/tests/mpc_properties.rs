//! What holds for every walk of a controller: random sites, wrong forecasts, failing solvers, broken documents.
//!
//! The judge is a follower that knows only the commands: it refuses one that makes no sense where its job or battery is.
//! `ECA_TEST_SCALE=large` takes more walks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod mpc_support;

use eca_core::action::{Action, Command, Inbox, Target, Verdict};
use eca_core::mpc::{Controller, ControllerSettings, Source, Step, Uncertainty};
use eca_core::problem::RegionId;
use eca_core::{
    Battery, Control, DeadlineKind, Horizon, Job, JobPoint, JobState, Migration, Problem, ProblemDocument, Region,
    Timestamp,
};
use mpc_support::Dice;
use std::collections::{BTreeMap, BTreeSet};

const HOURS: usize = 14;
const CAPACITY_MW: f64 = 2.0;

fn start() -> Timestamp {
    Timestamp::parse("2026-03-02T00:00:00Z").unwrap()
}

/// A job as the follower sees it.
#[derive(Debug, Clone)]
struct Followed {
    job: Job,
    at: Option<RegionId>,
    /// The point it runs at, and since when; none while it is paused or waiting.
    point: Option<usize>,
    since: Option<Timestamp>,
    /// Periods until it arrives.
    moving: u32,
    done: f64,
    pauses: u32,
}

impl Followed {
    fn left(&self) -> bool {
        self.done < self.job.gpu_hours.unwrap() * (1.0 - 1e-9)
    }

    /// Obeys, and insists that the command makes sense.
    fn obey(&mut self, command: &Command, now: Timestamp) {
        let what = format!("{command:?} for {self:?}");
        assert!(self.left() && self.moving == 0, "{what}");
        match command {
            Command::Run { region, point, power_mw } => {
                assert!(self.at.is_none() && self.job.earliest_start.is_none_or(|earliest| earliest <= now), "{what}");
                self.begin(region, *point, *power_mw, now);
            }
            Command::Resume { region, point, power_mw } => {
                assert!(self.point.is_none() && self.at.as_ref() == Some(region), "{what}");
                self.pauses += 1;
                self.begin(region, *point, *power_mw, now);
            }
            Command::SetPower { point, power_mw } => {
                assert!(self.point.is_some_and(|old| old != *point), "{what}");
                assert_eq!(self.job.points[*point].power_mw, *power_mw, "{what}");
                self.point = Some(*point);
            }
            Command::Pause => {
                assert!(self.point.is_some(), "{what}");
                (self.point, self.since) = (None, None);
            }
            Command::Migrate { region, point, power_mw } => {
                assert!(self.at.as_ref().is_some_and(|at| at != region), "{what}");
                let migration = self.job.migration.expect("a job that may move");
                if self.point.is_some() {
                    self.moving = migration.periods;
                } else {
                    self.pauses += 1;
                }
                self.begin(region, *point, *power_mw, now);
            }
            other => panic!("{other:?} is not for a job"),
        }
    }

    fn begin(&mut self, region: &RegionId, point: usize, power_mw: f64, now: Timestamp) {
        assert_eq!(self.job.points[point].power_mw, power_mw);
        self.since = self.since.or(Some(now));
        (self.at, self.point) = (Some(region.clone()), Some(point));
    }

    /// One hour passes; returns where it draws how much power.
    fn pass(&mut self) -> Option<(RegionId, f64)> {
        if !self.left() {
            return None;
        }
        if self.moving > 0 {
            self.moving -= 1;
            return None;
        }
        let point = self.job.points[self.point?];
        self.done += point.gpu_hours_per_h.unwrap();
        Some((self.at.clone()?, point.power_mw))
    }

    fn document(&self) -> Job {
        let mut job = self.job.clone();
        job.state = self.at.clone().map(|region| JobState {
            region,
            point: self.point,
            done_inferences: 0.0,
            done_gpu_hours: self.done,
            running_since: self.since,
            can_stop: true,
            pauses: self.pauses,
        });
        job
    }
}

/// One walk: what is drawn once.
struct Walk {
    dice: Dice,
    committed: usize,
    /// Every job may stop at any time and be late: no capacity need ever be exceeded.
    easy: bool,
    jobs: Vec<Followed>,
    soc_mwh: f64,
    inbox: Inbox,
    /// Actions by the period they are for, as they were first sent.
    sent: BTreeMap<Timestamp, Vec<Action>>,
    sources: BTreeSet<Source>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let easy = dice.whole(0, 1) == 0;
        let jobs = (0..dice.whole(1, 4)).map(|j| {
            let points = [JobPoint::gpu_hours(0.6, 1.0), JobPoint::gpu_hours(1.4, 2.0)];
            let mut job = Job::gpu_hours(format!("j{j}"), dice.whole(1, 5) as f64, &points[..dice.whole(1, 2)]);
            job.preemptible = easy || dice.whole(0, 2) > 0;
            job.tier = dice.whole(0, 3) as u8;
            if !easy {
                job.min_run_periods = dice.whole(1, 2) as u32;
            }
            if easy || dice.whole(0, 1) == 0 {
                job.deadline_kind = DeadlineKind::Priced;
            }
            if dice.whole(0, 2) == 0 {
                job.migration = Some(Migration { cost_gbp: 0.5, periods: dice.whole(0, 2) as u32, energy_mwh: 0.0 });
            }
            job.pause_cost_gbp = 0.2;
            let first = dice.whole(0, 4);
            job.earliest_start = (first > 0).then(|| start().plus_min(60 * first as i64));
            job.deadline = Some(start().plus_min(60 * (first + dice.whole(5, 12)) as i64));
            Followed { job, at: None, point: None, since: None, moving: 0, done: 0.0, pauses: 0 }
        });
        let jobs = jobs.collect();
        let committed = dice.whole(0, 2);
        Self {
            dice,
            committed,
            easy,
            jobs,
            soc_mwh: 0.5,
            inbox: Inbox::new(),
            sent: BTreeMap::new(),
            sources: BTreeSet::new(),
        }
    }

    fn document(&mut self, hour: usize, periods: usize) -> ProblemDocument {
        let horizon = Horizon::new(start().plus_min(60 * hour as i64), 60, periods).unwrap();
        let mut region = |id: &str| {
            let price: Vec<f64> = (0..periods).map(|_| self.dice.whole(10, 120) as f64).collect();
            Region::new(id)
                .it_capacity_mw(CAPACITY_MW)
                .import_limit_mw(6.0)
                .export_limit_mw(1.0)
                .import_price_gbp_per_mwh(price.clone())
                .export_price_gbp_per_mwh(price.iter().map(|p| p - 5.0).collect::<Vec<_>>())
        };
        let builder = Problem::builder(horizon).region(region("a")).region(region("b"));
        let battery = Battery::new("b", "a", 1.0, 2.0).charge_efficiency(0.95).discharge_efficiency(0.95);
        let mut document = builder.battery(battery.soc_mwh(self.soc_mwh)).build().unwrap().document().clone();
        document.jobs = self.jobs.iter().filter(|job| job.left()).map(Followed::document).collect();
        document
    }

    /// What every step must keep to.
    fn judge(&mut self, step: &Step, document: &ProblemDocument) {
        let begin = document.horizon.start;
        let mut ids = BTreeSet::new();
        let mut by_period: BTreeMap<Timestamp, Vec<Action>> = BTreeMap::new();
        for action in &step.proposed {
            assert!(action.expires > begin && action.not_before >= begin, "expired: {action:?}");
            assert!(ids.insert(action.id.clone()), "twice: {action:?}");
            by_period.entry(action.not_before).or_default().push(action.clone());
        }
        for i in 0..=self.committed.min(document.horizon.periods - 1) {
            let period = document.horizon.start_of(i);
            let now = by_period.remove(&period).unwrap_or_default();
            let before = self.sent.entry(period).or_insert_with(|| now.clone());
            assert_eq!(*before, now, "what was committed for {period} has changed");
        }
        assert!(by_period.is_empty(), "beyond the commitment: {by_period:?}");
        assert!(step.generation > 0);
        if let (Some(plan), Some(problem)) = (&step.plan, &step.problem) {
            let check = plan.check(problem);
            assert!(check.passed(), "{check}");
        }
    }

    fn carry_out(&mut self, step: &Step, now: Timestamp, late: bool) {
        let (mut battery_mw, mut told) = (0.0, false);
        // At least once, in any order.
        let mut actions = [step.proposed.clone(), step.proposed.clone()].concat();
        for i in (1..actions.len()).rev() {
            actions.swap(i, self.dice.whole(0, i));
        }
        for action in &actions {
            match self.inbox.accept(action, now) {
                Verdict::Apply => {}
                Verdict::Expired | Verdict::Overtaken => panic!("{action:?} at {now}"),
                _ => continue,
            }
            match &action.target {
                Target::Battery { .. } => {
                    battery_mw = match action.command {
                        Command::Charge { power_mw } => power_mw,
                        Command::Discharge { power_mw } => -power_mw,
                        _ => 0.0,
                    };
                    told = true;
                }
                Target::Job { id, copy } => {
                    assert_eq!(*copy, 0);
                    let followed = self.jobs.iter_mut().find(|job| job.job.id == *id).unwrap();
                    followed.obey(&action.command, now);
                }
                other @ Target::Share { .. } => panic!("{other:?}"),
            }
        }
        assert!(told, "a battery is told what to do in every period");
        self.soc_mwh += if battery_mw > 0.0 { battery_mw * 0.95 } else { battery_mw / 0.95 };
        assert!((-1e-5..=2.0 + 1e-5).contains(&self.soc_mwh), "{} MWh", self.soc_mwh);
        self.soc_mwh = self.soc_mwh.clamp(0.0, 2.0);
        let mut power: BTreeMap<RegionId, f64> = BTreeMap::new();
        for followed in &mut self.jobs {
            if let Some((region, mw)) = followed.pass() {
                *power.entry(region).or_default() += mw;
            }
        }
        if self.easy && !late {
            assert!(power.values().all(|&mw| mw <= CAPACITY_MW + 1e-6), "{power:?} at {now}, {}", step.source);
        }
    }
}

fn walk(seed: u64) -> (BTreeSet<Source>, bool) {
    let mut walk = Walk::new(seed);
    let mut settings = ControllerSettings::default();
    settings.committed_periods = walk.committed;
    settings.solve.references = false;
    let mut controller = Controller::new(settings).unwrap();
    let mut late = false;
    for hour in 0..HOURS {
        let mut document = walk.document(hour, 8);
        let control = Control::default();
        match walk.dice.whole(0, 9) {
            0 => document.regions[0].import_price_gbp_per_mwh = f64::NAN.into(),
            1 | 2 => control.cancel.cancel(),
            _ => {}
        }
        let now = document.horizon.start;
        let before = controller.clone();
        let step = controller.step_with(now, &document, &Uncertainty::default(), &control).unwrap();
        walk.judge(&step, &document);
        // The same step once more gives the same step; other forecasts at the same instant change nothing that was sent.
        let mut again = before.clone();
        let repeated = again.step_with(now, &document, &Uncertainty::default(), &control).unwrap();
        assert_eq!((repeated.source, &repeated.proposed), (step.source, &step.proposed));
        let other = walk.document(hour, 8);
        let changed = controller.clone().step(now, &other).unwrap();
        assert_eq!(changed.proposed, step.proposed, "seed {seed}, hour {hour}");
        walk.sources.insert(step.source);
        late |= !step.late.is_empty();
        walk.carry_out(&step, now, late);
    }
    (walk.sources, walk.jobs.iter().all(|job| !job.left()))
}

#[allow(clippy::disallowed_methods, reason = "the size of a test")]
fn walks() -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 2000 } else { 30 }
}

#[test]
fn every_step_of_every_walk_has_an_answer_that_can_be_carried_out() {
    let mut sources = BTreeSet::new();
    let mut done = 0;
    for seed in 0..walks() {
        let (found, finished) = walk(seed);
        sources.extend(found);
        done += u64::from(finished);
    }
    for source in [Source::Optimal, Source::Shifted, Source::Greedy, Source::Safe] {
        assert!(sources.contains(&source), "{source} never came up: {sources:?}");
    }
    assert!(done * 10 >= walks() * 9, "{done} of {} walks end with all work done", walks());
}

/// Deliveries lost, doubled, late and out of order end where each action once and in order would have ended.
#[test]
fn deliveries_in_any_order_end_where_the_last_one_says() {
    for seed in 0..walks() * 10 {
        let mut dice = Dice::new(seed);
        let hour = |h: usize| start().plus_min(60 * h as i64);
        let target = Target::Battery { id: "b".into() };
        let mut deliveries: Vec<(i64, Action)> = Vec::new();
        for generation in 1..=6_u64 {
            let period = (generation as usize - 1) / 2;
            let command = Command::Charge { power_mw: dice.whole(0, 3) as f64 };
            let action = Action::new(generation, target.clone(), command, hour(period), hour(period + 1));
            for _ in 0..dice.whole(0, 3) {
                // From an hour early to an hour late.
                deliveries.push((60 * period as i64 + dice.whole(0, 180) as i64 - 60, action.clone()));
            }
        }
        deliveries.sort_by_key(|(minute, _)| *minute);
        let (mut inbox, mut state, mut held) = (Inbox::new(), None, Vec::new());
        let mut applied = Vec::new();
        for minute in -60..300 {
            let now = start().plus_min(minute);
            let arrived = deliveries.iter().filter(|(at, _)| *at == minute).map(|(_, action)| action.clone());
            let waiting: Vec<Action> = std::mem::take(&mut held).into_iter().chain(arrived).collect();
            for action in waiting {
                match inbox.accept(&action, now) {
                    Verdict::Apply => {
                        assert!(action.is_due(now), "{action:?} at {now}");
                        applied.push(action.id.clone());
                        state = Some(action);
                    }
                    Verdict::Early => held.push(action),
                    _ => {}
                }
            }
        }
        // The model: of what arrived in time, the newest of the last period.
        let in_time = deliveries.iter().filter(|(minute, action)| start().plus_min(*minute) < action.expires);
        let last = in_time.map(|(_, action)| action).max_by_key(|action| (action.not_before, action.generation));
        let command = |action: Option<&Action>| action.map(|action| (action.command.clone(), action.not_before));
        assert_eq!(command(state.as_ref()), command(last), "seed {seed}");
        let once: BTreeSet<_> = applied.iter().collect();
        assert_eq!(once.len(), applied.len(), "seed {seed}: carried out twice");
    }
}
