//! Properties of any data.

use arrow_array::Array;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{Folder, names, rows};
use crate::{flow, formula, run};

/// Generates a field of a CSV file: empty, a number or a word.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (-50i32..50).prop_map(|number| number.to_string()),
        "[a-zé ]{0,4}",
    ]
}

fn csv(rows: &[(String, String)]) -> String {
    let lines = rows.iter().map(|(a, b)| format!("\"{a}\",\"{b}\"\n"));
    format!("a,b\n{}", lines.collect::<String>())
}

fn node(operator: &str, parameters: &Value) -> Value {
    json!({"operator": format!("sagemaker.spark.{operator}_0.1"), "parameters": parameters})
}

fn sorted(order: &str) -> Value {
    let block = json!({"sort_by": "a", "order": order});
    node("manage_rows", &json!({"operator": "Sort", "sort_parameters": block}))
}

fn missing(operator: &str, block: &str, parameters: &Value) -> Value {
    node("handle_missing", &json!({"operator": operator, block: parameters}))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sorted_rows_match_their_origins(data in vec((field(), field()), 0..40), down in any::<bool>()) {
        let folder = Folder::new();
        let file = folder.file("a.csv", csv(&data));
        let order = if down { "Descending" } else { "Ascending" };
        let output = run(&flow(&json!([sorted(order)])), &file).unwrap();
        prop_assert_eq!(output.rows_read, data.len() as u64);
        let origins = output.chunks.iter().flat_map(|chunk| &chunk.origins);
        let rows = rows(&output);
        prop_assert_eq!(rows.len(), data.len());
        for (row, origin) in rows.iter().zip(origins) {
            let (a, b) = &data[usize::try_from(origin.position).unwrap() - 2];
            let text = |text: &String| if text.is_empty() { Value::Null } else { json!(text) };
            prop_assert_eq!(row, &[text(a), text(b)]);
        }
        let in_order = rows.is_sorted_by(|left, right| {
            let (left, right) = (left[0].as_str(), right[0].as_str());
            if down { left >= right } else { left <= right }
        });
        prop_assert!(in_order);
    }

    #[test]
    fn dropping_duplicates_is_idempotent(data in vec((field(), field()), 0..40)) {
        let folder = Folder::new();
        let file = folder.file("a.csv", csv(&data));
        let drop = node("manage_rows", &json!({"operator": "Drop duplicates"}));
        let once = rows(&run(&flow(&json!([drop])), &file).unwrap());
        let twice = rows(&run(&flow(&json!([drop, drop])), &file).unwrap());
        let distinct: std::collections::HashSet<_> = data.iter().collect();
        prop_assert_eq!(once.len(), distinct.len());
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn filling_leaves_no_missing_values(data in vec((field(), field()), 1..40)) {
        let folder = Folder::new();
        let file = folder.file("a.csv", csv(&data));
        let fill = json!({"input_column": ["a", "b"], "fill_value": "none"});
        let filled = missing("Fill missing", "fill_missing_parameters", &fill);
        let marked = json!({"input_column": ["a", "b"]});
        let marked = missing("Add indicator for missing", "add_indicator_for_missing_parameters", &marked);
        let output = run(&flow(&json!([filled, marked])), &file).unwrap();
        prop_assert_eq!(names(&output), ["a", "b", "a_indicator", "b_indicator"]);
        prop_assert_eq!(rows(&output).len(), data.len());
        for row in rows(&output) {
            prop_assert_eq!(&row[2..], [json!(false), json!(false)]);
        }
    }

    #[test]
    fn dropping_missing_values_keeps_all_other_rows(data in vec((field(), field()), 0..40)) {
        let folder = Folder::new();
        let file = folder.file("a.csv", csv(&data));
        let drop = missing("Drop missing", "drop_missing_parameters", &json!({"input_column": "a"}));
        let output = run(&flow(&json!([drop])), &file).unwrap();
        let kept = data.iter().filter(|(a, _)| !a.trim_matches(' ').is_empty()).count();
        prop_assert_eq!(rows(&output).len(), kept);
    }

    #[test]
    fn one_hot_encoding_marks_exactly_the_label(data in vec((field(), field()), 1..40)) {
        let folder = Folder::new();
        let file = folder.file("a.csv", csv(&data));
        let block = json!({
            "input_column": "a", "drop_last": false, "output_style": "Columns",
            "invalid_handling_strategy": "Keep",
        });
        let encode = json!({"operator": "One-hot encode", "one_hot_encode_parameters": block});
        let output = run(&flow(&json!([node("encode_categorical", &encode)])), &file).unwrap();
        let names = names(&output);
        prop_assert_eq!(names[0], "b");
        for (row, (a, _)) in rows(&output).iter().zip(&data) {
            for (value, name) in row.iter().zip(&names).skip(1) {
                let expected = f64::from(!a.is_empty() && *name == format!("a_{a}"));
                prop_assert_eq!(value, &json!(expected));
            }
        }
    }

    #[test]
    fn casting_keeps_the_rows_in_order(data in vec((field(), field()), 0..40)) {
        let folder = Folder::new();
        let file = folder.file("a.csv", csv(&data));
        let output = run(&flow(&json!([formula("cast(a as bigint)", "n")])), &file).unwrap();
        prop_assert_eq!(names(&output), ["a", "b", "n"]);
        let whole: Vec<_> = output.chunks.iter().map(|chunk| chunk.records.column(2).len()).collect();
        prop_assert_eq!(whole.iter().sum::<usize>(), data.len());
        for (row, (a, _)) in rows(&output).iter().zip(&data) {
            prop_assert_eq!(row[2].as_i64(), a.trim().parse().ok());
        }
    }

    #[test]
    fn never_panics_on_random_formulas(text in "[ab0-9.'()+*/%<>=, -]{0,30}|[a-z( ),'0-9]{0,40}") {
        let folder = Folder::new();
        let file = folder.file("a.csv", "a,b\n1,x\n,\n");
        let flow = flow(&json!([formula(&text, "c")]));
        if crate::try_plan(&flow).is_ok() {
            let _ = run(&flow, &file);
        }
    }
}
