//! Writes the rows to a feature group, and accounts for every row.

use std::collections::HashMap;
use std::path::Path;

use flow_engine::{Origin, Output};
use terminal_text::Failure;

use super::account::Account;
use super::resolve::Resolved;
use super::{JobContext, Services, fit};
use crate::convert::Converter;
use crate::data::Data;
use crate::feature_group::FeatureGroup;
use crate::location::Location;
use crate::objects::Objects;
use crate::progress::Progress;
use crate::rejects::{self, NotWritten, OutputRows, Status};
use crate::store::{Record, Store};
use crate::summary::Summary;
use crate::write::{Limits, Records, RejectReason, Rounds, write};

/// Writes a flow's output to a feature group.
pub(super) struct Ingest<'a, S, O> {
    pub(super) context: &'a JobContext,
    pub(super) services: &'a Services<S, O>,
    pub(super) data: &'a Data,
    pub(super) job: &'a Resolved<'a>,
}

impl<S: Store, O: Objects> Ingest<'_, S, O> {
    /// Writes the rows, and accounts for every row in the summary. Writes nothing if the output does
    /// not fit the group, or if too many rows cannot be converted into records.
    pub(super) async fn run(
        &self,
        output: &Output,
        group: &FeatureGroup,
        progress: &Progress,
        summary: &mut Summary,
    ) -> Result<(), Failure> {
        summary.features_absent = fit(output, group, self.job.spec)?;
        let Some(converter) = Converter::new(&output.schema, group) else {
            return fit(output, group, self.job.spec).map(drop);
        };
        let rows = OutputRows::new(output);
        let source = Source { rows: &rows, converter };
        let (rounds, not_written) = source.judge(output);
        let all = rows.len() as u64;
        let allowed = self.job.spec.max_rejected.of(all);
        let mut account = Account::new(all, allowed, not_written);
        summary.rows_repeated = rounds.repeated();
        if account.rejected() <= allowed {
            let limits = Limits {
                concurrency: self.job.spec.concurrency,
                retries: self.context.retries,
                max_rejected: allowed - account.rejected(),
            };
            progress.begin("writing", Some(rounds.rows()));
            let store = &self.services.store;
            let stop = &self.context.stop;
            let outcome =
                write(store, &group.name, &source, &rounds, &limits, stop, progress).await;
            progress.finish();
            account.add(outcome, summary);
        } else {
            // Nothing was written, so all other rows are left for another run.
            summary.rows_unwritten = all - account.rejected();
        }
        summary.rows_rejected = account.rejected();
        account.not_written.sort_by_key(|row| row.row);
        let kept = self.keep(&rows, &account.not_written).await;
        let location = kept.as_ref().map_or_else(|(location, _)| location.clone(), Clone::clone);
        summary.rejected_to.clone_from(&location);
        let name = |path: &Path| self.data.name(path);
        let ended = account.ended(&rows, name, location.as_deref(), self.context.stop.signal());
        match (ended, kept) {
            (Err(ended), Err((_, not_kept))) => Err(ended.with(&not_kept)),
            (ended, kept) => ended.and(kept.map(drop).map_err(|(_, not_kept)| not_kept)),
        }
    }

    /// Stores the rows that were not written, and returns where. If the requested location fails, stores
    /// them on the local machine and returns an error.
    async fn keep(
        &self,
        rows: &OutputRows<'_>,
        not_written: &[NotWritten],
    ) -> Result<Option<String>, (Option<String>, Failure)> {
        if not_written.is_empty() {
            return Ok(None);
        }
        let lines = rejects::lines(rows, not_written, |path| self.data.name(path));
        let lines = lines.map_err(|error| {
            (
                None,
                Failure::new(
                    format!("the rejected rows have no JSON form: {error}"),
                    "use --output",
                ),
            )
        })?;
        let here = |path: &Path| {
            let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            folder.and_then(|()| std::fs::write(path, &lines)).map_err(|error| {
                Failure::new(
                    format!("the rejected rows cannot be written to {}: {error}", path.display()),
                    "name a writable file with --rejected",
                )
            })
        };
        let (location, kept) = match &self.job.rejected {
            Location::Local(path) => (path.display().to_string(), here(path)),
            Location::S3(url) => (url.to_string(), self.services.objects.put(url, &lines).await),
        };
        let Err(failure) = kept else { return Ok(Some(location)) };
        let path = &self.job.rejected_here;
        let location = here(path).ok().map(|()| path.display().to_string());
        let failure = match &location {
            Some(location) => failure.adding(&format!("; the rows are in {location} instead")),
            None => failure,
        };
        Err((location, failure))
    }
}

/// Converts the rows of an output into records.
struct Source<'a> {
    rows: &'a OutputRows<'a>,
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
