//! What a ramp takes from the first period of a delivery.

/// Energy of a delivery that rises in a straight line from nothing to `power_w` in `ramp_s` and then holds, over a period of
/// `period_s`: `x (T - tau / 2)`, Wh, rounded down so that no more is promised than comes.
///
/// ```
/// // 5 MW within 10 minutes: 2.083 MWh in the first half hour, not 2.5.
/// assert_eq!(eca_core::flex::ramped_wh(5_000_000, 600, 1800), 2_083_333);
/// ```
#[must_use]
pub fn ramped_wh(power_w: u32, ramp_s: u32, period_s: u32) -> i64 {
    let (power, ramp, period) = (u128::from(power_w), u128::from(ramp_s), u128::from(period_s));
    // Twice the area under the line, in W s: a ramp longer than the period reaches only a part of the power.
    let doubled = if ramp <= period { power * (2 * period - ramp) } else { power * period * period / ramp };
    i64::try_from(doubled / (2 * 3600)).unwrap_or(i64::MAX)
}
