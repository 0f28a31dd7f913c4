//! What a plan can be made for: a part of a longer document, and jobs as far as they can be seen from it.

use super::sold::{cut_commitment, cut_opportunity};
use super::twin::import_price;
use crate::problem::{DeadlineKind, Job, JobId, JobState, PowerTarget, ProblemDocument, Region, Series};
use crate::{Error, Horizon, Problem};

/// Periods `first..first + periods` of a document, with all its batteries, caps, commitments and opportunities and none of
/// its jobs.
pub(crate) fn cut(document: &ProblemDocument, first: usize, periods: usize) -> ProblemDocument {
    let horizon = Horizon { start: document.horizon.start_of(first), periods, ..document.horizon };
    let mut part = ProblemDocument::new(horizon);
    part.regions.clone_from(&document.regions);
    for region in &mut part.regions {
        series_of(region).into_iter().for_each(|series| cut_series(series, first, periods));
    }
    part.services.clone_from(&document.services);
    part.services.iter_mut().for_each(|service| cut_series(&mut service.demand_inferences, first, periods));
    part.batteries.clone_from(&document.batteries);
    part.carbon_caps.clone_from(&document.carbon_caps);
    let sold = document.commitments.iter();
    part.commitments = sold.map(|one| cut_commitment(one, &document.horizon, &part.horizon)).collect();
    let on_offer = document.opportunities.iter();
    part.opportunities = on_offer.map(|one| cut_opportunity(one, &document.horizon, &part.horizon)).collect();
    part.targets = document.targets.iter().filter_map(|target| cut_target(target, first, periods)).collect();
    part
}

/// What is left of a target; a rebound limit goes on as a target where the hold was before.
fn cut_target(target: &PowerTarget, first: usize, periods: usize) -> Option<PowerTarget> {
    let limits: Vec<Option<f64>> = (first..first + periods)
        .map(|t| target.power_mw.at(t).or_else(|| target.limit_mw(first).and(target.limit_mw(t))))
        .collect();
    limits.iter().any(Option::is_some).then(|| PowerTarget { power_mw: limits.into(), ..target.clone() })
}

fn cut_series(series: &mut Series, first: usize, periods: usize) {
    if let Series::Values(values) = series {
        let from = first.min(values.len());
        *values = values[from..(first + periods).min(values.len())].to_vec();
    }
}

/// Every series of a region.
fn series_of(region: &mut Region) -> Vec<&mut Series> {
    let given =
        [&mut region.congestion_limit_mw, &mut region.marginal_carbon_g_per_kwh, &mut region.renewable_share_frac];
    let mut all = vec![
        &mut region.it_capacity_mw,
        &mut region.overhead_mw,
        &mut region.pue_slope,
        &mut region.import_limit_mw,
        &mut region.nonfirm_import_mw,
        &mut region.export_limit_mw,
        &mut region.import_price_gbp_per_mwh,
        &mut region.export_price_gbp_per_mwh,
        &mut region.network_charge_gbp_per_mwh,
        &mut region.congestion_gbp_per_mwh,
        &mut region.carbon_g_per_kwh,
        &mut region.solar_mw,
    ];
    all.extend(given.into_iter().flatten());
    all
}

/// A problem that can be planned, and the jobs that can no longer keep what they were promised.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) problem: Problem,
    pub(crate) late: Vec<JobId>,
}

/// The problem that `jobs` pose within the part of a document that can be seen.
///
/// - A job that starts later, or is done, is left out.
/// - A job due later is worth doing in the view where that is cheaper than what doing it later is expected to cost, or
///   as far as there is no time for it later.
/// - A job that is late, or whose rules leave it no way to go on, is done as well as can be, and reported.
///
/// # Errors
/// What is wrong with the document apart from that.
pub(crate) fn view(part: ProblemDocument, jobs: impl IntoIterator<Item = Job>) -> crate::Result<View> {
    let mut document = part;
    let mut late = Vec::new();
    for mut job in jobs {
        let (start, end) = (document.horizon.start, document.horizon.end());
        if job.earliest_start.is_some_and(|earliest| earliest >= end) {
            continue;
        }
        if job.deadline.is_some_and(|deadline| deadline <= start) {
            miss(&mut job, &document.horizon, &mut late);
        }
        if job.deadline.is_some_and(|deadline| deadline > end) {
            due_later(&document, &mut job);
        }
        document.jobs.push(job);
    }
    loop {
        let error = match Problem::from_document(document.clone()) {
            Ok(problem) => return Ok(View { problem, late }),
            Err(error) => error,
        };
        let horizon = document.horizon;
        let Some(job) = document.jobs.iter_mut().find(|job| is_about(&error, job)) else { return Err(error) };
        match error {
            Error::CannotFit { .. } if job.deadline_kind == DeadlineKind::Hard => miss(job, &horizon, &mut late),
            Error::Unsupported { .. } if bound(job) => set_free(job, &mut late),
            other => return Err(other),
        }
    }
}

