//! Settling an event, step by step.

use super::event::{Event, EventPeriod, Route};
use super::record::{
    CarbonTotals, Compensation, CustomerTotals, EventRecord, Flow, FlowKind, PeriodRecord, ReboundRecord, Totals,
};
use super::recorded::Settled;
use super::route::{self, Facts};
use super::submission::{Flow as Notice, in_force};
use super::terms::Regime;
use super::{Micro, PeriodVolume, PriceTable, Quality, SettlementRun, Volumes, product, sum};
use crate::flex::baseline::Answer;
use crate::{Result, SettlementPeriod};

/// Settles an event from metered volumes and prices.
///
/// Periods whose metering is missing are left out of every sum and named in the findings: they are settled in a later run.
///
/// # Errors
/// [`crate::Error::Gap`] for a baseline without enough days and for a price that a route needs and that is not there;
/// [`crate::Error::Value`], [`crate::Error::Unknown`] for terms that are not complete.
pub fn settle(event: &Event, volumes: &Volumes, prices: &PriceTable, run: SettlementRun) -> Result<EventRecord> {
    let own: Vec<SettlementPeriod> = event.periods.iter().map(EventPeriod::period).collect::<Result<_>>()?;
    let all: Vec<SettlementPeriod> = own.iter().chain(&event.rebound_periods).copied().collect();
    let baseline = baseline_of(event, volumes, &own, &all)?;
    let mut findings = Vec::new();
    let mut periods = Vec::new();
    for ((terms, period), expected) in event.periods.iter().zip(&own).zip(&baseline.periods) {
        let metered = volumes.get(*period);
        periods.push(one_period(event, terms, *period, metered, expected.baseline_wh, prices, &mut findings)?);
    }
    let mut rebound = Vec::new();
    for (period, expected) in event.rebound_periods.iter().zip(baseline.periods.iter().skip(own.len())) {
        rebound.push(one_rebound(*period, volumes.get(*period), expected.baseline_wh, prices, &mut findings)?);
    }
    if volumes.late > 0 {
        findings.push(format!("{} readings had not arrived at the cut-off", volumes.late));
    }
    let totals = totals(event, &periods, &rebound)?;
    let compensation = compensation(event, &periods)?;
    let customer = customer(event, &totals, &periods, &rebound, &baseline, prices)?;
    let carbon = carbon(&periods, &rebound)?;
    let settled = Settled {
        event,
        run,
        volumes,
        prices,
        baseline: &baseline,
        periods: &periods,
        rebound: &rebound,
        totals: &totals,
        customer: customer.as_ref(),
        carbon: &carbon,
    };
    let evidence = Some(settled.evidence()?);
    let qualities = periods.iter().map(|each| each.quality).chain(rebound.iter().map(|each| each.quality));
    Ok(EventRecord {
        format: EventRecord::FORMAT.into(),
        event_id: event.event_id.clone(),
        run,
        route: event.route,
        direction: event.direction,
        site_id: event.site.site_id.clone(),
        meter_id: event.site.meter_id.clone(),
        bm_unit: event.site.bm_unit.clone(),
        gsp_group: event.site.gsp_group.clone(),
        references: event.references.clone(),
        event_hash: event.hash()?,
        eca_version: env!("CARGO_PKG_VERSION").into(),
        complete: qualities.into_iter().all(|quality| quality == Quality::Actual),
        findings,
        baseline,
        periods,
        rebound,
        totals,
        compensation,
        customer,
        carbon,
        evidence,
    })
}

/// The baseline that the event names.
fn baseline_of(event: &Event, volumes: &Volumes, own: &[SettlementPeriod], all: &[SettlementPeriod]) -> Result<Answer> {
    let balancing = event.route == Route::BalancingMechanism;
    super::baseline::answer(&event.baseline, &event.event_id, (own, all), volumes, balancing)
}

/// Metering of a period, with a finding where it is not what it should be.
fn metering(period: SettlementPeriod, metered: Option<PeriodVolume>, findings: &mut Vec<String>) -> PeriodVolume {
    let metered = metered.unwrap_or(PeriodVolume { import_wh: 0, export_wh: 0, quality: Quality::Missing });
    match metered.quality {
        Quality::Actual => {}
        Quality::Estimated => findings.push(format!("{period} has estimated readings; settle it again at a later run")),
        Quality::Missing => findings.push(format!("{period} has no complete readings; it is not settled in this run")),
    }
    metered
}

/// `wh * rate`, where the rate is known.
fn at(wh: i64, rate: Option<Micro>, what: &str) -> Result<Option<i64>> {
    rate.map(|rate| product(wh, rate, what)).transpose()
}

/// Price of an imported MWh with network charge, where it is known.
fn retail(prices: &PriceTable, period: SettlementPeriod) -> Option<Micro> {
    let row = prices.get(period);
    let network = row.network_charge_gbp_per_mwh.unwrap_or_default().millionths();
    row.import_price_gbp_per_mwh.map(|price| Micro::from_millionths(price.millionths() + network))
}

