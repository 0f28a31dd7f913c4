//! The site: time passes, jobs work, batteries fill and empty, meters count.

use super::job::MemoryJob;
use crate::action::{Action, Command, Inbox, Target, Verdict};
use crate::adapter::Answer;
use crate::problem::{Battery, BatteryId, JobId, ProblemDocument, RegionId};
use crate::{Timestamp, unit};
use std::collections::BTreeMap;

/// Energy that is drawn at once, MWh by region.
#[derive(Debug, Default)]
pub(super) struct Extra(BTreeMap<RegionId, f64>);

impl Extra {
    pub(super) fn add(&mut self, region: &RegionId, mwh: f64) {
        *self.0.entry(region.clone()).or_default() += mwh;
    }
}

/// Registers of one connection, MWh.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Registers {
    pub(super) import_mwh: f64,
    pub(super) export_mwh: f64,
}

/// Power above a limit by less than this is rounding, MW.
const SLACK_MW: f64 = 1e-6;

#[derive(Debug)]
pub(super) struct World {
    pub(super) site: ProblemDocument,
    pub(super) now: Timestamp,
    pub(super) jobs: Vec<MemoryJob>,
    pub(super) batteries: Vec<Battery>,
    pub(super) battery_mw: Vec<f64>,
    set_points: BTreeMap<BatteryId, (f64, Timestamp)>,
    pub(super) registers: Vec<Registers>,
    pub(super) net_mw: Vec<f64>,
    inbox: Inbox,
    pub(super) self_starting: bool,
    pub(super) carried_out: Vec<Action>,
    pub(super) breaches: Vec<String>,
}

impl World {
    pub(super) fn new(mut site: ProblemDocument) -> Self {
        let now = site.horizon.start;
        let mut jobs = Vec::new();
        for job in std::mem::take(&mut site.jobs) {
            for copy in 0..job.count {
                let mut one = job.clone();
                one.count = 1;
                if job.count > 1 {
                    one.id = format!("{}#{copy}", job.id).as_str().into();
                }
                jobs.push(MemoryJob::new(one, now));
            }
        }
        Self {
            now,
            jobs,
            battery_mw: vec![0.0; site.batteries.len()],
            batteries: std::mem::take(&mut site.batteries),
            set_points: BTreeMap::new(),
            registers: vec![Registers::default(); site.regions.len()],
            net_mw: vec![0.0; site.regions.len()],
            inbox: Inbox::new(),
            self_starting: false,
            carried_out: Vec::new(),
            breaches: Vec::new(),
            site,
        }
    }

    /// The period of `at`; the first or last one outside the horizon.
    fn period(&self, at: Timestamp) -> usize {
        let horizon = &self.site.horizon;
        let t = at.minutes_since(horizon.start).div_euclid(i64::from(horizon.step_min));
        usize::try_from(t).unwrap_or(0).min(horizon.periods.saturating_sub(1))
    }

    /// Lets time pass until `to`; it never goes back.
    pub(super) fn advance(&mut self, to: Timestamp) {
        while self.now < to {
            if self.self_starting {
                self.start_by_itself();
            }
            let step_min = i64::from(self.site.horizon.step_min);
            let over = self.now.minutes_since(self.site.horizon.start).div_euclid(step_min) + 1;
            let boundary = self.site.horizon.start.plus_min(over * step_min);
            let jobs = self.jobs.iter().filter_map(|job| job.next_change(self.now));
            let sets = self.set_points.values().map(|(_, until)| *until).filter(|until| *until > self.now);
            let next = jobs.chain(sets).chain([boundary]).min().unwrap_or(to).min(to);
            self.pass(next);
        }
    }

    /// Battery power and net load of each region as they are now, MW, for a span of `h` hours.
    fn flows(&self, h: f64) -> (Vec<f64>, Vec<f64>) {
        let (now, t, it_mw) = (self.now, self.period(self.now), self.it_mw());
        let of_battery = |battery: &Battery| {
            let wanted = self.set_points.get(&battery.id).filter(|(_, until)| *until > now).map_or(0.0, |(mw, _)| *mw);
            let room = (battery.energy_capacity_mwh - battery.soc_mwh).max(0.0) / (h * battery.charge_efficiency);
            let floor = battery.soc_min_mwh.min(battery.soc_mwh);
            let stored = (battery.soc_mwh - floor).max(0.0) * battery.discharge_efficiency / h;
            wanted.clamp(-battery.power_capacity_mw.min(stored), battery.power_capacity_mw.min(room))
        };
        let battery_mw: Vec<f64> = self.batteries.iter().map(of_battery).collect();
        let net = self.site.regions.iter().enumerate().map(|(r, region)| {
            let facility = region.overhead_mw.at(t) + region.pue_slope.at(t) * it_mw[r];
            let stores = self.batteries.iter().zip(&battery_mw).filter(|(b, _)| b.region == region.id);
            let load = facility + stores.map(|(_, mw)| mw).sum::<f64>();
            // Solar covers the load; what nobody may export is curtailed.
            load - region.solar_mw.at(t).min(load.max(0.0) + region.export_limit_mw.at(t))
        });
        let net = net.collect();
        (battery_mw, net)
    }

    /// What instruments show at this instant.
    pub(super) fn measure(&mut self) {
        let (battery_mw, net_mw) = self.flows(unit::s_to_h(1.0));
        self.battery_mw = battery_mw;
        self.net_mw = net_mw;
    }

