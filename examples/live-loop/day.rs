//! The day: one turn of the loop every ten minutes of it, the event, settlement and audit.

use crate::outside::Outside;
use crate::seller::Seller;
use crate::site;
use eca_adapters::deg_log::DegLog;
use eca_adapters::modbus::{ModbusBattery, Settings};
use eca_beckn::log::FileStore;
use eca_beckn::{Trust, audit};
use eca_core::adapter::memory::{MemorySignals, MemoryState};
use eca_core::live::{Live, LiveSettings, Plant, Tick};
use eca_core::signal::{ReadOptions, parse};
use eca_examples::deg::clock::StepClock;
use eca_examples::deg::diary::{Diary, open_log};
use eca_examples::deg::network::{Agent, Member, Network};
use eca_examples::deg::{Outcome, settlement, setup, site as hall};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Minutes of the day between two turns.
const TURN_MIN: i64 = 10;
/// When the grid's agent asks, minutes of the day.
const ASKS_MIN: i64 = 11 * 60 + 30;
/// When everything is settled.
const SETTLED_AT: &str = "2026-03-16T10:00:00Z";

/// The whole day, with what it leaves in `folder`.
pub fn run(folder: &Path, python: &str) -> Outcome {
    fs::create_dir_all(folder)?;
    let folder = &folder.canonicalize()?;
    // An earlier run's log is another history: it must go whole, with its last head.
    if folder.join("log").exists() {
        fs::remove_dir_all(folder.join("log"))?;
    }
    let _ = fs::remove_file(folder.join("last-head"));
    let trust_file = setup::trust_file()?;
    fs::write(folder.join("trust.json"), &trust_file)?;
    let begun = Instant::now();

    let mut outside = Outside::start(folder, python)?;
    let clock = Arc::new(StepClock::default());
    clock.set(hall::start(0)?);
    // Agents and loop write into one log.
    let log = open_log(folder)?;
    let diary = Arc::new(Diary::new("compute", clock.clone(), Some(log.clone())));
    let seller = Seller::start(site::document()?, clock, diary.clone())?;
    let mut grid = Agent::start("grid", folder)?;
    grid.tell(&format!("grid={} compute={}", grid.uri.clone(), seller.uri()))?;
    let mut network = Network::of(vec![Box::new(grid), Box::new(seller.clone())]);
    let mut live = controller(&outside)?.sink(Arc::new(DegLog::begin(log, &setup::id("compute"))))?;

    println!("\n           plan    import      hall   battery    stored");
    let (mut registers_wh, mut problems) = (0, Vec::new());
    let (first, count) = hall::EVENT;
    for minute in (0..=48 * 30).step_by(TURN_MIN as usize) {
        let now = hall::start(0)?.plus_min(minute);
        network.clock(&now.to_string())?;
        let reading = outside.advance(now)?;
        let t = usize::try_from(minute / 30)?;
        if minute % 30 == 0 && t > 0 {
            network.let_do("compute", &format!("metered {} {}", t - 1, reading.import_wh - registers_wh))?;
            registers_wh = reading.import_wh;
            if (first..first + count).contains(&(t - 1)) {
                network.let_do("grid", "status")?;
            }
        }
        if t == hall::PERIODS {
            break;
        }
        let tick = live.tick(now);
        problems.extend(tick.problems.iter().map(|problem| format!("{now} {problem}")));
        if let Some(problem) = tick.planned.as_ref().and_then(|planned| planned.problem.as_ref()) {
            seller.planned(problem.document());
        }
        if tick.planned.is_some() && (minute % 120 == 0 || (first - 1..=first + count).contains(&t)) {
            // What was just ordered shows in the next reading.
            println!("{}", line(&tick, &outside.advance(now)?));
        }
        if minute == ASKS_MIN {
            network.let_do("grid", "ask")?;
            let sold = seller.sold().ok_or("nothing was sold")?;
            live.site_mut().commitments.push(sold);
        }
    }

    network.clock(SETTLED_AT)?;
    let settled = network.let_do("compute", "settle")?;
    diary.with_log(|log, _| log.publish().map(|_| ()))?;
    let view = network.tell("grid", "view")?;
    drop(network);
    let totals = live.totals();
    println!(
        "\nthe loop: {} turns, {} plans, {} commands carried out, {} failed, {} batteries given up, {} problems",
        totals.ticks,
        totals.plans.values().sum::<u64>(),
        totals.done,
        totals.failed,
        totals.lost_batteries,
        totals.problems
    );
    problems.iter().take(10).for_each(|problem| println!("  {problem}"));
    let number = |name: &str| settled["totals"][name].as_f64().unwrap_or_default() / 1e6;
    let promised = seller.sale()?.offer.terms.committed_wh() as f64 / 1e6;
    println!(
        "the event: {promised:.3} MWh sold at {:.2} GBP/MWh, {:.3} MWh delivered by the meter, {:.3} MWh short; the buyer pays {:.2} GBP",
        seller.sale()?.offer.terms.price_ugbp_per_mwh as f64 / 1e6,
        number("delivered_wh"),
        number("shortfall_wh"),
        view[0]["amount_ugbp"].as_f64().unwrap_or_default() / 1e6
    );
    let (unfinished, breaches) = (outside.unfinished(), outside.breaches());
    println!("jobs not done: {}; limits of the hall broken: {}", unfinished.len(), breaches.len());

    let trust = Trust::parse(&trust_file)?;
    let audited = audit(&FileStore::reader(folder.join("log"))?, Some(&trust), None)?;
    println!("\n{audited}");
    let shown = std::env::current_dir().ok().and_then(|here| folder.strip_prefix(here).ok().map(Path::to_path_buf));
    let shown = shown.unwrap_or_else(|| folder.clone());
    println!("\na day in {:.1} s; log and trust.json in {}", begun.elapsed().as_secs_f64(), shown.display());
    println!("anybody can repeat the audit: python -m eca audit {0}/log --trust {0}/trust.json", shown.display());
    if !audited.passed() {
        return Err("the audit failed".into());
    }
    if !(unfinished.is_empty() && breaches.is_empty()) {
        return Err(format!("promises were broken: {unfinished:?} {breaches:?}").into());
    }
    Ok(())
}

