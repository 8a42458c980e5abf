//! An object of the definition, with the place that problems with it are reported at.

use serde_json::{Map, Value};

use super::Problems;

/// The members of an object; none, with a problem, if the value is no object.
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

    /// The place of a member.
    pub(super) fn place(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map?.get(name)
    }

    /// A member that must be there.
    pub(super) fn required(&self, name: &str, problems: &mut Problems) -> Option<&'a Value> {
        let value = self.get(name);
        if value.is_none() && self.map.is_some() {
            problems.add(self.place(name), "is missing");
        }
        value
    }

    /// A member that is an object, if it is there.
    pub(super) fn object(&self, name: &str, problems: &mut Problems) -> Option<Members<'a>> {
        self.get(name).map(|value| Members::of(value, self.place(name), problems))
    }

    /// The items of a member that is a list, each with its place; none if it is not there.
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
                let text = format!("is not known here; the members are {}", names.join(", "));
                problems.add(self.place(name), text);
            }
        }
    }
}

/// Reports a count outside `1..=max`.
pub(super) fn count(place: &str, count: usize, max: usize, what: &str, problems: &mut Problems) {
    if !(1..=max).contains(&count) {
        problems.add(place, format!("has {count} {what}, and 1 to {max} are possible"));
    }
}

/// Reports the places whose value another place has already.
pub(super) fn unique(values: &[(String, String)], problems: &mut Problems) {
    for (index, (place, value)) in values.iter().enumerate() {
        if let Some((first, _)) = values[..index].iter().find(|(_, other)| other == value) {
            problems.add(place, format!("`{value}` is taken by {first}"));
        }
    }
}
