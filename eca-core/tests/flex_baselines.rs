//! Baselines against numbers worked out on paper, and the days that they say they used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_core::flex::baseline::{
    AdjustmentRule, Answer, Baseline, BaselineParams, Bl01, DayClass, EventDay, EventDayKind, Fixed, High5Of10,
    Holidays, Mid8Of10, Nominated, NominatedPeriod, Question, TenInTen, WhyExcluded, WindowEnd, Zero,
};
use eca_core::settle::{PeriodVolume, Quality, Volumes};
use eca_core::{SettlementDate, SettlementPeriod};
use std::collections::BTreeMap;

fn date(text: &str) -> SettlementDate {
    text.parse().unwrap()
}

fn sp(day: &str, number: u8) -> SettlementPeriod {
    SettlementPeriod::new(date(day), number).unwrap()
}

/// Readings to ask about: periods with their net volume, MWh.
#[derive(Default)]
struct Story {
    volumes: BTreeMap<SettlementPeriod, PeriodVolume>,
    event_days: Vec<EventDay>,
    params: BaselineParams,
    balancing: bool,
    holidays: Option<Holidays>,
}

impl Story {
    fn meter(&mut self, day: &str, number: u8, mwh: f64) {
        let net = (mwh * 1e6).round() as i64;
        let volume = PeriodVolume { import_wh: net.max(0), export_wh: (-net).max(0), quality: Quality::Actual };
        self.volumes.insert(sp(day, number), volume);
    }

    fn event_day(&mut self, day: &str) {
        self.event_days.push(EventDay { settlement_date: date(day), kind: EventDayKind::Market });
    }

    fn ask(&self, baseline: &dyn Baseline, periods: &[SettlementPeriod]) -> eca_core::Result<Answer> {
        let holidays = self.holidays.clone().unwrap_or_else(Holidays::england_and_wales);
        baseline.baseline(&Question {
            event_id: "e",
            periods,
            event_start: periods[0],
            event_end: periods[periods.len() - 1],
            volumes: &Volumes::from_periods(self.volumes.clone()),
            event_days: &self.event_days,
            holidays: &holidays,
            params: &self.params,
            balancing: self.balancing,
        })
    }
}

/// Ten working days before 19 February 2026, the most recent first.
const TEN: [&str; 10] = [
    "2026-02-18",
    "2026-02-17",
    "2026-02-16",
    "2026-02-13",
    "2026-02-12",
    "2026-02-11",
    "2026-02-10",
    "2026-02-09",
    "2026-02-06",
    "2026-02-05",
];

/// The set X of worked comparisons in SP35 of those days.
fn set_x() -> Story {
    let mut story = Story::default();
    for (day, mwh) in TEN.into_iter().zip([6.2, 5.8, 6.1, 6.0, 5.9, 7.3, 5.7, 6.4, 5.6, 6.0]) {
        story.meter(day, 35, mwh);
    }
    story
}

fn first(answer: &Answer) -> i64 {
    answer.periods[0].baseline_wh
}

#[test]
fn methods_on_one_set_of_days() {
    let (story, event) = (set_x(), [sp("2026-02-19", 35)]);
    assert_eq!(first(&story.ask(&Bl01, &event).unwrap()), 6_100_000);
    let middle = story.ask(&Mid8Of10, &event).unwrap();
    assert_eq!((first(&middle), middle.days[0].used.len()), (6_012_500, 8));
    let left_out: Vec<_> = middle.days[0].excluded.iter().map(|day| (day.settlement_date, day.reason)).collect();
    assert_eq!(left_out, [(date("2026-02-06"), WhyExcluded::Lowest), (date("2026-02-11"), WhyExcluded::Highest)]);
    assert_eq!(first(&story.ask(&High5Of10, &event).unwrap()), 6_400_000);
    assert_eq!(first(&story.ask(&Zero, &event).unwrap()), 0);
    assert_eq!(first(&story.ask(&Fixed::new(4_000_000), &event).unwrap()), 4_000_000);
}

/// The window before the worked event: SP27 to SP32 metered, and the mean of the days before.
fn windowed() -> Story {
    let mut story = Story::default();
    let means = [6.1, 6.1, 6.0, 6.2, 6.1, 6.1];
    for day in TEN {
        means.iter().zip(27..).for_each(|(mwh, number)| story.meter(day, number, *mwh));
        story.meter(day, 35, 6.0);
    }
    [6.3, 6.4, 6.2, 6.5, 6.3, 6.1].iter().zip(27..).for_each(|(mwh, number)| story.meter("2026-02-19", number, *mwh));
    story
}

