//! The Social Tariff Fund: contributions from flexibility income, distributions by a rule, zero in sum to the unit.

use super::amount::fitted;
use super::sum;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Beneficiary {
    /// The name.
    pub id: String,
    /// Its weight: people in the household, or points of need. Zero receives nothing.
    pub weight: i64,
    /// Most that it receives, µGBP.
    #[serde(default)]
    pub cap_ugbp: Option<i64>,
}

/// Who gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// The event, or who gives.
    pub id: String,
    /// The amount, µGBP.
    pub amount_ugbp: i64,
}

/// How the fund is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// The same for everybody whose weight is not zero.
    Equal,
    /// By weight.
    ByWeight,
}

/// A line of a settlement of the fund: negative gives, positive receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FundEntry {
    /// What it is.
    pub entry: FundEntryKind,
    /// The event or beneficiary; `fund` for what is carried.
    pub id: String,
    /// µGBP.
    pub amount_ugbp: i64,
}

/// What a line of the fund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FundEntryKind {
    /// From the last settlement of the fund.
    CarriedIn,
    /// From an event.
    Contribution,
    /// To a beneficiary.
    Distribution,
    /// To the next settlement of the fund: what the caps left.
    CarriedOut,
}

/// Shares contributions out. The entries sum to zero.
///
/// Shares are exact fractions of the whole, cut to whole units; the units left over go to the largest remainders, ties to
/// the first by name. What a cap leaves goes to the others in proportion, and what all caps leave is carried.
///
/// # Errors
/// [`Error::Value`] for a negative amount, weight or cap; [`Error::Duplicate`] for a name that comes twice.
///
/// ```
/// use eca_core::settle::{Allocation, Beneficiary, Contribution, distribute};
/// let homes = ["a", "b", "c"].map(|id| Beneficiary { id: id.into(), weight: 1, cap_ugbp: None });
/// let entries = distribute(&[Contribution { id: "evening".into(), amount_ugbp: 100 }], &homes, Allocation::Equal, 0)?;
/// assert_eq!(entries.iter().map(|entry| entry.amount_ugbp).collect::<Vec<_>>(), [-100, 34, 33, 33]);
/// # Ok::<(), eca_core::Error>(())
/// ```
pub fn distribute(
    contributions: &[Contribution],
    beneficiaries: &[Beneficiary],
    allocation: Allocation,
    carried_in_ugbp: i64,
) -> Result<Vec<FundEntry>> {
    check(contributions, beneficiaries, carried_in_ugbp)?;
    let given = contributions.iter().map(|each| each.amount_ugbp);
    let whole = sum(given.chain([carried_in_ugbp]), "social tariff fund")?;
    let mut parts: Vec<Part<'_>> = beneficiaries.iter().map(|to| Part::new(to, allocation)).collect();
    parts.sort_by(|a, b| a.to.id.cmp(&b.to.id));
    let left = share_out(&mut parts, whole.into());
    let line = |entry, id: &str, amount_ugbp| FundEntry { entry, id: id.to_owned(), amount_ugbp };
    let mut entries = Vec::new();
    if carried_in_ugbp != 0 {
        entries.push(line(FundEntryKind::CarriedIn, "fund", -carried_in_ugbp));
    }
    entries.extend(contributions.iter().map(|each| line(FundEntryKind::Contribution, &each.id, -each.amount_ugbp)));
    for part in &parts {
        entries.push(line(FundEntryKind::Distribution, &part.to.id, fitted(part.amount, "social tariff fund")?));
    }
    if left != 0 {
        entries.push(line(FundEntryKind::CarriedOut, "fund", fitted(left, "social tariff fund")?));
    }
    Ok(entries)
}

fn check(contributions: &[Contribution], beneficiaries: &[Beneficiary], carried_in_ugbp: i64) -> Result<()> {
    let refused = |object: String, field: &str, value: i64| Error::Value {
        object,
        field: field.to_owned(),
        value: value.to_string(),
        limit: "must not be negative".into(),
        unit: "",
    };
    if carried_in_ugbp < 0 {
        return Err(refused("social tariff fund".into(), "carried_in_ugbp", carried_in_ugbp));
    }
    if let Some(bad) = contributions.iter().find(|each| each.amount_ugbp < 0) {
        return Err(refused(format!("contribution `{}`", bad.id), "amount_ugbp", bad.amount_ugbp));
    }
    let mut names = BTreeSet::new();
    for to in beneficiaries {
        if !names.insert(&to.id) {
            return Err(Error::Duplicate { kind: "beneficiary", id: to.id.clone() });
        }
        for (field, value) in [("weight", to.weight), ("cap_ugbp", to.cap_ugbp.unwrap_or(0))] {
            if value < 0 {
                return Err(refused(format!("beneficiary `{}`", to.id), field, value));
            }
        }
    }
    Ok(())
}

/// A beneficiary with what it is given.
struct Part<'a> {
    to: &'a Beneficiary,
    weight: i128,
    amount: i128,
    /// At its cap.
    full: bool,
}

impl<'a> Part<'a> {
    fn new(to: &'a Beneficiary, allocation: Allocation) -> Self {
        let weight = match allocation {
            Allocation::Equal => to.weight.min(1),
            Allocation::ByWeight => to.weight,
        };
        Self { to, weight: weight.into(), amount: 0, full: weight == 0 }
    }
}

/// Shares `whole` out and gives what is left.
fn share_out(parts: &mut [Part<'_>], whole: i128) -> i128 {
    let mut left = whole;
    loop {
        let weights: i128 = parts.iter().filter(|part| !part.full).map(|part| part.weight).sum();
        if weights == 0 || left == 0 {
            return left;
        }
        // Whoever would get more than its cap gets the cap; the rest is shared anew without it.
        let over = |part: &&mut Part<'_>| {
            let cap = part.to.cap_ugbp.map(i128::from);
            !part.full && cap.is_some_and(|cap| left * part.weight > cap * weights)
        };
        let mut taken = 0;
        for part in parts.iter_mut().filter(over) {
            part.amount = part.to.cap_ugbp.unwrap_or(0).into();
            part.full = true;
            taken += part.amount;
        }
        if taken > 0 || parts.iter().filter(|part| !part.full).map(|part| part.weight).sum::<i128>() != weights {
            left -= taken;
            continue;
        }
        let mut order = Vec::new();
        let mut spent = 0;
        for (place, part) in parts.iter_mut().enumerate().filter(|(_, part)| !part.full) {
            part.amount = left * part.weight / weights;
            spent += part.amount;
            order.push((left * part.weight % weights, place));
        }
        order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let units = usize::try_from(left - spent).unwrap_or(0);
        for (_, place) in order.into_iter().take(units) {
            if let Some(part) = parts.get_mut(place) {
                part.amount += 1;
            }
        }
        return 0;
    }
}
