//! Shortens external text to fit into a log line.

use std::borrow::Cow;

/// Returns the first `max` characters of `text`, followed by `…` if it was longer. `CloudWatch` would
/// truncate long lines itself, and so break their JSON.
pub(crate) fn excerpt(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_short_text_and_truncates_long_text_between_characters() {
        assert_eq!(excerpt("전복", 2), "전복");
        assert_eq!(excerpt("전복🐚", 2), "전복…");
        assert_eq!(excerpt("", 0), "");
    }
}
