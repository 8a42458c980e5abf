//! A column computed by a Spark SQL expression.

use super::super::context::{Context, Fault};
use super::super::formula::Formula;
use super::super::parameters::Block;
use super::super::table::Table;
use super::{Built, Operator};

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
