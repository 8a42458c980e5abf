//! Writes the rows of a flow's output to the feature group.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use flow_engine::{Origin, Output};
use terminal_text::Failure;

use super::account::Account;
use super::not_written::NotWrittenRows;
use super::resolve::Resolved;
use super::rows::FlowRows;
use super::spark_result::SparkResult;
use super::{JobContext, Services, fit};
use crate::convert::Converter;
use crate::data::Data;
use crate::feature_group::FeatureGroup;
use crate::objects::Objects;
use crate::progress::Progress;
use crate::rejects::{self, NotWritten, OutputRows, Status};
use crate::store::{Destination, Record, Store};
use crate::summary::Summary;
use crate::write::{Limits, Records, RejectReason, Rounds, write};

/// Writes a flow's output to a feature group.
pub(super) struct Ingest<'a, S, O> {
    pub(super) context: &'a JobContext,
    pub(super) services: &'a Services<S, O>,
    pub(super) data: &'a Data,
    pub(super) job: &'a Resolved<'a>,
    pub(super) group: &'a FeatureGroup,
    pub(super) progress: &'a Progress,
}

/// A part of the output, and which of its rows can be written.
struct Judged<'a> {
    output: Cow<'a, Output>,
    /// The rows that can be written.
    rounds: Rounds,
    rejected: Vec<NotWritten>,
}

impl<S: Store, O: Objects> Ingest<'_, S, O> {
    /// Writes the rows, and accounts for every row in the summary. Writes nothing if the output does
    /// not fit the group, or if too many rows cannot be converted into records.
    ///
    /// Judges all parts of the output before it writes the first one. So it judges several parts twice,
    /// but has only one of them in memory.
    pub(super) async fn run(&self, rows: &FlowRows, summary: &mut Summary) -> Result<(), Failure> {
        let malformed = rows.malformed().map_or(0, |result| result.account.rows_rejected);
        let all = rows.len() + malformed;
        let allowed = self.job.spec.max_rejected.of(all);
        let (mut read, mut rejected, mut to_write) = (0, malformed, 0);
        let mut only = None;
        for number in 0..rows.parts() {
            let output = rows.part(number)?;
            if number == 0 {
                summary.features_absent = fit(&output.schema, self.group, self.job.spec)?;
            }
            let judged = self.judge(output)?;
            read += judged.rows();
            rejected += judged.rejected.len() as u64;
            to_write += judged.rounds.rows();
            summary.rows_repeated += judged.rounds.repeated();
            if rows.parts() == 1 {
                only = Some(judged);
            }
        }
        if read != rows.len() {
            let message = format!(
                "the flow's result is incomplete: it should have {} rows, but has {read}",
                rows.len()
            );
            return Err(Failure::new(message, "run the Spark engine again"));
        }

        let mut account = Account::new(all, allowed);
        let Resolved { rejected: to, rejected_here: here, .. } = self.job;
        let mut kept = NotWrittenRows::new(to, here, &self.services.objects);
        for row in rows.malformed().into_iter().flat_map(SparkResult::rejected) {
            let (row, line) = row?;
            account.add_malformed(&row);
            kept.add(line.as_bytes()).await;
            kept.add(b"\n").await;
        }
        let writes = rejected <= allowed;
        if writes {
            self.progress.begin("writing", Some(to_write));
        }
        let mut service_may_reject = allowed.saturating_sub(rejected);
        for number in 0..rows.parts() {
            let judged = match only.take() {
                Some(judged) => judged,
                None => self.judge(rows.part(number)?)?,
            };
            let before = judged.rejected.len() as u64;
            let not_written = if writes {
                self.write(&judged, service_may_reject, &mut account).await?
            } else {
                // Nothing is written, so all other rows are left for another run.
                account.add_unsent(judged.rounds.rows());
                judged.rejected
            };
            let output = OutputRows::new(&judged.output);
            let name = |path: &Path| self.data.name(path);
            let so_far = account.rejected();
            account.add_not_written(&output, &not_written, name);
            service_may_reject =
                service_may_reject.saturating_sub(account.rejected() - so_far - before);
            let lines = rejects::lines(&output, &not_written, name).map_err(|error| {
                Failure::new(
                    format!("the rejected rows have no JSON form: {error}"),
                    "use --output",
                )
            })?;
            kept.add(&lines).await;
        }
        if writes {
            self.progress.finish();
        }
        account.summarize(summary);
        let kept = kept.finish().await;
        let location = kept.as_ref().map_or_else(|(location, _)| location.clone(), Clone::clone);
        summary.rejected_to.clone_from(&location);
        let ended = account.ended(location.as_deref(), self.context.stop.signal());
        match (ended, kept) {
            (Err(ended), Err((_, not_kept))) => Err(ended.with(&not_kept)),
            (ended, kept) => ended.and(kept.map(drop).map_err(|(_, not_kept)| not_kept)),
        }
    }

    /// Determines which rows of a part can be written.
    fn judge<'o>(&self, output: Cow<'o, Output>) -> Result<Judged<'o>, Failure> {
        let (rounds, rejected) = self.source(&output)?.judge(&output);
        Ok(Judged { output, rounds, rejected })
    }

    fn source<'o>(&self, output: &'o Output) -> Result<Source<'o>, Failure> {
        match Converter::new(&output.schema, self.group) {
            Some(converter) => Ok(Source { rows: OutputRows::new(output), converter }),
            // `fit` says why.
            None => {
                Err(fit(&output.schema, self.group, self.job.spec).err().unwrap_or_else(|| {
                    Failure::new(
                        "the flow's output does not fit the feature group",
                        "correct the flow",
                    )
                }))
            }
        }
    }

    /// Writes the rows of a part that can be written. Returns the part's rows that were not written.
    async fn write(
        &self,
        judged: &Judged<'_>,
        max_rejected: u64,
        account: &mut Account,
    ) -> Result<Vec<NotWritten>, Failure> {
        let mut not_written = judged.rejected.clone();
        if account.is_stopped() {
            let rows = judged.rounds.iter().flatten();
            let why = RejectReason::from("the job ended before this row");
            let unwritten = rows.map(|row| NotWritten {
                row: *row,
                status: Status::Unwritten,
                why: why.clone(),
            });
            not_written.extend(unwritten);
        } else {
            let source = self.source(&judged.output)?;
            let limits = Limits {
                concurrency: self.job.spec.concurrency,
                retries: self.context.retries,
                max_rejected,
            };
            let (store, stop) = (&self.services.store, &self.context.stop);
            let to: Destination = self.job.destination(&self.group.name);
            let rounds = &judged.rounds;
            let outcome = write(store, &to, &source, rounds, &limits, stop, self.progress).await;
            account.add_outcome(&outcome);
            let of = |status| move |(row, why)| NotWritten { row, status, why };
            not_written.extend(outcome.rejected.into_iter().map(of(Status::Rejected)));
            not_written.extend(outcome.unwritten.into_iter().map(of(Status::Unwritten)));
        }
        not_written.sort_by_key(|row| row.row);
        Ok(not_written)
    }
}

