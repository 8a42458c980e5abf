//! A column computed by a Spark SQL expression.

use super::{Built, Operator};
use crate::context::{Context, Fault};
use crate::formula::Formula;
use crate::parameters::Block;
use crate::table::Table;

#[derive(Debug)]
struct CustomFormula {
    formula: Formula,
    output: String,
}

pub(super) fn build(block: &Block) -> Built {
    let formula = Formula::parse(block.needed("formula")?)
        .map_err(|problem| format!("{}: {problem}", block.name("formula")))?;
    Ok(Box::new(CustomFormula { formula, output: block.needed("output_column")?.to_owned() }))
}

impl Operator for CustomFormula {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        self.formula.apply(table, &self.output, context)
    }
}
