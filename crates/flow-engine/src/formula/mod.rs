//! Custom formulas: columns computed by Spark SQL expressions.

mod call;
mod compute;
mod function;
mod lexer;
mod parser;
mod typed;
mod value;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use self::compute::{Row, compute};
use self::parser::{Expression, parse};
use self::typed::{Typed, Use, typed};
use self::value::{Kind, Value};
use super::cast::cast;
use super::context::{Context, Fault};
use super::table::{RowChunk, Table, same_name};
use super::types::sql_name;

pub(super) use self::value::order_doubles;

/// The maximum size of a string column's chunk in bytes. Arrow's offsets have 32 bits.
const MAX_TEXT: usize = 1 << 30;

/// A parsed formula.
#[derive(Debug)]
pub(super) struct Formula(Expression);

impl Formula {
    pub(super) fn parse(formula: &str) -> Result<Self, String> {
        parse(formula).map(Self)
    }

    /// Computes the formula for all rows of a table and sets the column `output`.
    pub(super) fn apply(
        &self,
        table: Table,
        output: &str,
        context: &Context,
    ) -> Result<Table, Fault> {
        let casts = RefCell::new(Vec::new());
        let formula = typed(&self.0, &|name, purpose| find(&table, name, purpose, &casts))?;
        let casts = casts.into_inner();
        let kind = formula.kind.data_type().ok_or_else(|| {
            let (kind, hint) = match formula.kind {
                Kind::Null => ("always null", "cast it to a type"),
                _ => ("a decimal in Spark, which is not supported", "write 0.5D for a double"),
            };
            format!("the formula's result is {kind}; {hint}")
        })?;
        table.set(output, &kind, context, |rows| {
            let cast = casts.iter().map(|(from, to)| cast(&rows.columns[*from], to));
            let cast = cast.collect::<Result<Vec<_>, _>>()?;
            let (column, lost) = column(&formula, rows, &cast, context.now.0)?;
            let lost = lost.into_iter().filter_map(|row| rows.origins.get(row).copied());
            context.losses.add(output, &kind, lost);
            Ok(column)
        })
    }
}

/// Columns whose types formulas do not support, with the types to cast them to.
type Casts = RefCell<Vec<(usize, DataType)>>;

/// Finds a column's position and type. Positions beyond the table's columns refer to `casts`.
fn find(table: &Table, name: &str, purpose: Use, casts: &Casts) -> Result<(usize, Kind), String> {
    let mut fields = table.fields.iter().enumerate();
    let Some((position, field)) = fields.find(|(_, field)| same_name(&field.name, name)) else {
        return Err(table.missing(name));
    };
    // Small integers and floats would need their own rules.
    if let Some(kind) = Kind::of(&field.kind) {
        return Ok((position, kind));
    }
    let target = match purpose {
        Use::Value => None,
        Use::Cast(kind) => Some(kind),
        Use::IsNull if field.kind == DataType::Binary => Some(Kind::Text),
        Use::IsNull => Some(Kind::Boolean),
    };
    let castable = target.filter(|kind| is_castable(&field.kind, *kind));
    let Some((kind, to)) = castable.and_then(|kind| Some((kind, kind.data_type()?))) else {
        let kind = sql_name(&field.kind);
        let to = castable_to(&field.kind).map(|kind| format!("cast({name} as {})", kind.name()));
        let to: Vec<_> = to.collect();
        return Err(format!(
            "the column `{name}` is a {kind}, which formulas do not support; write {}",
            to.join(" or ")
        ));
    };
    let mut casts = casts.borrow_mut();
    casts.push((position, to));
    Ok((table.fields.len() + casts.len() - 1, kind))
}

/// The types to which Spark and this engine can cast a column whose type formulas do not support.
fn castable_to(kind: &DataType) -> impl Iterator<Item = Kind> {
    let all = [Kind::Double, Kind::Long, Kind::Text, Kind::Int, Kind::Boolean, Kind::Date];
    all.into_iter().filter(move |to| is_castable(kind, *to))
}

fn is_castable(from: &DataType, to: Kind) -> bool {
    match from {
        DataType::Timestamp(..) => true,
        DataType::Decimal128(..) | DataType::Int8 | DataType::Int16 => to != Kind::Date,
        DataType::Float32 => !matches!(to, Kind::Date | Kind::Text),
        DataType::Binary => to == Kind::Text,
        _ => false,
    }
}

fn value(array: &ArrayRef, row: usize) -> Value<'_> {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Value::Long(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::Double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).into()),
        _ => Value::Null,
    }
}

/// Computes the formula's value for each row. Also returns the rows that are null because a cast
/// failed.
fn column(
    formula: &Typed,
    rows: &RowChunk,
    cast: &[ArrayRef],
    now: i64,
) -> Result<(ArrayRef, Vec<usize>), Fault> {
    let mut builder = Builder::new(formula.kind);
    let mut lost = Vec::new();
    for index in 0..rows.len() {
        let column = |position: usize| {
            let array = match position.checked_sub(rows.columns.len()) {
                None => &rows.columns[position],
                Some(position) => &cast[position],
            };
            value(array, index)
        };
        let unread = Cell::new(false);
        let value = compute(formula, &Row { column: &column, now, unread: &unread })?;
        if unread.get() && value.is_null() {
            lost.push(index);
        }
        builder.push(&value)?;
    }
    Ok((builder.finish(), lost))
}

/// Builds a column.
enum Builder {
    Boolean(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Double(Float64Builder),
    Date(Date32Builder),
    Text(StringBuilder),
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Int => Self::Int(Int32Builder::new()),
            Kind::Long => Self::Long(Int64Builder::new()),
            Kind::Double => Self::Double(Float64Builder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn push(&mut self, value: &Value) -> Result<(), Fault> {
        match (self, value) {
            (Self::Boolean(builder), Value::Boolean(value)) => builder.append_value(*value),
            (Self::Int(builder), Value::Int(value)) => builder.append_value(*value),
            (Self::Long(builder), Value::Long(value)) => builder.append_value(*value),
            (Self::Double(builder), Value::Double(value)) => builder.append_value(*value),
            (Self::Date(builder), Value::Date(value)) => builder.append_value(*value),
            (Self::Text(builder), Value::Text(text)) => {
                if builder.values_slice().len() + text.len() > MAX_TEXT {
                    let problem = "the formula's strings exceed 1 GiB in one chunk of rows";
                    return Err(Fault::Problem(problem.to_owned()));
                }
                builder.append_value(text);
            }
            (Self::Boolean(builder), _) => builder.append_null(),
            (Self::Int(builder), _) => builder.append_null(),
            (Self::Long(builder), _) => builder.append_null(),
            (Self::Double(builder), _) => builder.append_null(),
            (Self::Date(builder), _) => builder.append_null(),
            (Self::Text(builder), _) => builder.append_null(),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
            Self::Int(mut builder) => Arc::new(builder.finish()),
            Self::Long(mut builder) => Arc::new(builder.finish()),
            Self::Double(mut builder) => Arc::new(builder.finish()),
            Self::Date(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) => Arc::new(builder.finish()),
        }
    }
}