/// The loop over the adapters of the site. It acts.
fn controller(outside: &Outside) -> Outcome<Live> {
    let prices = parse::csv::read(&settlement::prices()?, &ReadOptions::default().region(site::REGION))?;
    let battery = ModbusBattery::new(site::BATTERY, outside.battery(), Settings::default());
    let plant = Plant::new(site::document()?)
        .cluster(Arc::new(outside.cluster()))
        .battery(site::BATTERY, Arc::new(battery))
        .meter(site::REGION, outside.meter.clone())
        .signals(Arc::new(MemorySignals::new(prices)));
    Ok(Live::new(plant, LiveSettings::default().shadow(false), Arc::new(MemoryState::default()))?)
}

/// A line of the transcript: what was planned, and what the meter shows.
fn line(tick: &Tick, reading: &eca_core::adapter::MeterReading) -> String {
    let planned = tick.planned.as_ref().map(|planned| planned.source.to_string()).unwrap_or_default();
    let stored = tick.storage.values().next();
    let told = tick.deliveries.iter().find_map(|sent| match sent.action.command {
        eca_core::action::Command::Charge { power_mw } => Some(power_mw),
        eca_core::action::Command::Discharge { power_mw } => Some(-power_mw),
        _ => None,
    });
    let battery_mw = told.unwrap_or(0.0);
    format!(
        "{} {planned:>10} {:>5.2} MW {:>5.2} MW {battery_mw:>+5.2} MW {:>5.2} MWh",
        tick.at.to_string().get(11..16).unwrap_or_default(),
        reading.import_mw,
        reading.import_mw - battery_mw,
        stored.map_or(0.0, |reading| reading.soc_mwh)
    )
}
