//! The service's patterns for names, as functions: an engine for regular expressions would be a
//! third of the binary. Each matches the whole text.

/// `[a-zA-Z0-9](<separators>*[a-zA-Z0-9]){0,max-1}`, with at most `max` characters.
pub(crate) fn is_separated(text: &str, separators: &[u8], max: usize) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || separators.contains(byte);
    bytes.len() <= max && ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(inside)
}

/// `[A-Za-z0-9\-_]{1,64}`: names inside a definition, of parameters and steps.
pub(crate) fn is_definition_name(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(inside)
}

/// A pipeline's name: letters, digits and hyphens, 256 at most.
pub(crate) fn is_pipeline_name(text: &str) -> bool {
    is_separated(text, b"-", 256)
}

/// A feature group's name: letters, digits, hyphens and underscores, 64 at most.
pub(crate) fn is_feature_group_name(text: &str) -> bool {
    is_separated(text, b"-_", 64)
}

/// `ml.<family>.<size>`. Which of them exist changes too often to list here.
pub(crate) fn is_instance_type(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let parts: Vec<_> = text.split('.').collect();
    matches!(parts[..], ["ml", family, size] if part(family) && part(size)) && text.len() <= 64
}

/// `arn:aws…:iam::<account>:role/<path and name>`: the partition, the account.
pub(crate) fn role_arn(text: &str) -> Option<(&str, &str)> {
    let mut fields = text.splitn(6, ':');
    let (arn, partition) = (fields.next()?, fields.next()?);
    let (service, region, account) = (fields.next()?, fields.next()?, fields.next()?);
    let name = fields.next()?.strip_prefix("role/")?;
    let legal_name = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&b);
    let legal = arn == "arn"
        && is_partition(partition)
        && (service, region) == ("iam", "")
        && is_account(account)
        && !name.is_empty()
        && !name.ends_with('/')
        && name.bytes().all(legal_name)
        && text.len() <= 2048;
    legal.then_some((partition, account))
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A bucket's name by SageMaker's pattern: `[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9]`.
pub(crate) fn is_bucket(text: &str) -> bool {
    let lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.first().is_some_and(lower)
        && bytes.last().is_some_and(lower)
        && bytes.iter().all(|byte| lower(byte) || b".-".contains(byte))
}

/// A region's name, such as `eu-west-1` or `us-gov-east-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = |part: &&str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(last), true) = (parts.last(), (3..=4).contains(&parts.len())) else { return false };
    number(last) && parts[..parts.len() - 1].iter().all(word)
}

/// An ISO 8601 duration of days and time, such as `P30D` or `PT12H`, as `CacheConfig` takes it.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (days, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((days, time)) => (days, time),
        None => (rest, ""),
    };
    !rest.is_empty() && is_fields(days, "YMWD") && is_fields(time, "HMS")
}

/// Numbers, each followed by one of `units` in their order.
fn is_fields(text: &str, units: &str) -> bool {
    let (mut units, mut digits) = (units.chars(), 0);
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits += 1;
        } else if digits == 0 || !units.any(|unit| unit == character) {
            return false;
        } else {
            digits = 0;
        }
    }
    digits == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_whole() {
        for good in ["a", "s3-fs-ingest-pipeline-p-1", "A--b"] {
            assert!(is_pipeline_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a_b", "a b", "é", "a\n"] {
            assert!(!is_pipeline_name(bad), "{bad}");
        }
        assert!(is_pipeline_name(&"a".repeat(256)) && !is_pipeline_name(&"a".repeat(257)));
        assert!(is_feature_group_name("FG_abalone-1") && !is_feature_group_name("FG_"));
        assert!(is_definition_name("_a-") && !is_definition_name(&"a".repeat(65)));
    }

    #[test]
    fn roles_are_of_any_partition_and_path() {
        for good in [
            "arn:aws:iam::123456789012:role/sm-exec",
            "arn:aws-cn:iam::123456789012:role/service-role/a/b+=,.@-_",
        ] {
            assert!(role_arn(good).is_some(), "{good}");
        }
        for bad in [
            "sm-exec",
            "arn:aws:iam::12345678901:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a/",
            "arn:azure:iam::123456789012:role/x",
            "arn:aws:iam:eu-west-1:123456789012:role/x",
            "arn:aws:iam::123456789012:role/x y",
        ] {
            assert!(role_arn(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn durations_have_days_and_time() {
        for good in ["P30D", "PT12H", "P1Y2M3W4DT5H6M7S", "PT90M"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "P", "PT", "P30", "30D", "P1DT", "PD", "P1H", "P1D2Y", "P1.5D", "p1d"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn regions_and_instance_types_have_their_shape() {
        for good in ["eu-west-1", "us-gov-east-1", "us-isob-east-1", "cn-northwest-1"] {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "eu-west", "eu-west-", "EU-WEST-1", "eu-west-1a", "a-b-c-d-1"] {
            assert!(!is_region(bad), "{bad}");
        }
        for good in ["ml.m5.4xlarge", "ml.g4dn.xlarge", "ml.m6i.metal", "ml.u-6tb1.metal"] {
            assert!(is_instance_type(good), "{good}");
        }
        for bad in ["m5.large", "ml.m5", "ml..large", "ml.m5.large.x", "ML.m5.large", ""] {
            assert!(!is_instance_type(bad), "{bad}");
        }
    }
}
