//! Dates and times before today's calendar and time zones.
//!
//! Spark 2, Hive and Spark 3 in `LEGACY` mode write such values in the historical calendar, which
//! is Julian before 1582-10-15. Other writers use the Gregorian calendar for all dates. The file's
//! footer decides, as in Spark's `DataSourceUtils` and `RebaseDateTime`.

use parquet::file::metadata::FileMetaData;

/// 1582-10-15, the first day of the Gregorian calendar, in days since 1970.
const GREGORIAN_FROM: i64 = -141_427;
/// 1900-01-01T00:00:00Z in microseconds since 1970. Spark considers older times ambiguous.
const CERTAIN_FROM: i64 = -2_208_988_800_000_000;
const DAY: i64 = 86_400_000_000;

/// The calendar of old values of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rebase {
    /// Gregorian.
    None,
    /// Julian, in UTC.
    Julian,
    /// Julian, in another time zone.
    JulianElsewhere,
    /// The file does not say.
    Unknown,
}

/// The calendars of a file's old values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calendar {
    /// Dates and 64-bit times.
    pub(super) dates: Rebase,
    /// 96-bit times.
    pub(super) int96: Rebase,
}

impl Calendar {
    /// Reads the calendars from a file's footer.
    pub(super) fn of(file: &FileMetaData) -> Self {
        let value = |key: &str| {
            let pairs = file.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
            let pair = pairs.iter().find(|pair| pair.key == key)?;
            Some(pair.value.as_deref().unwrap_or_default())
        };
        let utc = matches!(
            value("org.apache.spark.timeZone"),
            None | Some("UTC" | "Etc/UTC" | "GMT" | "Z" | "+00:00")
        );
        // Spark also compares versions as strings.
        let rebase = |since: &str, legacy: &str| match value("org.apache.spark.version") {
            None => Rebase::Unknown,
            Some(version) if version >= since && value(legacy).is_none() => Rebase::None,
            Some(_) if utc => Rebase::Julian,
            Some(_) => Rebase::JulianElsewhere,
        };
        Self {
            dates: rebase("3.0.0", "org.apache.spark.legacyDateTime"),
            int96: rebase("3.1.0", "org.apache.spark.legacyINT96"),
        }
    }
}

impl Rebase {
    /// Converts a date to Gregorian days since 1970. The error describes the problem.
    pub(super) fn date(self, days: i32) -> Result<i32, &'static str> {
        if i64::from(days) >= GREGORIAN_FROM {
            return Ok(days);
        }
        match self {
            Self::None => Ok(days),
            // A date has no time zone.
            Self::Julian | Self::JulianElsewhere => {
                from_julian(days.into()).try_into().map_err(|_| "a date out of range")
            }
            Self::Unknown => {
                Err("a date before 1582-10-15, but the file does not name its calendar; Spark \
                 rejects it too; write the file with Spark 3 or newer, or remove such dates")
            }
        }
    }

    /// Converts a time to Gregorian microseconds since 1970. The error describes the problem.
    pub(super) fn time(self, microseconds: i64) -> Result<i64, &'static str> {
        if microseconds >= CERTAIN_FROM {
            return Ok(microseconds);
        }
        match self {
            Self::None => Ok(microseconds),
            Self::Julian => {
                let (day, rest) = (microseconds.div_euclid(DAY), microseconds.rem_euclid(DAY));
                let day = if day < GREGORIAN_FROM { from_julian(day) } else { day };
                let time = day.checked_mul(DAY).and_then(|time| time.checked_add(rest));
                time.ok_or("a time out of range")
            }
            Self::JulianElsewhere => Err(
                "a time before 1900 in the Julian calendar and in a time zone other than UTC, which \
                 is not supported; write the file with \
                 spark.sql.parquet.datetimeRebaseModeInWrite and int96RebaseModeInWrite set to \
                 CORRECTED",
            ),
            Self::Unknown => Err(
                "a time before 1900, but the file does not name its calendar; Spark rejects it too; \
                 write the file with Spark 3.1 or newer, or remove such times",
            ),
        }
    }
}

/// Converts days in the Julian calendar to the day with the same date in the Gregorian one. A date
/// that does not exist there, such as 1000-02-29, becomes the next day.
fn from_julian(days: i64) -> i64 {
    // Years begin in March, so that the leap day is the last day of four years.
    let from_march = days + 719_470;
    let (cycle, of_cycle) = (from_march.div_euclid(1_461), from_march.rem_euclid(1_461));
    let year_of_cycle = (of_cycle / 365).min(3);
    let of_year = of_cycle - 365 * year_of_cycle;
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5;
    let year = 4 * cycle + year_of_cycle;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let first = of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5;
    era * 146_097 + first + of_month - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn julian_dates_keep_their_year_month_and_day() {
        // From Spark 3.5: the last Julian day, 1500-01-01, 1000-02-29, 0001-01-01, dates BC.
        for (julian, today) in [
            (-141_428, -141_438),
            (-171_657, -171_666),
            (-354_226, -354_231),
            (-719_164, -719_162),
            (-719_165, -719_163),
            (-800_000, -799_996),
            (-5_000_000, -4_999_910),
        ] {
            assert_eq!(Rebase::Julian.date(julian), Ok(today));
        }
        assert_eq!(Rebase::Julian.date(-141_427), Ok(-141_427));
        assert_eq!(Rebase::Julian.time(-62_135_856_000_000_007), Ok(-62_135_683_200_000_007));
        assert_eq!(Rebase::Julian.time(-2_208_988_800_000_001), Ok(-2_208_988_800_000_001));
    }

    #[test]
    fn earliest_dates_and_times_stay_in_range() {
        assert!(Rebase::Julian.date(i32::MIN).is_ok());
        assert!(Rebase::Julian.time(i64::MIN).is_ok());
        assert_eq!(Rebase::None.time(i64::MIN), Ok(i64::MIN));
    }
}
