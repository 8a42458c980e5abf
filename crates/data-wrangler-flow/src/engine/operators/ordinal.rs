//! Replaces labels by their numbers.

use std::sync::Arc;

use arrow_array::{BooleanArray, Float64Array};
use arrow_schema::DataType;

use super::super::context::{Context, Fault};
use super::super::parameters::{Block, Trained};
use super::super::table::{Table, same_name};
use super::string_indexer::{Invalid, Labels, indexable, no_label};
use super::{Built, Operator, output_name};

#[derive(Debug)]
struct OrdinalEncode {
    columns: Vec<EncodedColumn>,
    invalid: Invalid,
    /// What is kept without a label is NaN.
    nan: bool,
}

#[derive(Debug)]
struct EncodedColumn {
    input: String,
    /// None if it is the input.
    output: Option<String>,
    trained: Option<Labels>,
}

pub(super) fn build(block: &Block, trained: &Trained) -> Built {
    let nan = block.text("invalid_handling_strategy")? == Some("Replace with NaN");
    let invalid = if nan { Invalid::Keep } else { Invalid::of(block)? };
    let inputs = block.columns("input_column")?;
    let output = block.optional("output_column")?;
    let columns = inputs.iter().map(|input| {
        let trained = Labels::trained(trained.column(input, inputs.len()).as_ref())?;
        let output = output.as_deref().map(|output| output_name(Some(output), input, inputs.len()));
        Ok(EncodedColumn { input: input.clone(), output, trained })
    });
    let columns = columns.collect::<Result<_, String>>()?;
    Ok(Box::new(OrdinalEncode { columns, invalid, nan }))
}

impl Operator for OrdinalEncode {
    fn apply(&self, mut table: Table, context: &Context) -> Result<Table, Fault> {
        for column in &self.columns {
            table = self.encode(table, column, context)?;
        }
        Ok(table)
    }
}

impl OrdinalEncode {
    fn encode(
        &self,
        mut table: Table,
        column: &EncodedColumn,
        context: &Context,
    ) -> Result<Table, Fault> {
        let position = indexable(&table, &column.input)?;
        if let Some(output) = &column.output
            && table.fields.iter().any(|field| same_name(&field.name, output))
        {
            return Err(Fault::Problem(format!(
                "there is a column `{output}` already; choose another output_column"
            )));
        }
        let labels = match &column.trained {
            Some(labels) => labels.clone(),
            None => Labels::fit(&table, position, context)?,
        };
        if self.invalid == Invalid::Skip {
            table = table.filter(context, |rows| {
                let numbers = labels.numbers(&rows.columns[position])?;
                Ok(numbers.iter().map(|number| Some(number.is_some())).collect::<BooleanArray>())
            })?;
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer labels than 2^53")]
        let kept = if self.nan { f64::NAN } else { labels.labels().len() as f64 };
        let output = column.output.as_deref().unwrap_or(&column.input);
        table.set(output, &DataType::Float64, context, |rows| {
            let numbers = labels.numbers(&rows.columns[position])?;
            if self.invalid == Invalid::Error && numbers.contains(&None) {
                return Err(no_label(&column.input));
            }
            #[expect(clippy::cast_precision_loss, reason = "far fewer labels than 2^53")]
            let values = numbers.iter().map(|number| number.map_or(kept, |number| number as f64));
            Ok(Arc::new(Float64Array::from_iter_values(values)))
        })
    }
}
