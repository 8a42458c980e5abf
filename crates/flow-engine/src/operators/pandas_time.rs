//! Detects strings that no version of `pandas.to_datetime` parses as a time.
//!
//! pandas uses `dateutil`, which splits a string into runs of letters, runs of digits and single
//! other characters. It rejects the string at the first unknown part. An unknown part is therefore
//! proof. Whether the other strings are times depends on the versions.
//!
//! <https://github.com/dateutil/dateutil/blob/2.9.0/src/dateutil/parser/_parser.py>

/// Words that are valid anywhere: months, weekdays, words that `dateutil` skips, and words of
/// pandas.
const WORDS: [&str; 51] = [
    "jan",
    "january",
    "feb",
    "february",
    "mar",
    "march",
    "apr",
    "april",
    "may",
    "jun",
    "june",
    "jul",
    "july",
    "aug",
    "august",
    "sep",
    "sept",
    "september",
    "oct",
    "october",
    "nov",
    "november",
    "dec",
    "december",
    "mon",
    "monday",
    "tue",
    "tuesday",
    "wed",
    "wednesday",
    "thu",
    "thursday",
    "fri",
    "friday",
    "sat",
    "saturday",
    "sun",
    "sunday",
    "at",
    "on",
    "and",
    "ad",
    "m",
    "t",
    "of",
    "st",
    "nd",
    "rd",
    "th",
    "now",
    "today",
];

/// Words that are only valid after a number: units of time, AM and PM, time zones, and the quarters
/// and weeks of pandas and Python.
const UNITS: [&str; 15] = [
    "h", "hour", "hours", "minute", "minutes", "s", "second", "seconds", "a", "am", "p", "pm", "z",
    "q", "w",
];

/// The maximum length of a time zone name, in capital letters.
const ZONE: usize = 5;

/// ASCII characters that never occur in a time.
const NEVER: &str = "_#@&$%*\"=?!<>[]{}|~`\\^";

/// Whether pandas might parse the string as a time.
pub(super) fn could_be_time(value: &str) -> bool {
    if is_number(value) {
        return true; // a timestamp in some versions
    }
    let (mut rest, mut number, mut word_found) = (value, false, false);
    while let Some(first) = rest.chars().next() {
        let end = |same: fn(char) -> bool| rest.find(|c| !same(c)).unwrap_or(rest.len());
        let length = if first.is_alphabetic() {
            let word = &rest[..end(char::is_alphabetic)];
            if !known(word, number) {
                return false;
            }
            word_found = true;
            word.len()
        } else {
            if NEVER.contains(first) || (first == '+' && !number) {
                return false;
            }
            number |= first.is_numeric();
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    number || word_found
}

fn is_number(value: &str) -> bool {
    let digits = |part: &str| part.chars().all(|c| c.is_numeric() || c == '.');
    let mut parts = value.trim().splitn(2, ['e', 'E']);
    value.contains(char::is_numeric)
        && parts.all(|part| digits(part.strip_prefix(['+', '-']).unwrap_or(part)))
}

fn known(word: &str, after_number: bool) -> bool {
    let lower = word.to_lowercase();
    let zone = word.len() <= ZONE && word.bytes().all(|byte| byte.is_ascii_uppercase());
    WORDS.contains(&lower.as_str()) || (after_number && (zone || UNITS.contains(&lower.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_out_strings_with_unknown_parts() {
        for text in [
            "C-100234",
            "A1B2C3",
            "ZX-81",
            "Q7",
            "+1-202-555-0147",
            "2 left at door",
            "call 1st",
            "gate 4",
            "id_7",
            "#12",
            "50%",
            "a@b.c",
            "12abc",
            "pm 5",
            "전복",
            "",
            "--",
            "Maybe 5",
        ] {
            assert!(!could_be_time(text), "{text}");
        }
    }

    #[test]
    fn keeps_strings_that_some_version_parses() {
        for text in [
            "2026-11-22 10:15:00",
            "22 Nov 2026",
            "10am",
            "10 AM PST",
            "2005Q1",
            "2026-W01-1",
            "May",
            "today",
            "12",
            "1.5",
            "202-555-0147",
            "Sun, 22 Nov 2026 10:15:00 +0000 (UTC)",
            "2026-11-22T10:15:00Z",
            "4th of July",
        ] {
            assert!(could_be_time(text), "{text}");
        }
    }
    /// See oracle/corpus.py.
    #[test]
    fn keeps_all_random_strings_that_pandas_parses() {
        let times = include_str!("../../tests/oracle/pandas-times.json");
        let times: Vec<String> = serde_json::from_str(times).unwrap();
        let wrong: Vec<_> = times.iter().filter(|text| !could_be_time(text)).collect();
        assert!(times.len() > 100 && wrong.is_empty(), "{wrong:?}");
    }
}
