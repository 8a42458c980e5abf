//! Formats times, durations and text for people.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};

pub(super) use terminal_text::{line, lines};

/// Formats a time in UTC, such as `2026-11-22T10:00:00Z`.
pub(super) fn time(time: Option<SystemTime>) -> Option<String> {
    let since_epoch = time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let time = DateTime::<Utc>::from_timestamp(i64::try_from(since_epoch.as_secs()).ok()?, 0)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Formats a duration in whole seconds, such as `1h 02m 03s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m {seconds:02}s"),
        _ => format!("{hours}h {minutes:02}m {seconds:02}s"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a running execution's duration depends on the clock"
)]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (61, "1m 01s"), (3_723, "1h 02m 03s")] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn times_are_utc() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(time(Some(at(1_795_341_600))).unwrap(), "2026-11-22T10:00:00Z");
        assert_eq!(time(None), None);
    }
}
