//! The stores of a feature group, and how long they keep a record.

use std::fmt;
use std::str::FromStr;

use aws_common::names::time_to_live;

/// The stores of a feature group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stores {
    /// The online store: the latest record of each identifier.
    pub online: Option<OnlineStore>,
    /// The offline store: all records, in S3.
    pub offline: Option<OfflineStore>,
    /// The role with which Feature Store writes to the offline store.
    pub role: Option<String>,
}

/// An online store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnlineStore {
    /// The KMS key that encrypts it.
    pub kms_key: Option<String>,
    /// How long it keeps a record that names no duration of its own.
    pub ttl: Option<TimeToLive>,
}

/// An offline store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfflineStore {
    /// Its location in S3, as requested when it was created.
    pub location: String,
    /// The KMS key that encrypts it.
    pub kms_key: Option<String>,
}

impl OfflineStore {
    /// Returns the location without a slash at the end, to compare it with another.
    pub(super) fn folder(&self) -> &str {
        self.location.trim_end_matches('/')
    }
}

/// How long the online store keeps a record after the record's event time: AWS's `TtlDuration`.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-time-to-live.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeToLive {
    value: i32,
    unit: TtlUnit,
}

/// The unit of a [`TimeToLive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TtlUnit {
    /// Seconds, `s`.
    Seconds,
    /// Minutes, `m`.
    Minutes,
    /// Hours, `h`.
    Hours,
    /// Days, `d`.
    Days,
    /// Weeks, `w`.
    Weeks,
}

/// The text is not a time to live.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a time to live: use a whole number from 1 to {} and s, m, h, d or w, such as 30d",
    .0.escape_debug(), i32::MAX
)]
pub struct InvalidTtl(String);

const UNITS: [(char, TtlUnit); 5] = [
    ('s', TtlUnit::Seconds),
    ('m', TtlUnit::Minutes),
    ('h', TtlUnit::Hours),
    ('d', TtlUnit::Days),
    ('w', TtlUnit::Weeks),
];

impl TtlUnit {
    /// Returns the service's name for the unit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "Seconds",
            Self::Minutes => "Minutes",
            Self::Hours => "Hours",
            Self::Days => "Days",
            Self::Weeks => "Weeks",
        }
    }

    /// Returns the unit with the service's name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        UNITS.into_iter().map(|(_, unit)| unit).find(|unit| unit.name() == name)
    }
}

impl TimeToLive {
    /// Creates a duration. Returns `None` if the number is less than 1.
    #[must_use]
    pub fn new(value: i32, unit: TtlUnit) -> Option<Self> {
        (value >= 1).then_some(Self { value, unit })
    }

    /// Returns the number of units, at least 1.
    #[must_use]
    pub fn value(self) -> i32 {
        self.value
    }

    /// Returns the unit.
    #[must_use]
    pub fn unit(self) -> TtlUnit {
        self.unit
    }
}

impl FromStr for TimeToLive {
    type Err = InvalidTtl;

    fn from_str(text: &str) -> Result<Self, InvalidTtl> {
        let parsed = time_to_live(text).and_then(|(value, letter)| {
            let unit = UNITS.into_iter().find(|(of_unit, _)| *of_unit == letter);
            unit.map(|(_, unit)| Self { value, unit })
        });
        parsed.ok_or_else(|| InvalidTtl(text.to_owned()))
    }
}

impl fmt::Display for TimeToLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = UNITS.into_iter().find(|(_, unit)| *unit == self.unit);
        write!(f, "{}{}", self.value, letter.map_or('s', |(letter, _)| letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_number_and_a_unit() {
        for (text, value, unit) in [
            ("1s", 1, TtlUnit::Seconds),
            ("90m", 90, TtlUnit::Minutes),
            ("12h", 12, TtlUnit::Hours),
            ("30d", 30, TtlUnit::Days),
            ("2147483647w", i32::MAX, TtlUnit::Weeks),
        ] {
            let ttl: TimeToLive = text.parse().unwrap();
            assert_eq!((ttl.value(), ttl.unit(), &*ttl.to_string()), (value, unit, text));
            assert_eq!(TtlUnit::of(unit.name()), Some(unit));
        }
        for bad in ["", "d", "30", "0d", "-1d", "+1d", "1.5d", "30D", "30 d", "2147483648s", "1y"] {
            assert!(bad.parse::<TimeToLive>().is_err(), "{bad}");
        }
        assert_eq!(TtlUnit::of("Months"), None);
    }
}
