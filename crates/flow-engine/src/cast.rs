//! Spark's casts outside ANSI mode: failed casts become null.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
};
use arrow_schema::DataType;

use super::context::Fault;
use super::java;
use super::source::decode;
use super::types::{is_integral, is_number, sql_name};

/// Casts a column. Rejects types for which the cast cannot match Spark exactly.
pub(super) fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, Fault> {
    let from = array.data_type();
    if from == to {
        return Ok(Arc::clone(array));
    }
    match (from, to) {
        (DataType::Utf8, DataType::Float64) => Ok(texts_to_doubles(array)),
        (DataType::Utf8, DataType::Int64) => {
            let texts = array.as_string::<i32>().iter();
            let longs = texts.map(|text| text.and_then(java::parse_long));
            Ok(Arc::new(longs.collect::<Int64Array>()))
        }
        (DataType::Utf8, DataType::Int32) => {
            let texts = array.as_string::<i32>().iter();
            let ints = texts.map(|text| text.and_then(java::parse_long)?.try_into().ok());
            Ok(Arc::new(ints.collect::<Int32Array>()))
        }
        (DataType::Utf8, DataType::Boolean) => {
            let texts = array.as_string::<i32>().iter();
            let flags = texts.map(|text| text.and_then(java::parse_boolean));
            Ok(Arc::new(flags.collect::<BooleanArray>()))
        }
        (DataType::Utf8, DataType::Date32) => {
            let texts = array.as_string::<i32>().iter();
            let dates = texts.map(|text| text.and_then(java::parse_date));
            Ok(Arc::new(dates.collect::<Date32Array>()))
        }
        (from, DataType::Float64) if is_number(from) => Ok(Arc::new(doubles(array)?)),
        (DataType::Decimal128(_, scale), DataType::Float64) => {
            let decimals = array.as_primitive::<Decimal128Type>().iter();
            let doubles = decimals.map(|value| value.map(|v| java::decimal_to_double(v, *scale)));
            Ok(Arc::new(doubles.collect::<Float64Array>()))
        }
        (DataType::Timestamp(..), DataType::Float64) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            #[expect(clippy::cast_precision_loss, reason = "as Java does")]
            let seconds = times.map(|time| time.map(|time| time as f64 / 1_000_000.0));
            Ok(Arc::new(seconds.collect::<Float64Array>()))
        }
        (DataType::Timestamp(..), DataType::Date32) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            let dates = times.map(|time| time.map(java::date_of)).map(Option::flatten);
            Ok(Arc::new(dates.collect::<Date32Array>()))
        }
        (from, DataType::Int64) if has_longs(from) => Ok(Arc::new(longs(array)?)),
        (from, DataType::Int32)
            if has_longs(from) && (!is_integral(from) || *from == DataType::Int64) =>
        {
            let array = longs(array)?;
            #[expect(clippy::cast_possible_truncation, reason = "as Java does")]
            let ints = array.iter().map(|long| long.map(|l| l as i32));
            Ok(Arc::new(ints.collect::<Int32Array>()))
        }
        (from, DataType::Int32) if is_integral(from) => {
            let ints =
                longs(array)?.iter().map(|long| long?.try_into().ok()).collect::<Int32Array>();
            Ok(Arc::new(ints))
        }
        (DataType::Float32 | DataType::Float64, DataType::Int64) => {
            let array = doubles(array)?;
            #[expect(clippy::cast_possible_truncation, reason = "saturates, as Java does")]
            let longs = array.iter().map(|double| double.map(|d| d as i64));
            Ok(Arc::new(longs.collect::<Int64Array>()))
        }
        (DataType::Float32 | DataType::Float64, DataType::Int32) => {
            let array = doubles(array)?;
            #[expect(clippy::cast_possible_truncation, reason = "saturates, as Java does")]
            let ints = array.iter().map(|double| double.map(|d| d as i32));
            Ok(Arc::new(ints.collect::<Int32Array>()))
        }
        (DataType::Decimal128(..), DataType::Boolean) => {
            let decimals = array.as_primitive::<Decimal128Type>().iter();
            let flags = decimals.map(|value| value.map(|value| value != 0));
            Ok(Arc::new(flags.collect::<BooleanArray>()))
        }
        (DataType::Timestamp(..), DataType::Boolean) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            Ok(Arc::new(times.map(|time| time.map(|time| time != 0)).collect::<BooleanArray>()))
        }
        (from, DataType::Boolean) if is_number(from) => {
            let array = doubles(array)?;
            let flags = array.iter().map(|double| double.map(|d| d != 0.0));
            Ok(Arc::new(flags.collect::<BooleanArray>()))
        }
        (DataType::Boolean, DataType::Int64) => {
            let flags = array.as_boolean().iter();
            Ok(Arc::new(flags.map(|flag| flag.map(i64::from)).collect::<Int64Array>()))
        }
        (DataType::Boolean, DataType::Int32) => {
            let flags = array.as_boolean().iter();
            Ok(Arc::new(flags.map(|flag| flag.map(i32::from)).collect::<Int32Array>()))
        }
        (DataType::Boolean, DataType::Float64) => {
            let flags = array.as_boolean().iter();
            Ok(Arc::new(flags.map(|flag| flag.map(f64::from)).collect::<Float64Array>()))
        }
        (_, DataType::Utf8) => to_texts(array),
        _ => Err(refused(from, to)),
    }
}

