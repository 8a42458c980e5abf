//! The operators of a flow's nodes.

mod cast_single;
mod custom_formula;
mod drop_duplicates;
mod handle_missing;
mod impute;
mod infer_and_cast;
mod infer_type;
mod manage_columns;
mod one_hot;
mod ordinal;
mod pandas_time;
mod quantiles;
mod scale;
mod scaler;
mod sort;
mod string_indexer;

use std::fmt;

use super::context::{Context, Fault};
use super::parameters::{Block, Problem, Trained};
use super::table::Table;
use data_wrangler_flow::Node;

/// A transform in a plan.
pub(super) trait Operator: fmt::Debug + Send + Sync {
    /// Applies the transform to all rows.
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault>;
}

type Built = Result<Box<dyn Operator>, Problem>;

/// Creates a node's operator.
///
/// # Errors
///
/// The unsupported part of the node.
pub(super) fn build(node: &Node, refit: bool) -> Built {
    let block = Block::of(node)?;
    let trained = || Trained::of(node, refit);
    match node.operator() {
        "sagemaker.spark.infer_and_cast_type_0.1" => infer_and_cast::build(node, refit),
        "sagemaker.spark.cast_single_data_type_0.1" => cast_single::build(&block),
        "sagemaker.spark.manage_columns_0.1" => manage_columns::build(&block),
        "sagemaker.spark.manage_rows_0.1" => manage_rows(&block),
        "sagemaker.spark.encode_categorical_0.1" => encode_categorical(&block, &trained()?),
        "sagemaker.spark.process_numeric_0.1" => scale::build(&block, &trained()?),
        "sagemaker.spark.handle_missing_0.1" => handle_missing::build(&block, &trained()?),
        "sagemaker.spark.custom_formula_0.1" => custom_formula::build(&block),
        operator => Err(refusal(operator)),
    }
}

fn manage_rows(block: &Block) -> Built {
    match block.needed("operator")? {
        "Drop duplicates" => Ok(Box::new(drop_duplicates::DropDuplicates)),
        "Sort" => sort::build(&block.block("sort_parameters")?),
        other => Err(block.unknown("operator", other)),
    }
}

fn encode_categorical(block: &Block, trained: &Trained) -> Built {
    match block.needed("operator")? {
        "One-hot encode" => {
            let name = "one_hot_encode_parameters";
            one_hot::build(&block.block(name)?, &trained.operator(name))
        }
        "Ordinal encode" => {
            let name = "ordinal_encode_parameters";
            ordinal::build(&block.block(name)?, &trained.operator(name))
        }
        other => Err(block.unknown("operator", other)),
    }
}

/// Describes an unsupported operator by its name.
fn refusal(operator: &str) -> Problem {
    let name = operator.strip_prefix("sagemaker.spark.").unwrap_or(operator);
    let what = if name.starts_with("join") || name.starts_with("concatenate") {
        "combining datasets is"
    } else if name.starts_with("handle_outliers") {
        "handling outliers is"
    } else if name.starts_with("time_series") {
        "processing time series is"
    } else if name.starts_with("custom_pandas") {
        "pandas code is"
    } else if name.starts_with("custom_pyspark") || name.starts_with("custom_code") {
        "Python or SQL code is"
    } else if name.starts_with("custom_sql") {
        "SQL code is"
    } else if name.starts_with("custom_udf") || name.starts_with("user_defined") {
        "a user-defined function in Python is"
    } else if name.starts_with("format_string") || name.starts_with("featurize_text") {
        "processing text is"
    } else if name.starts_with("split") {
        "splitting a dataset is"
    } else {
        "this operator is"
    };
    format!("{what} not supported")
}

/// Returns the name of a result column: the output column, or else the input. With several inputs,
/// the output column is a prefix.
fn output_name(output: Option<&str>, input: &str, inputs: usize) -> String {
    match output {
        None => input.to_owned(),
        Some(output) if inputs == 1 => output.to_owned(),
        Some(output) => format!("{output}_{}", plain_name(input)),
    }
}

/// Replaces characters that have a meaning in Spark's expressions. Data Wrangler does so while it
/// processes a column, and derived names keep the replacement.
fn plain_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '.' | '`' if plain.ends_with('\0') => {}
            '.' | '`' => plain.push('\0'),
            other => plain.push(other),
        }
    }
    plain.replace('\0', "_")
}
