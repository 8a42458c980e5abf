//! The endpoints of S3, as the SDK's rules determine them. `endpoints.py` evaluates those rules for the
//! tests.

use crate::names::{AccessPoint, access_point, is_bucket};
use crate::{dns_suffix, partition};

/// The endpoints of one region.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) region: String,
    /// Replaces AWS's endpoint.
    pub(crate) url: Option<String>,
    pub(crate) use_fips: bool,
    pub(crate) use_dual_stack: bool,
}

/// Where to send the requests for a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The URL that an object's key follows, with a slash at the end.
    pub(crate) url: String,
    /// The region for which requests are signed.
    pub(crate) region: String,
}

impl Endpoint {
    /// Returns where to send the requests for a bucket or an access point, or why there is no such
    /// endpoint.
    pub(crate) fn of(&self, bucket: &str) -> Result<Target, String> {
        if self.use_fips && partition(&self.region) == "aws-cn" {
            return Err(format!(
                "S3 has no FIPS endpoint in {}; unset AWS_USE_FIPS_ENDPOINT",
                self.region
            ));
        }
        match (&self.url, access_point(bucket)) {
            (Some(url), _) if self.use_fips || self.use_dual_stack => Err(format!(
                "the endpoint {url} cannot be used with AWS_USE_FIPS_ENDPOINT or \
                 AWS_USE_DUALSTACK_ENDPOINT; unset one of them"
            )),
            (Some(url), Some(_)) => Err(format!(
                "the access point {bucket} cannot be used with the endpoint {url}; unset \
                 AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3, or use the access point's alias as the bucket"
            )),
            (Some(url), None) => {
                let url = format!("{}/{bucket}/", url.trim_end_matches('/'));
                Ok(Target { url, region: self.region.clone() })
            }
            (None, Some(point)) => self.of_access_point(point),
            (None, None) => {
                let url = self.of_bucket(bucket);
                Ok(Target { url, region: self.region.clone() })
            }
        }
    }

    /// Returns the URL in virtual-hosted style if possible. Other buckets use path style: S3's
    /// certificate does not match host names with more dots, and old names are not host names.
    fn of_bucket(&self, bucket: &str) -> String {
        let host = self.host("s3", &self.region);
        if is_bucket(bucket) && !bucket.contains('.') {
            format!("https://{bucket}.{host}/")
        } else {
            format!("https://{host}/{bucket}/")
        }
    }

    fn of_access_point(&self, point: AccessPoint<'_>) -> Result<Target, String> {
        let AccessPoint { partition: of_point, region, account, name } = point;
        let ours = partition(&self.region);
        if of_point != ours || partition(region) != ours {
            return Err(format!("the access point {name} is not in the partition {ours}"));
        }
        let host = self.host("s3-accesspoint", region);
        Ok(Target { url: format!("https://{name}-{account}.{host}/"), region: region.to_owned() })
    }

    fn host(&self, service: &str, region: &str) -> String {
        let fips = if self.use_fips { "-fips" } else { "" };
        let dual_stack = if self.use_dual_stack { ".dualstack" } else { "" };
        format!("{service}{fips}{dual_stack}.{region}.{}", dns_suffix(region))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(region: &str, url: Option<&str>, use_fips: bool, use_dual_stack: bool) -> Endpoint {
        let (region, url) = (region.to_owned(), url.map(str::to_owned));
        Endpoint { region, url, use_fips, use_dual_stack }
    }

    #[test]
    fn equals_the_sdks_endpoints() {
        let lines = include_str!("endpoints.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let fields: Vec<_> = line.split(' ').collect();
            let [bucket, region, fips, dual_stack, url, ref signed_for @ ..] = fields[..] else {
                panic!("{line}");
            };
            let found = endpoint(region, None, fips == "True", dual_stack == "True").of(bucket);
            let expected = signed_for
                .first()
                .map(|region| Target { url: url.to_owned(), region: (*region).to_owned() });
            assert_eq!(found.ok(), expected, "{line}");
        }
    }

    #[test]
    fn another_endpoint_uses_path_style() {
        let found = endpoint("eu-west-1", Some("http://127.0.0.1:4566/"), false, false);
        let url = "http://127.0.0.1:4566/bucket-a/".to_owned();
        assert_eq!(found.of("bucket-a"), Ok(Target { url, region: "eu-west-1".to_owned() }));
    }

    #[test]
    fn refuses_combinations_without_an_endpoint_and_names_the_remedy() {
        let url = Some("http://127.0.0.1:4566");
        let point = "arn:aws:s3:us-west-2:123456789012:accesspoint/my-point";
        for (endpoint, bucket, remedy) in [
            (endpoint("cn-north-1", None, true, false), "bucket-a", "unset AWS_USE_FIPS_ENDPOINT"),
            (endpoint("us-east-1", url, true, false), "bucket-a", "unset one of them"),
            (endpoint("us-east-1", url, false, true), "bucket-a", "unset one of them"),
            (endpoint("us-east-1", url, false, false), point, "unset AWS_ENDPOINT_URL"),
            (endpoint("cn-north-1", None, false, false), point, "not in the partition aws-cn"),
        ] {
            let refused = endpoint.of(bucket).unwrap_err();
            assert!(refused.contains(remedy), "{refused}");
        }
    }
}