#[test]
fn a_balancing_acceptance_adjusts_and_wholesale_alone_does_not() {
    let (mut story, event) = (windowed(), [sp("2026-02-19", 35)]);
    let plain = story.ask(&Bl01, &event).unwrap();
    assert_eq!((first(&plain), plain.adjustment), (6_000_000, None));
    story.balancing = true;
    let adjusted = story.ask(&Bl01, &event).unwrap();
    assert_eq!(first(&adjusted), 6_200_000);
    let made = adjusted.adjustment.unwrap();
    assert_eq!(made.added_wh, 200_000);
    assert_eq!((made.window[0], made.window[5]), (sp("2026-02-19", 27), sp("2026-02-19", 32)));
    story.params.adjustment = AdjustmentRule::Never;
    assert_eq!(first(&story.ask(&Bl01, &event).unwrap()), 6_000_000);
}

#[test]
fn the_window_may_end_at_the_start_and_must_be_metered() {
    let (mut story, event) = (windowed(), [sp("2026-02-19", 35)]);
    story.params.adjustment = AdjustmentRule::Always;
    story.params.window_end = WindowEnd::EventStart;
    for day in TEN {
        [33, 34].iter().for_each(|number| story.meter(day, *number, 6.0));
    }
    let error = story.ask(&Bl01, &event).unwrap_err().to_string();
    assert!(error.contains("2 of 6 periods, first 2026-02-19 SP33"), "{error}");
    [33, 34].iter().for_each(|number| story.meter("2026-02-19", *number, 7.0));
    // SP29..SP34: 6.2 6.5 6.3 6.1 7.0 7.0 against 6.0 6.2 6.1 6.1 6.0 6.0, so 2.7 / 6.
    assert_eq!(first(&story.ask(&Bl01, &event).unwrap()), 6_450_000);
}

#[test]
fn the_same_day_factor_stays_a_fraction_and_in_its_limits() {
    let mut story = windowed();
    let event = [sp("2026-02-19", 35)];
    // Six periods that add up to 19.5 where the mean of the days has 18.4.
    for day in TEN {
        [3.0, 3.0, 3.0, 3.0, 3.2, 3.2].iter().zip(27..).for_each(|(mwh, number)| story.meter(day, number, *mwh));
    }
    [3.2, 3.2, 3.2, 3.3, 3.3, 3.3].iter().zip(27..).for_each(|(mwh, number)| story.meter("2026-02-19", number, *mwh));
    let answer = story.ask(&TenInTen, &event).unwrap();
    let factor = answer.adjustment.as_ref().unwrap().factor.unwrap();
    assert_eq!((factor.numerator, factor.denominator), (19_500_000, 18_400_000));
    assert_eq!(first(&answer), 6_358_696); // 6 * 19.5 / 18.4 = 6.3586956...
    for (mwh, wh) in [(6.0, 7_200_000), (1.0, 4_800_000)] {
        (27..33).for_each(|number| story.meter("2026-02-19", number, mwh));
        assert_eq!(first(&story.ask(&TenInTen, &event).unwrap()), wh);
    }
    for day in TEN {
        (27..33).for_each(|number| story.meter(day, number, 0.0));
    }
    let error = story.ask(&TenInTen, &event).unwrap_err().to_string();
    assert!(error.contains("use an additive method such as bl01"), "{error}");
}

#[test]
fn weekends_and_bank_holidays_stand_for_each_other() {
    let mut story = Story::default();
    // Easter Monday 2026 (6 April): Sunday, Saturday, Good Friday, and the Sunday before are its days.
    for (day, mwh) in [("2026-04-05", 2.0), ("2026-04-04", 3.0), ("2026-04-03", 4.0), ("2026-03-28", 7.0)] {
        story.meter(day, 35, mwh);
    }
    story.meter("2026-04-02", 35, 100.0);
    // 29 March has 46 periods and is passed over.
    story.meter("2026-03-29", 35, 100.0);
    let answer = story.ask(&Bl01, &[sp("2026-04-06", 35)]).unwrap();
    assert_eq!(first(&answer), 4_000_000);
    assert_eq!(answer.days[0].class, DayClass::NonWorking);
    assert_eq!(answer.days[0].excluded[0].settlement_date, date("2026-03-29"));
    assert_eq!(answer.days[0].excluded[0].reason, WhyExcluded::ClockChange);
}

