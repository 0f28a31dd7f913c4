//! Seeded random problems over every feature of docs/model.md.
//!
//! The same seed and size give the same problem on every machine. What is drawn:
//!
//! - horizon: 2 to 24 periods of 15, 30 or 60 min; starts at midnight, across London midnight, at both clock changes and
//!   at new year. Half of the problems are *tight*: capacity, import limits and caps are about what the load needs, so
//!   that promises give way. Half use round numbers only, so that ties and exact fits are frequent.
//! - regions, 1 to 3: capacity that closes in some periods, overhead, PUE slope, firm and non-firm import, export at
//!   positive, zero and negative prices, demand charge, network charge, congestion price and limit, solar, renewable share.
//! - batteries, 0 to 2 at a site: losses, wear, reserve (a start below it too), energy wanted at the end.
//! - jobs, 0 to 8, of all kinds: see [`Kind`]; with 1 to 3 operating points, windows, counts, tiers and priced deadlines.
//!   A job that cannot keep its deadline alone is drawn again.
//! - services, 0 to 2: points, latency, routing costs, penalties that make shedding worth while or not.
//! - carbon caps, 0 to 2: all metrics, windows, scopes, strict and priced.
//!
//! [`drawn`] names the features of a problem and [`binding`] those that shape its plan, so that a test can show that
//! it tests something.

use eca_core::{
    Battery, CapKind, CapMetric, CapWindow, CarbonCap, DeadlineKind, ErrorKind, Horizon, Job, JobPoint, JobState,
    Migration, Plan, Problem, ProblemBuilder, Region, RoutingCost, RunWhen, Series, Service, ServicePoint,
};

/// How large a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 2 to 5 periods, 1 or 2 regions, 0 to 3 jobs.
    Tiny,
    /// 4 to 10 periods, 1 to 3 regions, 0 to 5 jobs.
    Small,
    /// 8 to 24 periods, 1 to 3 regions, 1 to 8 jobs.
    Medium,
}

/// SplitMix64: small, seeded, the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice for a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`.
    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        let span = high.saturating_sub(low) as u64 + 1;
        low + usize::try_from(self.next() % span).unwrap_or(0)
    }

    /// True with this chance.
    pub fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// A number from 0 to 1, 1 excluded.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number around 0 with a standard deviation of 1 (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// One of some values.
    pub fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.whole(0, values.len() - 1)]
    }
}

/// What every part of a problem is drawn with.
struct Draw {
    dice: Dice,
    size: Size,
    horizon: Horizon,
    tight: bool,
    round: bool,
    names: Vec<&'static str>,
}

/// The kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One run, not to be stopped.
    Solid,
    /// May pause, at a cost, with a least run and a limit of pauses.
    Preemptible,
    /// May move, paused or not.
    Moving,
    /// Runs at the start of the horizon.
    Running,
    /// Is paused at the start of the horizon.
    Paused,
    /// Fluid.
    Divisible,
}

const KINDS: [Kind; 8] = [
    Kind::Solid,
    Kind::Solid,
    Kind::Preemptible,
    Kind::Preemptible,
    Kind::Moving,
    Kind::Running,
    Kind::Paused,
    Kind::Divisible,
];
const STARTS: [&str; 6] = [
    "2026-03-02T00:00:00Z",
    "2026-06-15T21:00:00Z",
    "2026-03-28T22:00:00Z",
    "2026-10-24T21:00:00Z",
    "2026-12-31T22:00:00Z",
    "2026-09-09T09:00:00Z",
];
const PRICES: [f64; 12] = [-40.0, -20.0, -10.0, 0.0, 10.0, 20.0, 20.0, 40.0, 60.0, 80.0, 120.0, 150.0];
const CARBONS: [f64; 8] = [0.0, 20.0, 50.0, 100.0, 100.0, 150.0, 200.0, 300.0];
/// Draws of one job before the problem goes without it.
const TRIES: usize = 30;

