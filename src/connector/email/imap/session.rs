//! One IMAP connection: commands with a time limit and a byte limit each, and answers read to their tagged end.
//!
//! Over async-imap's parser, but not its command methods: those take the end of the connection, and a tagged NO, for the
//! end of a FETCH, which would skip messages.

use super::line_guard::Refused;
use super::mutf7;
use crate::connector::Secret;
use crate::connector::email::net::{Protocol, dial};
use crate::connector::email::settings::{Login, Server};
use crate::connector::email::trouble::{Trouble, words};
use crate::connector::email::wire::{TooMuch, Wire};
use async_imap::Client;
use async_imap::imap_proto::{Capability, MailboxDatum, Outcome, Response, Status};
use futures::FutureExt;
use std::collections::HashSet;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// For an ordinary command.
pub(in crate::connector::email) const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// For a page of whole messages, or handing one over.
pub(in crate::connector::email) const BODY_LIMIT: Duration = Duration::from_secs(120);
/// For greeting and login.
const LOGIN_LIMIT: Duration = Duration::from_secs(20);
/// Bytes an ordinary answer may have. The parser reads an answer that has no end yet anew with every few kilobytes.
pub(super) const SMALL: usize = 256 * 1024;
/// Bytes the list of all folders may have: some ten thousand.
pub(super) const LONG: usize = 2 * 1024 * 1024;
/// What a command's end said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// OK, with its words.
    Ok(String),
    /// NO or BAD, with its words.
    No(String),
}

/// One answer within a command that has questions of its own.
pub(super) enum Turn {
    /// `+`: go on.
    Go,
    /// The tagged end.
    End(End),
    /// Anything else.
    Other,
}

/// An open, authenticated connection.
pub(in crate::connector::email) struct Session {
    pub(super) client: Client<Wire>,
    pub(super) place: String,
    tags: u32,
    capabilities: HashSet<String>,
    /// A command is under way. Still set when the next one begins: the call before was dropped in the middle.
    pub(super) busy: bool,
    /// The tag of an IDLE that was not ended yet.
    pub(super) idling: Option<String>,
    /// The selected folder.
    pub(super) selected: Option<String>,
    /// Messages in the selected folder as last told.
    pub(super) exists: u32,
}

impl Session {
    /// Reaches the server and logs in.
    pub(in crate::connector::email) async fn open(server: &Server) -> Result<Session, Trouble> {
        let wire = dial(server, Protocol::Imap).await?;
        let mut session = Session::greet(server, wire).await?;
        session.login(server).await?;
        Ok(session)
    }

    /// Takes the greeting and asks what the server can do.
    pub(in crate::connector::email) async fn greet(server: &Server, wire: Wire) -> Result<Session, Trouble> {
        let greeted = wire.greeted;
        let mut session = Session {
            client: Client::new(wire),
            place: server.place(),
            tags: 0,
            capabilities: HashSet::new(),
            busy: false,
            idling: None,
            selected: None,
            exists: 0,
        };
        if !greeted {
            let greeting = session.read(|answer| match answer {
                Response::Data { status, outcome } => {
                    Some((matches!(status, Status::Ok), matches!(status, Status::PreAuth), said(outcome)))
                }
                _ => None,
            });
            let greeting = timeout(LOGIN_LIMIT, greeting).await;
            let greeting = greeting
                .map_err(|_| Trouble::Network(format!("{} does not greet: is this an IMAP port?", server.place())))??;
            let Some((ok, preauth, said)) = greeting else {
                return Err(Trouble::Answer(format!("{} does not greet as an IMAP server does", session.place)));
            };
            if preauth {
                // Nobody asked for this identity: whose mailbox would it be?
                return Err(Trouble::Setup(format!("{} logs in by itself (PREAUTH), which is refused", session.place)));
            }
            if !ok {
                return Err(Trouble::Network(format!("{} is not available: {said}", session.place)));
            }
        }
        session.ask_capabilities().await?;
        Ok(session)
    }

    /// Logs in: AUTHENTICATE XOAUTH2 with a token, AUTHENTICATE PLAIN where offered, else LOGIN.
    pub(in crate::connector::email) async fn login(&mut self, server: &Server) -> Result<(), Trouble> {
        let Some(Login { user, secret, token }) = &server.login else {
            return Err(Trouble::Setup(format!("no user is configured for {}", self.place)));
        };
        let secret = secret.resolve().await?;
        timeout(LOGIN_LIMIT, self.login_as(user, &secret, *token))
            .await
            .map_err(|_| Trouble::Network(format!("{} does not answer to the login", self.place)))?
    }

