//! Reads the parameters of a node.

use serde_json::{Map, Value};

use data_wrangler_flow::Node;

/// An object of a node's parameters. Reading collects what is wrong, so that all of it can be told.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    /// Such as `parameters.drop_column_parameters`.
    place: String,
    members: Map<String, Value>,
}

/// What is wrong with one parameter.
pub(super) type Problem = String;

impl Block {
    /// A node's `parameters`; without any, an empty object.
    pub(super) fn of(node: &Node) -> Result<Self, Problem> {
        Self::member_of(node, "parameters")
    }

    fn member_of(node: &Node, name: &str) -> Result<Self, Problem> {
        let value = node.members().get(name).map(data_wrangler_flow::Json::read).transpose();
        match value.map_err(|error| format!("{name} cannot be read: {error}"))? {
            None | Some(Value::Null) => Ok(Self { place: name.to_owned(), members: Map::new() }),
            Some(Value::Object(members)) => Ok(Self { place: name.to_owned(), members }),
            Some(other) => Err(format!("{name} is {}, and must be an object", kind(&other))),
        }
    }

    /// The object `name` in this one; empty if it is missing.
    pub(super) fn block(&self, name: &str) -> Result<Self, Problem> {
        let place = self.name(name);
        match self.get(name) {
            None => Ok(Self { place, members: Map::new() }),
            Some(Value::Object(members)) => Ok(Self { place, members: members.clone() }),
            Some(other) => Err(format!("{place} is {}, and must be an object", kind(other))),
        }
    }

    /// A member that is there and not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, other, "a string")),
        }
    }

    /// A string that must be there and not empty.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Problem> {
        match self.text(name)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(format!("{} is missing", self.name(name))),
        }
    }

    /// A string that counts as missing if it is empty.
    pub(super) fn optional(&self, name: &str) -> Result<Option<String>, Problem> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Problem> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(name, other, "true or false")),
        }
    }

    /// A number, which may be written as a string.
    pub(super) fn number(&self, name: &str, default: f64) -> Result<f64, Problem> {
        let number = match self.get(name) {
            None => return Ok(default),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        let finite = number.filter(|number| number.is_finite());
        finite.ok_or_else(|| format!("{} is not a finite number", self.name(name)))
    }

    /// Names of columns: one string, or a list of at least one.
    pub(super) fn columns(&self, name: &str) -> Result<Vec<String>, Problem> {
        let columns = self.columns_if_any(name)?;
        if columns.is_empty() {
            return Err(format!("{} is missing", self.name(name)));
        }
        Ok(columns)
    }

    /// Names of columns: one string, a list, or none.
    pub(super) fn columns_if_any(&self, name: &str) -> Result<Vec<String>, Problem> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let columns: Option<Vec<String>> = match value {
            Value::String(column) if column.is_empty() => Some(Vec::new()),
            Value::String(column) => Some(vec![column.clone()]),
            Value::Array(columns) => {
                let texts = columns.iter().map(|column| column.as_str().map(str::to_owned));
                texts.collect()
            }
            _ => None,
        };
        columns.filter(|columns| columns.iter().all(|column| !column.is_empty())).ok_or_else(|| {
            format!("{} must be the name of a column or a list of names", self.name(name))
        })
    }

    /// A list of objects; empty if it is missing.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Self>, Problem> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let Value::Array(list) = value else { return Err(self.wrong(name, value, "an array")) };
        let items = list.iter().enumerate().map(|(index, item)| {
            let place = format!("{}[{index}]", self.name(name));
            match item {
                Value::Object(members) => Ok(Self { place, members: members.clone() }),
                other => Err(format!("{place} is {}, and must be an object", kind(other))),
            }
        });
        items.collect()
    }

    /// Refuses the option that the member `name` chooses.
    pub(super) fn unknown(&self, name: &str, value: &str) -> Problem {
        format!("{} `{value}` is not supported", self.name(name))
    }

    fn wrong(&self, name: &str, value: &Value, expected: &str) -> Problem {
        format!("{} is {}, and must be {expected}", self.name(name), kind(value))
    }
}

/// What an earlier run learned, for one operator of a node, such as `one_hot_encode_parameters`.
#[derive(Debug, Clone, Default)]
pub(super) struct Trained {
    by_operator: Map<String, Value>,
}

impl Trained {
    /// A node's `trained_parameters`; none of them if they are to be learned again.
    pub(super) fn of(node: &Node, refit: bool) -> Result<Self, Problem> {
        if refit {
            return Ok(Self::default());
        }
        Ok(Self { by_operator: Block::member_of(node, "trained_parameters")?.members })
    }

    /// Those of the named operator.
    pub(super) fn operator(&self, name: &str) -> Self {
        let by_operator = match self.by_operator.get(name) {
            Some(Value::Object(members)) => members.clone(),
            Some(list @ Value::Array(_)) => Map::from_iter([(LIST.to_owned(), list.clone())]),
            _ => Map::new(),
        };
        Self { by_operator }
    }

    /// Those of one of an operator's columns: a list has one object for each column; an object
    /// counts only where there is one column.
    pub(super) fn column(&self, column: &str, columns: usize) -> Option<Map<String, Value>> {
        if let Some(Value::Array(list)) = self.by_operator.get(LIST) {
            let trained = list.iter().filter_map(Value::as_object);
            let mut of = trained.filter(|t| t.get("input_column") == Some(&Value::from(column)));
            return of.next().cloned();
        }
        (columns == 1 && !self.by_operator.is_empty()).then(|| self.by_operator.clone())
    }
}

/// Where [`Trained`] keeps a list; no parameter has this name.
const LIST: &str = "\0list";

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
