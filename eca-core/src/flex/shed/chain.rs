//! The chain of one job: how its power can be brought down from where it is, and what that takes from its work.

/// A state of a job: IT power, MW, and rate, part of its whole work in an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct State {
    pub(super) mw: f64,
    pub(super) rate: f64,
}

/// Differences below this are none.
const NONE: f64 = 1e-12;

/// From `now` down to the lowest cap along the upper envelope of the points, with a stop where the rate is `least`: below it
/// the job could not be held to the end.
pub(super) fn caps(points: &[State], now: State, least: f64) -> Vec<State> {
    let mut below: Vec<State> = points.iter().copied().filter(|point| point.mw < now.mw - NONE).collect();
    below.sort_by(|a, b| b.mw.total_cmp(&a.mw));
    let mut chain = vec![now];
    while let Some(&last) = chain.last() {
        let slope = |to: &State| (last.rate - to.rate) / (last.mw - to.mw);
        // The next vertex: the least loss for each MW, and the furthest of those.
        let next = below
            .iter()
            .filter(|to| to.mw < last.mw - NONE)
            .min_by(|a, b| slope(a).total_cmp(&slope(b)).then(a.mw.total_cmp(&b.mw)));
        let Some(&next) = next else { break };
        if next.rate < least - NONE && least < last.rate - NONE {
            let part = (last.rate - least) / (last.rate - next.rate);
            chain.push(State { mw: last.mw + part * (next.mw - last.mw), rate: least });
        }
        chain.push(next);
    }
    chain
}

/// Longest hold at `rate`, h, with which a job still does what it owes in the `left_h` until its deadline; none where it may be
/// held to the end.
pub(super) fn hold_max_h(owed: f64, left_h: f64, best: f64, rate: f64) -> Option<f64> {
    if owed <= rate * left_h + NONE {
        return None;
    }
    Some(((left_h * best - owed) / (best - rate)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(mw: f64, rate: f64) -> State {
        State { mw, rate }
    }

    #[test]
    fn the_chain_leaves_out_points_that_are_worse_than_a_line_past_them() {
        let points = [state(4.0, 1.0), state(3.0, 0.7), state(2.0, 0.8), state(1.0, 0.2)];
        let mws = |least| caps(&points, points[0], least).iter().map(|s| s.mw).collect::<Vec<_>>();
        assert_eq!(mws(0.0), [4.0, 2.0, 1.0]);
        // A stop at 0.5: half of the way from 2 to 1 MW.
        assert_eq!(mws(0.5), [4.0, 2.0, 1.5, 1.0]);
    }

    #[test]
    fn a_hold_ends_when_full_speed_just_catches_up() {
        // 3 h left at 1/h, 2.4 owed: 1 h at 0.4 and 2 h at 1.
        let hold_h = hold_max_h(2.4, 3.0, 1.0, 0.4).unwrap();
        assert!((hold_h - 1.0).abs() < 1e-12, "{hold_h} h");
        assert_eq!(hold_max_h(1.2, 3.0, 1.0, 0.4), None);
        assert_eq!(hold_max_h(3.1, 3.0, 1.0, 0.4), Some(0.0));
    }
}
