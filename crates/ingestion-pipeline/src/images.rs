//! AWS's container images. Each region has its own registry account.

use crate::values::{ImageUri, InvalidValue, Region};
use aws_common::names::is_account;

/// Data Wrangler's container, in the newest version that these accounts serve.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html>
pub const DATA_WRANGLER: Images = Images {
    repository: "sagemaker-data-wrangler-container",
    tag: "3.x",
    accounts: &[
        ("af-south-1", "143210264188"),
        ("ap-east-1", "707077482487"),
        ("ap-northeast-1", "649008135260"),
        ("ap-northeast-2", "131546521161"),
        ("ap-northeast-3", "913387583493"),
        ("ap-south-1", "089933028263"),
        ("ap-southeast-1", "119527597002"),
        ("ap-southeast-2", "422173101802"),
        ("ca-central-1", "557239378090"),
        ("cn-north-1", "245909111842"),
        ("cn-northwest-1", "249157047649"),
        ("eu-central-1", "024640144536"),
        ("eu-north-1", "054986407534"),
        ("eu-south-1", "488287956546"),
        ("eu-west-1", "245179582081"),
        ("eu-west-2", "894491911112"),
        ("eu-west-3", "807237891255"),
        ("il-central-1", "406833011540"),
        ("me-south-1", "376037874950"),
        ("sa-east-1", "424196993095"),
        ("us-east-1", "663277389841"),
        ("us-east-2", "415577184552"),
        ("us-west-1", "926135532090"),
        ("us-west-2", "174368400705"),
    ],
};

/// A small stock image with a shell and root certificates, all that the native engine's binary
/// needs. Most regions have this image.
pub const SCIKIT_LEARN: Images = Images {
    repository: "sagemaker-scikit-learn",
    tag: "1.2-1-cpu-py3",
    accounts: &[
        ("af-south-1", "510948584623"),
        ("ap-east-1", "651117190479"),
        ("ap-northeast-1", "354813040037"),
        ("ap-northeast-2", "366743142698"),
        ("ap-northeast-3", "867004704886"),
        ("ap-south-1", "720646828776"),
        ("ap-south-2", "628508329040"),
        ("ap-southeast-1", "121021644041"),
        ("ap-southeast-2", "783357654285"),
        ("ap-southeast-3", "951798379941"),
        ("ap-southeast-4", "106583098589"),
        ("ca-central-1", "341280168497"),
        ("ca-west-1", "190319476487"),
        ("cn-north-1", "450853457545"),
        ("cn-northwest-1", "451049120500"),
        ("eu-central-1", "492215442770"),
        ("eu-central-2", "680994064768"),
        ("eu-north-1", "662702820516"),
        ("eu-south-1", "978288397137"),
        ("eu-south-2", "104374241257"),
        ("eu-west-1", "141502667606"),
        ("eu-west-2", "764974769150"),
        ("eu-west-3", "659782779980"),
        ("il-central-1", "898809789911"),
        ("me-central-1", "272398656194"),
        ("me-south-1", "801668240914"),
        ("sa-east-1", "737474898029"),
        ("us-east-1", "683313688378"),
        ("us-east-2", "257758044811"),
        ("us-gov-east-1", "237065988967"),
        ("us-gov-west-1", "414596584902"),
        ("us-iso-east-1", "833128469047"),
        ("us-isob-east-1", "281123927165"),
        ("us-isof-east-1", "108575199400"),
        ("us-isof-south-1", "124985052026"),
        ("us-west-1", "746614075791"),
        ("us-west-2", "246618743249"),
    ],
};

