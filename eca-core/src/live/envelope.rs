//! What may be running, and what surely is: the limits of the site are kept outside the optimiser too.
//!
//! A plan counts on all of its commands. Calls get lost, jobs end early, answers do not come back. Before anything that
//! adds load is sent, the load that may be there is counted; before a battery discharges, the load that is surely there
//! until the set point ends.

use crate::action::{Action, Command, Target};
use crate::adapter::{Answer, WorkloadReading};
use crate::problem::{Job, JobId, Region, RegionId};
use crate::{Timestamp, unit};
use serde::{Deserialize, Serialize};

/// IT power of a job in a region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    cluster: usize,
    job: JobId,
    region: RegionId,
    /// As much as it may draw, MW.
    most_mw: f64,
    /// As much as it surely draws, MW.
    sure_mw: f64,
    /// When its work is done at the latest rate known; the sure part ends then.
    until: Timestamp,
}

/// Every load that is known of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Envelope(Vec<Load>);

/// Power within this of a limit is within it, MW.
const NEAR_MW: f64 = 1e-6;

impl Envelope {
    /// What a cluster shows takes the place of what was known of it.
    pub(super) fn observe(&mut self, cluster: usize, readings: &[WorkloadReading], now: Timestamp) {
        // Shares of divisible jobs are not shown: they end by themselves.
        self.0.retain(|load| load.cluster != cluster || (load.until > now && is_share(load)));
        for reading in readings {
            let Some(state) = &reading.job.state else { continue };
            let Some(point) = state.point.and_then(|point| reading.job.points.get(point)) else { continue };
            let rate = point.inferences_per_h.or(point.gpu_hours_per_h).unwrap_or(0.0);
            let work = reading.job.inferences.or(reading.job.gpu_hours).unwrap_or(0.0);
            let left = (work - state.done_inferences.max(state.done_gpu_hours)).max(0.0);
            // A job that needs longer than years ends after every horizon.
            #[allow(clippy::cast_possible_truncation)]
            let left_s = unit::h_to_s(left / rate).floor().min(1e9) as i64;
            self.0.push(Load {
                cluster,
                job: reading.job.id.clone(),
                region: state.region.clone(),
                most_mw: point.power_mw.max(reading.power_mw.unwrap_or(0.0)),
                sure_mw: reading.power_mw.unwrap_or(point.power_mw).min(point.power_mw),
                until: reading.at.plus_s(if rate > 0.0 { left_s } else { 0 }),
            });
        }
    }

    /// IT power that may be drawn in a region, but by one job, MW.
    fn most_mw(&self, region: &RegionId, but: Option<&JobId>) -> f64 {
        self.0.iter().filter(|l| l.region == *region && Some(&l.job) != but).map(|l| l.most_mw).sum()
    }

    /// IT power that is surely drawn in a region until then, MW.
    fn sure_mw(&self, region: &RegionId, until: Timestamp) -> f64 {
        self.0.iter().filter(|l| l.region == *region && l.until >= until).map(|l| l.sure_mw).sum()
    }

    /// Why a command for a job may not be sent; none where there is room for it. `discharge_mw` is what batteries there
    /// give now, `charge_mw` what they take.
    pub(super) fn no_room(
        &self,
        action: &Action,
        region: &Region,
        t: usize,
        charge_mw: f64,
        discharge_mw: f64,
    ) -> Option<String> {
        let (job, power_mw) = added(action)?;
        let it_mw = self.most_mw(&region.id, Some(job)) + power_mw;
        let capacity = region.it_capacity_mw.at(t);
        if it_mw > capacity + NEAR_MW {
            return Some(format!(
                "`{}` may already draw so much that with it {it_mw:.3} MW of {capacity:.3} MW would run",
                region.id
            ));
        }
        let import = region.overhead_mw.at(t) + region.pue_slope.at(t) * it_mw + charge_mw - discharge_mw;
        let limit = import_limit(region, t);
        (import > limit + NEAR_MW).then(|| format!("`{}` would then import {import:.3} MW of {limit:.3} MW", region.id))
    }

    /// How far a battery may go in a region: charge and discharge, MW.
    pub(super) fn battery_room(&self, region: &Region, t: usize, until: Timestamp) -> (f64, f64) {
        let facility = |it_mw: f64| region.overhead_mw.at(t) + region.pue_slope.at(t) * it_mw;
        let charge = import_limit(region, t) - facility(self.most_mw(&region.id, None));
        let discharge =
            region.export_limit_mw.at(t) + facility(self.sure_mw(&region.id, until)) - region.solar_mw.at(t);
        (charge.max(0.0), discharge.max(0.0))
    }

