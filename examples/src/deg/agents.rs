//! The process of one agent. It is told by lines on its standard input what time it is and what to do, and answers each
//! with one line: `ok` and JSON, or `failed` and the reason. Everything between agents goes over HTTP.

use super::clock::StepClock;
use super::diary::{Diary, open_log};
use super::planner::{BatteryPlanner, Plans, SitePlanner, import_mw, need};
use super::{Outcome, certificates, settlement, setup, site};
use eca_adapters::beckn_http::{BecknHost, HostSettings};
use eca_beckn::agent::{Agent, ComputeAgent, DerAgent, Effect, GridAgent, Metered, Stage};
use eca_beckn::message::{Column, DerReport, GridSignal, Party, TimeSeries};
use eca_beckn::{Verb, kind};
use eca_core::Timestamp;
use eca_core::settle::EventRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What an agent does when it is told to.
trait Duties {
    fn act(&mut self, what: &str, number: i64) -> Outcome<Value>;
    fn waiting(&self) -> u64;
}

/// Runs the agent `name` until its input ends.
pub fn run(name: &str, folder: &Path) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let own = format!("http://{}/beckn", listener.local_addr()?);
    println!("listening {own}");
    let mut lines = std::io::stdin().lock().lines();
    let parties = peers(&lines.next().ok_or("nobody tells who takes part")??);
    let clock = Arc::new(StepClock::default());
    let log = if name == "compute" { Some(open_log(folder)?) } else { None };
    let diary = Arc::new(Diary::new(name, clock.clone(), log));
    let mut duties: Box<dyn Duties> = match name {
        "grid" => Box::new(Grid {
            host: host(GridAgent::new(setup::mailbox(name, &own)?, "DSO"), &clock, &diary, listener)?,
            parties,
        }),
        "compute" => {
            let plans = Arc::new(Mutex::new(Plans::new(site::problem(&[])?.document().clone())?));
            let planner = Box::new(SitePlanner { plans: plans.clone(), diary: diary.clone() });
            let agent =
                ComputeAgent::new(setup::mailbox(name, &own)?, (&setup::id(name), "Data centre"), site::METER, planner);
            let host = host(agent, &clock, &diary, listener)?;
            Box::new(Compute { host, parties, plans, diary: diary.clone(), readings: String::new(), record: None })
        }
        "der" => {
            let planner = Box::new(BatteryPlanner { power_kw: 2000.0, price_gbp_per_mwh: 90.0, sold: false });
            let agent = DerAgent::new(
                setup::mailbox(name, &own)?,
                (&setup::id(name), "Battery"),
                "did:web:der.example.org:meters:1",
                planner,
            );
            Box::new(Der { host: host(agent, &clock, &diary, listener)?, soc_kwh: 3600.0 })
        }
        _ => return Err(format!("there is no agent `{name}`").into()),
    };
    println!("ok null");
    for line in lines {
        let line = line?;
        let (what, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let done = match what {
            "clock" => rest.parse().map(|now: Timestamp| clock.set(now)).map(|()| Value::Null).map_err(Into::into),
            "idle" => {
                let mut said = diary.take();
                said["waiting"] = duties.waiting().into();
                Ok(said)
            }
            _ => duties.act(what, rest.parse().unwrap_or_default()),
        };
        match done {
            Ok(value) => println!("ok {value}"),
            Err(error) => println!("failed {what}: {error}"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Who takes part, from words such as `grid=http://127.0.0.1:4711/beckn`.
pub fn peers(line: &str) -> BTreeMap<String, Party> {
    let named = line.split(' ').filter_map(|word| word.split_once('='));
    named.map(|(name, uri)| (name.to_owned(), Party { id: setup::id(name), uri: uri.into() })).collect()
}

fn host<A: Agent>(
    agent: A,
    clock: &Arc<StepClock>,
    diary: &Arc<Diary>,
    listener: TcpListener,
) -> Outcome<BecknHost<A>> {
    Ok(BecknHost::start(agent, clock.clone(), diary.clone(), listener, HostSettings::default())?)
}

fn only<T>(value: T) -> eca_beckn::Result<((), T)> {
    Ok(((), value))
}

#[derive(Debug)]
struct Grid {
    host: BecknHost<GridAgent>,
    parties: BTreeMap<String, Party>,
}

impl Duties for Grid {
    fn act(&mut self, what: &str, _: i64) -> Outcome<Value> {
        match what {
            "publish" => {
                let columns = [
                    Column::new("PRICE", "GBP_PER_KWH", site::price().into_iter().map(|price| price / 1e3)),
                    Column::new("CARBON_INTENSITY", "G_PER_KWH", site::carbon()),
                    Column::new("MARGINAL_CARBON_INTENSITY", "G_PER_KWH", site::marginal()),
                ];
                let series = TimeSeries::new(site::start(0)?, 1800, columns);
                let signal = GridSignal { gsp_group: "_C".into(), carbon_region: Some(13), series };
                self.host.act(|grid, _| Ok((grid.publish(signal), Vec::new())))?;
            }
            "ask" => {
                let (to, need) = (&self.parties["compute"], need(10_000.0, 250.0)?);
                self.host.act(|grid, now| {
                    only(vec![Effect::Send(grid.ask(to, "10 MW reduction", need, "OBP-2026-0219-17", now)?)])
                })?;
            }
            "status" => self.host.act(|grid, now| {
                let transaction = grid.purchases.all().next().map(|purchase| purchase.transaction_id.clone());
                let question =
                    transaction.map(|transaction| grid.again(Verb::Status, &transaction, now)).transpose()?;
                only(question.map(Effect::Send).into_iter().collect())
            })?,
            "view" => {
                return Ok(self.host.act(|grid, _| {
                    let bought = grid.purchases.all().map(|purchase| {
                        let sum = purchase.contract.as_ref().and_then(|contract| contract.considerations.first());
                        json!({"stage": format!("{:?}", purchase.stage), "offers": purchase.offers.len(),
                            "contract": purchase.contract.as_ref().and_then(|contract| contract.id.clone()),
                            "delivered_wh": purchase.metered.iter().map(|m| m.baseline_wh - m.metered_wh).collect::<Vec<_>>(),
                            "amount_ugbp": sum.map(|sum| sum.amount_ugbp)})
                    });
                    Ok((bought.collect::<Value>(), Vec::new()))
                })?);
            }
            _ => return Err("unknown".into()),
        }
        Ok(Value::Null)
    }

    fn waiting(&self) -> u64 {
        self.host.waiting()
    }
}

#[derive(Debug)]
struct Compute {
    host: BecknHost<ComputeAgent>,
    parties: BTreeMap<String, Party>,
    plans: Arc<Mutex<Plans>>,
    diary: Arc<Diary>,
    readings: String,
    record: Option<EventRecord>,
}

impl Compute {
    /// Contract id, transaction, reference, promised Wh and price of what was sold.
    fn sold(&self) -> Outcome<eca_beckn::agent::Sale> {
        let sale = self.host.act(|compute, _| Ok((compute.sales.all().next().cloned(), Vec::new())))?;
        sale.filter(|sale| sale.stage >= Stage::Confirmed).ok_or_else(|| "nothing was sold".into())
    }

    /// Reads the meter of interval `t`; the battery next door took some of the load.
    fn measure(&mut self, t: i64) -> Outcome<Value> {
        let index = usize::try_from(t)?;
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = plans.agreed.as_ref().unwrap_or(&plans.base);
        let planned = import_mw(plan).get(index).copied().unwrap_or_default();
        drop(plans);
        let (first, count) = site::EVENT;
        // Training takes its time to stop: the first half hour of the event is late by 0.7 MW, of which the battery takes 0.6.
        let late = if index == first { 0.1 } else { 0.0 };
        let mut noise = site::Noise::new(7 + t.unsigned_abs());
        let wh = ((planned * (1.0 + 0.004 * noise.draw()) + late) * 0.5e6).round() as i64;
        self.readings += &site::reading(site::start(index)?, wh);
        self.diary.note("metered", json!({"t": t, "mw": wh as f64 / 0.5e6}));
        if (first..first + count).contains(&index) {
            let sale = self.sold()?;
            let terms = &sale.offer.terms;
            let promised = terms.periods.get(index - first).ok_or("it is no half hour of the contract")?;
            let metered = Metered { period: promised.period, baseline_wh: promised.baseline_wh, metered_wh: wh };
            let contract = sale.contract_id.unwrap_or_default();
            self.host.act(|compute, now| only(compute.measured(&contract, metered, now)?))?;
        }
        Ok(json!(wh))
    }

    fn settle(&mut self) -> Outcome<Value> {
        let sale = self.sold()?;
        let history = self.plans.lock().unwrap_or_else(PoisonError::into_inner).history.clone();
        let (record, sold_ugbp) = settlement::book(&sale, &history, &self.readings, &self.diary)?;
        let contract = sale.contract_id.unwrap_or_default();
        self.host.act(|compute, now| only(compute.settled(&contract, sold_ugbp, now)?))?;
        let document: Value = serde_json::from_str(&record.to_json()?)?;
        self.record = Some(record);
        Ok(document)
    }

    fn certify(&mut self) -> Outcome<Value> {
        let record = self.record.clone().ok_or("nothing is settled")?;
        let plan = self.plans.lock().unwrap_or_else(PoisonError::into_inner).agreed.clone();
        certificates::issue(&record, &plan.ok_or("nothing is planned")?, &self.diary)
    }
}

impl Duties for Compute {
    fn act(&mut self, what: &str, number: i64) -> Outcome<Value> {
        match what {
            "plan" => {
                let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
                let entry = self
                    .diary
                    .entry(kind::PLAN)
                    .cite("problem", site::problem(&[])?.to_json()?)
                    .cite("plan", plans.base.to_json()?)
                    .field("outcome", plans.base.outcome.to_string())
                    .field("objective_ugbp", (plans.base.objective_gbp * 1e6).round() as i64);
                self.diary.write(entry)?;
                let text = format!("the day is planned: {:.0} GBP, {}", plans.base.totals.cost_gbp, plans.base.outcome);
                self.diary.line("event", text);
                Ok(json!(import_mw(&plans.base)))
            }
            "signals" => {
                let grid = &self.parties["grid"];
                self.host.act(|compute, now| only(vec![Effect::Send(compute.ask_signals(grid, now)?)]))?;
                Ok(Value::Null)
            }
            "hire" => {
                let (der, need) = (&self.parties["der"], need(2_000.0, 120.0)?);
                self.host.act(|compute, now| {
                    only(vec![Effect::Send(compute.hire(der, "2 MW discharge as reserve", need, "RESERVE-1", now)?)])
                })?;
                Ok(Value::Null)
            }
            "measure" => self.measure(number),
            "settle" => self.settle(),
            "certify" => self.certify(),
            "publish" => {
                self.diary.with_log(|log, _| log.publish().map(|_| ()))?;
                Ok(Value::Null)
            }
            "story" => {
                let sale = self.sold()?;
                let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
                let terms = &sale.offer.terms;
                Ok(json!({
                    "base_mw": import_mw(&plans.base),
                    "agreed_mw": plans.agreed.as_ref().map(import_mw),
                    "base_cost_gbp": plans.base.totals.cost_gbp,
                    "agreed_cost_gbp": plans.agreed.as_ref().map(|plan| plan.totals.cost_gbp),
                    "contract": sale.contract_id, "transaction": sale.transaction_id, "obp_id": terms.obp_id,
                    "price_ugbp_per_mwh": terms.price_ugbp_per_mwh, "terms_sha256": terms.hash()?,
                    "periods": terms.periods.iter().map(|p| json!({"period": p.period.to_string(), "committed_wh": p.committed_wh, "baseline_wh": p.baseline_wh})).collect::<Vec<_>>(),
                }))
            }
            _ => Err("unknown".into()),
        }
    }

    fn waiting(&self) -> u64 {
        self.host.waiting()
    }
}

#[derive(Debug)]
struct Der {
    host: BecknHost<DerAgent>,
    soc_kwh: f64,
}

impl Duties for Der {
    fn act(&mut self, what: &str, number: i64) -> Outcome<Value> {
        let contract = self.host.act(|der, _| Ok((der.sales.all().next().cloned(), Vec::new())))?;
        let sale = contract.ok_or("nothing was sold")?;
        let contract = sale.contract_id.clone().unwrap_or_default();
        match what {
            // How the battery is, and what sun is expected.
            "report" => {
                let start = site::start(usize::try_from(number)?)?;
                let one = |payload: &str, units: &str, value: f64| Column::new(payload, units, [value]).reported();
                let columns = [
                    one("SOC", "KWH", self.soc_kwh),
                    one("SOC_MIN", "KWH", 400.0),
                    one("CHARGE_LIMIT", "KW", 2000.0),
                    one("DISCHARGE_LIMIT", "KW", 2000.0),
                    one("SOLAR_FORECAST", "KW", 0.0),
                ];
                let series = TimeSeries::new(start, 1800, columns);
                self.host.act(|der, now| {
                    let report = DerReport { device: "battery-1".into(), as_of: now, quality: "A".into(), series };
                    only(der.report(&contract, report, now)?)
                })?;
            }
            // The half hour's discharge, kW.
            "measure" => {
                let promised = sale.offer.terms.periods.get(sale.metered.len()).ok_or("every half hour is measured")?;
                let metered = Metered { period: promised.period, baseline_wh: 0, metered_wh: -number * 500 };
                self.soc_kwh -= number as f64 * 0.5 / 0.95;
                self.host.act(|der, now| only(der.measured(&contract, metered, now)?))?;
            }
            "settle" => {
                let wh: i64 = sale.metered.iter().map(|metered| metered.baseline_wh - metered.metered_wh).sum();
                let ugbp = wh * (sale.offer.terms.price_ugbp_per_mwh / 1_000_000);
                self.host.act(|der, now| only(der.settled(&contract, ugbp, now)?))?;
            }
            _ => return Err("unknown".into()),
        }
        Ok(Value::Null)
    }

    fn waiting(&self) -> u64 {
        self.host.waiting()
    }
}
