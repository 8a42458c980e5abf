//! Casts one column.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array};
use arrow_schema::DataType;
use serde_json::Value;

use super::{Built, Operator};
use crate::cast::cast;
use crate::context::{Context, Fault};
use crate::parameters::Block;
use crate::table::Table;

/// The name of Data Wrangler's temporary column.
const TEMPORARY: &str = "temp_column";

#[derive(Debug)]
struct CastSingle {
    column: String,
    to: DataType,
    invalid: Invalid,
}

/// How to treat failed casts, and nulls.
#[derive(Debug)]
enum Invalid {
    Null,
    DropRow,
    Replace { with: Option<Constant>, keep_original: bool },
}

#[derive(Debug, Clone)]
enum Constant {
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
}

pub(super) fn build(block: &Block) -> Built {
    let column = block.needed("column")?.to_owned();
    let to = match block.needed("data_type")? {
        "bool" => DataType::Boolean,
        "long" => DataType::Int64,
        "float" => DataType::Float64,
        "string" => DataType::Utf8,
        other => return Err(block.unknown("data_type", other)),
    };
    let name = "non_castable_data_handling_method";
    let replace = |keep_original| {
        Ok::<_, String>(Invalid::Replace { with: constant(block, &to)?, keep_original })
    };
    let invalid = match block.text(name)?.unwrap_or("replace_null") {
        "replace_null" => Invalid::Null,
        "drop" => Invalid::DropRow,
        "replace_null_with_new_col" => Invalid::Replace { with: None, keep_original: true },
        "replace_value" => replace(false)?,
        "replace_value_with_new_col" => replace(true)?,
        other => return Err(block.unknown(name, other)),
    };
    Ok(Box::new(CastSingle { column, to, invalid }))
}

/// Reads the replacement as Python does.
fn constant(block: &Block, to: &DataType) -> Result<Option<Constant>, String> {
    let Some(value) = block.get("replace_value") else { return Ok(None) };
    let constant = match (to, value) {
        (DataType::Boolean, Value::Bool(flag)) => Some(Constant::Boolean(*flag)),
        // In Python, every string except the empty one is true.
        (DataType::Boolean, Value::String(text)) => Some(Constant::Boolean(!text.is_empty())),
        (DataType::Int64, Value::Number(number)) => number.as_i64().map(Constant::Long),
        (DataType::Int64, Value::String(text)) => text.trim().parse().ok().map(Constant::Long),
        (DataType::Float64, Value::Number(number)) => number.as_f64().map(Constant::Double),
        (DataType::Float64, Value::String(text)) => text.trim().parse().ok().map(Constant::Double),
        (DataType::Utf8, Value::String(text)) => Some(Constant::Text(text.clone())),
        _ => None,
    };
    let wrong = || format!("{} does not match the data_type", block.name("replace_value"));
    constant.map(Some).ok_or_else(wrong)
}

impl Operator for CastSingle {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        let position = table.column(&self.column)?;
        let from = table.fields[position].kind.clone();
        if from == self.to {
            return Ok(table);
        }
        match &self.invalid {
            Invalid::Null => self.cast(table, position, None, true, context),
            Invalid::DropRow => {
                let table = self.cast(table, position, None, false, context)?;
                table.filter(context, |rows| {
                    let column = &rows.columns[position];
                    Ok((0..column.len())
                        .map(|i| Some(column.is_valid(i)))
                        .collect::<BooleanArray>())
                })
            }
            Invalid::Replace { with, keep_original } => {
                if table.fields.iter().any(|field| field.name == TEMPORARY) {
                    return Err(Fault::Problem(format!(
                        "Data Wrangler would overwrite the column `{TEMPORARY}`; rename it first"
                    )));
                }
                if !keep_original {
                    return self.cast(table, position, with.as_ref(), with.is_none(), context);
                }
                self.cast_with_errors(table, position, with.as_ref(), context)
            }
        }
    }
}

impl CastSingle {
    /// Casts the column. Records failed casts if `loses` is set.
    fn cast(
        &self,
        table: Table,
        position: usize,
        with: Option<&Constant>,
        loses: bool,
        context: &Context,
    ) -> Result<Table, Fault> {
        table.set(&self.column, &self.to, context, |rows| {
            let original = &rows.columns[position];
            let values = cast(original, &self.to)?;
            if loses {
                let both = (original, &values);
                context.losses.of_cast(&self.column, &self.to, both, &rows.origins);
            }
            Ok(with.map_or_else(|| Arc::clone(&values), |constant| replace(&values, constant)))
        })
    }

    /// Casts the column and adds a column with the original values of failed casts. It holds an
    /// empty string where the cast succeeded.
    fn cast_with_errors(
        &self,
        table: Table,
        position: usize,
        with: Option<&Constant>,
        context: &Context,
    ) -> Result<Table, Fault> {
        let name = format!("{}_typecast_error", self.column);
        if table.fields.iter().any(|field| field.name == name) {
            let problem = format!("the column `{name}` already exists; rename it first");
            return Err(Fault::Problem(problem));
        }
        let table = table.set(&name, &DataType::Utf8, context, |rows| {
            let original = &rows.columns[position];
            let values = cast(original, &self.to)?;
            let texts = cast(original, &DataType::Utf8)?;
            let mut errors = StringBuilder::new();
            for (row, text) in texts.as_string::<i32>().iter().enumerate() {
                errors.append_option(if values.is_null(row) { text } else { Some("") });
            }
            Ok(Arc::new(errors.finish()))
        })?;
        let table = self.cast(table, position, with, false, context)?;
        let mut order: Vec<_> = (0..table.fields.len()).collect();
        if let Some(errors) = order.pop() {
            order.insert(position + 1, errors);
        }
        Ok(table.select(&order))
    }
}

fn replace(values: &ArrayRef, with: &Constant) -> ArrayRef {
    match with {
        Constant::Boolean(flag) => {
            let values = values.as_boolean().iter();
            Arc::new(values.map(|value| value.or(Some(*flag))).collect::<BooleanArray>())
        }
        Constant::Long(long) => {
            let values = values.as_primitive::<Int64Type>().iter();
            Arc::new(values.map(|value| value.or(Some(*long))).collect::<Int64Array>())
        }
        Constant::Double(double) => {
            let values = values.as_primitive::<Float64Type>().iter();
            Arc::new(values.map(|value| value.or(Some(*double))).collect::<Float64Array>())
        }
        Constant::Text(text) => {
            let mut texts = StringBuilder::new();
            let values = values.as_string::<i32>().iter();
            values.for_each(|value| texts.append_value(value.unwrap_or(text)));
            Arc::new(texts.finish())
        }
    }
}
