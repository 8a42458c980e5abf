//! Each region of the image tables gives a valid definition, which names only this region.

use ingestion_pipeline::images::{DATA_WRANGLER, Images, SCIKIT_LEARN, SPARK, partition};
use ingestion_pipeline::settings::InvalidSettings;
use ingestion_pipeline::values::Region;
use ingestion_pipeline::{FlowFile, check, engine};
use serde_json::Value;

use crate::{abalone, fixture, read};

const ENGINES: [(&str, Images); 3] =
    [("data-wrangler", DATA_WRANGLER), ("native", SCIKIT_LEARN), ("spark", SPARK)];

/// A region of AWS, as botocore knows it.
struct Known {
    name: String,
    partition: String,
    dns_suffix: String,
}

fn known_regions() -> Vec<Known> {
    let text = std::fs::read_to_string(fixture("regions.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [name, partition, dns_suffix] = line.split_whitespace().collect::<Vec<_>>()[..]
            else {
                panic!("{line}");
            };
            let [name, partition, dns_suffix] = [name, partition, dns_suffix].map(str::to_owned);
            Known { name, partition, dns_suffix }
        })
        .collect()
}

/// Builds a definition whose role and key are in the region.
fn build(file: &str, engine: &str, region: &Known) -> Result<Value, String> {
    let Known { name, partition, .. } = region;
    let role = format!("arn:{partition}:iam::123456789012:role/service-role/ingestion");
    let key =
        format!("arn:{partition}:kms:{name}:123456789012:key/1234abcd-12ab-34cd-56ef-0123456789ab");
    let mut environment = vec![
        ("PIPELINE_ENGINE", engine),
        ("AWS_REGION", name),
        ("EXECUTION_ROLE", &role),
        ("INGEST_FEATURES_URL", "s3://amzn-s3-demo-artifacts/bin/ingest-features"),
        ("SPARK_ENGINE_URL", "s3://amzn-s3-demo-artifacts/bin/spark-engine.zip"),
        ("PROCESSING_FALLBACK_INSTANCE_TYPES", ""),
    ];
    if file == "full.yaml" {
        environment.push(("KMS_KEY_ID", &key));
    }
    let settings =
        read(file, &environment).map_err(|invalid: InvalidSettings| invalid.to_string())?;
    let flow = FlowFile::read(&abalone(), (&settings).into()).unwrap();
    let definition = engine::build(&settings, &flow).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(definition).unwrap())
}

/// Returns all strings of a definition.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => vec![],
    }
}

/// Returns the registries of all images in a definition.
fn registries(definition: &Value) -> Vec<&str> {
    let images = strings(definition).into_iter().filter(|text| text.contains(".dkr.ecr."));
    images.map(|image| image.split('/').next().unwrap()).collect()
}

#[test]
fn every_region_of_the_image_tables_gives_a_valid_definition() {
    let known = known_regions();
    for (engine, images) in ENGINES {
        for name in images.regions() {
            let region = known.iter().find(|region| region.name == name);
            let region = region.unwrap_or_else(|| panic!("AWS has no region {name}"));
            for file in ["minimal.yaml", "full.yaml"] {
                let definition = build(file, engine, region).unwrap();
                check(&definition).unwrap();
                assert_names_only(&definition, region);
            }
        }
    }
}

/// Every registry and every ARN is in the region's partition, and in the region.
fn assert_names_only(definition: &Value, region: &Known) {
    let Known { name, partition, dns_suffix } = region;
    let registries = registries(definition);
    assert!(!registries.is_empty(), "{name}: no image");
    for registry in registries {
        let (account, host) = registry.split_once('.').unwrap();
        assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(host, format!("dkr.ecr.{name}.{dns_suffix}"));
    }
    let arns = strings(definition).into_iter().filter(|text| text.starts_with("arn:"));
    let arns: Vec<Vec<_>> = arns.map(|arn| arn.split(':').collect()).collect();
    assert!(arns.iter().any(|arn| arn[2] == "iam"), "{name}: no role");
    for arn in arns {
        assert_eq!(arn[1], partition, "{arn:?}");
        assert!(arn[3].is_empty() || arn[3] == name, "{arn:?} in {name}");
    }
}

#[test]
fn other_regions_are_rejected_by_name() {
    for (engine, images) in ENGINES {
        let others = known_regions()
            .into_iter()
            .filter(|region| !images.regions().any(|name| name == region.name));
        for region in others {
            let error = build("minimal.yaml", engine, &region).unwrap_err();
            assert!(error.starts_with("AWS has no image "), "{}: {error}", region.name);
            assert!(error.contains(&format!(" in {};", region.name)), "{error}");
        }
    }
}

#[test]
fn knows_the_partition_of_each_region() {
    for region in known_regions() {
        assert_eq!(partition(&Region::new(&*region.name).unwrap()), region.partition);
    }
}

#[test]
fn data_wrangler_regions_have_the_image_of_our_programs() {
    for name in DATA_WRANGLER.regions() {
        assert!(SCIKIT_LEARN.regions().any(|region| region == name), "{name}");
    }
}
