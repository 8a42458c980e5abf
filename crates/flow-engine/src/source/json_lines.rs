//! JSON Lines: one JSON object on each line. Infers the columns as Spark does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow_schema::DataType;
use rayon::prelude::*;

use super::not_finite;
use super::text::{self, lines};
use crate::context::{Context, Fault};
use crate::output::Origin;
use crate::table::{CHUNK_ROWS, ColumnDef, RowChunk, Table};
use data_wrangler_flow::{Json, Object};

/// A value before the column's final type is known.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
}

/// The members of the object on one line.
type JsonRow = Vec<(String, Value)>;

/// Parsed lines, and the column types that they need.
struct ParsedLines {
    kinds: BTreeMap<String, Option<DataType>>,
    rows: Vec<(Origin, JsonRow)>,
}

pub(super) fn read(files: &[PathBuf], first: u32, context: &Context) -> Result<Table, Fault> {
    let mut groups = Vec::new();
    for (file, path) in (first..).zip(files) {
        let bytes = text::read(path)?;
        let lines: Vec<_> = lines(&bytes).collect();
        context.progress.read(lines.len() as u64, bytes.len() as u64);
        let parsed = lines.par_chunks(CHUNK_ROWS).map(|lines| {
            context.check()?;
            parse(path, file, lines)
        });
        groups.extend(parsed.collect::<Result<Vec<_>, _>>()?);
    }
    let mut kinds: BTreeMap<String, Option<DataType>> = BTreeMap::new();
    for (name, kind) in groups.iter().flat_map(|group| &group.kinds) {
        let known = kinds.entry(name.clone()).or_default();
        *known = merged(known.take(), kind.clone());
    }
    if kinds.is_empty() {
        let path = files.first().cloned().unwrap_or_default();
        let problem = "the dataset has no values, so its columns are unknown".to_owned();
        return Err(Fault::Data { path, problem });
    }
    // In Spark, a column with only nulls is a string column.
    let fields: Vec<_> = kinds
        .into_iter()
        .map(|(name, kind)| ColumnDef::new(name, kind.unwrap_or(DataType::Utf8)))
        .collect();
    let chunks = groups.par_iter().map(|group| build(&fields, group, files, first));
    let chunks = chunks.collect::<Result<Vec<_>, Fault>>()?;
    Ok(Table { fields, chunks })
}

fn parse(path: &Path, file: u32, lines: &[(u64, &[u8])]) -> Result<ParsedLines, Fault> {
    let mut kinds: BTreeMap<String, Option<DataType>> = BTreeMap::new();
    let mut rows = Vec::with_capacity(lines.len());
    for (position, line) in lines {
        let refuse = |problem: String| Fault::Data {
            path: path.to_owned(),
            problem: format!("line {position} {problem}"),
        };
        let (object, not_finite) = object(line).map_err(refuse)?;
        let mut row = Vec::new();
        // Spark ignores members without a name.
        for (name, json) in object.iter().filter(|(name, _)| !name.is_empty()) {
            let value = match not_finite.then(|| not_finite::number(json.as_str())).flatten() {
                Some(number) => Some(Value::Double(number)),
                None => value(json).map_err(|problem| refuse(format!("`{name}` {problem}")))?,
            };
            let known = match kinds.get_mut(name) {
                Some(known) => known,
                None => kinds.entry(name.to_owned()).or_default(),
            };
            *known = merged(known.take(), value.as_ref().and_then(Value::kind));
            row.extend(value.map(|value| (name.to_owned(), value)));
        }
        rows.push((Origin { file, position: *position }, row));
    }
    Ok(ParsedLines { kinds, rows })
}

/// Parses the object on a line. The flag says whether its arrays represent non-finite numbers.
fn object(line: &[u8]) -> Result<(Object, bool), String> {
    serde_json::from_slice(line).map(|object| (object, false)).or_else(|error| {
        let read = not_finite::as_arrays(line).and_then(|line| serde_json::from_slice(&line).ok());
        read.map(|object| (object, true))
            .ok_or_else(|| format!("is not a single JSON object: {}", in_line(&error)))
    })
}

/// Formats a parser error relative to the line, which is a document of its own for the parser.
fn in_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at byte ")
}

