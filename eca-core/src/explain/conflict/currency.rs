//! Repairs in one currency: schedules that need little of it, and how much they need.

use super::document::{Change, ConflictLimit, Currency, Repair, Setting};
use super::elastic::{Bent, Elastic, Give, Terms};
use super::filter::NOTHING;
use super::pool::Pool;
use super::repair;
use super::scale::{carbon_of_load, carbon_scale, room_mw, windows, windows_of_caps};
use super::search::{Aim, Found, Search};
use crate::explain::Limit;
use crate::{CapMetric, Problem, Region, Result};

/// Power, MW, and limits of carbon, as a part, are rounded up to these.
const MW_QUANTUM: f64 = 1e-3;
const LIMIT_DIGITS: i32 = 4;
/// Times that a search is told to leave more room under the caps, because batteries and rounding did not do what it took.
const TRIES: usize = 4;
/// Rounded limits are tried so much wider where a plan does not fit them exactly.
const MARGINS: [f64; 3] = [0.0, 1e-4, 1e-3];

/// What repairs are made with.
pub(super) struct Workshop<'a> {
    problem: &'a Problem,
    elastic: &'a Elastic<'a>,
    search: Search<'a>,
    /// Keeps every limit but carbon, of which it needs as little as can be.
    clean: Aim,
    /// About all carbon of a plan, kg.
    carbon_kg: f64,
    /// No repair in carbon alone needs less, kg.
    least_kg: Option<f64>,
    /// Carbon of load that the caps leave room for, kg; known once a plan has been measured.
    kg_limit: Option<f64>,
}

impl<'a> Workshop<'a> {
    pub(super) fn new(problem: &'a Problem, open: &'a Problem, elastic: &'a Elastic<'a>) -> Result<Self> {
        let carbon_kg = carbon_scale(problem);
        // The least carbon with deadlines kept, capacity where it must; the direction in which everything else looks.
        let mut terms = Terms::hard(problem);
        terms.caps.fill(Give::Balance(1.0));
        let strict = elastic.solve(&terms)?;
        let alone = problem.carbon_caps().len() == 1 && windows_of_caps(problem) == 1;
        let least_kg = strict.as_ref().filter(|_| alone).map(|bent| bent.price.max(0.0));
        let bent = match strict {
            Some(bent) => bent,
            None => {
                terms.it.fill(Give::Priced(carbon_kg));
                terms.import.fill(Give::Priced(carbon_kg));
                elastic.solve(&terms)?.ok_or_else(|| crate::Error::Infeasible { rules: vec![STANDING.into()] })?
            }
        };
        // The duals of energy say too little where the relaxation draws none; the rent of capacity is only a hint.
        let load = carbon_of_load(problem);
        let rent = elastic.capacity_rent(&bent);
        let mut room_mw = room_mw(problem);
        room_mw.iter_mut().zip(elastic.service_mw(&bent)).for_each(|(room, mw)| *room -= mw);
        let dearest = load.iter().fold(1e-6_f64, |most, kg| most.max(kg.abs()));
        let clean = Aim { room_mw, kg_limit: None, kg: (1.0, true), mw: (dearest, false), late: None };
        let search = Search::new(open, Pool::new(problem, open, &load, &rent));
        let mut shop = Self { problem, elastic, search, clean, carbon_kg, least_kg, kg_limit: None };
        shop.calibrate()?;
        Ok(shop)
    }

    /// How much carbon of load fits under the caps: batteries, overhead and solar are measured once.
    fn calibrate(&mut self) -> Result<()> {
        if let Some(found) = self.search.run(&self.clean)
            && let Some(beyond) = self.beyond_caps(&found)?
        {
            self.kg_limit = Some(found.kg - beyond);
        }
        Ok(())
    }

    /// Carbon of these schedules above what the caps allow, below zero where there is room, kg; none without caps.
    fn beyond_caps(&self, found: &Found) -> Result<Option<f64>> {
        let mut terms = Terms::hard(self.problem);
        if terms.caps.is_empty() {
            return Ok(None);
        }
        terms.caps.fill(Give::Balance(1.0));
        terms.it.fill(Give::Free);
        terms.import.fill(Give::Free);
        Ok(self.measure(found, &terms)?.map(|(_, bent)| bent.price))
    }

