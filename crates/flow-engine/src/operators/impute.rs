//! Fills missing values with the mean, the approximate median or the most frequent value.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array};
use arrow_schema::DataType;
use serde_json::Value;
use std::sync::Arc;

use super::handle_missing::{fill_doubles, fill_texts, is_missing, not_filled, outputs};
use super::quantiles::Quantiles;
use super::{Built, Operator};
use crate::cast::doubles;
use crate::context::{Context, Fault};
use crate::formula::order_doubles;
use crate::parameters::{Block, Trained};
use crate::table::{RowChunk, Table};
use crate::types::{is_number, sql_name};

/// The relative error of the approximate median.
const RELATIVE_ERROR: f64 = 0.001;

#[derive(Debug)]
struct Impute {
    strategy: Strategy,
    columns: Vec<ImputedColumn>,
}

#[derive(Debug, Clone, Copy)]
enum Strategy {
    Mean,
    ApproximateMedian,
    MostFrequent,
}

#[derive(Debug)]
struct ImputedColumn {
    input: String,
    output: String,
    trained: Option<Value>,
}

pub(super) fn build(block: &Block, trained: &Trained) -> Built {
    let column_type = block.needed("column_type")?;
    let (name, categorical) = match column_type {
        "Numeric" => ("numeric_parameters", false),
        "Categorical" => ("categorical_parameters", true),
        other => return Err(block.unknown("column_type", other)),
    };
    let (block, trained) = (block.block(name)?, trained.operator(name));
    let strategy = if categorical {
        Strategy::MostFrequent
    } else {
        match block.needed("strategy")? {
            "Mean" => Strategy::Mean,
            "Approximate Median" => Strategy::ApproximateMedian,
            other => return Err(block.unknown("strategy", other)),
        }
    };
    let outputs = outputs(&block)?;
    let count = outputs.len();
    let columns = outputs.into_iter().map(|(input, output)| {
        let trained = trained.column(&input, count);
        let trained = trained.and_then(|mut trained| trained.remove("impute_value"));
        ImputedColumn { input, output, trained: trained.filter(|value| !value.is_null()) }
    });
    Ok(Box::new(Impute { strategy, columns: columns.collect() }))
}

impl Operator for Impute {
    fn apply(&self, mut table: Table, context: &Context) -> Result<Table, Fault> {
        for column in &self.columns {
            table = match self.strategy {
                Strategy::MostFrequent => most_frequent(table, column, context)?,
                _ => self.numeric(table, column, context)?,
            };
        }
        Ok(table)
    }
}

impl Impute {
    fn numeric(
        &self,
        table: Table,
        column: &ImputedColumn,
        context: &Context,
    ) -> Result<Table, Fault> {
        let input = &column.input;
        let position = table.column(input)?;
        let kind = &table.fields[position].kind;
        if !is_number(kind) {
            let kind = sql_name(kind);
            let problem = format!(
                "the column `{input}` is a {kind}, but only numbers have a mean and a median; choose \
                 the column type Categorical, or cast it first"
            );
            return Err(Fault::Problem(problem));
        }
        let value = match (&column.trained, self.strategy) {
            (Some(trained), _) => Some(trained_number(trained, input)?),
            (None, Strategy::Mean) => mean(&table, position, context)?,
            (None, _) => Some(median(&table, position, context)?),
        };
        table.set(&column.output, &DataType::Float64, context, |rows| {
            fill_doubles(&rows.columns[position], input, value)
        })
    }
}

fn trained_number(trained: &Value, input: &str) -> Result<f64, Fault> {
    let number = match trained {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| number.is_finite());
    number.ok_or_else(|| {
        Fault::Problem(format!(
            "the trained impute_value of `{input}` is not a finite number; retrain the flow"
        ))
    })
}

/// Returns the mean over the rows without null and NaN in any column. `None` if there are none.
fn mean(table: &Table, position: usize, context: &Context) -> Result<Option<f64>, Fault> {
    let sums = table.map_chunks(context, |rows| {
        let complete = complete(rows)?;
        let values = doubles(&rows.columns[position])?;
        let values = values.iter().zip(complete).filter(|(_, complete)| *complete);
        let values = values.filter_map(|(value, _)| value);
        Ok(values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0)))
    })?;
    let (sum, count) = sums.iter().fold((0.0, 0.0), |(s, c), (sum, count)| (s + sum, c + count));
    Ok((count > 0.0).then_some(sum / count))
}

