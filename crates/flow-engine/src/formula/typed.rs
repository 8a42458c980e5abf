//! Type-checks expressions, with Spark's implicit casts outside ANSI mode.

use super::function::Function;
use super::parser::{Arithmetic, CastType, Comparison, Expression, Node};
use super::value::{Kind, Value};

/// A type-checked expression.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) kind: Kind,
    pub(super) step: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    Constant(Value<'static>),
    /// The column at this position.
    Column(usize),
    /// A cast to the type of the expression.
    Cast(Box<Typed>),
    Negate(Box<Typed>),
    Not(Box<Typed>),
    And(Box<Typed>, Box<Typed>),
    Or(Box<Typed>, Box<Typed>),
    Arithmetic(Arithmetic, Box<Typed>, Box<Typed>),
    Compare(Comparison, Box<Typed>, Box<Typed>),
    IsNull(Box<Typed>),
    In(Box<Typed>, Vec<Typed>),
    Case(Vec<(Typed, Typed)>, Option<Box<Typed>>),
    Call(Function, Vec<Typed>),
}

/// Finds a column's position and type.
pub(super) type ColumnResolver<'a> = dyn Fn(&str, Use) -> Result<(usize, Kind), String> + 'a;

/// How an expression uses a column. A column whose type formulas do not support, such as a
/// timestamp, can only be cast or checked for null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Uses its values directly.
    Value,
    /// Casts them.
    Cast(Kind),
    /// Checks them for null.
    IsNull,
}

/// Type-checks an expression.
pub(super) fn typed(expression: &Expression, columns: &ColumnResolver) -> Result<Typed, String> {
    let of = |expression: &Expression| typed(expression, columns);
    let new = |kind, step| Ok(Typed { kind, step });
    match &expression.node {
        Node::Null => new(Kind::Null, Step::Constant(Value::Null)),
        Node::Boolean(value) => new(Kind::Boolean, Step::Constant(Value::Boolean(*value))),
        Node::Int(value) => new(Kind::Int, Step::Constant(Value::Int(*value))),
        Node::Long(value) => new(Kind::Long, Step::Constant(Value::Long(*value))),
        Node::Double(value) => new(Kind::Double, Step::Constant(Value::Double(*value))),
        Node::Decimal(digits, scale) => {
            new(Kind::Decimal(*scale), Step::Constant(Value::Decimal(*digits)))
        }
        Node::Text(text) => new(Kind::Text, Step::Constant(Value::Text(text.clone().into()))),
        Node::Column(name) => {
            let (position, kind) = columns(name, Use::Value)?;
            new(kind, Step::Column(position))
        }
        Node::Cast(value, to) => {
            let to = cast_kind(*to);
            let value = match &value.node {
                Node::Column(name) => {
                    let (position, kind) = columns(name, Use::Cast(to))?;
                    Typed { kind, step: Step::Column(position) }
                }
                _ => of(value)?,
            };
            cast(value, to)
        }
        Node::Negate(value) => {
            let value = of(value)?;
            let value = if value.kind == Kind::Text { cast(value, Kind::Double)? } else { value };
            if !value.kind.is_number() {
                return Err(format!("negating a {} is not supported", value.kind.name()));
            }
            new(value.kind, Step::Negate(value.into()))
        }
        Node::Not(value) => new(Kind::Boolean, Step::Not(condition(of(value)?)?.into())),
        Node::And(left, right) => {
            let (left, right) = (condition(of(left)?)?, condition(of(right)?)?);
            new(Kind::Boolean, Step::And(left.into(), right.into()))
        }
        Node::Or(left, right) => {
            let (left, right) = (condition(of(left)?)?, condition(of(right)?)?);
            new(Kind::Boolean, Step::Or(left.into(), right.into()))
        }
        Node::Arithmetic(with, left, right) => arithmetic(*with, of(left)?, of(right)?),
        Node::Compare(with, left, right) => compare(*with, of(left)?, of(right)?),
        Node::IsNull(value) => {
            let value = match &value.node {
                Node::Column(name) => {
                    let (position, kind) = columns(name, Use::IsNull)?;
                    Typed { kind, step: Step::Column(position) }
                }
                _ => of(value)?,
            };
            new(Kind::Boolean, Step::IsNull(value.into()))
        }
        Node::In(value, list) => {
            let mut all = vec![of(value)?];
            for item in list {
                all.push(of(item)?);
            }
            let (_, mut all) = unified(all)?;
            let value = all.remove(0);
            new(Kind::Boolean, Step::In(value.into(), all))
        }
        Node::Case(branches, otherwise) => {
            let mut conditions = Vec::new();
            let mut values = Vec::new();
            for (when, then) in branches {
                let when = of(when)?;
                if when.kind == Kind::Null {
                    return Err("the condition is always null, which Spark rejects".to_owned());
                }
                conditions.push(condition(when)?);
                values.push(of(then)?);
            }
            let has_otherwise = otherwise.is_some();
            if let Some(otherwise) = otherwise {
                values.push(of(otherwise)?);
            }
            let (kind, mut values) = unified(values)?;
            let otherwise = if has_otherwise { values.pop().map(Box::new) } else { None };
            let branches = conditions.into_iter().zip(values).collect();
            new(kind, Step::Case(branches, otherwise))
        }
        Node::Call(function, arguments) => {
            call(*function, arguments.iter().map(of).collect::<Result<_, _>>()?)
        }
    }
}

