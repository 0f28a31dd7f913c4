//! The header `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).

use eca_core::Timestamp;
use std::time::Duration;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long to wait; `date` is what the server says the time is. None for what cannot be read.
pub(super) fn wait(value: &str, date: Option<&str>, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    // By the server's own clock where it says it: ours may be wrong.
    let now = date.and_then(instant).unwrap_or(now);
    let seconds = instant(value)?.seconds_since(now);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are not read.
fn instant(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_dates_and_nonsense() {
        let now = Timestamp::parse("1994-11-06T08:49:00Z").unwrap_or(Timestamp::EPOCH);
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(wait(" 120 ", None, now), Some(Duration::from_secs(120)));
        assert_eq!(wait(date, None, now), Some(Duration::from_secs(37)));
        assert_eq!(wait(date, Some("Sun, 06 Nov 1994 08:49:30 GMT"), now), Some(Duration::from_secs(7)));
        assert_eq!(wait(date, Some("Sun, 06 Nov 1994 08:50:30 GMT"), now), Some(Duration::ZERO));
        assert_eq!(wait("soon", None, now), None);
    }
}
