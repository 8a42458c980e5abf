//! Checks that a flow's output fits a feature group, before anything is written.

mod fault;

use std::collections::BTreeMap;

use arrow_schema::Schema;

pub use fault::{Fault, Mismatch};

use crate::convert;
use crate::feature_group::{FeatureGroup, FeatureType};
use crate::store::Destination;

/// Minimum Jaro-Winkler similarity of two names to suggest one for the other.
const ALIKE: f64 = 0.85;

/// Which features must have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// The features that Feature Store requires: the record identifier and the event time. Records are
    /// written without the others, so you can add a feature to a group that pipelines write to.
    Keys,
    /// All features.
    All,
}

/// Checks that the group is writable, that each column of the output is one of its features, and that
/// the needed features have a column.
///
/// # Errors
///
/// [`Mismatch`] lists every fault with its remedy, including all features without a column.
pub fn check(schema: &Schema, group: &FeatureGroup, needed: Needed) -> Result<(), Mismatch> {
    let mut faults = of_group(group);
    faults.extend(of_columns(schema, group));
    faults.extend(of_features(schema, group));
    let allowed =
        |fault: &Fault| needed == Needed::Keys && matches!(fault, Fault::MissingFeature { .. });
    if faults.iter().all(allowed) { Ok(()) } else { Err(Mismatch::new(&group.name, faults)) }
}

/// Returns the features without a column in the output, in the group's order.
#[must_use]
pub fn absent(schema: &Schema, group: &FeatureGroup) -> Vec<String> {
    let features = group.features.iter().map(|feature| &feature.name);
    features.filter(|name| schema.column_with_name(name).is_none()).cloned().collect()
}

/// Checks that the group is writable, and has the stores that the records need.
///
/// # Errors
///
/// [`Mismatch`], as in [`check`].
pub fn check_group(group: &FeatureGroup, to: &Destination) -> Result<(), Mismatch> {
    let mut faults = of_group(group);
    faults.extend(of_destination(group, to));
    if faults.is_empty() { Ok(()) } else { Err(Mismatch::new(&group.name, faults)) }
}

fn of_group(group: &FeatureGroup) -> Vec<Fault> {
    let mut faults = Vec::new();
    if group.status != "Created" {
        let (status, failure) = (group.status.clone(), group.failure.clone());
        faults.push(Fault::NotCreated { status, failure });
    }
    if let Some(status) = group.offline_status.as_ref().filter(|status| *status != "Active") {
        let (status, reason) = (status.clone(), group.offline_blocked.clone());
        faults.push(Fault::OfflineStoreNotActive { status, reason });
    }
    for feature in &group.features {
        let feature_name = feature.name.clone();
        if feature_name == group.event_time && feature.kind == FeatureType::Integral {
            faults.push(Fault::IntegralEventTime { feature: feature_name });
        }
    }
    faults
}

fn of_destination(group: &FeatureGroup, to: &Destination) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(stores) = to.stores {
        if stores.online() && group.stores.online.is_none() {
            faults.push(Fault::NoStore { store: "online" });
        }
        if stores.offline() && group.stores.offline.is_none() {
            faults.push(Fault::NoStore { store: "offline" });
        }
    }
    if to.ttl.is_some() && group.stores.online.is_none() {
        faults.push(Fault::NothingExpires);
    }
    faults
}

fn of_columns(schema: &Schema, group: &FeatureGroup) -> Vec<Fault> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for field in schema.fields() {
        let name = field.name().as_str();
        let times = times.entry(name).or_default();
        *times += 1;
        if *times > 1 {
            continue;
        }
        if group.features.iter().any(|feature| feature.name == name) {
            continue;
        }
        // An invalid name needs another remedy than an unknown one.
        faults.push(match crate::feature_group::name_fault(name) {
            Some(problem) => Fault::IllegalColumn { problem },
            None => Fault::ExtraColumn {
                column: name.to_owned(),
                alike: nearest(name, group.features.iter().map(|feature| feature.name.as_str())),
            },
        });
    }
    let twice = times.into_iter().filter(|(_, times)| *times > 1);
    faults.extend(
        twice.map(|(column, times)| Fault::DuplicateColumn { column: column.to_owned(), times }),
    );
    faults
}

fn of_features(schema: &Schema, group: &FeatureGroup) -> Vec<Fault> {
    let mut faults = Vec::new();
    for feature in &group.features {
        let name = feature.name.clone();
        let Some((_, field)) = schema.column_with_name(&name) else {
            faults.push(if name == group.event_time {
                Fault::NoEventTime { feature: name, kind: feature.kind.clone() }
            } else if name == group.record_identifier {
                Fault::NoRecordIdentifier { feature: name }
            } else {
                let columns = schema.fields().iter().map(|field| field.name().as_str());
                Fault::MissingFeature { alike: nearest(&name, columns), feature: name }
            });
            continue;
        };
        if let FeatureType::Other(kind) = &feature.kind {
            faults.push(Fault::UnknownType { feature: name, kind: kind.clone() });
            continue;
        }
        // `of_group` reports an Integral event time.
        let unusable = feature.kind == FeatureType::Integral && name == group.event_time;
        if !unusable && !convert::fits(field.data_type(), feature, group) {
            faults.push(Fault::WrongType {
                column: field.data_type().to_string(),
                kind: feature.kind.clone(),
                event_time: name == group.event_time,
                feature: name,
            });
        }
    }
    for (key, what) in
        [(&group.record_identifier, "record identifier"), (&group.event_time, "event time")]
    {
        if !group.features.iter().any(|feature| feature.name == *key) {
            faults.push(Fault::NotAFeature { what, name: key.clone() });
        }
    }
    faults
}

/// Returns the known name that is most similar to `name`, if it is similar enough.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
    let name = plain(name);
    let scored = known.map(|known| (strsim::jaro_winkler(&name, &plain(known)), known));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then(|| best.1.to_owned())
}
