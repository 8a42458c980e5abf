//! Lambda's side: the Runtime API of one process, on 127.0.0.1.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
//!
//! It hands out one event after the other, each as soon as the process asks for it, and notes when
//! what happened. A process that asks for one more than there are has done its work.

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
/// The function's time-out, as its deadline says.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The server of one process.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    session: Arc<Session>,
}

/// What happened when.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The first request for an event.
    pub(crate) first_next: Option<Instant>,
    /// The end of the first answer.
    pub(crate) first_answer: Option<Instant>,
    /// Processor time and peak memory at the first answer.
    pub(crate) after_first: Option<(Duration, u64)>,
    /// For each event, the time from its first byte to its answer's last.
    pub(crate) latencies: Vec<Duration>,
    /// What the process answered.
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
    /// A server that hands out `payloads`.
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

    /// Starts the process whose processor time and memory count. Until it is known here, nothing it
    /// asks for is handed out: on a busy machine it may ask before `spawn` returns.
    pub(crate) fn spawn(&self, command: &mut Command) -> Result<Child> {
        let mut progress = self.session.progress();
        let child = command.spawn().context("it could not be started")?;
        progress.process = Some(child.id());
        Ok(child)
    }

    /// Waits until every event has been answered and the process waits for more, for `limit` at
    /// most; `alive` is asked now and then whether it makes sense to go on waiting.
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
        // Wakes the thread that accepts, which then sees that it is over.
        if let Ok(stream) = TcpStream::connect(self.address) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(stream: TcpStream, session: &Session) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    // Between two requests a connection may end; the process may have been killed, too.
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

#[expect(clippy::disallowed_methods, reason = "Lambda gives deadlines by the clock")]
fn deadline() -> Result<u128> {
    Ok((SystemTime::now().duration_since(UNIX_EPOCH)? + TIMEOUT).as_millis())
}

/// Answers with the next event; after the last one, lets the process wait for ever.
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
        let pid = progress.process.context("the process is not known yet")?;
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
    fn an_event_is_handed_out_and_its_answer_taken() {
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
    fn a_reported_error_ends_the_turn() {
        let api = RuntimeApi::start(vec!["{}".to_owned()]).unwrap();
        send(&api, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\ncontent-length: 3\r\n\r\nbad");
        let error = api.wait(Duration::from_mins(2), || Ok(())).unwrap_err().to_string();
        assert!(error.contains("init/error") && error.contains("bad"), "{error}");
    }

    #[test]
    fn a_process_that_is_silent_or_dead_is_not_waited_for() {
        let api = RuntimeApi::start(vec!["{}".to_owned()]).unwrap();
        let error = api.wait(Duration::ZERO, || Ok(())).unwrap_err().to_string();
        assert!(error.contains("0 of 1"), "{error}");
        let error = api.wait(Duration::from_mins(2), || bail!("it ended")).unwrap_err();
        assert_eq!(error.to_string(), "it ended");
    }
}
