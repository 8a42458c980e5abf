//! Writes one batch, with all its attempts.

use super::{Records, RejectReason, Stopped, Watch, Writer};
use crate::retry::sleep;
use crate::store::{ErrorClass, Record, Store, StoreError};

/// The result of an attempt: the indexes of the records to send again, and the reason.
struct Remaining {
    indexes: Vec<usize>,
    why: Option<StoreError>,
}

impl<S: Store, R: Records, W: Watch> Writer<'_, S, R, W> {
    /// Writes one batch, and accounts for every row.
    pub(super) async fn write(&self, rows: &[usize]) {
        let (mut rows, mut records) = self.records(rows);
        if rows.is_empty() {
            return;
        }
        let written_before = self.outcome.borrow().written;
        let (mut failed, mut one_by_one) = (0, false);
        loop {
            one_by_one |= self.one_by_one.get();
            let remaining = if one_by_one {
                self.each(&rows, &records).await
            } else {
                self.all(&rows, &records, &mut one_by_one).await
            };
            let Some(why) = remaining.why else { return };
            // Progress resets the failure count.
            failed = if remaining.indexes.len() < rows.len() { 1 } else { failed + 1 };
            rows = remaining.indexes.iter().map(|index| rows[*index]).collect();
            records = remaining.indexes.iter().map(|index| records[*index].clone()).collect();
            if !why.is_transient() {
                // Every other record would fail in the same way.
                self.add_unwritten(&rows, &RejectReason::from(&why));
                return self.stop_with(Stopped::Fatal(why));
            }
            let Some(pause) = self.limits.retries.pause(failed) else {
                self.add_unwritten(&rows, &RejectReason::from(&why));
                if self.outcome.borrow().written == written_before {
                    self.stop_with(Stopped::Failing(why));
                }
                return;
            };
            if !sleep(pause, || self.is_stopped()).await {
                return self.add_unwritten(&rows, &"the job ended before the next attempt".into());
            }
            self.outcome.borrow_mut().retries += 1;
        }
    }

    /// Converts the rows into records. Rejects the rows that cannot be converted.
    fn records(&self, rows: &[usize]) -> (Vec<usize>, Vec<Record>) {
        let record = |row: &usize| match self.records.record(*row) {
            Ok(record) => Some((*row, record)),
            Err(why) => {
                self.add_rejected(*row, why);
                None
            }
        };
        rows.iter().filter_map(record).unzip()
    }

    /// Calls `BatchWriteRecord`. If the call is not permitted, or refused as a whole, sends the records
    /// one by one instead.
    async fn all(&self, rows: &[usize], records: &[Record], one_by_one: &mut bool) -> Remaining {
        self.outcome.borrow_mut().calls += 1;
        let answer = self.store.batch_write(self.group, records).await;
        let answer = match answer.map_err(StoreError::of_existing_group) {
            Ok(answer) => answer,
            Err(error) => match error.class() {
                ErrorClass::Denied => {
                    self.one_by_one.set(true);
                    return self.each(rows, records).await;
                }
                // One record is invalid, and the response does not say which.
                ErrorClass::Refused => {
                    *one_by_one = true;
                    return self.each(rows, records).await;
                }
                _ => return Remaining { indexes: (0..rows.len()).collect(), why: Some(error) },
            },
        };
        let mut remaining = Remaining { indexes: answer.unprocessed, why: None };
        if !remaining.indexes.is_empty() {
            remaining.why =
                Some(StoreError::new(ErrorClass::Throttled, "unprocessed", "unprocessed entries"));
        }
        let mut rejected = 0;
        for (index, error) in answer.refused {
            let error = error.of_existing_group();
            match error.class() {
                ErrorClass::Refused => {
                    rejected += 1;
                    self.add_rejected(rows[index], RejectReason::from(&error));
                }
                // As above: `PutRecord` may be permitted instead.
                ErrorClass::Denied => {
                    self.one_by_one.set(true);
                    remaining.indexes.push(index);
                    let again =
                        StoreError::new(ErrorClass::Throttled, error.code(), "retried one by one");
                    remaining.why.get_or_insert(again);
                }
                _ => {
                    remaining.indexes.push(index);
                    remaining.why.get_or_insert(error);
                }
            }
        }
        self.add_written(rows.len() - rejected - remaining.indexes.len());
        remaining
    }

    /// Calls `PutRecord` for one record after the other, up to the first that must be retried.
    async fn each(&self, rows: &[usize], records: &[Record]) -> Remaining {
        for (index, record) in records.iter().enumerate() {
            if self.is_stopped() {
                self.add_unwritten(&rows[index..], &"the job ended before this row".into());
                break;
            }
            self.outcome.borrow_mut().calls += 1;
            let put = self.store.put(self.group, record).await;
            match put.map_err(StoreError::of_existing_group) {
                Ok(()) => self.add_written(1),
                Err(error) if error.class() == ErrorClass::Refused => {
                    self.add_rejected(rows[index], RejectReason::from(&error));
                }
                Err(error) => {
                    return Remaining { indexes: (index..rows.len()).collect(), why: Some(error) };
                }
            }
        }
        Remaining { indexes: Vec::new(), why: None }
    }
}
