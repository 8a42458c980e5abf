//! Failed casts become null and are reported.

use serde_json::{Value, json};

use crate::fixtures::{Folder, rows};
use crate::{flow, formula, run};

/// Creates a node that casts all columns.
fn schema(schema: &Value) -> Value {
    json!({
        "operator": "sagemaker.spark.infer_and_cast_type_0.1",
        "trained_parameters": {"schema": schema},
    })
}

/// Creates a node that casts the column `x` and handles failed casts in this way.
fn cast_to_float(invalid: &str) -> Value {
    json!({
        "operator": "sagemaker.spark.cast_single_data_type_0.1",
        "parameters": {
            "column": "x",
            "data_type": "float",
            "non_castable_data_handling_method": invalid,
            "replace_value": "7",
        },
    })
}

/// Runs the nodes on a file. Returns the failed casts: node, column, type, rows, first lines.
fn lost(nodes: &Value, csv: &str) -> Value {
    let folder = Folder::new();
    let output = run(&flow(nodes), &folder.file("a.csv", csv)).unwrap();
    let lost = output.lost.iter().map(|lost| {
        let lines: Vec<_> = lost.first.iter().map(|origin| origin.position).collect();
        json!([lost.node_id, lost.column, lost.kind, lost.rows, lines])
    });
    lost.collect()
}

#[test]
fn reports_failed_casts_with_their_lines() {
    let nodes = json!([schema(&json!({"x": "float", "y": "long", "z": "bool", "w": "date"}))]);
    let csv = "x,y,z,w\n1.5,2,true,2026-01-01\nabc,2.5,maybe,soon\n,,,\n?,9e9,no,2026-02-30\n";
    let reported = json!([
        ["node-1", "w", "date", 2, [3, 5]],
        ["node-1", "x", "double", 2, [3, 5]],
        ["node-1", "y", "bigint", 1, [5]],
        ["node-1", "z", "boolean", 1, [3]],
    ]);
    assert_eq!(lost(&nodes, csv), reported);
}

#[test]
fn does_not_report_successful_casts_and_nulls() {
    let nodes = json!([schema(&json!({"x": "float", "y": "string"}))]);
    assert_eq!(lost(&nodes, "x,y\n 1 ,abc\n,\nNaN,\n-1e400,x\n"), json!([]));
}

#[test]
fn counts_all_rows_and_lists_the_first_ten() {
    let csv: String = std::iter::once("x\n").chain((0..40_000).map(|_| "abc\n")).collect();
    let nodes = json!([schema(&json!({"x": "float"}))]);
    let first: Vec<_> = (2..12).collect();
    assert_eq!(lost(&nodes, &csv), json!([["node-1", "x", "double", 40_000, first]]));
}

#[test]
fn reports_the_file_of_a_failed_cast() {
    let folder = Folder::new();
    folder.file("a.csv", "x\n1\n");
    folder.file("b.csv", "x\n1\nabc\n");
    let nodes = json!([schema(&json!({"x": "float"}))]);
    let output = run(&flow(&nodes), folder.path()).unwrap();
    assert_eq!((output.lost[0].first[0].file, output.lost[0].first[0].position), (1, 3));
}

#[test]
fn single_column_cast_reports_only_unhandled_failures() {
    let csv = "x\n1\nabc\n";
    let reported = json!([["node-1", "x", "double", 1, [3]]]);
    assert_eq!(lost(&json!([cast_to_float("replace_null")]), csv), reported);
    for handled in ["drop", "replace_value", "replace_null_with_new_col"] {
        assert_eq!(lost(&json!([cast_to_float(handled)]), csv), json!([]), "{handled}");
    }
}

#[test]
fn formula_reports_casts_that_make_its_result_null() {
    let csv = "x,y\n1,2\nabc,2\n,2\n1,\n";
    let of = |text: &str| lost(&json!([formula(text, "out")]), csv);
    assert_eq!(of("cast(x as double) + y"), json!([["node-1", "out", "double", 1, [3]]]));
    assert_eq!(of("x * 2"), json!([["node-1", "out", "double", 1, [3]]]));
    assert_eq!(of("coalesce(cast(x as double), 0D)"), json!([]));
    assert_eq!(of("cast(x as double) is null"), json!([]));
    assert_eq!(of("y / 0"), json!([]));
}

#[test]
fn reports_failed_casts_that_a_later_node_fills() {
    let fill = json!({
        "operator": "sagemaker.spark.handle_missing_0.1",
        "parameters": {"operator": "Fill missing", "fill_missing_parameters": {
            "input_column": "x", "fill_value": "0",
        }},
    });
    let nodes = json!([cast_to_float("replace_null"), fill]);
    let folder = Folder::new();
    let output = run(&flow(&nodes), &folder.file("a.csv", "x\nabc\n")).unwrap();
    assert_eq!(json!(rows(&output)), json!([[0.0]]));
    assert_eq!(output.lost.len(), 1);
}
