//! Numbers, moments and digests as people write them.

use salus_primitives::{Digest, Moment};

use crate::output::count;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `0x` and 64 hex digits.
pub fn hex_of(digest: &Digest) -> String {
    format!("{digest:#x}")
}

/// Reads a digest, or the id of a record: 64 hex digits, with or without `0x`.
pub fn parse_digest(text: &str) -> Result<Digest, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
        .map_err(|_| format!("{text:?} is not 0x and 64 hex digits"))?;
    Ok(bytes.into())
}

/// Until when something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At a moment, ms since the Unix epoch.
    Moment(Moment),
    /// So many ms from now.
    In(u64),
}

impl Until {
    /// The moment, where the chain's clock shows `now`.
    pub fn moment(self, now: Moment) -> Moment {
        match self {
            Until::Moment(moment) => moment,
            Until::In(span) => now.saturating_add(span),
        }
    }
}

/// Reads `30d`, `12h`, `15min`, `90s`, a bare number of days, `2027-01-31` (the end of that day,
/// UTC) or `2027-01-31T12:00Z`.
pub fn parse_until(text: &str) -> Result<Until, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit_text) = text.split_at(split);
    let unit_text = unit_text.trim();
    let unit = match unit_text {
        "" | "d" | "day" | "days" => Some(DAY),
        "h" | "hour" | "hours" => Some(HOUR),
        "min" | "minute" | "minutes" => Some(MINUTE),
        "s" | "second" | "seconds" => Some(SECOND),
        _ => None,
    };
    if let (Ok(number), Some(unit)) = (number.parse::<u64>(), unit) {
        return number
            .checked_mul(unit)
            .map(Until::In)
            .ok_or_else(|| format!("{text:?} is too long"));
    }
    if unit_text == "m" {
        return Err(format!(
            "{text:?} may be minutes or months: write {number}min, or days as 30d"
        ));
    }
    parse_moment(text).map(Until::Moment).ok_or_else(|| {
        format!(
            "{text:?} is neither a time such as 30d, 12h, 45min or 90s nor a date such as \
             2027-01-31 or 2027-01-31T12:00Z"
        )
    })
}

fn parse_moment(text: &str) -> Option<Moment> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time.strip_suffix('Z')?)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year: i64 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day: u32 = parts.next()?.parse().ok()?;
    if parts.next().is_some() || !(1970..=9999).contains(&year) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // Only real dates come back as they went in.
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    let begin = u64::try_from(days).ok()?.checked_mul(DAY)?;
    let Some(time) = time else {
        return begin.checked_add(DAY);
    };
    let mut parts = time.split(':').map(str::parse::<u64>);
    let hours = parts.next()?.ok().filter(|hours| *hours < 24)?;
    let minutes = parts.next()?.ok().filter(|minutes| *minutes < 60)?;
    let seconds = match parts.next() {
        Some(seconds) => seconds.ok().filter(|seconds| *seconds < 60)?,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    Some(begin + hours * HOUR + minutes * MINUTE + seconds * SECOND)
}

/// A span of ms in its largest unit: `365 days`, `1.5 hours`.
pub fn span_text(span: u64) -> String {
    let units = [
        (DAY, "day"),
        (HOUR, "hour"),
        (MINUTE, "minute"),
        (SECOND, "second"),
    ];
    match units.into_iter().find(|(unit, _)| span >= *unit) {
        Some((unit, name)) if span.is_multiple_of(unit) => count(span / unit, name),
        Some((unit, name)) => format!("{:.1} {name}s", span as f64 / unit as f64),
        None => format!("{span} ms"),
    }
}

/// A moment as `2027-01-31T12:00:00Z`.
pub fn moment_text(moment: Moment) -> String {
    let (year, month, day) = civil_from_days((moment / DAY) as i64);
    let of_day = moment % DAY;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        of_day / HOUR,
        of_day % HOUR / MINUTE,
        of_day % MINUTE / SECOND
    )
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that the
/// leap day is the last of its year.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (i64::from(month) + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_invert_each_other() {
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 3, 1), 11_017);
        for days in (0..3_000_000).step_by(997) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn moments() {
        assert_eq!(parse_until("30d"), Ok(Until::In(30 * DAY)));
        assert_eq!(parse_until("30"), Ok(Until::In(30 * DAY)));
        assert_eq!(parse_until("90 s"), Ok(Until::In(90_000)));
        assert_eq!(parse_until("1970-01-01"), Ok(Until::Moment(DAY)));
        assert_eq!(
            parse_until("2027-01-31T12:30Z"),
            Ok(Until::Moment(1_801_398_600_000))
        );
        assert_eq!(moment_text(1_801_398_600_000), "2027-01-31T12:30:00Z");
        for bad in [
            "",
            "d",
            "2027-02-30",
            "2027-13-01",
            "5 weeks",
            "1m",
            "2027-01-31T25:00Z",
            "-3d",
        ] {
            assert!(parse_until(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn units_are_explained() {
        assert!(parse_until("1m").unwrap_err().contains("1min"));
        let error = parse_until("5 weeks").unwrap_err();
        assert!(error.contains("30d, 12h, 45min or 90s"), "{error}");
    }

    #[test]
    fn spans_in_words() {
        for (span, text) in [
            (365 * DAY, "365 days"),
            (DAY, "1 day"),
            (DAY + 12 * HOUR, "1.5 days"),
            (90 * SECOND, "1.5 minutes"),
            (0, "0 ms"),
        ] {
            assert_eq!(span_text(span), text);
        }
    }

    #[test]
    fn digests() {
        let digest = Digest::repeat_byte(0xab);
        assert_eq!(parse_digest(&hex_of(&digest)), Ok(digest));
        assert_eq!(parse_digest(&"ab".repeat(32)), Ok(digest));
        assert!(parse_digest("0xab").is_err());
    }
}
