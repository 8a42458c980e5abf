//! Ordinal encoding: replaces labels with their numbers.

use std::sync::Arc;

use arrow_array::{BooleanArray, Float64Array};
use arrow_schema::DataType;

use super::Built;
use super::string_indexer::{
    ColumnEncoder, EncodeColumns, EncodedColumn, Invalid, Labels, indexable, no_label,
};
use crate::context::{Context, Fault};
use crate::parameters::{Block, Trained};
use crate::table::{Table, same_name};

#[derive(Debug)]
struct Ordinal {
    invalid: Invalid,
    /// Whether values without a label become NaN.
    nan: bool,
}

pub(super) fn build(block: &Block, trained: &Trained) -> Built {
    let nan = block.text("invalid_handling_strategy")? == Some("Replace with NaN");
    let invalid = if nan { Invalid::Keep } else { Invalid::of(block)? };
    let columns = EncodedColumn::all_of(block, trained)?;
    Ok(Box::new(EncodeColumns { columns, encoder: Ordinal { invalid, nan } }))
}

impl ColumnEncoder for Ordinal {
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
                "the column `{output}` already exists; choose another output_column"
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
