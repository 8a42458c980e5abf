//! Where `SageMaker`'s API is.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use s3_object::{dns_suffix, partition};

/// The endpoint that the configuration names for `SageMaker` or for all services; else the region's,
/// in the form that the configuration wants (FIPS, dual stack).
pub(super) fn endpoint(config: &SdkConfig) -> String {
    let of_service = config.service_config().and_then(|services| {
        let key = ServiceConfigKey::builder();
        let key = key.service_id("SageMaker").env("AWS_ENDPOINT_URL").profile("endpoint_url");
        services.load_config(key.build().ok()?)
    });
    let named = of_service.or_else(|| config.endpoint_url().map(str::to_owned));
    named.filter(|url| !url.is_empty()).unwrap_or_else(|| {
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let fips = config.use_fips().unwrap_or_default();
        of_region(&region, fips, config.use_dual_stack().unwrap_or_default())
    })
}

/// As the rules of AWS's SDKs have it.
fn of_region(region: &str, fips: bool, dual_stack: bool) -> String {
    let partition = partition(region);
    let name = match (fips, dual_stack, partition) {
        (false, _, _) => "api.sagemaker",
        (true, false, "aws" | "aws-us-gov") => "api-fips.sagemaker",
        (true, _, _) => "api.sagemaker-fips",
    };
    let suffix = match (dual_stack, partition) {
        (true, "aws" | "aws-us-gov") => "api.aws",
        (true, "aws-cn") => "api.amazonwebservices.com.cn",
        _ => dns_suffix(region),
    };
    format!("https://{name}.{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_belongs_to_region_and_partition() {
        for (region, fips, dual_stack, url) in [
            ("eu-west-1", false, false, "https://api.sagemaker.eu-west-1.amazonaws.com"),
            ("us-east-1", true, false, "https://api-fips.sagemaker.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "https://api.sagemaker.us-east-1.api.aws"),
            ("us-gov-east-1", true, true, "https://api.sagemaker-fips.us-gov-east-1.api.aws"),
            (
                "us-gov-west-1",
                true,
                false,
                "https://api-fips.sagemaker.us-gov-west-1.amazonaws.com",
            ),
            ("cn-north-1", true, false, "https://api.sagemaker-fips.cn-north-1.amazonaws.com.cn"),
            (
                "cn-north-1",
                false,
                true,
                "https://api.sagemaker.cn-north-1.api.amazonwebservices.com.cn",
            ),
            ("us-iso-east-1", false, false, "https://api.sagemaker.us-iso-east-1.c2s.ic.gov"),
        ] {
            assert_eq!(of_region(region, fips, dual_stack), url);
        }
    }
}
