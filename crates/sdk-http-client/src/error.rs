//! Errors, and their classification for the SDK.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use hyper_util::client::legacy;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A connection could not be opened in advance.
#[derive(Debug, thiserror::Error)]
#[error("no connection could be opened")]
pub struct OpenError {
    #[source]
    source: BoxError,
}

impl OpenError {
    pub(crate) fn new(source: BoxError) -> Self {
        Self { source }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(crate) struct ConnectTimeout(pub(crate) Duration);

/// Classifies an error. The class determines whether the SDK retries, and the error that callers see.
pub(crate) fn connector_error(error: legacy::Error) -> ConnectorError {
    let hyper = cause::<hyper::Error>(&error);
    let is = |property: fn(&hyper::Error) -> bool| hyper.is_some_and(property);
    if cause::<ConnectTimeout>(&error).is_some() || is(hyper::Error::is_timeout) {
        ConnectorError::timeout(error.into())
    } else if is(hyper::Error::is_user) {
        ConnectorError::user(error.into())
    } else if is(hyper::Error::is_incomplete_message) {
        // The server closed the connection instead of answering.
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else if error.is_connect()
        || is(hyper::Error::is_closed)
        || is(hyper::Error::is_canceled)
        || cause::<std::io::Error>(&error).is_some()
    {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}

/// Returns the first error of type `E` among `error` and its causes.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<E>())
}
