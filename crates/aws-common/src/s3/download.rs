//! Downloads objects into files.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use aws_smithy_types::byte_stream::ByteStream;

use super::client::{ANSWER_TIMEOUT, RETRIES, S3, timed_out};
use super::error::S3Error;
use super::request::ObjectRequest;
use crate::{ErrorClass, ObjectUrl, with_causes};

/// The state of a download.
struct Download<'a> {
    url: &'a ObjectUrl,
    /// The version to read; `None` for the current one.
    version: Option<&'a str>,
    what: String,
    file: File,
    written: u64,
    /// The object's etag. Later attempts read only an object with the same one.
    etag: Option<String>,
}

impl S3 {
    /// Downloads a version of an object, or its current version, into a new file. Resumes an interrupted
    /// download, up to three attempts without progress. If the object is replaced meanwhile, returns an
    /// error.
    ///
    /// # Errors
    ///
    /// [`S3Error`]; [`ErrorClass::Deleted`] for a delete marker;
    /// [`ErrorClass::LocalFile`] or [`ErrorClass::DiskFull`] if the file exists or cannot be
    /// written.
    pub async fn download(
        &self,
        url: &ObjectUrl,
        version: Option<&str>,
        path: &Path,
    ) -> Result<(), S3Error> {
        let what = match version {
            Some(version) => format!("reading the version {version} of {url}"),
            None => format!("reading {url}"),
        };
        let file = File::create_new(path).map_err(|error| file_error(&what, path, &error))?;
        let mut download = Download { url, version, what, file, written: 0, etag: None };
        let mut failed = 0;
        loop {
            let before = download.written;
            match self.resume(&mut download, path).await {
                Err(error) if error.is_transient() => {
                    // Progress resets the failure count.
                    failed = if download.written > before { 1 } else { failed + 1 };
                    let Some(pause) = RETRIES.pause(failed) else { return Err(error) };
                    tokio::time::sleep(pause).await;
                }
                result => return result,
            }
        }
    }

    async fn resume(&self, download: &mut Download<'_>, path: &Path) -> Result<(), S3Error> {
        let what = download.what.clone();
        let mut headers = Vec::new();
        if let Some(etag) = &download.etag {
            headers.push(("range", format!("bytes={}-", download.written)));
            headers.push(("if-match", etag.clone()));
        }
        let (bucket, key) = (download.url.bucket(), download.url.key());
        let query: Vec<_> =
            download.version.map(|version| ("versionId", version)).into_iter().collect();
        let request = ObjectRequest {
            method: "GET",
            bucket,
            key,
            query: &query,
            headers: &headers,
            body: &[],
        };
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.attempt(&request, &what)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out(&what)))?;
        if download.etag.is_some() && answer.status().as_u16() != 206 {
            let problem = "S3 ignored the requested range";
            return Err(S3Error::new(&what, ErrorClass::Refused, problem));
        }
        if download.etag.is_none() {
            // Without an etag, the object may have been replaced: start over.
            download.restart().map_err(|error| file_error(&what, path, &error))?;
            download.etag = answer.headers().get("etag").map(str::to_owned);
        }
        let mut body = ByteStream::new(answer.into_body());
        loop {
            let chunk = tokio::time::timeout(ANSWER_TIMEOUT, body.next())
                .await
                .map_err(|_| timed_out(&what))?;
            let Some(chunk) = chunk else { return Ok(()) };
            let chunk = chunk.map_err(|error| {
                S3Error::new(&what, ErrorClass::Unreachable, with_causes(&error))
            })?;
            download.file.write_all(&chunk).map_err(|error| file_error(&what, path, &error))?;
            download.written += chunk.len() as u64;
        }
    }
}

impl Download<'_> {
    fn restart(&mut self) -> std::io::Result<()> {
        use std::io::Seek;
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.written = 0;
        Ok(())
    }
}

fn file_error(what: &str, path: &Path, error: &std::io::Error) -> S3Error {
    let class = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorClass::DiskFull,
        _ => ErrorClass::LocalFile,
    };
    S3Error::new(what, class, format!("{}: {error}", path.display()))
}
