//! The four market submissions before and after their deadlines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod settle_support;

use eca_core::settle::{DueSubmission, Event, SubmissionFlow as Flow, SubmissionStanding as Standing};
use serde_json::{Value, json};
use settle_support::event;

fn at(document: &Value, now: &str) -> Vec<DueSubmission> {
    Event::from_json(&document.to_string()).unwrap().submissions_at(now.parse().unwrap()).unwrap()
}

fn of(all: &[DueSubmission], flow: Flow) -> Vec<Standing> {
    all.iter().filter(|each| each.submission.flow == flow).map(|each| each.standing).collect()
}

#[test]
fn each_flow_has_its_deadline_and_the_first_comes_first() {
    let mut document = event();
    document["submissions"] = json!([]);
    let all = at(&document, "2026-02-19T12:00:00Z");
    let due: Vec<_> =
        all.iter().map(|each| (each.submission.flow, each.submission.due.to_string(), each.needed)).collect();
    let gates = |flow| {
        [
            (flow, "2026-02-19T16:00:00Z".to_owned(), flow != Flow::Sev),
            (flow, "2026-02-19T16:30:00Z".to_owned(), flow != Flow::Sev),
        ]
    };
    let [wman, ecvn, sev] = [Flow::Wman, Flow::Ecvn, Flow::Sev].map(gates);
    let day_after = (Flow::DeliveredVolume, "2026-02-21T00:00:00Z".to_owned(), true);
    let wanted = [0, 1].into_iter().flat_map(|k| [wman[k].clone(), ecvn[k].clone(), sev[k].clone()]);
    assert_eq!(due, wanted.chain([day_after.clone(), day_after]).collect::<Vec<_>>());
    assert!(all.iter().all(|each| each.standing == Standing::Open));
    // What is sold is known ahead, what is expected and delivered is not.
    let volumes: Vec<_> = all.iter().map(|each| each.submission.volume_mwh.as_deref()).collect();
    assert_eq!(volumes, [None, Some("2.500"), None, None, Some("2.500"), None, None, None]);
}

#[test]
fn a_submission_is_open_until_its_deadline_and_in_force_only_when_accepted() {
    let mut document = event();
    let wman = |status: &str, sent: &str| json!([{"flow": "wman", "status": status, "sent_at": sent}]);
    for (status, sent, now, first, second) in [
        ("accepted", "2026-02-19T15:59:59Z", "2026-02-19T15:59:59Z", Standing::InForce, Standing::InForce),
        // Accepted, and too late for SP35 only.
        ("accepted", "2026-02-19T16:00:00Z", "2026-02-19T16:00:00Z", Standing::Missed, Standing::InForce),
        ("sent", "2026-02-19T12:00:00Z", "2026-02-19T20:00:00Z", Standing::Waiting, Standing::Waiting),
        ("sent", "2026-02-19T16:10:00Z", "2026-02-19T16:10:00Z", Standing::Missed, Standing::Waiting),
        ("rejected", "2026-02-19T12:00:00Z", "2026-02-19T15:59:59Z", Standing::Open, Standing::Open),
        ("rejected", "2026-02-19T12:00:00Z", "2026-02-19T16:00:00Z", Standing::Missed, Standing::Open),
        ("refused", "2026-02-19T12:00:00Z", "2026-02-19T16:30:00Z", Standing::Missed, Standing::Missed),
    ] {
        document["submissions"] = wman(status, sent);
        assert_eq!(of(&at(&document, now), Flow::Wman), [first, second], "{status} {sent} {now}");
    }
}

#[test]
fn an_expected_volume_is_needed_where_the_baseline_is_nominated() {
    let mut document = event();
    document["baseline"] = json!({"method": "nominated"});
    let all = at(&document, "2026-02-19T12:00:00Z");
    assert!(all.iter().all(|each| each.needed));
    // Other routes know none of them, but show what is in the list.
    document["route"] = json!("dso_flex");
    let all = at(&document, "2026-02-19T12:00:00Z");
    assert!(all.iter().all(|each| !each.needed) && of(&all, Flow::Sev).is_empty() && !of(&all, Flow::Wman).is_empty());
}

#[test]
fn deadlines_follow_the_clock_of_the_day() {
    let mut document = event();
    document["rebound_periods"] = json!([]);
    document["submissions"] = json!([]);
    // SP35 is 18:00 in summer time on the day of 46 periods, and 16:00 on that of 50.
    for (day, gate, next) in [
        ("2026-03-29", "2026-03-29T16:00:00Z", "2026-03-30T23:00:00Z"),
        ("2026-10-25", "2026-10-25T15:00:00Z", "2026-10-27T00:00:00Z"),
        ("2026-07-01", "2026-07-01T15:00:00Z", "2026-07-02T23:00:00Z"),
    ] {
        document["periods"] = json!([{"settlement_date": day, "settlement_period": 35, "committed_mwh": 1,
                                      "price_gbp_per_mwh": 1}]);
        let all = at(&document, "2026-01-01T00:00:00Z");
        assert_eq!(all[0].submission.due.to_string(), gate, "{day}");
        assert_eq!(all[3].submission.due.to_string(), next, "{day}");
    }
}
