//! The parts of a feature group that matter for writing to it.

mod collection;
mod definitions;
mod name;
mod new_group;
mod stores;

use std::fmt;

pub use collection::{Collection, ElementType, Shape};
pub use definitions::{NoDefinitions, definitions};
pub(crate) use definitions::{feature_type, name_fault};
pub use name::{MAX_NAME, PARTITIONS, RESERVED, is_group_name, is_name, is_partition, is_reserved};
pub use new_group::{GroupOptions, NewGroup};
pub use stores::{InvalidTtl, OfflineStore, OnlineStore, Stores, TimeToLive, TtlUnit};

/// Maximum number of features of a group.
pub const MAX_FEATURES: usize = 2500;

/// A feature group, as `DescribeFeatureGroup` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureGroup {
    /// Its name or ARN, as requested.
    pub name: String,
    /// `Created`, `Creating`, `CreateFailed` and so on.
    pub status: String,
    /// Why it could not be created or deleted.
    pub failure: Option<String>,
    /// The status of its offline store: `Active`, `Blocked` or `Disabled`; `None` if it has none.
    pub offline_status: Option<String>,
    /// Why the offline store is blocked.
    pub offline_blocked: Option<String>,
    /// The feature that identifies a record.
    pub record_identifier: String,
    /// The feature that holds a record's time.
    pub event_time: String,
    /// All features, in their order.
    pub features: Vec<Feature>,
    /// Its stores.
    pub stores: Stores,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub kind: FeatureType,
}

/// The type of a feature's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureType {
    /// 64-bit integers.
    Integral,
    /// Finite numbers.
    Fractional,
    /// Text.
    String,
    /// A list, a set or a vector.
    Collection(Collection),
    /// An unknown type: its name.
    Other(String),
}

impl FeatureType {
    /// Returns the service's name for the type of the values, or of a collection's elements.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Integral => "Integral",
            Self::Fractional => "Fractional",
            Self::String => "String",
            Self::Collection(collection) => collection.elements.name(),
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for FeatureType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collection(collection) => collection.fmt(f),
            scalar => f.write_str(scalar.name()),
        }
    }
}