    /// The limits that a proof of the conflict rests on; none where the relaxation keeps them all.
    pub(super) fn proof(&self) -> Result<Option<Terms>> {
        let problem = self.problem;
        let scale = |value: f64| Give::Priced(1.0 / value.max(1e-6));
        let terms = Terms {
            it: problem.regions().iter().map(|region| scale(region.it_capacity_mw.max())).collect(),
            import: problem.regions().iter().map(|region| scale(region.import_limit_mw.max())).collect(),
            caps: vec![scale(self.carbon_kg); problem.carbon_caps().len()],
            deadlines: windows(problem).map(scale).collect(),
        };
        let Some(bent) = self.elastic.solve(&terms)? else {
            return Err(crate::Error::Infeasible { rules: vec![STANDING.into()] });
        };
        if bent.price <= NOTHING {
            return Ok(None);
        }
        Ok(Some(self.elastic.support(&terms, &bent)))
    }

    /// Whether schedules are found that keep every limit.
    pub(super) fn keeps_all(&self) -> Result<bool> {
        let Some(found) = self.search.run(&self.clean) else { return Ok(false) };
        Ok(found.over_mw <= 0.0
            && crate::engine::keeping_all(self.problem, &found.schedules, "keeps every limit")?.is_some())
    }

    /// One repair for each currency that is enough by itself; a mixed one where none is. A currency that gives none of the
    /// limits that are proved to be in conflict is not looked at: with those alone there is no plan.
    pub(super) fn repairs(&self, proved: Option<&[ConflictLimit]>) -> Result<Vec<Repair>> {
        let gives = |some: &[Limit]| proved.is_none_or(|limits| limits.iter().any(|limit| some.contains(&limit.limit)));
        let mut repairs = Vec::new();
        if gives(&[Limit::CarbonCap]) {
            repairs.extend(self.carbon()?);
        }
        if gives(&[Limit::ItCapacity, Limit::ImportLimit]) {
            repairs.extend(self.power()?);
        }
        if gives(&[Limit::Deadline]) {
            repairs.extend(self.time()?);
        }
        if repairs.is_empty() {
            repairs.extend(self.mixed()?);
        }
        Ok(repairs)
    }

    /// How far limits must give for these schedules.
    fn measure(&self, found: &Found, terms: &Terms) -> Result<Option<(Elastic<'a>, Bent)>> {
        let given = Elastic::given(self.problem, &found.accounts);
        Ok(given.solve(terms)?.map(|bent| (given, bent)))
    }

    /// What every repair of a kind needs: what the relaxation needs. None where nothing of that kind is enough; minus
    /// infinity where the relaxation is too large to be asked.
    fn least(&self, terms: &Terms) -> Result<Option<f64>> {
        if self.elastic.columns() > super::MOST_COLUMNS {
            return Ok(Some(f64::NEG_INFINITY));
        }
        Ok(self.elastic.solve(terms)?.map(|bent| bent.price))
    }

    fn carbon(&self) -> Result<Option<Repair>> {
        if self.problem.carbon_caps().is_empty() {
            return Ok(None);
        }
        // Where the jobs hardly fit, power beyond the capacity must count for more than carbon from the start.
        let firm = Aim { mw: (10.0 * self.clean.mw.0, false), ..self.clean.clone() };
        let fits = |aim: &Aim| self.search.run(aim).filter(|found| found.over_mw <= 0.0);
        let Some(found) = fits(&self.clean).or_else(|| fits(&firm)) else { return Ok(None) };
        let mut terms = Terms::hard(self.problem);
        terms.caps.fill(Give::Priced(1.0));
        let Some((given, bent)) = self.measure(&found, &terms)? else { return Ok(None) };
        let excess = given.excess(&bent);
        let changes = |margin: f64| self.cap_changes(&excess, margin);
        let amount = excess.iter().map(|(kg, _)| kg).sum();
        let least = self.least_kg.unwrap_or(f64::NEG_INFINITY);
        self.offer(Currency::Kg, [amount, least], &found, &changes)
    }

    /// Searches until what is found keeps the caps too.
    fn within_caps(&self, mut aim: Aim, terms: &Terms) -> Result<Option<(Found, Bent)>> {
        for _ in 0..TRIES {
            let Some(found) = self.search.run(&aim) else { return Ok(None) };
            if let Some((_, bent)) = self.measure(&found, terms)? {
                return Ok(Some((found, bent)));
            }
            // Batteries and solar do less for these schedules than the search took for granted: it is told how much.
            let Some(beyond) = self.beyond_caps(&found)? else { return Ok(None) };
            aim.kg_limit = aim.kg_limit.map(|limit| limit.min(found.kg - beyond) - 1e-4 * self.carbon_kg);
        }
        Ok(None)
    }

    /// The same aim with carbon kept within the caps.
    fn capped(&self) -> Aim {
        // Without caps there is nothing to keep.
        let kg_limit = Some(self.kg_limit.unwrap_or(f64::MAX));
        Aim { kg_limit, kg: (30.0 / self.carbon_kg, false), ..self.clean.clone() }
    }

