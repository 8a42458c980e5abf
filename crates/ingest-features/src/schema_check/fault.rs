//! The possible mismatches of a flow's output and a feature group. Each message includes the remedy.

use std::fmt;

use crate::feature_group::FeatureType;

/// The flow's output does not fit the feature group. Lists every fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mismatch {
    group: String,
    faults: Vec<Fault>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The group has an offline store that takes no records.
    #[error(
        "its offline store is `{}`{}; fix the cause, which is mostly that the group's role may not \
         write to its bucket: records would reach the online store only",
        status.escape_debug(), because(reason.as_deref())
    )]
    OfflineStoreNotActive {
        /// The offline store's status.
        status: String,
        /// Why, if Feature Store says so.
        reason: Option<String>,
    },
    /// The group lacks a store that records are to be written to.
    #[error(
        "it has no {store} store, which the target stores include; name only stores that it has \
             with --target-stores (target_stores in pipeline.yaml), or remove the option"
    )]
    NoStore {
        /// Online or offline.
        store: &'static str,
    },
    /// Records are to expire, but only an online store lets them.
    #[error(
        "it has no online store, so its records cannot expire; remove --ttl (ttl in pipeline.yaml)"
    )]
    NothingExpires,
    /// The group does not have the status Created.
    #[error("its status is `{}`{}; {}", status.escape_debug(), because(failure.as_deref()), until_created(status))]
    NotCreated {
        /// Its status.
        status: String,
        /// The service's failure reason.
        failure: Option<String>,
    },
    /// A feature has a type that this program does not know.
    #[error(
        "the feature `{feature}` is of type {kind}, which cannot be written from a column; drop \
             the column in the flow"
    )]
    UnknownType {
        /// The feature.
        feature: String,
        /// Its type.
        kind: String,
    },
    /// The event time is Integral, which Feature Store does not accept.
    #[error("the event time `{feature}` is Integral; an event time is Fractional or String")]
    IntegralEventTime {
        /// The feature.
        feature: String,
    },
    /// The record identifier or event time is not among the group's features.
    #[error("its {what} `{}` is not one of its features; check the group with DescribeFeatureGroup", name.escape_debug())]
    NotAFeature {
        /// Record identifier or event time.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The column's name is not valid for a feature.
    #[error("{problem}")]
    IllegalColumn {
        /// The message, with the remedy.
        problem: String,
    },
    /// The group has no feature for a column.
    #[error("the column `{column}` is not a feature of the group{}; {}",
            alike.as_ref().map(|n| format!(" (it has `{n}`)")).unwrap_or_default(),
            "drop or rename it in the flow, or add the feature to the group")]
    ExtraColumn {
        /// The column.
        column: String,
        /// A feature with a similar name.
        alike: Option<String>,
    },
    /// Several columns have the same name.
    #[error("the column `{}` occurs {times} times; rename or drop it in the flow", column.escape_debug())]
    DuplicateColumn {
        /// The column.
        column: String,
        /// How often it occurs.
        times: usize,
    },
    /// A feature has no column.
    #[error("the feature `{feature}` has no column in the flow's output{}; {}",
            alike.as_ref().map(|n| format!(" (it has `{}`)", n.escape_debug())).unwrap_or_default(),
            "add or rename it in the flow")]
    MissingFeature {
        /// The feature.
        feature: String,
        /// A column with a similar name.
        alike: Option<String>,
    },
    /// The event time has no column.
    #[error(
        "the event time `{feature}` ({kind}) has no column in the flow's output; add it to the \
             flow with the custom formula `cast(unix_timestamp() as double)`"
    )]
    NoEventTime {
        /// The feature.
        feature: String,
        /// Its type.
        kind: FeatureType,
    },
    /// The record identifier has no column.
    #[error(
        "the record identifier `{feature}` has no column in the flow's output; keep or add it in \
             the flow"
    )]
    NoRecordIdentifier {
        /// The feature.
        feature: String,
    },
    /// A column's type does not fit its feature.
    #[error("the feature `{feature}` is {kind}, but its column is of type {column}; {}",
            cast(kind, *event_time))]
    WrongType {
        /// The feature.
        feature: String,
        /// Its type.
        kind: FeatureType,
        /// The column's type, in Arrow's terms.
        column: String,
        /// Whether it is the event time.
        event_time: bool,
    },
}

impl Mismatch {
    pub(super) fn new(group: &str, faults: Vec<Fault>) -> Self {
        Self { group: group.to_owned(), faults }
    }

    /// Returns all faults, at least one.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the flow's output cannot be written to the feature group {}:", self.group)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

fn because(failure: Option<&str>) -> String {
    failure.map(|failure| format!(" ({})", failure.escape_debug())).unwrap_or_default()
}

fn until_created(status: &str) -> &'static str {
    match status {
        "Creating" => "wait until it is Created",
        _ => "only a group with the status Created can be written to; create the group again",
    }
}

fn cast(kind: &FeatureType, event_time: bool) -> &'static str {
    match (kind, event_time) {
        (FeatureType::Collection(_), true) => "an event time is Fractional or String",
        (FeatureType::Collection(_), false) => {
            "only a string column with JSON arrays such as [1, 2, 3] can become a collection, and \
             no collection can be the record identifier"
        }
        (FeatureType::String, true) => {
            "use seconds since 1970, a timestamp, or text in the form yyyy-MM-dd'T'HH:mm:ssZ"
        }
        (_, true) => "use seconds since 1970, or a timestamp",
        (FeatureType::String, false) => "cast it to string in the flow",
        (FeatureType::Integral, false) => "cast it to long in the flow",
        _ => "cast it to float in the flow",
    }
}
