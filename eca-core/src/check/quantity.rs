//! The tolerances, all of them: quanta of the plan document, and sums that carry what rounding can have done to them.
//!
//! A plan holds numbers rounded to the quanta below. Each rounded number may be off by one quantum: half of it is
//! rounding, the other half is left to the solver. A sum `k1 * x1 + k2 * x2 + ...` may then be off by
//! `|k1| * quantum1 + |k2| * quantum2 + ...`, and a limit on it tolerates just that. [`Sum`] does this bookkeeping, so
//! no rule has a tolerance of its own.

/// Power is rounded to 1 W.
pub(super) const POWER_MW: f64 = 1e-6;
/// Energy is rounded to 1 Wh.
pub(super) const ENERGY_MWH: f64 = 1e-6;
/// Inferences are whole.
pub(super) const INFERENCES: f64 = 1.0;
/// Money is rounded to 1e-6 GBP.
pub(super) const MONEY_GBP: f64 = 1e-6;
/// Carbon is rounded to 1 mg.
pub(super) const CARBON_KG: f64 = 1e-6;
/// Parts of one (shares, undone work, gap): the tolerance within which docs/model.md calls work done.
pub(super) const FRAC: f64 = 1e-9;
/// A plan may be called optimal up to this gap.
pub(super) const OPTIMAL_GAP: f64 = 1e-6;
/// Each number in double precision carries this relative error, with room for long sums.
const ROUND_OFF: f64 = 1e-13;

/// A million, of inferences or of Wh in a MWh.
pub(super) const MILLION: f64 = 1e6;
/// Grams of a kilogram.
pub(super) const G_PER_KG: f64 = 1e3;

/// A number and how far rounding can have moved it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sum {
    /// The number.
    pub value: f64,
    /// How far off it may be.
    pub slack: f64,
}

impl Sum {
    /// A number from the problem, or one that follows from it.
    pub(super) fn exact(value: f64) -> Self {
        Self { value, slack: ROUND_OFF * value.abs() }
    }

    /// A number of the plan that was rounded to `quantum`.
    pub(super) fn rounded(value: f64, quantum: f64) -> Self {
        Self { value, slack: quantum + ROUND_OFF * value.abs() }
    }

    /// Power of the plan.
    pub(super) fn mw(value: f64) -> Self {
        Self::rounded(value, POWER_MW)
    }

    /// This number plus another.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { value: self.value + other.value, slack: self.slack + other.slack }
    }

    /// This number less another.
    pub(super) fn minus(self, other: Self) -> Self {
        self.plus(other.times(-1.0))
    }

    /// This number times a coefficient of the problem.
    pub(super) fn times(self, coefficient: f64) -> Self {
        Self { value: self.value * coefficient, slack: self.slack * coefficient.abs() }
    }

    /// Adds `other` to this number.
    pub(super) fn add(&mut self, other: Self) {
        *self = self.plus(other);
    }

    /// The same number, off by `quantum` more: what the plan states after rounding it once again.
    pub(super) fn restated(self, quantum: f64) -> Self {
        Self { slack: self.slack + quantum, ..self }
    }

    /// Whether `stated` is this number, as far as rounding lets one see.
    pub(super) fn agrees(self, stated: f64) -> bool {
        let off = (self.value - stated).abs();
        off.is_finite() && off <= self.slack + ROUND_OFF * stated.abs()
    }

    /// Whether it is above zero by more than rounding can explain; also where it is not a number.
    pub(super) fn is_over(self) -> bool {
        !self.value.is_finite() || self.value > self.slack
    }

    /// Whether rounding alone could have put it above zero.
    pub(super) fn may_be_over(self) -> bool {
        !self.value.is_finite() || self.value > -self.slack
    }
}

/// The sum of all.
impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::default(), Self::plus)
    }
}
