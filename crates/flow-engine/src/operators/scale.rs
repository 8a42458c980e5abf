//! Scales numbers.

use std::sync::Arc;

use arrow_array::Float64Array;
use arrow_schema::DataType;
use serde_json::Value;

use super::scaler::{Fitted, Scaler};
use super::{Built, Operator, output_name};
use crate::cast::doubles;
use crate::context::{Context, Fault};
use crate::parameters::{Block, Trained};
use crate::table::Table;
use crate::types::{is_number, sql_name};

#[derive(Debug)]
struct Scale {
    scaler: Scaler,
    columns: Vec<ScaledColumn>,
}

#[derive(Debug)]
struct ScaledColumn {
    input: String,
    output: String,
    /// The scaler that an earlier run fitted.
    trained: Option<Fitted>,
}

pub(super) fn build(block: &Block, trained: &Trained) -> Built {
    match block.needed("operator")? {
        "Scale values" => {}
        other => return Err(block.unknown("operator", other)),
    }
    let (block, trained) =
        (block.block("scale_values_parameters")?, trained.operator("scale_values_parameters"));
    let (name, scaler): (_, ReadScaler) = match block.needed("scaler")? {
        "Standard scaler" => ("standard_scaler_parameters", standard),
        "Min-max scaler" => ("min_max_scaler_parameters", min_max),
        "Robust scaler" => ("robust_scaler_parameters", robust),
        "Max absolute scaler" => ("max_absolute_scaler_parameters", |_| Ok(Scaler::MaxAbsolute)),
        other => return Err(block.unknown("scaler", other)),
    };
    let (block, trained) = (block.block(name)?, trained.operator(name));
    let scaler = scaler(&block)?;
    let inputs = block.columns("input_column")?;
    let output = block.optional("output_column")?;
    let columns = inputs.iter().map(|input| {
        let trained = trained.column(input, inputs.len());
        let model = trained.as_ref().and_then(|trained| trained.get("scaler_model"));
        let trained = match model.and_then(Value::as_str) {
            None => None,
            Some(model) => scaler.load(model).map_err(|problem| {
                format!(
                    "the trained scaler_model of `{input}` cannot be read: {problem}; retrain the \
                     flow"
                )
            })?,
        };
        let output = output_name(output.as_deref(), input, inputs.len());
        Ok(ScaledColumn { input: input.clone(), output, trained })
    });
    Ok(Box::new(Scale { scaler, columns: columns.collect::<Result<_, String>>()? }))
}

/// Reads a scaler's own parameters.
type ReadScaler = fn(&Block) -> Result<Scaler, String>;

fn standard(block: &Block) -> Result<Scaler, String> {
    Ok(Scaler::Standard { center: block.flag("center", false)?, scale: block.flag("scale", true)? })
}

fn min_max(block: &Block) -> Result<Scaler, String> {
    let (min, max) = (block.number("min", 0.0)?, block.number("max", 1.0)?);
    if min >= max {
        return Err(format!("{} must be less than max", block.name("min")));
    }
    Ok(Scaler::MinMax { min, max })
}

fn robust(block: &Block) -> Result<Scaler, String> {
    let (lower, upper) =
        (block.number("lower_quantile", 0.25)?, block.number("upper_quantile", 0.75)?);
    if !(lower > 0.0 && upper < 1.0 && lower < upper) {
        let name = block.name("lower_quantile");
        return Err(format!("{name} and upper_quantile must be between 0 and 1, in this order"));
    }
    let (center, scale) = (block.flag("center", false)?, block.flag("scale", true)?);
    Ok(Scaler::Robust { lower, upper, center, scale })
}

impl Operator for Scale {
    fn apply(&self, mut table: Table, context: &Context) -> Result<Table, Fault> {
        for column in &self.columns {
            let position = table.column(&column.input)?;
            let kind = &table.fields[position].kind;
            if !is_number(kind) {
                let (name, kind) = (&column.input, sql_name(kind));
                return Err(Fault::Problem(format!(
                    "the column `{name}` is a {kind}, but only numbers can be scaled; cast it first"
                )));
            }
            let fitted = match column.trained {
                Some(fitted) => fitted,
                None => self.fit(&table, position, context)?,
            };
            // Spark's scalers treat null as NaN.
            table = table.set(&column.output, &DataType::Float64, context, |rows| {
                let values = doubles(&rows.columns[position])?;
                let scaled = values.iter().map(|value| fitted.scale(value.unwrap_or(f64::NAN)));
                Ok(Arc::new(Float64Array::from_iter_values(scaled)))
            })?;
        }
        Ok(table)
    }
}

impl Scale {
    fn fit(&self, table: &Table, position: usize, context: &Context) -> Result<Fitted, Fault> {
        let chunks = table.map_chunks(context, |rows| doubles(&rows.columns[position]))?;
        let values = chunks.iter().flat_map(|chunk| chunk.iter().flatten());
        let fitted = self.scaler.fit(values.filter(|value| !value.is_nan()));
        Ok(fitted.map_err(|problem| format!("`{}`: {problem}", table.fields[position].name))?)
    }
}
