//! How sure a delivery is: import may be above its plan by no more than what is left between offer and most.

use super::request::ImportError;

/// Probability that import is at most `mw` above its plan, from quantiles in rising order: straight lines between them, the
/// quantile itself outside. Nothing is known beyond the last, so nothing is claimed there.
pub(super) fn at_most(quantiles: &[ImportError], mw: f64) -> Option<f64> {
    let (first, last) = (quantiles.first()?, quantiles.last()?);
    if mw < first.mw {
        return Some(0.0);
    }
    if mw >= last.mw {
        return Some(last.quantile);
    }
    let pair = quantiles.windows(2).rfind(|pair| pair[0].mw <= mw)?;
    let (below, above) = (pair[0], pair[1]);
    let part = (mw - below.mw) / (above.mw - below.mw);
    Some(below.quantile + part * (above.quantile - below.quantile))
}

/// Expected import above its plan by more than `mw`, MW: the area above the quantile function, nothing beyond its ends.
pub(super) fn expected_above(quantiles: &[ImportError], mw: f64) -> f64 {
    let over = |error: &ImportError| (error.mw - mw).max(0.0);
    let Some(last) = quantiles.last() else { return 0.0 };
    let between: f64 = quantiles
        .windows(2)
        .map(|pair| {
            let (low, high) = (over(&pair[0]), over(&pair[1]));
            let part = if pair[1].mw > pair[0].mw { (high - low) / (pair[1].mw - pair[0].mw) } else { 1.0 };
            // Where the line crosses `mw` only the part above it counts.
            (pair[1].quantile - pair[0].quantile) * part * (low + high) / 2.0
        })
        .sum();
    between + (1.0 - last.quantile) * over(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles() -> Vec<ImportError> {
        [(0.1, -1.0), (0.5, 0.0), (0.9, 2.0)].map(|(quantile, mw)| ImportError { quantile, mw }).to_vec()
    }

    #[test]
    fn probability_lies_on_lines_between_quantiles() {
        let of = |mw| at_most(&quantiles(), mw).unwrap_or(f64::NAN);
        assert!((of(0.0) - 0.5).abs() < 1e-12 && (of(1.0) - 0.7).abs() < 1e-12);
        assert!(of(-1.1).abs() < 1e-12 && (of(5.0) - 0.9).abs() < 1e-12);
        assert_eq!(at_most(&[], 1.0), None);
    }

    #[test]
    fn expected_shortfall_is_the_area_above() {
        // 0.4 * (0 + 2) / 2 + 0.1 * 2 = 0.6 MW above 0; above 1 MW: half of 0.4 at (0 + 1) / 2, and 0.1 * 1 = 0.2.
        assert!((expected_above(&quantiles(), 0.0) - 0.6).abs() < 1e-12);
        assert!((expected_above(&quantiles(), 1.0) - 0.2).abs() < 1e-12);
        assert!(expected_above(&quantiles(), 2.0).abs() < 1e-12);
    }
}
