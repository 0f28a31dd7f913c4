//! Seeded instances of any size for the benches: a fleet of batch jobs, online services, batteries and solar.
//!
//! The same [`Fleet`] gives the same problem everywhere (values are rounded to the digits that are written). What is drawn:
//!
//! - 30-min periods from a Monday midnight; GB-like prices, carbon and solar with autocorrelated wind and cloud.
//! - jobs: work of 2 to 24 periods (mean 7.5), windows of up to the work and 96 periods more inside the horizon (mean 23
//!   periods at 48, 47 at 336; 8 % have no slack at all), 0.05 to 0.4 MW, a random set of allowed regions; 40 % may not
//!   pause, the others have a least run of 1, 2 or 4 periods, at most 1, 2, 3 or any number of pauses, and pay GBP 2 to
//!   10 per MW for each. A quarter of the deadlines is hard, the others are priced (GBP 300 to 900 per MW and period
//!   undone); either way there is always a plan.
//! - a quarter of the IT energy is online inference; each service may be served in two regions.
//! - IT capacity for a mean use of 60 %, so that periods do congest; a battery of 25 % of it for 2 h and solar of 30 % of
//!   it in every region.
//!
//! What would make an instance easy is kept out: powers differ from job to job, so that no two jobs are the same by
//! chance; [`crate::hardness`] measures what is left.

mod job;
mod signal;
mod site;

use crate::generator::Dice;
use eca_core::{CapMetric, CapWindow, CarbonCap, Horizon, Problem, Result};
use signal::Weather;

/// Part of the IT energy that is online inference.
const ONLINE: f64 = 0.25;
/// Mean use of the IT capacity.
const USE: f64 = 0.6;
/// Mean work of a job, periods.
const MEAN_WORK: f64 = 7.5;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fleet {
    /// Batch jobs.
    pub jobs: usize,
    /// Periods of 30 min.
    pub periods: usize,
    /// Regions.
    pub regions: usize,
    /// Seed.
    pub seed: u64,
    /// Some jobs need about half of a site: the LP is weak there. Without it the largest job needs at most a fifth.
    pub lumpy: bool,
    /// Every feature of the problem document: operating points, pause energy, startup, live migration, running and paused
    /// jobs, `run_when`, divisible jobs, caps of all metrics, demand charge, congestion, non-firm import, reserves, latency.
    pub every_feature: bool,
    /// A priced cap on the carbon intensity of each day that binds.
    pub carbon_cap: bool,
    /// No least run: what every peer can express (see `benches/peers`).
    pub plain: bool,
    /// Draw the jobs from so many classes of identical jobs.
    pub classes: Option<usize>,
}

impl Fleet {
    /// A plain instance.
    #[must_use]
    pub fn new(jobs: usize, periods: usize, regions: usize, seed: u64) -> Self {
        let off = false;
        Self {
            jobs,
            periods,
            regions,
            seed,
            lumpy: off,
            every_feature: off,
            carbon_cap: off,
            plain: off,
            classes: None,
        }
    }

    /// `200x48x3`, with what is switched on.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = format!("{}x{}x{}", self.jobs, self.periods, self.regions);
        for (on, word) in
            [(self.lumpy, "lumpy"), (self.every_feature, "every"), (self.carbon_cap, "cap"), (self.plain, "plain")]
        {
            if on {
                name = format!("{name}-{word}");
            }
        }
        self.classes.map_or(name.clone(), |classes| format!("{name}-classes{classes}"))
    }

    /// Switches on what a command-line flag asks for; false where it is none of these.
    pub fn flag(&mut self, flag: &str) -> bool {
        match flag {
            "--lumpy" => self.lumpy = true,
            "--every-feature" => self.every_feature = true,
            "--carbon-cap" => self.carbon_cap = true,
            "--plain" => self.plain = true,
            _ => return false,
        }
        true
    }

    /// Sets what a command-line option asks for.
    ///
    /// # Errors
    /// Where there is no such option, or the value is no number.
    pub fn option(&mut self, option: &str, value: &str) -> std::result::Result<(), String> {
        let number = value.parse::<usize>().map_err(|_| format!("{option} needs a number, not `{value}`"));
        match option {
            "--jobs" => self.jobs = number?,
            "--periods" => self.periods = number?,
            "--regions" => self.regions = number?,
            "--seed" => self.seed = number? as u64,
            "--classes" => self.classes = Some(number?),
            _ => return Err(format!("`{option}` is no option")),
        }
        Ok(())
    }

    /// Draws the problem.
    ///
    /// # Errors
    /// Where there are no periods or no regions, or more jobs than a problem may have.
    pub fn problem(&self) -> Result<Problem> {
        let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 30, self.periods)?;
        let mut dice = Dice::new(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x0ECA);
        let weather: Vec<Weather> = signal::weather(&mut dice, &horizon, self.regions);
        let (jobs, batch_mw) = job::jobs(self, &mut dice, &horizon, &weather);
        let largest_mw = jobs.iter().flat_map(|job| &job.points).map(|point| point.power_mw).fold(0.0, f64::max);
        let load = site::Load { batch_mw, online_mw: batch_mw * ONLINE / (1.0 - ONLINE), largest_mw };
        let sites = site::sites(self, &mut dice, &load, &weather);
        let mut builder = Problem::builder(horizon);
        for cap in self.caps(&sites) {
            builder = builder.carbon_cap(cap);
        }
        for site in sites {
            builder = builder.region(site.region).battery(site.battery);
        }
        for service in site::services(self, &mut dice, &load, &horizon) {
            builder = builder.service(service);
        }
        for job in jobs {
            builder = builder.job(job);
        }
        builder.build()
    }

    /// Caps a little below what an even load would emit: they bind, and what is beyond them has a price.
    fn caps(&self, sites: &[site::Site]) -> Vec<CarbonCap> {
        const TIGHT: f64 = 0.92;
        const PRICE_GBP_PER_KG: f64 = 0.3;
        let days = (self.periods as f64 / 48.0).max(1.0);
        let carbon_kg: f64 = sites.iter().map(|site| site.even.carbon_kg).sum();
        let energy_mwh: f64 = sites.iter().map(|site| site.even.facility_mwh).sum();
        let inferences = sites.iter().map(|site| site.even.it_mwh).sum::<f64>() * job::INFERENCES_PER_MWH;
        let cap = |id: &str, metric, limit: f64, window| {
            CarbonCap::priced(id, metric, signal::rounded(TIGHT * limit, 6), window, PRICE_GBP_PER_KG)
        };
        let intensity = carbon_kg / energy_mwh;
        let mut caps = Vec::new();
        if self.carbon_cap || self.every_feature {
            caps.push(cap("day", CapMetric::GPerKwh, intensity, CapWindow::Day));
        }
        if self.every_feature {
            caps.push(cap("rolling", CapMetric::Kg, carbon_kg / days, CapWindow::RollingH(24.0)));
            caps.push(cap("inference", CapMetric::GPerInference, carbon_kg * 1e3 / inferences, CapWindow::Horizon));
        }
        caps
    }
}