/// The problem of a seed.
///
/// # Panics
/// If it draws what validation refuses for another reason than a job that cannot fit: a defect of the generator.
#[must_use]
#[allow(clippy::panic)]
pub fn problem(seed: u64, size: Size) -> Problem {
    let mut draw = Draw::new(seed, size);
    let mut base = Problem::builder(draw.horizon);
    for r in 0..draw.names.len() {
        base = base.region(draw.region(r));
    }
    let batteries = draw.dice.of(&[0, 0, 1, 1, 2]);
    for b in 0..batteries {
        base = base.battery(draw.battery(b));
    }
    let services = draw.dice.of(&[0, 0, 0, 1, 1, 2]);
    for s in 0..services {
        base = base.service(draw.service(s));
    }
    let jobs = match size {
        Size::Tiny => draw.dice.whole(0, 3),
        Size::Small => draw.dice.whole(0, 5),
        Size::Medium => draw.dice.whole(1, 8),
    };
    for j in 0..jobs {
        base = draw.add_job(base, j);
    }
    let caps = draw.dice.of(&[0, 0, 1, 1, 2]);
    for c in 0..caps {
        let cap = draw.cap(c);
        base = match base.clone().carbon_cap(cap.clone()).build() {
            // A cap for each inference needs something that counts them.
            Err(error) if error.kind() == ErrorKind::Unsupported => base,
            _ => base.carbon_cap(cap),
        };
    }
    base.build().unwrap_or_else(|error| panic!("seed {seed}: the generator drew a problem that is refused: {error}"))
}

impl Draw {
    #[allow(clippy::expect_used)]
    fn new(seed: u64, size: Size) -> Self {
        let mut dice = Dice::new(seed);
        let (periods, regions) = match size {
            Size::Tiny => (dice.whole(2, 5), dice.whole(1, 2)),
            Size::Small => (dice.whole(4, 10), dice.whole(1, 3)),
            Size::Medium => (dice.whole(8, 24), dice.whole(1, 3)),
        };
        let start = dice.of(&STARTS).parse().expect("a time stamp");
        let step_min = dice.of(&[15, 30, 30, 60]);
        let horizon = Horizon::new(start, step_min, periods).expect("a horizon");
        let names = vec!["london", "north", "wales"][..regions].to_vec();
        Self { size, horizon, tight: dice.chance(0.5), round: dice.chance(0.5), names, dice }
    }

    fn periods(&self) -> usize {
        self.horizon.periods
    }

    /// A value near one of some: exactly it in problems of round numbers.
    fn near(&mut self, values: &[f64]) -> f64 {
        let value = self.dice.of(values);
        if self.round { value } else { value * (0.8 + 0.4 * self.dice.unit()) }
    }

    /// One value for each period.
    fn many(&mut self, values: &[f64]) -> Series {
        let all: Vec<f64> = (0..self.periods()).map(|_| self.near(values)).collect();
        Series::from(all)
    }

    fn region(&mut self, r: usize) -> Region {
        let mut region = Region::new(self.names[r]);
        let capacity = if self.tight { self.near(&[1.0, 2.0, 2.0, 3.0]) } else { self.near(&[4.0, 6.0, 10.0]) };
        region.it_capacity_mw = capacity.into();
        if self.dice.chance(0.15) {
            let open: Vec<f64> = (0..self.periods()).map(|_| self.dice.of(&[0.0, capacity, capacity])).collect();
            region.it_capacity_mw = open.into();
        }
        let import = if self.tight { self.near(&[1.0, 2.0, 3.0, 4.0]) } else { self.near(&[15.0, 20.0, 40.0]) };
        region.import_limit_mw = import.into();
        region.import_price_gbp_per_mwh =
            if self.dice.chance(0.2) { Series::from(self.near(&[20.0, 50.0])) } else { self.many(&PRICES) };
        region.carbon_g_per_kwh = if self.dice.chance(0.2) { Series::from(100.0) } else { self.many(&CARBONS) };
        if self.dice.chance(0.4) {
            region.overhead_mw = if self.dice.chance(0.5) { 0.2.into() } else { self.many(&[0.0, 0.25, 0.5]) };
        }
        if self.dice.chance(0.5) {
            region.pue_slope = if self.dice.chance(0.5) { 1.25.into() } else { self.many(&[1.25, 1.3, 1.5]) };
        }
        if self.dice.chance(0.3) {
            region.nonfirm_import_mw = self.many(&[0.0, 0.0, 1.0, 2.0]);
        }
        if self.dice.chance(0.5) {
            region.export_limit_mw =
                if self.dice.chance(0.5) { self.near(&[1.0, 2.0, 5.0]).into() } else { self.many(&[0.0, 1.0, 3.0]) };
            region.export_price_gbp_per_mwh =
                if self.dice.chance(0.3) { self.near(&[0.0, 40.0, -5.0]).into() } else { self.many(&PRICES) };
        }
        if self.dice.chance(0.3) {
            region.demand_charge_gbp_per_mw = self.near(&[5.0, 20.0, 100.0]);
        }
        if self.dice.chance(0.4) {
            region.network_charge_gbp_per_mwh = self.many(&[0.0, 4.0, 12.0, 30.0]);
        }
        if self.dice.chance(0.3) {
            region.congestion_gbp_per_mwh = self.many(&[0.0, 0.0, 25.0, 60.0, -10.0]);
        }
        if self.dice.chance(0.25) {
            region.congestion_limit_mw = Some(self.many(&[0.5, 1.0, 2.0, 4.0, 30.0]));
        }
        let shares: Vec<f64> = (0..self.periods()).map(|_| self.dice.of(&[0.2, 0.5, 0.8, 0.8, 1.0])).collect();
        region.renewable_share_frac = Some(shares.into());
        if self.dice.chance(0.4) {
            region.solar_mw = self.many(&[0.0, 0.0, 0.5, 1.0, 3.0]);
        }
        region
    }

