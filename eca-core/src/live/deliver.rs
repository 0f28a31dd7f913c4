//! What is due goes out: relief first, then what adds load as far as there is room, then batteries as far as limits go.

use super::state::Outgoing;
use super::{Delivery, Live, Tick};
use crate::Timestamp;
use crate::action::{Action, Command, Target};
use crate::adapter::{Answer, ApplyOptions};
use crate::problem::{BatteryId, RegionId};

/// A generation above that of every plan, and exact in every JSON reader.
const STOP_GENERATION: u64 = 1 << 52;

/// Set points that differ by less are the same, MW.
const SAME_MW: f64 = 1e-6;

/// Power that a command asks a battery for, MW, charge positive.
pub(super) fn net_mw(command: &Command) -> Option<f64> {
    match command {
        Command::Charge { power_mw } => Some(*power_mw),
        Command::Discharge { power_mw } => Some(-power_mw),
        Command::Idle => Some(0.0),
        _ => None,
    }
}

fn command_of(net_mw: f64) -> Command {
    if net_mw > SAME_MW {
        Command::Charge { power_mw: net_mw }
    } else if net_mw < -SAME_MW {
        Command::Discharge { power_mw: -net_mw }
    } else {
        Command::Idle
    }
}

impl Live {
    /// Sends what is due. Set points of batteries are repeated in every turn, which keeps the timers of devices going.
    ///
    /// Where a command that takes load away did not get through, none that adds load is sent: the plan counts on both.
    pub(super) fn deliver(&mut self, now: Timestamp, tick: &mut Tick) {
        if self.state.stopped.is_some() {
            self.state.outbox.clear();
        } else {
            self.deliver_to_jobs(now, tick);
        }
        let ids: Vec<BatteryId> = self.plant.batteries.keys().cloned().collect();
        for id in ids {
            self.deliver_to_battery(&id, now, tick);
        }
    }

    fn deliver_to_jobs(&mut self, now: Timestamp, tick: &mut Tick) {
        let due = |sent: &Outgoing| {
            !matches!(sent.action.target, Target::Battery { .. }) && sent.action.is_due(now) && !sent.settled
        };
        let mut due: Vec<usize> = (0..self.state.outbox.len()).filter(|&i| due(&self.state.outbox[i])).collect();
        let pauses = |i: &usize| self.state.outbox[*i].action.command == Command::Pause;
        due.sort_by_key(|i| !pauses(i));
        due.truncate(self.settings.max_actions_per_tick);
        let mut failed = false;
        // What finds no room may find some when the others are sent: a move takes load away as well.
        loop {
            let mut held_back = Vec::new();
            let before = tick.deliveries.len();
            for i in due {
                let action = self.state.outbox[i].action.clone();
                if self.state.is_held(&action.target, now) || (failed && action.command != Command::Pause) {
                    continue;
                }
                match self.no_room(&action, now, tick) {
                    Some(why) => held_back.push((i, why)),
                    None => failed |= !self.deliver_to_job(i, action, now, tick),
                }
            }
            if failed || held_back.is_empty() || tick.deliveries.len() == before {
                for (i, why) in held_back {
                    if let Target::Job { id, .. } | Target::Share { id, .. } = &self.state.outbox[i].action.target {
                        tick.problems.push(format!("a command for `{id}` is held back: {why}"));
                        if self.waits_too_long(id, now, tick.period) {
                            tick.at_risk.push(id.clone());
                        }
                    }
                }
                break;
            }
            due = held_back.into_iter().map(|(i, _)| i).collect();
        }
    }

    /// Sends one command of the outbox; whether there was an answer.
    fn deliver_to_job(&mut self, i: usize, action: Action, now: Timestamp, tick: &mut Tick) -> bool {
        let delivery = self.send(&action, now);
        let cluster = self.cluster_of(&action.target).unwrap_or(usize::MAX);
        let job = self.known.iter().find(|job| matches!(&action.target, Target::Job { id, .. } if *id == job.id));
        self.state.envelope.sent(cluster, &action, delivery.answer, job);
        match delivery.answer {
            Some(Answer::Early | Answer::WouldDo) => {}
            Some(answer) => {
                self.state.totals.done += u64::from(answer == Answer::Done);
                self.state.outbox[i].settled = true;
            }
            None => self.state.totals.failed += 1,
        }
        let answered = delivery.answer.is_some();
        tick.deliveries.push(delivery);
        answered
    }

