//! A server on the loopback interface that sends the same response to every request and counts
//! connections.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server does with a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// Answers each request.
    Answer,
    /// Closes the first connection at once, and answers on the others.
    CloseTheFirst,
    /// Accepts connections and sends nothing, not even a TLS handshake.
    Silent,
}

pub(crate) struct Server {
    /// `<scheme>://localhost:<port>`.
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
    closed: Mutex<Receiver<()>>,
}

impl Server {
    /// Starts a server with the certificate of this name.
    pub(crate) fn tls(name: &str, manner: Manner) -> Self {
        Self::start("https", manner, Some(test_endpoint::server_config(name)))
    }

    /// Starts a server without TLS.
    pub(crate) fn plain(manner: Manner) -> Self {
        Self::start("http", manner, None)
    }

    fn start(scheme: &str, manner: Manner, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(AtomicUsize::new(0));
        let (close, closed) = channel();
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let first = count.fetch_add(1, Ordering::SeqCst) == 0;
                let (stream, tls, close) = (stream.unwrap(), tls.clone(), close.clone());
                thread::spawn(move || serve(stream, tls, manner, first, &close));
            }
        });
        Self { url, connections, closed: Mutex::new(closed) }
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until the server has closed a connection.
    pub(crate) fn wait_until_closed(&self) {
        self.closed.lock().unwrap().recv().unwrap();
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    manner: Manner,
    first: bool,
    close: &Sender<()>,
) {
    if manner == Manner::Silent {
        thread::park();
    }
    let socket = stream.try_clone().unwrap();
    let mut stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(tls) => {
            let mut tls = StreamOwned::new(ServerConnection::new(tls).unwrap(), stream);
            // A client that rejects the certificate ends the handshake.
            if tls.conn.complete_io(&mut tls.sock).is_err() {
                return;
            }
            Box::new(tls)
        }
    };
    if first && manner == Manner::CloseTheFirst {
        socket.shutdown(Shutdown::Both).unwrap();
        close.send(()).unwrap();
        return;
    }
    answer_each_request(&mut stream);
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Answers each request. Requests must not have bodies.
fn answer_each_request(stream: &mut dyn Stream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|read| read == 1) {
        request.push(byte[0]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            // The client may have disconnected.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            let _ = stream.flush();
        }
    }
}
