//! Flows that the plan rejects.

use data_wrangler_flow::{Flow, Graph};
use flow_engine::{Plan, PlanOptions};
use serde_json::{Value, json};

use crate::{flow, flow_of, formula, try_plan};

fn refusal(nodes: &Value) -> String {
    try_plan(&flow(nodes)).unwrap_err()
}

#[test]
fn lists_all_unsupported_nodes() {
    let node = |operator: &str| json!({"operator": operator, "parameters": {}});
    let refused = refusal(&json!([
        node("sagemaker.spark.custom_pandas_0.1"),
        formula("a + 1", "b"),
        formula("rank() over (order by a)", "c"),
        node("sagemaker.spark.handle_outliers_0.1"),
        node("sagemaker.spark.time_series_0.1"),
        node("sagemaker.spark.custom_formula_9.9"),
    ]));
    insta::assert_snapshot!(refused);
}

#[test]
fn rejects_unsupported_options() {
    let encode = |block: Value| {
        json!({
            "operator": "sagemaker.spark.encode_categorical_0.1",
            "parameters": {"operator": "One-hot encode", "one_hot_encode_parameters": block},
        })
    };
    let nodes = [
        encode(json!({"input_column": "a", "output_style": "Vector"})),
        encode(
            json!({"input_column": "a", "output_style": "Columns", "invalid_handling_strategy": "Maybe"}),
        ),
        encode(json!({"input_column": [], "output_style": "Columns"})),
        json!({
            "operator": "sagemaker.spark.cast_single_data_type_0.1",
            "parameters": {"column": "a", "data_type": "datetime"},
        }),
        json!({
            "operator": "sagemaker.spark.infer_and_cast_type_0.1",
            "trained_parameters": {"schema": {"a": "datetime", "b": "image", "c": "long"}},
        }),
        json!({
            "operator": "sagemaker.spark.process_numeric_0.1",
            "parameters": {"operator": "Scale values", "scale_values_parameters": {
                "scaler": "Min-max scaler",
                "min_max_scaler_parameters": {"input_column": "a", "min": 2, "max": 1},
            }},
        }),
        json!({
            "operator": "sagemaker.spark.manage_rows_0.1",
            "parameters": {"operator": "Shuffle", "shuffle_parameters": {}},
        }),
        json!({
            "operator": "sagemaker.spark.handle_missing_0.1",
            "parameters": {"operator": "Drop missing", "drop_missing_parameters": {"dimension": "Drop Columns"}},
        }),
        json!({"operator": "sagemaker.spark.manage_columns_0.1", "parameters": [1]}),
    ];
    let refused: Vec<_> = nodes.iter().map(|node| refusal(&json!([node]))).collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn rejects_invalid_formulas() {
    let formulas = [
        "",
        "a +",
        "(a",
        "a b",
        "avg(a)",
        "cast(a as decimal(3,1))",
        "cast(a as timestamp)",
        "a.b",
        "a like 'x'",
        "length()",
        "case when a then 1",
        "'open",
        "`open",
        "a -- comment",
        "1.2.3",
        "12x",
        "a ? b",
        "9999999999999999999",
    ];
    let refused: Vec<_> =
        formulas.iter().map(|text| refusal(&json!([formula(text, "x")]))).collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn rejects_too_large_formulas() {
    let deep = format!("{}a{}", "(".repeat(5000), ")".repeat(5000));
    let long = "a + ".repeat(5000) + "a";
    let negated = "- ".repeat(100_000) + "a";
    let growing = format!("{}a{}", "nullif(".repeat(100), ", 1)".repeat(100));
    for text in [deep, long, negated, growing] {
        let refused = refusal(&json!([formula(&text, "x")]));
        assert!(refused.contains("split it into several formulas"), "{refused}");
    }
}

#[test]
fn rejects_unsupported_sources() {
    let sources = [
        json!({"s3ContentType": "orc"}),
        json!({"s3ContentType": "json"}),
        json!({"s3ContentType": "csv", "s3SkipLines": 2}),
        json!({"s3ContentType": "csv", "s3CsvEncodingType": "UTF-16"}),
        json!({"s3ContentType": "csv", "s3FieldDelimiter": "||"}),
        json!({"s3ContentType": "csv", "s3DataType": "ManifestFile"}),
        json!({"s3ContentType": "csv", "s3ManifestPlain": {"s3Uris": ["s3://b/a.csv"]}}),
        json!({}),
    ];
    let refused: Vec<_> =
        sources.iter().map(|source| try_plan(&flow_of(source, &json!([]))).unwrap_err()).collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn rejects_sources_outside_s3_by_name() {
    let text = String::from_utf8(flow(&json!([]))).unwrap();
    let refused = try_plan(text.replace("s3_source", "redshift_source").as_bytes()).unwrap_err();
    insta::assert_snapshot!(refused);
}

#[test]
fn ignores_nodes_that_the_output_does_not_depend_on() {
    let bytes = flow(&json!([
        formula("1", "b"),
        {"operator": "sagemaker.spark.custom_pandas_0.1", "parameters": {"code": "df"}},
    ]));
    let flow = Flow::parse(&bytes).unwrap();
    let output = Graph::new(&flow).unwrap().choose("node-1.default").unwrap();
    assert!(Plan::new(&flow, &output, &PlanOptions::default()).is_ok());
}

#[test]
fn ignores_parameters_of_other_operators() {
    let node = json!({
        "operator": "sagemaker.spark.manage_columns_0.1",
        "parameters": {
            "operator": "Drop column",
            "drop_column_parameters": {"column_to_drop": "a"},
            "move_column_parameters": {"move_type": "nonsense"},
            "rename_column_parameters": 7,
        },
    });
    assert!(try_plan(&flow(&json!([node]))).is_ok());
}