    /// Why a command may not be sent now.
    fn no_room(&self, action: &Action, now: Timestamp, tick: &Tick) -> Option<String> {
        let target: &RegionId = match (&action.command, &action.target) {
            (Command::Pause, _) => return None,
            (Command::Run { region, .. } | Command::Resume { region, .. } | Command::Migrate { region, .. }, _)
            | (_, Target::Share { region, .. }) => region,
            (_, Target::Job { id, .. }) => {
                let job = self.known.iter().find(|job| job.id == *id)?;
                &job.state.as_ref()?.region
            }
            (_, Target::Battery { .. }) => return None,
        };
        let region = self.plant.site.regions.iter().find(|region| region.id == *target)?;
        let here = self.plant.site.batteries.iter().filter(|battery| battery.region == *target);
        let here: Vec<_> = here.map(|battery| &battery.id).collect();
        let told = |id: &BatteryId| {
            let sent = self.state.set_points.get(id).filter(|sent| sent.action.is_due(now));
            sent.and_then(|sent| net_mw(&sent.action.command)).unwrap_or(0.0).max(0.0)
        };
        let charge = here.iter().map(|id| told(id).max(tick.storage.get(*id).map_or(0.0, |r| r.charge_mw))).sum();
        let discharge = here.iter().filter_map(|id| tick.storage.get(*id)).map(|r| r.discharge_mw).sum();
        self.state.envelope.no_room(action, region, self.index_of(now), charge, discharge)
    }

    /// What the plan wants of a battery, as far as limits go; rest where it wants nothing or the loop is stopped.
    fn deliver_to_battery(&mut self, id: &BatteryId, now: Timestamp, tick: &mut Tick) {
        let target = Target::Battery { id: id.clone() };
        if self.state.is_held(&target, now) || self.state.lost.contains(id) {
            return;
        }
        let wanted = self.state.outbox.iter().rfind(|sent| sent.action.target == target && sent.action.is_due(now));
        let stopped = self.state.stopped.is_some();
        let (generation, until, wanted_mw) = match wanted {
            Some(sent) => (sent.action.generation, sent.action.expires, net_mw(&sent.action.command).unwrap_or(0.0)),
            None if stopped => {
                (STOP_GENERATION, tick.period.plus_min(i64::from(self.plant.site.horizon.step_min)), 0.0)
            }
            None => return,
        };
        let last = self.state.set_points.get(id).filter(|sent| sent.action.is_due(now));
        let net = self.within_limits(id, wanted_mw, until, now);
        if (net - wanted_mw).abs() > SAME_MW {
            tick.problems.push(format!(
                "battery `{id}` is told {net:.3} MW, the plan wants {wanted_mw:.3} MW: limits of the site"
            ));
        }
        let same = last.filter(|sent| {
            let told = net_mw(&sent.action.command).unwrap_or(0.0);
            sent.action.generation == generation && (told - net).abs() <= SAME_MW
        });
        let action = match (same, wanted) {
            (Some(sent), _) => sent.action.clone(),
            // The first command of a plan is the plan's own; what comes after it has a later start, and so overtakes it.
            (None, Some(sent))
                if (net - wanted_mw).abs() <= SAME_MW && last.is_none_or(|l| l.action.generation < generation) =>
            {
                sent.action.clone()
            }
            _ => Action::new(generation, target, command_of(net), now, until),
        };
        let delivery = self.send(&action, now);
        let settled = matches!(delivery.answer, Some(Answer::Done | Answer::AlreadyDone));
        self.state.totals.done += u64::from(delivery.answer == Some(Answer::Done));
        self.state.totals.failed += u64::from(delivery.error.is_some());
        self.state.set_points.insert(id.clone(), Outgoing { action, settled });
        if delivery.answer != Some(Answer::AlreadyDone) {
            tick.deliveries.push(delivery);
        }
    }

    fn within_limits(&self, id: &BatteryId, wanted_mw: f64, until: Timestamp, now: Timestamp) -> f64 {
        let site = &self.plant.site;
        let Some(battery) = site.batteries.iter().find(|battery| battery.id == *id) else { return 0.0 };
        let Some(region) = site.regions.iter().find(|region| region.id == battery.region) else { return 0.0 };
        let (mut charge, mut discharge) = self.state.envelope.battery_room(region, self.index_of(now), until);
        // What the other batteries of the region were told is not there for this one.
        for other in site.batteries.iter().filter(|other| other.region == battery.region && other.id != *id) {
            let told = self.state.set_points.get(&other.id).filter(|sent| sent.action.is_due(now));
            let net = told.and_then(|sent| net_mw(&sent.action.command)).unwrap_or(0.0);
            charge -= net.max(0.0);
            discharge -= (-net).max(0.0);
        }
        wanted_mw.clamp(-discharge.max(0.0), charge.max(0.0))
    }

    fn cluster_of(&self, target: &Target) -> Option<usize> {
        match target {
            Target::Job { id, .. } | Target::Share { id, .. } => self.state.seen.get(id).copied(),
            Target::Battery { .. } => None,
        }
    }

    fn send(&self, action: &Action, now: Timestamp) -> Delivery {
        let options = ApplyOptions::new(now).grace_s(self.settings.grace_s);
        let result = match &action.target {
            Target::Battery { id } => self.plant.batteries.get(id).map(|device| device.apply(action, &options)),
            target => {
                let cluster = self.cluster_of(target).and_then(|c| self.plant.clusters.get(c));
                cluster.map(|cluster| cluster.apply(action, &options))
            }
        };
        let (answer, error) = match result {
            Some(Ok(answer)) => (Some(answer), None),
            Some(Err(error)) => (None, Some(error.to_string())),
            None => (None, Some(format!("nothing is known of {:?}", action.target))),
        };
        Delivery { action: action.clone(), answer, error }
    }
}