    fn pass(&mut self, to: Timestamp) {
        let (now, t) = (self.now, self.period(self.now));
        let h = unit::s_to_h(seconds(to.seconds_since(now)));
        let it_mw = self.it_mw();
        let (battery_mw, net_mw) = self.flows(h);
        for (battery, mw) in self.batteries.iter_mut().zip(battery_mw) {
            let flow = if mw > 0.0 { mw * battery.charge_efficiency } else { mw / battery.discharge_efficiency };
            battery.soc_mwh += h * flow;
        }
        for (r, region) in self.site.regions.iter().enumerate() {
            let net = net_mw[r];
            self.registers[r].import_mwh += h * net.max(0.0);
            self.registers[r].export_mwh += h * (-net).max(0.0);
            let mut check = |what: &str, mw: f64, limit: f64| {
                if mw > limit + SLACK_MW {
                    self.breaches.push(format!("{now}: {what} of `{}` is {mw:.6} MW, limit {limit:.6} MW", region.id));
                }
            };
            check("IT power", it_mw[r], region.it_capacity_mw.at(t));
            check("import", net, region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t));
            check("export", -net, region.export_limit_mw.at(t));
        }
        for job in &mut self.jobs {
            job.pass(now, to, h);
        }
        self.now = to;
    }

    /// IT power by region as it is now, MW.
    pub(super) fn it_mw(&self) -> Vec<f64> {
        let mut it_mw = vec![0.0; self.site.regions.len()];
        for (region, mw) in self.jobs.iter().flat_map(|job| job.load(self.now).0) {
            if let Some(r) = self.site.regions.iter().position(|known| known.id == region) {
                it_mw[r] += mw;
            }
        }
        it_mw
    }

    /// What a site without ECA does: a job starts as soon as it may and there is room for it.
    fn start_by_itself(&mut self) {
        let t = self.period(self.now);
        for j in 0..self.jobs.len() {
            let job = &self.jobs[j];
            let given = job.given();
            let open = given.earliest_start.is_none_or(|at| at <= self.now);
            if !job.is_waiting() || !open || given.divisible {
                continue;
            }
            let point =
                (0..given.points.len()).max_by(|&a, &b| given.points[a].power_mw.total_cmp(&given.points[b].power_mw));
            let Some(point) = point else { continue };
            let power_mw = given.points[point].power_mw;
            let it_mw = self.it_mw();
            let room = |r: &usize| {
                let region = &self.site.regions[*r];
                given.regions.as_ref().is_none_or(|ids| ids.contains(&region.id))
                    && it_mw[*r] + power_mw <= region.it_capacity_mw.at(t)
            };
            let Some(r) = (0..self.site.regions.len()).find(room) else { continue };
            let region = self.site.regions[r].id.clone();
            let run = Command::Run { region, point, power_mw };
            // It waits, so it can start.
            let _ = self.jobs[j].obey(&run, self.now, self.site.horizon.step_min, &mut Extra::default());
        }
    }

    /// Carries out an action for a job or a battery, if it is due and new. Says why it cannot.
    pub(super) fn receive(&mut self, action: &Action, now: Timestamp) -> Result<Answer, String> {
        self.advance(now);
        let before = self.inbox.clone();
        let verdict = self.inbox.accept(action, now);
        if verdict != Verdict::Apply {
            return Ok(verdict.into());
        }
        let result = self.carry_out(action);
        match result {
            Ok(()) => {
                self.carried_out.push(action.clone());
                Ok(Answer::Done)
            }
            Err(why) => {
                self.inbox = before;
                Err(why)
            }
        }
    }

    fn carry_out(&mut self, action: &Action) -> Result<(), String> {
        let (now, step_min) = (self.now, self.site.horizon.step_min);
        match (&action.target, &action.command) {
            (Target::Battery { id }, command) => {
                let power_mw = match command {
                    Command::Charge { power_mw } => *power_mw,
                    Command::Discharge { power_mw } => -power_mw,
                    Command::Idle => 0.0,
                    other => return Err(format!("a battery cannot do {other:?}")),
                };
                let most = self.batteries.iter().find(|b| b.id == *id).map_or(0.0, |b| b.power_capacity_mw);
                if !power_mw.is_finite() || power_mw.abs() > most + SLACK_MW {
                    return Err(format!("{power_mw} MW is beyond its power of {most} MW"));
                }
                self.set_points.insert(id.clone(), (power_mw, action.expires));
                Ok(())
            }
            (Target::Share { id, region, .. }, Command::SetShares { shares, .. }) => {
                self.job(id)?.share(region, shares, action.expires)
            }
            (Target::Share { .. }, other) => Err(format!("a share cannot do {other:?}")),
            (Target::Job { id, .. }, command) => {
                let mut extra = Extra::default();
                self.job(id)?.obey(command, now, step_min, &mut extra)?;
                for (region, mwh) in extra.0 {
                    let r = self.site.regions.iter().position(|known| known.id == region);
                    if let Some(r) = r {
                        let t = self.period(now);
                        self.registers[r].import_mwh += mwh * self.site.regions[r].pue_slope.at(t);
                    }
                }
                Ok(())
            }
        }
    }

    fn job(&mut self, id: &JobId) -> Result<&mut MemoryJob, String> {
        let found = self.jobs.iter_mut().find(|job| job.given().id == *id);
        found.ok_or_else(|| format!("there is no job `{id}`"))
    }
}

/// Whole seconds as a number.
pub(super) fn seconds(s: i64) -> f64 {
    // Spans are below 2^53 s.
    #[allow(clippy::cast_precision_loss)]
    let seconds = s as f64;
    seconds
}
