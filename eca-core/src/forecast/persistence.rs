//! How far the last values were off, and how that fades with the lead time; and how far forecasts were off then.
//!
//! `persistence`: `r(o + h) = a(h) * last(o) + b(h) * level(o) + c(h) * same(o, h)`, where `r` is what waves and
//! profile miss, `last` its value at the last known period `o`, `level` its mean over the day up to `o`, and `same` its
//! value at the time of day of `o + h` on that day. `a`, `b` and `c` are fitted at some lead times `h` and taken
//! linearly between them. After the longest lead time they are zero.

use nalgebra::{Matrix3, Vector3};

/// Share of the mean square that the regressions add to their diagonal.
const RIDGE_SHARE: f64 = 0.02;
/// Longest lead time in days.
const LEAD_DAYS: usize = 7;

/// What waves and profile miss, with its running mean over a day.
#[derive(Clone, Debug)]
pub(super) struct Past {
    residuals: Vec<Option<f64>>,
    levels: Vec<f64>,
    day: usize,
}

impl Past {
    /// Residuals of periods of which `day` make a day.
    pub(super) fn new(residuals: Vec<Option<f64>>, day: usize) -> Self {
        let (mut sum, mut count) = (0.0, 0.0);
        let mut levels = Vec::with_capacity(residuals.len());
        for (t, residual) in residuals.iter().enumerate() {
            if let Some(value) = residual {
                sum += value;
                count += 1.0;
            }
            if let Some(Some(old)) = t.checked_sub(day).and_then(|old| residuals.get(old)) {
                sum -= old;
                count -= 1.0;
            }
            levels.push(if count > 0.0 { sum / count } else { 0.0 });
        }
        Self { residuals, levels, day }
    }

    /// The last period with a value.
    pub(super) fn last_known(&self) -> Option<usize> {
        self.residuals.iter().rposition(Option::is_some)
    }

    fn residual(&self, t: usize) -> Option<f64> {
        self.residuals.get(t).copied().flatten()
    }

    /// `last`, `level` and `same` for `lead` periods after `origin`; none where `origin` has no value.
    fn state(&self, origin: usize, lead: usize) -> Option<Vector3<f64>> {
        let last = self.residual(origin)?;
        let level = self.levels.get(origin).copied()?;
        let days = lead.div_ceil(self.day.max(1));
        let same = (origin + lead).checked_sub(days * self.day).and_then(|t| self.residual(t));
        Some(Vector3::new(last, level, same.unwrap_or(level)))
    }
}

/// What is fitted at one lead time.
#[derive(Clone, Debug)]
struct Knot {
    lead: usize,
    factors: Vector3<f64>,
    /// Errors at the wanted quantiles.
    errors: Vec<f64>,
}

/// Fitted persistence with quantiles of errors.
#[derive(Clone, Debug)]
pub(super) struct Persistence {
    knots: Vec<Knot>,
}

impl Persistence {
    /// Fits the fading on all residuals.
    pub(super) fn fit(past: &Past, weights: &[f64]) -> Self {
        let longest = (LEAD_DAYS * past.day).min(past.residuals.len() / 3);
        let knots = leads(longest).into_iter().map(|lead| {
            let (mut normal, mut right) = (Matrix3::zeros(), Vector3::zeros());
            for (origin, weight) in weights.iter().enumerate().take(past.residuals.len().saturating_sub(lead)) {
                let (Some(x), Some(y)) = (past.state(origin, lead), past.residual(origin + lead)) else { continue };
                normal += x * x.transpose() * *weight;
                right += x * (*weight * y);
            }
            let ridge = RIDGE_SHARE * normal.trace() / 3.0;
            let factors = (normal + Matrix3::identity() * ridge).cholesky().map(|factor| factor.solve(&right));
            Knot { lead, factors: factors.unwrap_or_else(Vector3::zeros), errors: Vec::new() }
        });
        Self { knots: knots.collect() }
    }

    /// Sets the quantiles of errors from residuals after `from`, which should not be those of the fit.
    pub(super) fn calibrate(&mut self, past: &Past, from: usize, quantiles: &[f64]) {
        for knot in &mut self.knots {
            let first = from.saturating_sub(knot.lead);
            let mut errors: Vec<f64> = (first..past.residuals.len().saturating_sub(knot.lead))
                .filter_map(|origin| {
                    let actual = past.residual(origin + knot.lead)?;
                    Some(actual - knot.factors.dot(&past.state(origin, knot.lead)?))
                })
                .collect();
            errors.sort_by(f64::total_cmp);
            knot.errors = quantiles.iter().map(|p| quantile(&errors, *p)).collect();
        }
    }

