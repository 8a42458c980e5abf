//! An object of the definition, with its place for problem reports.

use serde_json::{Map, Value};

use super::Problems;

/// The members of an object. A value that is not an object is a problem and has no members.
pub(super) struct Members<'a> {
    place: String,
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Members<'a> {
    pub(super) fn of(value: &'a Value, place: impl Into<String>, problems: &mut Problems) -> Self {
        let (place, map) = (place.into(), value.as_object());
        if map.is_none() {
            problems.add(&place, "must be an object");
        }
        Self { place, map }
    }

    /// Returns the place of a member.
    pub(super) fn place(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map?.get(name)
    }

    /// Returns a required member.
    pub(super) fn required(&self, name: &str, problems: &mut Problems) -> Option<&'a Value> {
        let value = self.get(name);
        if value.is_none() && self.map.is_some() {
            problems.add(self.place(name), "is missing");
        }
        value
    }

    /// Returns an optional member that must be an object.
    pub(super) fn object(&self, name: &str, problems: &mut Problems) -> Option<Members<'a>> {
        self.get(name).map(|value| Members::of(value, self.place(name), problems))
    }

    /// Returns the items of an optional list, each with its place.
    pub(super) fn list(&self, name: &str, problems: &mut Problems) -> Vec<(String, &'a Value)> {
        let place = self.place(name);
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(i, item)| (format!("{place}[{i}]"), item)).collect()
            }
            Some(_) => {
                problems.add(place, "must be a list");
                Vec::new()
            }
        }
    }

    /// Reports every member that is not among `names`.
    pub(super) fn known(&self, names: &[&str], problems: &mut Problems) {
        for name in self.map.into_iter().flat_map(Map::keys) {
            if !names.contains(&name.as_str()) {
                let text = format!("unknown member; the known members are {}", names.join(", "));
                problems.add(self.place(name), text);
            }
        }
    }
}

/// Reports a count outside `1..=max`.
pub(super) fn count(place: &str, count: usize, max: usize, what: &str, problems: &mut Problems) {
    if !(1..=max).contains(&count) {
        problems.add(place, format!("has {count} {what}; the limits are 1 to {max}"));
    }
}

/// Reports places that repeat the value of an earlier place.
pub(super) fn unique(values: &[(String, String)], problems: &mut Problems) {
    for (index, (place, value)) in values.iter().enumerate() {
        if let Some((first, _)) = values[..index].iter().find(|(_, other)| other == value) {
            problems.add(place, format!("`{value}` is already used by {first}"));
        }
    }
}