fn cast_kind(to: CastType) -> Kind {
    match to {
        CastType::Boolean => Kind::Boolean,
        CastType::Int => Kind::Int,
        CastType::Long => Kind::Long,
        CastType::Double => Kind::Double,
        CastType::Text => Kind::Text,
        CastType::Date => Kind::Date,
    }
}

/// Casts a value, unless it already has the type.
fn cast(value: Typed, to: Kind) -> Result<Typed, String> {
    let from = value.kind;
    if from == to {
        return Ok(value);
    }
    let known = match (from, to) {
        (Kind::Null, _)
        | (Kind::Text, Kind::Boolean | Kind::Int | Kind::Long | Kind::Double | Kind::Date)
        | (Kind::Date, Kind::Text)
        | (Kind::Decimal(_), Kind::Double | Kind::Decimal(_)) => true,
        (Kind::Int | Kind::Long | Kind::Double | Kind::Boolean, to) => {
            matches!(to, Kind::Int | Kind::Long | Kind::Double | Kind::Boolean | Kind::Text)
                || (from.is_integral() && matches!(to, Kind::Decimal(_)))
        }
        _ => false,
    };
    if !known {
        let (from, to) = (from.name(), to.name());
        let hint = if from == "decimal" { "; write 0.5D for a double" } else { "" };
        return Err(format!("a cast from {from} to {to} is not supported{hint}"));
    }
    Ok(Typed { kind: to, step: Step::Cast(value.into()) })
}

fn condition(value: Typed) -> Result<Typed, String> {
    match value.kind {
        Kind::Boolean => Ok(value),
        Kind::Null => cast(value, Kind::Boolean),
        kind => Err(format!("a {} is not a condition; compare it with a value", kind.name())),
    }
}

fn arithmetic(with: Arithmetic, left: Typed, right: Typed) -> Result<Typed, String> {
    let number = |value: Typed| match value.kind {
        Kind::Text => cast(value, Kind::Double),
        Kind::Null => Ok(value),
        kind if kind.is_number() => Ok(value),
        kind => Err(format!("arithmetic with a {} is not supported", kind.name())),
    };
    let (left, right) = (number(left)?, number(right)?);
    let kinds = [left.kind, right.kind];
    let decimal = kinds.iter().any(|kind| matches!(kind, Kind::Decimal(_)));
    if decimal && !kinds.contains(&Kind::Double) {
        return Err(
            "a number such as 0.5 is a decimal in Spark, and decimal arithmetic is not supported; \
             write 0.5D for a double"
                .to_owned(),
        );
    }
    let kind = match with {
        Arithmetic::Divide => Kind::Double,
        Arithmetic::IntegerDivide if kinds.iter().any(|k| matches!(k, Kind::Double)) => {
            return Err("`div` of doubles is not supported; cast them to bigint".to_owned());
        }
        Arithmetic::IntegerDivide => Kind::Long,
        _ if kinds.contains(&Kind::Double) => Kind::Double,
        _ if kinds.contains(&Kind::Long) => Kind::Long,
        _ if kinds == [Kind::Null, Kind::Null] => Kind::Double,
        _ => Kind::Int,
    };
    let (left, right) = (cast(left, kind)?, cast(right, kind)?);
    Ok(Typed { kind, step: Step::Arithmetic(with, left.into(), right.into()) })
}

