//! Spark ML's `StringIndexer`: a column's labels, ordered by descending frequency.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, StringArray};
use arrow_schema::DataType;
use serde_json::{Map, Value};

use super::{Operator, output_name};
use crate::cast::cast;
use crate::context::{Context, Fault};
use crate::parameters::{Block, Trained};
use crate::table::Table;
use crate::trained::Model;
use crate::types::{is_number, sql_name};

/// How to treat nulls and values without a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalid {
    /// Assigns them the number after the last label.
    Keep,
    /// Drops their rows.
    Skip,
    /// Fails the run.
    Error,
}

/// A column to encode.
#[derive(Debug)]
pub(super) struct EncodedColumn {
    pub(super) input: String,
    /// The output column, if it is not the input.
    pub(super) output: Option<String>,
    /// The labels from an earlier run.
    pub(super) trained: Option<Labels>,
}

impl EncodedColumn {
    /// Reads a node's columns.
    pub(super) fn all_of(block: &Block, trained: &Trained) -> Result<Vec<Self>, String> {
        let inputs = block.columns("input_column")?;
        let output = block.optional("output_column")?;
        let column = |input: &String| {
            let trained = Labels::trained(trained.column(input, inputs.len()).as_ref())?;
            let output = output.as_deref().map(|name| output_name(Some(name), input, inputs.len()));
            Ok(Self { input: input.clone(), output, trained })
        };
        inputs.iter().map(column).collect()
    }
}

/// Encodes a column by its labels.
pub(super) trait ColumnEncoder: Debug + Send + Sync {
    fn encode(
        &self,
        table: Table,
        column: &EncodedColumn,
        context: &Context,
    ) -> Result<Table, Fault>;
}

/// Encodes a node's columns one after another.
#[derive(Debug)]
pub(super) struct EncodeColumns<E> {
    pub(super) columns: Vec<EncodedColumn>,
    pub(super) encoder: E,
}

impl<E: ColumnEncoder> Operator for EncodeColumns<E> {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        let encode = |table, column| self.encoder.encode(table, column, context);
        self.columns.iter().try_fold(table, encode)
    }
}

/// A column's labels, and their numbers.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    labels: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Invalid {
    /// Reads the strategy. The default is Error, as in Spark.
    pub(super) fn of(block: &Block) -> Result<Self, String> {
        let name = "invalid_handling_strategy";
        match block.text(name)? {
            Some("Keep") => Ok(Self::Keep),
            Some("Skip") => Ok(Self::Skip),
            None | Some("Error") => Ok(Self::Error),
            Some(other) => Err(block.unknown(name, other)),
        }
    }
}

impl Labels {
    fn new(labels: Vec<String>) -> Self {
        let numbers = labels.iter().enumerate().map(|(number, label)| (label.clone(), number));
        Self { numbers: numbers.collect(), labels }
    }

    /// Reads the labels from an earlier run.
    pub(super) fn trained(trained: Option<&Map<String, Value>>) -> Result<Option<Self>, String> {
        let model = trained.and_then(|trained| trained.get("string_indexer_model"));
        let Some(encoded) = model.and_then(Value::as_str) else { return Ok(None) };
        let model = Model::decode(encoded, "StringIndexerModel").and_then(|model| {
            model.ok_or_else(|| "it is another kind of model".to_owned())?.labels()
        });
        let labels = model.map_err(|problem| {
            format!("the trained string_indexer_model cannot be read: {problem}; retrain the flow")
        })?;
        Ok(Some(Self::new(labels)))
    }

    /// Finds the labels of a column. Null has none.
    pub(super) fn fit(table: &Table, position: usize, context: &Context) -> Result<Self, Fault> {
        let counts = table.map_chunks(context, |rows| {
            let mut counts: HashMap<String, u64> = HashMap::new();
            for text in text_column(&rows.columns[position], true)?.iter().flatten() {
                match counts.get_mut(text) {
                    Some(count) => *count += 1,
                    None => drop(counts.insert(text.to_owned(), 1)),
                }
            }
            Ok(counts)
        })?;
        let mut all: HashMap<String, u64> = HashMap::new();
        for (label, count) in counts.into_iter().flatten() {
            *all.entry(label).or_default() += count;
        }
        let mut all: Vec<_> = all.into_iter().collect();
        // Java compares strings by UTF-16 code units.
        all.sort_by(|(left, left_count), (right, right_count)| {
            let units = left.encode_utf16().cmp(right.encode_utf16());
            right_count.cmp(left_count).then(units)
        });
        Ok(Self::new(all.into_iter().map(|(label, _)| label).collect()))
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Returns the number of each row's label, or `None` for rows without a label.
    pub(super) fn numbers(&self, column: &ArrayRef) -> Result<Vec<Option<usize>>, Fault> {
        let texts = text_column(column, false)?;
        Ok(texts.iter().map(|text| self.numbers.get(text?).copied()).collect())
    }
}

/// Converts the column to strings as Spark's indexer does.
fn text_column(column: &ArrayRef, fit: bool) -> Result<StringArray, Fault> {
    let column = match column.data_type() {
        // When fitting, the indexer treats NaN as null.
        DataType::Float64 if fit => {
            let values = column.as_primitive::<Float64Type>().iter();
            let values = values.map(|value| value.filter(|value| !value.is_nan()));
            Arc::new(values.collect::<Float64Array>()) as ArrayRef
        }
        _ => Arc::clone(column),
    };
    Ok(cast(&column, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// Returns the column's position. Rejects types that cannot be encoded.
pub(super) fn indexable(table: &Table, name: &str) -> Result<usize, Fault> {
    let position = table.column(name)?;
    let kind = &table.fields[position].kind;
    if *kind == DataType::Utf8 || (is_number(kind) && *kind != DataType::Float32) {
        return Ok(position);
    }
    let kind = sql_name(kind);
    Err(Fault::Problem(format!(
        "the column `{name}` is a {kind}, but only strings and numbers can be encoded; cast it first"
    )))
}

/// Reports a value without a label.
pub(super) fn no_label(name: &str) -> Fault {
    Fault::Problem(format!(
        "the column `{name}` has a value that is null or has no label, and the node's \
         invalid_handling_strategy is Error; choose Keep or Skip, or fix the data"
    ))
}
