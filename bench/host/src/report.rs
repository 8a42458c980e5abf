//! The results, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::authority::Authority;
use crate::candidate::Candidate;
use crate::machine::Machine;
use crate::statistics::{Summary, percentile};
use crate::turn::Turn;

/// All results.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    versions: BTreeMap<String, String>,
    settings: Settings,
    /// In the order of the table's columns.
    pub(crate) candidates: Vec<Measured>,
    goals: Vec<Goal>,
    /// The ratio of ours to an earlier build for each metric, if there is one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    over_before: BTreeMap<&'static str, Summary>,
}

#[derive(Debug, Serialize)]
struct Settings {
    runs: usize,
    warm_invocations_per_run: usize,
    trusted_certificates: usize,
    connections_to_sagemaker_per_run: usize,
}

/// The metrics of one candidate.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) metrics: Vec<Metric>,
}

/// One metric of one candidate, with its value in each run.
#[derive(Debug, Serialize)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) summary: Summary,
    #[serde(skip)]
    runs: Vec<f64>,
}

/// A goal for a ratio. It is reported but not asserted, because machines differ.
#[derive(Debug, Serialize)]
struct Goal {
    name: &'static str,
    /// The ratio, paired by run. The package's size has only one value.
    measured: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    aim: f64,
    met: bool,
}

pub(crate) const FIRST_ANSWER: &str = "process start to first answer";
pub(crate) const WARM_P50: &str = "warm invocation, median";
pub(crate) const MEMORY: &str = "peak memory";
pub(crate) const PACKAGE: &str = "package (zip)";

impl Report {
    pub(crate) fn new(
        machine: Machine,
        versions: Vec<(String, String)>,
        warm: usize,
        authority: &Authority,
        candidates: &[Candidate],
        turns: &[Vec<Turn>],
    ) -> Self {
        let measured: Vec<_> = candidates
            .iter()
            .zip(turns)
            .map(|(candidate, turns)| measure(candidate, turns))
            .collect();
        let over_before = measured.get(3).map_or_else(BTreeMap::new, |before| {
            let names = measured[0].metrics.iter().map(|metric| metric.name);
            let ratio = |name| Summary::of_ratios(measured[0].runs(name), before.runs(name));
            names.map(|name| (name, ratio(name))).collect()
        });
        let connections = turns[0].iter().map(|turn| turn.traffic.connections).max();
        Self {
            machine,
            versions: versions.into_iter().collect(),
            settings: Settings {
                runs: turns[0].len(),
                warm_invocations_per_run: warm,
                trusted_certificates: authority.bundle_certificates,
                connections_to_sagemaker_per_run: connections.unwrap_or(0),
            },
            goals: goals(&measured[0], &measured[1], &measured[2]),
            candidates: measured,
            over_before,
        }
    }

    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Formats the results as a table: medians, with quartiles in brackets.
    pub(crate) fn table(&self) -> String {
        let Machine { processor, cores, memory_gib, kernel, load } = &self.machine;
        let Settings { runs, warm_invocations_per_run: warm, trusted_certificates, .. } =
            &self.settings;
        let mut text = format!(
            "\n{processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}, load {load}\n"
        );
        let versions: Vec<_> = self.versions.iter().map(|(n, v)| format!("{n} {v}")).collect();
        _ = writeln!(text, "{}", versions.join(", "));
        _ = writeln!(
            text,
            "{runs} runs in turn, {warm} warm invocations each, {trusted_certificates} trusted \
             certificates; median (middle half)\n"
        );
        _ = write!(text, "{:<38}", "");
        for candidate in &self.candidates {
            _ = write!(text, "{:>26}", candidate.title);
        }
        for (row, metric) in self.candidates[0].metrics.iter().enumerate() {
            _ = write!(text, "\n{:<38}", format!("{} ({})", metric.name, metric.unit));
            for candidate in &self.candidates {
                _ = write!(text, "{:>26}", shown(&candidate.metrics[row].summary));
            }
        }
        _ = writeln!(text, "\n\n{:<58}{:>22}  goal", "ratios, paired run by run", "");
        for goal in &self.goals {
            let limit = match (goal.at_least, goal.at_most) {
                (Some(limit), _) => format!(">= {limit}"),
                (_, limit) => format!("<= {}", limit.unwrap_or(f64::NAN)),
            };
            let met = if goal.met { "met" } else { "missed" };
            let (name, aim) = (goal.name, goal.aim);
            _ = writeln!(
                text,
                "{name:<58}{:>22}  {limit} (aim {aim}): {met}",
                shown(&goal.measured)
            );
        }
        for (name, ratio) in &self.over_before {
            _ = writeln!(text, "{:<58}{:>22}", format!("ours over before: {name}"), shown(ratio));
        }
        text
    }
}

