//! The sources of settings: file and environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_saphyr::{Spanned, UserMessageFormatter};

use super::InvalidSettings;
use super::keys::{self, Key};
use super::yaml;

/// Maximum size of `pipeline.yaml`, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// The text of a `pipeline.yaml`.
#[derive(Debug, Clone)]
pub struct File {
    /// The file's path. Paths in the file are relative to its folder.
    pub path: PathBuf,
    /// The file's content.
    pub text: String,
    /// The content of the `requirements.txt` next to it, if there is one.
    pub requirements: Option<Vec<u8>>,
}

impl File {
    /// Maximum size of `requirements.txt`, in bytes.
    pub const MAX_REQUIREMENTS: usize = 1 << 16;
}

/// The file, if there is one, and the environment.
#[derive(Debug)]
pub struct Sources {
    path: PathBuf,
    values: BTreeMap<String, Spanned<Value>>,
    variables: BTreeMap<&'static str, OsString>,
    requirements: Option<Vec<u8>>,
}

/// A value and its origin.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The origin of a value.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Environment(&'static str),
    File { path: PathBuf, line: u64, key: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(variable) => f.write_str(variable),
            Self::File { path, line, key } => write!(f, "{}:{line}: {key}", path.display()),
        }
    }
}

impl Sources {
    /// Reads the file's text, and the variables through `variable`.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] if the file is not YAML, or is too large.
    pub fn new(
        file: Option<&File>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, InvalidSettings> {
        let path = file.map(|file| file.path.clone()).unwrap_or_default();
        let values =
            file.map(parse).transpose().map_err(|problem| InvalidSettings(vec![problem]))?;
        let names = keys::ALL.iter().map(|key| key.variable).chain(["AWS_DEFAULT_REGION"]);
        let set =
            |name| variable(name).filter(|value| !value.is_empty()).map(|value| (name, value));
        let variables = names.filter_map(set).collect();
        let requirements = file.and_then(|file| file.requirements.clone());
        Ok(Self { path, values: values.unwrap_or_default(), variables, requirements })
    }

    /// Returns the content of the `requirements.txt` next to the file.
    pub(super) fn requirements(&self) -> Option<&[u8]> {
        self.requirements.as_deref()
    }

    /// Returns a problem for each unknown key of the file.
    pub(super) fn unknown_keys(&self) -> Vec<String> {
        let known = |name: &str| keys::ALL.iter().any(|key| key.name == name);
        let unknown = self.values.iter().filter(|(name, _)| !known(name));
        let mut unknown: Vec<_> = unknown
            .map(|(name, value)| {
                let line = value.referenced.line();
                let names = keys::ALL.iter().map(|key| key.name);
                let text = unknown_key(name, names);
                (line, format!("{}:{line}: {text}", self.path.display()))
            })
            .collect();
        unknown.sort();
        unknown.into_iter().map(|(_, text)| text).collect()
    }

    /// Returns a setting's value from the file, or else from the environment.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Given>, String> {
        if let Some(value) = self.in_file(key) {
            return Ok(Some(value));
        }
        self.variable(key.variable)
    }

    /// Returns the value of an environment variable, as text.
    pub(super) fn variable(&self, name: &'static str) -> Result<Option<Given>, String> {
        let Some((name, value)) = self.variables.get_key_value(name) else { return Ok(None) };
        let value = value.clone().into_string().map_err(|_| format!("{name} is not UTF-8"))?;
        Ok(Some(Given { value: Value::String(value), origin: Origin::Environment(name) }))
    }

    /// Returns a setting's value from the file.
    fn in_file(&self, key: &Key) -> Option<Given> {
        let value = self.values.get(key.name).filter(|value| !value.value.is_null())?;
        let line = value.referenced.line();
        let origin = Origin::File { path: self.path.clone(), line, key: key.name.to_owned() };
        Some(Given { value: value.value.clone(), origin })
    }

    /// Returns the folder that a path is relative to: the file's folder, or the current one for a path
    /// from the environment.
    pub(super) fn folder_of(&self, origin: &Origin) -> &Path {
        match origin {
            Origin::Environment(_) => Path::new(""),
            Origin::File { .. } => self.path.parent().unwrap_or(Path::new("")),
        }
    }
}

/// Describes an unknown key, and suggests the most similar known one.
pub(super) fn unknown_key<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = keys::nearest(name, known.clone()) {
        return format!("unknown key `{name}`; did you mean `{near}`?");
    }
    let known: Vec<_> = known.collect();
    format!("unknown key `{name}`; the keys are {}", known.join(", "))
}

fn parse(file: &File) -> Result<BTreeMap<String, Spanned<Value>>, String> {
    let path = file.path.display();
    if file.text.len() > MAX_BYTES {
        return Err(format!("{path} has {} bytes; the maximum is {MAX_BYTES}", file.text.len()));
    }
    // An empty file, or one with only comments, is null for serde.
    let values: Result<Option<_>, _> = yaml::read(&file.text);
    // The library's default messages give advice to Rust developers.
    values.map(Option::unwrap_or_default).map_err(|error| {
        format!("{path} cannot be read: {}", error.render_with_formatter(&UserMessageFormatter))
    })
}