fn one_period(
    event: &Event,
    terms: &EventPeriod,
    period: SettlementPeriod,
    metered: Option<PeriodVolume>,
    baseline_wh: i64,
    prices: &PriceTable,
    findings: &mut Vec<String>,
) -> Result<PeriodRecord> {
    let metered = metering(period, metered, findings);
    let there = metered.quality != Quality::Missing;
    let row = prices.get(period);
    let mut notices = |flow: Notice| match in_force(&event.submissions, flow, period) {
        Ok(()) => true,
        Err(reason) => {
            findings.push(reason);
            false
        }
    };
    let wholesale = event.route == Route::WholesaleP415;
    let expected = !wholesale || event.baseline.method != "nominated" || notices(Notice::Sev);
    let active = (!wholesale || notices(Notice::Wman)) && expected;
    let notified = !wholesale || notices(Notice::Ecvn);
    if wholesale {
        notices(Notice::DeliveredVolume);
    }
    let sign = event.direction.sign();
    let reduction = baseline_wh - metered.net_wh();
    let loss = event.site.loss_factor.unwrap_or(Micro::ONE);
    let deviation_wh = if active && there { product(reduction, loss, "deviation")? } else { 0 };
    let committed = terms.committed_mwh.millionths();
    let delivered_wh = (sign * deviation_wh).max(0);
    let counterfactual_wh = terms.counterfactual_mwh.map(Micro::millionths);
    let true_reduction_wh = counterfactual_wh.filter(|_| there).map(|plan| plan - metered.net_wh());
    let facts = Facts {
        event,
        terms,
        period,
        committed_wh: sign * committed,
        deviation_wh,
        delivered_wh,
        notified,
        system_price: row.system_price_gbp_per_mwh,
    };
    let (mut flows, compensated_wh) = if there { route::cash(&facts)? } else { (Vec::new(), 0) };
    let supplier_compensation_ugbp = compensate(event, period, compensated_wh, &mut flows)?;
    let measured = |rate: Option<Micro>, wh: i64, what| if there { at(wh, rate, what) } else { Ok(None) };
    Ok(PeriodRecord {
        period,
        committed_wh: committed,
        import_wh: metered.import_wh,
        export_wh: metered.export_wh,
        quality: metered.quality,
        baseline_wh,
        active,
        deviation_wh,
        delivered_wh,
        shortfall_wh: if there { (committed - delivered_wh).max(0) } else { 0 },
        counterfactual_wh,
        true_reduction_wh,
        baseline_effect_wh: true_reduction_wh.map(|truth| deviation_wh - truth),
        cash_ugbp: sum(flows.iter().map(|flow| flow.cash_ugbp), "cash")?,
        flows,
        supplier_compensation_ugbp,
        avoided_import_ugbp: measured(retail(prices, period), reduction, "avoided import")?,
        carbon_mg: measured(row.carbon_g_per_kwh, metered.import_wh, "carbon")?,
        carbon_avoided_mg: measured(row.carbon_g_per_kwh, reduction, "carbon")?,
        marginal_carbon_avoided_mg: measured(row.marginal_carbon_g_per_kwh, reduction, "carbon")?,
    })
}

/// What the supplier receives; in the direct regime the trading party pays it.
fn compensate(event: &Event, period: SettlementPeriod, wh: i64, flows: &mut Vec<Flow>) -> Result<i64> {
    let date = period.settlement_date();
    let regime = event.terms.regime(event.route, date);
    if regime == Regime::None {
        return Ok(0);
    }
    let price = event.terms.compensation_price(&event.event_id, date)?;
    let amount = product(wh, price, "supplier compensation")?;
    if regime == Regime::DirectPartyPaysSupplier {
        let price_ugbp_per_mwh = price.millionths();
        flows.push(Flow {
            flow: FlowKind::SupplierCompensation,
            volume_wh: wh,
            price_ugbp_per_mwh,
            cash_ugbp: -amount,
        });
    }
    Ok(amount)
}

fn one_rebound(
    period: SettlementPeriod,
    metered: Option<PeriodVolume>,
    baseline_wh: i64,
    prices: &PriceTable,
    findings: &mut Vec<String>,
) -> Result<ReboundRecord> {
    let metered = metering(period, metered, findings);
    let there = metered.quality != Quality::Missing;
    let row = prices.get(period);
    let rebound_wh = if there { metered.net_wh() - baseline_wh } else { 0 };
    let measured = |rate: Option<Micro>, wh: i64, what| if there { at(wh, rate, what) } else { Ok(None) };
    Ok(ReboundRecord {
        period,
        metered_wh: metered.net_wh(),
        quality: metered.quality,
        baseline_wh,
        rebound_wh,
        import_ugbp: measured(retail(prices, period), rebound_wh, "rebound")?,
        carbon_mg: measured(row.carbon_g_per_kwh, metered.import_wh, "carbon")?,
        carbon_avoided_mg: measured(row.carbon_g_per_kwh, -rebound_wh, "carbon")?,
        marginal_carbon_avoided_mg: measured(row.marginal_carbon_g_per_kwh, -rebound_wh, "carbon")?,
    })
}

