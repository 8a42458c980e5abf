//! One-hot encoding: each label becomes a column that is 1 in the rows with the label.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, new_null_array};
use arrow_schema::DataType;

use super::string_indexer::{
    ColumnEncoder, EncodeColumns, EncodedColumn, Invalid, Labels, indexable, no_label,
};
use super::{Built, plain_name};
use crate::context::{Context, Fault};
use crate::parameters::{Block, Trained};
use crate::table::{ColumnDef, RowChunk, Table};

/// The maximum number of new columns for a column. A column of IDs would exhaust the memory.
const MAX_LABELS: usize = 10_000;

#[derive(Debug)]
struct OneHot {
    invalid: Invalid,
    drop_last: bool,
}

pub(super) fn build(block: &Block, trained: &Trained) -> Built {
    if block.flag("input_already_ordinal_encoded", false)? {
        return Err(format!("{} is not supported", block.name("input_already_ordinal_encoded")));
    }
    // Data Wrangler's default is Vector.
    if block.text("output_style")? != Some("Columns") {
        let name = block.name("output_style");
        return Err(format!("{name} other than Columns (vectors of Spark ML) is not supported"));
    }
    let (invalid, drop_last) = (Invalid::of(block)?, block.flag("drop_last", true)?);
    let mut columns = EncodedColumn::all_of(block, trained)?;
    if let [only] = &mut columns[..] {
        // An output name equal to the input name means "no output name".
        only.output = only.output.take().filter(|output| *output != only.input);
    }
    Ok(Box::new(EncodeColumns { columns, encoder: OneHot { invalid, drop_last } }))
}

impl ColumnEncoder for OneHot {
    fn encode(
        &self,
        mut table: Table,
        column: &EncodedColumn,
        context: &Context,
    ) -> Result<Table, Fault> {
        let position = indexable(&table, &column.input)?;
        let labels = if let Some(labels) = &column.trained {
            labels.clone()
        } else {
            // Spark ML does not support empty labels.
            if table.fields[position].kind == DataType::Utf8 {
                table = table.set(&column.input, &DataType::Utf8, context, |rows| {
                    let texts = rows.columns[position].as_string::<i32>().iter();
                    let texts = texts.map(|text| text.filter(|text| !text.is_empty()));
                    Ok(Arc::new(texts.collect::<StringArray>()))
                })?;
            }
            Labels::fit(&table, position, context)?
        };
        if labels.labels().len() > MAX_LABELS {
            return Err(Fault::Problem(format!(
                "the column `{}` has {} labels; the limit is {MAX_LABELS}; if it is an ID, drop it, \
                 or use ordinal encoding",
                column.input,
                labels.labels().len()
            )));
        }
        let chunks =
            table.map_chunks(context, |rows| self.encode_rows(rows, position, column, &labels))?;
        let chunks = chunks.into_iter().filter(|rows| rows.len() > 0).collect();
        let mut fields = table.fields;
        // Without an output name, the new columns replace the input.
        let prefix = column.output.clone().unwrap_or_else(|| {
            fields.remove(position);
            plain_name(&column.input)
        });
        let name = |label: &String| ColumnDef::new(format!("{prefix}_{label}"), DataType::Float64);
        fields.extend(labels.labels().iter().map(name));
        let table = Table { fields, chunks };
        table.check_names()?;
        Ok(table)
    }
}

impl OneHot {
    fn encode_rows(
        &self,
        rows: &RowChunk,
        position: usize,
        column: &EncodedColumn,
        labels: &Labels,
    ) -> Result<RowChunk, Fault> {
        let mut numbers = labels.numbers(&rows.columns[position])?;
        let mut rows = rows.clone();
        match self.invalid {
            Invalid::Error if numbers.contains(&None) => return Err(no_label(&column.input)),
            Invalid::Skip => {
                let keep = numbers.iter().map(|number| Some(number.is_some()));
                rows = rows.filter(&keep.collect::<BooleanArray>())?;
                numbers.retain(Option::is_some);
            }
            _ => {}
        }
        if column.output.is_none() {
            rows.columns.remove(position);
        }
        let count = labels.labels().len();
        for label in 0..count {
            // Without Keep, Spark's vector is one element shorter than the list of labels. Reading
            // past its end returns null.
            let dropped = self.drop_last && self.invalid != Invalid::Keep && label == count - 1;
            let values: ArrayRef = if dropped {
                new_null_array(&DataType::Float64, rows.len())
            } else {
                let values = numbers.iter().map(|number| f64::from(*number == Some(label)));
                Arc::new(Float64Array::from_iter_values(values))
            };
            rows.columns.push(values);
        }
        Ok(rows)
    }
}
