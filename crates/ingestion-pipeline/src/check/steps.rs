//! The steps of a definition.

use serde_json::Value;

use super::Problems;
use super::members::{Members, unique};
use super::parameters::Parameters;
use super::processing;
use crate::names::{is_definition_name, is_duration};

const EXCEPTION_TYPES: [&str; 5] = [
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
];

/// Checks the steps and returns their names.
pub(super) fn check<'a>(
    list: Option<&'a Value>,
    parameters: &Parameters,
    problems: &mut Problems,
) -> Vec<&'a str> {
    let Some(steps) = list.and_then(Value::as_array).filter(|steps| !steps.is_empty()) else {
        problems.add("Steps", "must be a list with at least one step");
        return Vec::new();
    };
    let name = |step: &'a Value| step.get("Name").and_then(Value::as_str);
    let names: Vec<_> = steps.iter().filter_map(name).collect();
    let places = (0..).map(|index| format!("Steps[{index}].Name"));
    let with_places: Vec<_> = places.zip(names.iter().map(ToString::to_string)).collect();
    unique(&with_places, problems);
    for (index, step) in steps.iter().enumerate() {
        let members = Members::of(step, format!("Steps[{index}]"), problems);
        check_step(&members, &names, parameters, problems);
    }
    names
}

fn check_step(
    step: &Members<'_>,
    names: &[&str],
    parameters: &Parameters,
    problems: &mut Problems,
) {
    if !step.required("Name", problems).and_then(Value::as_str).is_none_or(is_definition_name) {
        problems
            .add(step.place("Name"), "must be 1 to 64 letters, digits, hyphens and underscores");
    }
    for (place, other) in step.list("DependsOn", problems) {
        if !other.as_str().is_some_and(|other| names.contains(&other)) {
            problems.add(place, format!("there is no step {other}"));
        }
    }
    match step.required("Type", problems).and_then(Value::as_str) {
        Some("Processing") => {
            step.known(
                &[
                    "Name",
                    "Type",
                    "DependsOn",
                    "DisplayName",
                    "Description",
                    "RetryPolicies",
                    "CacheConfig",
                    "Arguments",
                ],
                problems,
            );
            if let Some(arguments) = step.required("Arguments", problems) {
                let arguments = Members::of(arguments, step.place("Arguments"), problems);
                processing::check(&arguments, parameters, problems);
            }
        }
        Some(other) => {
            problems.add(step.place("Type"), format!("`{other}` is not supported; use Processing"));
        }
        None => {}
    }
    retry_policies(step, problems);
    cache(step, problems);
}

fn retry_policies(step: &Members<'_>, problems: &mut Problems) {
    let mut types = Vec::new();
    for (place, policy) in step.list("RetryPolicies", problems) {
        let policy = Members::of(policy, place, problems);
        policy.known(
            &["ExceptionType", "IntervalSeconds", "BackoffRate", "ExpireAfterMin", "MaxAttempts"],
            problems,
        );
        // AWS's schema has one string here; the service and SDK use a list.
        let kinds = match policy.required("ExceptionType", problems) {
            Some(kind @ Value::String(_)) => vec![(policy.place("ExceptionType"), kind)],
            _ => policy.list("ExceptionType", problems),
        };
        for (place, kind) in kinds {
            if kind.as_str().is_none_or(|kind| !EXCEPTION_TYPES.contains(&kind)) {
                problems
                    .add(&place, format!("{kind} is not one of {}", EXCEPTION_TYPES.join(", ")));
            }
            types.push((place, kind.to_string()));
        }
        for (name, range) in [
            ("IntervalSeconds", 1..=43_200),
            ("MaxAttempts", 0..=20),
            ("ExpireAfterMin", 1..=14_400),
        ] {
            if policy
                .get(name)
                .is_some_and(|value| value.as_u64().is_none_or(|n| !range.contains(&n)))
            {
                problems.add(
                    policy.place(name),
                    format!("must be {} to {}", range.start(), range.end()),
                );
            }
        }
        if policy.get("BackoffRate").is_some_and(|rate| rate.as_f64().is_none_or(|rate| rate < 0.0))
        {
            problems.add(policy.place("BackoffRate"), "must be a number, 0 or more");
        }
        if policy.get("MaxAttempts").is_some() && policy.get("ExpireAfterMin").is_some() {
            problems.add(
                policy.place("ExpireAfterMin"),
                "cannot be combined with MaxAttempts; use one of them",
            );
        }
    }
    unique(&types, problems);
}

fn cache(step: &Members<'_>, problems: &mut Problems) {
    let Some(cache) = step.object("CacheConfig", problems) else { return };
    cache.known(&["Enabled", "ExpireAfter"], problems);
    if cache.get("Enabled").is_some_and(|enabled| !enabled.is_boolean()) {
        problems.add(cache.place("Enabled"), "must be true or false");
    }
    if cache.get("ExpireAfter").is_some_and(|after| !after.as_str().is_some_and(is_duration)) {
        problems.add(cache.place("ExpireAfter"), "must be an ISO 8601 duration such as P30D");
    }
}
