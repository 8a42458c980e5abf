//! The values and types of formulas.

use std::borrow::Cow;
use std::cmp::Ordering;

use arrow_schema::DataType;

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Double,
    /// The type of a literal such as `0.3`, with its scale.
    Decimal(u32),
    Text,
    Date,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    /// Digits without the decimal point. The type holds the scale.
    Decimal(i128),
    Text(Cow<'a, str>),
    Date(i32),
}

impl Kind {
    pub(super) fn of(kind: &DataType) -> Option<Self> {
        Some(match kind {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int32 => Self::Int,
            DataType::Int64 => Self::Long,
            DataType::Float64 => Self::Double,
            DataType::Utf8 => Self::Text,
            DataType::Date32 => Self::Date,
            _ => return None,
        })
    }

    /// Returns the column type for such values.
    pub(super) fn data_type(self) -> Option<DataType> {
        Some(match self {
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Null | Self::Decimal(_) => return None,
        })
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Double | Self::Decimal(_))
    }

    pub(super) fn is_integral(self) -> bool {
        matches!(self, Self::Int | Self::Long)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "bigint",
            Self::Double => "double",
            Self::Decimal(_) => "decimal",
            Self::Text => "string",
            Self::Date => "date",
        }
    }
}

impl Value<'_> {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value is true. Null is not.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }

    /// Compares two non-null values of the same type as Spark does. NaN equals itself and is
    /// greater than all numbers. Strings are compared by bytes.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Int(left), Self::Int(right)) | (Self::Date(left), Self::Date(right)) => {
                left.cmp(right)
            }
            (Self::Long(left), Self::Long(right)) => left.cmp(right),
            (Self::Decimal(left), Self::Decimal(right)) => left.cmp(right),
            (Self::Double(left), Self::Double(right)) => order_doubles(*left, *right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            // Type checking has made the types equal.
            _ => Ordering::Equal,
        }
    }
}

/// Compares doubles as Spark does.
pub(crate) fn order_doubles(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}