    fn battery(&mut self, b: usize) -> Battery {
        let region = self.dice.of(&self.names.clone());
        let energy = self.near(&[1.0, 2.0, 4.0]);
        let mut battery = Battery::new(format!("battery{b}").as_str(), region, self.near(&[0.5, 1.0, 2.0]), energy);
        battery.soc_mwh = energy * self.dice.of(&[0.0, 0.25, 0.5, 1.0]);
        if self.dice.chance(0.7) {
            battery.charge_efficiency = self.dice.of(&[0.9, 0.8, 0.5, 0.95]);
            battery.discharge_efficiency = self.dice.of(&[0.9, 0.95, 1.0]);
        }
        if self.dice.chance(0.5) {
            battery.wear_gbp_per_mwh = self.near(&[1.0, 2.0, 10.0]);
        }
        if self.dice.chance(0.4) {
            battery.soc_min_mwh = energy * self.dice.of(&[0.1, 0.25, 0.5]);
        }
        if self.dice.chance(0.5) {
            battery.end_soc_min_mwh = Some(energy * self.dice.of(&[0.25, 0.5, 1.0]));
        }
        battery
    }

    fn service(&mut self, s: usize) -> Service {
        let scale = 1e6 * self.horizon.step_h();
        let demand: Vec<f64> =
            (0..self.periods()).map(|_| (scale * self.near(&[0.0, 0.1, 0.5, 1.0, 2.0])).round()).collect();
        let mut points = vec![ServicePoint { wh_per_inference: self.near(&[0.3, 0.5, 1.0]), latency_ms: 20.0 }];
        if self.dice.chance(0.5) {
            points.push(ServicePoint { wh_per_inference: self.near(&[0.2, 0.25, 0.4]), latency_ms: 80.0 });
        }
        let mut service = Service::new(format!("service{s}").as_str(), demand, points);
        if self.dice.chance(0.5) {
            let first = self.names[0];
            let others: Vec<&str> = self.names[1..].iter().copied().filter(|_| self.dice.chance(0.7)).collect();
            let mut network = vec![(first, 5.0)];
            network.extend(others.into_iter().map(|name| (name, 40.0)));
            service = service.network_latency_ms(network);
        }
        if self.dice.chance(0.5) {
            service.latency_limit_ms = Some(self.dice.of(&[25.0, 60.0, 90.0, 200.0]));
        }
        if self.dice.chance(0.4) {
            service.routing_cost_gbp_per_million = if self.dice.chance(0.5) {
                RoutingCost::Same(self.near(&[1.0, 5.0]))
            } else {
                RoutingCost::ByRegion([(self.dice.of(&self.names.clone()).into(), self.near(&[2.0, 20.0]))].into())
            };
        }
        service.shed_penalty_gbp_per_million = self.near(&[5.0, 60.0, 1000.0, 20_000.0, 20_000.0]);
        service
    }

