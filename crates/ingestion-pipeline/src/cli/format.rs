//! Times and durations as people read them.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};

/// A time in UTC, such as `2026-11-22T10:00:00Z`.
pub(super) fn time(time: Option<SystemTime>) -> Option<String> {
    let since_epoch = time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let time = DateTime::<Utc>::from_timestamp(i64::try_from(since_epoch.as_secs()).ok()?, 0)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A duration in whole seconds, such as `1h 02m 03s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m {seconds:02}s"),
        _ => format!("{hours}h {minutes:02}m {seconds:02}s"),
    }
}

/// Somebody else's text on one line, without what would control a terminal.
pub(super) fn line(text: &str) -> String {
    lines(text).replace('\n', "\\n")
}

/// Text of several lines, without anything else that would control a terminal.
pub(super) fn lines(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        let controls = character.is_control() && character != '\n';
        if controls || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[expect(clippy::disallowed_methods, reason = "how long something has been running is the clock's")]
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
    fn what_controls_a_terminal_is_shown_and_not_done() {
        assert_eq!(
            line("a\u{1b}[2J\nb\tc\u{9b}\u{202e}\u{2028}é"),
            "a\\u{1b}[2J\\nb\\tc\\u{9b}\\u{202e}\\u{2028}é"
        );
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
    }

    #[test]
    fn times_are_utc() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(time(Some(at(1_795_341_600))).unwrap(), "2026-11-22T10:00:00Z");
        assert_eq!(time(None), None);
    }
}
