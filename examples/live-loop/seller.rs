//! The seller's side of the network, beside the loop: offers from the problem that the loop planned last, what was sold,
//! what the meter counted of it, settlement.

use eca_adapters::beckn_http::{BecknHost, HostSettings};
use eca_beckn::agent::{ComputeAgent, Metered, Sale, Stage};
use eca_core::settle::EventRecord;
use eca_core::{Commitment, ProblemDocument};
use eca_examples::deg::clock::StepClock;
use eca_examples::deg::diary::Diary;
use eca_examples::deg::network::Member;
use eca_examples::deg::planner::{Plans, SitePlanner};
use eca_examples::deg::{Outcome, settlement, setup, site};
use serde_json::Value;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The seller. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Seller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    host: BecknHost<ComputeAgent>,
    uri: String,
    clock: Arc<StepClock>,
    diary: Arc<Diary>,
    plans: Arc<Mutex<Plans>>,
    readings: Mutex<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seller {
    /// A seller of what a day has to give, with an address.
    pub fn start(day: ProblemDocument, clock: Arc<StepClock>, diary: Arc<Diary>) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let uri = format!("http://{}/beckn", listener.local_addr()?);
        let plans = Arc::new(Mutex::new(Plans::new(day)?));
        let planner = Box::new(SitePlanner { plans: plans.clone(), diary: diary.clone() });
        let name = setup::id("compute");
        let agent = ComputeAgent::new(setup::mailbox("compute", &uri)?, (&name, "Data centre"), site::METER, planner);
        let host = BecknHost::start(agent, clock.clone(), diary.clone(), listener, HostSettings::default())?;
        println!("compute  process {:<8} {uri}", std::process::id());
        Ok(Self(Arc::new(Inner { host, uri, clock, diary, plans, readings: Mutex::default() })))
    }

    /// Where it listens.
    pub fn uri(&self) -> &str {
        &self.0.uri
    }

    /// The loop has planned: offers come from this problem from now on.
    pub fn planned(&self, problem: &ProblemDocument) {
        let mut day = problem.clone();
        day.commitments.clear();
        locked(&self.0.plans).day = day;
    }

    /// What is sold, as a commitment of the site.
    pub fn sold(&self) -> Option<Commitment> {
        locked(&self.0.plans).sold.clone()
    }

    /// The sale and its terms.
    pub fn sale(&self) -> Outcome<Sale> {
        let sale = self.0.host.act(|compute, _| Ok((compute.sales.all().next().cloned(), Vec::new())))?;
        sale.filter(|sale| sale.stage >= Stage::Confirmed).ok_or_else(|| "nothing was sold".into())
    }

    /// The meter has counted `wh` in half hour `t` of the day. In the event the buyer may then ask for it.
    fn metered(&self, t: usize, wh: i64) -> Outcome {
        *locked(&self.0.readings) += &site::reading(site::start(t)?, wh);
        let (first, count) = site::EVENT;
        if (first..first + count).contains(&t) {
            let sale = self.sale()?;
            let promised = sale.offer.terms.periods.get(t - first).ok_or("it is no half hour of the contract")?;
            let metered = Metered { period: promised.period, baseline_wh: promised.baseline_wh, metered_wh: wh };
            let contract = sale.contract_id.unwrap_or_default();
            self.0.host.act(|compute, now| Ok(((), compute.measured(&contract, metered, now)?)))?;
        }
        Ok(())
    }

    /// Settles what was sold by what the meter counted.
    fn settle(&self) -> Outcome<EventRecord> {
        let sale = self.sale()?;
        let history = locked(&self.0.plans).history.clone();
        let readings = locked(&self.0.readings).clone();
        let (record, sold_ugbp) = settlement::book(&sale, &history, &readings, &self.0.diary)?;
        let contract = sale.contract_id.unwrap_or_default();
        self.0.host.act(|compute, now| Ok(((), compute.settled(&contract, sold_ugbp, now)?)))?;
        Ok(record)
    }
}

impl Member for Seller {
    fn name(&self) -> &str {
        "compute"
    }

    fn tell(&mut self, line: &str) -> Outcome<Value> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("clock", time) => self.0.clock.set(time.parse()?),
            ("idle", _) => {
                let mut said = self.0.diary.take();
                said["waiting"] = self.0.host.waiting().into();
                return Ok(said);
            }
            ("metered", what) => {
                let (t, wh) = what.split_once(' ').ok_or("a half hour and its Wh are missing")?;
                self.metered(t.parse()?, wh.parse()?)?;
            }
            ("settle", _) => return Ok(serde_json::from_str(&self.settle()?.to_json()?)?),
            _ => return Err(format!("the seller does not know `{line}`").into()),
        }
        Ok(Value::Null)
    }
}