fn compare(with: Comparison, left: Typed, right: Typed) -> Result<Typed, String> {
    let equality =
        matches!(with, Comparison::Equal | Comparison::NotEqual | Comparison::NullSafeEqual);
    let kind = match (left.kind, right.kind) {
        (left, right) if left == right => left,
        (Kind::Text, Kind::Decimal(_)) | (Kind::Decimal(_), Kind::Text) => Kind::Double,
        // Null has any type. A string is cast to the type of the other operand.
        (Kind::Null | Kind::Text, kind) | (kind, Kind::Null | Kind::Text) => kind,
        (Kind::Boolean, kind) | (kind, Kind::Boolean) if equality && kind.is_integral() => kind,
        (left, right) => wider(left, right)?,
    };
    let (left, right) = (cast(left, kind)?, cast(right, kind)?);
    Ok(Typed { kind: Kind::Boolean, step: Step::Compare(with, left.into(), right.into()) })
}

/// Returns the common type of both. Only numbers are widened.
fn wider(left: Kind, right: Kind) -> Result<Kind, String> {
    Ok(match (left, right) {
        (left, right) if left == right => left,
        (Kind::Null, kind) | (kind, Kind::Null) => kind,
        (Kind::Double, kind) | (kind, Kind::Double) if kind.is_number() => Kind::Double,
        (Kind::Decimal(left), Kind::Decimal(right)) => Kind::Decimal(left.max(right)),
        (Kind::Decimal(scale), kind) | (kind, Kind::Decimal(scale)) if kind.is_integral() => {
            Kind::Decimal(scale)
        }
        (Kind::Long, Kind::Int) | (Kind::Int, Kind::Long) => Kind::Long,
        (left, right) => {
            let (left, right) = (left.name(), right.name());
            return Err(format!(
                "a {left} and a {right} cannot be combined without a cast; cast one of them"
            ));
        }
    })
}

/// Casts the values to a common type.
fn unified(values: Vec<Typed>) -> Result<(Kind, Vec<Typed>), String> {
    let kind = values.iter().try_fold(Kind::Null, |kind, value| wider(kind, value.kind))?;
    let values = values.into_iter().map(|value| cast(value, kind)).collect::<Result<_, _>>()?;
    Ok((kind, values))
}

fn call(function: Function, arguments: Vec<Typed>) -> Result<Typed, String> {
    use Function as F;
    let (kind, arguments) = match function {
        F::Coalesce | F::Nvl | F::Greatest | F::Least => unified(arguments)?,
        F::IsNan => (Kind::Boolean, all(arguments, Kind::Double)?),
        F::Exp | F::Ln | F::Log10 | F::Log2 | F::Power | F::Signum | F::Sqrt => {
            (Kind::Double, all(arguments, Kind::Double)?)
        }
        F::Abs | F::Round => {
            let kind = match arguments[0].kind {
                kind @ (Kind::Int | Kind::Long | Kind::Double) => kind,
                Kind::Null | Kind::Text => Kind::Double,
                kind => return Err(format!("{function:?} of a {} is not supported", kind.name())),
            };
            let mut arguments = arguments.into_iter();
            let first = arguments.next().map(|value| cast(value, kind)).transpose()?;
            (
                kind,
                first
                    .into_iter()
                    .chain(arguments.map(scale).collect::<Result<Vec<_>, _>>()?)
                    .collect(),
            )
        }
        F::Ceil | F::Floor => {
            let integral = arguments[0].kind.is_integral();
            let kind = if integral { Kind::Long } else { Kind::Double };
            (Kind::Long, all(arguments, kind)?)
        }
        F::Length | F::Instr => (Kind::Int, all(arguments, Kind::Text)?),
        F::StartsWith | F::EndsWith => (Kind::Boolean, all(arguments, Kind::Text)?),
        F::Left | F::Right | F::Substring => {
            let mut arguments = arguments.into_iter();
            let text = arguments.next().map(|value| cast(value, Kind::Text)).transpose()?;
            let mut all: Vec<_> = text.into_iter().collect();
            for number in arguments {
                if !number.kind.is_integral() && number.kind != Kind::Null {
                    let kind = number.kind.name();
                    return Err(format!("{function:?} has a {kind} argument; expected an int"));
                }
                all.push(cast(number, Kind::Int)?);
            }
            (Kind::Text, all)
        }
        F::UnixTimestamp => (Kind::Long, arguments),
        _ => (Kind::Text, all(arguments, Kind::Text)?),
    };
    Ok(Typed { kind, step: Step::Call(function, arguments) })
}

/// Checks the number of digits of `round`. As in Spark, it must be a constant.
fn scale(value: Typed) -> Result<Typed, String> {
    match value.step {
        Step::Constant(Value::Int(0..=15)) => Ok(value),
        _ => {
            Err("round is only supported with a constant number of digits from 0 to 15".to_owned())
        }
    }
}

fn all(arguments: Vec<Typed>, kind: Kind) -> Result<Vec<Typed>, String> {
    arguments.into_iter().map(|argument| cast(argument, kind)).collect()
}