/// AWS's Spark image for processing jobs: Spark 3.5, Python 3.9.
/// <https://github.com/aws/sagemaker-spark-container/blob/master/available_images.md>
pub const SPARK: Images = Images {
    repository: "sagemaker-spark-processing",
    tag: "3.5-cpu-py39-v1.0",
    accounts: &[
        ("af-south-1", "309385258863"),
        ("ap-east-1", "732049463269"),
        ("ap-east-2", "533267296287"),
        ("ap-northeast-1", "411782140378"),
        ("ap-northeast-2", "860869212795"),
        ("ap-northeast-3", "102471314380"),
        ("ap-south-1", "105495057255"),
        ("ap-south-2", "873151114052"),
        ("ap-southeast-1", "759080221371"),
        ("ap-southeast-2", "440695851116"),
        ("ap-southeast-3", "800295151634"),
        ("ap-southeast-4", "819679513684"),
        ("ap-southeast-5", "841784149062"),
        ("ap-southeast-7", "471112967968"),
        ("ca-central-1", "446299261295"),
        ("ca-west-1", "000907499111"),
        ("cn-north-1", "671472414489"),
        ("cn-northwest-1", "844356804704"),
        ("eu-central-1", "906073651304"),
        ("eu-central-2", "142351485170"),
        ("eu-north-1", "330188676905"),
        ("eu-south-1", "753923664805"),
        ("eu-south-2", "833944533722"),
        ("eu-west-1", "571004829621"),
        ("eu-west-2", "836651553127"),
        ("eu-west-3", "136845547031"),
        ("il-central-1", "408426139102"),
        ("me-central-1", "395420993607"),
        ("me-south-1", "750251592176"),
        ("mx-central-1", "211125459255"),
        ("sa-east-1", "737130764395"),
        ("us-east-1", "173754725891"),
        ("us-east-2", "314815235551"),
        ("us-gov-east-1", "260923028637"),
        ("us-gov-west-1", "271483468897"),
        ("us-west-1", "667973535471"),
        ("us-west-2", "153931337802"),
    ],
};

/// An image and its regions.
#[derive(Debug, Clone, Copy)]
pub struct Images {
    repository: &'static str,
    tag: &'static str,
    accounts: &'static [(&'static str, &'static str)],
}

/// No image is available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoImage {
    /// AWS has no such image in the region.
    #[error("AWS has no image {repository} in {region}; it is available in {}", regions.join(", "))]
    NotInRegion {
        /// The image's repository.
        repository: &'static str,
        /// The requested region.
        region: String,
        /// The regions that have the image.
        regions: Vec<&'static str>,
    },
    /// The flow's image is a custom image in another region.
    #[error("the flow was made with the image {image}, which is not available in {region}")]
    Elsewhere {
        /// The flow's image.
        image: String,
        /// The pipeline's region.
        region: String,
    },
    /// The flow's image is invalid.
    #[error("the flow's image is invalid: {0}")]
    Illegal(#[from] InvalidValue),
}

/// Returns the partition of a region, such as `aws` or `aws-cn`.
#[must_use]
pub fn partition(region: &Region) -> &'static str {
    aws_common::partition(region.as_str())
}