#[test]
fn few_days_are_enough_down_to_the_floor_then_event_days_fill() {
    let mut story = Story::default();
    for (day, mwh) in TEN.into_iter().take(5).zip([1.0, 2.0, 3.0, 4.0, 5.0]) {
        story.meter(day, 35, mwh);
    }
    let event = [sp("2026-02-19", 35)];
    assert_eq!(first(&story.ask(&Bl01, &event).unwrap()), 3_000_000);
    // Two of the five become event days: three are left, and both are needed to reach five again.
    story.event_day("2026-02-18");
    story.event_day("2026-02-12");
    let answer = story.ask(&Bl01, &event).unwrap();
    assert_eq!(first(&answer), 3_000_000);
    assert_eq!(answer.days[0].event_days_used, [date("2026-02-18"), date("2026-02-12")]);
    story.volumes.remove(&sp("2026-02-17", 35));
    let error = story.ask(&Bl01, &event).unwrap_err().to_string();
    assert!(error.contains("needs 5 such days"), "{error}");
}

#[test]
fn an_event_across_midnight_has_days_for_each_of_its_days() {
    let mut story = Story::default();
    // Friday evening into Saturday: working days for SP48, days off for SP1.
    for day in TEN {
        story.meter(day, 48, 5.0);
    }
    for (day, mwh) in [("2026-02-15", 1.0), ("2026-02-14", 2.0), ("2026-02-08", 3.0), ("2026-02-07", 4.0)] {
        story.meter(day, 1, mwh);
    }
    let answer = story.ask(&Bl01, &[sp("2026-02-20", 48), sp("2026-02-21", 1)]).unwrap();
    assert_eq!(answer.periods.iter().map(|each| each.baseline_wh).collect::<Vec<_>>(), [5_000_000, 2_500_000]);
    assert_eq!(answer.days.iter().map(|set| set.class).collect::<Vec<_>>(), [DayClass::Working, DayClass::NonWorking]);
}

#[test]
fn the_first_day_of_an_event_is_no_baseline_of_the_second() {
    let mut story = Story::default();
    for day in TEN {
        story.meter(day, 1, 5.0);
        story.meter(day, 48, 5.0);
    }
    story.meter("2026-02-19", 1, 50.0);
    let answer = story.ask(&Bl01, &[sp("2026-02-19", 48), sp("2026-02-20", 1)]).unwrap();
    assert_eq!(answer.periods[1].baseline_wh, 5_000_000);
    assert_eq!(answer.days[1].excluded[0].reason, WhyExcluded::EventDay);
}

#[test]
fn days_of_46_and_50_periods_go_by_the_wall_clock() {
    let mut story = Story::default();
    for day in ["2026-03-28", "2026-03-22", "2026-03-21", "2026-03-15"] {
        (1..=48).for_each(|number| story.meter(day, number, f64::from(number)));
    }
    // On 29 March 2026 SP3 is 02:00 in London: SP5 of other days. SP46 is 23:30: SP48.
    let day: Vec<SettlementPeriod> = (1..=46).map(|number| sp("2026-03-29", number)).collect();
    let answer = story.ask(&Bl01, &day).unwrap();
    assert_eq!(answer.periods.len(), 46);
    assert_eq!((answer.periods[1].baseline_wh, answer.periods[2].baseline_wh), (2_000_000, 5_000_000));
    assert_eq!(answer.periods[45].baseline_wh, 48_000_000);

    for day in ["2026-10-24", "2026-10-18", "2026-10-17", "2026-10-11"] {
        (1..=48).for_each(|number| story.meter(day, number, f64::from(number)));
    }
    // On 25 October 01:00 comes twice: SP3 and SP5 are both SP3 of other days. SP50 is 23:30.
    let day: Vec<SettlementPeriod> = (1..=50).map(|number| sp("2026-10-25", number)).collect();
    let answer = story.ask(&Bl01, &day).unwrap();
    assert_eq!(answer.periods.len(), 50);
    assert_eq!([2, 4, 49].map(|at: usize| answer.periods[at].baseline_wh), [3_000_000, 3_000_000, 48_000_000]);
}

