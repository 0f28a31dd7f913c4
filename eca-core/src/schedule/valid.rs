//! Whether a schedule keeps the rules of its job (docs/model.md, "Batch jobs").

use super::{Schedule, Shape};

/// Whether the schedule keeps every rule of the job. Work left undone is allowed where the deadline has a price.
pub(crate) fn is_valid(shape: &Shape, schedule: &Schedule) -> bool {
    match &schedule.shares {
        Some(shares) => shape.divisible && fluid(shape, shares),
        None => !shape.divisible && Follow::new(shape).keeps_rules(schedule),
    }
}

fn fluid(shape: &Shape, shares: &super::Shares) -> bool {
    let mut work = 0.0;
    for (r, by_period) in shares.iter().enumerate() {
        for (t, points) in by_period.iter().enumerate() {
            let used = points.iter().enumerate().filter(|(_, share)| **share != 0.0);
            for (l, share) in used {
                if *share < 0.0 || !shape.usable(r, t, l) {
                    return false;
                }
                work += share * shape.rate[l];
            }
            if points.iter().sum::<f64>() > 1.0 + super::shape::WORK_TOLERANCE {
                return false;
            }
        }
    }
    work <= shape.left + super::shape::WORK_TOLERANCE && (shape.priced || shape.is_done(work))
}

/// A job on its way through the horizon.
struct Follow<'a> {
    shape: &'a Shape,
    /// Region and last working period; `i64::MIN` where it was paused before the horizon.
    last: Option<(usize, i64)>,
    /// First period of the run it is in.
    run_from: i64,
    pauses: u32,
}

impl<'a> Follow<'a> {
    fn new(shape: &'a Shape) -> Self {
        let last = shape.running.map(|running| (running.region, -1)).or(shape.home.map(|home| (home, i64::MIN)));
        let run_from = shape.running.map_or(0, |running| -i64::try_from(running.age).unwrap_or(i64::MAX));
        Self { shape, last, run_from, pauses: 0 }
    }

    fn keeps_rules(mut self, schedule: &Schedule) -> bool {
        let shape = self.shape;
        let (mut work, mut before_last) = (0.0, 0.0);
        for (t, r, l) in schedule.works() {
            if l >= shape.rate.len() || !shape.usable(r, t, l) || !self.arrive(r, t) {
                return false;
            }
            before_last = work;
            work += shape.rate[l];
        }
        let (done, works) = (shape.is_done(work), !schedule.pieces.is_empty());
        let stays = shape.pinned && shape.end > 0 && !shape.is_done(0.0);
        if (stays && schedule.pieces.first().is_none_or(|first| first.from > 0))
            || (works && shape.is_done(before_last))
        {
            return false;
        }
        (done || (shape.priced && self.may_stop_undone())) && shape.pauses_left.is_none_or(|most| self.pauses <= most)
    }

    /// Steps to a working period; false where the way there breaks a rule.
    fn arrive(&mut self, r: usize, t: usize) -> bool {
        let now = i64::try_from(t).unwrap_or(i64::MAX);
        let Some((from, when)) = self.last.replace((r, now)) else {
            self.run_from = now;
            return true;
        };
        let gap = now.saturating_sub(when).saturating_sub(1);
        let paused = if from == r {
            gap > 0
        } else {
            let Some(migration) = self.shape.migration else { return false };
            if gap < i64::from(migration.periods) {
                return false;
            }
            gap > i64::from(migration.periods)
        };
        if !paused {
            return true;
        }
        let long_enough = when == i64::MIN || self.run_is_long(when);
        self.pauses += 1;
        self.run_from = now;
        self.shape.preemptible && long_enough
    }

    fn run_is_long(&self, last: i64) -> bool {
        last - self.run_from + 1 >= i64::try_from(self.shape.min_run).unwrap_or(i64::MAX)
    }

    /// Whether it may end where it ended although work is left.
    fn may_stop_undone(&self) -> bool {
        let Some((_, last)) = self.last.filter(|(_, last)| *last != i64::MIN) else { return true };
        let at_end = last + 1 >= i64::try_from(self.shape.end).unwrap_or(i64::MAX);
        self.run_is_long(last) && (self.shape.preemptible || at_end)
    }
}
