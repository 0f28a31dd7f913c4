//! Conversions between units, with both units in the name of the function.
//!
//! This is the only file with factors such as 0.5, 1000 or 1e6: a reader who doubts a number looks here.

/// Minutes of an hour.
const MIN_PER_H: f64 = 60.0;
/// Seconds of an hour.
const S_PER_H: f64 = 3600.0;
/// One thousand, between neighbouring SI prefixes.
const KILO: f64 = 1e3;
/// One million.
const MEGA: f64 = 1e6;
/// Pence of a pound.
const PENCE_PER_GBP: f64 = 100.0;

/// Minutes to hours.
///
/// ```
/// assert_eq!(eca_core::unit::min_to_h(30.0), 0.5);
/// ```
#[must_use]
pub fn min_to_h(min: f64) -> f64 {
    min / MIN_PER_H
}

/// Hours to minutes.
#[must_use]
pub fn h_to_min(h: f64) -> f64 {
    h * MIN_PER_H
}

/// Seconds to hours.
#[must_use]
pub fn s_to_h(s: f64) -> f64 {
    s / S_PER_H
}

/// Hours to seconds.
#[must_use]
pub fn h_to_s(h: f64) -> f64 {
    h * S_PER_H
}

/// Seconds to minutes.
#[must_use]
pub fn s_to_min(s: f64) -> f64 {
    s / (S_PER_H / MIN_PER_H)
}

/// Minutes to seconds.
#[must_use]
pub fn min_to_s(min: f64) -> f64 {
    min * (S_PER_H / MIN_PER_H)
}

/// Energy in MWh of `mw` megawatts held for `h` hours.
///
/// ```
/// assert_eq!(eca_core::unit::mw_h_to_mwh(5.0, 0.5), 2.5);
/// ```
#[must_use]
pub fn mw_h_to_mwh(mw: f64, h: f64) -> f64 {
    mw * h
}

/// Mean power in MW of `mwh` megawatt hours over `h` hours.
#[must_use]
pub fn mwh_h_to_mw(mwh: f64, h: f64) -> f64 {
    mwh / h
}

/// Wh to MWh.
#[must_use]
pub fn wh_to_mwh(wh: f64) -> f64 {
    wh / MEGA
}

/// MWh to Wh, not rounded.
#[must_use]
pub fn mwh_to_wh(mwh: f64) -> f64 {
    mwh * MEGA
}

/// kWh to MWh.
#[must_use]
pub fn kwh_to_mwh(kwh: f64) -> f64 {
    kwh / KILO
}

/// MWh to kWh.
#[must_use]
pub fn mwh_to_kwh(mwh: f64) -> f64 {
    mwh * KILO
}

/// kWh to Wh.
#[must_use]
pub fn kwh_to_wh(kwh: f64) -> f64 {
    kwh * KILO
}

/// Wh to kWh.
#[must_use]
pub fn wh_to_kwh(wh: f64) -> f64 {
    wh / KILO
}

/// W to MW.
#[must_use]
pub fn w_to_mw(w: f64) -> f64 {
    w / MEGA
}

/// MW to W, not rounded.
#[must_use]
pub fn mw_to_w(mw: f64) -> f64 {
    mw * MEGA
}

/// kW to MW.
#[must_use]
pub fn kw_to_mw(kw: f64) -> f64 {
    kw / KILO
}

/// MW to kW.
#[must_use]
pub fn mw_to_kw(mw: f64) -> f64 {
    mw * KILO
}

/// GBP to micro-pounds, the unit of money in records; not rounded.
#[must_use]
pub fn gbp_to_ugbp(gbp: f64) -> f64 {
    gbp * MEGA
}

/// Micro-pounds to GBP.
#[must_use]
pub fn ugbp_to_gbp(ugbp: f64) -> f64 {
    ugbp / MEGA
}

/// Pence per kWh to GBP per MWh.
///
/// ```
/// assert_eq!(eca_core::unit::pence_per_kwh_to_gbp_per_mwh(19.5), 195.0);
/// ```
#[must_use]
pub fn pence_per_kwh_to_gbp_per_mwh(pence_per_kwh: f64) -> f64 {
    pence_per_kwh * (KILO / PENCE_PER_GBP)
}

/// GBP per MWh to pence per kWh.
#[must_use]
pub fn gbp_per_mwh_to_pence_per_kwh(gbp_per_mwh: f64) -> f64 {
    gbp_per_mwh / (KILO / PENCE_PER_GBP)
}

/// GBP per kWh to GBP per MWh.
#[must_use]
pub fn gbp_per_kwh_to_gbp_per_mwh(gbp_per_kwh: f64) -> f64 {
    gbp_per_kwh * KILO
}

/// Carbon in kg of `mwh` at an intensity of `g_per_kwh` (g/kWh and kg/MWh are the same number).
///
/// ```
/// assert_eq!(eca_core::unit::carbon_kg(2.0, 150.0), 300.0);
/// ```
#[must_use]
pub fn carbon_kg(mwh: f64, g_per_kwh: f64) -> f64 {
    mwh * g_per_kwh
}

/// Intensity in g/kWh of `kg` over `mwh`.
#[must_use]
pub fn carbon_g_per_kwh(kg: f64, mwh: f64) -> f64 {
    kg / mwh
}

/// kg to g.
#[must_use]
pub fn kg_to_g(kg: f64) -> f64 {
    kg * KILO
}

/// g to kg.
#[must_use]
pub fn g_to_kg(g: f64) -> f64 {
    g / KILO
}

/// Percent to a fraction of one.
#[must_use]
pub fn percent_to_frac(percent: f64) -> f64 {
    percent / 100.0
}

/// `value` rounded to the nearest multiple of `quantum`, halves away from zero.
///
/// A quantum below one is taken as one over a whole number, so that `round_to(0.3, 0.1)` is 0.3 and not
/// 0.30000000000000004. A `quantum` that is not a positive number leaves the value as it is. Minus zero becomes zero.
///
/// ```
/// assert_eq!(eca_core::unit::round_to(0.30000000000000004, 1e-6), 0.3);
/// assert_eq!(eca_core::unit::round_to(17.0, 5.0), 15.0);
/// ```
#[must_use]
pub fn round_to(value: f64, quantum: f64) -> f64 {
    if !(quantum > 0.0 && quantum.is_finite()) {
        return value;
    }
    let per_one = (1.0 / quantum).round();
    let whole_parts = quantum < 1.0 && (per_one * quantum - 1.0).abs() < 1e-9;
    let rounded = if whole_parts { (value * per_one).round() / per_one } else { (value / quantum).round() * quantum };
    rounded + 0.0
}

/// Inferences to millions of inferences.
#[must_use]
pub fn inferences_to_millions(inferences: f64) -> f64 {
    inferences / MEGA
}

/// Millions of inferences to inferences.
#[must_use]
pub fn millions_to_inferences(millions: f64) -> f64 {
    millions * MEGA
}

/// The IT power of so many inferences in a period of `h` hours, MW.
#[must_use]
pub fn inferences_to_mw(inferences: f64, wh_per_inference: f64, h: f64) -> f64 {
    wh_to_mwh(inferences * wh_per_inference) / h
}