fn value(json: &Json) -> Result<Option<Value>, String> {
    let text = json.as_str();
    let value = match json.kind() {
        "null" => return Ok(None),
        "a boolean" => Value::Boolean(text == "true"),
        "a string" => Value::Text(json.read().map_err(|error| format!("cannot be read: {error}"))?),
        "a number" if text.contains(['.', 'e', 'E']) => {
            Value::Double(text.parse().map_err(|_| "is not a number".to_owned())?)
        }
        "a number" => Value::Long(text.parse().map_err(|_| {
            "is an integer of more than 64 bits, which is not supported; write it as a string"
                .to_owned()
        })?),
        kind => return Err(format!("is {kind}; nested values are not supported")),
    };
    Ok(Some(value))
}

impl Value {
    /// The type that the value needs. An empty string needs none: Spark turns it into null unless
    /// the column holds strings.
    fn kind(&self) -> Option<DataType> {
        match self {
            Self::Boolean(_) => Some(DataType::Boolean),
            Self::Long(_) => Some(DataType::Int64),
            Self::Double(_) => Some(DataType::Float64),
            Self::Text(text) if text.is_empty() => None,
            Self::Text(_) => Some(DataType::Utf8),
        }
    }
}

/// Returns the common type. In Spark, it is string if the types are incompatible.
fn merged(left: Option<DataType>, right: Option<DataType>) -> Option<DataType> {
    match (left, right) {
        (None, kind) | (kind, None) => kind,
        (Some(left), Some(right)) if left == right => Some(left),
        (Some(DataType::Int64), Some(DataType::Float64))
        | (Some(DataType::Float64), Some(DataType::Int64)) => Some(DataType::Float64),
        _ => Some(DataType::Utf8),
    }
}

fn build(
    fields: &[ColumnDef],
    group: &ParsedLines,
    files: &[PathBuf],
    first: u32,
) -> Result<RowChunk, Fault> {
    let mut values: BTreeMap<&str, Vec<Option<&Value>>> = BTreeMap::new();
    for field in fields {
        values.insert(&field.name, vec![None; group.rows.len()]);
    }
    for (index, (_, row)) in group.rows.iter().enumerate() {
        for (name, value) in row {
            if let Some(column) = values.get_mut(name.as_str()) {
                column[index] = Some(value);
            }
        }
    }
    let origins: Arc<[Origin]> = group.rows.iter().map(|(origin, _)| *origin).collect();
    let columns = fields.iter().map(|field| {
        let values = values.remove(field.name.as_str()).unwrap_or_default();
        column(&field.kind, &values).map_err(|index| {
            let Origin { file, position } = origins[index];
            let problem = format!(
                "line {position} `{}` is a fraction, but other lines have no number there; how \
                 Spark converts it to a string is uncertain; write it as a string",
                field.name
            );
            Fault::Data { path: files[(file - first) as usize].clone(), problem }
        })
    });
    Ok(RowChunk { columns: columns.collect::<Result<_, _>>()?, origins: Arc::clone(&origins) })
}

/// Builds a column of this type. The error is the index of a value that does not fit.
fn column(kind: &DataType, values: &[Option<&Value>]) -> Result<ArrayRef, usize> {
    let array: ArrayRef = match kind {
        DataType::Boolean => Arc::new(
            values
                .iter()
                .map(
                    |value| {
                        if let Some(Value::Boolean(value)) = value { Some(*value) } else { None }
                    },
                )
                .collect::<BooleanArray>(),
        ),
        DataType::Int64 => Arc::new(
            values
                .iter()
                .map(|value| if let Some(Value::Long(value)) = value { Some(*value) } else { None })
                .collect::<Int64Array>(),
        ),
        #[expect(clippy::cast_precision_loss, reason = "as Java does")]
        DataType::Float64 => Arc::new(
            values
                .iter()
                .map(|value| match value {
                    Some(Value::Double(value)) => Some(*value),
                    Some(Value::Long(value)) => Some(*value as f64),
                    _ => None,
                })
                .collect::<Float64Array>(),
        ),
        _ => {
            let mut texts = StringBuilder::new();
            for (index, value) in values.iter().enumerate() {
                match value {
                    None => texts.append_null(),
                    Some(Value::Text(text)) => texts.append_value(text),
                    Some(Value::Boolean(value)) => texts.append_value(value.to_string()),
                    Some(Value::Long(value)) => texts.append_value(value.to_string()),
                    Some(Value::Double(_)) => return Err(index),
                }
            }
            Arc::new(texts.finish())
        }
    };
    Ok(array)
}
