//! Parses the values of settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::sources::unknown_key;
use super::yaml;
use super::{Attempts, Engine, FlowBinding, FlowLocation, Retry, TargetStores};
use crate::values::{InvalidValue, ParameterUrl, TimeToLive};

/// The default retries: soon for calls, with longer waits for quotas.
pub(super) const RETRY: Retry = Retry {
    throttling: Attempts { attempts: 5, interval_seconds: 10, backoff_rate: 2.0 },
    service_faults: Attempts { attempts: 5, interval_seconds: 10, backoff_rate: 2.0 },
    resource_limits: Attempts { attempts: 10, interval_seconds: 60, backoff_rate: 1.5 },
};
const RETRY_KEYS: [&str; 3] = ["throttling", "service_faults", "resource_limits"];
const TTL_KEYS: [&str; 2] = ["unit", "value"];
/// AWS's units of a `TtlDuration`, each with its letter.
const TTL_UNITS: [(&str, char); 5] =
    [("Seconds", 's'), ("Minutes", 'm'), ("Hours", 'h'), ("Days", 'd'), ("Weeks", 'w')];
const ATTEMPTS_KEYS: [&str; 3] = ["attempts", "interval_seconds", "backoff_rate"];

/// Maximum number of tags: AWS's limit of 50, minus the two tags of the project.
const MAX_TAGS: usize = 48;

/// Parses a string.
pub(super) fn text<T>(
    value: &Value,
    parse: impl Fn(String) -> Result<T, InvalidValue>,
) -> Result<T, String> {
    match value {
        Value::String(text) => parse(text.clone()).map_err(|error| error.to_string()),
        Value::Number(_) | Value::Bool(_) => {
            Err(format!("{value} is not a string; write it in quotes: \"{value}\""))
        }
        _ => Err(format!("{} is not a string", kind(value))),
    }
}

/// Parses a whole number in `min..=max`. Values from the environment are strings.
pub(super) fn number(value: &Value, min: u32, max: u32) -> Result<u32, String> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("{} is not a whole number from {min} to {max}", shown(value)))
}

/// Parses `true` or `false`. Values from the environment are strings.
pub(super) fn flag(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(format!("{} is neither true nor false", shown(other))),
    }
}

pub(super) fn engine(value: &Value) -> Result<Engine, String> {
    let known = Engine::ALL.into_iter().find(|engine| value == engine.name());
    known.ok_or_else(|| {
        format!("{} is not an engine; use data-wrangler, native or spark", shown(value))
    })
}

pub(super) fn flow_binding(value: &Value) -> Result<FlowBinding, String> {
    match value.as_str() {
        Some("rewrite") => Ok(FlowBinding::Rewrite),
        Some("mount") => Ok(FlowBinding::Mount),
        Some("parameter") => Ok(FlowBinding::Parameter),
        _ => Err(format!("{} is not a binding; use rewrite, mount or parameter", shown(value))),
    }
}

/// Parses the stores to write to: `online`, `offline`, `both`, or a list of them.
pub(super) fn target_stores(value: &Value) -> Result<TargetStores, String> {
    if value == TargetStores::Both.name() {
        return Ok(TargetStores::Both);
    }
    let names = list(value, 2, Ok)?;
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match names[..] {
        ["online"] => Ok(TargetStores::Online),
        ["offline"] => Ok(TargetStores::Offline),
        ["online", "offline"] | ["offline", "online"] => Ok(TargetStores::Both),
        _ => {
            Err(format!("`{}` does not name stores; use online, offline or both", names.join(", ")))
        }
    }
}

/// Parses a time to live: text such as `30d`, or AWS's unit and value.
pub(super) fn ttl(value: &Value) -> Result<TimeToLive, String> {
    let is_map = |text: &str| text.trim_start().starts_with('{');
    if !value.is_object() && !value.as_str().is_some_and(is_map) {
        return text(value, TimeToLive::new);
    }
    let map = map(value)?;
    known(&map, &TTL_KEYS)?;
    let unit = map.get("unit").and_then(Value::as_str);
    let unit = TTL_UNITS.iter().find(|(name, _)| Some(*name) == unit);
    let (_, letter) = unit.ok_or("unit: use Seconds, Minutes, Hours, Days or Weeks")?;
    let number = map.get("value").ok_or("value is missing: the number of units")?;
    let number = self::number(number, 1, i32::MAX.unsigned_abs());
    let number = number.map_err(|problem| format!("value: {problem}"))?;
    TimeToLive::new(format!("{number}{letter}")).map_err(|error| error.to_string())
}

/// Parses the flow's location: an S3 URL, or a path relative to `folder`.
pub(super) fn flow(value: &Value, folder: &Path) -> Result<FlowLocation, String> {
    let text = text(value, Ok)?;
    if text.starts_with("s3://") {
        return object_url(value).map(FlowLocation::S3);
    }
    if text.contains("://") || text.contains('\0') {
        return Err(format!("`{text}` is neither a path nor s3://<bucket>/<key>"));
    }
    Ok(FlowLocation::Path(PathBuf::from(folder).join(text)))
}

