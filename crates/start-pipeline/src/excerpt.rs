//! Text from outside, cut to a length that a line of log can hold.

use std::borrow::Cow;

/// The first `max` characters of `text`, with `…` where it was cut. `CloudWatch` cuts longer lines
/// itself, and what is left of them is no JSON.
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
    fn short_text_is_whole_and_long_text_is_cut_between_characters() {
        assert_eq!(excerpt("전복", 2), "전복");
        assert_eq!(excerpt("전복🐚", 2), "전복…");
        assert_eq!(excerpt("", 0), "");
    }
}