fn refused(from: &DataType, to: &DataType) -> Fault {
    Fault::Problem(format!(
        "a cast from {} to {} is not supported; use the data-wrangler engine",
        sql_name(from),
        sql_name(to)
    ))
}

fn texts_to_doubles(array: &ArrayRef) -> ArrayRef {
    let texts = array.as_string::<i32>().iter();
    Arc::new(texts.map(|text| text.and_then(java::parse_double)).collect::<Float64Array>())
}

/// Converts a column of numbers to doubles.
pub(super) fn doubles(array: &ArrayRef) -> Result<Float64Array, Fault> {
    #[expect(clippy::cast_precision_loss, reason = "as Java does")]
    Ok(match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().clone(),
        DataType::Float32 => {
            array.as_primitive::<Float32Type>().iter().map(|v| v.map(f64::from)).collect()
        }
        kind if is_integral(kind) => longs(array)?.iter().map(|v| v.map(|v| v as f64)).collect(),
        kind => return Err(refused(kind, &DataType::Float64)),
    })
}

/// Whether Spark truncates the type's values to integers: decimals at the point, times to seconds.
fn has_longs(kind: &DataType) -> bool {
    is_integral(kind) || matches!(kind, DataType::Decimal128(..) | DataType::Timestamp(..))
}

/// Converts a column to longs.
pub(super) fn longs(array: &ArrayRef) -> Result<Int64Array, Fault> {
    Ok(match array.data_type() {
        DataType::Int64 => array.as_primitive::<Int64Type>().clone(),
        DataType::Int32 => {
            array.as_primitive::<Int32Type>().iter().map(|v| v.map(i64::from)).collect()
        }
        DataType::Int16 => {
            array.as_primitive::<Int16Type>().iter().map(|v| v.map(i64::from)).collect()
        }
        DataType::Int8 => {
            array.as_primitive::<Int8Type>().iter().map(|v| v.map(i64::from)).collect()
        }
        DataType::Decimal128(_, scale) => {
            let decimals = array.as_primitive::<Decimal128Type>().iter();
            decimals.map(|value| value.map(|value| java::decimal_to_long(value, *scale))).collect()
        }
        DataType::Timestamp(..) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            times.map(|time| time.map(|time| time.div_euclid(1_000_000))).collect()
        }
        kind => return Err(refused(kind, &DataType::Int64)),
    })
}

fn to_texts(array: &ArrayRef) -> Result<ArrayRef, Fault> {
    let mut texts = StringBuilder::new();
    match array.data_type() {
        DataType::Boolean => {
            array.as_boolean().iter().for_each(|v| texts.append_option(v.map(|v| v.to_string())));
        }
        DataType::Date32 => {
            let dates = array.as_primitive::<Date32Type>().iter();
            dates.for_each(|date| texts.append_option(date.map(java::format_date)));
        }
        DataType::Float64 => {
            for value in array.as_primitive::<Float64Type>() {
                let text = value.map(|value| java::format_double(value).ok_or(java::NO_TEXT));
                texts.append_option(text.transpose().map_err(str::to_owned)?);
            }
        }
        DataType::Decimal128(_, scale) => {
            let decimals = array.as_primitive::<Decimal128Type>().iter();
            let format = |value| java::format_decimal(value, *scale);
            decimals.for_each(|value| texts.append_option(value.map(format)));
        }
        DataType::Timestamp(..) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            times.for_each(|time| texts.append_option(time.map(java::format_timestamp)));
        }
        // Spark decodes the bytes as UTF-8.
        DataType::Binary => {
            array.as_binary::<i32>().iter().for_each(|v| texts.append_option(v.map(decode)));
        }
        kind if is_integral(kind) => {
            longs(array)?.iter().for_each(|v| texts.append_option(v.map(|v| v.to_string())));
        }
        kind => return Err(refused(kind, &DataType::Utf8)),
    }
    Ok(Arc::new(texts.finish()))
}
