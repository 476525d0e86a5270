//! An SMTP server that fails where it is told to, and keeps a ledger of what it took.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    /// After the first line of the content.
    Content,
    /// After the final dot.
    Dot,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// This answer instead of the good one.
    Say(Stage, &'static str),
    /// The good answer with these bytes behind it. At the dot the message was taken.
    Append(Stage, &'static [u8]),
    /// The connection is closed. At the dot the message was taken before that.
    Close(Stage),
    /// No answer, ever. At the dot the message was taken.
    Hang(Stage),
}

/// A message the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// Without dot-stuffing.
    pub content: Vec<u8>,
}

/// The server. Recipients that begin with `bad` are refused with 550, with `later` with 451.
pub struct FaultServer {
    /// Where it listens.
    pub port: u16,
    fault: Arc<Mutex<Fault>>,
    ledger: Arc<Mutex<Vec<Taken>>>,
    hits: Arc<AtomicUsize>,
}

impl FaultServer {
    /// Starts one that offers 8BITMIME, SMTPUTF8 and SIZE 100000.
    pub fn start(fault: Fault) -> FaultServer {
        FaultServer::start_with(fault, &["8BITMIME", "SMTPUTF8", "SIZE 100000"])
    }

    /// Starts one that offers these.
    pub fn start_with(fault: Fault, offers: &'static [&'static str]) -> FaultServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (fault, ledger) = (Arc::new(Mutex::new(fault)), Arc::new(Mutex::new(Vec::new())));
        let hits = Arc::new(AtomicUsize::new(0));
        let (shared, kept, counted) = (Arc::clone(&fault), Arc::clone(&ledger), Arc::clone(&hits));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, kept, counted) = (Arc::clone(&shared), Arc::clone(&kept), Arc::clone(&counted));
                // A client that goes away is the point of most tests.
                std::thread::spawn(move || serve(stream, &shared, &kept, &counted, offers));
            }
        });
        FaultServer { port, fault, ledger, hits }
    }

    /// From now on this fault.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// What it took so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.ledger.lock().unwrap().clone()
    }

    /// How often a fault happened so far.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    /// How often a message with this Message-ID was taken.
    pub fn count(&self, remote_id: &str) -> usize {
        let wanted = format!("message-id: <{}>", remote_id.to_lowercase());
        let has = |taken: &Taken| String::from_utf8_lossy(&taken.content).to_lowercase().contains(&wanted);
        self.ledger.lock().unwrap().iter().filter(|taken| has(taken)).count()
    }

    /// The `[smtp]` table of an account here.
    pub fn smtp(&self) -> String {
        format!("[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\ntimeout = \"1s\"\n", self.port)
    }
}

/// `None` when the connection shall end.
fn serve(
    stream: TcpStream,
    fault: &Mutex<Fault>,
    ledger: &Mutex<Vec<Taken>>,
    hits: &AtomicUsize,
    offers: &[&str],
) -> Option<()> {
    let mut peer = Peer { lines: BufReader::new(stream), fault, hits };
    peer.answer(Stage::Greeting, "220 fault.example ready")?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let line = peer.line()?;
        let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => {
                let mut all = vec!["fault.example"];
                all.extend(offers);
                let last = all.len() - 1;
                let text: Vec<String> = all
                    .iter()
                    .enumerate()
                    .map(|(at, offer)| format!("250{}{offer}", if at == last { ' ' } else { '-' }))
                    .collect();
                peer.answer(Stage::Ehlo, &text.join("\r\n"))?;
            }
            "MAIL" => {
                from = address(&line);
                to.clear();
                peer.answer(Stage::Mail, "250 2.1.0 Ok")?;
            }
            "RCPT" => {
                let recipient = address(&line);
                if recipient.starts_with("bad") {
                    peer.say("550 5.1.1 user unknown")?;
                } else if recipient.starts_with("later") {
                    peer.say("451 4.2.0 greylisted")?;
                } else {
                    to.push(recipient);
                    peer.answer(Stage::Rcpt, "250 2.1.5 Ok")?;
                }
            }
            "DATA" => {
                if !peer.answer(Stage::Data, "354 go on")?.starts_with("354") {
                    continue;
                }
                let content = peer.content()?;
                let taken = Taken { from: from.clone(), to: to.clone(), content };
                let now = *fault.lock().unwrap();
                let refused = matches!(now, Fault::Say(Stage::Dot, said) if !said.starts_with('2'));
                if !refused {
                    ledger.lock().unwrap().push(taken);
                }
                peer.answer(Stage::Dot, "250 2.0.0 Ok: queued as 4F1")?;
            }
            "RSET" | "NOOP" => peer.say("250 2.0.0 Ok")?,
            "QUIT" => {
                peer.say("221 2.0.0 Bye")?;
                return None;
            }
            _ => peer.say("502 5.5.1 not implemented")?,
        }
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

struct Peer<'a> {
    lines: BufReader<TcpStream>,
    fault: &'a Mutex<Fault>,
    hits: &'a AtomicUsize,
}

impl Peer<'_> {
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        if self.lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        Some(line.trim_end().to_owned())
    }

    fn say(&mut self, text: &str) -> Option<()> {
        self.lines.get_mut().write_all(format!("{text}\r\n").as_bytes()).ok()
    }

    /// The good answer, unless this is the stage of the fault.
    fn answer(&mut self, stage: Stage, good: &str) -> Option<String> {
        let fault = *self.fault.lock().unwrap();
        match fault {
            Fault::Say(at, said) if at == stage => {
                self.hit();
                self.say(said)?;
                // 421: the server closes (RFC 5321 3.8).
                (!said.starts_with("421")).then(|| said.to_owned())
            }
            Fault::Append(at, bytes) if at == stage => {
                self.hit();
                self.lines.get_mut().write_all(good.as_bytes()).ok()?;
                self.lines.get_mut().write_all(bytes).ok()?;
                self.say("")?;
                Some(good.to_owned())
            }
            Fault::Close(at) if at == stage => {
                self.hit();
                self.close()
            }
            Fault::Hang(at) if at == stage => {
                self.hit();
                self.hang()
            }
            _ => {
                self.say(good)?;
                Some(good.to_owned())
            }
        }
    }

    fn hit(&self) {
        self.hits.fetch_add(1, Ordering::SeqCst);
    }

    fn close<T>(&self) -> Option<T> {
        let _ = self.lines.get_ref().shutdown(Shutdown::Both);
        None
    }

    fn hang<T>(&mut self) -> Option<T> {
        let _ = self.lines.get_ref().set_read_timeout(Some(Duration::from_secs(120)));
        while self.line().is_some() {}
        None
    }

    fn content(&mut self) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.lines.read_until(b'\n', &mut line).ok()? == 0 {
                return None;
            }
            if line == b".\r\n" {
                return Some(content);
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            let fault = *self.fault.lock().unwrap();
            match fault {
                Fault::Close(Stage::Content) => {
                    self.hit();
                    return self.close();
                }
                Fault::Hang(Stage::Content) => {
                    self.hit();
                    // Not even read: the client's writes must come to a stop.
                    std::thread::sleep(Duration::from_secs(120));
                    return None;
                }
                _ => {}
            }
        }
    }
}
