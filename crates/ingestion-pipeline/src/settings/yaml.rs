//! Reads YAML so that values such as `yes` and `012` stay strings.

use serde::de::DeserializeOwned;

/// Reads YAML 1.2, where `yes`, `on` and `012` are strings.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    serde_saphyr::from_str_with_options(text, options)
}
