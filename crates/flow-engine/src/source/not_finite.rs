//! Non-finite numbers, which JSON lacks. Spark accepts the words that Jackson does.

/// The words that Jackson accepts.
const WORDS: [(&[u8], f64); 6] = [
    (b"NaN", f64::NAN),
    (b"Infinity", f64::INFINITY),
    (b"+Infinity", f64::INFINITY),
    (b"-Infinity", f64::NEG_INFINITY),
    (b"+INF", f64::INFINITY),
    (b"-INF", f64::NEG_INFINITY),
];

/// Replaces each word with an array that holds the word's index. Returns `None` if the line has no
/// such word, or if it has an array, which is not supported anyway.
pub(super) fn as_arrays(line: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(line.len() + 16);
    let (mut rest, mut in_string, mut found) = (line, false, false);
    while let [first, after @ ..] = rest {
        let word = WORDS.iter().position(|(word, _)| !in_string && rest.starts_with(word));
        if let Some(number) = word {
            text.extend_from_slice(format!("[{number}]").as_bytes());
            rest = &rest[WORDS[number].0.len()..];
            found = true;
            continue;
        }
        text.push(*first);
        rest = after;
        match (first, rest) {
            (b'[', _) if !in_string => return None,
            (b'"', _) => in_string = !in_string,
            (b'\\', [escaped, after @ ..]) if in_string => {
                text.push(*escaped);
                rest = after;
            }
            _ => {}
        }
    }
    found.then_some(text)
}

/// Returns the number that an array represents.
pub(super) fn number(array: &str) -> Option<f64> {
    let digits = array.strip_prefix('[')?.strip_suffix(']')?;
    WORDS.get(digits.parse::<usize>().ok()?).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_words_outside_strings() {
        let replaced =
            |line: &str| as_arrays(line.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(
            replaced(r#"{"NaN": NaN, "b": "\"-INF"}"#).unwrap(),
            r#"{"NaN": [0], "b": "\"-INF"}"#
        );
        assert_eq!(replaced(r#"{"a":+Infinity,"b":-INF}"#).unwrap(), r#"{"a":[2],"b":[5]}"#);
        for line in
            [r#"{"a": "NaN"}"#, r#"{"a": NaN, "b": [1]}"#, r#"{"a": INF}"#, r#"{"a": "\"#, ""]
        {
            assert_eq!(replaced(line), None, "{line}");
        }
        assert_eq!(number("[3]"), Some(f64::NEG_INFINITY));
        assert_eq!(number("[6]"), None);
    }
}