    /// Adds a job that validation takes, after some tries; else leaves the problem as it is.
    #[allow(clippy::panic)]
    fn add_job(&mut self, base: ProblemBuilder, j: usize) -> ProblemBuilder {
        for _ in 0..TRIES {
            let job = self.job(j);
            let with = base.clone().job(job);
            match with.clone().build() {
                Ok(_) => return with,
                // CannotFit; or it runs, may not stop and may not go on.
                Err(error) if matches!(error.kind(), ErrorKind::CannotFit | ErrorKind::Unsupported) => {}
                Err(error) => panic!("the generator drew a job that is refused: {error}"),
            }
        }
        base
    }

    fn job(&mut self, j: usize) -> Job {
        let kind = self.dice.of(&KINDS);
        let (periods, h) = (self.periods(), self.horizon.step_h());
        // The first point does the work in about `length` periods.
        let length = self.dice.whole(1, (periods * 2 / 3).max(1));
        let exact = self.dice.chance(0.5);
        let power = self.near(if self.tight { &[0.5, 1.0, 1.0, 1.5] } else { &[0.5, 1.0, 2.0, 3.0] });
        let counts = self.dice.chance(0.7);
        let work = if counts { self.near(&[1e5, 1e6, 3e6]).round() } else { self.near(&[10.0, 64.0, 500.0]) };
        let fill = if exact { 1.0 } else { 0.55 + 0.4 * self.dice.unit() };
        let rate = work / (length as f64 * h * fill);
        let point = |power: f64, rate: f64| {
            if counts { JobPoint::inferences(power, rate) } else { JobPoint::gpu_hours(power, rate) }
        };
        let mut points = vec![point(power, rate)];
        if self.dice.chance(0.45) {
            points.push(point(power * 0.6, rate * self.dice.of(&[0.5, 0.7, 0.75])));
        }
        if self.dice.chance(0.15) {
            points.push(point(power * 1.5, rate * self.dice.of(&[1.2, 1.5])));
        }
        let id = format!("job{j}");
        let mut job =
            if counts { Job::inferences(id.as_str(), work, points) } else { Job::gpu_hours(id.as_str(), work, points) };
        if self.dice.chance(0.2) {
            job.count = u32::try_from(self.dice.whole(2, 3)).unwrap_or(2);
        }
        self.window(&mut job, length);
        if self.dice.chance(0.4) {
            let some: Vec<&str> = self.names.clone().into_iter().filter(|_| self.dice.chance(0.6)).collect();
            if !some.is_empty() {
                job = job.in_regions(some);
            }
        }
        if self.dice.chance(0.2) {
            job.run_when = Some(if self.dice.chance(0.5) {
                RunWhen::CarbonBelowGPerKwh(self.dice.of(&[60.0, 100.5, 180.0, 250.0]))
            } else {
                RunWhen::RenewableShareMin(self.dice.of(&[0.2, 0.5, 0.8]))
            });
        }
        job.tier = u8::try_from(self.dice.whole(0, 3)).unwrap_or(0);
        if kind == Kind::Divisible {
            job.divisible = true;
            return job;
        }
        self.rules(&mut job, kind, length);
        job
    }

    fn window(&mut self, job: &mut Job, length: usize) {
        let periods = self.periods();
        let step = i64::from(self.horizon.step_min);
        let mut first = 0;
        if self.dice.chance(0.35) {
            first = self.dice.whole(0, periods.saturating_sub(length));
            // Half of the instants are not on the grid: they are rounded inwards.
            let off = if self.dice.chance(0.5) { 0 } else { step / 3 };
            if first > 0 {
                job.earliest_start = Some(self.horizon.start_of(first).plus_min(-off));
            }
        }
        if self.dice.chance(0.6) {
            let last = self.dice.whole((first + length).min(periods), periods);
            let off = if last < periods && self.dice.chance(0.4) { step / 3 } else { 0 };
            job.deadline = Some(self.horizon.start_of(last).plus_min(off));
        }
        if self.dice.chance(0.35) {
            job.deadline_kind = DeadlineKind::Priced;
            if self.dice.chance(0.5) {
                job.undone_penalty_gbp = Some(self.near(&[0.0, 5.0, 50.0, 500.0]));
            }
        }
    }

