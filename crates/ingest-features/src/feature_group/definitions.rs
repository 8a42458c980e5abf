//! The features of a flow's output, and the input of `CreateFeatureGroup` for them.

use std::collections::BTreeSet;

use arrow_schema::{DataType, Schema};
use serde_json::{Value, json};

use super::{
    Feature, FeatureType, MAX_FEATURES, MAX_NAME, PARTITIONS, RESERVED, is_name, is_partition,
    is_reserved,
};

/// No feature group can hold these columns. Lists every fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no feature group can hold the flow's output:\n  {}", .0.join("\n  "))]
pub struct NoDefinitions(pub(super) Vec<String>);

/// Returns the part of `CreateFeatureGroup`'s input that the columns determine: `FeatureDefinitions`,
/// and the group's name if it is known.
///
/// # Errors
///
/// [`NoDefinitions`] lists all columns that cannot be features.
pub fn definitions(schema: &Schema, group: Option<&str>) -> Result<Value, NoDefinitions> {
    let features = features(schema, None).map_err(NoDefinitions)?;
    let definition = |feature: &Feature| json!({ "FeatureName": feature.name, "FeatureType": feature.kind.name() });
    let definitions: Vec<_> = features.iter().map(definition).collect();
    let mut request = json!({ "FeatureDefinitions": definitions });
    if let Some(group) = group {
        request["FeatureGroupName"] = group.into();
    }
    Ok(request)
}

/// Returns a feature for each column. If it is known which column is the event time, that column may
/// also hold whole numbers or timestamps.
///
/// # Errors
///
/// Lists all columns that cannot be features.
pub(super) fn features(
    schema: &Schema,
    event_time: Option<&str>,
) -> Result<Vec<Feature>, Vec<String>> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut features = Vec::new();
    for field in schema.fields() {
        let name = field.name();
        if let Some(fault) = name_fault(name) {
            faults.push(fault);
        }
        if is_partition(name) {
            faults.push(format!(
                "the column `{name}` has the name of a partition of the offline store's table ({}); \
                 rename it in the flow",
                PARTITIONS.join(", ")
            ));
        }
        if !seen.insert(name) {
            faults.push(format!("the column `{name}` occurs twice; rename one in the flow"));
        }
        let kind = match event_time {
            Some(time) if time == name => event_time_type(field.data_type()),
            _ => feature_type(field.data_type()),
        };
        match kind {
            Some(kind) => features.push(Feature { name: name.clone(), kind }),
            None => faults.push(format!(
                "the column `{}` is of type {}, which no feature can hold; {} in the flow",
                name.escape_debug(),
                field.data_type(),
                cast(field.data_type())
            )),
        }
    }
    if schema.fields().is_empty() || schema.fields().len() > MAX_FEATURES {
        let columns = schema.fields().len();
        faults
            .push(format!("there are {columns} columns; a group has 1 to {MAX_FEATURES} features"));
    }
    if faults.is_empty() { Ok(features) } else { Err(faults) }
}

/// Returns the cast that turns a column of an unsupported type into a feature.
fn cast(kind: &DataType) -> &'static str {
    match kind {
        DataType::Decimal128(..) => "cast it to float or string",
        DataType::Timestamp(..) => "cast it to string, or to long for seconds since 1970",
        DataType::Boolean => "cast it to long or string",
        _ => "cast it to string",
    }
}

/// Checks a feature's name. Returns what is wrong with it, and the remedy.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    if is_reserved(name) {
        let reserved = RESERVED.join(", ");
        return Some(format!(
            "the column `{name}` has a name that Feature Store reserves ({reserved}); \
             rename it in the flow"
        ));
    }
    (!is_name(name)).then(|| {
        format!(
            "the column `{}` cannot be a feature: a name has 1 to {MAX_NAME} letters, digits, \
             hyphens and underscores, and begins and ends with a letter or digit; rename it in the \
             flow",
            name.escape_debug()
        )
    })
}

/// Returns the feature type for an event time: text, or seconds since 1970.
fn event_time_type(column: &DataType) -> Option<FeatureType> {
    match feature_type(column) {
        Some(FeatureType::Integral) => Some(FeatureType::Fractional),
        None if matches!(column, DataType::Timestamp(..)) => Some(FeatureType::Fractional),
        kind => kind,
    }
}

/// Returns the feature type for a column, if its values need no cast.
pub(crate) fn feature_type(column: &DataType) -> Option<FeatureType> {
    match column {
        column if column.is_integer() => Some(FeatureType::Integral),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(FeatureType::Fractional),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(FeatureType::String),
        _ => None,
    }
}