#[test]
fn a_site_that_exports_has_a_negative_baseline() {
    let mut story = Story::default();
    for (day, mwh) in TEN.into_iter().zip([-1.0, -2.0, -1.0, -2.0, -1.0, -2.0, -1.0, -2.0, -1.0, -2.0]) {
        story.meter(day, 35, mwh);
    }
    assert_eq!(first(&story.ask(&Bl01, &[sp("2026-02-19", 35)]).unwrap()), -1_500_000);
}

#[test]
fn nominations_count_until_noon_of_the_day_before() {
    let nominated = |at: &str, mwh: &str| NominatedPeriod {
        settlement_date: date("2026-07-01"),
        settlement_period: 35,
        mwh: mwh.parse().unwrap(),
        submitted_at: at.parse().unwrap(),
    };
    let (story, event) = (Story::default(), [sp("2026-07-01", 35)]);
    // Noon in London is 11:00 UTC in summer.
    let given = [
        nominated("2026-06-30T11:00:00Z", "5.5"),
        nominated("2026-06-29T09:00:00Z", "4"),
        nominated("2026-06-30T11:00:01Z", "9"),
    ];
    assert_eq!(first(&story.ask(&Nominated::new(given.to_vec()), &event).unwrap()), 5_500_000);
    let error = story.ask(&Nominated::new(given[2..].to_vec()), &event).unwrap_err().to_string();
    assert!(error.contains("submitted at 2026-06-30T11:00:01Z, must be submitted by 2026-06-30T11:00:00Z"), "{error}");
}

/// Easter Sunday of a year (Gauss, in Anonymous Gregorian form), as month and day.
fn easter(year: i32) -> (i32, i32) {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1)
}

#[test]
fn the_list_of_bank_holidays_is_what_the_rules_say() {
    let known = Holidays::england_and_wales();
    for year in 2020..=2028 {
        let day = |month: i32, day: i32| date(&format!("{year}-{month:02}-{day:02}"));
        let (month, sunday) = easter(year);
        let mut wanted = vec![day(month, sunday).plus_days(-2), day(month, sunday).plus_days(1)];
        let mut substitute = |mut at: SettlementDate, taken: &[SettlementDate]| {
            while at.weekday() > 5 || taken.contains(&at) {
                at = at.plus_days(1);
            }
            wanted.push(at);
            at
        };
        substitute(day(1, 1), &[]);
        // Boxing Day on a Sunday gives way to the substitute of Christmas Day, and both move behind the weekend.
        let christmas = substitute(day(12, 25), &[]);
        substitute(day(12, 26), &[christmas]);
        let monday = |from: SettlementDate| from.plus_days((8 - i64::from(from.weekday())) % 7);
        wanted.push(if year == 2020 { day(5, 8) } else { monday(day(5, 1)) });
        wanted.push(if year == 2022 { day(6, 2) } else { monday(day(5, 25)) });
        wanted.push(monday(day(8, 25)));
        match year {
            2022 => wanted.extend([day(6, 3), day(9, 19)]),
            2023 => wanted.push(day(5, 8)),
            _ => {}
        }
        wanted.sort_unstable();
        let first = day(1, 1);
        let found: Vec<_> = (0..366).map(|at| first.plus_days(at)).filter(|at| at.year() == first.year()).collect();
        let found: Vec<_> = found.into_iter().filter(|at| known.contains(*at).unwrap()).collect();
        assert_eq!(found, wanted, "{year}");
    }
}

#[test]
fn a_year_without_bank_holidays_is_refused_until_they_are_given() {
    let mut story = Story::default();
    for back in 1..40 {
        let day = date("2031-03-20").plus_days(-back).to_string();
        story.meter(&day, 35, 1.0);
    }
    let event = [sp("2031-03-20", 35)];
    let error = story.ask(&Bl01, &event).unwrap_err().to_string();
    assert!(error.contains("bank holidays of the year `2031`"), "{error}");
    story.holidays = Some(Holidays::england_and_wales().with([date("2031-01-01")]));
    assert_eq!(first(&story.ask(&Bl01, &event).unwrap()), 1_000_000);
}
