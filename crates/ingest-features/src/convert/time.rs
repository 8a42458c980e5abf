//! Event times, in the two forms that Feature Store accepts.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

use super::number::{self, Number};
use super::text::text;

/// The end of the year 9999, in seconds since 1970. Later times need more than four digits in ISO 8601,
/// and are probably milliseconds.
const END: f64 = 253_402_300_800.0;
const OUT_OF_RANGE: &str =
    "the event time is outside the years 1970 to 9999; use seconds, not milliseconds";

/// Formats a Fractional event time: seconds since 1970.
pub(super) fn seconds(array: &dyn Array, row: usize) -> Result<String, &'static str> {
    if let Some(micros) = micros(array, row) {
        let micros = micros?;
        let (whole, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let digits = format!("{fraction:06}");
        let digits = digits.trim_end_matches('0');
        return Ok(format!("{whole}.{}", if digits.is_empty() { "0" } else { digits }));
    }
    let double = double(array, row)?;
    Ok(if double.fract() == 0.0 { format!("{double:.1}") } else { format!("{double:?}") })
}

/// Formats a String event time: `yyyy-MM-dd'T'HH:mm:ssZ`, or with milliseconds.
pub(super) fn iso8601(array: &dyn Array, row: usize) -> Result<String, &'static str> {
    if let Ok(text) = text(array, row) {
        return if is_iso8601(text) { Ok(text.to_owned()) } else { Err(NOT_ISO8601) };
    }
    let micros = match micros(array, row) {
        Some(micros) => micros?,
        #[expect(clippy::cast_possible_truncation, reason = "in range")]
        None => (double(array, row)? * 1e6).round() as i64,
    };
    let time = DateTime::<Utc>::from_timestamp_micros(micros).ok_or(OUT_OF_RANGE)?;
    // Feature Store accepts no more precision than milliseconds.
    let form = if micros % 1_000_000 < 1000 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    Ok(time.to_rfc3339_opts(form, true))
}

const NOT_ISO8601: &str = "the event time must have the form yyyy-MM-dd'T'HH:mm:ssZ or \
                           yyyy-MM-dd'T'HH:mm:ss.SSSZ, in UTC";

/// Returns whether Feature Store accepts the text as an event time.
fn is_iso8601(text: &str) -> bool {
    let form = match text.len() {
        20 => "%Y-%m-%dT%H:%M:%SZ",
        24 if text.as_bytes().get(19) == Some(&b'.') => "%Y-%m-%dT%H:%M:%S%.3fZ",
        _ => return false,
    };
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"-T:.Z".contains(&b));
    plain && NaiveDateTime::parse_from_str(text, form).is_ok()
}

/// Returns microseconds since 1970 if the column holds timestamps.
fn micros(array: &dyn Array, row: usize) -> Option<Result<i64, &'static str>> {
    let DataType::Timestamp(unit, _) = array.data_type() else { return None };
    let micros = match unit {
        TimeUnit::Second => {
            array.as_primitive::<TimestampSecondType>().value(row).checked_mul(1_000_000)
        }
        TimeUnit::Millisecond => {
            array.as_primitive::<TimestampMillisecondType>().value(row).checked_mul(1000)
        }
        TimeUnit::Microsecond => Some(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        TimeUnit::Nanosecond => {
            Some(array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1000))
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "an integer of 38 bits")]
    let legal = 0..(END as i64) * 1_000_000;
    Some(micros.filter(|micros| legal.contains(micros)).ok_or(OUT_OF_RANGE))
}

fn double(array: &dyn Array, row: usize) -> Result<f64, &'static str> {
    let double =
        match number::number(array, row).ok_or("the value is neither a number nor a timestamp")? {
            #[expect(clippy::cast_precision_loss, reason = "exact in the valid range")]
            Number::Whole(whole) => whole as f64,
            Number::Single(single) => f64::from(single),
            Number::Double(double) => double,
        };
    if (0.0..END).contains(&double) { Ok(double) } else { Err(OUT_OF_RANGE) }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formats_seconds_as_decimal_numbers() {
        let doubles = Float64Array::from(vec![1_700_000_000.0, 1_700_000_000.25, 0.0]);
        let texts: Vec<_> = (0..3).map(|row| seconds(&doubles, row).unwrap()).collect();
        assert_eq!(texts, ["1700000000.0", "1700000000.25", "0.0"]);
        assert_eq!(seconds(&Int64Array::from(vec![7]), 0).unwrap(), "7.0");
        let micros = TimestampMicrosecondArray::from(vec![1_700_000_000_250_000, 1_000_000]);
        assert_eq!(seconds(&micros, 0).unwrap(), "1700000000.25");
        assert_eq!(seconds(&micros, 1).unwrap(), "1.0");
    }

    #[test]
    fn rejects_milliseconds_since_1970() {
        let doubles =
            Float64Array::from(vec![1_700_000_000_000.0, -1.0, f64::NAN, f64::INFINITY, END]);
        for row in 0..5 {
            assert_eq!(seconds(&doubles, row), Err(OUT_OF_RANGE));
            assert_eq!(iso8601(&doubles, row), Err(OUT_OF_RANGE));
        }
    }

    #[test]
    fn formats_iso_8601() {
        let doubles = Float64Array::from(vec![1_700_000_000.0, 1_700_000_000.25]);
        assert_eq!(iso8601(&doubles, 0).unwrap(), "2023-11-14T22:13:20Z");
        assert_eq!(iso8601(&doubles, 1).unwrap(), "2023-11-14T22:13:20.250Z");
    }

    #[test]
    fn accepts_only_text_in_iso_8601() {
        for good in ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.250Z"] {
            assert_eq!(iso8601(&StringArray::from(vec![good]), 0).unwrap(), good);
        }
        for bad in [
            "",
            "2023-11-14",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20+01:00",
            "2023-11-14T22:13:20.25Z",
            "2023-13-14T22:13:20Z",
            "2023-11-14T25:13:20Z",
            "2023-11-14T22:13:20.25é",
            "1700000000",
        ] {
            assert_eq!(iso8601(&StringArray::from(vec![bad]), 0), Err(NOT_ISO8601), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn formats_every_timestamp_as_a_valid_time(micros in 0i64..253_402_300_800_000_000) {
            let times = TimestampMicrosecondArray::from(vec![micros]);
            prop_assert!(is_iso8601(&iso8601(&times, 0).unwrap()));
            let text = seconds(&times, 0).unwrap();
            let (whole, fraction) = text.split_once('.').unwrap();
            let micro: i64 = format!("{fraction:0<6}").parse().unwrap();
            prop_assert_eq!(whole.parse::<i64>().unwrap() * 1_000_000 + micro, micros);
        }
    }
}