/// Returns which rows have no null and no NaN.
fn complete(rows: &RowChunk) -> Result<Vec<bool>, Fault> {
    let mut complete = vec![true; rows.len()];
    for column in &rows.columns {
        let fraction = matches!(column.data_type(), DataType::Float32 | DataType::Float64);
        let values = if fraction { Some(doubles(column)?) } else { None };
        for (row, complete) in complete.iter_mut().enumerate() {
            let nan = values.as_ref().is_some_and(|values| values.value(row).is_nan());
            *complete &= !column.is_null(row) && !nan;
        }
    }
    Ok(complete)
}

fn median(table: &Table, position: usize, context: &Context) -> Result<f64, Fault> {
    let mut quantiles = Quantiles::new(RELATIVE_ERROR);
    for column in table.chunks_of(position) {
        context.check()?;
        let values = doubles(column)?;
        values.iter().flatten().filter(|value| !value.is_nan()).for_each(|v| quantiles.insert(v));
    }
    let median = quantiles.query(&[0.5]).and_then(|quantiles| quantiles.first().copied());
    median.ok_or_else(|| {
        let name = &table.fields[position].name;
        Fault::Problem(format!("the column `{name}` has no numbers, so it has no median"))
    })
}

/// Fills with the most frequent value. For ties, uses the smallest. Spark uses any of them.
fn most_frequent(table: Table, column: &ImputedColumn, context: &Context) -> Result<Table, Fault> {
    let input = &column.input;
    let position = table.column(input)?;
    let kind = table.fields[position].kind.clone();
    match kind {
        DataType::Utf8 => {
            let value = match &column.trained {
                Some(Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
                None => {
                    let mut counts: HashMap<&str, u64> = HashMap::new();
                    for array in table.chunks_of(position) {
                        let missing = is_missing(array, input)?;
                        let texts = array.as_string::<i32>().iter().zip(missing.values());
                        for text in texts.filter(|(_, m)| !m).filter_map(|(text, _)| text) {
                            *counts.entry(text).or_default() += 1;
                        }
                    }
                    let most = counts
                        .into_iter()
                        .max_by(|(left, l), (right, r)| l.cmp(r).then_with(|| right.cmp(left)));
                    most.map(|(text, _)| text.to_owned())
                }
            };
            table.set(&column.output, &kind, context, |rows| {
                fill_texts(&rows.columns[position], input, value.as_deref())
            })
        }
        DataType::Float64 => {
            let value = if let Some(trained) = &column.trained {
                Some(trained_number(trained, input)?)
            } else {
                let mut values = Vec::new();
                for array in table.chunks_of(position) {
                    let array = doubles(array)?;
                    values.extend(array.iter().flatten().filter(|value| !value.is_nan()));
                }
                values.sort_by(|left, right| order_doubles(*left, *right));
                mode(&values)
            };
            table.set(&column.output, &kind, context, |rows| {
                fill_doubles(&rows.columns[position], input, value)
            })
        }
        DataType::Int64 => {
            let value = match &column.trained {
                Some(Value::Number(number)) => number.as_i64(),
                Some(Value::String(text)) => text.trim().parse().ok(),
                Some(_) => None,
                None => {
                    let mut values: Vec<i64> = Vec::new();
                    for array in table.chunks_of(position) {
                        values.extend(array.as_primitive::<Int64Type>().iter().flatten());
                    }
                    values.sort_unstable();
                    mode(&values)
                }
            };
            table.set(&column.output, &kind, context, |rows| {
                let values = rows.columns[position].as_primitive::<Int64Type>().iter();
                Ok(Arc::new(values.map(|long| long.or(value)).collect::<Int64Array>()))
            })
        }
        _ => Err(not_filled(input, &kind)),
    }
}

/// Returns the most frequent of sorted values. For ties, returns the smallest.
fn mode<T: PartialEq + Copy>(sorted: &[T]) -> Option<T> {
    let runs = sorted.chunk_by(|left, right| left == right);
    let longest = runs.rev().max_by_key(|run| run.len());
    longest.and_then(|run| run.first().copied())
}
