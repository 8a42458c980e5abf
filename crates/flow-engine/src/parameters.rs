//! Reads a node's parameters.

use serde_json::{Map, Value};

use data_wrangler_flow::Node;

/// An object in a node's parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    /// The object's path, such as `parameters.drop_column_parameters`.
    path: String,
    members: Map<String, Value>,
}

/// The problem with a parameter.
pub(super) type Problem = String;

impl Block {
    /// Reads a node's `parameters`. Missing parameters are an empty object.
    pub(super) fn of(node: &Node) -> Result<Self, Problem> {
        Self::member_of(node, "parameters")
    }

    fn member_of(node: &Node, name: &str) -> Result<Self, Problem> {
        let value = node.members().get(name).map(data_wrangler_flow::Json::read).transpose();
        match value.map_err(|error| format!("{name} cannot be read: {error}"))? {
            None | Some(Value::Null) => Ok(Self { path: name.to_owned(), members: Map::new() }),
            Some(Value::Object(members)) => Ok(Self { path: name.to_owned(), members }),
            Some(other) => Err(format!("{name} is {}, but must be an object", kind(&other))),
        }
    }

    /// Reads the nested object `name`. A missing object is empty.
    pub(super) fn block(&self, name: &str) -> Result<Self, Problem> {
        let path = self.name(name);
        match self.get(name) {
            None => Ok(Self { path, members: Map::new() }),
            Some(Value::Object(members)) => Ok(Self { path, members: members.clone() }),
            Some(other) => Err(format!("{path} is {}, but must be an object", kind(other))),
        }
    }

    /// Returns a member that exists and is not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, other, "a string")),
        }
    }

    /// Reads a required string. It must not be empty.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Problem> {
        match self.text(name)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(format!("{} is missing", self.name(name))),
        }
    }

    /// Reads an optional string. An empty string counts as missing.
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

    /// Reads a number, which may be a string.
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

    /// Reads column names: a string or a non-empty list.
    pub(super) fn columns(&self, name: &str) -> Result<Vec<String>, Problem> {
        let columns = self.columns_if_any(name)?;
        if columns.is_empty() {
            return Err(format!("{} is missing", self.name(name)));
        }
        Ok(columns)
    }

    /// Reads column names: a string, a list, or nothing.
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

    /// Reads a list of objects. A missing list is empty.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Self>, Problem> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let Value::Array(list) = value else { return Err(self.wrong(name, value, "an array")) };
        let items = list.iter().enumerate().map(|(index, item)| {
            let path = format!("{}[{index}]", self.name(name));
            match item {
                Value::Object(members) => Ok(Self { path, members: members.clone() }),
                other => Err(format!("{path} is {}, but must be an object", kind(other))),
            }
        });
        items.collect()
    }

    /// Describes an unsupported value of the member `name`.
    pub(super) fn unknown(&self, name: &str, value: &str) -> Problem {
        format!("{} `{value}` is not supported", self.name(name))
    }

    fn wrong(&self, name: &str, value: &Value, expected: &str) -> Problem {
        format!("{} is {}, but must be {expected}", self.name(name), kind(value))
    }
}

/// Trained parameters from an earlier run, by operator, such as `one_hot_encode_parameters`.
#[derive(Debug, Clone, Default)]
pub(super) struct Trained {
    by_operator: Map<String, Value>,
}

impl Trained {
    /// Reads a node's `trained_parameters`. Empty if the flow is to be retrained.
    pub(super) fn of(node: &Node, refit: bool) -> Result<Self, Problem> {
        if refit {
            return Ok(Self::default());
        }
        Ok(Self { by_operator: Block::member_of(node, "trained_parameters")?.members })
    }

    /// Returns the trained parameters of an operator.
    pub(super) fn operator(&self, name: &str) -> Self {
        let by_operator = match self.by_operator.get(name) {
            Some(Value::Object(members)) => members.clone(),
            Some(list @ Value::Array(_)) => Map::from_iter([(LIST.to_owned(), list.clone())]),
            _ => Map::new(),
        };
        Self { by_operator }
    }

    /// Returns the trained parameters of a column. A list has one object for each column. A single
    /// object applies only if there is one column.
    pub(super) fn column(&self, column: &str, columns: usize) -> Option<Map<String, Value>> {
        if let Some(Value::Array(list)) = self.by_operator.get(LIST) {
            let trained = list.iter().filter_map(Value::as_object);
            let mut of = trained.filter(|t| t.get("input_column") == Some(&Value::from(column)));
            return of.next().cloned();
        }
        (columns == 1 && !self.by_operator.is_empty()).then(|| self.by_operator.clone())
    }
}

/// The key under which [`Trained`] keeps a list. No parameter has this name.
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
