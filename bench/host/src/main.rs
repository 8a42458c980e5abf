//! Compares Lambda functions: process start to first answer, warm invocations, memory and package.
//!
//! The modules:
//!
//! - [`candidate`]: the functions to measure.
//! - [`turn`]: starts one candidate in a new process and measures it, against [`runtime_api`] (Lambda's
//!   side) and [`sagemaker`] (AWS's side, over TLS with [`authority`]'s certificate).
//! - [`check`]: checks that the candidates worked correctly.
//! - [`statistics`]: summarizes the turns.
//! - [`report`] and [`chart`]: write the results.

mod authority;
mod candidate;
mod chart;
mod check;
mod events;
mod http;
mod machine;
mod process;
mod report;
mod runtime_api;
mod sagemaker;
mod statistics;
mod turn;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

use crate::authority::Authority;
use crate::candidate::Candidate;
use crate::machine::Machine;
use crate::report::Report;
use crate::sagemaker::SageMaker;
use crate::turn::Turn;

const USAGE: &str = "\
lambda-bench --ours DIR --floor DIR --python DIR --interpreter FILE --event FILE [options]

  --ours DIR, --floor DIR   folders with `bootstrap` and `bootstrap.zip`
  --python DIR              folder with `handler.py`, its dependencies and `package.zip`
  --interpreter FILE        Python interpreter that has awslambdaric
  --event FILE              sample event; each invocation gets a variant with another key
  --before DIR              an earlier build to compare with, in a folder like --ours
  --work DIR                folder for certificates and the candidates' output (default: target/bench/work)
  --out DIR                 folder for lambda.json and lambda.svg (default: bench/results)
  --runs N                  runs of each candidate (default: 40)
  --warm N                  invocations after the first one, in each run (default: 200)
  --version NAME=TEXT       a version to include in the results; may be repeated";

struct Options {
    ours: PathBuf,
    floor: PathBuf,
    python: PathBuf,
    interpreter: PathBuf,
    event: PathBuf,
    before: Option<PathBuf>,
    work: PathBuf,
    out: PathBuf,
    runs: usize,
    warm: usize,
    versions: Vec<(String, String)>,
}

fn options() -> Result<Option<Options>> {
    let (mut ours, mut floor, mut python, mut interpreter, mut event) = Default::default();
    let mut before = None;
    let (mut work, mut out) = (PathBuf::from("target/bench/work"), PathBuf::from("bench/results"));
    let (mut runs, mut warm, mut versions) = (40, 200, Vec::new());
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("ours") => ours = Some(PathBuf::from(arguments.value()?)),
            Long("floor") => floor = Some(PathBuf::from(arguments.value()?)),
            Long("python") => python = Some(PathBuf::from(arguments.value()?)),
            Long("interpreter") => interpreter = Some(PathBuf::from(arguments.value()?)),
            Long("event") => event = Some(PathBuf::from(arguments.value()?)),
            Long("before") => before = Some(PathBuf::from(arguments.value()?)),
            Long("work") => work = PathBuf::from(arguments.value()?),
            Long("out") => out = PathBuf::from(arguments.value()?),
            Long("runs") => runs = arguments.value()?.parse()?,
            Long("warm") => warm = arguments.value()?.parse()?,
            Long("version") => {
                let text = arguments.value()?.string()?;
                let (name, version) =
                    text.split_once('=').context("--version must be NAME=TEXT")?;
                versions.push((name.to_owned(), version.to_owned()));
            }
            Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if runs == 0 || warm == 0 {
        bail!("--runs and --warm must be 1 or more");
    }
    let given = |option: Option<PathBuf>, name: &str| {
        option.with_context(|| format!("--{name} is missing\n\n{USAGE}"))
    };
    Ok(Some(Options {
        ours: given(ours, "ours")?,
        floor: given(floor, "floor")?,
        python: given(python, "python")?,
        interpreter: given(interpreter, "interpreter")?,
        event: given(event, "event")?,
        before,
        work,
        out,
        runs,
        warm,
        versions,
    }))
}

fn main() -> Result<()> {
    let Some(options) = options()? else {
        println!("{USAGE}");
        return Ok(());
    };
    std::fs::create_dir_all(&options.work)?;
    std::fs::create_dir_all(&options.out)?;
    let mut candidates = vec![
        Candidate::ours(&options.ours)?,
        Candidate::python(&options.python, &options.interpreter)?,
        Candidate::floor(&options.floor)?,
    ];
    if let Some(before) = &options.before {
        candidates.push(Candidate::before(before)?);
    }
    let events = events::numbered(&options.event, options.warm + 1)?;
    let authority = Authority::new(&options.work)?;
    let sagemaker = SageMaker::start(&authority)?;
    let machine = Machine::here();

    let take = |candidate: &Candidate| -> Result<Turn> {
        let turn = turn::take(candidate, &events, &sagemaker, &authority, &options.work)
            .with_context(|| format!("cannot measure {}", candidate.name))?;
        check::answers(candidate, &events, &turn)
            .with_context(|| format!("{} did not work correctly", candidate.name))?;
        Ok(turn)
    };
    // Not measured: fills the page cache and compares the candidates' requests.
    let rehearsal = candidates.iter().map(take).collect::<Result<Vec<_>>>()?;
    check::same_requests(&rehearsal[0], &rehearsal[1])?;
    let mut turns: Vec<Vec<Turn>> = candidates.iter().map(|_| Vec::new()).collect();
    for run in 0..options.runs {
        for at in order(run, candidates.len()) {
            turns[at].push(take(&candidates[at])?);
        }
        eprint!("\rrun {} of {}", run + 1, options.runs);
    }
    eprintln!();

    let report =
        Report::new(machine, options.versions, options.warm, &authority, &candidates, &turns);
    print!("{}", report.table());
    let json = options.out.join("lambda.json");
    std::fs::write(&json, report.json()?)?;
    let svg = options.out.join("lambda.svg");
    std::fs::write(&svg, chart::svg(&report)?)?;
    println!("\nwritten: {} and {}", json.display(), svg.display());
    Ok(())
}

/// Returns the order of the candidates in a run. It varies, so that no candidate is always first, or
/// always follows the same one and benefits from its cached data.
fn order(run: usize, candidates: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..candidates).map(|place| (run / 2 + place) % candidates).collect();
    if run % 2 == 1 {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn varies_order_of_candidates() {
        let orders: Vec<_> = (0..6).map(|run| order(run, 3)).collect();
        for order in &orders {
            assert_eq!(order.iter().collect::<HashSet<_>>().len(), 3);
        }
        let neighbours: HashSet<_> =
            orders.iter().flat_map(|o| [(o[0], o[1]), (o[1], o[2])]).collect();
        assert_eq!(neighbours.len(), 6);
        assert_eq!(orders.iter().map(|order| order[0]).collect::<HashSet<_>>().len(), 3);
    }
}
