//! Computes function calls.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::compute::{Row, compute};
use super::function::Function;
use super::typed::Typed;
use super::value::Value;

/// The maximum size of a function's result in bytes. Nested functions could grow without limit.
const MAX_TEXT: usize = 16 << 20;

/// Computes the function for one row.
pub(super) fn call<'a>(
    function: Function,
    arguments: &'a [Typed],
    row: &Row<'a>,
) -> Result<Value<'a>, String> {
    use Function as F;
    match function {
        F::UnixTimestamp => return Ok(Value::Long(row.now)),
        F::Coalesce | F::Nvl => {
            for argument in arguments {
                let value = compute(argument, row)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            return Ok(Value::Null);
        }
        F::Greatest => return extreme(arguments, row, Ordering::Greater),
        F::Least => return extreme(arguments, row, Ordering::Less),
        _ => {}
    }
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        values.push(compute(argument, row)?);
    }
    if function == F::IsNan {
        let nan = matches!(values.as_slice(), [Value::Double(value)] if value.is_nan());
        return Ok(Value::Boolean(nan));
    }
    if values.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    Ok(match values.as_slice() {
        [Value::Int(value)] => of_int(function, *value),
        [Value::Long(value)] => of_long(function, *value),
        [Value::Double(value)] => of_double(function, *value),
        [Value::Double(base), Value::Double(exponent)] => Value::Double(pow(*base, *exponent)),
        [Value::Double(value), Value::Int(scale)] => Value::Double(round(*value, *scale)),
        [value @ (Value::Int(_) | Value::Long(_)), Value::Int(_)] => value.clone(),
        [Value::Text(text), Value::Int(number)] => of_text_and_int(function, text, *number),
        [Value::Text(text), Value::Int(position), Value::Int(length)] => {
            Value::Text(substring(text, *position, *length).to_owned().into())
        }
        values => of_texts(function, values)?,
    })
}

fn extreme<'a>(
    arguments: &'a [Typed],
    row: &Row<'a>,
    ordering: Ordering,
) -> Result<Value<'a>, String> {
    let mut best = Value::Null;
    for argument in arguments {
        let value = compute(argument, row)?;
        if !value.is_null() && (best.is_null() || value.order(&best) == ordering) {
            best = value;
        }
    }
    Ok(best)
}

fn of_int(function: Function, value: i32) -> Value<'static> {
    match function {
        Function::Abs => Value::Int(value.wrapping_abs()),
        _ => Value::Int(value),
    }
}

fn of_long(function: Function, value: i64) -> Value<'static> {
    match function {
        Function::Abs => Value::Long(value.wrapping_abs()),
        _ => Value::Long(value),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, as Java does")]
fn of_double(function: Function, value: f64) -> Value<'static> {
    use Function as F;
    // Outside its domain, a logarithm is null, not NaN.
    if matches!(function, F::Ln | F::Log2 | F::Log10) && value <= 0.0 {
        return Value::Null;
    }
    Value::Double(match function {
        F::Ceil => return Value::Long(value.ceil() as i64),
        F::Floor => return Value::Long(value.floor() as i64),
        F::Abs => value.abs(),
        F::Exp => value.exp(),
        F::Ln => value.ln(),
        F::Log2 => value.ln() / 2_f64.ln(),
        F::Log10 => value.log10(),
        F::Signum if value == 0.0 || value.is_nan() => value,
        F::Signum => value.signum(),
        F::Sqrt => value.sqrt(),
        _ => round(value, 0),
    })
}

#[expect(clippy::float_cmp, reason = "exactly 1 is the exception")]
/// Java's `Math.pow`, which differs from C's if the base is 1 or -1.
fn pow(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    base.powf(exponent)
}

