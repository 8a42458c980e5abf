//! The execution's display name, which Studio shows in its list of executions.

use std::fmt;

use chrono::{DateTime, Datelike, Utc};

/// Longest display name, in characters (SageMaker's `PipelineExecutionName`).
const MAX: usize = 82;
/// Replaces a stem that has no legal character.
const NAMELESS: &str = "upload";

/// A `PipelineExecutionDisplayName`: 1 to 82 letters, digits and hyphens, with a letter or digit
/// at either end.
///
/// The name is the file name in the key, without its last extension, followed by the event's time
/// as `-YYYYMMDD-HHMMSS` (UTC). A hyphen replaces each run of other characters. A file name without
/// any legal character, for example one in Hangul, becomes `upload`; the
/// [`ExecutionDescription`](super::ExecutionDescription) has the key itself. The time is omitted if
/// the event has none, or one outside the years 0 to 9999.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionDisplayName(String);

impl ExecutionDisplayName {
    pub(super) fn new(key: &str, time: Option<DateTime<Utc>>) -> Self {
        let suffix = time
            .filter(|time| (0..=9999).contains(&time.year()))
            .map(|time| time.format("-%Y%m%d-%H%M%S").to_string())
            .unwrap_or_default();
        let mut name = legal_stem(key, MAX - suffix.len());
        name.push_str(&suffix);
        Self(name)
    }

    /// Returns the display name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExecutionDisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the stem of `key`, reduced to `[a-zA-Z0-9]` with single hyphens in between, in at most
/// `max` characters.
fn legal_stem(key: &str, max: usize) -> String {
    let file = key.rsplit('/').next().unwrap_or(key);
    let stem = match file.rsplit_once('.') {
        Some((stem, _extension)) if !stem.is_empty() => stem,
        _ => file,
    };
    let mut name = String::with_capacity(max);
    for word in stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let hyphen = usize::from(!name.is_empty());
        let space = max.saturating_sub(name.len() + hyphen);
        if space == 0 {
            break;
        }
        if hyphen == 1 {
            name.push('-');
        }
        name.push_str(&word[..word.len().min(space)]);
    }
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(key: &str) -> String {
        let time = "2026-11-22T01:02:03Z".parse().unwrap();
        ExecutionDisplayName::new(key, Some(time)).0
    }

    #[test]
    fn joins_stem_and_time() {
        assert_eq!(name("landing/abalone.csv"), "abalone-20261122-010203");
    }

    #[test]
    fn replaces_illegal_characters_with_single_hyphens() {
        for (key, expected) in [
            ("a b  c.csv", "a-b-c"),
            ("a+b%20c.csv", "a-b-20c"),
            ("2026.11.22.csv", "2026-11-22"),
            ("--a--.csv", "a"),
            ("été.csv", "t"),
            ("전복-1.csv", "1"),
            ("archive.tar.gz", "archive-tar"),
            ("no-extension", "no-extension"),
            (".hidden", "hidden"),
            ("dir.d/file", "file"),
        ] {
            assert_eq!(name(key), format!("{expected}-20261122-010203"), "{key}");
        }
    }

    #[test]
    fn names_stem_without_legal_characters_upload() {
        for key in ["전복.csv", "...", "..", ".", "🐚", "/", "", "\u{0}\n", "a/---", "___.csv"]
        {
            assert_eq!(name(key), "upload-20261122-010203", "{key:?}");
        }
    }

    #[test]
    fn truncates_long_stem_to_82_characters_without_trailing_hyphen() {
        assert_eq!(name(&"a".repeat(1024)).len(), 82);
        let hyphen_at_the_cut = format!("{}-b.csv", "a".repeat(65));
        assert_eq!(name(&hyphen_at_the_cut), format!("{}-20261122-010203", "a".repeat(65)));
    }

    #[test]
    fn omits_missing_or_out_of_range_time() {
        assert_eq!(ExecutionDisplayName::new("a.csv", None).as_str(), "a");
        for time in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
            assert_eq!(ExecutionDisplayName::new("a.csv", Some(time)).as_str(), "a");
        }
    }
}
