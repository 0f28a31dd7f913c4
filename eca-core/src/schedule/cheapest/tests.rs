//! Against enumeration of every schedule, judged by the rules of docs/model.md written down once more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use super::{Pricer, Prices, Scratch};
use crate::problem::{Problem, ProblemDocument};
use crate::schedule::{Account, Schedule, Shape};

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.next() % values.len() as u64).unwrap()]
    }
}

/// A problem with one job; none where the job is refused at the border.
fn problem(dice: &mut Dice) -> Option<Problem> {
    let periods = dice.whole(2, 6);
    let regions = dice.whole(1, 2);
    let points = if periods * regions <= 8 { dice.whole(1, 3) } else { dice.whole(1, 2).min(3 - regions) };
    let series = |dice: &mut Dice, values: &[f64]| -> Vec<f64> { (0..periods).map(|_| dice.of(values)).collect() };
    let sites: Vec<_> = (0..regions)
        .map(|r| {
            let capacity = series(dice, &[9.0, 9.0, 9.0, 9.0, 2.5, 0.0]);
            serde_json::json!({"id": format!("r{r}"), "it_capacity_mw": capacity, "import_limit_mw": 20.0,
                "import_price_gbp_per_mwh": 50.0, "carbon_g_per_kwh": series(dice, &[50.0, 150.0, 90.0])})
        })
        .collect();
    let state = dice.chance(35);
    let divisible = !state && dice.chance(8);
    let preemptible = dice.chance(70);
    let start = 1_772_409_600_i64; // 2026-03-02T00:00:00Z
    let instant = |t: i64| crate::Timestamp::from_unix_s(start + 1800 * t).unwrap().to_string();
    let work = dice.of(&[1000.0, 2000.0, 2600.0, 4000.0]);
    let levels: Vec<_> = (0..points)
        .map(|_| serde_json::json!({"power_mw": dice.of(&[1.0, 2.0, 3.0]), "inferences_per_h": dice.of(&[2000.0, 1400.0, 1000.0, 2600.0])}))
        .collect();
    let last = i64::try_from(periods).unwrap();
    let mut job = serde_json::json!({"id": "j", "inferences": work, "points": levels, "divisible": divisible,
        "earliest_start": instant(dice.of(&[0, 0, 1])), "deadline": instant(dice.of(&[last, last, last - 1])),
        "deadline_kind": dice.of(&["hard", "priced", "priced"])});
    if !divisible {
        job["preemptible"] = preemptible.into();
        job["min_run_periods"] = dice.of(&[1, 1, 2, 3]).into();
        job["startup_cost_gbp"] = dice.of(&[0.0, 3.0, 20.0]).into();
        job["pause_cost_gbp"] = dice.of(&[0.0, 2.0, 10.0]).into();
        job["pause_energy_mwh"] = dice.of(&[0.0, 0.25]).into();
        if dice.chance(50) {
            job["max_pauses"] = dice.whole(0, 2).into();
        }
        if dice.chance(45) {
            job["migration"] = serde_json::json!({"cost_gbp": dice.of(&[0.0, 4.0]), "periods": dice.whole(0, 2),
                "energy_mwh": dice.of(&[0.0, 0.5])});
        }
    }
    if dice.chance(20) {
        job["run_when"] = serde_json::json!({"carbon_below_g_per_kwh": 120.0});
    }
    if dice.chance(30) {
        let names: Vec<String> = (0..regions).filter(|_| dice.chance(60)).map(|r| format!("r{r}")).collect();
        if !names.is_empty() {
            job["regions"] = names.into();
        }
    }
    if state {
        let running = dice.chance(60);
        job["state"] = serde_json::json!({"region": format!("r{}", dice.whole(0, regions - 1)),
            "done_inferences": dice.of(&[0.0, 300.0, 900.0]), "can_stop": !running || dice.chance(60), "pauses": dice.whole(0, 1)});
        if running {
            job["state"]["point"] = 0.into();
            job["state"]["running_since"] = instant(-i64::try_from(dice.whole(1, 4)).unwrap()).into();
        }
    }
    let document = serde_json::json!({"format": "eca-problem/1",
        "horizon": {"start": instant(0), "step_min": 30, "periods": periods}, "regions": sites, "jobs": [job]});
    let document: ProblemDocument = serde_json::from_value(document).unwrap();
    Problem::from_document(document).ok()
}

