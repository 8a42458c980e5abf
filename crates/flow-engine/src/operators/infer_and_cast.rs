//! Casts all columns to types from the flow, or inferred from the data.

use std::fmt::Write;
use std::sync::Arc;

use arrow_schema::DataType;
use rayon::prelude::*;

use super::infer_type::infer;
use super::{Built, Operator};
use crate::cast::cast;
use crate::context::{Context, Fault};
use crate::parameters::Problem;
use crate::table::{ColumnDef, RowChunk, Table, looks_like};
use data_wrangler_flow::Node;
use data_wrangler_flow::{Json, Object};

#[derive(Debug)]
struct InferAndCast {
    /// The columns in output order, with their types. `None` if they are inferred.
    schema: Option<Vec<(String, Type)>>,
}

/// A type in Data Wrangler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Date,
    Float,
    Long,
    Text,
    /// Keeps the column's type.
    Object,
}

impl Type {
    const ALL: [Self; 6] =
        [Self::Boolean, Self::Date, Self::Float, Self::Long, Self::Text, Self::Object];

    /// The type's name in a schema.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "bool",
            Self::Date => "date",
            Self::Float => "float",
            Self::Long => "long",
            Self::Text => "string",
            Self::Object => "object",
        }
    }

    fn data_type(self) -> Option<DataType> {
        Some(match self {
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Float => DataType::Float64,
            Self::Long => DataType::Int64,
            Self::Text => DataType::Utf8,
            Self::Object => return None,
        })
    }
}

pub(super) fn build(node: &Node, refit: bool) -> Built {
    let schema = if refit { None } else { trained_schema(node)? };
    let Some(schema) = schema else { return Ok(Box::new(InferAndCast { schema: None })) };
    let mut columns = Vec::new();
    let mut refused = Vec::new();
    for (name, json) in schema.iter() {
        let type_name = json.read::<String>().unwrap_or_default();
        match Type::ALL.into_iter().find(|kind| kind.name() == type_name) {
            Some(kind) => columns.push((name.to_owned(), kind)),
            None => refused.push(format!("`{name}` to {}", json.as_str())),
        }
    }
    if !refused.is_empty() {
        return Err(format!("casting {} is not supported", refused.join(", ")));
    }
    Ok(Box::new(InferAndCast { schema: Some(columns) }))
}

/// Reads the schema that an earlier run inferred. The order of its members is the column order.
fn trained_schema(node: &Node) -> Result<Option<Object>, Problem> {
    let unreadable = |error| format!("trained_parameters.schema cannot be read: {error}");
    let trained = node.members().get("trained_parameters");
    let trained = trained.map(Json::read::<Option<Object>>).transpose().map_err(unreadable)?;
    let schema = trained.flatten().and_then(|trained| trained.get("schema").cloned());
    let schema = schema.map(|schema| schema.read::<Option<Object>>()).transpose();
    let schema = schema.map_err(unreadable)?.flatten();
    Ok(schema.filter(|schema| schema.iter().next().is_some()))
}

impl Operator for InferAndCast {
    fn apply(&self, table: Table, context: &Context) -> Result<Table, Fault> {
        let inferred;
        let schema = if let Some(schema) = &self.schema {
            check(&table, schema)?;
            schema
        } else {
            inferred = infer(&table)?;
            &inferred
        };
        let mut columns = Vec::with_capacity(schema.len());
        for (name, kind) in schema {
            let position = table.column(name)?;
            let kind = kind.data_type().unwrap_or_else(|| table.fields[position].kind.clone());
            columns.push((position, ColumnDef::new(name, kind)));
        }
        let chunks = table.chunks.par_iter().map(|rows| {
            context.check()?;
            let cast = columns.iter().map(|(position, column)| {
                let before = &rows.columns[*position];
                let after = cast(before, &column.kind)?;
                let (name, kind) = (&column.name, &column.kind);
                context.losses.of_cast(name, kind, (before, &after), &rows.origins);
                Ok(after)
            });
            let columns = cast.collect::<Result<_, Fault>>()?;
            Ok(RowChunk { columns, origins: Arc::clone(&rows.origins) })
        });
        let chunks = chunks.collect::<Result<_, Fault>>()?;
        Ok(Table { fields: columns.into_iter().map(|(_, column)| column).collect(), chunks })
    }
}

/// Checks that the schema and the data have the same columns. Shows only names from the schema:
/// without a header, the data's names can be values.
fn check(table: &Table, schema: &[(String, Type)]) -> Result<(), Fault> {
    let named = |name: &str| schema.iter().any(|(column, _)| column == name);
    let exists = |name: &str| table.fields.iter().any(|field| field.name == name);
    let extra: Vec<_> = table.fields.iter().enumerate().filter(|(_, f)| !named(&f.name)).collect();
    let missing: Vec<_> =
        schema.iter().filter(|(name, _)| !exists(name)).map(|(name, _)| name.as_str()).collect();
    if extra.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let mut problem = "the data does not match the node's schema:".to_owned();
    if !missing.is_empty() {
        let listed: Vec<_> = missing.iter().map(|name| name.escape_debug().to_string()).collect();
        let _ = write!(
            problem,
            " it lacks {} of {} ({});",
            missing.len(),
            schema.len(),
            listed.join(", ")
        );
    }
    if !extra.is_empty() {
        let plural = if extra.len() == 1 { "" } else { "s" };
        let _ = write!(problem, " it has {} other column{plural};", extra.len());
    }
    for (at, field) in &extra {
        if let Some(name) = missing.iter().find(|name| looks_like(&field.name, name)) {
            let _ = write!(
                problem,
                " the name of column {} differs from `{}` only in case, spaces or invisible \
                 characters;",
                at + 1,
                name.escape_debug()
            );
        }
    }
    if missing.len() == schema.len() {
        problem.push_str(" does the file have a header?");
    }
    problem.push_str(" Give the data these columns, or retrain the flow");
    Err(Fault::Problem(problem))
}
