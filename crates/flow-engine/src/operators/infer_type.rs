//! Infers the types of columns from their first rows.
//!
//! Older versions of Data Wrangler count all of the first 1,000 rows. Newer versions count the
//! non-null values among the first 5,000. This module applies both rules. If they disagree, or if
//! the result depends on pandas' guesses about times, the flow must specify the type. The rules are
//! from the notebooks that Data Wrangler exports (`type_inference`).

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use serde_json::json;

use super::infer_and_cast::Type;
use super::pandas_time::could_be_time;
use crate::context::Fault;
use crate::java;
use crate::table::Table;
use crate::types::is_integral;

/// The share of values that must be exceeded to infer a type.
const SHARE: f64 = 0.8;
const OLDER_SAMPLE: usize = 1000;
const NEWER_SAMPLE: usize = 5000;
/// In newer versions, a column with a smaller share of values than this is a string column.
const NEWER_LEAST: f64 = 0.3;

/// Infers the type of each column. Keeps the column order.
pub(super) fn infer(table: &Table) -> Result<Vec<(String, Type)>, Fault> {
    let types = table.fields.iter().enumerate().map(|(position, field)| match &field.kind {
        DataType::Utf8 => text_type(table, position),
        kind if is_integral(kind) => Some(Type::Long),
        DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => Some(Type::Float),
        DataType::Boolean => Some(Type::Boolean),
        _ => Some(Type::Object),
    });
    let names = table.fields.iter().map(|field| &field.name);
    let types: Vec<_> = names.zip(types).collect();
    if types.iter().any(|(_, kind)| kind.is_none()) {
        return Err(uncertain(&types));
    }
    Ok(types.into_iter().filter_map(|(name, kind)| Some((name.clone(), kind?))).collect())
}

/// Lists the columns whose types the flow must specify, and the JSON to add to it.
fn uncertain(types: &[(&String, Option<Type>)]) -> Fault {
    let unknown = types.iter().filter(|(_, kind)| kind.is_none());
    let unknown: Vec<_> = unknown.map(|(name, _)| format!("`{}`", name.escape_debug())).collect();
    let schema: Vec<_> = types
        .iter()
        .map(|(name, kind)| format!("{}: \"{}\"", json!(name), kind.map_or("…", Type::name)))
        .collect();
    let (plural, these) =
        if unknown.len() == 1 { ("", "this column") } else { ("s", "these columns") };
    Fault::Problem(format!(
        "the type{plural} of {these} cannot be inferred with certainty, because versions of Data \
         Wrangler and pandas, or the dataset's files, differ: {}; set the types in the node: \
         \"trained_parameters\": {{\"schema\": {{{}}}}}, with \"string\", \"long\", \"float\", \
         \"bool\" or \"date\" for …",
        unknown.join(", "),
        schema.join(", ")
    ))
}

/// Returns the type on which all rules agree. Spark's first rows can come from any file, so the
/// files must agree too.
fn text_type(table: &Table, position: usize) -> Option<Type> {
    let chunks = || table.chunks_of(position).flat_map(values);
    let agreed = both(chunks())?;
    let mut files: BTreeMap<u32, Vec<&ArrayRef>> = BTreeMap::new();
    for rows in &table.chunks {
        if let Some(origin) = rows.origins.first() {
            files.entry(origin.file).or_default().push(&rows.columns[position]);
        }
    }
    if files.len() > 1 {
        for chunks in files.values() {
            both(chunks.iter().flat_map(|array| values(array))).filter(|kind| *kind == agreed)?;
        }
    }
    Some(agreed)
}

fn values(array: &ArrayRef) -> impl Iterator<Item = Option<&str>> {
    array.as_string::<i32>().iter()
}

fn both<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Option<Type> {
    let sample: Vec<_> = values.take(NEWER_SAMPLE).collect();
    let older = Counts::of(&sample[..sample.len().min(OLDER_SAMPLE)], true)?.older()?;
    let newer = Counts::of(&sample, false)?.newer()?;
    (older == newer).then_some(newer)
}

/// The number of values of each type in a sample.
#[derive(Debug, Default)]
struct Counts {
    all: f64,
    /// Values that are neither null nor like `NA`.
    some: f64,
    numbers: f64,
    integers: f64,
    booleans: f64,
    /// Dates in the form `yyyy-mm-dd`.
    dates: f64,
    /// Dates within the range of pandas.
    certain_times: f64,
    /// Values that pandas might parse as a time.
    possible_times: f64,
}