/// Rounds the decimal digits half up, away from zero.
fn round(value: f64, scale: i32) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let digits = value.abs().to_string();
    let Some((whole, fraction)) = digits.split_once('.') else { return value + 0.0 };
    let scale = usize::try_from(scale).unwrap_or(0);
    if fraction.len() <= scale {
        return value + 0.0;
    }
    let (kept, dropped) = fraction.split_at(scale);
    let mut digits: Vec<u8> = whole.bytes().chain(kept.bytes()).collect();
    if dropped.as_bytes().first().is_some_and(|digit| *digit >= b'5') {
        let mut carry = true;
        for digit in digits.iter_mut().rev() {
            if !carry {
                break;
            }
            carry = *digit == b'9';
            *digit = if carry { b'0' } else { *digit + 1 };
        }
        if carry {
            digits.insert(0, b'1');
        }
    }
    let digits = String::from_utf8_lossy(&digits);
    let rounded: f64 = format!("{digits}e-{scale}").parse().unwrap_or(value);
    // Java's decimals have no negative zero.
    if value < 0.0 && rounded != 0.0 { -rounded } else { rounded }
}

fn of_text_and_int(function: Function, text: &str, number: i32) -> Value<'static> {
    let part = match function {
        Function::Left => substring(text, 1, number),
        Function::Right if number <= 0 => "",
        Function::Right => substring(text, number.wrapping_neg(), i32::MAX),
        _ => substring(text, number, i32::MAX),
    };
    Value::Text(part.to_owned().into())
}

fn of_texts<'a>(function: Function, values: &[Value<'a>]) -> Result<Value<'a>, String> {
    use Function as F;
    let texts: Vec<&str> = values
        .iter()
        .map(|value| if let Value::Text(text) = value { text.as_ref() } else { "" })
        .collect();
    let owned = |text: String| Value::Text(Cow::Owned(text));
    let count = |count: usize| Value::Int(i32::try_from(count).unwrap_or(i32::MAX));
    let check = |length: usize| {
        let hint = "the formula produces a string of more than 16 MiB";
        if length > MAX_TEXT { Err(hint.to_owned()) } else { Ok(()) }
    };
    Ok(match (function, texts.as_slice()) {
        (F::Length, [text]) => count(text.chars().count()),
        (F::Lower, [text]) => owned(text.to_lowercase()),
        (F::Upper, [text]) => owned(text.to_uppercase()),
        (F::Reverse, [text]) => owned(text.chars().rev().collect()),
        (F::Trim, [text]) => owned(text.trim_matches(' ').to_owned()),
        (F::LeftTrim, [text]) => owned(text.trim_start_matches(' ').to_owned()),
        (F::RightTrim, [text]) => owned(text.trim_end_matches(' ').to_owned()),
        (F::StartsWith, [text, part]) => Value::Boolean(text.starts_with(part)),
        (F::EndsWith, [text, part]) => Value::Boolean(text.ends_with(part)),
        (F::Instr, [text, part]) => {
            text.find(part).map_or(Value::Int(0), |at| count(text[..at].chars().count() + 1))
        }
        (F::Replace, [text, "", _]) => owned((*text).to_owned()),
        (F::Replace, [text, part, with]) => {
            check(text.len() + text.matches(part).count() * with.len())?;
            owned(text.replace(part, with))
        }
        _ => {
            check(texts.iter().map(|text| text.len()).sum())?;
            owned(texts.concat())
        }
    })
}

/// Returns a substring. Positions count characters from 1, or from the end if negative.
fn substring(text: &str, position: i32, length: i32) -> &str {
    let characters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = match position {
        1.. => i64::from(position) - 1,
        0 => 0,
        _ => characters + i64::from(position),
    };
    let end = if length == i32::MAX { i64::MAX } else { start + i64::from(length) };
    let offset = |character: i64| {
        let character = usize::try_from(character).unwrap_or(0);
        text.char_indices().nth(character).map_or(text.len(), |(offset, _)| offset)
    };
    if end <= start || start >= characters { "" } else { &text[offset(start)..offset(end)] }
}
