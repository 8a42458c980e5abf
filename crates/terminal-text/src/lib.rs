//! Somebody else's text, fit for a terminal: what would control it is shown and not done. That is
//! control characters, line separators, and what changes the direction of writing.

/// Text on one line.
#[must_use]
pub fn line(text: &str) -> String {
    lines(text).replace('\n', "\\n")
}

/// Text of several lines.
#[must_use]
pub fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let controls = character.is_control() && character != '\n';
        let directs = matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        if controls || directs {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_shown_and_not_done() {
        assert_eq!(
            line("a\u{1b}[2J\nb\tc\u{9b}\u{202e}\u{2028}\u{61c}\u{200f}é"),
            "a\\u{1b}[2J\\nb\\tc\\u{9b}\\u{202e}\\u{2028}\\u{61c}\\u{200f}é"
        );
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
    }
}
