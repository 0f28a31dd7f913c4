//! Repairs in one currency: schedules that need little of it, and how much they need.

use super::changes;
use super::document::{Change, ConflictLimit, Currency, Repair};
use super::elastic::{Bent, Elastic, Give, Terms};
use super::filter::NOTHING;
use super::pool::Pool;
use super::repair;
use super::scale::{
    carbon_of_load, carbon_scale, commitment_scale, less_owed, less_room, quotas, room_mw, target_scale, windows,
    windows_of_caps,
};
use super::search::{Aim, Found, Search};
use super::sold;
use crate::explain::Limit;
use crate::{Problem, Region, Result};

/// Times that a search is told to leave more room, because batteries and rounding did not do what it took.
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
                terms.targets.fill(Give::Priced(carbon_kg));
                terms.commitments.fill(Give::Priced(carbon_kg));
                elastic.solve(&terms)?.ok_or_else(|| crate::Error::Infeasible { rules: vec![STANDING.into()] })?
            }
        };
        // The duals of energy say too little where the relaxation draws none; the rent of capacity is only a hint.
        let load = carbon_of_load(problem);
        let rent = elastic.capacity_rent(&bent);
        let (mut room_mw, mut quotas) = (room_mw(problem), quotas(problem));
        let services = elastic.service_mw(&bent);
        for quota in &mut quotas {
            quota.limit_mw -= quota.cells.iter().map(|&cell| services[cell]).sum::<f64>();
        }
        room_mw.iter_mut().zip(services).for_each(|(room, mw)| *room -= mw);
        let dearest = load.iter().fold(1e-6_f64, |most, kg| most.max(kg.abs()));
        let firm = (dearest, false);
        let clean = Aim { room_mw, quotas, kg_limit: None, kg: (1.0, true), mw: firm, owed: firm, late: None };
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
        terms.targets.fill(Give::Free);
        terms.commitments.fill(Give::Free);
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
            targets: problem.targets().iter().map(|target| scale(target_scale(target))).collect(),
            commitments: problem.commitments().iter().map(|own| scale(commitment_scale(own))).collect(),
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
        let Some((found, ..)) = self.fitting(self.clean.clone(), &Terms::hard(self.problem), true)? else {
            return Ok(false);
        };
        Ok(crate::engine::keeping_all(self.problem, &found.schedules, "keeps every limit")?.is_some())
    }

    /// One repair for each currency that is enough by itself; a mixed one where none is. A currency that gives none of the
    /// limits that are proved to be in conflict is not looked at: with those alone there is no plan.
    pub(super) fn repairs(&self, proved: Option<&[ConflictLimit]>) -> Result<Vec<Repair>> {
        let gives = |some: &[Limit]| proved.is_none_or(|limits| limits.iter().any(|limit| some.contains(&limit.limit)));
        let mut repairs = Vec::new();
        if gives(&[Limit::CarbonCap]) {
            repairs.extend(self.carbon()?);
        }
        if gives(&[Limit::ItCapacity, Limit::ImportLimit, Limit::PowerTarget]) {
            repairs.extend(self.power()?);
        }
        if gives(&[Limit::Commitment]) {
            repairs.extend(self.less_sold()?);
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
        let mut terms = Terms::hard(self.problem);
        terms.caps.fill(Give::Priced(1.0));
        // Where the jobs hardly fit, power beyond the capacity must count for more than carbon from the start.
        let dear = (10.0 * self.clean.mw.0, false);
        let firm = Aim { mw: dear, owed: dear, ..self.clean.clone() };
        let fitting = match self.fitting(self.clean.clone(), &terms, true)? {
            None => self.fitting(firm, &terms, true)?,
            some => some,
        };
        let Some((found, given, bent)) = fitting else { return Ok(None) };
        let excess = given.excess(&bent);
        let changes = |margin: f64| changes::cap_changes(self.problem, &excess, margin);
        let amount = excess.iter().map(|(kg, _)| kg).sum();
        let least = self.least_kg.unwrap_or(f64::NEG_INFINITY);
        self.offer(Currency::Kg, [amount, least], &found, &changes)
    }

    /// Searches until what is found fits, or at once for nothing where it `must` fit as it is taken to.
    fn fitting(&self, mut aim: Aim, terms: &Terms, must: bool) -> Result<Option<(Found, Elastic<'a>, Bent)>> {
        for _ in 0..TRIES {
            let Some(found) = self.search.run(&aim) else { return Ok(None) };
            if must && (found.over_mw > 0.0 || found.owed_mw > 0.0) {
                return Ok(None);
            }
            if let Some((given, bent)) = self.measure(&found, terms)? {
                return Ok(Some((found, given, bent)));
            }
            if !self.tighten(&mut aim, &found)? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Batteries and solar do less for these schedules than the search took for granted: it is told how much.
    fn tighten(&self, aim: &mut Aim, found: &Found) -> Result<bool> {
        let mut tighter = false;
        if !aim.kg.1
            && let Some(beyond) = self.beyond_caps(found)?
        {
            aim.kg_limit = aim.kg_limit.map(|limit| limit.min(found.kg - beyond) - 1e-4 * self.carbon_kg);
            tighter = true;
        }
        if self.problem.targets().is_empty() && self.problem.commitments().is_empty() {
            return Ok(tighter);
        }
        let mut terms = Terms::hard(self.problem);
        terms.caps.fill(Give::Free);
        terms.it.fill(Give::Free);
        terms.import.fill(Give::Free);
        terms.targets.fill(Give::Priced(1.0));
        terms.commitments.fill(Give::Priced(1.0));
        let Some((_, bent)) = self.measure(found, &terms)? else { return Ok(tighter) };
        if !aim.mw.1 {
            tighter |= less_room(self.problem, &mut aim.room_mw, &bent);
        }
        if !aim.owed.1 {
            tighter |= less_owed(self.problem, &mut aim.quotas, &bent);
        }
        Ok(tighter)
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
        terms.targets.fill(Give::Priced(1.0));
        let Some(least) = self.least(&terms)? else { return Ok(None) };
        let aim = Aim { mw: (1.0, true), owed: (1.0, false), ..self.capped() };
        let Some((found, _, bent)) = self.fitting(aim, &terms, false)? else { return Ok(None) };
        let changes = |margin: f64| changes::power_changes(self.problem, &bent, margin);
        self.offer(Currency::Mw, [bent.price, least], &found, &changes)
    }

    /// Less is sold, or what is sold asks for less.
    fn less_sold(&self) -> Result<Option<Repair>> {
        let mut terms = Terms::hard(self.problem);
        terms.commitments.fill(Give::Priced(1.0));
        let Some(least) = self.least(&terms)? else { return Ok(None) };
        let aim = Aim { mw: (1.0, false), owed: (1.0, true), ..self.capped() };
        let Some((found, _, bent)) = self.fitting(aim, &terms, false)? else { return Ok(None) };
        let changes = |margin: f64| sold::commitment_changes(self.problem, &bent.owed, margin);
        self.offer(Currency::Mwh, [bent.price, least], &found, &changes)
    }

    fn time(&self) -> Result<Option<Repair>> {
        let mut terms = Terms::hard(self.problem);
        terms.deadlines.fill(Give::Priced(1.0));
        let Some(least) = self.least(&terms)? else { return Ok(None) };
        let aim = Aim { mw: (1.0, false), owed: (1.0, false), late: Some(1.0), ..self.capped() };
        let Some((found, ..)) = self.fitting(aim, &Terms::hard(self.problem), false)? else { return Ok(None) };
        let changes = |_: f64| changes::deadline_changes(self.problem, &found.late);
        // Counts of periods are small.
        #[allow(clippy::cast_precision_loss)]
        let amount = found.late.iter().sum::<usize>() as f64;
        self.offer(Currency::Periods, [amount, least], &found, &changes)
    }

    /// Power, carbon and what is sold together, each as a part of what there is: always enough.
    fn mixed(&self) -> Result<Option<Repair>> {
        let mut terms = Terms::hard(self.problem);
        let capacity = |region: &Region| region.it_capacity_mw.max().max(1e-6);
        terms.it = self.problem.regions().iter().map(|region| Give::Priced(1.0 / capacity(region))).collect();
        terms.import = terms.it.clone();
        terms.caps.fill(Give::Priced(1.0 / self.carbon_kg));
        terms.targets = self.problem.targets().iter().map(|own| Give::Priced(1.0 / target_scale(own))).collect();
        terms.commitments =
            self.problem.commitments().iter().map(|own| Give::Priced(1.0 / commitment_scale(own))).collect();
        let mean =
            self.problem.regions().iter().map(capacity).sum::<f64>() / self.problem.regions().len().max(1) as f64;
        let each = (1.0 / mean, true);
        let aim = Aim { kg: (1.0 / self.carbon_kg, true), mw: each, owed: each, ..self.capped() };
        let Some(found) = self.search.run(&aim) else { return Ok(None) };
        let Some((given, bent)) = self.measure(&found, &terms)? else { return Ok(None) };
        let excess = given.excess(&bent);
        let changes = |margin: f64| {
            let mut all = changes::cap_changes(self.problem, &excess, margin);
            all.extend(changes::power_changes(self.problem, &bent, margin));
            all.extend(sold::commitment_changes(self.problem, &bent.owed, margin));
            all
        };
        let least = self.least(&terms)?.unwrap_or(f64::NEG_INFINITY);
        self.offer(Currency::Mixed, [bent.price, least], &found, &changes)
    }

    /// The repair, once a plan that keeps every limit of the changed problem has passed its check.
    fn offer(
        &self,
        currency: Currency,
        [amount, least]: [f64; 2],
        found: &Found,
        change: &dyn Fn(f64) -> Vec<Change>,
    ) -> Result<Option<Repair>> {
        for margin in MARGINS {
            let changes = change(margin);
            if changes.is_empty() {
                return Ok(None);
            }
            let Ok(changed) = repair::apply(self.problem, &changes) else { continue };
            let Some(plan) = crate::engine::keeping_all(&changed, &found.schedules, "schedules of a repair")? else {
                continue;
            };
            let relative = changes::relative(self.problem, &changes);
            return Ok(Some(Repair {
                currency,
                amount: crate::unit::round_to(amount, 1e-6),
                at_least: least.is_finite().then(|| crate::unit::round_to(least.max(0.0), 1e-6)),
                relative: crate::unit::round_to(relative, 1e-6),
                cost_gbp: plan.totals.cost_gbp,
                text: changes::words(self.problem, &changes),
                changes,
                plan: Some(Box::new(plan)),
            }));
        }
        Ok(None)
    }
}

/// What stands whatever gives way.
const STANDING: &str = "demand of services, energy wanted at the end of batteries, reserves of batteries that start below their least, and rules of jobs";