impl Images {
    /// Returns the regions that have the image, in alphabetical order.
    pub fn regions(&self) -> impl Iterator<Item = &'static str> {
        self.accounts.iter().map(|(region, _)| *region)
    }

    /// Returns the image in a region.
    ///
    /// # Errors
    ///
    /// [`NoImage`] lists the regions that have it.
    pub fn in_region(&self, region: &Region) -> Result<ImageUri, NoImage> {
        self.with_tag(self.tag, region)
    }

    /// Returns the image that a flow names, for a region. AWS's own image is replaced by the region's
    /// copy of the same version. A custom image must be in the region.
    ///
    /// # Errors
    ///
    /// [`NoImage`] if the region does not have it.
    pub fn as_named(&self, image: &str, region: &Region) -> Result<ImageUri, NoImage> {
        let legal = ImageUri::new(image)?;
        let Some((registry, name)) = image.split_once('/') else { return Ok(legal) };
        let host: Vec<_> = registry.splitn(5, '.').collect();
        let [account, "dkr", ecr @ ("ecr" | "ecr-fips"), home, _suffix] = host[..] else {
            return Ok(legal);
        };
        let (repository, tag) = name.split_once(':').unwrap_or((name, self.tag));
        let aws_serves_it = repository == self.repository
            && is_account(account)
            && self.accounts.contains(&(home, account));
        let is_there = home == region.as_str();
        if aws_serves_it && !(is_there && ecr == "ecr-fips") {
            self.with_tag(tag, region)
        } else if is_there {
            Ok(legal)
        } else {
            Err(NoImage::Elsewhere { image: image.to_owned(), region: region.to_string() })
        }
    }

    fn with_tag(&self, tag: &str, region: &Region) -> Result<ImageUri, NoImage> {
        let account = self.accounts.iter().find(|(name, _)| *name == region.as_str());
        let Some((_, account)) = account else {
            return Err(NoImage::NotInRegion {
                repository: self.repository,
                region: region.to_string(),
                regions: self.regions().collect(),
            });
        };
        let (repository, suffix) = (self.repository, aws_common::dns_suffix(region.as_str()));
        Ok(ImageUri::new(format!("{account}.dkr.ecr.{region}.{suffix}/{repository}:{tag}"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).unwrap()
    }

    #[test]
    fn lists_each_region_once() {
        for images in [DATA_WRANGLER, SCIKIT_LEARN, SPARK] {
            assert!(images.accounts.is_sorted_by(|a, b| a.0 < b.0));
            assert!(images.accounts.iter().all(|(_, account)| is_account(account)));
            assert!(images.regions().all(|name| images.in_region(&region(name)).is_ok()));
        }
    }

    #[test]
    fn moves_aws_image_to_the_pipelines_region() {
        let canvas =
            "663277389841.dkr.ecr.us-east-1.amazonaws.com/sagemaker-data-wrangler-container:5.2.1";
        let image = |region: &Region| DATA_WRANGLER.as_named(canvas, region);
        assert_eq!(image(&region("us-east-1")).unwrap().as_str(), canvas);
        assert_eq!(
            image(&region("cn-north-1")).unwrap().as_str(),
            "245909111842.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-data-wrangler-container:5.2.1"
        );
        assert!(matches!(image(&region("us-gov-west-1")), Err(NoImage::NotInRegion { .. })));
    }

    #[test]
    fn accepts_fips_registries() {
        let own = "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/wrangler:1";
        assert_eq!(DATA_WRANGLER.as_named(own, &region("us-east-1")).unwrap().as_str(), own);
        let elsewhere = DATA_WRANGLER.as_named(own, &region("us-east-2"));
        assert!(matches!(elsewhere, Err(NoImage::Elsewhere { .. })));
        let aws =
            "663277389841.dkr.ecr-fips.us-east-1.amazonaws.com/sagemaker-data-wrangler-container:5";
        assert_eq!(DATA_WRANGLER.as_named(aws, &region("us-east-1")).unwrap().as_str(), aws);
        let moved = DATA_WRANGLER.as_named(aws, &region("us-east-2")).unwrap();
        assert!(moved.as_str().starts_with("415577184552.dkr.ecr.us-east-2."), "{moved}");
    }

    #[test]
    fn does_not_move_custom_images() {
        let own = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/wrangler:1";
        assert_eq!(DATA_WRANGLER.as_named(own, &region("eu-west-1")).unwrap().as_str(), own);
        let error = DATA_WRANGLER.as_named(own, &region("eu-west-2")).unwrap_err();
        assert!(matches!(error, NoImage::Elsewhere { .. }), "{error}");
        let public = "public.ecr.aws/a/b:1";
        assert_eq!(DATA_WRANGLER.as_named(public, &region("eu-west-2")).unwrap().as_str(), public);
        for broken in
            [own.replace(":1", ":"), format!("https://{own}"), own.replace(":1", ":@sha256:0")]
        {
            let error = DATA_WRANGLER.as_named(&broken, &region("eu-west-1")).unwrap_err();
            assert!(error.to_string().contains("no https:// and no empty tag"), "{error}");
        }
        assert!(DATA_WRANGLER.as_named("a b", &region("eu-west-2")).is_err());
    }
}