/// Parses the S3 URL of an object.
pub(super) fn object_url(value: &Value) -> Result<ParameterUrl, String> {
    let url = text(value, ParameterUrl::new)?;
    if url.key().is_empty() || url.key().ends_with('/') {
        return Err(format!("`{url}` is not the S3 URL of an object: s3://<bucket>/<key>"));
    }
    Ok(url)
}

/// Parses an S3 URL. The predecessor's variable omits `s3://`.
pub(super) fn data_url(value: &Value) -> Result<ParameterUrl, String> {
    text(value, |text| {
        if text.contains("://") {
            ParameterUrl::new(text)
        } else {
            ParameterUrl::new(format!("s3://{text}"))
        }
    })
}

/// Parses a list of strings; in the environment, separated by commas.
pub(super) fn list<T>(
    value: &Value,
    max: usize,
    parse: impl Fn(String) -> Result<T, InvalidValue>,
) -> Result<Vec<T>, String> {
    let items: Vec<Value> = match value {
        Value::Array(items) => items.clone(),
        Value::String(text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(Value::from).collect()
        }
        _ => return Err(format!("{} is not a list", kind(value))),
    };
    if items.len() > max {
        return Err(format!("has {} items; the maximum is {max}", items.len()));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = items.iter().find(|item| !seen.insert(item.to_string())) {
        return Err(format!("{twice} is in the list twice"));
    }
    items.iter().map(|item| text(item, &parse)).collect()
}

pub(super) fn tags(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let map = map(value)?;
    if map.len() > MAX_TAGS {
        return Err(format!("has {} tags; the maximum is {MAX_TAGS}", map.len()));
    }
    let legal = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    map.into_iter()
        .map(|(name, value)| {
            let value = text(&value, Ok).map_err(|problem| format!("{name}: {problem}"))?;
            if name.is_empty() || name.chars().count() > 128 || !legal(&name) {
                return Err(format!("`{name}` is not a valid tag name: use 1 to 128 letters, digits, spaces and _.:/=+-@"));
            }
            if name.to_ascii_lowercase().starts_with("aws:") {
                return Err(format!("`{name}`: tag names that begin with aws: are reserved for AWS"));
            }
            if name == "sagemaker:project-name" || name == "sagemaker:project-id" {
                return Err(format!("`{name}` is set from project_name and project_id; remove it"));
            }
            if value.chars().count() > 256 || !legal(&value) {
                return Err(format!("{name}: `{value}` is not a valid tag value: use at most 256 letters, digits, spaces and _.:/=+-@"));
            }
            Ok((name, value))
        })
        .collect()
}

/// Parses the retries. Missing members keep their defaults.
pub(super) fn retry(value: &Value) -> Result<Retry, String> {
    let map = map(value)?;
    known(&map, &RETRY_KEYS)?;
    let of = |name: &str, default: Attempts| match map.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => attempts(value, default).map_err(|problem| format!("{name}: {problem}")),
    };
    Ok(Retry {
        throttling: of("throttling", RETRY.throttling)?,
        service_faults: of("service_faults", RETRY.service_faults)?,
        resource_limits: of("resource_limits", RETRY.resource_limits)?,
    })
}

fn attempts(value: &Value, default: Attempts) -> Result<Attempts, String> {
    let map = map(value)?;
    known(&map, &ATTEMPTS_KEYS)?;
    let whole = |name: &str, default, min, max| match map.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => number(value, min, max).map_err(|problem| format!("{name}: {problem}")),
    };
    let backoff_rate = match map.get("backoff_rate") {
        None | Some(Value::Null) => default.backoff_rate,
        Some(value) => value
            .as_f64()
            .filter(|rate| (1.0..=10.0).contains(rate))
            .ok_or_else(|| format!("backoff_rate: {value} is not a number from 1 to 10"))?,
    };
    Ok(Attempts {
        attempts: whole("attempts", default.attempts, 0, 20)?,
        interval_seconds: whole("interval_seconds", default.interval_seconds, 1, 43_200)?,
        backoff_rate,
    })
}

/// Parses a map; in the environment, as YAML or JSON.
fn map(value: &Value) -> Result<serde_json::Map<String, Value>, String> {
    match value {
        Value::Object(map) => Ok(map.clone()),
        Value::String(text) => yaml::read(text)
            .map_err(|_| format!("`{text}` is not a map; write it as {{name: value}}")),
        _ => Err(format!("{} is not a map of names and values", kind(value))),
    }
}

fn known(map: &serde_json::Map<String, Value>, names: &[&str]) -> Result<(), String> {
    let unknown = map.keys().find(|name| !names.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| Err(unknown_key(name, names.iter().copied())))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Number(number) => format!("`{number}`"),
        other => kind(other).to_owned(),
    }
}