    /// The rules that only jobs with runs have.
    fn rules(&mut self, job: &mut Job, kind: Kind, length: usize) {
        if self.dice.chance(0.3) {
            job.startup_cost_gbp = self.near(&[1.0, 10.0, 40.0]);
        }
        let may_pause =
            matches!(kind, Kind::Preemptible | Kind::Paused) || (kind != Kind::Solid && self.dice.chance(0.6));
        job.preemptible = may_pause;
        if may_pause && self.dice.chance(0.6) {
            job.pause_cost_gbp = self.near(&[0.5, 2.0, 10.0]);
        }
        if may_pause && self.dice.chance(0.35) {
            job.pause_energy_mwh = self.near(&[0.05, 0.2]);
        }
        if self.dice.chance(0.35) {
            job.min_run_periods = u32::try_from(self.dice.whole(2, 3.max(length / 2))).unwrap_or(2);
        }
        if may_pause && self.dice.chance(0.4) {
            job.max_pauses = Some(u32::try_from(self.dice.whole(0, 2)).unwrap_or(0));
        }
        if kind == Kind::Moving || self.dice.chance(0.2) {
            job.migration = Some(Migration {
                cost_gbp: if self.dice.chance(0.5) { self.near(&[0.5, 3.0]) } else { 0.0 },
                periods: u32::try_from(self.dice.whole(0, 2)).unwrap_or(0),
                energy_mwh: if self.dice.chance(0.3) { self.near(&[0.05, 0.3]) } else { 0.0 },
            });
        }
        if !matches!(kind, Kind::Running | Kind::Paused) {
            return;
        }
        job.earliest_start = None;
        let done = self.dice.of(&[0.0, 0.1, 0.5, 0.9]);
        let (inferences, gpu_hours) = (job.inferences.unwrap_or(0.0), job.gpu_hours.unwrap_or(0.0));
        let running = kind == Kind::Running;
        let region = match &job.regions {
            Some(ids) => ids[0].clone(),
            None => self.dice.of(&self.names.clone()).into(),
        };
        let since = i64::try_from(self.dice.whole(0, 4)).unwrap_or(0) * i64::from(self.horizon.step_min);
        job.state = Some(JobState {
            region,
            point: running.then(|| self.dice.whole(0, job.points.len() - 1)),
            done_inferences: (inferences * done).floor(),
            done_gpu_hours: gpu_hours * done,
            running_since: (running && self.dice.chance(0.7)).then(|| self.horizon.start.plus_min(-since)),
            can_stop: !running || self.dice.chance(0.6),
            pauses: if may_pause { u32::try_from(self.dice.whole(0, 1)).unwrap_or(0) } else { 0 },
        });
    }

    fn cap(&mut self, c: usize) -> CarbonCap {
        let metric = self.dice.of(&[CapMetric::Kg, CapMetric::Kg, CapMetric::GPerKwh, CapMetric::GPerInference]);
        let window = match self.dice.whole(0, 3) {
            0 | 1 => CapWindow::Horizon,
            2 => CapWindow::Day,
            _ => CapWindow::RollingH(self.horizon.step_h() * self.dice.whole(1, 4) as f64),
        };
        let limit = match metric {
            CapMetric::Kg => self.near(&[0.0, 20.0, 100.0, 300.0, 1000.0]),
            CapMetric::GPerKwh => self.near(&[5.0, 50.0, 90.0, 150.0]),
            CapMetric::GPerInference => self.near(&[1e-4, 1e-3, 1e-2, 0.1]),
        };
        let id = format!("cap{c}");
        let mut cap = if self.dice.chance(0.5) {
            CarbonCap::strict(id.as_str(), metric, limit, window)
        } else {
            CarbonCap::priced(id.as_str(), metric, limit, window, self.near(&[0.0, 0.05, 0.5, 5.0]))
        };
        if self.dice.chance(0.3) {
            cap = cap.in_regions([self.names[0]]);
        }
        let _ = self.size;
        cap
    }
}

