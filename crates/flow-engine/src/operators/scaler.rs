//! Spark ML's scalers for single columns.

use super::quantiles::Quantiles;
use crate::trained::Model;

/// The relative error of a robust scaler's quantiles.
const RELATIVE_ERROR: f64 = 0.001;

/// A scaler with its parameters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scaler {
    Standard { center: bool, scale: bool },
    MinMax { min: f64, max: f64 },
    Robust { lower: f64, upper: f64, center: bool, scale: bool },
    MaxAbsolute,
}

/// A fitted scaler.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fitted {
    /// Subtracts, then multiplies.
    ShiftAndScale { shift: f64, factor: f64 },
    /// Subtracts, multiplies, adds.
    Rescale { min: f64, factor: f64, add: f64 },
    /// Returns a constant, because the column has only one value.
    Constant(f64),
}

impl Scaler {
    /// Fits the scaler to values without null and NaN.
    pub(super) fn fit(self, values: impl Iterator<Item = f64> + Clone) -> Result<Fitted, String> {
        if values.clone().next().is_none() {
            return Err("the column has no numbers to fit a scaler to".to_owned());
        }
        Ok(match self {
            Self::Standard { center, scale } => {
                let (mean, deviation) = moments(values);
                standard(center, scale, mean, deviation)
            }
            Self::MinMax { min, max } => {
                let smallest = values.clone().fold(f64::INFINITY, f64::min);
                let largest = values.fold(f64::NEG_INFINITY, f64::max);
                min_max(min, max, smallest, largest)
            }
            Self::Robust { lower, upper, center, scale } => {
                let mut quantiles = Quantiles::new(RELATIVE_ERROR);
                values.for_each(|value| quantiles.insert(value));
                let found = quantiles.query(&[lower, 0.5, upper]).unwrap_or_default();
                let [low, median, high] = found[..] else { return Err("no quantiles".to_owned()) };
                standard(center, scale, median, high - low)
            }
            Self::MaxAbsolute => {
                max_absolute(values.fold(0.0, |largest, value| f64::max(largest, value.abs())))
            }
        })
    }

    /// Loads a model from an earlier run. Returns `None` if it belongs to another scaler.
    pub(super) fn load(self, encoded: &str) -> Result<Option<Fitted>, String> {
        let class = match self {
            Self::Standard { .. } => "StandardScalerModel",
            Self::MinMax { .. } => "MinMaxScalerModel",
            Self::Robust { .. } => "RobustScalerModel",
            Self::MaxAbsolute => "MaxAbsScalerModel",
        };
        let Some(model) = Model::decode(encoded, class)? else { return Ok(None) };
        Ok(Some(match self {
            Self::Standard { center, scale } => {
                standard(center, scale, model.number("mean")?, model.number("std")?)
            }
            Self::MinMax { min, max } => {
                min_max(min, max, model.number("originalMin")?, model.number("originalMax")?)
            }
            Self::Robust { center, scale, .. } => {
                standard(center, scale, model.number("median")?, model.number("range")?)
            }
            Self::MaxAbsolute => max_absolute(model.number("maxAbs")?),
        }))
    }
}

/// Returns the mean and the sample standard deviation.
#[expect(clippy::cast_precision_loss, reason = "as Java does")]
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    if count < 2.0 {
        return (mean, 0.0);
    }
    // Without rounding, the sum of the differences would be zero.
    let (squares, rest) = values.fold((0.0, 0.0), |(squares, rest), value| {
        let difference = value - mean;
        (squares + difference * difference, rest + difference)
    });
    (mean, f64::max(0.0, (squares - rest * rest / count) / (count - 1.0)).sqrt())
}

/// Without deviation, values are scaled to zero.
fn standard(center: bool, scale: bool, mean: f64, deviation: f64) -> Fitted {
    let factor = match (scale, deviation == 0.0) {
        (false, _) => 1.0,
        (true, true) => 0.0,
        (true, false) => 1.0 / deviation,
    };
    Fitted::ShiftAndScale { shift: if center { mean } else { 0.0 }, factor }
}

fn min_max(min: f64, max: f64, smallest: f64, largest: f64) -> Fitted {
    let range = largest - smallest;
    let factor = if range == 0.0 { 0.0 } else { (max - min) / range };
    if factor == 0.0 {
        return Fitted::Constant(f64::midpoint(min, max));
    }
    Fitted::Rescale { min: smallest, factor, add: min }
}

fn max_absolute(largest: f64) -> Fitted {
    let factor = if largest == 0.0 { 1.0 } else { 1.0 / largest };
    Fitted::ShiftAndScale { shift: 0.0, factor }
}

impl Fitted {
    /// Scales a value. NaN stays NaN.
    pub(super) fn scale(self, value: f64) -> f64 {
        match self {
            Self::ShiftAndScale { shift, factor } => (value - shift) * factor,
            Self::Rescale { min, factor, add } => (value - min) * factor + add,
            Self::Constant(_) if value.is_nan() => value,
            Self::Constant(constant) => constant,
        }
    }
}
