//! Energy where none is drawn: its price is that of the first MWh.
//!
//! Where a site is idle the linear program tells any price up to that of the first MWh, often zero: nothing would be saved by
//! drawing less than nothing. What one MWh more costs is the highest of these prices. It is found without another solve:
//! the price of a row is raised until a column that could supply it would pay.

use crate::milp::Milp;

/// Columns so near to a bound are at it, in their unit.
const AT_BOUND: f64 = 1e-9;

/// Raises the prices of energy in every site and period to that of the next MWh: first at the connection, then of IT.
/// What else is said of the answer stays true: the raised prices belong to it too.
pub(super) fn raise_idle(milp: &Milp, values: &[f64], reduced: &mut [f64], duals: &mut [f64]) {
    for (rule, direction) in [("balance", 1.0), ("it_load", -1.0)] {
        for row in (0..milp.rows()).filter(|&row| milp.row_tags[row].rule == rule) {
            // The row of the IT load has the load on its right-hand side with a minus.
            let by = direction * room(milp, values, reduced, row, direction);
            duals[row] += by;
            milp.terms(row).for_each(|(j, value)| reduced[j] -= value * by);
        }
    }
}

/// How far the dual of a row can go in a direction before a column would rather move.
fn room(milp: &Milp, values: &[f64], reduced: &[f64], row: usize, direction: f64) -> f64 {
    let mut room = f64::INFINITY;
    for (j, value) in milp.terms(row) {
        let (value, lower, upper) = (value * direction, milp.lower[j], milp.upper[j]);
        let (at_lower, at_upper) = (values[j] <= lower + AT_BOUND, values[j] >= upper - AT_BOUND);
        let can = match (at_lower, at_upper) {
            (true, true) => continue,
            (true, false) if value > 0.0 => reduced[j] / value,
            (false, true) if value < 0.0 => reduced[j] / value,
            (false, false) => 0.0,
            _ => continue,
        };
        room = room.min(can.max(0.0));
    }
    // Nothing could ever supply it: then nothing is known of its price.
    if room.is_finite() { room } else { 0.0 }
}
