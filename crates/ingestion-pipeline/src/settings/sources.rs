//! Where settings come from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_saphyr::{Spanned, UserMessageFormatter};

use super::InvalidSettings;
use super::keys::{self, Key};
use super::yaml;

/// Longest `pipeline.yaml` that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// The text of a `pipeline.yaml`.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it was read; paths in it are relative to its folder.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// The file, if there is one, and the environment.
#[derive(Debug)]
pub struct Sources {
    path: PathBuf,
    values: BTreeMap<String, Spanned<Value>>,
    variables: BTreeMap<&'static str, OsString>,
}

/// A value with the place that it came from.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The place that a value came from.
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
    /// Reads the file's text and the variables, which `variable` gives by name.
    ///
    /// # Errors
    ///
    /// [`InvalidSettings`] if the file is not YAML, or if keys in it are not known; all such keys
    /// are listed.
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
        Ok(Self { path, values: values.unwrap_or_default(), variables })
    }

    /// The keys of the file that no setting has, each as a problem.
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

    /// A setting's value: the file's, else the environment's.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Given>, String> {
        if let Some(value) = self.in_file(key) {
            return Ok(Some(value));
        }
        self.variable(key.variable)
    }

    /// What an environment variable says, as text.
    pub(super) fn variable(&self, name: &'static str) -> Result<Option<Given>, String> {
        let Some((name, value)) = self.variables.get_key_value(name) else { return Ok(None) };
        let value = value.clone().into_string().map_err(|_| format!("{name} is not UTF-8"))?;
        Ok(Some(Given { value: Value::String(value), origin: Origin::Environment(name) }))
    }

    /// What the file says.
    fn in_file(&self, key: &Key) -> Option<Given> {
        let value = self.values.get(key.name).filter(|value| !value.value.is_null())?;
        let line = value.referenced.line();
        let origin = Origin::File { path: self.path.clone(), line, key: key.name.to_owned() };
        Some(Given { value: value.value.clone(), origin })
    }

    /// The folder that a path is relative to: the file's for a path in it, else the current one.
    pub(super) fn folder_of(&self, origin: &Origin) -> &Path {
        match origin {
            Origin::Environment(_) => Path::new(""),
            Origin::File { .. } => self.path.parent().unwrap_or(Path::new("")),
        }
    }
}

/// A key that is not known, with the known one that may be meant.
pub(super) fn unknown_key<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = keys::nearest(name, known.clone()) {
        return format!("`{name}` is not known; did you mean `{near}`?");
    }
    let known: Vec<_> = known.collect();
    format!("`{name}` is not known; the keys are {}", known.join(", "))
}

fn parse(file: &File) -> Result<BTreeMap<String, Spanned<Value>>, String> {
    let path = file.path.display();
    if file.text.len() > MAX_BYTES {
        return Err(format!("{path} has {} bytes, and {MAX_BYTES} are read", file.text.len()));
    }
    // A file of comments, or an empty one, has no settings; serde knows it as null.
    let values: Result<Option<_>, _> = yaml::read(&file.text);
    // The library's other words are for whoever programs with it.
    values.map(Option::unwrap_or_default).map_err(|error| {
        format!("{path} cannot be read: {}", error.render_with_formatter(&UserMessageFormatter))
    })
}
