//! When a job's work is done.

use super::{Block, FREE, NEARLY, SCALE};
use crate::milp::Milp;

impl Block<'_, '_> {
    /// `done[t] = 1` exactly if the work of periods up to `t` is all of it; nothing runs after that.
    pub(super) fn doneness(&mut self, milp: &mut Milp) {
        let shape = self.shape;
        let left = SCALE * shape.left;
        let most = SCALE * shape.rate.iter().copied().fold(0.0, f64::max);
        let nearly = NEARLY * most;
        for t in shape.first..shape.end {
            let tag = self.tag("done").period(t);
            let done = milp.binary(0.0, tag);
            let mut terms = self.work_before(t + 1);
            terms.push((done, -(left - SCALE * 5e-10)));
            milp.row(0.0, FREE, &terms, tag);
            if let Some(last) = terms.last_mut() {
                // Without this the job may claim to be unfinished and go on running.
                last.1 = -(most + nearly);
            }
            milp.row(-FREE, left - nearly, &terms, tag);
            self.done[t] = Some(done);
        }
        for t in shape.first + 1..shape.end {
            let (Some(before), Some(now)) = (self.done[t - 1], self.done[t]) else { continue };
            milp.row(0.0, FREE, &[(now, 1.0), (before, -1.0)], self.tag("done").period(t));
            let mut terms = self.working(t, None);
            terms.push((before, 1.0));
            milp.row(-FREE, 1.0, &terms, self.tag("no_waste").period(t));
        }
    }
}
