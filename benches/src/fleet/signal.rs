//! Prices, carbon, solar: GB-like shapes of the day, wind and cloud that persist.

use crate::generator::Dice;
use eca_core::Horizon;

/// Mean price of each hour of a working day less the mean of the day, GBP/MWh.
const DAY_GBP_PER_MWH: [f64; 24] = [
    -14.0, -17.0, -19.0, -20.0, -18.0, -10.0, 2.0, 14.0, 16.0, 8.0, 2.0, -2.0, -5.0, -7.0, -6.0, 0.0, 14.0, 36.0, 42.0,
    30.0, 14.0, 4.0, -4.0, -10.0,
];
/// Persistence of wind and of cloud from one half hour to the next.
const WIND: f64 = 0.985;
const CLOUD: f64 = 0.95;
/// How far regions differ: mean carbon over that of the country, mean price less that of the country.
const CARBON_SHARE: [f64; 5] = [1.0, 0.55, 0.9, 1.15, 0.75];
const PRICE_GBP_PER_MWH: [f64; 5] = [3.0, -5.0, 0.0, 2.0, -2.0];

/// One region's signals, a value for each period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weather {
    pub(super) price_gbp_per_mwh: Vec<f64>,
    pub(super) network_gbp_per_mwh: Vec<f64>,
    pub(super) carbon_g_per_kwh: Vec<f64>,
    pub(super) renewable_frac: Vec<f64>,
    /// Solar for each MW of panels.
    pub(super) solar_frac: Vec<f64>,
}

/// A value with so many decimals: what is written is what is meant, and the last bits of `exp` and `ln` do not matter.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// A number around 0 that remembers the last one.
fn persistent(dice: &mut Dice, keep: f64, periods: usize) -> Vec<f64> {
    let mut value = dice.normal();
    let mut next = || {
        value = keep * value + (1.0 - keep * keep).sqrt() * dice.normal();
        value
    };
    (0..periods).map(|_| next()).collect()
}

fn squashed(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

pub(super) fn weather(dice: &mut Dice, horizon: &Horizon, regions: usize) -> Vec<Weather> {
    let country = persistent(dice, WIND, horizon.periods);
    (0..regions).map(|r| region(dice, horizon, r, &country)).collect()
}

fn region(dice: &mut Dice, horizon: &Horizon, r: usize, country: &[f64]) -> Weather {
    let periods = horizon.periods;
    let own = persistent(dice, WIND, periods);
    let cloud = persistent(dice, CLOUD, periods);
    let mut weather = Weather {
        price_gbp_per_mwh: Vec::with_capacity(periods),
        network_gbp_per_mwh: Vec::with_capacity(periods),
        carbon_g_per_kwh: Vec::with_capacity(periods),
        renewable_frac: Vec::with_capacity(periods),
        solar_frac: Vec::with_capacity(periods),
    };
    for t in 0..periods {
        let hour = (t as f64 * horizon.step_h()) % 24.0;
        let weekend = (t as f64 * horizon.step_h() / 24.0) as usize % 7 >= 5;
        let day = DAY_GBP_PER_MWH[hour as usize % 24] * if weekend { 0.6 } else { 1.0 };
        let wind = squashed(1.2 * country[t] + 0.7 * own[t]);
        let height = (std::f64::consts::PI * (hour - 6.5) / 11.0).sin().max(0.0);
        let sun = if (6.5..17.5).contains(&hour) { height * squashed(1.0 - 1.3 * cloud[t]) } else { 0.0 };
        let price = 76.0 + PRICE_GBP_PER_MWH[r % 5] + day - 70.0 * (wind - 0.5) - 30.0 * sun + 3.0 * dice.normal();
        let carbon =
            CARBON_SHARE[r % 5] * (175.0 + 0.5 * day - 190.0 * (wind - 0.5) - 45.0 * sun) + 4.0 * dice.normal();
        let red = !weekend && (16.0..19.0).contains(&hour);
        weather.price_gbp_per_mwh.push(rounded(price.max(-20.0), 2));
        weather.network_gbp_per_mwh.push(if red { 24.0 } else { 4.0 });
        weather.carbon_g_per_kwh.push(rounded(carbon.max(12.0), 1));
        weather.renewable_frac.push(rounded((0.12 + 0.55 * wind + 0.2 * sun).clamp(0.0, 1.0), 3));
        weather.solar_frac.push(rounded(sun, 4));
    }
    weather
}