impl Counts {
    /// Counts a sample. `None` if the type of a value is uncertain.
    fn of(sample: &[Option<&str>], underscores: bool) -> Option<Self> {
        let mut counts = Self::default();
        for value in sample {
            counts.all += 1.0;
            let Some(value) = value else { continue };
            counts.some += f64::from(!is_null_like(value));
            let number = number(value, underscores)?;
            counts.numbers += f64::from(number.is_some());
            counts.integers += f64::from(number.is_some_and(|number| is_integer(value, number)));
            counts.booleans += f64::from(matches!(value.to_lowercase().as_str(), "true" | "false"));
            let year = iso_year(value);
            counts.dates += f64::from(year.is_some());
            let certain = year.is_some_and(|year| (1700..=2200).contains(&year));
            counts.certain_times += f64::from(certain);
            counts.possible_times += f64::from(certain || could_be_time(value));
        }
        Some(counts)
    }

    fn older(&self) -> Option<Type> {
        if self.some == 0.0 {
            return Some(Type::Text);
        }
        self.number(self.all).map_or_else(|| self.date(), Some)
    }

    fn newer(&self) -> Option<Type> {
        #[expect(clippy::cast_precision_loss, reason = "5000")]
        let full = NEWER_SAMPLE as f64;
        let few = if self.all < full {
            self.some / self.all < NEWER_LEAST
        } else {
            self.some < full * NEWER_LEAST
        };
        if self.some == 0.0 || few {
            return Some(Type::Text);
        }
        self.number(self.some).map_or_else(|| self.date(), Some)
    }

    fn number(&self, of: f64) -> Option<Type> {
        if self.numbers / of > SHARE {
            let integers = self.integers / self.numbers > SHARE;
            return Some(if integers { Type::Long } else { Type::Float });
        }
        (self.booleans / of > SHARE).then_some(Type::Boolean)
    }

    /// Returns date or string. `None` if the result depends on pandas.
    fn date(&self) -> Option<Type> {
        if self.dates / self.some > SHARE {
            return (self.possible_times <= self.dates).then_some(Type::Date);
        }
        (self.possible_times / self.some <= SHARE).then_some(Type::Text)
    }
}

/// Whether the value is blank or begins with `null`, `none`, `nil` or `na`, ignoring case.
fn is_null_like(value: &str) -> bool {
    let begins = |word: &str| value.get(..word.len()).is_some_and(|v| v.eq_ignore_ascii_case(word));
    python_strip(value).is_empty() || ["null", "none", "nil", "na"].into_iter().any(begins)
}

fn python_strip(value: &str) -> &str {
    value.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}

#[expect(clippy::option_option, reason = "not a number differs from uncertain")]
/// Parses a finite number as Python does. The outer option is `None` for non-ASCII digits.
fn number(value: &str, underscores: bool) -> Option<Option<f64>> {
    let text = python_strip(value);
    if !text.is_ascii() {
        let foreign = text.chars().any(|c| !c.is_ascii() && !c.is_numeric());
        return foreign.then_some(None);
    }
    let plain = if text.contains('_') {
        let bytes = text.as_bytes();
        let digit =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        let between = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
        if !underscores || !text.match_indices('_').all(|(at, _)| between(at)) {
            return Some(None);
        }
        text.replace('_', "")
    } else {
        text.to_owned()
    };
    let begins = plain.trim_start_matches(['+', '-']);
    let shape = plain.len() - begins.len() <= 1
        && begins.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && plain.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number = if shape { plain.parse::<f64>().ok() } else { None };
    Some(number.filter(|number| number.is_finite()))
}

/// Whether Python's `int` parses the text, without loss of precision.
fn is_integer(value: &str, number: f64) -> bool {
    let digits = python_strip(value).replace('_', "");
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
    let is_int = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_int
        && format!("{:.0}", number.abs()).trim_start_matches('0') == digits.trim_start_matches('0')
}

/// Returns the year of a date in the form `yyyy-mm-dd`.
fn iso_year(value: &str) -> Option<i32> {
    let dashes = value.len() == 10 && value.as_bytes()[4] == b'-' && value.as_bytes()[7] == b'-';
    let digits = || value.bytes().filter(u8::is_ascii_digit).count() == 8;
    (dashes && digits() && java::parse_date(value).is_some()).then_some(())?;
    value.get(..4)?.parse().ok().filter(|year| *year > 0)
}
