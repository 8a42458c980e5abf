//! What command lines share: text that is safe to print on a terminal, and [`Failure`], an error with a
//! hint and an exit code.

mod failure;

pub use failure::Failure;

/// Escapes the text, including line breaks: control characters, line separators and characters that
/// change the text direction.
#[must_use]
pub fn line(text: &str) -> String {
    lines(text).replace('\n', "\\n")
}

/// Escapes the text, except for line breaks.
#[must_use]
pub fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let is_control = character.is_control() && character != '\n';
        let changes_direction = matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        if is_control || changes_direction {
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
    fn escapes_control_characters() {
        assert_eq!(
            line("a\u{1b}[2J\nb\tc\u{9b}\u{202e}\u{2028}\u{61c}\u{200f}é"),
            "a\\u{1b}[2J\\nb\\tc\\u{9b}\\u{202e}\\u{2028}\\u{61c}\\u{200f}é"
        );
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
    }
}
