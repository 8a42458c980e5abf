//! Comparison of a flow's output with a feature group, before anything is written.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use ingest_features::convert::{Converter, MAX_RECORD};
use ingest_features::feature_group::{
    Collection, ElementType, Feature, FeatureGroup, FeatureType, GroupOptions, NewGroup, Shape,
    Stores, definitions,
};
use ingest_features::schema_check::{Needed, absent, check};
use proptest::prelude::*;

use crate::fake_store::group;

fn schema(columns: &[(&str, DataType)]) -> Schema {
    let field = |(name, kind): &(&str, DataType)| Field::new(*name, kind.clone(), true);
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

fn abalone() -> FeatureGroup {
    group(&[
        ("record_id", FeatureType::Integral),
        ("record_time", FeatureType::Fractional),
        ("length", FeatureType::Fractional),
        ("sex_M", FeatureType::Fractional),
        ("note", FeatureType::String),
    ])
}

#[test]
fn lists_every_mismatch_with_its_remedy() {
    let output = schema(&[
        ("record_id", DataType::Utf8),
        ("Length", DataType::Float64),
        ("sex_M", DataType::Boolean),
        ("note", DataType::Int64),
        ("note", DataType::Utf8),
        ("_c0", DataType::Utf8),
        ("write_time", DataType::Int64),
        ("colour", DataType::Utf8),
    ]);
    let mut group = abalone();
    group.status = "Creating".to_owned();
    insta::assert_snapshot!(check(&output, &group, Needed::Keys).unwrap_err());
}

#[test]
fn explains_why_a_group_is_not_writable() {
    let mut group = group(&[
        ("id", FeatureType::Integral),
        ("time", FeatureType::Integral),
        ("tags", FeatureType::Other("Vector of Fractional".to_owned())),
    ]);
    let output =
        schema(&[("id", DataType::Int64), ("time", DataType::Utf8), ("tags", DataType::Utf8)]);
    group.status = "CreateFailed".to_owned();
    group.failure = Some("no such role".to_owned());
    group.record_identifier = "gone".to_owned();
    insta::assert_snapshot!(check(&output, &group, Needed::Keys).unwrap_err());
}

#[test]
fn names_missing_event_time_and_identifier() {
    let output = schema(&[("length", DataType::Float64)]);
    let text = group(&[("id", FeatureType::String), ("at", FeatureType::String)]);
    insta::assert_snapshot!(check(&output, &text, Needed::Keys).unwrap_err());
}

#[test]
fn accepts_columns_of_the_features_type_or_a_narrower_one() {
    let timestamp = DataType::Timestamp(TimeUnit::Microsecond, None);
    for (time, time_feature) in [
        (DataType::Float64, FeatureType::Fractional),
        (DataType::Int64, FeatureType::Fractional),
        (timestamp.clone(), FeatureType::Fractional),
        (DataType::Utf8, FeatureType::String),
        (DataType::Float64, FeatureType::String),
        (timestamp, FeatureType::String),
    ] {
        for (id, id_feature) in [
            (DataType::Int64, FeatureType::Integral),
            (DataType::UInt8, FeatureType::Integral),
            (DataType::Float64, FeatureType::Integral),
            (DataType::Int64, FeatureType::Fractional),
            (DataType::Float32, FeatureType::Fractional),
            (DataType::LargeUtf8, FeatureType::String),
        ] {
            let group = group(&[("id", id_feature), ("time", time_feature.clone())]);
            let output = schema(&[("id", id), ("time", time.clone())]);
            assert_eq!(check(&output, &group, Needed::Keys), Ok(()));
            assert!(Converter::new(&output, &group).is_some());
        }
    }
}

#[test]
fn only_text_becomes_a_collection() {
    let list = Collection { shape: Shape::List, elements: ElementType::Integral };
    let features = [
        ("id", FeatureType::Integral),
        ("time", FeatureType::Fractional),
        ("tags", FeatureType::Collection(list)),
    ];
    let keys = [("id", DataType::Int64), ("time", DataType::Float64)];
    for (kind, fits) in [
        (DataType::Utf8, true),
        (DataType::LargeUtf8, true),
        (DataType::Int64, false),
        (DataType::Float64, false),
    ] {
        let output = schema(&[&keys[..], &[("tags", kind.clone())]].concat());
        let group = group(&features);
        assert_eq!(check(&output, &group, Needed::Keys).is_ok(), fits, "{kind}");
        assert_eq!(Converter::new(&output, &group).is_some(), fits, "{kind}");
    }
    let output = schema(&[&keys[..], &[("tags", DataType::Int64)]].concat());
    insta::assert_snapshot!(check(&output, &group(&features), Needed::Keys).unwrap_err());
    let mut group = group(&features);
    group.record_identifier = "tags".to_owned();
    let output = schema(&[&keys[..], &[("tags", DataType::Utf8)]].concat());
    let error = check(&output, &group, Needed::Keys).unwrap_err().to_string();
    assert!(error.contains("no collection can be the record identifier"), "{error}");
}

#[test]
fn counts_collections_in_a_records_size() {
    let list = Collection { shape: Shape::List, elements: ElementType::String };
    let group = group(&[
        ("id", FeatureType::String),
        ("time", FeatureType::Fractional),
        ("tags", FeatureType::Collection(list)),
    ]);
    let rest = "id".len() + "1".len() + "time".len() + "0.0".len() + "tags".len() + "ab".len();
    let tags = [MAX_RECORD - rest, MAX_RECORD - rest + 1].map(|size| {
        let long = "x".repeat(size);
        format!(r#"["{long}", "ab"]"#)
    });
    let batch = batch(vec![
        ("id", Arc::new(StringArray::from(vec!["1", "1"]))),
        ("time", Arc::new(Float64Array::from(vec![0.0; 2]))),
        ("tags", Arc::new(StringArray::from(tags.to_vec()))),
    ]);
    let converter = converter(&batch, &group);
    assert_eq!(converter.record(&batch, 0).unwrap().size(), MAX_RECORD);
    let error = converter.record(&batch, 1).unwrap_err().to_string();
    assert!(error.starts_with("tags: the record has "), "{error}");
}

#[test]
fn an_event_time_column_becomes_a_legal_feature() {
    let options = GroupOptions {
        record_identifier: "id".to_owned(),
        event_time: "time".to_owned(),
        stores: Stores::default(),
        description: None,
    };
    for (column, feature) in [
        (DataType::Int64, Some(FeatureType::Fractional)),
        (DataType::Float64, Some(FeatureType::Fractional)),
        (DataType::Timestamp(TimeUnit::Microsecond, None), Some(FeatureType::Fractional)),
        (DataType::Utf8, Some(FeatureType::String)),
        (DataType::Boolean, None),
    ] {
        let output = schema(&[("id", DataType::Int64), ("time", column.clone())]);
        let group = NewGroup::new(&output, "FG", &options);
        assert_eq!(group.ok().map(|group| group.features[1].kind.clone()), feature, "{column}");
    }
}

#[test]
fn definitions_keep_the_order_of_columns() {
    let output = schema(&[
        ("record_id", DataType::Int64),
        ("sex", DataType::Utf8),
        ("length", DataType::Float64),
    ]);
    insta::assert_snapshot!(format!("{:#}", definitions(&output, Some("FG-abalone")).unwrap()));
}

#[test]
fn lists_all_columns_that_no_group_can_hold() {
    let output = schema(&[
        ("whole weight", DataType::Float64),
        ("is_deleted", DataType::Int64),
        ("ok", DataType::Boolean),
        ("ok", DataType::Utf8),
        ("day", DataType::Date32),
    ]);
    insta::assert_snapshot!(definitions(&output, None).unwrap_err());
    assert!(definitions(&schema(&[]), None).is_err());
}

#[test]
fn requires_only_identifier_and_event_time() {
    let output = schema(&[("record_id", DataType::Int64), ("record_time", DataType::Float64)]);
    let mut group = abalone();
    group.features.push(Feature {
        name: "embedding".to_owned(),
        kind: FeatureType::Other("Vector of Fractional".to_owned()),
    });
    assert_eq!(check(&output, &group, Needed::Keys), Ok(()));
    assert!(Converter::new(&output, &group).is_some());
    assert_eq!(absent(&output, &group), ["length", "sex_M", "note", "embedding"]);
    let strict = check(&output, &group, Needed::All).unwrap_err().to_string();
    for name in ["length", "sex_M", "note", "embedding"] {
        assert!(strict.contains(&format!("the feature `{name}` has no column")), "{strict}");
    }
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

fn converter(batch: &RecordBatch, group: &FeatureGroup) -> Converter {
    check(&batch.schema(), group, Needed::Keys).unwrap();
    Converter::new(&batch.schema(), group).unwrap()
}

#[test]
fn omits_nulls_except_in_required_features() {
    let group = group(&[
        ("id", FeatureType::Integral),
        ("time", FeatureType::Fractional),
        ("note", FeatureType::String),
    ]);
    let batch = batch(vec![
        ("note", Arc::new(StringArray::from(vec![None, Some("b"), Some("")]))),
        ("id", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("time", Arc::new(Float64Array::from(vec![Some(0.0), Some(0.0), None]))),
    ]);
    let converter = converter(&batch, &group);
    assert!(converter.record(&batch, 0).unwrap().others.is_empty());
    let error = converter.record(&batch, 1).unwrap_err();
    assert_eq!(error.to_string(), "id: the value is null, but every record needs it");
    let error = converter.record(&batch, 2).unwrap_err();
    assert_eq!(error.to_string(), "time: the value is null, but every record needs it");
}

#[test]
fn rejects_records_that_are_too_large() {
    let group = group(&[
        ("id", FeatureType::String),
        ("time", FeatureType::Fractional),
        ("note", FeatureType::String),
    ]);
    let names_and_rest = "id".len() + "1".len() + "time".len() + "0.0".len() + "note".len();
    let most = MAX_RECORD - names_and_rest;
    let notes = vec!["x".repeat(most), "x".repeat(most + 1), "é".repeat(most / 2 + 1)];
    let batch = batch(vec![
        ("id", Arc::new(StringArray::from(vec!["1", "1", "1"]))),
        ("time", Arc::new(Float64Array::from(vec![0.0; 3]))),
        ("note", Arc::new(StringArray::from(notes))),
    ]);
    let converter = converter(&batch, &group);
    assert_eq!(converter.record(&batch, 0).unwrap().size(), MAX_RECORD);
    for row in [1, 2] {
        let error = converter.record(&batch, row).unwrap_err().to_string();
        assert!(error.starts_with("note: the record has "), "{error}");
    }
}

#[test]
fn rejects_an_empty_identifier() {
    let group = group(&[("id", FeatureType::String), ("time", FeatureType::Fractional)]);
    let batch = batch(vec![
        ("id", Arc::new(StringArray::from(vec![""]))),
        ("time", Arc::new(Float64Array::from(vec![0.0]))),
    ]);
    assert!(converter(&batch, &group).record(&batch, 0).is_err());
}

proptest! {
    /// Reasons are logged, so they must not quote values.
    #[test]
    fn reasons_never_quote_values(value in "[a-z]{12}\\PC*", number in proptest::num::f64::NORMAL) {
        let group = group(&[
            ("id", FeatureType::Integral),
            ("time", FeatureType::String),
        ]);
        let batch = batch(vec![
            ("id", Arc::new(Float64Array::from(vec![number]))),
            ("time", Arc::new(StringArray::from(vec![value.clone()]))),
        ]);
        let error = converter(&batch, &group).record(&batch, 0).unwrap_err().to_string();
        prop_assert!(!error.contains(&value));
        let number = format!("{number:?}");
        prop_assert!(!error.contains(&number));
    }
}