    fn power(&self) -> Result<Option<Repair>> {
        let mut terms = Terms::hard(self.problem);
        terms.it.fill(Give::Priced(1.0));
        // A repair that raises a connection is as good as one that raises a site.
        terms.import.fill(Give::Priced(1.0));
        let Some(least) = self.least(&terms)? else { return Ok(None) };
        let aim = Aim { mw: (1.0, true), ..self.capped() };
        let Some((found, bent)) = self.within_caps(aim, &terms)? else { return Ok(None) };
        let changes = |margin: f64| self.power_changes(&bent, margin);
        self.offer(Currency::Mw, [bent.price, least], &found, &changes)
    }

    fn time(&self) -> Result<Option<Repair>> {
        let mut terms = Terms::hard(self.problem);
        terms.deadlines.fill(Give::Priced(1.0));
        let Some(least) = self.least(&terms)? else { return Ok(None) };
        let aim = Aim { mw: (1.0, false), late: Some(1.0), ..self.capped() };
        let Some((found, _)) = self.within_caps(aim, &Terms::hard(self.problem))? else { return Ok(None) };
        let changes = |_: f64| self.deadline_changes(&found.late);
        // Counts of periods are small.
        #[allow(clippy::cast_precision_loss)]
        let amount = found.late.iter().sum::<usize>() as f64;
        self.offer(Currency::Periods, [amount, least], &found, &changes)
    }

    /// Capacity and carbon together, each as a part of what there is: always enough.
    fn mixed(&self) -> Result<Option<Repair>> {
        let mut terms = Terms::hard(self.problem);
        let capacity = |region: &Region| region.it_capacity_mw.max().max(1e-6);
        terms.it = self.problem.regions().iter().map(|region| Give::Priced(1.0 / capacity(region))).collect();
        terms.import = terms.it.clone();
        terms.caps.fill(Give::Priced(1.0 / self.carbon_kg));
        let mean =
            self.problem.regions().iter().map(capacity).sum::<f64>() / self.problem.regions().len().max(1) as f64;
        let aim = Aim { kg: (1.0 / self.carbon_kg, true), mw: (1.0 / mean, true), ..self.capped() };
        let Some(found) = self.search.run(&aim) else { return Ok(None) };
        let Some((given, bent)) = self.measure(&found, &terms)? else { return Ok(None) };
        let excess = given.excess(&bent);
        let changes = |margin: f64| {
            let mut all = self.cap_changes(&excess, margin);
            all.extend(self.power_changes(&bent, margin));
            all
        };
        let least = self.least(&terms)?.unwrap_or(f64::NEG_INFINITY);
        self.offer(Currency::Mixed, [bent.price, least], &found, &changes)
    }

    fn cap_changes(&self, excess: &[(f64, f64)], margin: f64) -> Vec<Change> {
        let caps = self.problem.carbon_caps().iter().zip(excess).filter(|(_, (kg, _))| *kg > 1e-6);
        let each = caps.map(|(cap, (kg, part))| {
            let to = match cap.metric {
                CapMetric::Kg => cap.limit + kg,
                _ => cap.limit * (1.0 + part),
            };
            let unit = match cap.metric {
                CapMetric::Kg => "kg",
                CapMetric::GPerKwh => "g_per_kwh",
                CapMetric::GPerInference => "g_per_inference",
            };
            let to = digits_up(to * (1.0 + margin));
            change("carbon_caps", cap.id.as_str(), "limit", cap.limit, to, unit)
        });
        each.collect()
    }

    fn power_changes(&self, bent: &Bent, margin: f64) -> Vec<Change> {
        let mut changes = Vec::new();
        for ((region, it), import) in self.problem.regions().iter().zip(&bent.it_mw).zip(&bent.import_mw) {
            let mut raise = |field: &str, from: f64, by: f64| {
                if by > 1e-6 {
                    let to = from + ((by * (1.0 + margin) - 1e-9) / MW_QUANTUM).ceil() * MW_QUANTUM;
                    let to = crate::unit::round_to(to, 1e-6);
                    changes.push(change("regions", region.id.as_str(), field, from, to, "mw"));
                }
            };
            raise("it_capacity_mw", region.it_capacity_mw.max(), *it);
            raise("import_limit_mw", region.import_limit_mw.max(), *import);
            if let Some(limit) = &region.congestion_limit_mw {
                raise("congestion_limit_mw", limit.max(), *import);
            }
        }
        changes
    }

