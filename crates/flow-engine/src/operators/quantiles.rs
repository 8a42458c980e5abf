//! Spark's approximate quantiles: the Greenwald-Khanna summary of a single partition. Up to about
//! 500 values, the quantiles are exact.

/// The number of values to buffer before merging them.
const BUFFER: usize = 50_000;
/// The number of samples from which the summary is compressed during insertion.
const COMPRESS_FROM: usize = 10_000;

/// A sample: a value, the number of values that it represents, and the uncertainty of its rank.
#[derive(Debug, Clone, Copy)]
struct Sample {
    value: f64,
    weight: u64,
    delta: u64,
}

/// A summary of values without NaN.
#[derive(Debug)]
pub(super) struct Quantiles {
    relative_error: f64,
    samples: Vec<Sample>,
    count: u64,
    buffer: Vec<f64>,
}

impl Quantiles {
    pub(super) fn new(relative_error: f64) -> Self {
        Self { relative_error, samples: Vec::new(), count: 0, buffer: Vec::new() }
    }

    pub(super) fn insert(&mut self, value: f64) {
        self.buffer.push(value);
        if self.buffer.len() >= BUFFER {
            self.merge_buffer();
            if self.samples.len() >= COMPRESS_FROM {
                self.compress();
            }
        }
    }

    fn merge_buffer(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let mut sorted = std::mem::take(&mut self.buffer);
        sorted.sort_by(f64::total_cmp);
        let mut merged = Vec::with_capacity(self.samples.len() + sorted.len());
        let mut known = self.samples.iter().peekable();
        for (index, value) in sorted.iter().enumerate() {
            while let Some(sample) = known.next_if(|sample| sample.value <= *value) {
                merged.push(*sample);
            }
            self.count += 1;
            let last = known.peek().is_none() && index == sorted.len() - 1;
            let delta = if merged.is_empty() || last { 0 } else { self.margin() };
            merged.push(Sample { value: *value, weight: 1, delta });
        }
        merged.extend(known);
        self.samples = merged;
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
    fn margin(&self) -> u64 {
        self.threshold().floor() as u64
    }

    #[expect(clippy::cast_precision_loss, reason = "as Java does")]
    fn threshold(&self) -> f64 {
        2.0 * self.relative_error * self.count as f64
    }

    /// Merges neighbors within the error. Keeps the first and the last sample.
    #[expect(clippy::cast_precision_loss, reason = "as Java does")]
    fn compress(&mut self) {
        let threshold = self.threshold();
        let (Some(first), Some(last)) = (self.samples.first().copied(), self.samples.last()) else {
            return;
        };
        let mut head = *last;
        let mut kept = Vec::new();
        for sample in self.samples.iter().rev().skip(1).take(self.samples.len().saturating_sub(2)) {
            if ((sample.weight + head.weight + head.delta) as f64) < threshold {
                head.weight += sample.weight;
            } else {
                kept.push(head);
                head = *sample;
            }
        }
        kept.push(head);
        if self.samples.len() > 1 && first.value <= head.value {
            kept.push(first);
        }
        kept.reverse();
        self.samples = kept;
    }

    /// Returns the values at these fractions. `None` if there are no values.
    pub(super) fn query(mut self, fractions: &[f64]) -> Option<Vec<f64>> {
        self.merge_buffer();
        self.compress();
        let (first, last) = (self.samples.first()?.value, self.samples.last()?.value);
        let widest = self.samples.iter().map(|sample| sample.delta + sample.weight).max()?;
        let error = widest / 2;
        let at = |fraction: f64| {
            if fraction <= self.relative_error || self.samples.len() == 1 {
                first
            } else if fraction >= 1.0 - self.relative_error {
                last
            } else {
                self.at_rank(fraction, error).unwrap_or(last)
            }
        };
        Some(fractions.iter().map(|fraction| at(*fraction)).collect())
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as Java does; not negative"
    )]
    fn at_rank(&self, fraction: f64, error: u64) -> Option<f64> {
        let rank = (fraction * self.count as f64).ceil() as u64;
        let mut lowest = 0;
        let (_, all_but_last) = self.samples.split_last()?;
        for sample in all_but_last {
            lowest += sample.weight;
            if lowest + sample.delta <= rank + error && rank <= lowest + error {
                return Some(sample.value);
            }
        }
        None
    }
}
