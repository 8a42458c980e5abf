//! A `.flow` file.

use std::str;

use serde::{Serialize, Serializer};

use crate::json::{Json, Object};
use crate::node::Node;

/// Size limit of a flow, in bytes. Flows with trained parameters have tens of kilobytes.
const MAX_BYTES: usize = 16 << 20;
/// Limit for nested arrays and objects. It is serde's limit, so that `Json::read` never exceeds it.
const MAX_DEPTH: usize = 127;

/// A flow as stored in its file. Serializing it preserves every member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    object: Object,
    nodes: Vec<Node>,
}

/// The file is not a flow. The message names the invalid part and the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFlow {
    /// The file is empty.
    #[error("the file is empty; export the flow from Data Wrangler again")]
    Empty,
    /// The file is larger than 16 MiB.
    #[error(
        "the file has {bytes} bytes, more than the limit of {MAX_BYTES}; check that it is a flow"
    )]
    TooLarge {
        /// The size of the file.
        bytes: usize,
    },
    /// The file begins with a byte order mark, which Data Wrangler's container rejects.
    #[error("the file begins with a byte order mark ({0}); save it as UTF-8 without one")]
    ByteOrderMark(&'static str),
    /// Arrays and objects are nested too deeply.
    #[error(
        "line {line}: arrays and objects are nested more than {MAX_DEPTH} levels deep; check that \
         the file is a flow"
    )]
    TooDeep {
        /// The line that exceeds the limit.
        line: usize,
    },
    /// The file is not JSON, or not a JSON object.
    #[error("the file is not a JSON object: {0}; export the flow from Data Wrangler again")]
    NotJson(#[source] serde_json::Error),
    /// The file is JSON, but not a flow.
    #[error("{place} {problem}; export the flow from Data Wrangler again")]
    NotAFlow {
        /// The path of the invalid part, such as `nodes[3].inputs`.
        place: String,
        /// The actual and the expected value.
        problem: String,
    },
}

impl InvalidFlow {
    pub(crate) fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::NotAFlow { place: place.into(), problem: problem.into() }
    }
}

impl Flow {
    /// The size limit of [`Flow::parse`]: 16 MiB.
    pub const MAX_BYTES: usize = MAX_BYTES;

    /// Parses a flow from the bytes of its file: UTF-8 without a byte order mark.
    ///
    /// Checks only the shape. [`Graph`](crate::Graph) checks how the nodes are connected.
    ///
    /// # Errors
    ///
    /// [`InvalidFlow`] if the bytes are not a flow.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidFlow> {
        if bytes.len() > MAX_BYTES {
            return Err(InvalidFlow::TooLarge { bytes: bytes.len() });
        }
        if let Some(mark) = byte_order_mark(bytes) {
            return Err(InvalidFlow::ByteOrderMark(mark));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(InvalidFlow::Empty);
        }
        if let Some(line) = too_deep(bytes) {
            return Err(InvalidFlow::TooDeep { line });
        }
        let object: Object = serde_json::from_slice(bytes).map_err(InvalidFlow::NotJson)?;
        let nodes = read_nodes(&object)?;
        Ok(Self { object, nodes })
    }

    /// The nodes in file order. The order has no meaning.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All members of the file's object, including `nodes`.
    #[must_use]
    pub fn members(&self) -> &Object {
        &self.object
    }

    /// The flow as JSON, as stored in its file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Serialization fails only for maps with keys that are not strings. There are none.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the flow with other nodes.
    pub(crate) fn with_nodes(&self, nodes: Vec<Node>) -> Result<Self, serde_json::Error> {
        let mut object = self.object.clone();
        object.set("nodes", Json::of(&nodes)?);
        Ok(Self { object, nodes })
    }

    /// The container image that created the flow: `internal_metadata.dw_job.container_uri`.
    /// `SageMaker` Canvas writes it; older flows have none.
    ///
    /// # Errors
    ///
    /// [`InvalidFlow`] if one of these members has an unexpected type.
    pub fn container_image(&self) -> Result<Option<String>, InvalidFlow> {
        let Some(metadata) = member(&self.object, "internal_metadata", "internal_metadata")? else {
            return Ok(None);
        };
        let Some(job) = member(&metadata, "dw_job", "internal_metadata.dw_job")? else {
            return Ok(None);
        };
        let image: Option<Option<String>> =
            read(&job, "container_uri", "internal_metadata.dw_job.container_uri", "a string")?;
        Ok(image.flatten().filter(|image| !image.is_empty()))
    }
}

impl Serialize for Flow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object.serialize(serializer)
    }
}

fn read_nodes(object: &Object) -> Result<Vec<Node>, InvalidFlow> {
    let nodes: Vec<Json> = read(object, "nodes", "nodes", "an array")?
        .ok_or_else(|| InvalidFlow::at("nodes", "is missing, so this is not a flow"))?;
    if nodes.is_empty() {
        return Err(InvalidFlow::at("nodes", "is empty, so the flow does nothing"));
    }
    nodes.iter().enumerate().map(|(index, node)| Node::parse(index, node)).collect()
}

/// Reads a member as an object. `null` counts as missing.
fn member(object: &Object, name: &str, place: &str) -> Result<Option<Object>, InvalidFlow> {
    Ok(read::<Option<Object>>(object, name, place, "an object")?.flatten())
}

/// Reads a member as a `T`. `expected` describes `T` in the error message.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    object: &Object,
    name: &str,
    place: &str,
    expected: &str,
) -> Result<Option<T>, InvalidFlow> {
    let Some(value) = object.get(name) else { return Ok(None) };
    match value.read() {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_data() && value.kind() != expected => {
            Err(InvalidFlow::at(place, format!("is {}, but must be {expected}", value.kind())))
        }
        Err(error) => Err(InvalidFlow::at(place, format!("cannot be read: {error}"))),
    }
}

fn byte_order_mark(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8"),
        [0xff, 0xfe, ..] => Some("UTF-16, little-endian"),
        [0xfe, 0xff, ..] => Some("UTF-16, big-endian"),
        _ => None,
    }
}

/// Returns the line on which the nesting exceeds its limit. Counts the brackets outside strings, so
/// that the check runs before a recursive parser does.
fn too_deep(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut line, mut in_string, mut escaped) = (0_usize, 1, false, false);
    for byte in bytes {
        match byte {
            b'\n' => line += 1,
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(line);
        }
    }
    None
}