    /// Takes the quantiles of errors of another fit with the same lead times; the last one for longer leads.
    pub(super) fn take_errors(&mut self, other: &Self) {
        for knot in &mut self.knots {
            let same = other.knots.iter().find(|known| known.lead >= knot.lead).or(other.knots.last());
            knot.errors = same.map(|known| known.errors.clone()).unwrap_or_default();
        }
    }

    /// What to add to waves and profile `lead` periods after the period `origin` of the past.
    pub(super) fn at(&self, past: &Past, origin: usize, lead: usize) -> f64 {
        let Some(state) = past.state(origin, lead) else { return 0.0 };
        let value = |knot: &Knot| knot.factors.dot(&state);
        match self.around(lead) {
            (Some(before), Some(after), share) => value(before) * (1.0 - share) + value(after) * share,
            (None, Some(first), _) => value(first),
            _ => 0.0,
        }
    }

    /// Quantile number `place` of the error `lead` periods ahead; the longest lead time without a state.
    pub(super) fn error(&self, place: usize, lead: Option<usize>) -> f64 {
        let value = |knot: &Knot| knot.errors.get(place).copied().unwrap_or(0.0);
        match self.around(lead.unwrap_or(usize::MAX)) {
            (Some(before), Some(after), share) => value(before) * (1.0 - share) + value(after) * share,
            (Some(only), None, _) | (None, Some(only), _) => value(only),
            (None, None, _) => 0.0,
        }
    }

    /// The knots at or around a lead time, and the share of the second.
    fn around(&self, lead: usize) -> (Option<&Knot>, Option<&Knot>, f64) {
        let next = self.knots.partition_point(|knot| knot.lead < lead);
        let after = self.knots.get(next);
        let before = next.checked_sub(1).and_then(|before| self.knots.get(before));
        let share = before.zip(after).map_or(0.0, |(b, a)| (lead - b.lead) as f64 / (a.lead - b.lead) as f64);
        (before, after, share)
    }
}

/// Lead times at which the fading is fitted: close together first, then wider.
fn leads(longest: usize) -> Vec<usize> {
    let mut leads = Vec::new();
    let mut lead = 1;
    while lead <= longest {
        leads.push(lead);
        lead = (lead + 1).max(lead + lead / 4);
    }
    leads
}

/// Quantile `p` of sorted values, linear between neighbours; 0 without values.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = p * last as f64;
    let below = place.floor();
    let low = sorted.get(below as usize).copied().unwrap_or(0.0);
    let high = sorted.get((below as usize + 1).min(last)).copied().unwrap_or(low);
    low + (high - low) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_between_values() {
        assert_eq!(quantile(&[], 0.5), 0.0);
        assert_eq!(quantile(&[7.0], 0.9), 7.0);
        assert_eq!(quantile(&[0.0, 10.0, 20.0], 0.5), 10.0);
        assert_eq!(quantile(&[0.0, 10.0, 20.0], 0.25), 5.0);
    }

    #[test]
    fn a_residual_that_halves_each_period_is_learned() {
        // Kicks far apart that halve: `last` explains all, at each lead 0.5^lead.
        let residuals: Vec<Option<f64>> = (0..2000).map(|t| Some(0.5_f64.powi(t % 50) * 64.0)).collect();
        let past = Past::new(residuals, 24);
        let fitted = Persistence::fit(&past, &[1.0; 2000]);
        // Period 1952 is the third after a kick: 64 / 4 = 16.
        assert_eq!(past.residual(1952), Some(16.0));
        for (lead, expected) in [(1, 8.0), (2, 4.0)] {
            let found = fitted.at(&past, 1952, lead);
            assert!((found - expected).abs() < 0.7, "{found}");
        }
        assert_eq!(fitted.at(&past, 1952, 100_000), 0.0);
    }

    #[test]
    fn what_was_off_at_the_same_time_yesterday_is_learned() {
        let residuals: Vec<Option<f64>> = (0..2400).map(|t| Some(if t % 24 == 5 { 10.0 } else { 0.0 })).collect();
        let past = Past::new(residuals, 24);
        let fitted = Persistence::fit(&past, &[1.0; 2400]);
        let found = fitted.at(&past, 2400 - 10, 15);
        assert!((found - 10.0).abs() < 1.0, "{found}");
    }

    #[test]
    fn the_state_is_last_value_mean_of_the_day_and_same_time() {
        let past = Past::new(vec![Some(1.0), Some(2.0), None, Some(6.0)], 3);
        assert_eq!(past.state(1, 1), Some(Vector3::new(2.0, 1.5, 1.5)));
        assert_eq!(past.state(2, 1), None);
        // One period after 3 is 4, a day before it 1; three periods after it is itself.
        assert_eq!(past.state(3, 1), Some(Vector3::new(6.0, 4.0, 2.0)));
        assert_eq!(past.state(3, 3), Some(Vector3::new(6.0, 4.0, 6.0)));
        assert_eq!(past.last_known(), Some(3));
    }
}
