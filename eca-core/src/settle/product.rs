//! What is known of flexibility products: notice, size, duration, pay. Data with a date and a standing, never rules in code.
//!
//! Marks as in docs/settlement.md: what a source says, what is second-hand, what is assumed. A number that no source gives is
//! none. State of 23 November 2026; operators change their products every season, so a contract's own numbers come first.

use super::{Micro, PayPoint, Route};
use serde::Serialize;

/// How sure a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Seen with the operator or in published code.
    Source,
    /// From one third party.
    SecondHand,
    /// From general knowledge.
    Assumed,
}

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Pay {
    /// For power held ready.
    Availability,
    /// For energy delivered.
    Utilisation,
    /// For both.
    Both,
}

/// Defaults of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProductSpec {
    /// Name in documents.
    pub id: &'static str,
    /// The day of which this is the state.
    pub version: &'static str,
    /// Route of settlement; none where this version settles no such product.
    pub route: Option<Route>,
    /// Time from instruction to full delivery, s.
    pub response_s: Option<u32>,
    /// Shortest delivery, min.
    pub duration_min: Option<u32>,
    /// Longest delivery, min.
    pub duration_max_min: Option<u32>,
    /// Smallest power.
    pub min_mw: Option<Micro>,
    /// What is paid.
    pub pay: Option<Pay>,
    /// Part of what is instructed that may be missing without a penalty.
    pub tolerance_frac: Option<Micro>,
    /// Pay factor by delivered part; empty: all that is delivered is paid.
    pub pay_factor: Vec<PayPoint>,
    /// How sure these numbers are.
    pub standing: Standing,
}

/// One row of the table: id, route, response s, shortest and longest delivery min, least W, pay, standing.
type Row = (&'static str, Option<Route>, Option<u32>, (Option<u32>, Option<u32>), Option<i64>, Option<Pay>, Standing);

/// The day of which the table is the state.
const VERSION: &str = "2026-11-23";

use Pay::{Availability, Both, Utilisation};
use Standing::{Assumed, SecondHand, Source};

const MW: i64 = 1_000_000;

/// A frequency or reserve service of NESO, which this version does not settle.
const fn service(id: &'static str, response_s: u32, duration_min: Option<u32>, longest_min: Option<u32>) -> Row {
    (id, None, Some(response_s), (duration_min, longest_min), Some(MW), Some(Availability), SecondHand)
}

/// A product of the distribution operators: half an hour to four hours, from 50 kW.
const fn dso(id: &'static str, response_s: Option<u32>, pay: Pay) -> Row {
    (id, Some(Route::DsoFlex), response_s, (Some(30), Some(240)), Some(MW / 20), Some(pay), Assumed)
}

/// Demand flexibility of NESO, day-ahead or within the day.
const fn dfs(id: &'static str, least: i64, standing: Standing) -> Row {
    (id, Some(Route::NesoDfs), None, (Some(30), None), Some(least), Some(Utilisation), standing)
}

/// Reserve held within the balancing mechanism, by settlement period.
const BALANCING_RESERVE: Row = (
    "balancing_reserve",
    Some(Route::BalancingMechanism),
    None,
    (Some(30), Some(30)),
    None,
    Some(Availability),
    SecondHand,
);

const ROWS: [Row; 14] = [
    service("dynamic_containment", 1, Some(15), None),
    service("dynamic_moderation", 10, Some(15), Some(30)),
    service("dynamic_regulation", 600, Some(60), None),
    ("quick_reserve", None, Some(60), (None, None), Some(MW), Some(Both), SecondHand),
    service("slow_reserve", 900, Some(60), None),
    BALANCING_RESERVE,
    dfs("dfs_2022", MW, Source),
    dfs("dfs_2026", MW / 10, SecondHand),
    dso("dso_peak_reduction", None, Utilisation),
    dso("dso_scheduled_utilisation", None, Utilisation),
    dso("dso_operational_utilisation", Some(900), Utilisation),
    dso("dso_scheduled_availability", Some(900), Both),
    dso("dso_variable_availability", Some(900), Both),
    ("wholesale_p415", Some(Route::WholesaleP415), Some(3600), (Some(30), None), None, Some(Utilisation), Source),
];

/// All products that are known, by name.
///
/// ```
/// let dfs = eca_core::settle::products().into_iter().find(|product| product.id == "dfs_2026");
/// assert_eq!(dfs.and_then(|product| product.min_mw).map(|mw| mw.to_string()).as_deref(), Some("0.1"));
/// ```
#[must_use]
pub fn products() -> Vec<ProductSpec> {
    let rows =
        ROWS.into_iter().map(|(id, route, response_s, (duration_min, duration_max_min), watts, pay, standing)| {
            let dso = route == Some(Route::DsoFlex);
            ProductSpec {
                id,
                version: VERSION,
                route,
                response_s,
                duration_min,
                duration_max_min,
                min_mw: watts.map(Micro::from_millionths),
                pay,
                tolerance_frac: dso.then_some(Micro::from_millionths(50_000)),
                pay_factor: if dso { full_pay_down_to_95_percent() } else { Vec::new() },
                standing,
            }
        });
    rows.collect()
}

/// In full from 95 %, 3 % less for each percent below, nothing up to 63 % (assumed; Flexible Power style).
fn full_pay_down_to_95_percent() -> Vec<PayPoint> {
    let point = |delivered, paid| PayPoint {
        delivered_frac: Micro::from_millionths(delivered),
        paid_frac: Micro::from_millionths(paid),
    };
    vec![point(630_000, 0), point(630_001, 40_003), point(950_000, 1_000_000)]
}
