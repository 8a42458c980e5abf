//! Converts Arrow rows into records, feature by feature.

mod collection;
mod number;
mod text;
mod time;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};

use crate::feature_group::{Collection, Feature, FeatureGroup, FeatureType};
use crate::store::{Record, Value, Values};

/// Maximum size of a record in bytes: names and values.
pub const MAX_RECORD: usize = 350 * 1024;

/// A row that cannot be converted into a record. The message names the feature, but never quotes the
/// value, because it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{feature}: {problem}")]
pub struct BadRow {
    feature: Arc<str>,
    problem: String,
}

/// Converts rows of one schema into records of one feature group.
#[derive(Debug, Clone)]
pub struct Converter {
    identifier: FeatureColumn,
    event_time: FeatureColumn,
    others: Vec<FeatureColumn>,
    collections: Vec<CollectionColumn>,
}

/// A column of the output, and the feature that it becomes.
#[derive(Debug, Clone)]
struct FeatureColumn {
    /// The column's index in the schema.
    index: usize,
    feature: Arc<str>,
    conversion: Conversion,
}

/// A column of the output, and the collection that it becomes.
#[derive(Debug, Clone)]
struct CollectionColumn {
    /// The column's index in the schema.
    index: usize,
    feature: Arc<str>,
    collection: Collection,
}

/// How a column's values are converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conversion {
    Integral,
    Fractional,
    Text,
    /// An event time in seconds since 1970.
    Seconds,
    /// An event time as ISO 8601.
    Iso8601,
}

impl Converter {
    /// Creates a converter. Returns `None` if the schema does not fit the group;
    /// [`check`](crate::schema_check::check) reports why. The records omit features without a column.
    #[must_use]
    pub fn new(schema: &Schema, group: &FeatureGroup) -> Option<Self> {
        let column = |feature: &Feature| {
            let (index, field) = schema.column_with_name(&feature.name)?;
            let conversion = conversion(field.data_type(), feature, group)?;
            Some(FeatureColumn { index, feature: Arc::from(feature.name.as_str()), conversion })
        };
        let named = |name: &str| group.features.iter().find(|f| f.name == name).and_then(column);
        let key = [&group.record_identifier, &group.event_time];
        let (mut others, mut collections) = (Vec::new(), Vec::new());
        for feature in group.features.iter().filter(|feature| !key.contains(&&feature.name)) {
            let Some((index, field)) = schema.column_with_name(&feature.name) else { continue };
            match collection(field.data_type(), feature, group) {
                Some(collection) => collections.push(CollectionColumn {
                    index,
                    feature: Arc::from(feature.name.as_str()),
                    collection,
                }),
                None => others.push(column(feature)?),
            }
        }
        Some(Self {
            identifier: named(&group.record_identifier)?,
            event_time: named(&group.event_time)?,
            others,
            collections,
        })
    }

    /// Converts one row of a batch into a record.
    ///
    /// # Errors
    ///
    /// [`BadRow`] names the value that does not fit its feature, and the reason.
    pub fn record(&self, batch: &RecordBatch, row: usize) -> Result<Record, BadRow> {
        let record = Record {
            identifier: self.identifier.required(batch, row)?,
            event_time: self.event_time.required(batch, row)?,
            others: self
                .others
                .iter()
                .filter_map(|column| column.value(batch, row).transpose())
                .collect::<Result<_, _>>()?,
            collections: self
                .collections
                .iter()
                .filter_map(|column| column.value(batch, row).transpose())
                .collect::<Result<_, _>>()?,
        };
        if record.identifier.1.is_empty() {
            return Err(self.identifier.bad("the record identifier is empty"));
        }
        let size = record.size();
        if size > MAX_RECORD {
            let feature = Arc::clone(record.largest());
            let problem = format!("the record has {size} bytes; the maximum is {MAX_RECORD}");
            return Err(BadRow { feature, problem });
        }
        Ok(record)
    }
}

/// Returns whether a column of this type can become this feature of the group.
pub(crate) fn fits(column: &DataType, feature: &Feature, group: &FeatureGroup) -> bool {
    conversion(column, feature, group).is_some() || collection(column, feature, group).is_some()
}

/// Returns the collection that a column of text becomes. No collection can be the record identifier or
/// the event time.
fn collection(column: &DataType, feature: &Feature, group: &FeatureGroup) -> Option<Collection> {
    let FeatureType::Collection(collection) = feature.kind else { return None };
    let key = [&group.record_identifier, &group.event_time].contains(&&feature.name);
    (is_text(column) && !key).then_some(collection)
}

fn is_text(column: &DataType) -> bool {
    matches!(column, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn conversion(column: &DataType, feature: &Feature, group: &FeatureGroup) -> Option<Conversion> {
    let number = column.is_integer()
        || matches!(column, DataType::Float16 | DataType::Float32 | DataType::Float64);
    let text = is_text(column);
    let timestamp = matches!(column, DataType::Timestamp(_, _));
    match (&feature.kind, feature.name == group.event_time) {
        (FeatureType::Fractional, true) if number || timestamp => Some(Conversion::Seconds),
        (FeatureType::String, true) if number || timestamp || text => Some(Conversion::Iso8601),
        (FeatureType::Integral, false) if number => Some(Conversion::Integral),
        (FeatureType::Fractional, false) if number => Some(Conversion::Fractional),
        (FeatureType::String, false) if text => Some(Conversion::Text),
        _ => None,
    }
}

impl FeatureColumn {
    fn value(&self, batch: &RecordBatch, row: usize) -> Result<Option<Value>, BadRow> {
        let array = batch.column(self.index).as_ref();
        if array.is_null(row) {
            return Ok(None);
        }
        let value = match self.conversion {
            Conversion::Integral => number::integral(array, row),
            Conversion::Fractional => number::fractional(array, row),
            Conversion::Text => text::text(array, row).map(str::to_owned),
            Conversion::Seconds => time::seconds(array, row),
            Conversion::Iso8601 => time::iso8601(array, row),
        };
        let value = value.map_err(|problem| self.bad(problem))?;
        Ok(Some((Arc::clone(&self.feature), value)))
    }

    fn required(&self, batch: &RecordBatch, row: usize) -> Result<Value, BadRow> {
        let value = self.value(batch, row)?;
        value.ok_or_else(|| self.bad("the value is null, but every record needs it"))
    }

    fn bad(&self, problem: &str) -> BadRow {
        BadRow { feature: Arc::clone(&self.feature), problem: problem.to_owned() }
    }
}

impl CollectionColumn {
    fn value(&self, batch: &RecordBatch, row: usize) -> Result<Option<Values>, BadRow> {
        let array = batch.column(self.index).as_ref();
        if array.is_null(row) {
            return Ok(None);
        }
        let text = text::text(array, row).map_err(str::to_owned);
        let elements = text.and_then(|text| collection::elements(text, self.collection));
        let elements =
            elements.map_err(|problem| BadRow { feature: Arc::clone(&self.feature), problem })?;
        Ok(Some((Arc::clone(&self.feature), elements)))
    }
}
