//! One certificate for each half hour of the event; the first is retired for the customers.

use super::diary::Diary;
use super::{Outcome, setup, site};
use eca_beckn::certificate::{Assurance, Avoided, Delivery, Evidence, Registry, Subject, WhRange};
use eca_core::Plan;
use eca_core::settle::EventRecord;
use serde_json::Value;

/// Writes deliveries and certificates of a settled event into the log; gives the credentials.
pub fn issue(record: &EventRecord, plan: &Plan, diary: &Diary) -> Outcome<Value> {
    let (did, signer) = setup::certificate_key();
    let mut registry = Registry::new(&did, "Data centre", signer, &[])?;
    let mut credentials = Vec::new();
    let me = setup::id("compute");
    for (i, period) in record.periods.iter().enumerate() {
        let t = site::EVENT.0 + i;
        let served: f64 =
            plan.services.iter().flat_map(|service| service.inferences.values()).filter_map(|row| row.get(t)).sum();
        let worked: f64 = plan.jobs.iter().filter_map(|job| job.inferences.get(t)).sum();
        let price = ((site::price()[t] + site::charge()[t]) * 100.0).round() as i64;
        let (date, number) = (period.period.settlement_date().to_string(), period.period.settlement_period());
        let delivery = Delivery {
            actor: me.clone(),
            slot: (site::METER.into(), date.clone(), number),
            energy_wh: period.import_wh,
            inferences: (served + worked) as i64,
            carbon_mg: period.carbon_mg.unwrap_or_default(),
            // Wh at hundredths of GBP/MWh are hundredths of µGBP; half a µGBP counts as one.
            cost_ugbp: (period.import_wh * price + 50) / 100,
        };
        let subject = Subject {
            operator: me.clone(),
            workload_class: "chat and training".into(),
            inference_definition: "one answer of the service, or one sample of training".into(),
            inferences: delivery.inferences,
            region: "_C".into(),
            meter_id: site::METER.into(),
            settlement_date: date,
            settlement_period: number,
            wh_range: WhRange { start: 0, end: period.import_wh },
            energy_wh: period.import_wh,
            energy_method: "settlement meter of the site, with cooling".into(),
            carbon_mg_location: delivery.carbon_mg,
            carbon_source: "made up for the demonstration".into(),
            carbon_data: "actual".into(),
            cost_ugbp: delivery.cost_ugbp,
            avoided: period.carbon_avoided_mg.map(|avoided_carbon_mg| Avoided {
                avoided_carbon_mg,
                baseline_method: "bl01".into(),
                attribute_owner: me.clone(),
            }),
            assurance: Assurance::A,
            evidence: Evidence { log: String::new(), delivery: 0, delivery_leaf: String::new() },
            not_claimed: Subject::disclaimer(),
        };
        let mut made = None;
        diary.with_log(|log, time_us| {
            registry.deliver(log, &delivery, time_us)?;
            made = Some(registry.issue(log, &subject, &me, time_us)?);
            Ok(())
        })?;
        credentials.extend(made);
    }
    if let Some(id) = credentials.first().and_then(|credential| credential["id"].as_str()) {
        diary.with_log(|log, time_us| {
            registry.retire(log, id, &me, ["customers of the chat service", "2026"], time_us).map(|_| ())
        })?;
    }
    diary.line("event", format!("{} certificates issued, 1 retired", credentials.len()));
    Ok(Value::Array(credentials))
}
