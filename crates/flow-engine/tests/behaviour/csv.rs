//! Well-formed and malformed CSV.

use flow_engine::{Origin, RunError};
use serde_json::{Value, json};

use crate::fixtures::{Folder, names, rows};
use crate::{flow, flow_of, run};

/// Reads texts and the rows that Spark reads from them. See oracle/corpus.py.
fn corpus(json: &str) -> (Vec<String>, Vec<Value>) {
    let corpus: Value = serde_json::from_str(json).unwrap();
    (
        serde_json::from_value(corpus["texts"].clone()).unwrap(),
        serde_json::from_value(corpus["rows"].clone()).unwrap(),
    )
}

#[test]
fn random_lines_match_spark() {
    let (texts, expected) = corpus(include_str!("../oracle/csv-lines.json"));
    let folder = Folder::new();
    let file = folder.file("lines.csv", format!("c0,c1,c2\n{}\n", texts.join("\n")));
    let output = run(&flow(&json!([])), &file).unwrap();
    let got = rows(&output);
    assert_eq!(got.len(), expected.len());
    for ((text, got), expected) in texts.iter().zip(got).zip(expected) {
        assert_eq!(json!(got), expected, "{text:?}");
    }
}

#[test]
fn random_multi_line_files_match_spark() {
    let (texts, expected) = corpus(include_str!("../oracle/csv-files.json"));
    let folder = Folder::new();
    let flow = flow_of(
        &json!({"s3ContentType": "csv", "s3HasHeader": true, "s3MultiLine": true}),
        &json!([]),
    );
    for (text, expected) in texts.iter().zip(expected) {
        let file = folder.file("file.csv", format!("c0,c1,c2\n{text}"));
        assert_eq!(json!(rows(&run(&flow, &file).unwrap())), expected, "{text:?}");
    }
}

#[test]
fn random_line_ends_match_spark() {
    let (texts, expected) = corpus(include_str!("../oracle/csv-line-ends.json"));
    let folder = Folder::new();
    let flow = flow_of(&json!({"s3ContentType": "csv", "s3HasHeader": false}), &json!([]));
    for (text, expected) in texts.iter().zip(expected) {
        let file = folder.file("file.csv", format!("c0,c1,c2\n{text}"));
        let got: Vec<_> = rows(&run(&flow, &file).unwrap()).into_iter().skip(1).collect();
        assert_eq!(json!(got), expected, "{text:?}");
    }
}

#[test]
fn keeps_and_reports_rows_of_the_wrong_width() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a,b\n1,2\n\n3\n4,5,6\n");
    let output = run(&flow(&json!([])), &file).unwrap();
    assert_eq!(
        rows(&output),
        [[json!("1"), json!("2")], [json!("3"), Value::Null], [json!("4"), json!("5")]]
    );
    assert_eq!(output.rows_read, 3);
    let malformed: Vec<_> =
        output.malformed.iter().map(|row| (row.origin, row.reason.as_str())).collect();
    assert_eq!(
        malformed,
        [
            (Origin { file: 0, position: 4 }, "1 field, and the header has 2"),
            (Origin { file: 0, position: 5 }, "3 fields, and the header has 2"),
        ]
    );
}

#[test]
fn origin_of_a_multi_line_row_is_its_first_line() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a,b\r\n\"1\r\n2\",x\r\n3,y\r\n");
    let flow = flow_of(
        &json!({"s3ContentType": "csv", "s3HasHeader": true, "s3MultiLine": true}),
        &json!([]),
    );
    let output = run(&flow, &file).unwrap();
    let lines: Vec<_> = output.chunks[0].origins.iter().map(|origin| origin.position).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn rejects_an_empty_dataset() {
    let folder = Folder::new();
    for text in ["", "\n \n"] {
        let file = folder.file("empty.csv", text);
        let error = run(&flow(&json!([])), &file).unwrap_err();
        assert!(matches!(&error, RunError::Data { path, .. } if *path == file), "{error}");
    }
}

#[test]
fn skips_an_empty_file_among_others() {
    let folder = Folder::new();
    folder.file("a.csv", "");
    folder.file("b.csv", "a\n1\n");
    assert_eq!(rows(&run(&flow(&json!([])), folder.path()).unwrap()), [[json!("1")]]);
}

#[test]
fn rejects_files_with_different_headers() {
    let folder = Folder::new();
    folder.file("a.csv", "a,b\n1,2\n");
    folder.file("b.csv", "b,a\n1,2\n");
    let error = run(&flow(&json!([])), folder.path()).unwrap_err().to_string();
    assert!(error.contains("has a different name for column"), "{error}");
}

#[test]
fn reads_huge_fields() {
    let folder = Folder::new();
    let huge = "x".repeat(5 << 20);
    let file = folder.file("a.csv", format!("a,b\n{huge},1\n{huge},2\n"));
    let output = run(&flow(&json!([])), &file).unwrap();
    assert_eq!(names(&output), ["a", "b"]);
    assert!(rows(&output).iter().all(|row| row[0].as_str().unwrap().len() == huge.len()));
}

#[test]
fn rejects_too_many_columns() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a,".repeat(30_000));
    let error = run(&flow(&json!([])), &file).unwrap_err().to_string();
    assert!(error.contains("30001 fields"), "{error}");
}

#[test]
fn rejects_a_broken_gzip_file() {
    let folder = Folder::new();
    for broken in [&b"\x1f\x8b\x08\x00nonsense"[..], b"\x1f\x8b\x08", b"a,b\n1,2\n", b""] {
        let file = folder.file("a.csv.gz", broken);
        let error = run(&flow(&json!([])), &file).unwrap_err().to_string();
        let known = error.contains("a.csv.gz: cannot be read as gzip: ")
            || (broken.is_empty() && error.contains("the dataset has no lines"));
        assert!(known, "{error}");
    }
}

#[test]
fn rejects_other_file_types() {
    let folder = Folder::new();
    for (bytes, kind) in [
        (&b"\xff\xfea\0,\0b\0\n\0"[..], "UTF-16"),
        (b"\xfe\xff\0a\0\n", "UTF-16"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"PK\x03\x04\x14\0", "spreadsheet"),
        (b"\x1f\x8b\x08\0", "gzip"),
    ] {
        let file = folder.file("a.csv", bytes);
        let error = run(&flow(&json!([])), &file).unwrap_err().to_string();
        assert!(error.contains("a.csv: the file is ") && error.contains(kind), "{error}");
    }
}
