//! Patterns of pipeline definitions, as functions. Each function matches the whole text.

/// `[A-Za-z0-9\-_]{1,64}`: names inside a definition, of parameters and steps.
pub(crate) fn is_definition_name(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(inside)
}

/// `ml.<family>.<size>`. The list of existing types changes too often to include.
pub(crate) fn is_instance_type(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let parts: Vec<_> = text.split('.').collect();
    matches!(parts[..], ["ml", family, size] if part(family) && part(size)) && text.len() <= 64
}

/// An ISO 8601 duration for `CacheConfig`, such as `P30D` or `PT12H`.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (days, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((days, time)) => (days, time),
        None => (rest, ""),
    };
    !rest.is_empty() && is_fields(days, "YMWD") && is_fields(time, "HMS")
}

/// Numbers, each followed by one of `units`, in the order of `units`.
fn is_fields(text: &str, units: &str) -> bool {
    let (mut units, mut digits) = (units.chars(), 0);
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits += 1;
        } else if digits == 0 || !units.any(|unit| unit == character) {
            return false;
        } else {
            digits = 0;
        }
    }
    digits == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_names_have_at_most_64_characters() {
        assert!(is_definition_name("_a-") && !is_definition_name(&"a".repeat(65)));
    }

    #[test]
    fn accepts_days_and_time() {
        for good in ["P30D", "PT12H", "P1Y2M3W4DT5H6M7S", "PT90M"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "P", "PT", "P30", "30D", "P1DT", "PD", "P1H", "P1D2Y", "P1.5D", "p1d"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn instance_types_have_their_shape() {
        for good in ["ml.m5.4xlarge", "ml.g4dn.xlarge", "ml.m6i.metal", "ml.u-6tb1.metal"] {
            assert!(is_instance_type(good), "{good}");
        }
        for bad in ["m5.large", "ml.m5", "ml..large", "ml.m5.large.x", "ML.m5.large", ""] {
            assert!(!is_instance_type(bad), "{bad}");
        }
    }
}
