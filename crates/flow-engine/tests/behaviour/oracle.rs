//! Compares results with Spark's. `make oracle` writes the expected results.

use std::fs;
use std::path::{Path, PathBuf};

use data_wrangler_flow::{Json, Object};
use serde_json::{Value, json};

use crate::fixtures::{names, rows, types};
use crate::{flow_text, formula, run, try_plan};

/// The maximum relative difference of two doubles.
const TOLERANCE: f64 = 1e-12;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A case with its name, its content, its nodes as text, and the expected result.
struct Case {
    name: String,
    content: Value,
    nodes: Vec<Json>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let cases = files.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".case.json")?.to_owned();
        let expected = read(&path.with_file_name(format!("{name}.expected.json")));
        let written: Object = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let nodes = written.get("nodes").unwrap().read().unwrap();
        Some(Case { name, content: read(&path), nodes, expected })
    });
    cases.collect()
}

/// Returns the source's members and path.
fn source(case: &Value) -> (Value, PathBuf) {
    let mut source = json!({"s3ContentType": "csv", "s3HasHeader": true});
    source.as_object_mut().unwrap().extend(case["source"].as_object().unwrap().clone());
    let path = folder().join(source["path"].as_str().unwrap());
    (source, path)
}

fn same(got: &Value, expected: &Value) -> bool {
    if got.is_i64() && expected.is_i64() {
        return got == expected;
    }
    match (got.as_f64(), expected.as_f64()) {
        // A negative zero does not equal zero.
        (Some(got), Some(expected)) if got.to_bits() == expected.to_bits() => true,
        (Some(got), Some(expected)) => {
            (got - expected).abs() <= TOLERANCE * expected.abs() && expected != 0.0
        }
        _ => got == expected,
    }
}

fn days(date: &str) -> Value {
    let (sign, digits) = date.strip_prefix('-').map_or((1, date), |digits| (-1, digits));
    let mut parts =
        digits.trim_start_matches('+').splitn(3, '-').map(|part| part.parse::<i64>().unwrap());
    let (year, month, day) =
        (sign * parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    // Counts the days one by one, to be independent of the engine's algorithm.
    let leap = |year: i64| {
        year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
    };
    let years: i64 = if year >= 1970 {
        (1970..year).map(|year| 365 + i64::from(leap(year))).sum()
    } else {
        -(year..1970).map(|year| 365 + i64::from(leap(year))).sum::<i64>()
    };
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i64 = lengths[..usize::try_from(month - 1).unwrap()].iter().sum();
    json!(format!("day {}", years + months + day - 1))
}

/// Converts Spark's value to the form of [`rows`].
fn expected_value(value: &Value, kind: &str) -> Value {
    match (kind, value) {
        ("date", Value::String(date)) => days(date),
        _ => value.clone(),
    }
}

#[test]
fn operators_match_spark() {
    let mut wrong = Vec::new();
    for Case { name, content: case, nodes, expected } in cases() {
        if case.get("formulas").is_some() {
            continue;
        }
        let (members, path) = source(&case);
        let output = match run(&flow_text(&members, nodes.iter().map(Json::as_str)), &path) {
            Ok(output) => output,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let columns: Vec<(String, String)> =
            serde_json::from_value(expected["columns"].clone()).unwrap();
        let got: Vec<_> = names(&output).into_iter().zip(types(&output)).collect();
        let expected_columns: Vec<_> =
            columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        if got != expected_columns {
            wrong.push(format!("{name}: columns {got:?}, and Spark has {expected_columns:?}"));
            continue;
        }
        let convert = |row: &Value| {
            let row = row.as_array().unwrap().iter().zip(&columns);
            row.map(|(value, (_, kind))| expected_value(value, kind)).collect::<Vec<_>>()
        };
        let mut expected: Vec<Vec<Value>> =
            expected["rows"].as_array().unwrap().iter().map(convert).collect();
        let mut got = rows(&output);
        if let Some(head) = case["head"].as_u64() {
            got.truncate(usize::try_from(head).unwrap());
        }
        for row in got.iter_mut().flatten() {
            // Spark used a different fixtures folder.
            if let Some((_, inside)) =
                row.as_str().and_then(|text| text.split_once("tests/oracle/"))
            {
                *row = json!(inside);
            }
        }
        if case["unordered"] == json!(true) {
            got.sort_by_key(|row| format!("{row:?}"));
            expected.sort_by_key(|row| format!("{row:?}"));
        }
        let equal = got.len() == expected.len()
            && got.iter().zip(&expected).all(|(got, expected)| {
                got.iter().zip(expected).all(|(got, expected)| same(got, expected))
            });
        if !equal {
            wrong.push(format!("{name}:\n got   {}\n Spark {}", json!(got), json!(expected)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn formulas_match_spark() {
    let mut wrong = Vec::new();
    for Case { content: case, nodes, expected, .. } in cases() {
        let Some(formulas) = expected["formulas"].as_array() else { continue };
        let (members, path) = source(&case);
        for expected in formulas {
            let text = expected["formula"].as_str().unwrap();
            let formula = formula(text, "_result").to_string();
            let nodes = nodes.iter().map(Json::as_str).chain([formula.as_str()]);
            let flow = flow_text(&members, nodes);
            let output = match try_plan(&flow) {
                Ok(_) => run(&flow, &path).map_err(|error| error.to_string()),
                Err(refused) => Err(refused),
            };
            let rejected_by_spark = expected.get("type").is_none();
            match output {
                Err(_) if rejected_by_spark => {}
                Err(error) => wrong.push(format!("{text}: {error}")),
                Ok(_) if rejected_by_spark => wrong.push(format!("{text}: Spark rejects it")),
                Ok(output) => {
                    let kind = expected["type"].as_str().unwrap();
                    let values = expected["values"].as_array().unwrap();
                    let expected: Vec<_> =
                        values.iter().map(|value| expected_value(value, kind)).collect();
                    let got: Vec<_> =
                        rows(&output).iter().map(|row| row.last().unwrap().clone()).collect();
                    let got_kind = types(&output).last().copied().unwrap();
                    let equal = got.len() == expected.len()
                        && got.iter().zip(&expected).all(|(got, expected)| same(got, expected));
                    if got_kind != kind || !equal {
                        let (got, expected) = (json!(got), json!(expected));
                        wrong.push(format!(
                            "{text}:\n got   {got_kind} {got}\n Spark {kind} {expected}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