    fn deadline_changes(&self, late: &[usize]) -> Vec<Change> {
        let horizon = self.problem.horizon();
        let shapes = self.problem.shapes().iter().zip(late).filter(|(_, late)| **late > 0);
        let each = shapes.map(|(shape, late)| {
            let job = &self.problem.jobs()[shape.job];
            Change {
                list: "jobs".into(),
                id: job.id.to_string(),
                field: "deadline".into(),
                from: Setting::Time(job.deadline.unwrap_or(horizon.end())),
                to: Setting::Time(horizon.start_of(shape.end + late)),
                unit: "utc".into(),
            }
        });
        each.collect()
    }

    /// The repair, once a plan that keeps every limit of the changed problem has passed its check.
    fn offer(
        &self,
        currency: Currency,
        [amount, least]: [f64; 2],
        found: &Found,
        changes: &dyn Fn(f64) -> Vec<Change>,
    ) -> Result<Option<Repair>> {
        for margin in MARGINS {
            let changes = changes(margin);
            if changes.is_empty() {
                return Ok(None);
            }
            let Ok(changed) = repair::apply(self.problem, &changes) else { continue };
            let Some(plan) = crate::engine::keeping_all(&changed, &found.schedules, "schedules of a repair")? else {
                continue;
            };
            let relative = self.relative(&changes);
            return Ok(Some(Repair {
                currency,
                amount: crate::unit::round_to(amount, 1e-6),
                at_least: least.is_finite().then(|| crate::unit::round_to(least.max(0.0), 1e-6)),
                relative: crate::unit::round_to(relative, 1e-6),
                cost_gbp: plan.totals.cost_gbp,
                text: words(self.problem, &changes),
                changes,
                plan: Some(Box::new(plan)),
            }));
        }
        Ok(None)
    }

    fn relative(&self, changes: &[Change]) -> f64 {
        let step = i64::from(self.problem.horizon().step_min);
        let each = changes.iter().map(|change| match (change.from, change.to) {
            (Setting::Number(from), Setting::Number(to)) => (to - from) / from.abs().max(1e-9),
            (Setting::Time(from), Setting::Time(to)) => {
                let j = self.problem.jobs().iter().position(|job| job.id.as_str() == change.id);
                let window = j.map_or(1.0, |j| windows(self.problem).nth(j).unwrap_or(1.0));
                // Counts of periods are small.
                #[allow(clippy::cast_precision_loss)]
                let late = (to.minutes_since(from) as f64 / step as f64).max(0.0);
                late / window
            }
            _ => 0.0,
        });
        each.sum()
    }
}

/// What stands whatever gives way.
const STANDING: &str = "demand of services, energy wanted at the end of batteries, and rules of jobs";

/// Rounded up to some digits.
fn digits_up(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    // The exponent of a limit is small.
    #[allow(clippy::cast_possible_truncation)]
    let quantum = 10_f64.powi(value.log10().floor() as i32 + 1 - LIMIT_DIGITS);
    // Through whole multiples, so that the number prints as it is meant.
    let multiples = (value / quantum - 1e-9).ceil();
    if quantum >= 1.0 { multiples * quantum } else { multiples / (1.0 / quantum).round() }
}

fn change(list: &str, id: &str, field: &str, from: f64, to: f64, unit: &str) -> Change {
    let (from, to) = (Setting::Number(from), Setting::Number(to));
    Change { list: list.into(), id: id.into(), field: field.into(), from, to, unit: unit.into() }
}

/// "0.4 MW more IT capacity in `london`, and ...".
fn words(problem: &Problem, changes: &[Change]) -> String {
    let step = i64::from(problem.horizon().step_min);
    let each = changes.iter().map(|change| match (change.from, change.to, change.field.as_str()) {
        (Setting::Number(from), Setting::Number(to), "limit") => {
            let unit = match change.unit.as_str() {
                "kg" => "kg",
                "g_per_kwh" => "g/kWh",
                _ => "g for each inference",
            };
            format!("{} {unit} more for carbon cap `{}`", short(to - from), change.id)
        }
        (Setting::Number(from), Setting::Number(to), field) => {
            let what = match field {
                "it_capacity_mw" => "IT capacity",
                "import_limit_mw" => "import",
                _ => "room in the network",
            };
            format!("{} MW more {what} in `{}`", short(to - from), change.id)
        }
        (Setting::Time(from), Setting::Time(to), _) => {
            let late = (to.minutes_since(from) + step - 1) / step;
            let plural = if late == 1 { "" } else { "s" };
            format!("{late} period{plural} more for job `{}` (until {to})", change.id)
        }
        _ => change.field.clone(),
    });
    repair::listed(&each.collect::<Vec<_>>())
}

/// Four digits, no more.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}
