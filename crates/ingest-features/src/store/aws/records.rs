//! Records as the runtime's requests have them, and its answers.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_sagemakerfeaturestoreruntime::operation::batch_write_record::BatchWriteRecordOutput;
use aws_sdk_sagemakerfeaturestoreruntime::types::{
    BatchWriteRecordEntry, FeatureValue, TargetStore, TtlDuration,
};

use super::wrong;
use crate::feature_group::TimeToLive;
use crate::store::{BatchAnswer, Destination, Record, StoreError, TargetStores, Value};

pub(super) fn entry(to: &Destination, record: &Record) -> BatchWriteRecordEntry {
    BatchWriteRecordEntry::builder()
        .feature_group_name(&to.group)
        .set_record(Some(values(record)))
        .set_target_stores(to.stores.map(target_stores))
        .set_ttl_duration(to.ttl.map(ttl))
        .build()
}

pub(super) fn target_stores(stores: TargetStores) -> Vec<TargetStore> {
    let all = [
        (stores.online(), TargetStore::OnlineStore),
        (stores.offline(), TargetStore::OfflineStore),
    ];
    all.into_iter().filter_map(|(included, store)| included.then_some(store)).collect()
}

pub(super) fn ttl(ttl: TimeToLive) -> TtlDuration {
    TtlDuration::builder().unit(ttl.unit().name().into()).value(ttl.value()).build()
}

pub(super) fn values(record: &Record) -> Vec<FeatureValue> {
    let value = |(name, value): &Value| {
        FeatureValue::builder().feature_name(&**name).value_as_string(value).build()
    };
    let collections = record.collections.iter().map(|(name, elements)| {
        let elements = Some(elements.clone());
        FeatureValue::builder().feature_name(&**name).set_value_as_string_list(elements).build()
    });
    record.values().map(value).chain(collections).collect()
}

/// Finds the index of each failed entry in the batch, by its identifier and event time. If the response
/// has an entry that was not sent, it is unknown which records were written: returns an error.
pub(super) fn by_place(
    answer: &BatchWriteRecordOutput,
    records: &[Record],
) -> Result<BatchAnswer, StoreError> {
    let key = |record: &Record| [&record.identifier, &record.event_time].map(Value::clone);
    let mut places: HashMap<_, _> = records.iter().map(key).zip(0..).collect();
    let mut place_of = |entry: &BatchWriteRecordEntry| {
        let record = records.first()?;
        let value = |(name, _): &Value| {
            let value = entry.record().iter().find(|v| v.feature_name() == Some(&**name))?;
            Some((Arc::clone(name), value.value_as_string()?.to_owned()))
        };
        places.remove(&[value(&record.identifier)?, value(&record.event_time)?])
    };
    let mut place_of =
        |entry| place_of(entry).ok_or_else(|| wrong("the response has an entry that was not sent"));
    let mut places = BatchAnswer::default();
    for error in answer.errors() {
        let entry =
            error.entry().ok_or_else(|| wrong("the response has an error without an entry"))?;
        let code = error.error_code().unwrap_or("no error code");
        let message = error.error_message().unwrap_or("no message");
        places.refused.push((place_of(entry)?, StoreError::reported(code, message, None)));
    }
    for entry in answer.unprocessed_entries() {
        places.unprocessed.push(place_of(entry)?);
    }
    Ok(places)
}
