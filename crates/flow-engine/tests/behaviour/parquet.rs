//! Parquet files from several writers.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use crate::fixtures::{Folder, names, rows};
use crate::{flow_of, formula, run};

const DAY: i64 = 86_400_000_000;
/// 1582-10-14 and 1899-12-31, the last values that need a known calendar in Spark.
const OLD_DATE: i32 = -141_428;
const OLD_TIME: i64 = -2_208_988_800_000_001;

fn write(path: &Path, columns: Vec<(&str, ArrayRef, bool)>, footer: &[(&str, &str)]) {
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let footer = footer
        .iter()
        .map(|(key, value)| KeyValue { key: (*key).to_owned(), value: Some((*value).to_owned()) });
    let properties =
        WriterProperties::builder().set_key_value_metadata(Some(footer.collect())).build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn write_int96(path: &Path, days: u32) {
    let schema = Arc::new(parse_message_type("message m { required int96 t; }").unwrap());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let mut value = Int96::new();
    value.set_data(0, 0, days);
    column.typed::<Int96Type>().write_batch(&[value], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

fn dates(days: i32) -> Vec<(&'static str, ArrayRef, bool)> {
    vec![("d", Arc::new(Date32Array::from(vec![0, days])), true)]
}

fn times(microseconds: i64) -> Vec<(&'static str, ArrayRef, bool)> {
    let times = TimestampMicrosecondArray::from(vec![0, microseconds]).with_timezone("UTC");
    vec![("t", Arc::new(times), true)]
}

fn read(path: &Path, formulas: &[&str]) -> Result<Vec<Vec<serde_json::Value>>, String> {
    let nodes: Vec<_> =
        formulas.iter().enumerate().map(|(i, text)| formula(text, &format!("f{i}"))).collect();
    let flow = flow_of(&json!({"s3ContentType": "parquet"}), &json!(nodes));
    let output = run(&flow, path).map_err(|error| error.to_string())?;
    Ok(rows(&output))
}

fn problem(path: &Path) -> String {
    let flow = flow_of(&json!({"s3ContentType": "parquet"}), &json!([]));
    run(&flow, path).unwrap_err().to_string()
}

#[test]
fn rejects_old_dates_and_times_of_an_unknown_calendar() {
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    write(&path, dates(OLD_DATE), &[]);
    let text = problem(&path);
    assert!(text.contains("a.parquet: the column `d` holds a date before 1582-10-15"), "{text}");
    write(&path, times(OLD_TIME), &[]);
    let text = problem(&path);
    assert!(text.contains("a.parquet: the column `t` holds a time before 1900"), "{text}");
    // 4713 BC.
    write_int96(&path, 0);
    let text = problem(&path);
    assert!(text.contains("the column `t` holds a time before 1900"), "{text}");
}

#[test]
fn reads_newer_dates_with_an_unknown_calendar() {
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    write(&path, dates(OLD_DATE + 1), &[]);
    assert_eq!(read(&path, &[]).unwrap()[1], [json!("day -141427")]);
}

#[test]
fn footer_determines_the_calendar_of_old_dates() {
    let (version, legacy, zone) = (
        "org.apache.spark.version",
        "org.apache.spark.legacyDateTime",
        "org.apache.spark.timeZone",
    );
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    for (footer, day) in [
        (vec![(version, "3.5.1")], -141_428),
        (vec![(version, "3.5.1"), (legacy, "")], -141_438),
        (vec![(version, "2.4.8")], -141_438),
        // A date has no time zone.
        (vec![(version, "2.4.8"), (zone, "America/New_York")], -141_438),
    ] {
        write(&path, dates(OLD_DATE), &footer);
        assert_eq!(read(&path, &[]).unwrap()[1], [json!(format!("day {day}"))], "{footer:?}");
    }
}

#[test]
fn rejects_julian_times_in_another_zone() {
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    let footer =
        [("org.apache.spark.version", "2.4.8"), ("org.apache.spark.timeZone", "Asia/Seoul")];
    write(&path, times(OLD_TIME), &footer);
    assert!(problem(&path).contains("in a time zone other than UTC"));
    write(&path, times(OLD_TIME + 1), &footer);
    assert!(read(&path, &["cast(t as string)"]).is_ok());
}

#[test]
fn rejects_times_that_would_overflow() {
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    write_int96(&path, u32::MAX >> 1);
    assert!(problem(&path).contains("the column `t` holds a time out of range"));
    let footer = [("org.apache.spark.version", "3.5.1")];
    let times = TimestampMillisecondArray::from(vec![i64::MAX / 1000 + 1]).with_timezone("UTC");
    write(&path, vec![("t", Arc::new(times), true)], &footer);
    assert!(problem(&path).contains("the column `t` holds a time out of range"));
}

#[test]
fn reads_96_bit_times_after_2262_exactly() {
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    // 9999-12-31.
    write_int96(&path, 2_440_588 + 2_932_896);
    assert_eq!(read(&path, &[]).unwrap(), [[json!(format!("time {}", 2_932_896 * DAY))]]);
}

#[test]
fn files_may_differ_in_column_order_and_nullability() {
    let folder = Folder::new();
    let (ids, texts) = (
        Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef,
        Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef,
    );
    let path = |name: &str| folder.path().join(name);
    write(&path("1.parquet"), vec![("id", ids.clone(), true), ("name", texts.clone(), true)], &[]);
    write(
        &path("2.parquet"),
        vec![("name", texts.clone(), false), ("id", ids.clone(), false)],
        &[],
    );
    let flow = flow_of(&json!({"s3ContentType": "parquet"}), &json!([]));
    let output = run(&flow, folder.path()).unwrap();
    assert_eq!(names(&output), ["id", "name"]);
    assert_eq!(rows(&output)[2..], [[json!(1), json!("x")], [json!(2), json!("y")]]);
}

#[test]
fn rejects_files_with_different_columns_or_types() {
    let ids = Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let texts = Arc::new(StringArray::from(vec!["1"])) as ArrayRef;
    for (second, expected) in [
        (vec![("id", texts.clone(), true)], "2.parquet: its column `id` is string, but in"),
        (vec![("key", ids.clone(), true)], "2.parquet: it has no column `id`, but"),
        (
            vec![("id", ids.clone(), true), ("key", ids.clone(), true)],
            "2.parquet: it has a column `key`, but",
        ),
    ] {
        let folder = Folder::new();
        write(&folder.path().join("1.parquet"), vec![("id", ids.clone(), true)], &[]);
        write(&folder.path().join("2.parquet"), second, &[]);
        let text = problem(folder.path());
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn reads_zstandard() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zstd.parquet");
    assert!(!read(&file, &[]).unwrap().is_empty());
}

#[test]
fn formula_error_suggests_the_possible_casts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/parquet-types.parquet");
    let text = read(&path, &["raw + 1"]).unwrap_err();
    assert!(
        text.contains(
            "`raw` is a binary, which formulas do not support; write cast(raw as string)"
        ),
        "{text}"
    );
    assert!(read(&path, &["cast(raw as bigint)"]).is_err());
}
