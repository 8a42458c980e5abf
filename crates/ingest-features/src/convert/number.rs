//! Numbers.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::DataType;

/// A value of a numeric column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Single(f32),
    Double(f64),
}

/// Returns the value in one row, which must not be null.
pub(super) fn number(array: &dyn Array, row: usize) -> Option<Number> {
    macro_rules! whole {
        ($type:ty) => {
            Number::Whole(array.as_primitive::<$type>().value(row).into())
        };
    }
    Some(match array.data_type() {
        DataType::Int8 => whole!(Int8Type),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::UInt8 => whole!(UInt8Type),
        DataType::UInt16 => whole!(UInt16Type),
        DataType::UInt32 => whole!(UInt32Type),
        DataType::UInt64 => whole!(UInt64Type),
        DataType::Float16 => Number::Single(array.as_primitive::<Float16Type>().value(row).into()),
        DataType::Float32 => Number::Single(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Number::Double(array.as_primitive::<Float64Type>().value(row)),
        _ => return None,
    })
}

/// Formats a value of an Integral feature: a 64-bit integer.
pub(super) fn integral(array: &dyn Array, row: usize) -> Result<String, &'static str> {
    let double = match number(array, row).ok_or("the value is not a number")? {
        Number::Whole(whole) => {
            let whole = i64::try_from(whole);
            return whole.map(|whole| whole.to_string()).map_err(|_| TOO_LARGE);
        }
        Number::Single(single) => f64::from(single),
        Number::Double(double) => double,
    };
    if !double.is_finite() {
        return Err(NOT_FINITE);
    }
    if double.fract() != 0.0 {
        return Err(NOT_WHOLE);
    }
    // 2^63 is the first double above `i64::MAX`; -2^63 equals `i64::MIN`.
    if !(-TWO_TO_63..TWO_TO_63).contains(&double) {
        return Err(TOO_LARGE);
    }
    #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
    Ok((double as i64).to_string())
}

/// Formats a value of a Fractional feature: a finite number, in the shortest form that parses as the
/// same double.
pub(super) fn fractional(array: &dyn Array, row: usize) -> Result<String, &'static str> {
    match number(array, row).ok_or("the value is not a number")? {
        Number::Whole(whole) => Ok(whole.to_string()),
        Number::Single(single) if single.is_finite() => Ok(format!("{:?}", f64::from(single))),
        Number::Double(double) if double.is_finite() => Ok(format!("{double:?}")),
        _ => Err(NOT_FINITE),
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
pub(super) const NOT_WHOLE: &str = "the feature is Integral, and the value is not a whole number";
pub(super) const TOO_LARGE: &str =
    "the feature is Integral, and the value does not fit into 64 bits";
pub(super) const NOT_FINITE: &str = "the value is infinite or not a number (NaN)";

#[cfg(test)]
mod tests {
    use arrow_array::{Float32Array, Float64Array, Int64Array, UInt64Array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_whole_doubles_in_range_as_integral() {
        let array = Float64Array::from(vec![3.0, -0.0, 1e15, -TWO_TO_63]);
        let values: Vec<_> = (0..4).map(|row| integral(&array, row).unwrap()).collect();
        assert_eq!(values, ["3", "0", "1000000000000000", "-9223372036854775808"]);
        let array = Float64Array::from(vec![3.5, TWO_TO_63, 1e300, f64::NAN, f64::INFINITY]);
        assert!((0..5).all(|row| integral(&array, row).is_err()));
        let array = UInt64Array::from(vec![u64::MAX]);
        assert_eq!(integral(&array, 0), Err(TOO_LARGE));
        assert_eq!(fractional(&array, 0).unwrap(), "18446744073709551615");
    }

    #[test]
    fn rejects_infinite_and_nan_as_fractional() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(fractional(&Float64Array::from(vec![value]), 0), Err(NOT_FINITE));
        }
    }

    proptest! {
        #[test]
        fn fractional_round_trips_doubles(value in any::<f64>()) {
            let text = fractional(&Float64Array::from(vec![value]), 0);
            match text {
                Ok(text) => prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits()),
                Err(_) => prop_assert!(!value.is_finite()),
            }
        }

        #[test]
        fn fractional_keeps_the_value_of_floats(value in proptest::num::f32::NORMAL) {
            let text = fractional(&Float32Array::from(vec![value]), 0).unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), f64::from(value).to_bits());
        }

        #[test]
        fn integral_round_trips_integers(value in any::<i64>()) {
            let text = integral(&Int64Array::from(vec![value]), 0).unwrap();
            prop_assert_eq!(text.parse::<i64>().unwrap(), value);
        }

        #[test]
        fn accepts_a_double_as_integral_only_if_an_integer_equals_it(value in any::<f64>()) {
            if let Ok(text) = integral(&Float64Array::from(vec![value]), 0) {
                let whole: i64 = text.parse().unwrap();
                #[expect(clippy::cast_precision_loss, reason = "the point of the test")]
                { prop_assert!((whole as f64 - value).abs() == 0.0); }
            } else {
                prop_assert!(value.fract() != 0.0 || value.abs() >= TWO_TO_63 || !value.is_finite());
            }
        }
    }
}
