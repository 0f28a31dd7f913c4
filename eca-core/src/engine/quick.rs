//! A whole plan for given schedules without a solver, in well under a millisecond for most problems: services where energy
//! is cheapest and there is room, batteries by their own recursion. Not the best that energy can do, but never broken.

use super::Run;
use super::assemble::Decision;
use super::dual::{Grid, Point, Rising, Served, Wanted};
use crate::problem::{Battery, Problem};
use crate::schedule::{Account, Schedule};
use crate::unit::inferences_to_millions;

/// Services at the prices of a point for given loads of jobs, MW by cell.
pub(crate) fn serve(grid: &Grid, point: &Point, jobs_mw: &[f64]) -> Served {
    let none = vec![0.0; jobs_mw.len()];
    let rising = Rising {
        it: &point.it,
        weight: &none,
        near_mw: &none,
        other_mw: jobs_mw,
        capacity_mw: &grid.capacity_mw(),
        overload: grid.overload,
    };
    grid.menu.settle(&rising, &grid.millions(point))
}

/// The decision for given schedules and services.
pub(crate) fn decide(
    problem: &Problem,
    grid: &Grid,
    point: &Point,
    jobs_mw: &[f64],
    served: &Served,
    schedules: Vec<Schedule>,
) -> Decision {
    let load: Vec<f64> = jobs_mw.iter().zip(&served.mw).map(|(jobs, served)| jobs + served).collect();
    power(problem, grid, point, &load, grid.menu.inferences(problem, served), schedules)
}

/// The decision for given schedules and inferences of services.
pub(crate) fn with_services(
    run: &Run<'_>,
    grid: &Grid,
    point: &Point,
    services: Vec<Vec<Vec<Vec<f64>>>>,
    schedules: Vec<Schedule>,
) -> Decision {
    let (served_mw, ..) = grid.served(run.problem, &services);
    let mut mw = load(run.problem, &run.accounts(&schedules));
    mw.iter_mut().zip(&served_mw).for_each(|(sum, served)| *sum += served);
    power(run.problem, grid, point, &mw, services, schedules)
}

/// Batteries and solar for a given IT load, MW by cell.
fn power(
    problem: &Problem,
    grid: &Grid,
    point: &Point,
    it_mw: &[f64],
    services: Vec<Vec<Vec<Vec<f64>>>>,
    schedules: Vec<Schedule>,
) -> Decision {
    let (regions, periods) = (grid.regions, grid.periods);
    let energy = grid.evaluate(point, Wanted::Fixed(it_mw));
    let solar = grid.solar_mw(it_mw, &energy.storage_mw);
    let storage = problem.batteries().iter().enumerate().map(|(b, battery)| {
        let r = problem.regions().iter().position(|region| region.id == battery.region).unwrap_or(0);
        let range = r * periods..(r + 1) * periods;
        let gives = if grid.leads(problem, b) {
            let need = |t: usize| {
                let region = &problem.regions()[r];
                region.overhead_mw.at(t)
                    + region.pue_slope.at(t) * it_mw[r * periods + t]
                    + region.export_limit_mw.at(t)
            };
            needed(battery, problem.horizon().step_h(), &energy.storage_mw[range], need)
        } else {
            vec![0.0; periods]
        };
        let of = |sign: f64| gives.iter().map(|give| (sign * give).max(0.0)).collect();
        (of(-1.0), of(1.0))
    });
    Decision {
        storage: storage.collect(),
        services,
        solar: (0..regions).map(|r| solar[r * periods..(r + 1) * periods].to_vec()).collect(),
        inferences: vec![None; schedules.len()],
        schedules,
        // Without a solver nothing is sold.
        taken: Vec::new(),
    }
}

/// What a battery gives, MW, where no more than `need` finds a taker: energy that is worth nothing is kept rather than
/// spilled, and later charges are cut to the room that it leaves. Stored energy is never below that of the answer.
fn needed(battery: &Battery, h: f64, gives: &[f64], need: impl Fn(usize) -> f64) -> Vec<f64> {
    let (into, out) = (h * battery.charge_efficiency, h / battery.discharge_efficiency);
    let (mut soc, mut kept) = (battery.soc_mwh, Vec::with_capacity(gives.len()));
    for (t, &give) in gives.iter().enumerate() {
        let most = ((battery.energy_capacity_mwh - soc) / into).max(0.0);
        let give = give.min(need(t).max(0.0)).max(-most);
        soc -= if give > 0.0 { out * give } else { into * give };
        kept.push(give);
    }
    kept
}

/// Load of given schedules, MW by cell.
pub(crate) fn load(problem: &Problem, accounts: &[Account]) -> Vec<f64> {
    let periods = problem.horizon().periods;
    let mut mw = vec![0.0; problem.regions().len() * periods];
    for step in accounts.iter().flat_map(|account| &account.steps) {
        mw[step.region * periods + step.period] += step.mw;
    }
    mw
}

/// The decision for schedules of a simple policy.
pub(crate) fn plain(run: &Run<'_>, grid: &Grid, schedules: &[Schedule]) -> Decision {
    let jobs_mw = load(run.problem, &run.accounts(schedules));
    let point = grid.plain();
    let served = serve(grid, &point, &jobs_mw);
    decide(run.problem, grid, &point, &jobs_mw, &served, schedules.to_vec())
}

/// What schedules cost with energy dispatched by rule, GBP.
pub(crate) fn cost(run: &Run<'_>, grid: &Grid, schedules: &[Schedule]) -> f64 {
    let accounts = run.accounts(schedules);
    let jobs_mw = load(run.problem, &accounts);
    let point = grid.plain();
    let served = serve(grid, &point, &jobs_mw);
    let it_mw: Vec<f64> = jobs_mw.iter().zip(&served.mw).map(|(jobs, served)| jobs + served).collect();
    let energy = grid.evaluate(&point, Wanted::Fixed(&it_mw));
    let mut millions = grid.menu.millions(&served, it_mw.len());
    let copies = run.problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    let mut own = 0.0;
    for (shape, account) in copies.zip(&accounts) {
        own += account.cost_gbp + account.undone * run.ladder.undone_gbp[shape.job];
        let all = inferences_to_millions(shape.inferences);
        for step in &account.steps {
            millions[step.region * grid.periods + step.period] += step.work * all;
        }
    }
    own + served.gbp + grid.paid(&point, &energy, &it_mw, &millions)
}
