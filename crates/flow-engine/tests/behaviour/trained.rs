//! Trained parameters are used, and retrained on request.

use serde_json::{Value, json};

use crate::fixtures::{Folder, names, rows, types};
use crate::{flow, plan, run_plan, try_plan};

/// Reads a Spark ML model. See oracle/models.py.
fn model(class: &str) -> Value {
    let models: Value = serde_json::from_str(include_str!("../oracle/models.json")).unwrap();
    models[class].clone()
}

fn one_hot(trained: &Value) -> Vec<u8> {
    flow(&json!([{
        "operator": "sagemaker.spark.encode_categorical_0.1",
        "parameters": {"operator": "One-hot encode", "one_hot_encode_parameters": {
            "input_column": "city", "drop_last": false, "output_style": "Columns",
            "invalid_handling_strategy": "Keep",
        }},
        "trained_parameters": {"one_hot_encode_parameters": trained},
    }]))
}

fn scale(scaler: &str, block: &str, columns: &Value, trained: &Value) -> Vec<u8> {
    flow(&json!([
        {
            "operator": "sagemaker.spark.infer_and_cast_type_0.1",
            "trained_parameters": {"schema": {"x": "float", "y": "float"}},
        },
        {
            "operator": "sagemaker.spark.process_numeric_0.1",
            "parameters": {"operator": "Scale values", "scale_values_parameters": {
                "scaler": scaler, block: {"input_column": columns, "center": true},
            }},
            "trained_parameters": {"scale_values_parameters": {block: trained}},
        },
    ]))
}

#[test]
fn uses_trained_labels_unless_refitting() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "city\nBern\nRome\n");
    let flow = one_hot(&json!({"_hash": 1, "string_indexer_model": model("StringIndexerModel")}));
    let output = run_plan(&plan(&flow, false), &file).unwrap();
    assert_eq!(names(&output), ["city_Oslo", "city_Bern", "city_Lima"]);
    assert_eq!(json!(rows(&output)), json!([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]));
    let again = run_plan(&plan(&flow, true), &file).unwrap();
    assert_eq!(names(&again), ["city_Bern", "city_Rome"]);
}

#[test]
fn uses_trained_scalers() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "x,y\n6.2,1\n16,2\n");
    let cases = [
        (
            "Standard scaler",
            "standard_scaler_parameters",
            "StandardScalerModel",
            [0.0, 9.8 / 37.2_f64.sqrt()],
        ),
        ("Min-max scaler", "min_max_scaler_parameters", "MinMaxScalerModel", [5.2 / 15.0, 1.0]),
        ("Robust scaler", "robust_scaler_parameters", "RobustScalerModel", [2.2 / 6.0, 2.0]),
        (
            "Max absolute scaler",
            "max_absolute_scaler_parameters",
            "MaxAbsScalerModel",
            [0.3875, 1.0],
        ),
    ];
    for (scaler, block, class, expected) in cases {
        let flow = scale(scaler, block, &json!("x"), &json!({"scaler_model": model(class)}));
        let output = rows(&run_plan(&plan(&flow, false), &file).unwrap());
        for (row, expected) in output.iter().zip(expected) {
            assert!((row[0].as_f64().unwrap() - expected).abs() < 1e-12, "{scaler}: {output:?}");
        }
    }
}

#[test]
fn uses_a_list_with_one_model_for_each_column() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "x,y\n1,1\n3,2\n");
    let trained = json!([{"input_column": "y", "scaler_model": model("MinMaxScalerModel")}]);
    let flow = scale("Min-max scaler", "min_max_scaler_parameters", &json!(["x", "y"]), &trained);
    let output = rows(&run_plan(&plan(&flow, false), &file).unwrap());
    assert_eq!(json!(output), json!([[0.0, 0.0], [1.0, 1.0 / 15.0]]));
}

#[test]
fn ignores_a_single_model_for_several_columns() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "x,y\n1,1\n3,2\n");
    let trained = json!({"scaler_model": model("MinMaxScalerModel")});
    let flow = scale("Min-max scaler", "min_max_scaler_parameters", &json!(["x", "y"]), &trained);
    let output = rows(&run_plan(&plan(&flow, false), &file).unwrap());
    assert_eq!(json!(output), json!([[0.0, 0.0], [1.0, 1.0]]));
}

#[test]
fn uses_trained_imputed_values() {
    let folder = Folder::new();
    let file = folder.file("a.csv", "a\n1\n\"\"\n3\n");
    let impute = flow(&json!([
        {
            "operator": "sagemaker.spark.infer_and_cast_type_0.1",
            "trained_parameters": {"schema": {"a": "float"}},
        },
        {
            "operator": "sagemaker.spark.handle_missing_0.1",
            "parameters": {"operator": "Impute", "impute_parameters": {
                "column_type": "Numeric", "numeric_parameters": {"strategy": "Mean", "input_column": ["a"]},
            }},
            "trained_parameters": {"impute_parameters": {"numeric_parameters": {"impute_value": 9.5}}},
        },
    ]));
    let trained = rows(&run_plan(&plan(&impute, false), &file).unwrap());
    assert_eq!(json!(trained), json!([[1.0], [9.5], [3.0]]));
}

#[test]
fn rejects_an_unreadable_model() {
    let encoded = model("StringIndexerModel").as_str().unwrap().to_owned();
    for broken in [" ", "~~~~~", "0", &encoded[..400], model("MinMaxScalerModel").as_str().unwrap()]
    {
        let refused = try_plan(&one_hot(&json!({"string_indexer_model": broken}))).err().unwrap();
        assert!(refused.contains("retrain the flow"), "{refused}");
    }
}

fn untrained() -> Vec<u8> {
    flow(&json!([{
        "operator": "sagemaker.spark.infer_and_cast_type_0.1",
        "parameters": {},
        "trained_parameters": {},
    }]))
}

#[test]
fn infers_string_for_codes_with_digits() {
    let folder = Folder::new();
    let file = folder.file(
        "a.csv",
        "order,sku,phone,note,qty,price,day\n\
         C-100234,A1B2C3,+1-202-555-0147,2 left at door,3,9.99,2026-11-22\n\
         C-100235,ZX-81,+1-202-555-0148,call 1st,1,19.5,2026-11-23\n",
    );
    let output = run_plan(&plan(&untrained(), false), &file).unwrap();
    assert_eq!(
        types(&output),
        ["string", "string", "string", "string", "bigint", "double", "date"]
    );
    assert_eq!(rows(&output)[0][0], json!("C-100234"));
}

#[test]
fn error_lists_all_uncertain_columns_and_the_schema_to_set() {
    let folder = Folder::new();
    let file = folder.file(
        "a.csv",
        "id,placed,\"at \"\"x\"\"\",qty\nC-1,2026-11-22 10:15:00,10:15,3\nC-2,2026-11-22 10:16:30,10:16,4\n",
    );
    let error = run_plan(&plan(&untrained(), false), &file).unwrap_err().to_string();
    assert!(error.contains("differ: `placed`, `at \\\"x\\\"`; set"), "{error}");
    let written = r#""trained_parameters": {"schema": {"id": "string", "placed": "…", "at \"x\"": "…", "qty": "long"}}"#;
    assert!(error.contains(written), "{error}");
}
