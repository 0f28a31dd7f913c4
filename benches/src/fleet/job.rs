//! The batch jobs of a fleet.

use super::signal::{Weather, rounded};
use super::{Fleet, MEAN_WORK, ONLINE, USE, site};
use crate::generator::Dice;
use eca_core::{DeadlineKind, Horizon, Job, JobPoint, JobState, Migration, RunWhen};

/// Inferences of one MWh of IT energy: 0.4 Wh each.
pub(super) const INFERENCES_PER_MWH: f64 = 2.5e6;
/// IT power of jobs, MW, and how many have it.
const POWERS_MW: [(f64, f64); 4] = [(0.05, 0.4), (0.1, 0.35), (0.2, 0.15), (0.4, 0.1)];
/// Fewest and most periods of work.
const WORK: (usize, usize) = (2, 24);
/// Mean of the exponential that work beyond the fewest periods is cut from; gives a mean of 7.5 in all.
const WORK_TAIL: f64 = 6.8;
/// Most periods that a window is longer than the work.
const MOST_SLACK: usize = 96;
/// Largest job over mean site of a fleet that is not lumpy, and of one that is.
const SMALL: f64 = 0.2;
const LARGE: f64 = 0.5;
/// Part of a lumpy fleet's energy that its large jobs use.
const LUMPS: f64 = 0.3;

/// The jobs, and their mean load over the horizon, MW.
pub(super) fn jobs(fleet: &Fleet, dice: &mut Dice, horizon: &Horizon, weather: &[Weather]) -> (Vec<Job>, f64) {
    let mut draw = Draw { fleet, dice, horizon, weather, powers: Powers::new(fleet) };
    let mut jobs: Vec<Job> = match fleet.classes {
        None => (0..fleet.jobs).map(|j| draw.job(j)).collect(),
        Some(classes) => {
            let kinds: Vec<Job> = (0..classes.max(1)).map(|k| draw.job(k)).collect();
            (0..fleet.jobs).map(|_| kinds[draw.dice.whole(0, kinds.len() - 1)].clone()).collect()
        }
    };
    let mut energy_mwh = 0.0;
    for (j, job) in jobs.iter_mut().enumerate() {
        job.id = format!("job{j}").as_str().into();
        energy_mwh += job.inferences.unwrap_or(0.0) / INFERENCES_PER_MWH;
    }
    (jobs, energy_mwh / (horizon.step_h() * horizon.periods.max(1) as f64))
}

/// What powers jobs have, so that the largest is a wanted part of a site.
struct Powers {
    choices: Vec<(f64, f64)>,
    /// Power of the large jobs of a lumpy fleet, and their part of the jobs.
    lumps: Option<(f64, f64)>,
}

impl Powers {
    fn new(fleet: &Fleet) -> Self {
        let all = |choices: &[(f64, f64)]| choices.iter().map(|c| c.1).sum::<f64>();
        let mean = |choices: &[(f64, f64)]| choices.iter().map(|(mw, share)| mw * share).sum::<f64>() / all(choices);
        // Mean site over mean job; both grow together.
        let cells = (fleet.periods * fleet.regions).max(1) as f64;
        let jobs_per_site = fleet.jobs as f64 * MEAN_WORK / ((1.0 - ONLINE) * USE * cells);
        let mut choices = POWERS_MW.to_vec();
        while choices.len() > 1 && choices.last().is_some_and(|last| last.0 > SMALL * jobs_per_site * mean(&choices)) {
            choices.pop();
        }
        // The large jobs raise the mean, and so the sites, themselves.
        let lumps = fleet.lumpy.then(|| {
            let small = mean(&choices);
            let large = (LARGE * jobs_per_site * small / (1.0 - LUMPS)).max(4.0 * small);
            let odds = LUMPS / (1.0 - LUMPS) * small / large;
            (large, (odds / (1.0 + odds)).max(1.0 / fleet.jobs.max(1) as f64))
        });
        Self { choices, lumps }
    }

    /// The power of job `j`: the large ones are spread evenly, so that every lumpy fleet has some.
    fn draw(&self, dice: &mut Dice, j: usize) -> f64 {
        let mut left = dice.unit() * self.choices.iter().map(|c| c.1).sum::<f64>();
        let drawn = self.choices.iter().find(|choice| {
            left -= choice.1;
            left < 0.0
        });
        let mut power_mw = drawn.map_or(self.choices[0].0, |choice| choice.0);
        if let Some((large, share)) = self.lumps
            && ((j + 1) as f64 * share + 1e-9).floor() > (j as f64 * share + 1e-9).floor()
        {
            power_mw = large;
        }
        rounded(power_mw * (0.9 + 0.2 * dice.unit()), 4)
    }
}

struct Draw<'a> {
    fleet: &'a Fleet,
    dice: &'a mut Dice,
    horizon: &'a Horizon,
    weather: &'a [Weather],
    powers: Powers,
}

