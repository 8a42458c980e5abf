//! What features and feature groups may be called.

/// Names that Feature Store gives to columns of its own.
pub const RESERVED: [&str; 3] = ["is_deleted", "write_time", "api_invocation_time"];

/// The partitions of an offline store's table. A feature of such a name would be a column that the
/// table has twice.
pub const PARTITIONS: [&str; 4] = ["year", "month", "day", "hour"];

/// Most characters of a name.
pub const MAX_NAME: usize = 64;

/// `[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}`, 64 characters at most: a feature's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    bytes.len() <= MAX_NAME && ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(inside)
}

/// Whether Feature Store keeps the name for itself.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether the offline store has a partition of the name.
#[must_use]
pub fn is_partition(name: &str) -> bool {
    PARTITIONS.contains(&name.to_ascii_lowercase().as_str())
}

/// A feature group's name or ARN, 150 characters at most.
#[must_use]
pub fn is_group_name(text: &str) -> bool {
    let Some(arn) = text.strip_prefix("arn:") else { return is_name(text) };
    let fields: Vec<_> = arn.splitn(5, ':').collect();
    let [partition, "sagemaker", region, account, resource] = fields[..] else { return false };
    let word = |text: &str| {
        text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 150
        && partition.starts_with("aws")
        && word(partition)
        && word(region)
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource.strip_prefix("feature-group/").is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_whole() {
        for good in ["a", "0", "whole_weight", "sex_M", "a--__b", &"a".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "_c0", "a_", "a b", "a.b", "é", "a\n", &"a".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn groups_have_a_name_or_an_arn() {
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
    fn reserved_names_are_reserved_in_any_case() {
        assert!(is_partition("Year") && !is_partition("years"));
        assert!(is_reserved("is_deleted") && is_reserved("Write_Time") && !is_reserved("time"));
    }
}
