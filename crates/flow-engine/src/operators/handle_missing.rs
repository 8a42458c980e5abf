//! Fills, marks or drops missing values: null, NaN, and empty or blank strings.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow_schema::DataType;
use serde_json::Value;

use super::{Built, Operator, impute, output_name, plain_name};
use crate::cast::doubles;
use crate::context::{Context, Fault};
use crate::parameters::{Block, Trained};
use crate::table::Table;
use crate::types::{is_number, sql_name};

#[derive(Debug)]
enum HandleMissing {
    Fill {
        columns: Vec<(String, String)>,
        value: Fill,
    },
    /// Pairs of an input column and its indicator column.
    Indicate(Vec<(String, String)>),
    /// Drops rows with a missing value in one of these columns, or in any column if there are none.
    DropRows(Vec<String>),
}

/// The fill value in the flow. Its meaning depends on the column's type.
#[derive(Debug, Clone)]
enum Fill {
    Null,
    Text(String),
    Number(serde_json::Number),
}

pub(super) fn build(block: &Block, trained: &Trained) -> Built {
    match block.needed("operator")? {
        "Impute" => {
            let name = "impute_parameters";
            impute::build(&block.block(name)?, &trained.operator(name))
        }
        "Fill missing" => {
            let block = block.block("fill_missing_parameters")?;
            let value = match block.get("fill_value") {
                None => Fill::Null,
                Some(Value::String(text)) => Fill::Text(text.clone()),
                Some(Value::Number(number)) => Fill::Number(number.clone()),
                Some(_) => {
                    return Err(format!(
                        "{} must be a string or a number",
                        block.name("fill_value")
                    ));
                }
            };
            Ok(Box::new(HandleMissing::Fill { columns: outputs(&block)?, value }))
        }
        "Add indicator for missing" => {
            let block = block.block("add_indicator_for_missing_parameters")?;
            let mut columns = outputs(&block)?;
            if block.optional("output_column")?.is_none() {
                for (input, output) in &mut columns {
                    *output = format!("{}_indicator", plain_name(input));
                }
            }
            Ok(Box::new(HandleMissing::Indicate(columns)))
        }
        "Drop missing" => {
            let mut block = block.block("drop_missing_parameters")?;
            // The older form, which could also drop columns.
            match block.text("dimension")? {
                None => {}
                Some("Drop Rows") => block = block.block("drop_rows_parameters")?,
                Some(other) => return Err(block.unknown("dimension", other)),
            }
            Ok(Box::new(HandleMissing::DropRows(block.columns_if_any("input_column")?)))
        }
        other => Err(block.unknown("operator", other)),
    }
}

/// Reads pairs of an input and an output column.
pub(super) fn outputs(block: &Block) -> Result<Vec<(String, String)>, String> {
    let inputs = block.columns("input_column")?;
    let output = block.optional("output_column")?;
    let pairs = inputs
        .iter()
        .map(|input| (input.clone(), output_name(output.as_deref(), input, inputs.len())));
    Ok(pairs.collect())
}

impl Operator for HandleMissing {
    fn apply(&self, mut table: Table, context: &Context) -> Result<Table, Fault> {
        match self {
            Self::Fill { columns, value } => {
                for (input, output) in columns {
                    table = fill(table, input, output, value, context)?;
                }
                Ok(table)
            }
            Self::Indicate(columns) => {
                for (input, output) in columns {
                    let position = table.column(input)?;
                    table = table.set(output, &DataType::Boolean, context, |rows| {
                        Ok(Arc::new(is_missing(&rows.columns[position], input)?))
                    })?;
                }
                Ok(table)
            }
            Self::DropRows(columns) => {
                let names: Vec<_> = table.fields.iter().map(|field| field.name.clone()).collect();
                let columns = if columns.is_empty() { &names } else { columns };
                let positions = columns.iter().map(|column| table.column(column));
                let positions = positions.collect::<Result<Vec<_>, _>>()?;
                table.filter(context, |rows| {
                    let mut keep = vec![true; rows.len()];
                    for (position, name) in positions.iter().zip(columns) {
                        let missing = is_missing(&rows.columns[*position], name)?;
                        keep.iter_mut().zip(missing.values()).for_each(|(k, m)| *k &= !m);
                    }
                    Ok(BooleanArray::from(keep))
                })
            }
        }
    }
}

