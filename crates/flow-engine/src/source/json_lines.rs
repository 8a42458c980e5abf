//! One JSON object a line, with Spark's inference of the columns.

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
use crate::table::{CHUNK_ROWS, Column, Rows, Table};
use data_wrangler_flow::{Json, Object};

/// One value, as the column's final type is not known yet.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
}

type Record = Vec<(String, Value)>;

struct Group {
    kinds: BTreeMap<String, Option<DataType>>,
    records: Vec<(Origin, Record)>,
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
        let problem = "there is no value in the dataset, so its columns are not known".to_owned();
        return Err(Fault::Data { path, problem });
    }
    // A column of nulls only is one of strings to Spark.
    let fields: Vec<_> = kinds
        .into_iter()
        .map(|(name, kind)| Column::new(name, kind.unwrap_or(DataType::Utf8)))
        .collect();
    let chunks = groups.par_iter().map(|group| build(&fields, group, files, first));
    let chunks = chunks.collect::<Result<Vec<_>, Fault>>()?;
    Ok(Table { fields, chunks })
}

fn parse(path: &Path, file: u32, lines: &[(u64, &[u8])]) -> Result<Group, Fault> {
    let mut kinds: BTreeMap<String, Option<DataType>> = BTreeMap::new();
    let mut records = Vec::with_capacity(lines.len());
    for (position, line) in lines {
        let refuse = |problem: String| Fault::Data {
            path: path.to_owned(),
            problem: format!("line {position} {problem}"),
        };
        let (object, not_finite) = object(line).map_err(refuse)?;
        let mut record = Vec::new();
        // Spark leaves out what has no name.
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
            record.extend(value.map(|value| (name.to_owned(), value)));
        }
        records.push((Origin { file, position: *position }, record));
    }
    Ok(Group { kinds, records })
}

/// The object on a line, and whether arrays in it stand for numbers that are not finite.
fn object(line: &[u8]) -> Result<(Object, bool), String> {
    serde_json::from_slice(line).map(|object| (object, false)).or_else(|error| {
        let read = not_finite::as_arrays(line).and_then(|line| serde_json::from_slice(&line).ok());
        read.map(|object| (object, true))
            .ok_or_else(|| format!("is not one JSON object: {}", in_line(&error)))
    })
}

/// What is wrong with a line, which is a document of its own to the parser.
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
            "is an integer of more than 64 bits, which is not read; write it as a string".to_owned()
        })?),
        kind => return Err(format!("is {kind}; only objects without nesting are read")),
    };
    Ok(Some(value))
}

impl Value {
    /// The type that the value asks for. An empty string asks for none: Spark makes a null of it
    /// where the column's other values are no strings.
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

/// The type that can hold both; whatever does not fit together is a string to Spark.
fn merged(left: Option<DataType>, right: Option<DataType>) -> Option<DataType> {
    match (left, right) {
        (None, kind) | (kind, None) => kind,
        (Some(left), Some(right)) if left == right => Some(left),
        (Some(DataType::Int64), Some(DataType::Float64))
        | (Some(DataType::Float64), Some(DataType::Int64)) => Some(DataType::Float64),
        _ => Some(DataType::Utf8),
    }
}

fn build(fields: &[Column], group: &Group, files: &[PathBuf], first: u32) -> Result<Rows, Fault> {
    let mut values: BTreeMap<&str, Vec<Option<&Value>>> = BTreeMap::new();
    for field in fields {
        values.insert(&field.name, vec![None; group.records.len()]);
    }
    for (index, (_, record)) in group.records.iter().enumerate() {
        for (name, value) in record {
            if let Some(column) = values.get_mut(name.as_str()) {
                column[index] = Some(value);
            }
        }
    }
    let origins: Arc<[Origin]> = group.records.iter().map(|(origin, _)| *origin).collect();
    let columns = fields.iter().map(|field| {
        let values = values.remove(field.name.as_str()).unwrap_or_default();
        column(&field.kind, &values).map_err(|index| {
            let Origin { file, position } = origins[index];
            let problem = format!(
                "line {position} `{}` is a fraction, and other lines have no number there; how Spark \
                 writes it as a string is not certain: write it as a string",
                field.name
            );
            Fault::Data { path: files[(file - first) as usize].clone(), problem }
        })
    });
    Ok(Rows { columns: columns.collect::<Result<_, _>>()?, origins: Arc::clone(&origins) })
}

/// A column of this type; the index of a value that cannot be in it.
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
