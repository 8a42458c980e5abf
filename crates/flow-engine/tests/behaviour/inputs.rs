//! Inputs, origins and progress of a run.

use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use flow_engine::{Inputs, InvalidInput, Origin, Progress, RunError};
use parquet::arrow::ArrowWriter;
use serde_json::json;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::fixtures::{Folder, names, rows};
use crate::{NOW, flow, flow_of, formula, plan, run};

fn write_parquet(path: &Path, ids: &[Option<i64>], names: &[Option<&str>]) {
    let (mut id, mut name) = (Int64Builder::new(), StringBuilder::new());
    for value in ids {
        id.append_option(*value);
    }
    for value in names {
        name.append_option(*value);
    }
    let columns: [(&str, ArrayRef, bool); 2] =
        [("id", Arc::new(id.finish()), true), ("name", Arc::new(name.finish()), true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.flush().unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn numbers_parquet_rows_across_row_groups() {
    let folder = Folder::new();
    let path = folder.path().join("a.parquet");
    write_parquet(&path, &[Some(1), None], &[Some("x"), None]);
    let flow = flow_of(&json!({"s3ContentType": "parquet"}), &json!([formula("id + 1", "next")]));
    let output = run(&flow, &path).unwrap();
    assert_eq!(names(&output), ["id", "name", "next"]);
    assert_eq!(rows(&output)[0], [json!(1), json!("x"), json!(2)]);
    let positions: Vec<_> = output
        .chunks
        .iter()
        .flat_map(|chunk| &chunk.origins)
        .map(|origin| origin.position)
        .collect();
    assert_eq!(positions, [1, 2, 3, 4]);
}

#[test]
fn rejects_a_file_that_is_not_parquet() {
    let folder = Folder::new();
    let file = folder.file("a.parquet", "no");
    let error = run(&flow_of(&json!({"s3ContentType": "parquet"}), &json!([])), &file).unwrap_err();
    assert!(error.to_string().contains("cannot be read as Parquet"), "{error}");
}

#[test]
fn rejects_broken_json_lines_with_the_line() {
    let folder = Folder::new();
    let flow = flow_of(&json!({"s3ContentType": "jsonl"}), &json!([]));
    let lines = [
        "{\"a\":",
        "[1]",
        "{\"a\":{}}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":123456789012345678901}",
        "nonsense",
    ];
    for line in lines {
        let file = folder.file("a.jsonl", format!("{{\"a\":1}}\n{line}\n"));
        let error = run(&flow, &file).unwrap_err().to_string();
        assert!(error.contains("line 2 ") && !error.contains("line 1"), "{line}: {error}");
    }
}

#[test]
fn reads_a_flow_of_canvas() {
    let fixtures = "/../data-wrangler-flow/tests/fixtures/canvas-dataset.flow";
    let flow = std::fs::read(format!("{}{fixtures}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let plan = plan(&flow, false);
    let source = &plan.sources()[0];
    assert_eq!(
        (&*source.dataset, &*source.node_id),
        ("orders", "0c1b7d52-0d3a-4a6e-9a53-1c1f1b6b0a01")
    );
    assert!(source.uri.ends_with("/orders/part-1.csv"), "{}", source.uri);
    let folder = Folder::new();
    let file = folder.file("new.csv", "id,note,price\n1,a,2.5\n");
    let output = run(&flow, &file).unwrap();
    let columns: Vec<_> =
        output.schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!((columns, output.rows_read), (vec!["id", "price"], 1));
}

#[test]
fn rejects_a_partitioned_folder() {
    let folder = Folder::new();
    folder.file("day=1/a.csv", "a\n1\n");
    let plan = plan(&flow(&json!([])), false);
    let error = Inputs::default().find(&plan.sources()[0], folder.path()).unwrap_err();
    assert!(matches!(error, InvalidInput::Partition { .. }), "{error}");
}

#[test]
fn rejects_a_folder_without_files() {
    let folder = Folder::new();
    folder.file("_SUCCESS", "");
    folder.file("sub_$folder$", "");
    let plan = plan(&flow(&json!([])), false);
    let error = Inputs::default().find(&plan.sources()[0], folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("has no file to read; add the data files"), "{error}");
}

#[test]
fn names_skipped_files_if_there_is_nothing_to_read() {
    let folder = Folder::new();
    for name in ["_abalone.csv", ".b.csv", "c.csv._COPYING_", "_d.csv", "in/e.csv", "in/f.csv"] {
        folder.file(name, "a\n1\n");
    }
    let plan = plan(&flow(&json!([])), false);
    let error = Inputs::default().find(&plan.sources()[0], folder.path()).unwrap_err().to_string();
    assert!(error.contains("4 names are skipped because they begin with _ or ."), "{error}");
    assert!(error.contains(", …); rename them"), "{error}");
    assert!(error.contains("1 subfolder is skipped (`in`)"), "{error}");
}

#[test]
fn returns_skipped_files() {
    let folder = Folder::new();
    let data = folder.file("a.csv", "a\n1\n");
    folder.file("_b.csv", "a\n2\n");
    folder.file("_SUCCESS", "");
    folder.file("sub_$folder$", "");
    folder.file("full_$folder$", "a\n3\n");
    let plan = plan(&flow(&json!([])), false);
    let mut inputs = Inputs::default();
    let skipped = inputs.find(&plan.sources()[0], folder.path()).unwrap();
    let read = inputs.files("data").unwrap();
    assert_eq!(read, [data, folder.path().join("full_$folder$")]);
    assert!(skipped.to_string().contains("(`_b.csv`); rename it"), "{skipped}");
}

#[test]
fn rejects_a_dataset_without_files() {
    let plan = plan(&flow(&json!([])), false);
    let error = plan.run(&Inputs::default(), NOW, &()).unwrap_err();
    assert!(matches!(error, RunError::NoInput(dataset) if dataset == "data"));
}

/// Stops a run after it has read `most` rows.
struct StopAfter {
    rows: AtomicU64,
    most: u64,
}

impl Progress for StopAfter {
    fn read(&self, rows: u64, _bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.rows.load(Ordering::Relaxed) >= self.most
    }
}

#[test]
fn a_cancelled_run_returns_no_rows() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a\n1\n2\n");
    let plan = plan(&flow(&json!([formula("a", "b")])), false);
    let mut inputs = Inputs::default();
    inputs.find(&plan.sources()[0], &file).unwrap();
    let stop = StopAfter { rows: AtomicU64::new(0), most: 2 };
    assert!(matches!(plan.run(&inputs, NOW, &stop), Err(RunError::Cancelled)));
    assert_eq!(stop.rows.into_inner(), 2);
}

#[test]
fn sorting_keeps_the_origins() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a\n3\n1\n2\n");
    let sort = json!({
        "operator": "sagemaker.spark.manage_rows_0.1",
        "parameters": {"operator": "Sort", "sort_parameters": {"sort_by": "a", "order": "Ascending"}},
    });
    let output = run(&flow(&json!([sort])), &file).unwrap();
    let origins: Vec<Origin> = output.chunks[0].origins.clone();
    assert_eq!(origins.iter().map(|origin| origin.position).collect::<Vec<_>>(), [3, 4, 2]);
}

#[test]
fn unix_timestamp_is_the_event_time() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a\n1\n");
    let flow = flow(&json!([formula("cast(unix_timestamp() as double)", "time")]));
    assert_eq!(rows(&run(&flow, &file).unwrap())[0][1], json!(1_767_225_600.0));
}
