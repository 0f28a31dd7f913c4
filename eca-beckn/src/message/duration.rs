//! Times to live: ISO 8601 durations such as `PT30S` or `P1DT2H`.

/// Whole seconds of a duration in days, hours, minutes and seconds, or why it is not one.
///
/// Months and years have no fixed length. Published examples have `P1M` where they mean minutes: such a message is
/// refused rather than kept alive for weeks.
pub(super) fn seconds(text: &str) -> Result<i64, String> {
    let wrong = |reason: &str| format!("`{text}` {reason}; a duration is one such as PT30S");
    let rest = text.strip_prefix('P').ok_or_else(|| wrong("does not begin with P"))?;
    let (days, clock) = rest.split_once('T').map_or((rest, None), |(days, clock)| (days, Some(clock)));
    let mut total: i64 = 0;
    let mut parts = 0;
    for (part, units) in
        [(days, &[('D', 86_400)][..]), (clock.unwrap_or_default(), &[('H', 3600), ('M', 60), ('S', 1)])]
    {
        let mut rest = part;
        let mut units = units.iter();
        while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
            let (number, after) = rest.split_at(end);
            let unit = after.chars().next().unwrap_or_default();
            let (_, factor) =
                units.find(|(name, _)| *name == unit).ok_or_else(|| wrong("has another unit than D, H, M, S"))?;
            let number: i64 = number.parse().map_err(|_| wrong("has no number before a unit"))?;
            total =
                number.checked_mul(*factor).and_then(|s| total.checked_add(s)).ok_or_else(|| wrong("is too long"))?;
            (rest, parts) = (&after[1..], parts + 1);
        }
        if !rest.is_empty() {
            return Err(wrong("has a number without unit"));
        }
    }
    if parts == 0 { Err(wrong("is empty")) } else { Ok(total) }
}

/// A length in seconds as a duration in the largest whole unit: `PT30M`, `PT1H`, `PT90S`.
pub(super) fn text(seconds: i64) -> String {
    match seconds {
        s if s > 0 && s % 3600 == 0 => format!("PT{}H", s / 3600),
        s if s > 0 && s % 60 == 0 => format!("PT{}M", s / 60),
        s => format!("PT{}S", s.max(0)),
    }
}
