//! What AWS allows as names, as functions: a regular expression engine would be a third of a binary.
//! Each function matches the whole text.

/// `[a-zA-Z0-9](<separators>*[a-zA-Z0-9]){0,max-1}`, with at most `max` characters.
#[must_use]
pub fn is_separated(text: &str, separators: &[u8], max: usize) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || separators.contains(byte);
    bytes.len() <= max && ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(inside)
}

/// A pipeline's name: at most 256 letters, digits and hyphens.
#[must_use]
pub fn is_pipeline_name(text: &str) -> bool {
    is_separated(text, b"-", 256)
}

/// A feature group's name: at most 64 letters, digits, hyphens and underscores.
#[must_use]
pub fn is_feature_group_name(text: &str) -> bool {
    is_separated(text, b"-_", 64)
}

/// `arn:aws…:iam::<account>:role/<path and name>`: returns the partition and the account.
#[must_use]
pub fn role_arn(text: &str) -> Option<(&str, &str)> {
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

/// An account's number: 12 digits.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of a partition, such as `aws` or `aws-cn`.
#[must_use]
pub fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A bucket's name by the rules for new buckets, which are also SageMaker's pattern:
/// `[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9]`.
#[must_use]
pub fn is_bucket(text: &str) -> bool {
    let lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.first().is_some_and(lower)
        && bytes.last().is_some_and(lower)
        && bytes.iter().all(|byte| lower(byte) || b".-".contains(byte))
}

/// A region's name, such as `eu-west-1` or `us-gov-east-1`.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let number = |part: &&str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(last), true) = (parts.last(), (3..=4).contains(&parts.len())) else { return false };
    number(last) && parts[..parts.len() - 1].iter().all(word)
}

/// The name of any bucket. Those created in us-east-1 before 2018 have up to 255 characters, with upper
/// case and underscores.
#[must_use]
pub fn is_any_bucket(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (3..=255).contains(&text.len()) && text.bytes().all(legal)
}

/// An access point of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessPoint<'a> {
    /// The partition, such as `aws`.
    pub partition: &'a str,
    /// The region.
    pub region: &'a str,
    /// The account.
    pub account: &'a str,
    /// The name.
    pub name: &'a str,
}

/// Reads `arn:<partition>:s3:<region>:<account>:accesspoint/<name>`. A colon may replace the slash.
/// Returns `None` for any other text, also for access points of several regions, of Outposts and of
/// Object Lambda.
#[must_use]
pub fn access_point(arn: &str) -> Option<AccessPoint<'_>> {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", partition, "s3", region, account, resource] = fields[..] else { return None };
    let name = resource.strip_prefix("accesspoint")?.strip_prefix(['/', ':'])?;
    let legal_name = name.len() >= 3
        && is_separated(name, b"-", 50)
        && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let legal = is_partition(partition) && is_region(region) && is_account(account) && legal_name;
    legal.then_some(AccessPoint { partition, region, account, name })
}

/// Returns the name in `arn:<partition>:sagemaker:<region>:<account>:<kind>/<name>`, or `None` for any
/// other text. `kind` is, for example, `pipeline`.
#[must_use]
pub fn name_in_sagemaker_arn<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", partition, "sagemaker", region, account, resource] = fields[..] else {
        return None;
    };
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let legal = is_partition(partition)
        && !region.is_empty()
        && region.bytes().all(word)
        && is_account(account);
    if legal { resource.strip_prefix(kind)?.strip_prefix('/') } else { None }
}

/// A `TtlDuration` of Feature Store as text: a 32-bit number of at least 1, and the unit's first letter.
/// Returns both.
#[must_use]
pub fn time_to_live(text: &str) -> Option<(i32, char)> {
    let unit = text.chars().last().filter(|unit| "smhdw".contains(*unit))?;
    let number = text.strip_suffix(unit)?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|number| digits && *number >= 1)?;
    Some((number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_names() {
        for good in ["a", "s3-fs-ingest-pipeline-p-1", "A--b"] {
            assert!(is_pipeline_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a_b", "a b", "é", "a\n"] {
            assert!(!is_pipeline_name(bad), "{bad}");
        }
        assert!(is_pipeline_name(&"a".repeat(256)) && !is_pipeline_name(&"a".repeat(257)));
        assert!(is_feature_group_name("FG_abalone-1") && !is_feature_group_name("FG_"));
    }

    #[test]
    fn accepts_roles_of_any_partition_and_path() {
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
    fn regions_have_their_shape() {
        for good in ["eu-west-1", "us-gov-east-1", "us-isob-east-1", "cn-northwest-1"] {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "eu-west", "eu-west-", "EU-WEST-1", "eu-west-1a", "a-b-c-d-1"] {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn old_buckets_may_have_other_names() {
        assert!(is_bucket("amzn-s3-demo-bucket") && is_any_bucket("amzn-s3-demo-bucket"));
        for old in ["My_Bucket", &"a".repeat(255)] {
            assert!(!is_bucket(old) && is_any_bucket(old), "{old}");
        }
        for bad in ["", "ab", "a/b", "a b", "버킷-이름", "bucket?", &"a".repeat(256)] {
            assert!(!is_bucket(bad) && !is_any_bucket(bad), "{bad}");
        }
    }

    #[test]
    fn access_points_belong_to_one_region() {
        for separator in ["/", ":"] {
            let arn =
                format!("arn:aws-cn:s3:cn-north-1:123456789012:accesspoint{separator}my-point");
            let found = access_point(&arn).unwrap();
            assert_eq!((found.partition, found.region), ("aws-cn", "cn-north-1"));
            assert_eq!((found.account, found.name), ("123456789012", "my-point"));
        }
        for bad in [
            "",
            "my-bucket",
            "arn:aws:s3:::my-bucket",
            "arn:aws:s3::123456789012:accesspoint/abc.mrap",
            "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/abc",
            "arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/abc",
            "arn:aws:s3:eu-west-1:1234:accesspoint/abc",
            "arn:aws:s3:eu-west-1.evil:123456789012:accesspoint/abc",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/ab",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/Abc",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/a.b",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/abc/key",
        ] {
            assert_eq!(access_point(bad), None, "{bad}");
        }
    }

    #[test]
    fn arns_name_resources_of_one_kind() {
        let arn = "arn:aws-cn:sagemaker:cn-north-1:123456789012:pipeline/a";
        assert_eq!(name_in_sagemaker_arn(arn, "pipeline"), Some("a"));
        for (text, kind) in [
            (arn, "feature-group"),
            ("a", "pipeline"),
            ("arn:azure:sagemaker:r:123456789012:pipeline/a", "pipeline"),
            ("arn:aws:iam:r:123456789012:pipeline/a", "pipeline"),
            ("arn:aws:sagemaker::123456789012:pipeline/a", "pipeline"),
            ("arn:aws:sagemaker:r:12345:pipeline/a", "pipeline"),
        ] {
            assert_eq!(name_in_sagemaker_arn(text, kind), None, "{text}");
        }
    }

    #[test]
    fn a_time_to_live_is_a_number_and_a_unit() {
        for good in ["1s", "90m", "12h", "30d", "2147483647w"] {
            assert!(time_to_live(good).is_some(), "{good}");
        }
        for bad in ["", "d", "30", "0d", "-1d", "+1d", "1.5d", "30D", "2147483648s", "P30D"] {
            assert_eq!(time_to_live(bad), None, "{bad}");
        }
    }
}
