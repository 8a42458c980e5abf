//! Feature groups as `SageMaker` describes and creates them.

use aws_sdk_sagemaker::operation::describe_feature_group::DescribeFeatureGroupOutput;
use aws_sdk_sagemaker::types::{
    CollectionType, FeatureDefinition, OfflineStoreConfig, OnlineStoreConfig,
    OnlineStoreSecurityConfig, S3StorageConfig, TtlDuration,
};

use crate::feature_group::{
    Collection, ElementType, Feature, FeatureGroup, FeatureType, OfflineStore, OnlineStore, Shape,
    Stores, TimeToLive, TtlUnit,
};

/// Converts the last page of a description. `features` are the features of all pages.
pub(super) fn group(
    name: &str,
    page: DescribeFeatureGroupOutput,
    features: Vec<Feature>,
) -> FeatureGroup {
    let stores = Stores {
        online: page
            .online_store_config
            .filter(|config| config.enable_online_store == Some(true))
            .map(|config| online(&config)),
        offline: page.offline_store_config.map(offline),
        role: page.role_arn,
    };
    let status = page.offline_store_status.filter(|_| stores.offline.is_some());
    FeatureGroup {
        name: name.to_owned(),
        status: page.feature_group_status.map_or_else(String::new, |s| s.as_str().to_owned()),
        failure: page.failure_reason,
        offline_status: status
            .as_ref()
            .and_then(|store| Some(store.status.as_ref()?.as_str().to_owned())),
        offline_blocked: status.and_then(|store| store.blocked_reason),
        record_identifier: page.record_identifier_feature_name.unwrap_or_default(),
        event_time: page.event_time_feature_name.unwrap_or_default(),
        features,
        stores,
    }
}

fn online(config: &OnlineStoreConfig) -> OnlineStore {
    let ttl = |ttl: &TtlDuration| TimeToLive::new(ttl.value?, TtlUnit::of(ttl.unit()?.as_str())?);
    let security = config.security_config();
    OnlineStore {
        kms_key: security.and_then(|security| security.kms_key_id().map(str::to_owned)),
        ttl: config.ttl_duration().and_then(ttl),
    }
}

fn offline(config: OfflineStoreConfig) -> OfflineStore {
    let storage = config.s3_storage_config;
    OfflineStore {
        location: storage.as_ref().and_then(|s3| s3.s3_uri.clone()).unwrap_or_default(),
        kms_key: storage.and_then(|s3| s3.kms_key_id),
    }
}

pub(super) fn feature(definition: &FeatureDefinition) -> Feature {
    Feature {
        name: definition.feature_name().unwrap_or_default().to_owned(),
        kind: kind(definition),
    }
}

fn kind(definition: &FeatureDefinition) -> FeatureType {
    let name = definition.feature_type().map_or("", |kind| kind.as_str());
    let elements = match name {
        "Integral" => ElementType::Integral,
        "Fractional" => ElementType::Fractional,
        "String" => ElementType::String,
        other => return FeatureType::Other(other.to_owned()),
    };
    let Some(collection) = definition.collection_type() else {
        return match elements {
            ElementType::Integral => FeatureType::Integral,
            ElementType::Fractional => FeatureType::Fractional,
            ElementType::String => FeatureType::String,
        };
    };
    let shape = match (collection, dimension(definition)) {
        (CollectionType::List, _) => Shape::List,
        (CollectionType::Set, _) => Shape::Set,
        (CollectionType::Vector, Some(dimension)) => Shape::Vector(dimension),
        (other, _) => return FeatureType::Other(format!("{other} of {name}")),
    };
    FeatureType::Collection(Collection { shape, elements })
}

fn dimension(definition: &FeatureDefinition) -> Option<u32> {
    let vector = definition.collection_config()?.as_vector_config().ok()?;
    u32::try_from(vector.dimension()?).ok()
}

/// Converts a feature of a new group, which has no collections.
pub(super) fn definition(feature: &Feature) -> FeatureDefinition {
    let definition = FeatureDefinition::builder().feature_name(&feature.name);
    definition.feature_type(feature.kind.name().into()).build()
}

pub(super) fn online_config(store: &OnlineStore) -> OnlineStoreConfig {
    let security = |key: &String| OnlineStoreSecurityConfig::builder().kms_key_id(key).build();
    let ttl = |ttl: TimeToLive| {
        TtlDuration::builder().unit(ttl.unit().name().into()).value(ttl.value()).build()
    };
    OnlineStoreConfig::builder()
        .enable_online_store(true)
        .set_security_config(store.kms_key.as_ref().map(security))
        .set_ttl_duration(store.ttl.map(ttl))
        .build()
}

pub(super) fn offline_config(store: &OfflineStore) -> OfflineStoreConfig {
    let storage = S3StorageConfig::builder()
        .s3_uri(&store.location)
        .set_kms_key_id(store.kms_key.clone())
        .build();
    OfflineStoreConfig::builder().s3_storage_config(storage).build()
}
