//! Creates a feature group, or finds that it exists with the same definition.

use std::fmt;

use terminal_text::Failure;

use super::JobContext;
use crate::feature_group::{FeatureGroup, NewGroup};
use crate::retry::{retrying, sleep};
use crate::store::{Creation, ErrorClass, Store, StoreError};

/// What was done for a group.
#[derive(Debug)]
pub(super) enum Done {
    /// This run created it.
    Created(String),
    /// It existed, with the same definition.
    Existed(String),
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created(group) => write!(f, "the feature group {group} was created"),
            Self::Existed(group) => write!(
                f,
                "the feature group {group} exists with the same definition; nothing was changed"
            ),
        }
    }
}

/// Creates the group unless it exists, and waits until it can be used.
///
/// # Errors
///
/// [`Failure`] if the group cannot be created, or exists with another definition.
pub(super) async fn create(
    store: &impl Store,
    group: &NewGroup,
    context: &JobContext,
) -> Result<Done, Failure> {
    let existing = describe(store, group, context).await?;
    let accepted = existing.is_none() && request(store, group, context).await?;
    let found = settled(store, group, context).await?;
    check(group, &found)?;
    let name = group.name.clone();
    Ok(if accepted { Done::Created(name) } else { Done::Existed(name) })
}

/// Returns the group as it is now. Returns `None` if there is none.
async fn describe(
    store: &impl Store,
    group: &NewGroup,
    context: &JobContext,
) -> Result<Option<FeatureGroup>, Failure> {
    let call = async || store.describe(&group.name).await;
    match retrying(&context.retries, &context.stop, call).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.class() == ErrorClass::NotFound => Ok(None),
        Err(error) => Err(failed("describing", group, &error)),
    }
}

/// Requests the group. Returns `false` if another request created it in the meantime.
async fn request(
    store: &impl Store,
    group: &NewGroup,
    context: &JobContext,
) -> Result<bool, Failure> {
    let call = async || store.create(group).await;
    let answer = retrying(&context.retries, &context.stop, call).await;
    let answer = answer.map_err(|error| failed("creating", group, &error))?;
    Ok(answer == Creation::Accepted)
}

/// Waits until the service has created the group, or has failed to. The service decides how long that
/// takes.
async fn settled(
    store: &impl Store,
    group: &NewGroup,
    context: &JobContext,
) -> Result<FeatureGroup, Failure> {
    loop {
        let call = async || store.describe(&group.name).await.map_err(not_found_yet);
        let found = retrying(&context.retries, &context.stop, call).await;
        let found = found.map_err(|error| failed("describing", group, &error))?;
        if found.status != "Creating" {
            return Ok(found);
        }
        if !sleep(context.poll, || context.stop.signal().is_some()).await {
            let message = format!("stopped while the feature group {} is Creating", group.name);
            let hint = "run it again to see whether the group was created";
            return Err(Failure::stopped(context.stop.signal().unwrap_or(15), message, hint));
        }
    }
}

/// Makes "not found" transient: the service may not find a new group for a moment.
fn not_found_yet(error: StoreError) -> StoreError {
    match error.class() {
        ErrorClass::NotFound => {
            StoreError::new(ErrorClass::Fault, error.code(), "the new group is not found")
        }
        _ => error,
    }
}

/// Checks that the group can be used, and is the requested one.
fn check(group: &NewGroup, found: &FeatureGroup) -> Result<(), Failure> {
    let name = &group.name;
    if found.status != "Created" {
        let reason = found.failure.as_deref().map(|reason| format!(": {}", reason.escape_debug()));
        let message = format!(
            "the feature group {name} is {}{}",
            found.status.escape_debug(),
            reason.unwrap_or_default()
        );
        let hint = match &*found.status {
            "CreateFailed" => "fix the cause, delete the group, and run it again",
            "Deleting" => "wait until it is deleted, and run it again",
            _ => "delete the group, or use another name",
        };
        return Err(Failure::new(message, hint));
    }
    let differences = group.differences(found);
    if differences.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the feature group {name} exists with another definition:\n  {}",
        differences.join("\n  ")
    );
    Err(Failure::new(message, "use another name, or change the flow or the options"))
}

fn failed(what: &str, group: &NewGroup, error: &StoreError) -> Failure {
    let hint = match error.class() {
        ErrorClass::Denied => {
            "grant the credentials sagemaker:CreateFeatureGroup and sagemaker:DescribeFeatureGroup \
             on the feature group, and iam:PassRole on the role"
        }
        _ => error.hint(),
    };
    Failure::new(format!("{what} the feature group {}: {error}", group.name), hint)
}
