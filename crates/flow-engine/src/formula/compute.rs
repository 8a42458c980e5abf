//! Computes expressions.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use super::call::call;
use super::parser::{Arithmetic, Comparison};
use super::typed::{Step, Typed};
use super::value::{Kind, Value};
use crate::java;

/// A row as input of an expression.
pub(super) struct Row<'a> {
    /// Returns the value of the column at a position.
    pub(super) column: &'a dyn Fn(usize) -> Value<'a>,
    /// The time of the run, in seconds.
    pub(super) now: i64,
    /// Set if a cast failed and returned null.
    pub(super) unread: &'a Cell<bool>,
}

/// Computes the expression for one row. The value has the expression's type or is null.
pub(super) fn compute<'a>(expression: &'a Typed, row: &Row<'a>) -> Result<Value<'a>, String> {
    Ok(match &expression.step {
        Step::Constant(value) => value.clone(),
        Step::Column(position) => (row.column)(*position),
        Step::Cast(from) => {
            let value = compute(from, row)?;
            let was_null = value.is_null();
            let value = cast(value, from.kind, expression.kind)?;
            row.unread.set(row.unread.get() || (value.is_null() && !was_null));
            value
        }
        Step::Negate(of) => match compute(of, row)? {
            Value::Int(value) => Value::Int(value.wrapping_neg()),
            Value::Long(value) => Value::Long(value.wrapping_neg()),
            Value::Double(value) => Value::Double(-value),
            Value::Decimal(digits) => Value::Decimal(-digits),
            _ => Value::Null,
        },
        Step::Not(of) => match compute(of, row)? {
            Value::Boolean(value) => Value::Boolean(!value),
            _ => Value::Null,
        },
        Step::And(left, right) => logic(false, left, right, row)?,
        Step::Or(left, right) => logic(true, left, right, row)?,
        Step::Arithmetic(with, left, right) => {
            arithmetic(*with, &compute(left, row)?, &compute(right, row)?)
        }
        Step::Compare(with, left, right) => {
            compare(*with, &compute(left, row)?, &compute(right, row)?)
        }
        Step::IsNull(of) => Value::Boolean(compute(of, row)?.is_null()),
        Step::In(of, list) => is_in(&compute(of, row)?, list, row)?,
        Step::Case(branches, otherwise) => {
            for (when, then) in branches {
                if compute(when, row)?.is_true() {
                    return compute(then, row);
                }
            }
            otherwise.as_ref().map_or(Ok(Value::Null), |otherwise| compute(otherwise, row))?
        }
        Step::Call(function, arguments) => call(*function, arguments, row)?,
    })
}

/// Computes `and` and `or`. An operand equal to `decisive` determines the result. Otherwise, null
/// results in null.
fn logic<'a>(
    decisive: bool,
    left: &'a Typed,
    right: &'a Typed,
    row: &Row<'a>,
) -> Result<Value<'a>, String> {
    let left = compute(left, row)?;
    if left == Value::Boolean(decisive) {
        return Ok(left);
    }
    let right = compute(right, row)?;
    Ok(if right == Value::Boolean(decisive) || !left.is_null() { right } else { Value::Null })
}