/// The features that a problem has.
#[must_use]
pub fn drawn(problem: &Problem) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut add = |name: &'static str, holds: bool| {
        if holds {
            names.push(name);
        }
    };
    let any_region = |f: &dyn Fn(&Region) -> bool| problem.regions().iter().any(f);
    let any_job = |f: &dyn Fn(&Job) -> bool| problem.jobs().iter().any(f);
    let any_battery = |f: &dyn Fn(&Battery) -> bool| problem.batteries().iter().any(f);
    let any_service = |f: &dyn Fn(&Service) -> bool| problem.services().iter().any(f);
    let any_cap = |f: &dyn Fn(&CarbonCap) -> bool| problem.carbon_caps().iter().any(f);
    add("regions: several", problem.regions().len() > 1);
    add("region: closed in some period", any_region(&|r| r.it_capacity_mw.min() == 0.0));
    add("region: overhead", any_region(&|r| !r.overhead_mw.is_zero()));
    add("region: pue", any_region(&|r| r.pue_slope.max() > 1.0));
    add("region: non-firm import", any_region(&|r| !r.nonfirm_import_mw.is_zero()));
    add("region: export", any_region(&|r| !r.export_limit_mw.is_zero()));
    add("region: export price below 0", any_region(&|r| r.export_price_gbp_per_mwh.min() < 0.0));
    add("region: import price below 0", any_region(&|r| r.import_price_gbp_per_mwh.min() < 0.0));
    add("region: demand charge", any_region(&|r| r.demand_charge_gbp_per_mw > 0.0));
    add("region: network charge", any_region(&|r| !r.network_charge_gbp_per_mwh.is_zero()));
    add("region: congestion price", any_region(&|r| !r.congestion_gbp_per_mwh.is_zero()));
    add("region: congestion limit", any_region(&|r| r.congestion_limit_mw.is_some()));
    add("region: solar", any_region(&|r| !r.solar_mw.is_zero()));
    add("battery", any_battery(&|_| true));
    add("battery: losses", any_battery(&|b| b.charge_efficiency * b.discharge_efficiency < 1.0));
    add("battery: wear", any_battery(&|b| b.wear_gbp_per_mwh > 0.0));
    add("battery: starts below its reserve", any_battery(&|b| b.soc_mwh < b.soc_min_mwh));
    add("battery: end wanted", any_battery(&|b| b.end_soc_min_mwh.is_some()));
    add("service", any_service(&|_| true));
    add("service: several points", any_service(&|s| s.points.len() > 1));
    add("service: latency limit", any_service(&|s| s.latency_limit_ms.is_some()));
    add("service: network latency", any_service(&|s| s.network_latency_ms.is_some()));
    add("service: routing cost", any_service(&|s| s.routing_cost_gbp_per_million != RoutingCost::Same(0.0)));
    add("job", any_job(&|_| true));
    add("job: not preemptible", any_job(&|j| !j.preemptible && !j.divisible));
    add("job: preemptible", any_job(&|j| j.preemptible));
    add("job: divisible", any_job(&|j| j.divisible));
    add("job: several points", any_job(&|j| j.points.len() > 1));
    add("job: count", any_job(&|j| j.count > 1));
    add("job: gpu hours", any_job(&|j| j.gpu_hours.is_some()));
    add("job: earliest start", any_job(&|j| j.earliest_start.is_some()));
    add("job: deadline", any_job(&|j| j.deadline.is_some()));
    add("job: priced deadline", any_job(&|j| j.deadline_kind == DeadlineKind::Priced));
    add("job: own undone penalty", any_job(&|j| j.undone_penalty_gbp.is_some()));
    add("job: startup cost", any_job(&|j| j.startup_cost_gbp > 0.0));
    add("job: pause cost", any_job(&|j| j.pause_cost_gbp > 0.0));
    add("job: pause energy", any_job(&|j| j.pause_energy_mwh > 0.0));
    add("job: min run", any_job(&|j| j.min_run_periods > 1));
    add("job: max pauses", any_job(&|j| j.max_pauses.is_some()));
    add("job: migration", any_job(&|j| j.migration.is_some()));
    add("job: run_when carbon", any_job(&|j| matches!(j.run_when, Some(RunWhen::CarbonBelowGPerKwh(_)))));
    add("job: run_when renewable", any_job(&|j| matches!(j.run_when, Some(RunWhen::RenewableShareMin(_)))));
    let state = |f: &dyn Fn(&JobState) -> bool| any_job(&|j| j.state.as_ref().is_some_and(f));
    add("job: running", state(&|s| s.point.is_some()));
    add("job: paused", state(&|s| s.point.is_none()));
    add("job: cannot stop", state(&|s| !s.can_stop));
    add("cap: kg", any_cap(&|c| c.metric == CapMetric::Kg));
    add("cap: g/kWh", any_cap(&|c| c.metric == CapMetric::GPerKwh));
    add("cap: g/inference", any_cap(&|c| c.metric == CapMetric::GPerInference));
    add("cap: day", any_cap(&|c| c.window == CapWindow::Day));
    add("cap: rolling", any_cap(&|c| matches!(c.window, CapWindow::RollingH(_))));
    add("cap: some regions", any_cap(&|c| c.regions.is_some()));
    add("cap: strict", any_cap(&|c| c.kind == CapKind::Strict));
    add("cap: priced", any_cap(&|c| c.kind == CapKind::Priced));
    names
}

