//! Bank holidays of England and Wales, as data: a day that is none of them and no weekend is a working day.
//!
//! Source: the published list (www.gov.uk/bank-holidays, division England and Wales), 2020 to 2028, with substitute days and
//! the days of 8 May 2020, June and September 2022 and May 2023. Compared in the tests with the rules of the Banking and
//! Financial Dealings Act 1971. That settlement counts these and not the Scottish days is assumed.

use crate::{Error, Result, SettlementDate};
use std::collections::BTreeSet;

/// First year of the list.
const FIRST: i16 = 2020;
/// Month and day, one row for each year.
const DAYS: [&[(u8, u8)]; 9] = [
    &[(1, 1), (4, 10), (4, 13), (5, 8), (5, 25), (8, 31), (12, 25), (12, 28)],
    &[(1, 1), (4, 2), (4, 5), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)],
    &[(1, 3), (4, 15), (4, 18), (5, 2), (6, 2), (6, 3), (8, 29), (9, 19), (12, 26), (12, 27)],
    &[(1, 2), (4, 7), (4, 10), (5, 1), (5, 8), (5, 29), (8, 28), (12, 25), (12, 26)],
    &[(1, 1), (3, 29), (4, 1), (5, 6), (5, 27), (8, 26), (12, 25), (12, 26)],
    &[(1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26)],
    &[(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)],
    &[(1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)],
    &[(1, 3), (4, 14), (4, 17), (5, 1), (5, 29), (8, 28), (12, 25), (12, 26)],
];

/// Bank holidays by date. The list that is compiled in, or one of your own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    years: BTreeSet<i16>,
    days: BTreeSet<SettlementDate>,
}

impl Holidays {
    /// England and Wales, 2020 to 2028.
    ///
    /// ```
    /// use eca_core::flex::baseline::Holidays;
    /// let holidays = Holidays::england_and_wales();
    /// assert!(holidays.contains("2026-12-28".parse()?)?); // Boxing Day is a Saturday
    /// assert!(!holidays.contains("2026-02-19".parse()?)?);
    /// assert!(holidays.contains("2031-01-01".parse()?).is_err());
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    #[must_use]
    pub fn england_and_wales() -> Self {
        let mut known = Self { years: BTreeSet::new(), days: BTreeSet::new() };
        for (year, days) in (FIRST..).zip(DAYS) {
            known.years.insert(year);
            for (month, day) in days {
                known.days.extend(SettlementDate::parse(&format!("{year}-{month:02}-{day:02}")));
            }
        }
        known
    }

    /// Adds the bank holidays of further dates. A year that one of them names counts as known.
    #[must_use]
    pub fn with(mut self, dates: impl IntoIterator<Item = SettlementDate>) -> Self {
        for date in dates {
            self.years.insert(date.year());
            self.days.insert(date);
        }
        self
    }

    /// Whether a date is a bank holiday.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a year whose bank holidays are not known: a baseline on a guess would be wrong by a day.
    pub fn contains(&self, date: SettlementDate) -> Result<bool> {
        if self.years.contains(&date.year()) {
            return Ok(self.days.contains(&date));
        }
        let known: Vec<String> = self.years.iter().map(i16::to_string).collect();
        Err(Error::Unknown {
            object: "baseline".into(),
            field: "bank_holidays",
            kind: "bank holidays of the year",
            id: date.year().to_string(),
            known: known.join(", "),
        })
    }
}