fn is_about(error: &Error, job: &Job) -> bool {
    match error {
        Error::CannotFit { job: id, .. } => id == job.id.as_str(),
        Error::Unsupported { object, feature, .. } => {
            *object == format!("job `{}`", job.id) && matches!(*feature, "can_stop = false" | "a running state")
        }
        _ => false,
    }
}

/// The promise is broken; the work is now due as soon as one alone could do it.
fn miss(job: &mut Job, horizon: &Horizon, late: &mut Vec<JobId>) {
    let needed = hours_left(job).map_or(f64::INFINITY, |(_, hours)| hours) / horizon.step_h();
    // More periods than the view has are all of it; rates that are no numbers are refused by validation.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let periods = (needed.ceil().max(1.0) as usize).min(horizon.periods);
    job.earliest_start = None;
    job.deadline = Some(horizon.start_of(periods));
    job.deadline_kind = DeadlineKind::Priced;
    job.undone_max_frac = None;
    report(job, late);
}

/// The fastest point, and the hours that do what is left at it.
fn hours_left(job: &Job) -> Option<(usize, f64)> {
    let rate = |l: usize| job.points[l].inferences_per_h.or(job.points[l].gpu_hours_per_h).unwrap_or(0.0);
    let fastest = (0..job.points.len()).max_by(|&a, &b| rate(a).total_cmp(&rate(b)))?;
    let done = |s: &JobState| if job.inferences.is_some() { s.done_inferences } else { s.done_gpu_hours };
    let left = job.inferences.or(job.gpu_hours)? - job.state.as_ref().map_or(0.0, done);
    Some((fastest, left.max(0.0) / rate(fastest)))
}

fn report(job: &Job, late: &mut Vec<JobId>) {
    if late.last() != Some(&job.id) {
        late.push(job.id.clone());
    }
}

/// Whether rules hold a running job that could be let go.
fn bound(job: &Job) -> bool {
    !job.preemptible || job.min_run_periods > 1 || job.state.as_ref().is_some_and(|state| !state.can_stop)
}

/// The site leaves a running job no way to keep its rules: it may stop.
fn set_free(job: &mut Job, late: &mut Vec<JobId>) {
    job.preemptible = true;
    job.min_run_periods = 1;
    job.max_pauses = None;
    if let Some(state) = &mut job.state {
        state.can_stop = true;
    }
    report(job, late);
}

/// Work that costs the same now is not left for later: later is this much dearer, more than the gap of a plan.
const SOONER: f64 = 1.001;

/// Gives work that may be left for later a price: what doing it later is expected to cost, prices then being spread as
/// those in the view are, and the cheapest of them being taken as now. Without time for it later, the default price.
fn due_later(document: &ProblemDocument, job: &mut Job) {
    let (end, h) = (document.horizon.end(), document.horizon.step_h());
    let Some(deadline) = job.deadline.take() else { return };
    let hard = job.deadline_kind == DeadlineKind::Hard;
    job.deadline_kind = DeadlineKind::Priced;
    job.undone_max_frac = None;
    let Some((fastest, hours_needed)) = hours_left(job) else { return };
    let whole_periods = deadline.minutes_since(end) / i64::from(document.horizon.step_min);
    let hours_later = h * f64::from(u32::try_from(whole_periods).unwrap_or(u32::MAX));
    // Rates that are no numbers are refused by validation.
    if hours_needed.is_nan() || hours_needed > hours_later {
        return;
    }
    let mut prices = prices_of(document, job);
    prices.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let taken = ((hours_needed / hours_later * prices.len() as f64).ceil() as usize).clamp(1, prices.len().max(1));
    #[allow(clippy::cast_precision_loss)]
    let expected = prices.iter().take(taken).sum::<f64>() / taken as f64;
    let done = job.state.as_ref().map_or(0.0, |s| s.done_inferences.max(s.done_gpu_hours));
    let work = job.inferences.or(job.gpu_hours).unwrap_or(0.0);
    let all_of_it = (SOONER * expected * job.points[fastest].power_mw * hours_needed * work / (work - done)).max(0.0);
    let own = job.undone_penalty_gbp.filter(|_| !hard).unwrap_or(f64::INFINITY);
    job.undone_penalty_gbp = Some(all_of_it.min(own).min(1e12));
}

/// What a MWh of IT power costs in each period, in the cheapest region allowed, GBP.
fn prices_of(document: &ProblemDocument, job: &Job) -> Vec<f64> {
    let allowed = |region: &&Region| job.regions.as_ref().is_none_or(|ids| ids.contains(&region.id));
    let price = |t: usize| {
        let each = document.regions.iter().filter(allowed).map(|r| r.pue_slope.at(t) * import_price(r, t));
        each.fold(f64::INFINITY, f64::min)
    };
    (0..document.horizon.periods).map(price).filter(|price| price.is_finite()).collect()
}