/// Returns whether each value is missing. The flags are never null.
pub(super) fn is_missing(column: &ArrayRef, name: &str) -> Result<BooleanArray, Fault> {
    let flags = match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>().iter();
            let missing = |text: &str| text.trim_matches(' ').is_empty();
            texts.map(|text| Some(text.is_none_or(missing))).collect::<BooleanArray>()
        }
        kind if is_number(kind) => {
            let values = doubles(column)?;
            values.iter().map(|v| Some(v.is_none_or(f64::is_nan))).collect::<BooleanArray>()
        }
        DataType::Date32 | DataType::Timestamp(..) => {
            (0..column.len()).map(|row| Some(column.is_null(row))).collect::<BooleanArray>()
        }
        kind => {
            let kind = sql_name(kind);
            return Err(Fault::Problem(format!(
                "the column `{name}` is a {kind}, in which Spark cannot detect missing values; cast \
                 it first"
            )));
        }
    };
    Ok(flags)
}

fn fill(
    table: Table,
    input: &str,
    output: &str,
    value: &Fill,
    context: &Context,
) -> Result<Table, Fault> {
    let position = table.column(input)?;
    let kind = table.fields[position].kind.clone();
    let wrong = |expected: &str| format!("the fill_value for `{input}` must be {expected}");
    match kind {
        DataType::Int64 => {
            let long = match value {
                Fill::Text(text) => text.trim().parse().ok(),
                #[expect(clippy::cast_possible_truncation, reason = "truncates, as Python does")]
                Fill::Number(number) => {
                    let long = |double: f64| (double.abs() < 9e18).then_some(double as i64);
                    number.as_i64().or_else(|| number.as_f64().and_then(long))
                }
                Fill::Null => None,
            };
            let long: i64 = long.ok_or_else(|| wrong("a whole number"))?;
            table.set(output, &kind, context, |rows| {
                let column = &rows.columns[position];
                let missing = is_missing(column, input)?;
                let values = column.as_primitive::<Int64Type>().iter().zip(missing.values());
                let values =
                    values.map(|(value, missing)| if missing { Some(long) } else { value });
                Ok(Arc::new(values.collect::<Int64Array>()))
            })
        }
        DataType::Float64 => {
            let double = match value {
                Fill::Text(text) => text.trim().parse().ok(),
                Fill::Number(number) => number.as_f64(),
                Fill::Null => None,
            };
            let double = double.filter(|double: &f64| double.is_finite());
            let double = double.ok_or_else(|| wrong("a finite number"))?;
            table.set(output, &kind, context, |rows| {
                fill_doubles(&rows.columns[position], input, Some(double))
            })
        }
        DataType::Utf8 => {
            let text = match value {
                Fill::Null => None,
                Fill::Text(text) => Some(text.clone()),
                Fill::Number(number) if number.is_i64() => Some(number.to_string()),
                Fill::Number(_) => return Err(wrong("a string").into()),
            };
            table.set(output, &kind, context, |rows| {
                fill_texts(&rows.columns[position], input, text.as_deref())
            })
        }
        _ => Err(not_filled(input, &kind)),
    }
}

pub(super) fn not_filled(input: &str, kind: &DataType) -> Fault {
    let kind = sql_name(kind);
    Fault::Problem(format!(
        "the column `{input}` is a {kind}, but only bigint, double and string can be filled; cast \
         it first"
    ))
}

/// Fills missing values in a column of doubles.
pub(super) fn fill_doubles(
    column: &ArrayRef,
    name: &str,
    with: Option<f64>,
) -> Result<ArrayRef, Fault> {
    let missing = is_missing(column, name)?;
    let column = doubles(column)?;
    let values = column.iter().zip(missing.values());
    let values = values.map(|(value, missing)| if missing { with } else { value });
    Ok(Arc::new(values.collect::<Float64Array>()))
}

/// Fills missing values in a column of strings.
pub(super) fn fill_texts(
    column: &ArrayRef,
    name: &str,
    with: Option<&str>,
) -> Result<ArrayRef, Fault> {
    let missing = is_missing(column, name)?;
    let mut texts = StringBuilder::new();
    for (text, missing) in column.as_string::<i32>().iter().zip(missing.values()) {
        texts.append_option(if missing { with } else { text });
    }
    Ok(Arc::new(texts.finish()))
}
