//! A platform that pushes: one request, its answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends a request to the door at `port` of loopback; gives status and body of the answer, `None` when there is none.
pub fn push(port: u16, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut head = format!(
        "{line} HTTP/1.1\r\nhost: hooks.shop.example\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
