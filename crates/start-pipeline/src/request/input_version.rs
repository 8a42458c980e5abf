//! The version of the uploaded object.

use std::fmt;

use super::InvalidInput;
use super::input_url::VALUE_MAX;

/// The version ID of an object, in at most 1,024 characters: the limit of a pipeline parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputVersion(String);

impl InputVersion {
    pub(super) fn new(version_id: &str) -> Result<Self, InvalidInput> {
        match version_id.chars().count() {
            0..=VALUE_MAX => Ok(Self(version_id.to_owned())),
            length => Err(InvalidInput::VersionTooLong(length)),
        }
    }

    /// Returns the version ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InputVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_version_ids_in_characters() {
        for legal in ["null", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", &"복".repeat(1024)] {
            assert_eq!(InputVersion::new(legal).unwrap().as_str(), legal);
        }
        assert_eq!(InputVersion::new(&"v".repeat(1025)), Err(InvalidInput::VersionTooLong(1025)));
    }
}
