//! The part of HTTP/1.1 that Lambda runtimes and AWS SDKs use.

use std::io::{Read, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Maximum number of headers in a request.
const HEADERS_MAX: usize = 64;

/// A request, and the time when its last byte was read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) read_at: Instant,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |(header, _): &&(String, String)| header.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }
}

/// A connection from a client that sends one request at a time.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Reads the next request. Returns `None` if the client closed the connection between requests.
    pub(crate) fn request(&mut self) -> Result<Option<Request>> {
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some((request, length)) = parse(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(Some(request));
            }
            match self.stream.read(&mut chunk)? {
                0 if self.buffer.is_empty() => return Ok(None),
                0 => bail!("the connection was closed in the middle of a request"),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }

    pub(crate) fn answer(&mut self, status: &str, headers: &str, body: &str) -> Result<()> {
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
        self.stream.write_all(format!("{head}{body}").as_bytes())?;
        Ok(self.stream.flush()?)
    }
}

/// Parses the request at the beginning of `bytes`. Returns it with its length, or `None` if it is
/// incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head_length) =
        head.parse(bytes).context("the request is not HTTP/1.1")?
    else {
        return Ok(None);
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let mut request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|h| (h.name.to_owned(), text(h.value))).collect(),
        body: Vec::new(),
        read_at: Instant::now(),
    };
    if request.header("transfer-encoding").is_some() {
        bail!("the request's body is chunked, which is not supported");
    }
    let body_length = match request.header("content-length") {
        Some(length) => length.parse::<usize>().context("content-length is not a number")?,
        None => 0,
    };
    let length = head_length + body_length;
    let Some(body) = bytes.get(head_length..length) else { return Ok(None) };
    request.body = body.to_vec();
    Ok(Some((request, length)))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Result as IoResult};

    use super::*;

    /// Returns its input byte by byte, like a slow network.
    struct Slow(Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, bytes: &mut [u8]) -> IoResult<usize> {
            self.0.read(&mut bytes[..1])
        }
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> IoResult<()> {
            Ok(())
        }
    }

    fn connection(text: &str) -> Connection<Slow> {
        Connection::new(Slow(Cursor::new(text.as_bytes().to_vec())))
    }

    #[test]
    fn reads_several_requests_from_a_connection() {
        let mut connection = connection(
            "POST /a HTTP/1.1\r\nContent-Length: 3\r\nX-Amz-Target: T\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n",
        );
        let first = connection.request().unwrap().unwrap();
        assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/a"));
        assert_eq!((first.header("x-amz-target"), first.body.as_slice()), (Some("T"), &b"abc"[..]));
        let second = connection.request().unwrap().unwrap();
        assert_eq!((second.path.as_str(), second.body.len()), ("/b", 0));
        assert!(connection.request().unwrap().is_none());
    }

    #[test]
    fn rejects_truncated_and_unsupported_requests() {
        for text in [
            "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nab",
            "POST /a HTTP/1.1\r\nContent-Length: three\r\n\r\n",
            "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "\u{0}\r\n",
        ] {
            assert!(connection(text).request().is_err(), "{text:?}");
        }
    }
}
