//! Opens connections, or uses the one that was opened in advance.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use http::Uri;
use hyper::rt::{Read, ReadBuf};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::error::{BoxError, ConnectTimeout};
use crate::tls;
use crate::trust_store::TrustStore;

/// How long a connection that was opened in advance may be used.
const OPENED_FOR: Duration = Duration::from_secs(5);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Opens connections, with TLS for `https` URLs.
#[derive(Debug, Clone)]
pub(crate) struct Connect {
    https: HttpsConnector<HttpConnector>,
    opened: Arc<Mutex<Option<Opened>>>,
    timeout: Option<Duration>,
}

impl Connect {
    pub(crate) fn new(trust_store: TrustStore) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            https: (tcp, tls::config(trust_store)).into(),
            opened: Arc::default(),
            timeout: None,
        }
    }

    /// Returns a copy with this timeout. Both share the connection that was opened in advance.
    pub(crate) fn within(&self, timeout: Option<Duration>) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Opens a connection in advance, for the next request to the same host.
    pub(crate) async fn open(&self, url: Uri) -> Result<(), BoxError> {
        let stream = self.connect(url.clone()).await?;
        let opened = Opened { url, at: now(), stream };
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        Ok(())
    }

    fn connect(&self, url: Uri) -> impl Future<Output = Result<Stream, BoxError>> + use<> {
        let connecting = self.https.clone().call(url);
        let timeout = self.timeout;
        async move {
            let Some(timeout) = timeout else { return connecting.await };
            let stream = tokio::time::timeout(timeout, connecting).await;
            stream.unwrap_or_else(|_| Err(ConnectTimeout(timeout).into()))
        }
    }

    /// Takes the connection that was opened in advance, if it leads to `url` and is usable.
    fn take_opened(&self, url: &Uri) -> Option<Stream> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.take_if(|opened| opened.leads_to(url))?.good(now())
    }
}

impl Service<Uri> for Connect {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        match self.take_opened(&url) {
            Some(stream) => Box::pin(std::future::ready(Ok(stream))),
            None => Box::pin(self.connect(url)),
        }
    }
}

/// A connection that has not been used yet.
#[derive(Debug)]
struct Opened {
    url: Uri,
    /// Wall-clock time, because monotonic clocks may stop while a machine sleeps.
    at: SystemTime,
    stream: Stream,
}

impl Opened {
    fn leads_to(&self, url: &Uri) -> bool {
        self.url.scheme() == url.scheme() && self.url.authority() == url.authority()
    }

    /// Returns the connection, unless it is too old or was closed by the server.
    fn good(mut self, now: SystemTime) -> Option<Stream> {
        let age = now.duration_since(self.at).ok()?;
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        // No request was sent, so anything readable is the end of the stream or an error.
        let silent =
            Pin::new(&mut self.stream).poll_read(&mut context, byte.unfilled()).is_pending();
        (age < OPENED_FOR && silent).then_some(self.stream)
    }
}

#[expect(clippy::disallowed_methods, reason = "see `Opened::at`")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    async fn opened() -> (TcpListener, Opened) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = MaybeHttpsStream::Http(TokioIo::new(stream));
        (listener, Opened { url: Uri::from_static("http://localhost"), at: now(), stream })
    }

    #[tokio::test]
    async fn connection_is_usable_for_five_seconds() {
        for (milliseconds, good) in [(0, true), (4_999, true), (5_000, false)] {
            let (_listener, opened) = opened().await;
            let later = opened.at + Duration::from_millis(milliseconds);
            assert_eq!(opened.good(later).is_some(), good, "{milliseconds} ms");
        }
    }

    #[tokio::test]
    async fn connection_is_not_usable_after_clock_was_set_back() {
        let (_listener, opened) = opened().await;
        let earlier = opened.at - Duration::from_millis(1);
        assert!(opened.good(earlier).is_none(), "the clock was set back");
    }
}
