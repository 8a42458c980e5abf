//! Names of features and feature groups.

use aws_common::names::{is_feature_group_name, name_in_sagemaker_arn};

/// Names that Feature Store uses for its own columns.
pub const RESERVED: [&str; 3] = ["is_deleted", "write_time", "api_invocation_time"];

/// The partition columns of an offline store's table. A feature with such a name would duplicate the
/// column.
pub const PARTITIONS: [&str; 4] = ["year", "month", "day", "hour"];

/// Maximum number of characters of a name.
pub const MAX_NAME: usize = 64;

/// Returns whether the text is a feature's name: `[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}`, at most 64
/// characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_feature_group_name(text)
}

/// Returns whether Feature Store reserves the name.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Returns whether the offline store has a partition column with the name.
#[must_use]
pub fn is_partition(name: &str) -> bool {
    PARTITIONS.contains(&name.to_ascii_lowercase().as_str())
}

/// Returns whether the text is a feature group's name or ARN, at most 150 characters.
#[must_use]
pub fn is_group_name(text: &str) -> bool {
    if !text.starts_with("arn:") {
        return is_name(text);
    }
    text.len() <= 150 && name_in_sagemaker_arn(text, "feature-group").is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_names() {
        for good in ["a", "0", "whole_weight", "sex_M", "a--__b", &"a".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "_c0", "a_", "a b", "a.b", "é", "a\n", &"a".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn accepts_group_names_and_arns() {
        for good in [
            "FG-abalone",
            "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/FG-abalone",
            "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:feature-group/a",
        ] {
            assert!(is_group_name(good), "{good}");
        }
        for bad in [
            "",
            "FG_",
            "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/a",
            "arn:aws:s3:eu-west-1:123456789012:feature-group/a",
            "arn:aws:sagemaker:eu-west-1:12345678901:feature-group/a",
            "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/",
        ] {
            assert!(!is_group_name(bad), "{bad}");
        }
    }

    #[test]
    fn matches_reserved_names_in_any_case() {
        assert!(is_partition("Year") && !is_partition("years"));
        assert!(is_reserved("is_deleted") && is_reserved("Write_Time") && !is_reserved("time"));
    }
}
