//! Malformed text files, and files that are not text.

use std::io::Write;

use serde_json::{Value, json};

use crate::fixtures::{Folder, rows};
use crate::{flow_of, run};

fn csv(members: &Value) -> Vec<u8> {
    let mut source = json!({"s3ContentType": "csv", "s3HasHeader": true});
    source.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    flow_of(&source, &json!([]))
}

/// Returns the malformed rows of a file: the line, and the beginning of the reason.
fn malformed(members: &Value, text: &str) -> Vec<(u64, String)> {
    let folder = Folder::new();
    let output = run(&csv(members), &folder.file("a.csv", text)).unwrap();
    let begin = |reason: &str| reason.split(' ').take(3).collect::<Vec<_>>().join(" ");
    output.malformed.iter().map(|row| (row.origin.position, begin(&row.reason))).collect()
}

#[test]
fn reports_lines_of_a_quoted_field_with_line_breaks() {
    let opened = |line| (line, "a quote is".to_owned());
    let continued = |line| (line, "the line continues".to_owned());
    let text = "id,note\n1,\"a\"\n2,\"first,\nsecond\",\"x\n3,\"c\"\n";
    assert_eq!(malformed(&json!({}), text)[0], opened(3));
    let text = "id,note\n1,\"a\"\n2,\"first\nin the middle\n\nlast, one\"\n3,c\n";
    assert_eq!(malformed(&json!({}), text), [opened(3), continued(4), continued(6)]);
    let text = "id,note\r\n1,\"a,\r\nb\"\r\n2,x\r\n";
    assert_eq!(malformed(&json!({}), text), [opened(2), continued(3)]);
    assert_eq!(malformed(&json!({"s3MultiLine": true}), text), []);
    // A record may end on the line with the next unclosed quote.
    let text = "a,b,c\n1,\"x\ny\",\"z\nw\"\n2,3,4\n";
    assert_eq!(malformed(&json!({}), text), [opened(2), continued(3), continued(4)]);
}

#[test]
fn a_quote_that_is_never_closed_makes_one_row_malformed() {
    let text = "id,note\n1,\"12 inches\n2,x\n3,\"y\"\n";
    assert_eq!(malformed(&json!({}), text), [(2, "a quote is".to_owned())]);
    let lines = malformed(&json!({"s3MultiLine": true}), "id,note\n1,x\n2,\"12 inches\n3,x\n");
    assert_eq!(lines, [(3, "a quote is".to_owned())]);
}

#[test]
fn accepts_closed_and_escaped_quotes() {
    let text =
        "id,note\n1,\"\"\n2,\"a \"\"b\"\"\"\n3,\"a\" \n4,\"a\"b\n5,a\"b\n6,\"a\"b\"\n7,\"\"\"\"\n";
    assert_eq!(malformed(&json!({}), text), []);
}

#[test]
fn reports_every_unclosed_quote() {
    let text = format!("id,note\n{}", "1,\"x\n".repeat(200_000));
    assert_eq!(malformed(&json!({}), &text).len(), 200_000);
}

#[test]
fn rejects_files_that_are_not_text() {
    let mut tar = [0_u8; 1024];
    tar[..5].copy_from_slice(b"a.csv");
    tar[148..156].fill(b' ');
    let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
    tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let utf16: Vec<u8> = "id,name\n1,x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (tar.to_vec(), "is a tar archive"),
        (b"PK\x03\x04rest".to_vec(), "is a zip archive or a spreadsheet"),
        (b"7z\xbc\xaf\x27\x1crest".to_vec(), "is a 7z archive"),
        (b"Obj\x01rest".to_vec(), "is Avro"),
        (b"ORC\x08 and a footer \x08ORC\x17".to_vec(), "is ORC"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest".to_vec(), "is an Excel workbook"),
        (b"%PDF-1.7\n".to_vec(), "is a PDF document"),
        (b"BZh91AY&SYrest".to_vec(), "is compressed with bzip2"),
        (utf16, "is UTF-16 without a byte order mark"),
        (b"sep=;\nid;name\n1;x\n".to_vec(), "is a `sep=` line"),
        (b"\xef\xbb\xbf\"SEP=,\"\r\nid,name\n".to_vec(), "is a `sep=` line"),
    ] {
        let folder = Folder::new();
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zipped.write_all(&bytes).unwrap();
        for path in
            [folder.file("a.csv", &bytes), folder.file("a.csv.gz", zipped.finish().unwrap())]
        {
            let error = run(&csv(&json!({})), &path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

#[test]
fn counts_lines_with_invalid_utf8() {
    let folder = Folder::new();
    let path = folder.file("a.csv", b"id,city\n1,M\xfcnchen\n2,Oslo\n3,M\xe1laga\n");
    for multi_line in [false, true] {
        let output = run(&csv(&json!({"s3MultiLine": multi_line})), &path).unwrap();
        let lines: Vec<_> = output.undecoded.first.iter().map(|origin| origin.position).collect();
        assert_eq!((output.undecoded.rows, lines), (2, vec![2, 4]));
        let latin = json!({"s3MultiLine": multi_line, "s3CsvEncodingType": "ISO-8859-1"});
        let output = run(&csv(&latin), &path).unwrap();
        assert_eq!(output.undecoded.rows, 0);
        assert_eq!(rows(&output)[0][1], json!("München"));
    }
}

#[test]
fn does_not_show_values_in_place_of_column_names() {
    let schema = json!([{
        "operator": "sagemaker.spark.infer_and_cast_type_0.1",
        "trained_parameters": {"schema": {"id": "long", "mail": "string"}},
    }]);
    let folder = Folder::new();
    let flow = flow_of(&json!({"s3ContentType": "csv", "s3HasHeader": true}), &schema);
    let error = run(&flow, &folder.file("a.csv", "17,jane@example.com,x\n1,b,c\n"));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains(
            "it lacks 2 of 2 (id, mail); it has 3 other columns; does the file have a header?"
        ),
        "{error}"
    );
    assert!(!error.contains("jane") && !error.contains("17"), "{error}");
    let error =
        run(&flow, &folder.file("a.csv", "\u{200b}id,mail\n1,b\n")).unwrap_err().to_string();
    assert!(
        error.contains("the name of column 1 differs from `id` only in case, spaces or"),
        "{error}"
    );
    folder.file("parts/1.csv", "id,mail\n1,b\n");
    folder.file("parts/2.csv", "17,jane@example.com\n1,b\n");
    let error = run(&flow, &folder.path().join("parts")).unwrap_err().to_string();
    assert!(error.contains("has a different name for column 1 than"), "{error}");
    assert!(!error.contains("jane"), "{error}");
}