    /// A command was sent: what it may have done, and what it surely has.
    pub(super) fn sent(&mut self, cluster: usize, action: &Action, answer: Option<Answer>, job: Option<&Job>) {
        let sure = matches!(answer, Some(Answer::Done | Answer::AlreadyDone));
        let (Target::Job { id, .. } | Target::Share { id, .. }) = &action.target else { return };
        let of_job = |load: &Load| load.job == *id;
        match &action.command {
            Command::Pause if sure => self.0.retain(|load| !of_job(load)),
            Command::Pause => self.0.iter_mut().filter(|l| of_job(l)).for_each(|load| load.sure_mw = 0.0),
            Command::SetPower { power_mw, .. } => {
                for load in self.0.iter_mut().filter(|load| of_job(load)) {
                    load.most_mw = if sure { *power_mw } else { load.most_mw.max(*power_mw) };
                    load.sure_mw = load.sure_mw.min(*power_mw);
                }
            }
            Command::Migrate { region, power_mw, .. } => {
                if sure {
                    self.0.retain(|load| !of_job(load));
                } else {
                    self.0.iter_mut().filter(|l| of_job(l)).for_each(|load| load.sure_mw = 0.0);
                }
                self.0.push(load(cluster, id, region, *power_mw, 0.0, action.expires));
            }
            Command::Run { region, power_mw, .. } | Command::Resume { region, power_mw, .. } => {
                // What it has left is known from the next observation on; a fresh job of an hour lasts an hour.
                let lasts = job.is_some_and(|job| outlasts(job, action));
                let sure_mw = if sure && lasts { *power_mw } else { 0.0 };
                self.0.retain(|load| !of_job(load));
                self.0.push(load(cluster, id, region, *power_mw, sure_mw, action.expires));
            }
            Command::SetShares { power_mw, .. } => {
                let Target::Share { region, .. } = &action.target else { return };
                self.0.retain(|load| !(of_job(load) && load.region == *region));
                let mut share = load(cluster, id, region, *power_mw, 0.0, action.expires);
                share.job = share_name(id);
                self.0.push(share);
            }
            _ => {}
        }
    }
}

/// Shares are kept apart from the job: no cluster shows them.
fn share_name(id: &JobId) -> JobId {
    format!("{id} (share)").into()
}

fn is_share(load: &Load) -> bool {
    load.job.as_str().ends_with(" (share)")
}

fn load(cluster: usize, job: &JobId, region: &RegionId, most_mw: f64, sure_mw: f64, until: Timestamp) -> Load {
    Load { cluster, job: job.clone(), region: region.clone(), most_mw, sure_mw, until }
}

fn import_limit(region: &Region, t: usize) -> f64 {
    let firm = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
    region.congestion_limit_mw.as_ref().map_or(firm, |limit| firm.min(limit.at(t)))
}

/// The job that a command lets draw more, and how much it draws then, MW.
fn added(action: &Action) -> Option<(&JobId, f64)> {
    let (Target::Job { id, .. } | Target::Share { id, .. }) = &action.target else { return None };
    match &action.command {
        Command::Run { power_mw, .. }
        | Command::Resume { power_mw, .. }
        | Command::Migrate { power_mw, .. }
        | Command::SetPower { power_mw, .. }
        | Command::SetShares { power_mw, .. } => Some((id, *power_mw)),
        _ => None,
    }
}

/// Whether a job that starts or resumes now has work for the whole time of the command.
fn outlasts(job: &Job, action: &Action) -> bool {
    let done = job.state.as_ref().map_or(0.0, |state| state.done_inferences.max(state.done_gpu_hours));
    let left = job.inferences.or(job.gpu_hours).unwrap_or(0.0) - done;
    let rates = job.points.iter().map(|p| p.inferences_per_h.or(p.gpu_hours_per_h).unwrap_or(0.0));
    // Commands are minutes to hours long.
    #[allow(clippy::cast_precision_loss)]
    let h = unit::s_to_h(action.expires.seconds_since(action.not_before) as f64);
    left >= rates.fold(0.0, f64::max) * h
}