impl Draw<'_> {
    fn job(&mut self, j: usize) -> Job {
        let h = self.horizon.step_h();
        let power_mw = self.powers.draw(self.dice, j);
        let work = self.work();
        let rate = (power_mw * INFERENCES_PER_MWH).round();
        let mut job = Job::inferences("job", rate * h * work as f64, [JobPoint::inferences(power_mw, rate)]);
        let first = self.window(&mut job, work);
        if self.fleet.regions > 1 {
            let mut some: Vec<usize> = (0..self.fleet.regions).filter(|_| self.dice.chance(0.6)).collect();
            if some.is_empty() {
                some.push(self.dice.whole(0, self.fleet.regions - 1));
            }
            job = job.in_regions(some.into_iter().map(site::name));
        }
        if self.dice.chance(0.6) {
            job.preemptible = true;
            let least = self.dice.of(&[1, 2, 4]);
            job.min_run_periods = if self.fleet.plain { 1 } else { least };
            job.max_pauses = self.dice.of(&[Some(1), Some(2), Some(3), None]);
            job.pause_cost_gbp = rounded(power_mw * (2.0 + 8.0 * self.dice.unit()), 3);
        }
        if self.dice.chance(0.75) {
            job.deadline_kind = DeadlineKind::Priced;
            let gbp_per_mw_period = 300.0 + 600.0 * self.dice.unit();
            job.undone_penalty_gbp = Some(rounded(gbp_per_mw_period * power_mw * work as f64, 2));
        }
        if self.fleet.every_feature {
            self.features(&mut job, power_mw, rate, first);
        }
        job
    }

    /// Periods of work.
    fn work(&mut self) -> usize {
        let most = WORK.1.min(self.horizon.periods);
        loop {
            let beyond = -WORK_TAIL * (1.0 - self.dice.unit()).ln();
            let work = WORK.0.min(most) + beyond as usize;
            if work <= most {
                return work;
            }
        }
    }

    /// Sets the window; returns its first period.
    fn window(&mut self, job: &mut Job, work: usize) -> usize {
        let periods = self.horizon.periods;
        let first = self.dice.whole(0, periods - work);
        let slack = if self.dice.chance(0.08) { 0 } else { self.dice.whole(0, MOST_SLACK) };
        let end = (first + work + slack).min(periods);
        job.earliest_start = (first > 0).then(|| self.horizon.start_of(first));
        job.deadline = (end < periods).then(|| self.horizon.start_of(end));
        first
    }

    /// What only instances with every feature have.
    fn features(&mut self, job: &mut Job, power_mw: f64, rate: f64, first: usize) {
        if self.dice.chance(0.5) {
            // Throughput falls less than power under a cap.
            for (power, throughput) in [(0.75, 0.88), (0.55, 0.7)] {
                job.points.push(JobPoint::inferences(rounded(power_mw * power, 4), (rate * throughput).round()));
            }
        }
        job.tier = self.dice.of(&[0, 1, 2, 3]);
        if self.dice.chance(0.1) {
            // Conditions may leave too few periods for a hard deadline.
            job.deadline_kind = DeadlineKind::Priced;
            let r = self.dice.whole(0, self.fleet.regions - 1);
            job.run_when = Some(if self.dice.chance(0.5) {
                RunWhen::CarbonBelowGPerKwh(middle(&self.weather[r].carbon_g_per_kwh))
            } else {
                RunWhen::RenewableShareMin(middle(&self.weather[r].renewable_frac))
            });
        }
        if self.dice.chance(0.05) {
            job.divisible = true;
            (job.preemptible, job.min_run_periods, job.max_pauses, job.pause_cost_gbp) = (false, 1, None, 0.0);
            return;
        }
        job.startup_cost_gbp = rounded(power_mw * 5.0 * self.dice.unit(), 3);
        if job.preemptible {
            job.pause_energy_mwh = rounded(power_mw * 0.1 * self.dice.unit(), 5);
        }
        if self.fleet.regions > 1 && self.dice.chance(0.4) {
            job.migration = Some(Migration {
                cost_gbp: rounded(power_mw * 4.0, 3),
                periods: self.dice.of(&[0, 1, 1, 2]),
                energy_mwh: rounded(power_mw * 0.05, 5),
            });
        }
        if first <= 4 && self.dice.chance(0.6) {
            self.state(job);
        }
    }

    /// Has run before the horizon: still runs, or is paused.
    fn state(&mut self, job: &mut Job) {
        let Some(region) = job.regions.as_ref().map_or(Some(site::name(0).into()), |ids| ids.first().cloned()) else {
            return;
        };
        let runs = !job.preemptible || self.dice.chance(0.6);
        // One that runs on must be able to: no condition may stand in its way.
        if runs && job.run_when.is_some() {
            return;
        }
        job.earliest_start = None;
        let age = i64::from(self.dice.of(&[1_u32, 2, 4]));
        job.state = Some(JobState {
            region,
            point: runs.then_some(0),
            done_inferences: (job.inferences.unwrap_or(0.0) * 0.25).floor(),
            done_gpu_hours: 0.0,
            running_since: runs.then(|| self.horizon.start.plus_min(-age * i64::from(self.horizon.step_min))),
            can_stop: !runs || self.dice.chance(0.7),
            // Resuming is one more pause.
            pauses: u32::from(job.preemptible && job.max_pauses != Some(1) && self.dice.chance(0.3)),
        });
    }
}

fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