fn totals(event: &Event, periods: &[PeriodRecord], rebound: &[ReboundRecord]) -> Result<Totals> {
    let settled = || periods.iter().filter(|each| each.quality != Quality::Missing);
    let cash_ugbp = sum(settled().map(|each| each.cash_ugbp), "cash")?;
    let site_ugbp = product(cash_ugbp, event.sharing.site_frac.unwrap_or(Micro::ONE), "site share")?;
    // The fund gets a part of income, and pays for no loss.
    let fund = event.sharing.social_tariff_frac.unwrap_or_default();
    Ok(Totals {
        committed_wh: sum(settled().map(|each| each.committed_wh), "committed")?,
        deviation_wh: sum(settled().map(|each| each.deviation_wh), "deviation")?,
        delivered_wh: sum(settled().map(|each| each.delivered_wh), "delivered")?,
        shortfall_wh: sum(settled().map(|each| each.shortfall_wh), "shortfall")?,
        rebound_wh: sum(rebound.iter().map(|each| each.rebound_wh), "rebound")?,
        cash_ugbp,
        site_ugbp,
        social_tariff_ugbp: product(site_ugbp.max(0), fund, "social tariff")?,
    })
}

fn compensation(event: &Event, periods: &[PeriodRecord]) -> Result<Option<Compensation>> {
    let regimes: Vec<Regime> =
        periods.iter().map(|each| event.terms.regime(event.route, each.period.settlement_date())).collect();
    if regimes.iter().all(|regime| *regime == Regime::None) {
        return Ok(None);
    }
    let received_ugbp = sum(periods.iter().map(|each| each.supplier_compensation_ugbp), "supplier compensation")?;
    let mutualised = regimes.contains(&Regime::MutualisedBySuppliers);
    let own = event.terms.supplier_final_demand_frac.filter(|_| mutualised);
    let own_part_ugbp = own.map(|frac| product(received_ugbp, frac, "supplier compensation")).transpose()?;
    let net_ugbp = own_part_ugbp.map(|own| received_ugbp - own);
    Ok(Some(Compensation { received_ugbp, own_part_ugbp, net_ugbp }))
}

/// The site's side, where the price of import is known in every settled period.
fn customer(
    event: &Event,
    totals: &Totals,
    periods: &[PeriodRecord],
    rebound: &[ReboundRecord],
    baseline: &Answer,
    prices: &PriceTable,
) -> Result<Option<CustomerTotals>> {
    let event_part = periods.iter().filter(|each| each.quality != Quality::Missing);
    let event_part: Vec<_> = event_part.map(|each| (each.period, each.avoided_import_ugbp)).collect();
    let rebound_part = rebound.iter().filter(|each| each.quality != Quality::Missing);
    let rebound_part: Vec<_> = rebound_part.map(|each| (each.period, each.import_ugbp)).collect();
    if event_part.iter().chain(&rebound_part).any(|(_, cost)| cost.is_none()) {
        return Ok(None);
    }
    let avoided_import_ugbp = sum(event_part.iter().filter_map(|(_, cost)| *cost), "avoided import")?;
    let rebound_ugbp = sum(rebound_part.iter().filter_map(|(_, cost)| *cost), "rebound")?;
    let mut cost_before_ugbp = 0;
    for each in &baseline.periods {
        let settled = event_part.iter().chain(&rebound_part).any(|(period, _)| *period == each.period);
        if let Some(price) = retail(prices, each.period).filter(|_| settled) {
            cost_before_ugbp =
                sum([cost_before_ugbp, product(each.baseline_wh, price, "cost before")?], "cost before")?;
        }
    }
    let income = totals.site_ugbp - totals.social_tariff_ugbp;
    Ok(Some(CustomerTotals {
        avoided_import_ugbp,
        rebound_ugbp,
        net_ugbp: sum([income, avoided_import_ugbp, -rebound_ugbp], "net")?,
        cost_before_ugbp,
        cost_after_ugbp: sum([cost_before_ugbp, -avoided_import_ugbp, rebound_ugbp, -income], "cost after")?,
        inferences_before: event.operations.inferences_before,
        inferences_after: event.operations.inferences_after,
    }))
}

/// Sums over event and rebound, each where the intensity is known in all of it.
fn carbon(periods: &[PeriodRecord], rebound: &[ReboundRecord]) -> Result<CarbonTotals> {
    let all = |of_event: fn(&PeriodRecord) -> Option<i64>, of_rebound: fn(&ReboundRecord) -> Option<i64>| {
        let event_part = periods.iter().filter(|each| each.quality != Quality::Missing).map(of_event);
        let rebound_part = rebound.iter().filter(|each| each.quality != Quality::Missing).map(of_rebound);
        let parts: Option<Vec<i64>> = event_part.chain(rebound_part).collect();
        parts.map(|parts| sum(parts, "carbon")).transpose()
    };
    Ok(CarbonTotals {
        location_based_mg: all(|each| each.carbon_mg, |each| each.carbon_mg)?,
        avoided_mg: all(|each| each.carbon_avoided_mg, |each| each.carbon_avoided_mg)?,
        marginal_avoided_mg: all(|each| each.marginal_carbon_avoided_mg, |each| each.marginal_carbon_avoided_mg)?,
    })
}
