//! The problem one period later: what a controller plans again, with a forecast that has changed a little.

use crate::generator::Dice;
use eca_core::{Job, JobState, Plan, Problem, ProblemDocument, Region, Result, Series};

/// How much a price moves from one forecast to the next, as a part of itself.
const NOISE: f64 = 0.03;

/// Two problems of so many periods out of one that is a period longer: the first, and with its plan the second.
#[derive(Debug, Clone)]
pub struct Replan {
    whole: ProblemDocument,
    periods: usize,
}

impl Replan {
    /// From a problem with a period more than is planned at a time.
    #[must_use]
    pub fn new(whole: &Problem) -> Self {
        Self { whole: whole.document().clone(), periods: whole.horizon().periods - 1 }
    }

    /// The problem before.
    ///
    /// # Errors
    /// As [`Problem::from_document`].
    pub fn before(&self) -> Result<Problem> {
        let mut document = self.cut(0);
        document.jobs.retain_mut(|job| self.reach(job, 0));
        Problem::from_document(document)
    }

    /// The problem after the first period of that plan has been run.
    ///
    /// # Errors
    /// As [`Problem::from_document`].
    pub fn after(&self, plan: &Plan, seed: u64) -> Result<Problem> {
        let mut dice = Dice::new(seed);
        let mut document = self.cut(1);
        for region in &mut document.regions {
            let noisy = |dice: &mut Dice, price: f64| ((price * (1.0 + NOISE * dice.normal())) * 100.0).round() / 100.0;
            let prices: Vec<f64> =
                region.import_price_gbp_per_mwh.values().iter().map(|&price| noisy(&mut dice, price)).collect();
            region.export_price_gbp_per_mwh = prices.iter().map(|price| price - 6.0).collect::<Vec<f64>>().into();
            region.import_price_gbp_per_mwh = prices.into();
        }
        for (battery, planned) in document.batteries.iter_mut().zip(&plan.batteries) {
            battery.soc_mwh = planned.soc_mwh[0].clamp(0.0, battery.energy_capacity_mwh);
        }
        let ran: std::collections::BTreeMap<&str, _> = plan
            .jobs
            .iter()
            .filter_map(|job| Some((job.id.as_str(), (job.region[0].clone()?, job.inferences[0]))))
            .collect();
        document.jobs.retain_mut(|job| {
            if let Some((region, done)) = ran.get(job.id.as_str()) {
                let point = job.points[0];
                if *done >= job.inferences.unwrap_or(0.0) * (1.0 - 1e-9) {
                    return false;
                }
                job.earliest_start = None;
                job.state = Some(JobState {
                    region: region.clone(),
                    point: Some(0),
                    done_inferences: point.inferences_per_h.unwrap_or(0.0) * self.whole.horizon.step_h(),
                    done_gpu_hours: 0.0,
                    running_since: Some(self.whole.horizon.start),
                    can_stop: true,
                    pauses: 0,
                });
            }
            self.reach(job, 1)
        });
        Problem::from_document(document)
    }

    fn cut(&self, from: usize) -> ProblemDocument {
        let mut document = self.whole.clone();
        document.horizon.start = self.whole.horizon.start_of(from);
        document.horizon.periods = self.periods;
        let part = |series: &mut Series| {
            if let Series::Values(values) = series {
                *values = values[from..from + self.periods].to_vec();
            }
        };
        for region in &mut document.regions {
            let Region { import_price_gbp_per_mwh, export_price_gbp_per_mwh, carbon_g_per_kwh, .. } = region;
            [import_price_gbp_per_mwh, export_price_gbp_per_mwh, carbon_g_per_kwh].into_iter().for_each(part);
            [&mut region.network_charge_gbp_per_mwh, &mut region.solar_mw].into_iter().for_each(part);
        }
        for service in &mut document.services {
            part(&mut service.demand_inferences);
        }
        document
    }

    /// Whether a job can be done in the horizon from `from` on; a deadline beyond it becomes its end.
    fn reach(&self, job: &mut Job, from: usize) -> bool {
        let horizon = &self.whole.horizon;
        let (start, end) = (horizon.start_of(from), horizon.start_of(from + self.periods));
        if job.deadline.is_some_and(|deadline| deadline >= end) {
            job.deadline = None;
        }
        if job.deadline.is_some_and(|deadline| deadline <= start) {
            return false;
        }
        job.earliest_start = job.earliest_start.filter(|&earliest| earliest > start);
        let first = job.earliest_start.unwrap_or(start);
        let minutes = job.deadline.unwrap_or(end).minutes_since(first);
        let rate = job.points[0].inferences_per_h.unwrap_or(1.0);
        let done = job.state.as_ref().map_or(0.0, |state| state.done_inferences);
        let work_h = (job.inferences.unwrap_or(0.0) - done) / rate;
        // Left at the start with too little time: it has missed a priced deadline, and is left out of both problems alike.
        minutes as f64 / 60.0 >= work_h - 1e-9
    }
}