    async fn login_as(&mut self, user: &str, secret: &Secret, token: bool) -> Result<(), Trouble> {
        let end = if token {
            let words = format!("user={user}\x01auth=Bearer {}\x01\x01", secret.expose());
            self.authenticate("XOAUTH2", words.as_bytes()).await?
        } else if self.can("AUTH=PLAIN") {
            let words = format!("\0{user}\0{}", secret.expose());
            self.authenticate("PLAIN", words.as_bytes()).await?
        } else if self.can("LOGINDISABLED") {
            return Err(Trouble::Setup(format!(
                "{} takes no password on this connection; use security = \"tls\" or \"starttls\"",
                self.place
            )));
        } else {
            if secret.expose().chars().any(char::is_control) {
                return Err(Trouble::Setup("the password has control characters in it".to_owned()));
            }
            let line = format!("LOGIN {} {}", quoted(user), quoted(secret.expose()));
            let tag = self.send("LOGIN", &line, SMALL).await?;
            self.finish(&tag, |_| ()).await?
        };
        match end {
            End::Ok(_) => self.ask_capabilities().await,
            End::No(said) if passing(&said) => {
                Err(Trouble::Network(format!("{} cannot log anybody in now: {said}", self.place)))
            }
            End::No(said) => Err(Trouble::Setup(format!(
                "{} refuses the login of \"{user}\": {said}. Check user and {}",
                self.place,
                if token { "token" } else { "password (some providers want an app password)" }
            ))),
        }
    }

    async fn authenticate(&mut self, mechanism: &str, response: &[u8]) -> Result<End, Trouble> {
        let tag = self.send("AUTHENTICATE", &format!("AUTHENTICATE {mechanism}"), SMALL).await?;
        let mut answer = Some(mutf7::base64(response, true));
        loop {
            match self.turn(&tag).await? {
                Turn::Go => {
                    // The second question of XOAUTH2 is its error; an empty line lets the server say NO.
                    let line = answer.take().unwrap_or_default();
                    self.write(format!("{line}\r\n").as_bytes()).await?;
                }
                Turn::End(end) => return Ok(end),
                Turn::Other => {}
            }
        }
    }

    /// False when a command was dropped in the middle: its answers would be taken for those of the next.
    pub(super) fn is_whole(&self) -> bool {
        !self.busy || self.idling.is_some()
    }

    /// True when the server says it can do this (`IDLE`).
    pub(in crate::connector::email) fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Takes it that the server cannot do this after all.
    pub(super) fn forget(&mut self, capability: &str) {
        self.capabilities.remove(capability);
    }

    async fn ask_capabilities(&mut self) -> Result<(), Trouble> {
        let mut found = HashSet::new();
        self.command("CAPABILITY", "CAPABILITY", COMMAND_LIMIT, SMALL, |response| {
            if let Response::Capabilities(list) = response {
                found.extend(list.iter().map(|capability| match capability {
                    Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
                    Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
                    Capability::Atom(name) => name.to_ascii_uppercase(),
                }));
            }
        })
        .await?;
        self.capabilities = found;
        Ok(())
    }

