//! Where records are written.

use std::fmt;
use std::str::FromStr;

use crate::feature_group::TimeToLive;

/// Where records are written, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Name or ARN of the feature group.
    pub group: String,
    /// The stores to write to; all stores of the group if `None`.
    pub stores: Option<TargetStores>,
    /// How long the online store keeps the records; the group's own duration if `None`.
    pub ttl: Option<TimeToLive>,
}

/// The stores to write to: AWS's `TargetStores`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetStores {
    /// The online store.
    Online,
    /// The offline store.
    Offline,
    /// Both.
    Both,
}

/// The text does not name stores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` does not name stores; use online, offline or both", .0.escape_debug())]
pub struct InvalidTargetStores(String);

impl TargetStores {
    /// Returns whether they include the online store.
    #[must_use]
    pub fn online(self) -> bool {
        self != Self::Offline
    }

    /// Returns whether they include the offline store.
    #[must_use]
    pub fn offline(self) -> bool {
        self != Self::Online
    }
}

impl FromStr for TargetStores {
    type Err = InvalidTargetStores;

    fn from_str(text: &str) -> Result<Self, InvalidTargetStores> {
        match text {
            "online" => Ok(Self::Online),
            "offline" => Ok(Self::Offline),
            "both" | "online,offline" | "offline,online" => Ok(Self::Both),
            _ => Err(InvalidTargetStores(text.to_owned())),
        }
    }
}

impl fmt::Display for TargetStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Both => "both",
        })
    }
}
