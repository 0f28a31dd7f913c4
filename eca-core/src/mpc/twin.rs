//! A site on paper: jobs and batteries that do what actions tell them, and what that costs under given conditions.
//!
//! It is written from docs/model.md like the check, and shares no arithmetic with what makes plans: a plan whose actions
//! are carried out under the conditions it was made for must cost here what the plan says.

mod job;
mod power;
#[cfg(test)]
mod tests;

pub(crate) use job::{Move, Tracked};
pub(crate) use power::{Flows, Routes, import_price, routes};

use crate::Timestamp;
use crate::action::{Action, Before, Command, Inbox, Target, Verdict};
use crate::problem::{Battery, BatteryId, Job, JobId, ProblemDocument};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a battery was told: MW at the grid terminals, charge positive, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct SetPoint {
    power_mw: f64,
    until: Timestamp,
}

/// Jobs and batteries between two periods.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Twin {
    pub(crate) jobs: Vec<Tracked>,
    pub(crate) batteries: Vec<Battery>,
    set_points: BTreeMap<BatteryId, SetPoint>,
    inbox: Inbox,
}

impl Twin {
    /// The state that a document describes, at the start of its horizon.
    pub(crate) fn of(document: &ProblemDocument) -> Self {
        let mut twin = Self { batteries: document.batteries.clone(), ..Self::default() };
        document.jobs.iter().for_each(|job| twin.admit(job));
        twin
    }

    /// Takes a job in; one with `count = n` becomes `n` jobs `id#0` to `id#n-1`.
    pub(crate) fn admit(&mut self, job: &Job) {
        for copy in 0..job.count {
            let mut one = job.clone();
            one.count = 1;
            if job.count > 1 {
                one.id = format!("{}#{copy}", job.id).as_str().into();
            }
            self.jobs.push(Tracked::new(one));
        }
    }

    /// The jobs that are not done, in the state in which they are now.
    pub(crate) fn open_jobs(&self) -> impl Iterator<Item = Job> + '_ {
        self.jobs.iter().filter(|tracked| !tracked.is_done()).map(Tracked::job)
    }

    /// Carries out an action if it is due, not a repetition, and not overtaken.
    pub(crate) fn receive(&mut self, action: &Action, now: Timestamp) -> Verdict {
        let verdict = self.inbox.accept(action, now);
        if verdict != Verdict::Apply {
            return verdict;
        }
        match &action.target {
            Target::Battery { id } => {
                let power_mw = match action.command {
                    Command::Charge { power_mw } => power_mw,
                    Command::Discharge { power_mw } => -power_mw,
                    _ => 0.0,
                };
                self.set_points.insert(id.clone(), SetPoint { power_mw, until: action.expires });
            }
            Target::Job { id, .. } => {
                if let Some(tracked) = self.tracked(id) {
                    tracked.obey(&action.command, action.not_before);
                }
            }
            Target::Share { id, region, .. } => {
                if let Some(tracked) = self.tracked(id) {
                    tracked.share(region, &action.command, action.expires);
                }
            }
        }
        verdict
    }

    /// What a job was doing until now, and whether it has work left; none where it is not known.
    pub(crate) fn before(&self, id: &JobId) -> Option<(Before, bool)> {
        let tracked = self.jobs.iter().find(|tracked| tracked.id() == id)?;
        Some((tracked.before(), !tracked.is_done()))
    }

    pub(crate) fn tracked(&mut self, id: &JobId) -> Option<&mut Tracked> {
        self.jobs.iter_mut().find(|tracked| tracked.id() == id)
    }

    /// Lets period `t` of `site` pass: capacity, prices, carbon, demand and weather as they are there.
    pub(crate) fn advance(&mut self, site: &ProblemDocument, t: usize, routes: &Routes) -> Flows {
        let (start, h) = (site.horizon.start_of(t), site.horizon.step_h());
        let mut flows = Flows::new(site);
        for tracked in &mut self.jobs {
            tracked.advance(site, t, &mut flows);
        }
        flows.serve(site, t, routes);
        for battery in &self.batteries {
            let wanted = self.set_points.get(&battery.id).filter(|set| set.until > start);
            flows.store(battery, wanted.map_or(0.0, |set| set.power_mw), h);
        }
        flows.settle(site, t, &mut self.batteries);
        flows
    }
}
