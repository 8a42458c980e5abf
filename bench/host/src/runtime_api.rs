//! A fake of Lambda's Runtime API for one process, on 127.0.0.1.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
//!
//! It sends one event for each request of the process and records times. The run is complete when the
//! process asks for an event after the last one.

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::http::{Connection, Request};
use crate::process;

const PREFIX: &str = "/2018-06-01/runtime/";
/// The function's timeout, from which its deadline is computed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The Runtime API server for one process.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    session: Arc<Session>,
}

/// The recorded times and answers.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Time of the first request for an event.
    pub(crate) first_next: Option<Instant>,
    /// Time of the first answer's last byte.
    pub(crate) first_answer: Option<Instant>,
    /// CPU time and peak memory at the first answer.
    pub(crate) after_first: Option<(Duration, u64)>,
    /// For each event, the time from its first byte to its answer's last byte.
    pub(crate) latencies: Vec<Duration>,
    /// The answers of the process.
    pub(crate) answers: Vec<Vec<u8>>,
}

struct Session {
    payloads: Vec<String>,
    progress: Mutex<Progress>,
    ended: Condvar,
    closed: AtomicBool,
}

#[derive(Default)]
struct Progress {
    record: Record,
    process: Option<u32>,
    handed_out: Option<(usize, Instant)>,
    end: Option<Result<()>>,
}

impl Session {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RuntimeApi {
    /// Starts a server that sends `payloads` as events.
    pub(crate) fn start(payloads: Vec<String>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let session = Arc::new(Session {
            payloads,
            progress: Mutex::default(),
            ended: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&session);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.closed.load(Ordering::Relaxed) {
                    return;
                }
                let session = Arc::clone(&accepting);
                thread::spawn(move || {
                    if let Err(problem) = serve(stream, &session) {
                        session.progress().end.get_or_insert(Err(problem));
                        session.ended.notify_all();
                    }
                });
            }
        });
        Ok(Self { address, session })
    }

    /// Starts the process to measure. Holds the lock until the process id is stored: on a busy
    /// machine, the process may ask for an event before `spawn` returns.
    pub(crate) fn spawn(&self, command: &mut Command) -> Result<Child> {
        let mut progress = self.session.progress();
        let child = command.spawn().context("the process cannot be started")?;
        progress.process = Some(child.id());
        Ok(child)
    }

    /// Waits until the process has answered every event and asks for another, but not longer than
    /// `limit`. Calls `alive` regularly and stops if it returns an error.
    pub(crate) fn wait(
        &self,
        limit: Duration,
        mut alive: impl FnMut() -> Result<()>,
    ) -> Result<Record> {
        let begin = Instant::now();
        let mut progress = self.session.progress();
        loop {
            if let Some(end) = progress.end.take() {
                return end.map(|()| std::mem::take(&mut progress.record));
            }
            alive()?;
            if begin.elapsed() > limit {
                let (answered, all) = (progress.record.answers.len(), self.session.payloads.len());
                bail!("it answered {answered} of {all} events within {limit:?}");
            }
            let waited = self.session.ended.wait_timeout(progress, Duration::from_millis(100));
            progress = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.session.closed.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, so that it ends.
        if let Ok(stream) = TcpStream::connect(self.address) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(stream: TcpStream, session: &Session) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    // The connection may be closed between requests, or by killing the process.
    while let Ok(Some(request)) = connection.request() {
        let path = request.path.strip_prefix(PREFIX).unwrap_or(&request.path);
        match (request.method.as_str(), path) {
            ("GET", "invocation/next") => hand_out(&mut connection, session, &request)?,
            ("POST", path) if path.ends_with("/response") => {
                take(session, request)?;
                accepted(&mut connection)?;
            }
            (method, path) => {
                let body = String::from_utf8_lossy(&request.body).into_owned();
                accepted(&mut connection)?;
                bail!("it sent {method} {path}: {body}");
            }
        }
    }
    Ok(())
}

fn accepted(connection: &mut Connection<TcpStream>) -> Result<()> {
    connection.answer("202 Accepted", "content-type: application/json\r\n", "{\"status\":\"OK\"}")
}

#[expect(clippy::disallowed_methods, reason = "Lambda sends deadlines as wall-clock time")]
fn deadline() -> Result<u128> {
    Ok((SystemTime::now().duration_since(UNIX_EPOCH)? + TIMEOUT).as_millis())
}

/// Sends the next event. After the last one, sends nothing, so that the process waits.
fn hand_out(
    connection: &mut Connection<TcpStream>,
    session: &Session,
    request: &Request,
) -> Result<()> {
    let mut progress = session.progress();
    progress.record.first_next.get_or_insert(request.read_at);
    let number = progress.record.answers.len();
    let Some(payload) = session.payloads.get(number) else {
        progress.end.get_or_insert(Ok(()));
        session.ended.notify_all();
        return Ok(());
    };
    let headers = format!(
        "content-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{number:012x}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:111122223333:function:f\r\n\
         lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n",
        deadline()?,
    );
    progress.handed_out = Some((number, Instant::now()));
    drop(progress);
    connection.answer("200 OK", &headers, payload)
}

fn take(session: &Session, answer: Request) -> Result<()> {
    let mut progress = session.progress();
    let (number, begin) = progress.handed_out.take().context("it answered without an event")?;
    let id = format!("invocation/8476a536-e9f4-11e8-9739-{number:012x}/response");
    if !answer.path.ends_with(&id) {
        bail!("it answered {} instead of {id}", answer.path);
    }
    if number == 0 {
        let pid = progress.process.context("the process id is not known yet")?;
        progress.record.first_answer = Some(answer.read_at);
        progress.record.after_first = Some((process::cpu_time(pid)?, process::peak_memory(pid)?));
    }
    progress.record.latencies.push(answer.read_at - begin);
    progress.record.answers.push(answer.body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn send(api: &RuntimeApi, request: &str) -> String {
        let mut stream = TcpStream::connect(api.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n";

    #[test]
    fn sends_event_and_records_answer() {
        let api = RuntimeApi::start(vec!["{\"event\":1}".to_owned()]).unwrap();
        let mut child = api.spawn(Command::new("sleep").arg("600")).unwrap();
        let event = send(&api, NEXT);
        assert!(event.ends_with("{\"event\":1}"), "{event}");
        let id = "8476a536-e9f4-11e8-9739-000000000000";
        assert!(event.contains(&format!("lambda-runtime-aws-request-id: {id}")), "{event}");
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        assert!(send(&api, &answer).starts_with("HTTP/1.1 202"));
        assert_eq!(send(&api, NEXT), "");
        let record = api.wait(Duration::from_mins(2), || Ok(())).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!((record.answers, record.latencies.len()), (vec![b"{}".to_vec()], 1));
        assert!(record.first_next < record.first_answer);
    }

    #[test]
    fn reported_error_ends_the_run() {
        let api = RuntimeApi::start(vec!["{}".to_owned()]).unwrap();
        send(&api, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\ncontent-length: 3\r\n\r\nbad");
        let error = api.wait(Duration::from_mins(2), || Ok(())).unwrap_err().to_string();
        assert!(error.contains("init/error") && error.contains("bad"), "{error}");
    }

    #[test]
    fn stops_waiting_for_silent_or_ended_process() {
        let api = RuntimeApi::start(vec!["{}".to_owned()]).unwrap();
        let error = api.wait(Duration::ZERO, || Ok(())).unwrap_err().to_string();
        assert!(error.contains("0 of 1"), "{error}");
        let error = api.wait(Duration::from_mins(2), || bail!("it ended")).unwrap_err();
        assert_eq!(error.to_string(), "it ended");
    }
}
