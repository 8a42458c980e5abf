//! The nodes of a flow.

use serde::{Serialize, Serializer};

use crate::flow::{InvalidFlow, read};
use crate::json::{Json, Object};

/// A node: it reads, transforms, shows or writes data.
///
/// Serializing it preserves every member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    object: Object,
    id: String,
    kind: NodeKind,
    operator: String,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
}

/// A node's `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// `SOURCE`: reads a dataset.
    Source,
    /// `TRANSFORM`: changes data.
    Transform,
    /// `VISUALIZATION`: shows data and produces none.
    Visualization,
    /// `DESTINATION`: writes data and produces none.
    Destination,
    /// `DATASET`: names data.
    Dataset,
    /// A type that this crate does not know.
    Other(String),
}

/// An input of a node. It refers to an output of another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The input's name, such as `df`. A join has two inputs with the same name.
    pub name: String,
    /// The node that the data comes from.
    pub node_id: String,
    /// The name of that node's output.
    pub output_name: String,
}

/// An output of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The output's name, usually `default`.
    pub name: String,
}

impl Node {
    pub(crate) fn parse(index: usize, json: &Json) -> Result<Self, InvalidFlow> {
        let place = format!("nodes[{index}]");
        let object = as_object(&place, json)?;
        let id = text(&object, &place, "node_id")?;
        let kind = match text(&object, &place, "type")?.as_str() {
            "SOURCE" => NodeKind::Source,
            "TRANSFORM" => NodeKind::Transform,
            "VISUALIZATION" => NodeKind::Visualization,
            "DESTINATION" => NodeKind::Destination,
            "DATASET" => NodeKind::Dataset,
            other => NodeKind::Other(other.to_owned()),
        };
        let operator = text(&object, &place, "operator")?;
        let inputs = list(&object, &place, "inputs", |place, input| {
            Ok(Input {
                name: text(input, place, "name")?,
                node_id: text(input, place, "node_id")?,
                output_name: text(input, place, "output_name")?,
            })
        })?;
        let outputs = list(&object, &place, "outputs", |place, output| {
            Ok(Output { name: text(output, place, "name")? })
        })?;
        Ok(Self { object, id, kind, operator, inputs, outputs })
    }

    /// The node's ID, usually a UUID. It is never empty.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The node's type.
    #[must_use]
    pub fn kind(&self) -> &NodeKind {
        &self.kind
    }

    /// The node's operator, such as `sagemaker.spark.custom_formula_0.1`.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The node's inputs. Empty if the file has no `inputs`.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The node's outputs. Empty if the file has no `outputs`.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// All members of the node's object, such as `parameters`, `trained_parameters` and `name`.
    #[must_use]
    pub fn members(&self) -> &Object {
        &self.object
    }

    /// Returns the node with other `parameters`.
    pub(crate) fn with_parameters(
        &self,
        change: impl FnOnce(&mut Object) -> Result<(), serde_json::Error>,
    ) -> Result<Self, serde_json::Error> {
        let mut object = self.object.clone();
        object.change("parameters", change)?;
        Ok(Self { object, ..self.clone() })
    }

    /// Whether the node produces data. Destinations and visualizations are the ends of a flow, not
    /// its results.
    #[must_use]
    pub fn carries_data(&self) -> bool {
        !matches!(self.kind, NodeKind::Visualization | NodeKind::Destination)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object.serialize(serializer)
    }
}

fn as_object(place: &str, json: &Json) -> Result<Object, InvalidFlow> {
    json.read().map_err(|error| {
        let problem = match json.kind() {
            "an object" => format!("cannot be read: {error}"),
            kind => format!("is {kind}, but must be an object"),
        };
        InvalidFlow::at(place, problem)
    })
}

fn text(object: &Object, place: &str, name: &str) -> Result<String, InvalidFlow> {
    let place = format!("{place}.{name}");
    let text: String = read(object, name, &place, "a string")?
        .ok_or_else(|| InvalidFlow::at(&place, "is missing"))?;
    if text.is_empty() { Err(InvalidFlow::at(place, "is empty")) } else { Ok(text) }
}

/// Reads a list of objects. A missing list or `null` is empty.
fn list<T>(
    object: &Object,
    place: &str,
    name: &str,
    item: impl Fn(&str, &Object) -> Result<T, InvalidFlow>,
) -> Result<Vec<T>, InvalidFlow> {
    let place = format!("{place}.{name}");
    let items: Option<Option<Vec<Json>>> = read(object, name, &place, "an array")?;
    let items = items.flatten().unwrap_or_default();
    let items = items.iter().enumerate().map(|(index, json)| {
        let place = format!("{place}[{index}]");
        item(&place, &as_object(&place, json)?)
    });
    items.collect()
}
