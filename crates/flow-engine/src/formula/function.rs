//! The functions that formulas support.

/// A function of Spark SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    // Nulls and conditions.
    Coalesce,
    If,
    IsNull,
    IsNotNull,
    IsNan,
    NullIf,
    Nvl,
    Nvl2,
    Greatest,
    Least,
    // Numbers.
    Abs,
    Ceil,
    Exp,
    Floor,
    Ln,
    Log10,
    Log2,
    Mod,
    Power,
    Round,
    Signum,
    Sqrt,
    // Strings.
    Concat,
    EndsWith,
    Instr,
    Left,
    Length,
    Lower,
    LeftTrim,
    Replace,
    Reverse,
    Right,
    RightTrim,
    StartsWith,
    Substring,
    Trim,
    Upper,
    // Time.
    UnixTimestamp,
}

impl Function {
    /// Returns the function with this lowercase name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "coalesce" => Self::Coalesce,
            "if" => Self::If,
            "isnull" => Self::IsNull,
            "isnotnull" => Self::IsNotNull,
            "isnan" => Self::IsNan,
            "nullif" => Self::NullIf,
            "nvl" | "ifnull" => Self::Nvl,
            "nvl2" => Self::Nvl2,
            "greatest" => Self::Greatest,
            "least" => Self::Least,
            "abs" => Self::Abs,
            "ceil" | "ceiling" => Self::Ceil,
            "exp" => Self::Exp,
            "floor" => Self::Floor,
            "ln" => Self::Ln,
            "log10" => Self::Log10,
            "log2" => Self::Log2,
            "mod" => Self::Mod,
            "pow" | "power" => Self::Power,
            "round" => Self::Round,
            "sign" | "signum" => Self::Signum,
            "sqrt" => Self::Sqrt,
            "concat" => Self::Concat,
            "endswith" => Self::EndsWith,
            "instr" => Self::Instr,
            "left" => Self::Left,
            "length" | "char_length" | "character_length" => Self::Length,
            "lower" | "lcase" => Self::Lower,
            "ltrim" => Self::LeftTrim,
            "replace" => Self::Replace,
            "reverse" => Self::Reverse,
            "right" => Self::Right,
            "rtrim" => Self::RightTrim,
            "startswith" => Self::StartsWith,
            "substr" | "substring" => Self::Substring,
            "trim" => Self::Trim,
            "upper" | "ucase" => Self::Upper,
            "unix_timestamp" => Self::UnixTimestamp,
            _ => return None,
        })
    }

    /// Checks the number of arguments.
    ///
    /// # Errors
    ///
    /// The expected number of arguments.
    pub(super) fn check(self, given: usize) -> Result<(), &'static str> {
        use Function as F;
        let (ok, expected) = match self {
            F::UnixTimestamp => (given == 0, "none"),
            F::Coalesce | F::Concat => (given >= 1, "at least one"),
            F::Greatest | F::Least => (given >= 2, "at least two"),
            F::If | F::Nvl2 | F::Replace => (given == 3, "three"),
            F::Substring => (given == 2 || given == 3, "two or three"),
            F::Round => (given == 1 || given == 2, "one or two"),
            F::NullIf
            | F::Nvl
            | F::Mod
            | F::Power
            | F::EndsWith
            | F::Instr
            | F::Left
            | F::Right
            | F::StartsWith => (given == 2, "two"),
            _ => (given == 1, "one"),
        };
        if ok { Ok(()) } else { Err(expected) }
    }
}
