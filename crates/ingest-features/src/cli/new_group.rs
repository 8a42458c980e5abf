//! The arguments of `--create-feature-group`.

#![allow(rustdoc::invalid_html_tags, reason = "placeholders in the text of --help")]

use aws_common::ObjectUrl;
use aws_common::names::role_arn;
use clap::Args;
use terminal_text::Failure;

use crate::feature_group::{GroupOptions, OfflineStore, OnlineStore, Stores, TimeToLive, is_name};

/// AWS's maximum number of characters of a description.
const MAX_DESCRIPTION: usize = 128;

#[derive(Debug, Args)]
pub(super) struct NewGroupArguments {
    /// Create the feature group for the flow's output instead of writing to it. Succeeds if the
    /// group exists with the same definition. Needs a store: --online-store, --offline-store or both
    #[arg(
        long,
        requires_all = ["feature_group", "record_identifier", "event_time_feature"],
        conflicts_with_all = ["output", "print_feature_definitions", "dry_run", "target_stores"]
    )]
    create_feature_group: bool,

    /// With --create-feature-group: the feature that identifies a record
    #[arg(long, value_name = "NAME", requires = "create_feature_group")]
    record_identifier: Option<String>,

    /// With --create-feature-group: the feature that holds a record's time. Whole numbers and
    /// timestamps become Fractional
    #[arg(long, value_name = "NAME", requires = "create_feature_group")]
    event_time_feature: Option<String>,

    /// With --create-feature-group: create an online store; --ttl sets its records' time to live
    #[arg(long, requires = "create_feature_group")]
    online_store: bool,

    /// With --create-feature-group: create an offline store at s3://<bucket>/<prefix>
    #[arg(long, value_name = "URL", requires_all = ["create_feature_group", "role_arn"])]
    offline_store: Option<ObjectUrl>,

    /// With --create-feature-group: the role with which Feature Store writes to the offline store
    #[arg(long, value_name = "ARN", requires = "create_feature_group", value_parser = role)]
    role_arn: Option<String>,

    /// With --create-feature-group: the KMS key that encrypts the stores
    #[arg(long, value_name = "KEY", requires = "create_feature_group", value_parser = kms_key)]
    kms_key: Option<String>,

    /// With --create-feature-group: the group's description
    #[arg(long, value_name = "TEXT", requires = "create_feature_group", value_parser = description)]
    description: Option<String>,
}

impl NewGroupArguments {
    /// Returns the options of the group to create, if one is to be created.
    ///
    /// # Errors
    ///
    /// [`Failure`] if arguments are missing or contradict each other.
    pub(super) fn into_options(
        self,
        name: Option<&str>,
        ttl: Option<TimeToLive>,
    ) -> Result<Option<GroupOptions>, Failure> {
        // clap requires the two together with the flag.
        let (true, Some(record_identifier), Some(event_time)) =
            (self.create_feature_group, self.record_identifier, self.event_time_feature)
        else {
            return Ok(None);
        };
        let usage = |problem, hint| Err(Failure::usage(problem, hint));
        if !name.is_some_and(is_name) {
            return usage(
                "--create-feature-group needs the group's name, not an ARN",
                "name it with --feature-group",
            );
        }
        if !self.online_store && self.offline_store.is_none() {
            return usage(
                "a feature group needs a store",
                "use --online-store, --offline-store s3://<bucket>/<prefix>, or both",
            );
        }
        if ttl.is_some() && !self.online_store {
            return usage(
                "--ttl applies to an online store only",
                "add --online-store, or remove --ttl",
            );
        }
        if record_identifier == event_time {
            return usage(
                "the record identifier and the event time are the same feature",
                "name different features with --record-identifier and --event-time-feature",
            );
        }
        let kms_key = self.kms_key;
        let stores = Stores {
            online: self.online_store.then(|| OnlineStore { kms_key: kms_key.clone(), ttl }),
            offline: self
                .offline_store
                .map(|url| OfflineStore { location: url.to_string(), kms_key }),
            role: self.role_arn,
        };
        let description = self.description;
        Ok(Some(GroupOptions { record_identifier, event_time, stores, description }))
    }
}

fn role(text: &str) -> Result<String, String> {
    let legal = role_arn(text).is_some();
    legal.then(|| text.to_owned()).ok_or_else(|| {
        "use the ARN of a role, such as arn:aws:iam::123456789012:role/feature-store".to_owned()
    })
}

fn kms_key(text: &str) -> Result<String, String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
    if !text.is_empty() && text.len() <= 2048 && text.bytes().all(legal) {
        return Ok(text.to_owned());
    }
    Err("use the key's ID, ARN or alias".to_owned())
}

fn description(text: &str) -> Result<String, String> {
    if text.chars().count() <= MAX_DESCRIPTION {
        return Ok(text.to_owned());
    }
    Err(format!("use at most {MAX_DESCRIPTION} characters"))
}
