//! Parsing and formatting of single values as in Java and Spark.

use std::fmt::Write;

/// The reason why a double cannot be converted to a string.
pub(super) const NO_TEXT: &str = "how Spark converts a number with more than 15 digits or an exponent to a string depends on its \
     Java version; cast the column to long first, or use the data-wrangler engine";
const MICROSECONDS_OF_DAY: i64 = 86_400_000_000;

/// Spark's `CAST(text AS DOUBLE)`: Java's `Double.parseDouble`, plus a few special names.
pub(super) fn parse_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| c <= ' ');
    let (negative, number) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = if number.eq_ignore_ascii_case("inf") || number.eq_ignore_ascii_case("infinity")
    {
        f64::INFINITY
    } else if number == "NaN" || text.eq_ignore_ascii_case("nan") {
        f64::NAN
    } else {
        let digits = number.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(number);
        if number.starts_with("0x") || number.starts_with("0X") {
            parse_hexadecimal(number)?
        } else if is_decimal(digits) {
            digits.parse().ok()?
        } else {
            return None;
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Digits with at most one decimal point and an optional exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && is_digits(exponent)
    });
    exponent
        && is_digits(whole)
        && is_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
}

/// Java's hexadecimal numbers, such as `0x1.8p3`. The exponent is required.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let text =
        text.strip_suffix(['d', 'D', 'f', 'F']).filter(|t| t.contains(['p', 'P'])).unwrap_or(text);
    let (mantissa, exponent) = text[2..].split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.chars().chain(fraction.chars());
    let sign = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if sign.is_empty() || !sign.bytes().all(|b| b.is_ascii_digit()) || digits().next().is_none() {
        return None;
    }
    // Beyond this range, the result is zero or infinity for any mantissa.
    let exponent: i64 = exponent.parse().ok()?;
    let mut bits: u64 = 0;
    let mut scale = exponent.clamp(-100_000, 100_000) - 4 * i64::try_from(fraction.len()).ok()?;
    for digit in digits() {
        let digit = u64::from(digit.to_digit(16)?);
        if bits >> 58 == 0 {
            bits = bits << 4 | digit;
        } else {
            // For rounding, only whether any of these bits is set matters.
            bits |= u64::from(digit != 0);
            scale += 4;
        }
    }
    Some(scaled(bits, scale))
}

/// Returns `bits * 2^scale`, rounded once, half to even.
fn scaled(bits: u64, scale: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = 64 - i64::from(bits.leading_zeros());
    let exponent = length + scale - 1;
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // The precision of the result: 53 bits, fewer for a subnormal number.
    let kept = if exponent < -1022 { 53 - (-1022 - exponent) } else { 53 };
    if kept < 0 {
        return 0.0;
    }
    let dropped = length - kept;
    let (mantissa, shift) = if dropped <= 0 {
        (u128::from(bits), scale)
    } else {
        let wide = u128::from(bits);
        let half = 1_u128 << (dropped - 1);
        let rest = wide & ((half << 1) - 1);
        let mantissa = wide >> dropped;
        let up = rest > half || (rest == half && mantissa & 1 == 1);
        (mantissa + u128::from(up), scale + dropped)
    };
    // Exact from here on: the mantissa fits, and each step stays in range.
    #[expect(clippy::cast_precision_loss, reason = "at most 54 bits")]
    let mut result = mantissa as f64;
    let mut shift = shift;
    while shift > 0 {
        let step = shift.min(1000);
        result *= 2_f64.powi(i32::try_from(step).unwrap_or(0));
        shift -= step;
    }
    while shift < 0 {
        let step = (-shift).min(1000);
        result *= 2_f64.powi(-i32::try_from(step).unwrap_or(0));
        shift += step;
    }
    result
}

/// Spark's `CAST(text AS BIGINT)`: digits with an optional fraction, which is truncated.
pub(super) fn parse_long(text: &str) -> Option<i64> {
    let text = trim_all(text);
    let (negative, number) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    whole.bytes().try_fold(0_i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        let value = value.checked_mul(10)?;
        if negative { value.checked_sub(digit) } else { value.checked_add(digit) }
    })
}

