//! A record as text for people: MWh, GBP and kg, rounded for display only.

use super::amount::divided;
use super::record::{EventRecord, FlowKind};
use super::{Quality, Route};
use std::fmt;

impl FlowKind {
    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Imbalance => "imbalance",
            Self::Acceptance => "acceptance",
            Self::NonDelivery => "non_delivery",
            Self::Availability => "availability",
            Self::Utilisation => "utilisation",
            Self::SupplierCompensation => "supplier_compensation",
        }
    }
}

impl Route {
    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WholesaleP415 => "wholesale_p415",
            Self::BalancingMechanism => "balancing_mechanism",
            Self::NesoDfs => "neso_dfs",
            Self::DsoFlex => "dso_flex",
        }
    }
}

/// Millionths with so many places, half away from zero, and thousands apart.
pub(super) fn shown(millionths: i64, places: u32) -> String {
    let unit = 10_i128.pow(6 - places.min(6));
    let rounded = divided(millionths.into(), unit);
    let (size, base) = (rounded.unsigned_abs(), 10_u128.pow(places.min(6)));
    let whole = (size / base).to_string();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if rounded < 0 { "-" } else { "" };
    let width = usize::try_from(places).unwrap_or(0);
    if places == 0 { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{:0width$}", size % base) }
}

/// A table: the first column to the left, all others to the right.
pub(super) fn table(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            line += &if column == 0 { format!("  {cell:<width$}") } else { format!("   {cell:>width$}") };
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

impl fmt::Display for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = if self.complete { "complete" } else { "not final" };
        writeln!(f, "event `{}` on {}, run {}: {standing}", self.event_id, self.route.name(), self.run)?;
        self.volumes(f)?;
        self.money(f)?;
        self.parties(f)?;
        self.surroundings(f)
    }
}

impl EventRecord {
    fn volumes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["MWh", "baseline", "metered", "deviation", "committed", "shortfall"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for each in &self.periods {
            let metered = match each.quality {
                Quality::Missing => "missing".into(),
                Quality::Estimated => format!("{} E", shown(each.import_wh - each.export_wh, 3)),
                Quality::Actual => shown(each.import_wh - each.export_wh, 3),
            };
            rows.push(vec![
                each.period.to_string(),
                shown(each.baseline_wh, 3),
                metered,
                shown(each.deviation_wh, 3),
                shown(each.committed_wh, 3),
                shown(each.shortfall_wh, 3),
            ]);
        }
        for each in &self.rebound {
            let above = format!("{} rebound", shown(each.rebound_wh, 3));
            rows.push(vec![each.period.to_string(), shown(each.baseline_wh, 3), shown(each.metered_wh, 3), above]);
        }
        table(f, &rows)
    }

    fn money(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<FlowKind> = self.periods.iter().flat_map(|each| &each.flows).map(|flow| flow.flow).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut head = vec!["GBP".to_owned()];
        head.extend(kinds.iter().map(|kind| kind.name().replace('_', " ")));
        head.push("total".into());
        let mut rows = vec![head];
        for each in self.periods.iter().filter(|each| each.quality != Quality::Missing) {
            let mut row = vec![each.period.to_string()];
            for kind in &kinds {
                let of_kind = each.flows.iter().filter(|flow| flow.flow == *kind);
                row.push(shown(of_kind.map(|flow| flow.cash_ugbp).sum(), 2));
            }
            row.push(shown(each.cash_ugbp, 2));
            rows.push(row);
        }
        table(f, &rows)
    }

    fn parties(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = vec![format!("trading party {} GBP", shown(self.totals.cash_ugbp, 2))];
        parts.push(format!("site's part {}", shown(self.totals.site_ugbp, 2)));
        if self.totals.social_tariff_ugbp != 0 {
            parts.push(format!("of it to the Social Tariff Fund {}", shown(self.totals.social_tariff_ugbp, 2)));
        }
        writeln!(f, "{}", parts.join(", "))?;
        if let Some(supplier) = &self.compensation {
            write!(f, "supplier compensation {} GBP", shown(supplier.received_ugbp, 2))?;
            if let (Some(own), Some(net)) = (supplier.own_part_ugbp, supplier.net_ugbp) {
                write!(
                    f,
                    ", of which the site's supplier funds {} itself and others {}",
                    shown(own, 2),
                    shown(net, 2)
                )?;
            }
            writeln!(f)?;
        }
        if let Some(site) = &self.customer {
            writeln!(
                f,
                "import not bought {} GBP, rebound {}, net for the site {}",
                shown(site.avoided_import_ugbp, 2),
                shown(site.rebound_ugbp, 2),
                shown(site.net_ugbp, 2)
            )?;
            if let (Some(before), Some(after)) = (site.inferences_before, site.inferences_after)
                && before > 0
                && after > 0
            {
                let each = |cost: i64, count: i64| {
                    shown(i64::try_from(divided(i128::from(cost) * 1_000_000, count.into())).unwrap_or(0), 2)
                };
                let (cost_before, cost_after) =
                    (each(site.cost_before_ugbp, before), each(site.cost_after_ugbp, after));
                writeln!(f, "GBP for a million inferences: {cost_before} before, {cost_after} after")?;
            }
        }
        Ok(())
    }

    fn surroundings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(average) = self.carbon.avoided_mg {
            write!(f, "carbon avoided with rebound: {} kg by average intensity", shown(average, 1))?;
            if let Some(marginal) = self.carbon.marginal_avoided_mg {
                write!(f, "; by marginal intensity {} kg (not to be added)", shown(marginal, 1))?;
            }
            writeln!(f)?;
        }
        for set in &self.baseline.days {
            let out = set.excluded.len();
            let used = set.used.len();
            writeln!(
                f,
                "baseline {} of {}: {used} days used, {out} left out",
                self.baseline.method, set.settlement_date
            )?;
        }
        for finding in &self.findings {
            writeln!(f, "note: {finding}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn pennies_are_rounded_half_away_from_zero() {
        assert_eq!(shown(418_608_000, 2), "418.61");
        assert_eq!([shown(5_000, 2), shown(-5_000, 2), shown(4_999, 2)], ["0.01", "-0.01", "0.00"]);
        assert_eq!(shown(-1_234_567_890_000, 1), "-1,234,567.9");
        assert_eq!(shown(999_999, 0), "1");
    }
}