/// The rules of docs/model.md for one sequence of periods: its cost at the prices, none where it is not allowed.
fn judge(
    problem: &Problem,
    shape: &Shape,
    at: &[Option<(usize, usize)>],
    undone_gbp: f64,
    prices: &[f64],
) -> Option<f64> {
    let job = &problem.jobs()[0];
    let periods = at.len();
    let h = 0.5;
    let work = job.inferences.unwrap();
    let already = job.state.as_ref().map_or(0.0, |state| state.done_inferences);
    let rate = |l: usize| job.points[l].inferences_per_h.unwrap() * h;
    let works: Vec<(usize, usize, usize)> =
        at.iter().enumerate().filter_map(|(t, at)| at.map(|(r, l)| (t, r, l))).collect();
    if works.iter().any(|&(t, r, l)| !shape.usable(r, t, l)) {
        return None;
    }
    let total: f64 = works.iter().map(|&(.., l)| rate(l)).sum();
    let left = work - already;
    let done = total >= left - 1e-9 * work;
    if done && works.last().is_some_and(|&(.., l)| total - rate(l) >= left - 1e-9 * work) {
        return None;
    }
    if !done && job.deadline_kind == crate::DeadlineKind::Hard {
        return None;
    }
    let mut cost: f64 = works.iter().map(|&(t, r, l)| job.points[l].power_mw * prices[r * periods + t]).sum();
    if !done {
        cost += (left - total) / work * undone_gbp;
    }
    // Segments, the one before the horizon first: region, first period, period after the last.
    let state = job.state.as_ref();
    let home = state.map(|state| problem.regions().iter().position(|r| r.id == state.region).unwrap());
    let running = state.is_some_and(|state| state.point.is_some());
    let before = state
        .and_then(|s| s.running_since)
        .map_or(1, |since| (problem.horizon().start.unix_s() - since.unix_s()) / 1800);
    let mut segments: Vec<(usize, i64, i64)> = Vec::new();
    if running {
        segments.push((home.unwrap(), -before, 0));
    } else if let Some(home) = home {
        segments.push((home, -1000, -900));
    }
    let given = segments.len();
    for &(t, r, _) in &works {
        let t = i64::try_from(t).unwrap();
        let own = segments.len() > given || running;
        match segments.last_mut() {
            Some(last) if last.0 == r && last.2 == t && own => last.2 = t + 1,
            _ => segments.push((r, t, t + 1)),
        }
    }
    if state.is_none() && !works.is_empty() {
        cost += job.startup_cost_gbp;
    }
    if running && !state.unwrap().can_stop {
        at[0]?;
    }
    let mut pauses = state.map_or(0, |state| state.pauses);
    let mut run_start = segments.first().map_or(0, |segment| segment.1);
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for pair in segments.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let gap = to.1 - from.2;
        let mut extra_mwh = 0.0;
        let live = if from.0 == to.0 {
            false
        } else {
            let migration = job.migration?;
            let delay = i64::from(migration.periods);
            if gap < delay {
                return None;
            }
            cost += migration.cost_gbp;
            extra_mwh += migration.energy_mwh;
            gap == delay
        };
        if !live {
            if gap == 0 {
                return None;
            }
            pauses += 1;
            cost += job.pause_cost_gbp;
            extra_mwh += job.pause_energy_mwh;
            runs.push((run_start, from.2));
            run_start = to.1;
        }
        cost += extra_mwh / h * prices[to.0 * periods + usize::try_from(to.1).unwrap()];
    }
    if let Some(last) = segments.last() {
        runs.push((run_start, last.2));
    }
    // What was paused before the horizon was no run of it.
    if state.is_some() && !running && !runs.is_empty() {
        runs.remove(0);
    }
    let may_pause = job.preemptible && state.is_none_or(|state| !running || state.can_stop);
    let fresh_pauses = pauses - state.map_or(0, |state| state.pauses);
    if !may_pause && fresh_pauses > 0 {
        return None;
    }
    if job.max_pauses.is_some_and(|most| fresh_pauses > 0 && pauses > most) {
        return None;
    }
    let deadline = shape.end;
    for (i, &(from, to)) in runs.iter().enumerate() {
        let ends_it = done && i + 1 == runs.len();
        if !ends_it && to - from < i64::from(job.min_run_periods) {
            return None;
        }
        if !may_pause && !ends_it && to != i64::try_from(deadline).unwrap() {
            return None;
        }
    }
    Some(cost)
}

