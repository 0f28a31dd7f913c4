//! What is due goes out: relief first, and more load only after it.

use super::{Delivery, Live, Tick};
use crate::Timestamp;
use crate::action::{Action, Command, Target};
use crate::adapter::{Answer, ApplyOptions};
use crate::problem::BatteryId;

/// A generation above that of every plan, and exact in every JSON reader.
const STOP_GENERATION: u64 = 1 << 52;

/// Whether a command can only take load away.
fn relieves(command: &Command) -> bool {
    matches!(command, Command::Pause | Command::Idle | Command::Discharge { .. })
}

impl Live {
    /// Sends what is due. Set points of batteries are repeated in every turn, which keeps the timers of devices going.
    ///
    /// Where a command that takes load away did not get through, none that adds load is sent: the plan counts on both.
    pub(super) fn deliver(&mut self, now: Timestamp, tick: &mut Tick) {
        if self.state.stopped.is_some() {
            self.rest(now, tick);
            return;
        }
        let mut due: Vec<usize> = (0..self.state.outbox.len())
            .filter(|&i| {
                let sent = &self.state.outbox[i];
                let repeated = matches!(sent.action.target, Target::Battery { .. });
                sent.action.is_due(now) && (repeated || !sent.settled)
            })
            .collect();
        due.sort_by_key(|&i| !relieves(&self.state.outbox[i].action.command));
        let mut failed = false;
        let mut sent_to_jobs = 0;
        for i in due {
            let action = self.state.outbox[i].action.clone();
            let to_job = !matches!(action.target, Target::Battery { .. });
            if self.state.is_held(&action.target, now) || self.is_lost(&action.target) {
                continue;
            }
            if (failed && !relieves(&action.command)) || (to_job && sent_to_jobs >= self.settings.max_actions_per_tick)
            {
                continue;
            }
            sent_to_jobs += usize::from(to_job);
            let delivery = self.send(&action, now);
            match (delivery.answer, &delivery.error) {
                (Some(Answer::Early | Answer::WouldDo), _) => {}
                (Some(answer), _) => {
                    self.state.totals.done += u64::from(answer == Answer::Done);
                    self.state.outbox[i].settled = true;
                }
                (None, _) => {
                    failed = true;
                    self.state.totals.failed += 1;
                }
            }
            if delivery.answer != Some(Answer::AlreadyDone) {
                tick.deliveries.push(delivery);
            }
        }
    }

    fn is_lost(&self, target: &Target) -> bool {
        matches!(target, Target::Battery { id } if self.state.lost.contains(id))
    }

    fn send(&self, action: &Action, now: Timestamp) -> Delivery {
        let options = ApplyOptions::new(now).grace_s(self.settings.grace_s);
        let result = match &action.target {
            Target::Battery { id } => self.plant.batteries.get(id).map(|device| device.apply(action, &options)),
            Target::Job { id, .. } | Target::Share { id, .. } => {
                let cluster = self.state.seen.get(id).and_then(|&c| self.plant.clusters.get(c));
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

    /// Tells every battery that follows to rest, until the end of the period.
    fn rest(&mut self, now: Timestamp, tick: &mut Tick) {
        self.state.outbox.clear();
        let until = tick.period.plus_min(i64::from(self.plant.site.horizon.step_min));
        let ids: Vec<BatteryId> = self.plant.batteries.keys().cloned().collect();
        for id in ids {
            let target = Target::Battery { id };
            if self.state.is_held(&target, now) {
                continue;
            }
            // Later than every command of the plan, so that none of them overtakes it.
            let idle = Action::new(STOP_GENERATION, target, Command::Idle, tick.period, until);
            let delivery = self.send(&idle, now);
            if delivery.answer != Some(Answer::AlreadyDone) {
                tick.deliveries.push(delivery);
            }
        }
    }
}
