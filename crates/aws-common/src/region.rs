//! Partitions of regions.

/// Region prefix, partition and DNS suffix, from botocore's `partitions.json`. The first match counts.
/// Other regions belong to `aws`.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
];

/// Returns a region's partition, such as `aws` or `aws-cn`.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    entry(region).0
}

/// Returns the suffix of a region's host names, such as `amazonaws.com` or `amazonaws.com.cn`.
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
    fn returns_partition_and_dns_suffix() {
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