    /// Runs a command; `each` sees every untagged answer. `name` is all that is logged of it.
    ///
    /// # Errors
    /// [`Trouble::Refused`] on NO and BAD, after which the connection is good for more.
    pub(super) async fn command(
        &mut self,
        name: &'static str,
        line: &str,
        limit: Duration,
        allowed: usize,
        each: impl FnMut(&Response<'_>),
    ) -> Result<(), Trouble> {
        let run = async {
            let tag = self.send(name, line, allowed).await?;
            self.finish(&tag, each).await
        };
        let end = match timeout(limit, run).await {
            Ok(end) => end?,
            Err(_) => {
                return Err(Trouble::Network(format!("{} did not answer {name} in {} s", self.place, limit.as_secs())));
            }
        };
        match end {
            End::Ok(_) => Ok(()),
            End::No(said) => Err(Trouble::Refused(format!("{} refuses {name}: {said}", self.place))),
        }
    }

    /// Starts a command and gives its tag.
    pub(super) async fn send(&mut self, name: &'static str, line: &str, allowed: usize) -> Result<String, Trouble> {
        if self.idling.is_some() {
            self.end_idle().await?;
        }
        if self.busy {
            return Err(Trouble::Network(format!("an earlier command to {} was broken off", self.place)));
        }
        self.busy = true;
        self.tags = self.tags.wrapping_add(1);
        let tag = format!("W{}", self.tags);
        tracing::trace!(place = %self.place, command = name, "imap");
        self.client.get_mut().allow(allowed);
        self.write(format!("{tag} {line}\r\n").as_bytes()).await?;
        Ok(tag)
    }

    /// Reads to the tagged end.
    pub(super) async fn finish(&mut self, tag: &str, mut each: impl FnMut(&Response<'_>)) -> Result<End, Trouble> {
        loop {
            let done = self
                .read(|answer| match answer {
                    Response::Done { tag: done, status, outcome } if done.0 == tag => Some(end(status, outcome)),
                    other => {
                        each(other);
                        None
                    }
                })
                .await?;
            if let Some(end) = done {
                self.busy = false;
                return Ok(end);
            }
        }
    }

    /// One answer within a command that has questions of its own.
    pub(super) async fn turn(&mut self, tag: &str) -> Result<Turn, Trouble> {
        let turn = self
            .read(|answer| match answer {
                Response::Continue(_) => Turn::Go,
                Response::Done { tag: done, status, outcome } if done.0 == tag => Turn::End(end(status, outcome)),
                _ => Turn::Other,
            })
            .await?;
        if matches!(turn, Turn::End(_)) {
            self.busy = false;
        }
        Ok(turn)
    }

    /// One answer; notes what changes in the selected folder.
    pub(super) async fn read<R>(&mut self, look: impl FnOnce(&Response<'_>) -> R) -> Result<R, Trouble> {
        // imap-proto 0.17 cuts a status text after one byte, which panics on a character of several.
        let read = AssertUnwindSafe(self.client.read_response()).catch_unwind().await;
        let answer = match read {
            Ok(Ok(Some(answer))) => answer,
            Ok(Ok(None)) => return Err(Trouble::Network(format!("{} closed the connection", self.place))),
            Ok(Err(error)) => return Err(self.broken(&error)),
            Err(_) => return Err(Trouble::Answer(format!("the answer of {} cannot be understood", self.place))),
        };
        match answer.parsed() {
            Response::MailboxData(MailboxDatum::Exists(count)) => self.exists = *count,
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            Response::Data { status: Status::Bye, outcome } => {
                return Err(Trouble::Network(format!("{} says good-bye: {}", self.place, said(outcome))));
            }
            _ => {}
        }
        Ok(look(answer.parsed()))
    }

    /// The parser puts what it could not read into its error: that is mail, and stays out of ours.
    fn broken(&self, error: &io::Error) -> Trouble {
        let inner = error.get_ref();
        if inner.is_some_and(|inner| inner.is::<TooMuch>()) {
            return Trouble::Answer(format!("the answer of {} is larger than it may be", self.place));
        }
        if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<Refused>()) {
            return Trouble::Answer(format!("the answer of {} cannot be understood: {refused}", self.place));
        }
        if error.kind() == io::ErrorKind::Other {
            return Trouble::Answer(format!("the answer of {} cannot be understood", self.place));
        }
        Trouble::Network(format!("the connection to {} broke: {}", self.place, error.kind()))
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let wire = self.client.get_mut();
        let written = async {
            wire.write_all(bytes).await?;
            wire.flush().await
        };
        let written = written.await;
        written.map_err(|error| self.broken(&error))
    }

    /// Says good-bye, briefly.
    pub(in crate::connector::email) async fn close(mut self) {
        // What is said after good-bye interests nobody.
        let _ = self.command("LOGOUT", "LOGOUT", Duration::from_secs(2), SMALL, |_| ()).await;
    }
}

fn end(status: &Status, outcome: &Outcome<'_>) -> End {
    let said = said(outcome);
    match status {
        Status::Ok => End::Ok(said),
        _ if said.is_empty() => End::No("without a reason".to_owned()),
        _ => End::No(said),
    }
}

fn said(outcome: &Outcome<'_>) -> String {
    words(outcome.information.as_deref().unwrap_or_default())
}

/// RFC 5530: a refusal that does not mean the password is wrong.
fn passing(said: &str) -> bool {
    ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]"].iter().any(|code| said.contains(code))
}

/// A quoted string. Line ends and NUL cannot be in one: whoever calls has made sure, and they are left out to be safe.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