/// The features that shape a plan: limits that are reached, promises that give way, things that happen.
#[must_use]
pub fn binding(problem: &Problem, plan: &Plan) -> Vec<&'static str> {
    const NEAR_MW: f64 = 1e-5;
    let mut names = Vec::new();
    let mut add = |name: &'static str, holds: bool| {
        if holds {
            names.push(name);
        }
    };
    let periods = problem.horizon().periods;
    let regions =
        || problem.regions().iter().zip(&plan.regions).flat_map(|(r, p)| (0..periods).map(move |t| (r, p, t)));
    let full = |value: f64, limit: f64| value > NEAR_MW && value >= limit - NEAR_MW;
    add("capacity is reached", regions().any(|(r, p, t)| full(p.it_mw[t], r.it_capacity_mw.at(t))));
    add(
        "import limit is reached",
        regions().any(|(r, p, t)| full(p.import_mw[t], r.import_limit_mw.at(t) + r.nonfirm_import_mw.at(t))),
    );
    add(
        "congestion limit is reached",
        regions().any(|(r, p, t)| r.congestion_limit_mw.as_ref().is_some_and(|c| full(p.import_mw[t], c.at(t)))),
    );
    add("exports", regions().any(|(_, p, t)| p.export_mw[t] > NEAR_MW));
    add("export limit is reached", regions().any(|(r, p, t)| full(p.export_mw[t], r.export_limit_mw.at(t))));
    add("solar is curtailed", regions().any(|(r, p, t)| p.solar_used_mw[t] < r.solar_mw.at(t) - NEAR_MW));
    let batteries = || problem.batteries().iter().zip(&plan.batteries);
    add("battery charges", batteries().any(|(_, p)| p.charge_mw.iter().any(|&mw| mw > NEAR_MW)));
    add("battery discharges", batteries().any(|(_, p)| p.discharge_mw.iter().any(|&mw| mw > NEAR_MW)));
    add("battery is full", batteries().any(|(b, p)| p.soc_mwh.iter().any(|&e| e >= b.energy_capacity_mwh - NEAR_MW)));
    add("jobs pause", plan.jobs.iter().any(|job| job.pauses > 0));
    add("jobs move", plan.jobs.iter().any(|job| job.migrations > 0));
    add("jobs move live", plan.jobs.iter().any(|job| job.migrations > job.pauses));
    let points = |job: &eca_core::plan::JobPlan| {
        job.point.iter().flatten().copied().collect::<std::collections::BTreeSet<_>>().len()
    };
    add("jobs change their point", plan.jobs.iter().any(|job| points(job) > 1));
    add("divisible work is split", plan.jobs.iter().any(|job| job.shares.as_ref().is_some_and(|s| s.len() > 1)));
    add("services use several regions", plan.services.iter().any(|s| s.inferences.len() > 1));
    let broken = |rule: &str| plan.broken_limits.iter().any(|b| b.rule == rule);
    let strict = |id: &str| problem.carbon_caps().iter().any(|c| c.id.as_str() == id && c.kind == CapKind::Strict);
    add("broken: undone", broken("undone"));
    add("broken: shed", broken("shed"));
    add("broken: end_soc", broken("end_soc"));
    add("broken: it_overload", broken("it_overload"));
    add("broken: import_overload", broken("import_overload"));
    add("broken: carbon_cap strict", plan.broken_limits.iter().any(|b| b.rule == "carbon_cap" && strict(&b.object)));
    add("broken: carbon_cap priced", plan.broken_limits.iter().any(|b| b.rule == "carbon_cap" && !strict(&b.object)));
    names
}
