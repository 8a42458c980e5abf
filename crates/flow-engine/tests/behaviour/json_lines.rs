//! JSON Lines.

use serde_json::{Value, json};

use crate::fixtures::{Folder, names, rows, types};
use crate::{flow_of, run};

/// Errors for values that Spark accepts and the engine rejects. Strings in single quotes are
/// another case.
const UNSUPPORTED: [&str; 3] =
    ["is a fraction, but other lines have no number", "more than 64 bits", "is an array"];

/// Random files with Spark's results. See oracle/corpus.py. If a line is not an object of plain
/// values in Spark, there is no result, and the engine must reject the file.
#[test]
fn random_files_match_spark_or_are_rejected() {
    let corpus: Value = serde_json::from_str(include_str!("../oracle/json-lines.json")).unwrap();
    let (texts, tables) = (corpus["texts"].as_array().unwrap(), corpus["rows"].as_array().unwrap());
    let folder = Folder::new();
    let flow = flow_of(&json!({"s3ContentType": "jsonl"}), &json!([]));
    let mut wrong = Vec::new();
    for (text, expected) in texts.iter().zip(tables) {
        let file = folder.file("a.jsonl", text.as_str().unwrap());
        let got = match run(&flow, &file) {
            Ok(output) => {
                let columns: Vec<_> = names(&output).into_iter().zip(types(&output)).collect();
                json!({"columns": columns, "rows": rows(&output)})
            }
            Err(error) if UNSUPPORTED.iter().any(|what| error.to_string().contains(what)) => {
                continue;
            }
            Err(_) if text.as_str().unwrap().contains(": 'x'") => continue,
            Err(_) => Value::Null,
        };
        if got != *expected {
            wrong.push(format!("{text}\n  got   {got}\n  Spark {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn empty_strings_are_null_unless_the_column_has_strings() {
    let folder = Folder::new();
    let flow = flow_of(&json!({"s3ContentType": "jsonl"}), &json!([]));
    for (value, kind) in [("5", "bigint"), ("1.5", "double"), ("true", "boolean")] {
        let file = folder.file("a.jsonl", format!("{{\"a\":\"\"}}\n{{\"a\":{value}}}\n"));
        let output = run(&flow, &file).unwrap();
        assert_eq!(types(&output), [kind]);
        assert_eq!(rows(&output)[0], [Value::Null]);
    }
    let file = folder.file("a.jsonl", "{\"a\":\"\"}\n{\"a\":\"x\"}\n");
    assert_eq!(rows(&run(&flow, &file).unwrap())[0], [json!("")]);
}
