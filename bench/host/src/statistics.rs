//! Medians and quartiles.

use serde::Serialize;

/// A sample's median, quartiles and range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    /// A quarter of the sample is below this value.
    pub(crate) lower_quartile: f64,
    /// A quarter of the sample is above this value.
    pub(crate) upper_quartile: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Summary {
    /// Summarizes a sample of one or more values.
    pub(crate) fn of(sample: &[f64]) -> Self {
        let sample = sorted(sample);
        Self {
            median: quantile(&sample, 0.5),
            lower_quartile: quantile(&sample, 0.25),
            upper_quartile: quantile(&sample, 0.75),
            least: quantile(&sample, 0.0),
            most: quantile(&sample, 1.0),
        }
    }

    /// Summarizes the ratios of two candidates' values, paired by run, so that a disturbance in a run
    /// affects both values.
    pub(crate) fn of_ratios(numerators: &[f64], denominators: &[f64]) -> Self {
        let ratios: Vec<_> = numerators.iter().zip(denominators).map(|(n, d)| n / d).collect();
        Self::of(&ratios)
    }
}

/// Returns the value below which `share` of the sample lies, with linear interpolation.
pub(crate) fn percentile(sample: &[f64], share: f64) -> f64 {
    quantile(&sorted(sample), share)
}

fn sorted(sample: &[f64]) -> Vec<f64> {
    let mut sample = sample.to_vec();
    sample.sort_by(f64::total_cmp);
    sample
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a position in a sample is small and not negative"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = share * last as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    sorted[below] + (sorted[above] - sorted[below]) * (position - position.floor())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn interpolates_quartiles() {
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(summary.median, 2.5);
        assert_eq!((summary.lower_quartile, summary.upper_quartile), (1.75, 3.25));
        assert_eq!((summary.least, summary.most), (1.0, 4.0));
    }

    #[test]
    fn summarizes_single_value() {
        let summary = Summary::of(&[7.0]);
        assert_eq!((summary.least, summary.median, summary.most), (7.0, 7.0, 7.0));
    }

    #[test]
    fn pairs_ratios_before_taking_median() {
        // The ratio of the medians would be 3.
        let ratios = Summary::of_ratios(&[10.0, 30.0, 90.0], &[1.0, 10.0, 15.0]);
        assert_eq!(ratios.median, 6.0);
    }

    #[test]
    fn percentiles_include_minimum_and_maximum() {
        let sample = [5.0, 1.0, 3.0];
        assert_eq!((percentile(&sample, 0.0), percentile(&sample, 1.0)), (1.0, 5.0));
    }
}
