//! Seeded tiny models of the kinds that solvers have been wrong on: whole-number data, mostly equalities and ranges,
//! half of them without a slack, ties, and infeasible ones.

use super::judge::{Column, Model, Row};

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % u64::try_from(high - low + 1).unwrap()).unwrap()
    }

    /// True in so many of 100 draws.
    pub fn percent(&mut self, chance: i64) -> bool {
        self.range(1, 100) <= chance
    }
}

/// A model and what it was drawn as.
pub struct Instance {
    pub model: Model,
    #[allow(dead_code, reason = "not every test that draws models looks at it")]
    pub has_slack: bool,
}

/// 2 to 6 columns, 1 to 5 rows.
pub fn instance(seed: u64) -> Instance {
    let dice = &mut Dice::new(seed);
    let has_slack = seed.is_multiple_of(2);
    let slacks = if has_slack { dice.range(1, 2) } else { 0 };
    let ties = dice.percent(35);
    let count = dice.range(2, 6 - slacks);
    let fluid = dice.range(0, (3 - slacks).min(count - 1));
    let most_points = if fluid + slacks == 3 { 120 } else { 1500 };
    let mut points = 1;
    let mut columns: Vec<Column> = (0..count)
        .map(|j| {
            let integer = j >= fluid;
            let binary = dice.percent(40);
            let lower = if binary || dice.percent(40) { 0 } else { dice.range(-5, 4) };
            let most = if integer { (most_points / points - 1).clamp(0, 6) } else { 10 };
            let width = if binary { 1.min(most) } else { dice.range(0, most) };
            if integer {
                points *= width + 1;
            }
            let cost =
                if ties { [0, 1, 1, 1, 2][usize::try_from(dice.range(0, 4)).unwrap()] } else { dice.range(-9, 9) };
            Column { lower: Some(lower), upper: Some(lower + width), cost, integer }
        })
        .collect();
    let mut rows = rows(dice, &columns);
    for _ in 0..slacks {
        let at = usize::try_from(dice.range(0, i64::try_from(rows.len()).unwrap() - 1)).unwrap();
        let sign = if dice.percent(50) { 1 } else { -1 };
        for (i, row) in rows.iter_mut().enumerate() {
            row.coefficients.push(if i == at { sign } else { 0 });
        }
        let cost = [1, 10, 100][usize::try_from(dice.range(0, 2)).unwrap()];
        columns.push(Column { lower: Some(0), upper: Some(dice.range(5, 100)), cost, integer: false });
    }
    Instance { model: Model { columns, rows, scale: 1 }, has_slack }
}

fn rows(dice: &mut Dice, columns: &[Column]) -> Vec<Row> {
    // Half of the models have a point that all rows are drawn around; in the others rows may be in conflict.
    let around = dice.percent(55);
    let point: Vec<i64> = columns.iter().map(|c| dice.range(c.lower.unwrap(), c.upper.unwrap())).collect();
    let dense = dice.percent(40);
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..dice.range(1, 5) {
        if !rows.is_empty() && dice.percent(8) {
            // The same row again, or a multiple of it: degenerate.
            let (mut copy, times) = (rows[0].clone(), dice.range(1, 2));
            copy.coefficients.iter_mut().for_each(|a| *a *= times);
            copy.lower = copy.lower.map(|l| l * times);
            copy.upper = copy.upper.map(|u| u * times);
            rows.push(copy);
            continue;
        }
        let coefficients: Vec<i64> = columns
            .iter()
            .map(|_| {
                if !dense && dice.percent(45) {
                    0
                } else {
                    [-7, -3, -2, -1, -1, 1, 1, 1, 2, 3, 5, 10][usize::try_from(dice.range(0, 11)).unwrap()]
                }
            })
            .collect();
        let activity = |x: &dyn Fn(usize) -> i64| coefficients.iter().enumerate().map(|(j, a)| a * x(j)).sum::<i64>();
        let near = if around {
            activity(&|j| point[j])
        } else {
            activity(&|j| (columns[j].lower.unwrap() + columns[j].upper.unwrap()) / 2) + dice.range(-6, 6)
        };
        let room = dice.range(0, 3);
        let (lower, upper) = match dice.range(0, 99) {
            0..=39 => (Some(near), Some(near)),
            40..=59 => (Some(near - room), Some(near - room + dice.range(1, 4).max(room))),
            60..=79 => (None, Some(near + room)),
            _ => (Some(near - room), None),
        };
        rows.push(Row { lower, upper, coefficients });
    }
    rows
}
