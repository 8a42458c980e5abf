//! What a region belongs to.

/// Partitions by what their regions' names begin with; the first that fits, `aws` if none does.
/// From botocore's `partitions.json`.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
];

/// The partition of a region, such as `aws` or `aws-cn`.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    entry(region).0
}

/// What a region's host names end with, such as `amazonaws.com` or `amazonaws.com.cn`.
#[must_use]
pub fn dns_suffix(region: &str) -> &'static str {
    entry(region).1
}

fn entry(region: &str) -> (&'static str, &'static str) {
    let of_region = PARTITIONS.iter().find(|(prefix, _, _)| region.starts_with(prefix));
    of_region.map_or(("aws", "amazonaws.com"), |(_, name, suffix)| (name, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_end_as_their_partition_wants_it() {
        for (region, partition_name, suffix) in [
            ("eu-west-1", "aws", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
        ] {
            assert_eq!(partition(region), partition_name);
            assert_eq!(dns_suffix(region), suffix);
        }
    }
}
