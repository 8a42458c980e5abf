//! Spark's types, as Arrow types.

use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use arrow_schema::{DataType, TimeUnit};

/// Spark's `TIMESTAMP`.
pub(super) static TIMESTAMP: LazyLock<DataType> =
    LazyLock::new(|| DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())));
/// An offset, because Arrow needs a time zone database to format times in a named zone.
const UTC: &str = "+00:00";

/// Builds a column of times in microseconds, or returns the first error.
pub(super) fn timestamps<E>(
    times: impl Iterator<Item = Result<Option<i64>, E>>,
) -> Result<ArrayRef, E> {
    let times = times.collect::<Result<TimestampMicrosecondArray, E>>()?;
    Ok(Arc::new(times.with_timezone(UTC)))
}

/// Returns the type's name in Spark SQL.
pub(super) fn sql_name(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Utf8 => "string".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => other.to_string().to_lowercase(),
    }
}

/// Spark's integral types.
pub(super) fn is_integral(kind: &DataType) -> bool {
    matches!(kind, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64)
}

/// Whether Spark implicitly converts the type to double. Excludes decimals.
pub(super) fn is_number(kind: &DataType) -> bool {
    is_integral(kind) || matches!(kind, DataType::Float32 | DataType::Float64)
}
