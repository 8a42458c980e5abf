//! `output/message`: the text that `SageMaker` shows as a failed job's `ExitMessage`.

use std::io;

use super::MlDir;

/// Maximum number of characters of an `ExitMessage`.
pub const MAX_MESSAGE: usize = 1024;

/// Writes the exit message, truncated to what `SageMaker` shows.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write_message(ml: &MlDir, message: &str) -> io::Result<()> {
    let folder = ml.0.join("output");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("message"), cut(message))
}

/// Truncates the message. An ellipsis marks the truncation.
fn cut(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(MAX_MESSAGE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncates_long_messages_between_characters() {
        assert_eq!(cut(&"é".repeat(MAX_MESSAGE)).chars().count(), MAX_MESSAGE);
        let long = cut(&"é".repeat(MAX_MESSAGE + 1));
        assert_eq!(long.chars().count(), MAX_MESSAGE);
        assert!(long.ends_with("é…"));
    }
}
