//! Which routes may be sold in the same settlement period at the same meter.
//!
//! Energy that is sold twice is never planned: all that is sold at a meter is one delivery. This table is about contracts
//! that forbid each other. State of knowledge 2026-11-23, all of it second-hand: a unit in the balancing mechanism is not in
//! the demand flexibility service; an acceptance and a wholesale notification in one period share one deviation, and so one
//! settlement.

use crate::problem::Route;

/// Pairs of routes that exclude each other in a settlement period.
pub const EXCLUSIVE_ROUTES: [(Route, Route); 2] =
    [(Route::BalancingMechanism, Route::NesoDfs), (Route::BalancingMechanism, Route::WholesaleP415)];

/// Whether two routes exclude each other in a settlement period at one meter.
///
/// ```
/// use eca_core::{Route, flex::excludes};
/// assert!(excludes(Route::NesoDfs, Route::BalancingMechanism));
/// assert!(!excludes(Route::DsoFlex, Route::WholesaleP415));
/// ```
#[must_use]
pub fn excludes(one: Route, other: Route) -> bool {
    EXCLUSIVE_ROUTES.iter().any(|&(a, b)| (a, b) == (one, other) || (b, a) == (one, other))
}
