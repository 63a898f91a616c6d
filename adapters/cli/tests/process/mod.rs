//! The program as a child process, and a client that needs no library.
#![allow(unreachable_pub, dead_code, reason = "one module of several tests, none of which uses all of it")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
    sync::{
        atomic::{AtomicU16, Ordering},
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

/// Long enough for anything that works, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// `gwapi`, which ends with the test.
pub struct Gwapi {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Gwapi {
    pub fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gwapi"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout: ChildStdout = child.stdout.take().expect("its output");
        let stderr: ChildStderr = child.stderr.take().expect("its messages");
        Self { child, stdout: lines(stdout), stderr: lines(stderr) }
    }

    /// The lines on standard output up to the one that begins like this, which is the last.
    pub fn lines_until(&self, beginning: &str) -> Vec<String> {
        until(&self.stdout, |line| line.starts_with(beginning))
    }

    /// The next line on standard error that holds a text.
    pub fn message(&self, text: &str) -> String {
        self.messages_until(text).pop().expect("a line")
    }

    /// The lines on standard error up to the one that holds a text.
    pub fn messages_until(&self, text: &str) -> Vec<String> {
        until(&self.stderr, |line| line.contains(text))
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().expect("kill");
        assert!(status.success());
    }

    /// Waits for its end: the exit code.
    pub fn end(mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it goes on");
    }
}

impl Drop for Gwapi {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

fn until(lines: &Receiver<String>, is_last: impl Fn(&str) -> bool) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let Ok(line) = lines.recv_timeout(PATIENCE) else { panic!("that line does not come; there are {seen:#?}") };
        seen.push(line);
        if seen.last().is_some_and(|line| is_last(line)) {
            return seen;
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The lines of its head, in lower case up to the colon.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a GET on a connection of its own. `headers` are lines with their ends.
pub fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    send(address, &format!("GET {path} HTTP/1.1\r\nhost: shop.example.com\r\nconnection: close\r\n{headers}\r\n"))
}

pub fn send(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("written");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok()).expect("a status");
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Answer { status, headers: lines.filter_map(pair).collect(), body: body.to_owned() }
}

/// A port that is free now. No two calls in one process give the same, and processes look in different places.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let first = 12_000 + (std::process::id() % 2_000) as u16 * 10;
    let ports = std::iter::repeat_with(|| first + TAKEN.fetch_add(1, Ordering::Relaxed));
    ports.take(500).find(is_free).expect("a free port")
}

/// The address in the last word of a line, `http://127.0.0.1:8080`.
pub fn address(line: &str) -> SocketAddr {
    let url = line.rsplit(' ').next().expect("a word");
    url.rsplit('/').next().expect("an authority").parse().unwrap_or_else(|error| panic!("{error}: {line}"))
}
