//! The execution's description: the object's key in readable form.

use std::fmt;

/// Longest description, in characters (SageMaker's `PipelineExecutionDescription`).
const MAX: usize = 3072;

/// A `PipelineExecutionDescription`: the key, in at most 3,072 characters. A space replaces each
/// control character and line separator, because the service's pattern is `.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionDescription(String);

impl ExecutionDescription {
    pub(super) fn new(key: &str) -> Self {
        let readable = |c: char| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
        };
        Self(key.chars().map(readable).take(MAX).collect())
    }

    /// Returns the description.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExecutionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_script() {
        let key = "landing/전복 🐚/été+1%20.csv";
        assert_eq!(ExecutionDescription::new(key).as_str(), key);
    }

    #[test]
    fn replaces_line_separators_and_control_characters() {
        let key = "a\nb\rc\u{85}d\u{2028}e\u{2029}f\u{0}g\u{7f}h\ti";
        assert_eq!(ExecutionDescription::new(key).as_str(), "a b c d e f g h i");
    }

    #[test]
    fn truncates_to_limit_in_characters() {
        assert_eq!(ExecutionDescription::new(&"복".repeat(4000)).as_str().chars().count(), MAX);
    }
}
