//! A web server for tests: what it answers is a function of the question and of how many came before.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, thread};

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    delay: Duration,
    cut: bool,
}

impl Reply {
    pub fn ok(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delay: Duration::ZERO, cut: false }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The answer comes so much later.
    pub fn late(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The connection breaks in the middle of the body.
    pub fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        thread::sleep(self.delay);
        let mut head =
            format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        let end = if self.cut { self.body.len() / 2 } else { self.body.len() };
        stream.write_all(&self.body.as_bytes()[..end])
    }
}

/// The server; it ends with the test.
pub struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets how many questions came before, and path with query.
    pub fn new(answer: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                thread::spawn(move || {
                    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                    let Some(first) = lines.next() else { return };
                    lines.take_while(|line| !line.is_empty()).for_each(drop);
                    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(path.clone());
                        log.len() - 1
                    };
                    // A client that does not wait is part of the tests.
                    let _ = answer(before, &path).write(&mut stream);
                });
            }
        });
        Self { address, asked }
    }

    pub fn url(&self) -> &str {
        &self.address
    }

    /// Paths with queries, as they were asked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