/// Spark's `CAST(text AS BOOLEAN)`.
pub(super) fn parse_boolean(text: &str) -> Option<bool> {
    let text = trim_all(text).to_lowercase();
    match text.as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// Spark's `CAST(text AS DATE)`, in days since 1970: `yyyy`, `yyyy-m` or `yyyy-m-d`. Spark ignores
/// anything that follows the day after a space or a `T`.
pub(super) fn parse_date(text: &str) -> Option<i32> {
    let text = trim_all(text);
    let (negative, number) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut parts = number.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next(), parts.next());
    let day = day.map(|day| day.split([' ', 'T']).next().unwrap_or_default());
    let number = |digits: &str, most: usize| {
        let ok = !digits.is_empty() && digits.len() <= most;
        ok.then_some(())?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok())?
    };
    if year.len() < 4 {
        return None;
    }
    let year = number(year, 7)?;
    let month = month.map_or(Some(1), |month| number(month, 2))?;
    let day = day.map_or(Some(1), |day| number(day, 2))?;
    days(if negative { -year } else { year }, month, day)
}

/// Returns the days since 1970 of a date in the proleptic Gregorian calendar, if the date exists.
fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last day of a year.
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    i32::try_from(days).ok()
}

/// Formats a date as `yyyy-MM-dd`.
pub(super) fn format_date(days: i32) -> String {
    let days = i64::from(days) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = of_era + era * 400 + i64::from(month <= 2);
    match year {
        10_000.. => format!("+{year}-{month:02}-{day:02}"),
        0.. => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("-{:04}-{month:02}-{day:02}", -year),
    }
}

/// Returns the date of a time in microseconds since 1970, or `None` if it is out of range.
pub(super) fn date_of(microseconds: i64) -> Option<i32> {
    microseconds.div_euclid(MICROSECONDS_OF_DAY).try_into().ok()
}

/// Formats a time as Spark does, in UTC and without trailing zeros in the fraction.
pub(super) fn format_timestamp(microseconds: i64) -> String {
    // Every `i64` of microseconds is within the range of dates.
    let mut text = format_date(date_of(microseconds).unwrap_or_default());
    let rest = microseconds.rem_euclid(MICROSECONDS_OF_DAY);
    let (second, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let _ = write!(text, " {hour:02}:{minute:02}:{second:02}");
    if fraction != 0 {
        let _ = write!(text, ".{fraction:06}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// Java's `BigDecimal.doubleValue`: the nearest double.
#[expect(clippy::cast_precision_loss, reason = "at most 53 bits")]
pub(super) fn decimal_to_double(digits: i128, scale: i8) -> f64 {
    // Both operands are exact, so that the quotient is rounded only once.
    match u32::try_from(scale) {
        Ok(scale @ 0..=22) if digits.unsigned_abs() < 1 << 53 => {
            digits as f64 / 10_i128.pow(scale) as f64
        }
        _ => format!("{digits}e{}", -i32::from(scale)).parse().unwrap_or(f64::NAN),
    }
}

/// Spark's `Decimal.toLong`: truncates the fraction and keeps the lowest 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "as Java does")]
pub(super) fn decimal_to_long(digits: i128, scale: i8) -> i64 {
    let power = 10_i128.checked_pow(u32::try_from(scale).unwrap_or_default());
    power.map_or(0, |power| (digits / power) as i64)
}

/// Java's `BigDecimal.toString`, with an exponent for values below 0.000001.
pub(super) fn format_decimal(value: i128, scale: i8) -> String {
    let (digits, scale) = (value.unsigned_abs().to_string(), usize::try_from(scale).unwrap_or(0));
    let sign = if value < 0 { "-" } else { "" };
    // The zeros between the decimal point and the first digit.
    let zeros = scale.saturating_sub(digits.len());
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    if zeros > 5 {
        let exponent = scale + 1 - digits.len();
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}E-{exponent}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// Java's `Double.toString`, for numbers on which all Java versions agree: up to 15 digits and no
/// exponent.
pub(super) fn format_double(value: f64) -> Option<String> {
    if value.is_nan() {
        return Some("NaN".to_owned());
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    let magnitude = value.abs();
    if value != 0.0 && !(1e-3..1e7).contains(&magnitude) {
        return None;
    }
    let mut text = value.to_string();
    let digits =
        text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 {
        return None;
    }
    if !text.contains('.') {
        text.push_str(".0");
    }
    Some(text)
}

/// Trims ASCII white space and control characters from both ends.
fn trim_all(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ' || c == '\u{7f}')
}