/// The least cost of all sequences.
fn enumerate(problem: &Problem, shape: &Shape, undone_gbp: f64, prices: &[f64]) -> Option<f64> {
    let periods = problem.horizon().periods;
    let points = shape.rate.len();
    let choices = 1 + problem.regions().len() * points;
    let mut at = vec![None; periods];
    let mut best: Option<f64> = None;
    for code in 0..choices.pow(u32::try_from(periods).unwrap()) {
        let mut rest = code;
        for slot in &mut at {
            let choice = rest % choices;
            rest /= choices;
            *slot = choice.checked_sub(1).map(|c| (c / points, c % points));
        }
        if let Some(cost) = judge(problem, shape, &at, undone_gbp, prices)
            && best.is_none_or(|known| cost < known)
        {
            best = Some(cost);
        }
    }
    best
}

#[test]
fn equals_enumeration() {
    let jobs = if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 100_000 } else { 10_000 };
    let mut scratch = Scratch::default();
    let (mut compared, mut seed) = (0, 0);
    while compared < jobs {
        seed += 1;
        let dice = &mut Dice(seed);
        let Some(problem) = problem(dice) else { continue };
        let shape = &problem.shapes()[0];
        if shape.divisible {
            continue;
        }
        let cells = problem.regions().len() * problem.horizon().periods;
        let values: &[f64] =
            if dice.chance(30) { &[-8.0, -1.0, 3.0, 9.0, 20.0] } else { &[1.0, 3.0, 4.5, 9.0, 20.0, 33.0] };
        let mw: Vec<f64> = (0..cells).map(|_| dice.of(values)).collect();
        let undone_gbp = dice.of(&[5.0, 60.0, 500.0]);
        let prices = Prices {
            periods: problem.horizon().periods,
            mw: &mw,
            millions: &[],
            square: &[],
            room: &[],
            overload: 0.0,
            own: 1.0,
        };
        let found = Pricer::new(shape).cheapest(shape, undone_gbp, &prices, &mut scratch);
        let wanted = enumerate(&problem, shape, undone_gbp, &mw);
        let text = || format!("seed {seed}: {} prices {mw:?} undone {undone_gbp}", problem.to_json().unwrap());
        match (&found, wanted) {
            (Some(found), Some(wanted)) => {
                assert!((found.cost_gbp - wanted).abs() < 1e-9, "{} is not {wanted}; {}", found.cost_gbp, text());
                let at = found.schedule.by_period(prices.periods);
                let judged = judge(&problem, shape, &at, undone_gbp, &mw);
                assert!(
                    judged.is_some_and(|cost| (cost - wanted).abs() < 1e-9),
                    "{judged:?} of {at:?} is not {wanted}; {}",
                    text()
                );
                assert!((account(shape, &found.schedule, undone_gbp, &prices) - wanted).abs() < 1e-9, "{}", text());
            }
            (None, None) => {}
            _ => panic!("{found:?} and {wanted:?}; {}", text()),
        }
        compared += 1;
    }
}

/// The cost of a schedule from its account.
fn account(shape: &Shape, schedule: &Schedule, undone_gbp: f64, prices: &Prices<'_>) -> f64 {
    let account = Account::new(shape, schedule);
    let load: f64 = account.steps.iter().map(|step| step.mw * prices.mw(step.region, step.period)).sum();
    load + account.cost_gbp + account.undone * undone_gbp
}
