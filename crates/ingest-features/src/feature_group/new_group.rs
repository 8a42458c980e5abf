//! A feature group to create for a flow's output.

use std::collections::BTreeMap;

use arrow_schema::Schema;

use super::definitions::features;
use super::{Feature, FeatureGroup, NoDefinitions, OfflineStore, Stores};

/// What a new group needs in addition to the features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOptions {
    /// The feature that identifies a record.
    pub record_identifier: String,
    /// The feature that holds a record's time.
    pub event_time: String,
    /// Its stores, at least one.
    pub stores: Stores,
    /// Its description.
    pub description: Option<String>,
}

/// A feature group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Its features, in the order of the columns.
    pub features: Vec<Feature>,
    /// Everything else.
    pub options: GroupOptions,
}

impl NewGroup {
    /// Creates a group with a feature for each column of a flow's output.
    ///
    /// # Errors
    ///
    /// [`NoDefinitions`] lists everything that prevents it.
    pub fn new(schema: &Schema, name: &str, options: &GroupOptions) -> Result<Self, NoDefinitions> {
        let (features, mut faults) = match features(schema, Some(&options.event_time)) {
            Ok(features) => (features, Vec::new()),
            Err(faults) => (Vec::new(), faults),
        };
        for (column, what, option) in [
            (&options.record_identifier, "record identifier", "--record-identifier"),
            (&options.event_time, "event time", "--event-time-feature"),
        ] {
            if schema.column_with_name(column).is_none() {
                faults.push(format!(
                    "the {what} `{column}` has no column; add it in the flow, or name another \
                     column with {option}"
                ));
            }
        }
        if !faults.is_empty() {
            return Err(NoDefinitions(faults));
        }
        Ok(Self { name: name.to_owned(), features, options: options.clone() })
    }

    /// Returns how an existing group differs from this one, one line for each difference. The
    /// description and the order of the features do not count.
    #[must_use]
    pub fn differences(&self, group: &FeatureGroup) -> Vec<String> {
        let options = &self.options;
        let mut found = self.feature_differences(group);
        let mut compare = |what: &str, existing: Option<&str>, wanted: Option<&str>| {
            if existing != wanted {
                let [existing, wanted] = [existing, wanted].map(|value| value.unwrap_or("none"));
                let existing = existing.escape_debug();
                found.push(format!("{what}: the group has {existing}, and you ask for {wanted}"));
            }
        };
        let wanted = &options.record_identifier;
        compare("record identifier", Some(&group.record_identifier), Some(wanted));
        compare("event time", Some(&group.event_time), Some(&options.event_time));
        match (&group.stores.online, &options.stores.online) {
            (Some(existing), Some(wanted)) => {
                let [ttl, wanted_ttl] =
                    [existing, wanted].map(|store| store.ttl.map(|ttl| ttl.to_string()));
                compare("time to live", ttl.as_deref(), wanted_ttl.as_deref());
                let keys = [existing, wanted].map(|store| store.kms_key.as_deref());
                compare("KMS key of the online store", keys[0], keys[1]);
            }
            (existing, wanted) => {
                let [existing, wanted] =
                    [existing, wanted].map(|store| store.as_ref().map(|_| "one"));
                compare("online store", existing, wanted);
            }
        }
        let offline = [&group.stores.offline, &options.stores.offline];
        let [existing, wanted] = offline.map(|store| store.as_ref().map(OfflineStore::folder));
        compare("offline store", existing, wanted);
        if let [Some(existing), Some(wanted)] = offline {
            let keys = [existing, wanted].map(|store| store.kms_key.as_deref());
            compare("KMS key of the offline store", keys[0], keys[1]);
        }
        compare("role", group.stores.role.as_deref(), options.stores.role.as_deref());
        found
    }

    fn feature_differences(&self, group: &FeatureGroup) -> Vec<String> {
        let by_name = |features: &'_ [Feature]| -> BTreeMap<String, String> {
            features
                .iter()
                .map(|feature| (feature.name.clone(), feature.kind.to_string()))
                .collect()
        };
        let (wanted, mut existing) = (by_name(&self.features), by_name(&group.features));
        let mut found = Vec::new();
        for (name, kind) in wanted {
            match existing.remove(&name) {
                None => found.push(format!("the group has no feature `{name}` ({kind})")),
                Some(other) if other != kind => found.push(format!(
                    "the feature `{name}` is {other} in the group, and {kind} in the flow's output"
                )),
                Some(_) => {}
            }
        }
        for (name, kind) in existing {
            let name = name.escape_debug();
            found.push(format!(
                "the flow's output has no column for the group's feature `{name}` ({kind})"
            ));
        }
        found
    }
}
