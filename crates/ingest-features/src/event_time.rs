//! Parses the event time of a job's records.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use flow_engine::EventTime;
use serde_json::Value;

/// The text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a time: ISO 8601 such as 2026-11-22T10:00:00Z, or seconds or milliseconds since 1970",
    .0.escape_debug()
)]
pub struct InvalidTime(String);

/// The first second of the year 10000.
const END: i64 = 253_402_300_800;

/// Parses ISO 8601 (UTC, unless it has an offset), seconds since 1970, or milliseconds since 1970, which
/// have 13 digits. Drops fractions of a second.
///
/// AWS does not document in which form a pipeline passes `Execution.StartDateTime` to a job, so all
/// forms in which AWS writes times are accepted.
///
/// # Errors
///
/// [`InvalidTime`] if it is neither, or not in the years 1970 to 9999.
pub fn parse(text: &str) -> Result<EventTime, InvalidTime> {
    let seconds = unix_seconds(text).or_else(|| iso8601(text));
    let seconds = seconds.filter(|seconds| (0..END).contains(seconds));
    seconds.map(EventTime).ok_or_else(|| InvalidTime(text.to_owned()))
}

/// Parses a JSON value: a string as in [`parse`], or a number of seconds.
///
/// # Errors
///
/// [`InvalidTime`], as in [`parse`].
pub fn parse_json(value: &Value) -> Result<EventTime, InvalidTime> {
    match value {
        Value::String(text) => parse(text),
        other => parse(&other.to_string()),
    }
}

/// Formats the time as ISO 8601.
#[must_use]
pub fn shown(time: EventTime) -> String {
    let time = DateTime::<Utc>::from_timestamp(time.0, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Parses seconds since 1970, also with an exponent such as `1.7E9`, and milliseconds of 13 digits.
fn unix_seconds(text: &str) -> Option<i64> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.strip_prefix('+').unwrap_or(exponent)),
        None => (text, "0"),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || !digits(exponent) {
        return None;
    }
    // Without floating point, which would round: the exponent moves digits of the fraction.
    let exponent: usize = exponent.parse().ok().filter(|exponent| *exponent <= 12)?;
    let moved = fraction.chars().chain(std::iter::repeat('0')).take(exponent);
    let seconds: i64 = whole.chars().chain(moved).collect::<String>().parse().ok()?;
    let is_milliseconds = (1_000_000_000_000..10_000_000_000_000).contains(&seconds);
    Some(if is_milliseconds { seconds / 1000 } else { seconds })
}

fn iso8601(text: &str) -> Option<i64> {
    let with_offset = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let utc = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    let text =
        text.strip_suffix('Z').map_or_else(|| text.to_owned(), |text| format!("{text}+00:00"));
    let with_offset =
        with_offset.iter().find_map(|form| DateTime::parse_from_str(&text, form).ok());
    let naive = || utc.iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    with_offset
        .map(|time| time.timestamp())
        .or_else(|| naive().map(|time| time.and_utc().timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_iso_8601_and_unix_seconds() {
        for text in [
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.987654Z",
            "2023-11-14T22:13:20.987654+00:00",
            "2023-11-14T23:13:20+01:00",
            "2023-11-14T23:13:20+0100",
            "2023-11-14 22:13:20",
            "1700000000",
            "1700000000.75",
            "1700000000000",
            "1700000000987",
            "1.7E9",
            "1.700000000987e+9",
            "1.700000000987E12",
        ] {
            assert_eq!(parse(text), Ok(EventTime(1_700_000_000)), "{text}");
        }
        assert_eq!(parse_json(&1_700_000_000.into()), Ok(EventTime(1_700_000_000)));
        assert_eq!(parse_json(&1_700_000_000.5.into()), Ok(EventTime(1_700_000_000)));
        assert_eq!(shown(EventTime(1_700_000_000)), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn rejects_other_texts() {
        for text in [
            "",
            "now",
            "-1",
            "1e",
            "e9",
            "1e-9",
            "1e13",
            "1e99999999999",
            "2023-11-14",
            "2023-02-30T00:00:00Z",
            "1.",
            "Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