fn is_in<'a>(value: &Value, list: &'a [Typed], row: &Row<'a>) -> Result<Value<'a>, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let mut null = false;
    for item in list {
        let item = compute(item, row)?;
        null |= item.is_null();
        if !item.is_null() && value.order(&item) == Ordering::Equal {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(if null { Value::Null } else { Value::Boolean(false) })
}

fn compare(with: Comparison, left: &Value, right: &Value) -> Value<'static> {
    if left.is_null() || right.is_null() {
        return match with {
            Comparison::NullSafeEqual => Value::Boolean(left.is_null() && right.is_null()),
            _ => Value::Null,
        };
    }
    let order = left.order(right);
    Value::Boolean(match with {
        Comparison::Equal | Comparison::NullSafeEqual => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

/// Integers wrap on overflow. Division by zero returns null.
fn arithmetic(with: Arithmetic, left: &Value, right: &Value) -> Value<'static> {
    use Arithmetic as A;
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => match with {
            A::Add => Value::Int(left.wrapping_add(*right)),
            A::Subtract => Value::Int(left.wrapping_sub(*right)),
            A::Multiply => Value::Int(left.wrapping_mul(*right)),
            A::Remainder if *right != 0 => Value::Int(left.wrapping_rem(*right)),
            _ => Value::Null,
        },
        (Value::Long(left), Value::Long(right)) => match with {
            A::Add => Value::Long(left.wrapping_add(*right)),
            A::Subtract => Value::Long(left.wrapping_sub(*right)),
            A::Multiply => Value::Long(left.wrapping_mul(*right)),
            A::Remainder if *right != 0 => Value::Long(left.wrapping_rem(*right)),
            A::IntegerDivide if *right != 0 => Value::Long(left.wrapping_div(*right)),
            _ => Value::Null,
        },
        (Value::Double(left), Value::Double(right)) => match with {
            A::Add => Value::Double(left + right),
            A::Subtract => Value::Double(left - right),
            A::Multiply => Value::Double(left * right),
            A::Divide if *right != 0.0 => Value::Double(left / right),
            A::Remainder if *right != 0.0 => Value::Double(left % right),
            _ => Value::Null,
        },
        _ => Value::Null,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "wraps or saturates, as Java does")]
#[expect(clippy::cast_precision_loss, reason = "as Java does")]
fn cast(value: Value, from: Kind, to: Kind) -> Result<Value, String> {
    Ok(match (value, to) {
        (Value::Null, _) => Value::Null,
        (Value::Text(text), to) => match to {
            Kind::Boolean => java::parse_boolean(&text).map_or(Value::Null, Value::Boolean),
            Kind::Int => java::parse_long(&text)
                .and_then(|long| i32::try_from(long).ok())
                .map_or(Value::Null, Value::Int),
            Kind::Long => java::parse_long(&text).map_or(Value::Null, Value::Long),
            Kind::Double => java::parse_double(&text).map_or(Value::Null, Value::Double),
            Kind::Date => java::parse_date(&text).map_or(Value::Null, Value::Date),
            _ => Value::Text(text),
        },
        (Value::Date(days), _) => Value::Text(Cow::Owned(java::format_date(days))),
        (Value::Boolean(flag), to) => match to {
            Kind::Int => Value::Int(i32::from(flag)),
            Kind::Long => Value::Long(i64::from(flag)),
            Kind::Double => Value::Double(f64::from(flag)),
            _ => Value::Text(Cow::Borrowed(if flag { "true" } else { "false" })),
        },
        (Value::Int(int), to) => integer(i64::from(int), to),
        (Value::Long(long), to) => integer(long, to),
        (Value::Double(double), to) => match to {
            Kind::Boolean => Value::Boolean(double != 0.0),
            Kind::Int => Value::Int(double as i32),
            Kind::Long => Value::Long(double as i64),
            _ => Value::Text(Cow::Owned(java::format_double(double).ok_or(java::NO_TEXT)?)),
        },
        (Value::Decimal(digits), to) => {
            let Kind::Decimal(scale) = from else { return Ok(Value::Null) };
            match to {
                Kind::Decimal(wider) => Value::Decimal(digits * power(wider.saturating_sub(scale))),
                // Both operands are exact, so that the quotient is rounded only once.
                _ if digits.unsigned_abs() < 1 << 53 && scale <= 22 => {
                    Value::Double(digits as f64 / power(scale) as f64)
                }
                _ => format!("{digits}e-{scale}").parse().map_or(Value::Null, Value::Double),
            }
        }
    })
}

#[expect(clippy::cast_possible_truncation, reason = "wraps, as Java does")]
#[expect(clippy::cast_precision_loss, reason = "as Java does")]
fn integer(value: i64, to: Kind) -> Value<'static> {
    match to {
        Kind::Boolean => Value::Boolean(value != 0),
        Kind::Int => Value::Int(value as i32),
        Kind::Long => Value::Long(value),
        Kind::Double => Value::Double(value as f64),
        Kind::Decimal(scale) => Value::Decimal(i128::from(value) * power(scale)),
        _ => Value::Text(Cow::Owned(value.to_string())),
    }
}

fn power(scale: u32) -> i128 {
    10_i128.pow(scale.min(18))
}
