//! Event days that never were: a site of 10 MW, its readings, prices and carbon, and what it sold.
#![allow(dead_code)]

use crate::random::Random;
use eca_core::{SettlementDate, SettlementPeriod};

/// Documents of one event day.
pub struct Day {
    pub meter: String,
    pub event: String,
    pub meters: String,
    pub prices: String,
    /// Half hours of the event and what was used in them: Wh, inferences, mg, µGBP.
    pub deliveries: Vec<(SettlementPeriod, [i64; 4])>,
}

/// `a * b / 10^6`, half away from zero.
fn product(wh: i64, millionths: i64) -> i64 {
    let exact = i128::from(wh) * i128::from(millionths);
    ((exact.abs() * 2 + 1_000_000) / 2_000_000 * exact.signum()) as i64
}

fn decimal(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", millionths.abs() / 1_000_000, millionths.abs() % 1_000_000)
}

/// The event day with this number: its date, route and figures follow from it.
pub fn day(number: u64) -> Day {
    let mut random = Random(number);
    let date = {
        let from: SettlementDate = "2026-02-02".parse().unwrap();
        // Weekdays of 2026, among them those after both changes of the clock.
        let mut date = from.plus_days((number * 3 % 320) as i64);
        while date.weekday() >= 6
            || ["2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25"]
                .contains(&date.to_string().as_str())
        {
            date = date.plus_days(1);
        }
        date
    };
    let meter = format!("meter-{number:03}");
    let route = ["wholesale_p415", "balancing_mechanism", "neso_dfs", "dso_flex"][(number % 4) as usize];
    let (first, count) = (20 + random.below(16) as u8, 1 + random.below(4) as u8);
    let period = |number: u8| SettlementPeriod::new(date, number).unwrap();
    let mut meters = String::from("meter_id,start,end,import_wh,export_wh,quality\n");
    let mut prices = String::from(
        "start,system_price_gbp_per_mwh,import_price_gbp_per_mwh,network_charge_gbp_per_mwh,carbon_g_per_kwh\n",
    );
    // Readings of the sixteen days before: weekends and days of the clock change among them.
    for back in (1..=16).rev() {
        let day = date.plus_days(-back);
        for sp in first..first + count + 2 {
            let at = SettlementPeriod::new(day, sp).unwrap();
            meters +=
                &format!("{meter},{},{},{},0,A\n", at.start_utc(), at.end_utc(), 4_000_000 + random.below(1_500_000));
        }
    }
    let (mut deliveries, mut periods, mut inferences) = (Vec::new(), Vec::new(), 0);
    for sp in first..first + count + 2 {
        let at = period(sp);
        let in_event = sp < first + count;
        let used =
            if in_event { 1_500_000 + random.below(1_000_000) } else { 4_500_000 + random.below(2_000_000) } as i64;
        // In two readings of a quarter of an hour each.
        let half = random.below(used as u64) as i64;
        let middle = at.start_utc().plus_min(15);
        meters += &format!(
            "{meter},{},{middle},{half},0,A\n{meter},{middle},{},{},0,A\n",
            at.start_utc(),
            at.end_utc(),
            used - half
        );
        let micro = |random: &mut Random, low: i64, span: u64| low * 1_000_000 + random.below(span * 1_000_000) as i64;
        let system = micro(&mut random, -50, 600);
        let (import, network, carbon) =
            (micro(&mut random, 40, 200), micro(&mut random, 2, 30), micro(&mut random, 20, 300));
        prices += &format!(
            "{},{},{},{},{}\n",
            at.start_utc(),
            decimal(system),
            decimal(import),
            decimal(network),
            decimal(carbon)
        );
        if in_event {
            let made = 3 * used / 2 + random.below(1000) as i64;
            inferences += made;
            deliveries.push((at, [used, made, product(used, carbon), product(used, import + network)]));
            periods.push(format!(
                r#"{{"settlement_date":"{date}","settlement_period":{sp},"committed_mwh":"{}","price_gbp_per_mwh":"{}"}}"#,
                decimal(2_000_000 + random.below(1_500_000) as i64),
                decimal(micro(&mut random, 80, 500)),
            ));
        }
    }
    let rebound = (first + count..first + count + 2)
        .map(|sp| format!(r#"{{"settlement_date":"{date}","settlement_period":{sp}}}"#));
    let rebound: Vec<String> = rebound.collect();
    let submissions = r#"[{"flow":"wman","status":"accepted","sent_at":"2026-01-01T00:00:00Z"},{"flow":"ecvn","status":"accepted","sent_at":"2026-01-01T00:00:00Z"}]"#;
    let event = format!(
        r#"{{"format":"eca-event/1","event_id":"day-{number:03}","site":{{"site_id":"site-{number:03}","meter_id":"{meter}","loss_factor":"1.008"}},"route":"{route}","periods":[{}],"rebound_periods":[{}],"baseline":{{"method":"bl01","params":{{"adjustment":"never"}}}},"submissions":{submissions},"terms":{{"supplier_compensation_price":[{{"effective_from":"2026-01-01","price_gbp_per_mwh":"91.37"}}]}},"sharing":{{"site_frac":"0.85","social_tariff_frac":"0.05"}},"operations":{{"inferences_before":{},"inferences_after":{inferences}}},"references":{{"obp_id":"OBP-{number}"}}}}"#,
        periods.join(","),
        rebound.join(","),
        inferences + 1000,
    );
    Day { meter, event, meters, prices, deliveries }
}