impl Judged<'_> {
    fn rows(&self) -> u64 {
        self.rounds.rows() + self.rejected.len() as u64
    }
}

/// Converts the rows of an output into records.
struct Source<'a> {
    rows: OutputRows<'a>,
    converter: Converter,
}

impl Source<'_> {
    /// Returns the rows that can be written, in rounds, and the rows that cannot.
    fn judge(&self, output: &Output) -> (Rounds, Vec<NotWritten>) {
        let malformed: HashMap<Origin, &str> =
            output.malformed.iter().map(|row| (row.origin, row.reason.as_str())).collect();
        let (mut rounds, mut rejected) = (Rounds::default(), Vec::new());
        for row in 0..self.rows.len() {
            let origin = self.rows.find(row).map(|located| located.origin);
            let fault = origin
                .and_then(|origin| malformed.get(&origin))
                .map(|why| RejectReason::from(*why));
            match fault.map_or_else(|| self.record(row), Err) {
                Ok(record) => rounds.push(row, record),
                Err(why) => rejected.push(NotWritten { row, status: Status::Rejected, why }),
            }
        }
        (rounds, rejected)
    }
}

impl Records for Source<'_> {
    fn record(&self, row: usize) -> Result<Record, RejectReason> {
        let located = self
            .rows
            .find(row)
            .ok_or_else(|| RejectReason::from("the row is not in the flow's output"))?;
        let record = self.converter.record(located.records, located.index);
        record.map_err(|bad| RejectReason::from(bad.to_string().as_str()))
    }
}