fn measure(candidate: &Candidate, turns: &[Turn]) -> Measured {
    let metric = |name, unit, value: &dyn Fn(&Turn) -> f64| {
        let runs: Vec<_> = turns.iter().map(value).collect();
        Metric { name, unit, summary: Summary::of(&runs), runs }
    };
    let warm = |turn: &Turn, share| {
        let sample: Vec<_> = turn.warm.iter().copied().map(milliseconds).collect();
        percentile(&sample, share)
    };
    let metrics = vec![
        metric("process start to first `next`", "ms", &|turn| milliseconds(turn.spawn_to_next)),
        metric(FIRST_ANSWER, "ms", &|turn| milliseconds(turn.spawn_to_answer)),
        metric("first invocation", "ms", &|turn| milliseconds(turn.first)),
        metric(WARM_P50, "ms", &|turn| warm(turn, 0.5)),
        metric("warm invocation, p99", "ms", &|turn| warm(turn, 0.99)),
        metric("memory at the first answer", "MB", &|turn| megabytes(turn.memory_at_answer)),
        metric(MEMORY, "MB", &|turn| megabytes(turn.memory)),
        metric("CPU time to the first answer", "ms", &|turn| milliseconds(turn.cpu_to_answer)),
        metric("CPU time of a warm invocation", "ms", &|turn| milliseconds(turn.cpu_warm)),
        metric(PACKAGE, "MB", &|_| megabytes(candidate.package)),
    ];
    Measured { name: candidate.name, title: candidate.title, metrics }
}

fn goals(ours: &Measured, python: &Measured, floor: &Measured) -> Vec<Goal> {
    let ratio = |numerator: &Measured, denominator: &Measured, metric: &str| {
        Summary::of_ratios(numerator.runs(metric), denominator.runs(metric))
    };
    let at_least = |name, measured: Summary, limit, aim| Goal {
        name,
        measured,
        at_least: Some(limit),
        at_most: None,
        aim,
        met: measured.median >= limit,
    };
    let at_most = |name, measured: Summary, limit, aim| Goal {
        name,
        measured,
        at_least: None,
        at_most: Some(limit),
        aim,
        met: measured.median <= limit,
    };
    vec![
        at_least(
            "Python over ours: process start to first answer",
            ratio(python, ours, FIRST_ANSWER),
            70.0,
            80.0,
        ),
        at_least("Python over ours: peak memory", ratio(python, ours, MEMORY), 11.0, 12.0),
        at_least("Python over ours: warm invocation", ratio(python, ours, WARM_P50), 3.0, 3.0),
        at_most(
            "ours over an empty Rust Lambda: start to first answer",
            ratio(ours, floor, FIRST_ANSWER),
            3.0,
            2.5,
        ),
        at_most("our package in MB", Summary::of(&ours.runs(PACKAGE)[..1]), 2.0, 1.5),
    ]
}

impl Measured {
    pub(crate) fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    fn runs(&self, metric: &str) -> &[f64] {
        self.metric(metric).map_or(&[], |metric| &metric.runs)
    }
}

fn shown(summary: &Summary) -> String {
    let Summary { median, lower_quartile: lower, upper_quartile: upper, .. } = *summary;
    if lower.total_cmp(&upper).is_eq() {
        return figure(median);
    }
    format!("{} ({} to {})", figure(median), figure(lower), figure(upper))
}

/// Formats a number with three significant digits, or without decimals.
pub(crate) fn figure(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "no package has 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_three_significant_digits() {
        let figures = [0.12345, 1.2345, 12.345, 123.45, 1234.5].map(figure);
        assert_eq!(figures, ["0.123", "1.23", "12.3", "123", "1234"]);
    }

    #[test]
    fn shows_quartiles_if_they_differ() {
        assert_eq!(shown(&Summary::of(&[1.0, 2.0, 3.0])), "2.00 (1.50 to 2.50)");
        assert_eq!(shown(&Summary::of(&[2.0])), "2.00");
    }

    fn measured(name: &'static str, value: f64) -> Measured {
        let metrics = [FIRST_ANSWER, WARM_P50, MEMORY, PACKAGE].map(|metric| Metric {
            name: metric,
            unit: "ms",
            summary: Summary::of(&[value]),
            runs: vec![value],
        });
        Measured { name, title: name, metrics: metrics.into() }
    }

    #[test]
    fn meets_goal_at_limit_and_misses_it_beyond() {
        let met = |ours, python, floor| -> Vec<_> {
            let (ours, python) = (measured("ours", ours), measured("python", python));
            goals(&ours, &python, &measured("floor", floor)).iter().map(|goal| goal.met).collect()
        };
        assert_eq!(met(2.0, 140.0, 2.0), [true, true, true, true, true]);
        assert_eq!(met(2.1, 5.0, 0.5), [false, false, false, false, false]);
    }
}
