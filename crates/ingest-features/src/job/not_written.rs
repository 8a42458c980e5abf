//! Stores the rows that were not written, as JSON lines, in a bounded amount of memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use aws_common::ObjectUrl;
use terminal_text::Failure;

use crate::location::Location;
use crate::objects::Objects;

/// The size from which lines are stored, in bytes. Further lines go into further objects.
const OBJECT_BYTES: usize = 64 << 20;
const FILE_HINT: &str = "name a writable file with --rejected";

/// The store of the rows that were not written.
pub(super) struct NotWrittenRows<'a, O> {
    to: &'a Location,
    /// A local file, if the requested location fails.
    here: &'a Path,
    objects: &'a O,
    lines: Vec<u8>,
    /// The number of objects in S3.
    stored: usize,
    /// The file to which lines are appended.
    file: Option<File>,
    failed: Option<Failure>,
}

impl<'a, O: Objects> NotWrittenRows<'a, O> {
    pub(super) fn new(to: &'a Location, here: &'a Path, objects: &'a O) -> Self {
        Self { to, here, objects, lines: Vec::new(), stored: 0, file: None, failed: None }
    }

    /// Adds lines.
    pub(super) async fn add(&mut self, lines: &[u8]) {
        self.lines.extend_from_slice(lines);
        if self.lines.len() >= OBJECT_BYTES {
            self.store().await;
        }
    }

    /// Stores the remaining lines. Returns where the rows are, if there are any. If the requested location
    /// failed, returns the failure and where the rows are instead, if they could be stored at all.
    pub(super) async fn finish(mut self) -> Result<Option<String>, (Option<String>, Failure)> {
        if !self.lines.is_empty() {
            self.store().await;
        }
        let local = |path: &Path| self.file.as_ref().map(|_| path.display().to_string());
        let (Some(failure), location) = (self.failed.take(), self.location()) else {
            return Ok(self.location());
        };
        Err(match local(self.here) {
            Some(here) => {
                let instead = format!("; the rows are in {here} instead");
                (Some(here), failure.adding(&instead))
            }
            None => (location.filter(|_| self.stored > 0), failure),
        })
    }

    /// Returns where the rows are.
    fn location(&self) -> Option<String> {
        match self.to {
            Location::Local(path) => self.file.as_ref().map(|_| path.display().to_string()),
            Location::S3(url) => match self.stored {
                0 => None,
                1 => Some(url.to_string()),
                objects => Some(format!("{url} and {} more objects", objects - 1)),
            },
        }
    }

    async fn store(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let failure = match self.to {
            _ if self.failed.is_some() => None,
            Location::Local(path) => self.append(path, &lines).err(),
            Location::S3(url) => self.put(url, &lines).await.err(),
        };
        if failure.is_none() && self.failed.is_none() {
            return;
        }
        if let Some(failure) = failure {
            self.failed = Some(failure);
            self.file = None;
        }
        // If this fails as well, the failure says what could not be stored.
        let _ = self.append(self.here, &lines);
    }

    async fn put(&mut self, url: &ObjectUrl, lines: &[u8]) -> Result<(), Failure> {
        let url = numbered(url, self.stored + 1)?;
        self.objects.put(&url, lines).await?;
        self.stored += 1;
        Ok(())
    }

    fn append(&mut self, path: &Path, lines: &[u8]) -> Result<(), Failure> {
        let appended = match &mut self.file {
            Some(file) => file.write_all(lines),
            None => create(path).and_then(|mut file| {
                file.write_all(lines)?;
                self.file = Some(file);
                Ok(())
            }),
        };
        appended.map_err(|error| {
            Failure::new(
                format!("the rejected rows cannot be written to {}: {error}", path.display()),
                FILE_HINT,
            )
        })
    }
}

fn create(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Returns the URL of the object with this number: `a.jsonl`, `a-2.jsonl`, `a-3.jsonl` and so on.
fn numbered(url: &ObjectUrl, number: usize) -> Result<ObjectUrl, Failure> {
    if number == 1 {
        return Ok(url.clone());
    }
    let key = url.key();
    let end = key.rfind('.').filter(|end| !key[*end..].contains('/')).unwrap_or(key.len());
    let key = format!("{}-{number}{}", &key[..end], &key[end..]);
    url.with_key(&key).map_err(|error| Failure::new(error, "use a shorter key for --rejected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_objects_are_numbered_before_the_extension() {
        for (url, second) in [
            ("s3://bucket-a/r/job.jsonl", "s3://bucket-a/r/job-2.jsonl"),
            ("s3://bucket-a/r.d/job", "s3://bucket-a/r.d/job-2"),
        ] {
            let url: ObjectUrl = url.parse().unwrap();
            assert_eq!(numbered(&url, 1).unwrap(), url);
            assert_eq!(numbered(&url, 2).unwrap().to_string(), second);
        }
    }
}
