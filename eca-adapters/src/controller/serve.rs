//! Metrics and status over HTTP: two texts and a page, for one reader at a time. Nothing can be changed through it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

/// What is served.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) metrics: String,
    pub(super) status: String,
}

/// The texts that the loop replaces in each turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Board(Arc<Mutex<Texts>>);

impl Board {
    pub(super) fn set(&self, texts: Texts) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = texts;
    }

    /// Listens on `address` until the process ends; the address it got.
    pub(super) fn listen(&self, address: &str) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        let (board, at) = (self.clone(), listener.local_addr()?);
        thread::Builder::new().name("eca-status".into()).spawn(move || {
            for stream in listener.incoming().flatten() {
                // A reader that goes away is its own affair.
                let _ = board.answer(stream);
            }
        })?;
        Ok(at)
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        let mut line = String::new();
        io::Read::take(BufReader::new(&stream), 4096).read_line(&mut line)?;
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut words = line.split_whitespace();
        let (status, kind, body) = match (words.next(), words.next()) {
            (Some("GET"), Some("/metrics")) => ("200 OK", "text/plain; version=0.0.4", texts.metrics.clone()),
            (Some("GET"), Some("/status")) => ("200 OK", "application/json", texts.status.clone()),
            (Some("GET"), Some("/")) => ("200 OK", "text/html; charset=utf-8", page(&texts.status)),
            _ => ("404 Not Found", "text/plain", "GET /, /status or /metrics\n".to_owned()),
        };
        drop(texts);
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())
    }
}

fn page(status: &str) -> String {
    let safe = status.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html><title>eca-controller</title><h1>eca-controller</h1><p><a href=/status>status</a> \
         <a href=/metrics>metrics</a></p><pre>{safe}</pre>\n"
    )
}
