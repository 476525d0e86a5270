//! A TCP proxy that cuts the connection after so many bytes from the server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Cuts each connection after [`CutProxy::cut_after`] bytes.
pub struct CutProxy {
    /// Where it listens.
    pub port: u16,
    limit: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
}

impl CutProxy {
    /// A proxy to this port; cuts nothing yet.
    pub fn start(target: u16) -> CutProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (limit, connections) = (Arc::new(AtomicU64::new(u64::MAX)), Arc::new(AtomicU64::new(0)));
        let (shared, counted) = (Arc::clone(&limit), Arc::clone(&connections));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", target))) else { continue };
                counted.fetch_add(1, Ordering::SeqCst);
                let limit = shared.load(Ordering::SeqCst);
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(from_client, to_server, u64::MAX));
                std::thread::spawn(move || pass(server, client, limit));
            }
        });
        CutProxy { port, limit, connections }
    }

    /// The next connections are cut after so many bytes from the server.
    pub fn cut_after(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::SeqCst);
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, limit: u64) {
    let mut left = limit;
    let mut buffer = [0; 4096];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Ok(count) = from.read(&mut buffer[..most]) else { break };
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
        left -= count as u64;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
