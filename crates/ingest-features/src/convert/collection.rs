//! Collections, as text: a JSON array such as `[1, 2, 3]` or `["a", "b"]`.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::number::{NOT_FINITE, NOT_WHOLE, TOO_LARGE};
use crate::feature_group::{Collection, ElementType, Shape};

const NOT_AN_ARRAY: &str = "the feature is a collection, and the value is not a JSON array such as \
                            [1, 2, 3] or [\"a\", \"b\"]";

/// Returns the elements of a collection in the service's form. A set keeps the first of equal elements.
pub(super) fn elements(text: &str, collection: Collection) -> Result<Vec<String>, String> {
    // Not JSON values: these would round numbers.
    let elements: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|_| NOT_AN_ARRAY.to_owned())?;
    let element = |element: &&RawValue| match collection.elements {
        ElementType::Integral => integral(element.get()),
        ElementType::Fractional => fractional(element.get()),
        ElementType::String => string(element.get()),
    };
    let mut elements = elements.iter().map(element).collect::<Result<Vec<_>, _>>()?;
    match collection.shape {
        Shape::List => {}
        Shape::Set => {
            let mut seen = BTreeSet::new();
            elements.retain(|element| seen.insert(element.clone()));
        }
        Shape::Vector(dimension) => {
            if u32::try_from(elements.len()) != Ok(dimension) {
                return Err(format!("the vector does not have {dimension} elements"));
            }
        }
    }
    Ok(elements)
}

/// Reads digits, without floating point, which would round.
fn integral(json: &str) -> Result<String, &'static str> {
    is_number(json)?;
    let (whole, fraction) = json.split_once('.').unwrap_or((json, ""));
    let is_whole = whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_whole || fraction.bytes().any(|byte| byte != b'0') {
        return Err(NOT_WHOLE);
    }
    whole.parse::<i64>().map(|whole| whole.to_string()).map_err(|_| TOO_LARGE)
}

fn fractional(json: &str) -> Result<String, &'static str> {
    is_number(json)?;
    let double = json.parse::<f64>().map_err(|_| NOT_A_NUMBER)?;
    if double.is_finite() { Ok(format!("{double:?}")) } else { Err(NOT_FINITE) }
}

fn string(json: &str) -> Result<String, &'static str> {
    not_null(json)?;
    serde_json::from_str(json).map_err(|_| "an element of the collection is not a JSON string")
}

const NOT_A_NUMBER: &str = "an element of the collection is not a JSON number";

fn is_number(json: &str) -> Result<(), &'static str> {
    not_null(json)?;
    let number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if number { Ok(()) } else { Err(NOT_A_NUMBER) }
}

fn not_null(json: &str) -> Result<(), &'static str> {
    if json == "null" { Err("an element of the collection is null") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(elements: ElementType) -> Collection {
        Collection { shape: Shape::List, elements }
    }

    #[test]
    fn reads_json_arrays() {
        let read = |text, kind| elements(text, list(kind)).unwrap();
        assert_eq!(read(" [1, -2,3.00, -0] ", ElementType::Integral), ["1", "-2", "3", "0"]);
        assert_eq!(
            read("[1, 2.5, -0.1, 1E2]", ElementType::Fractional),
            ["1.0", "2.5", "-0.1", "100.0"]
        );
        assert_eq!(
            read(r#"["a", "", "\u00e9\"", "a"]"#, ElementType::String),
            ["a", "", "é\"", "a"]
        );
        assert!(read("[]", ElementType::String).is_empty());
    }

    #[test]
    fn never_rounds_whole_numbers() {
        let read = |text| elements(text, list(ElementType::Integral));
        let most = "[9223372036854775807, -9223372036854775808, 9007199254740993.0]";
        assert_eq!(
            read(most).unwrap(),
            ["9223372036854775807", "-9223372036854775808", "9007199254740993"]
        );
        for text in ["[9223372036854775808]", "[1.5]", "[1e3]", "[1.0e3]", "[1e-1]"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rejects_other_text_and_elements_of_other_types() {
        for text in ["", "1", "null", "{}", "1,2", "[1", "[1,]", "['a']", "[NaN]", "[1] x", "[01]"]
        {
            assert_eq!(
                elements(text, list(ElementType::Integral)),
                Err(NOT_AN_ARRAY.into()),
                "{text}"
            );
        }
        for kind in [ElementType::Integral, ElementType::Fractional] {
            for text in ["[null]", "[1, true]", "[\"1\"]", "[[1]]", "[{}]"] {
                assert!(elements(text, list(kind)).is_err(), "{text}");
            }
        }
        assert_eq!(elements("[1e999]", list(ElementType::Fractional)), Err(NOT_FINITE.into()));
        for text in ["[null]", "[1]", "[true]", "[[\"a\"]]", r#"["\ud800"]"#] {
            assert!(elements(text, list(ElementType::String)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_set_keeps_the_first_of_equal_elements() {
        let set = |elements| Collection { shape: Shape::Set, elements };
        assert_eq!(elements("[2, 1, 2.0, 2]", set(ElementType::Integral)).unwrap(), ["2", "1"]);
        assert_eq!(elements("[1, 1.0, 2]", set(ElementType::Fractional)).unwrap(), ["1.0", "2.0"]);
        let letters = elements(r#"["b", "a", "b"]"#, set(ElementType::String));
        assert_eq!(letters.unwrap(), ["b", "a"]);
    }

    #[test]
    fn a_vector_has_its_dimension() {
        let vector = Collection { shape: Shape::Vector(2), elements: ElementType::Fractional };
        assert_eq!(elements("[1, 1]", vector).unwrap(), ["1.0", "1.0"]);
        for text in ["[]", "[1]", "[1, 2, 3]"] {
            let error = elements(text, vector).unwrap_err();
            assert_eq!(error, "the vector does not have 2 elements");
        }
    }

    proptest! {
        #[test]
        fn keeps_every_value(
            whole in proptest::collection::vec(any::<i64>(), 0..5),
            strings in proptest::collection::vec(any::<String>(), 0..5),
            doubles in proptest::collection::vec(proptest::num::f64::NORMAL, 0..5),
        ) {
            let text = serde_json::to_string(&whole).unwrap();
            let read = elements(&text, list(ElementType::Integral)).unwrap();
            prop_assert_eq!(read, whole.iter().map(i64::to_string).collect::<Vec<_>>());
            let text = serde_json::to_string(&strings).unwrap();
            prop_assert_eq!(elements(&text, list(ElementType::String)).unwrap(), strings);
            let text = serde_json::to_string(&doubles).unwrap();
            let read = elements(&text, list(ElementType::Fractional)).unwrap();
            let bits = |text: &String| text.parse::<f64>().unwrap().to_bits();
            let given: Vec<_> = doubles.iter().map(|double| double.to_bits()).collect();
            prop_assert_eq!(read.iter().map(bits).collect::<Vec<_>>(), given);
        }
    }
}
