//! Mail out over SMTP (RFC 5321, submission RFC 6409): everything up to the recipients first, then the content.

use super::imap::SentFolder;
use super::net::{Protocol, Wire, dial};
use super::settings::{Append, Login, Server, SmtpSettings};
use super::trouble::{Trouble, words};
use crate::connector::{ConnectorError, Receipt, Sink};
use crate::model::{Outgoing, OutgoingId};
use futures::future::BoxFuture;
use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// For one command before the content. Servers may look at a recipient for a while.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);
/// For tidying up, where the answer hardly matters.
const BRIEF: Duration = Duration::from_secs(5);
/// Handed over to lettre at a time; none may take longer than the configured time.
const PIECE: usize = 64 * 1024;
/// What a server may say over one connection.
const MOST_REPLIES: usize = 8 * 1024 * 1024;
/// Messages over one connection, well within [`MOST_REPLIES`].
const MOST_MESSAGES: u32 = 100;

/// Sends for one account.
pub(super) struct SmtpSink {
    settings: Arc<SmtpSettings>,
    address: String,
    sent: Option<SentFolder>,
    connection: Option<Connection>,
    /// The outgoing whose sender and recipients the server has accepted.
    offered: Option<OutgoingId>,
}

/// An open, authenticated connection.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    place: String,
    /// What the server can do, upper case: `SIZE 1000`.
    offers: Vec<String>,
    delivered: u32,
}

/// lettre 0.11 has no RSET among its commands.
struct Rset;

impl fmt::Display for Rset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RSET\r\n")
    }
}

/// How a command that came before the content failed.
enum Refusal {
    /// The server's answer, with its words, and whether it is for good.
    Answer { said: String, permanent: bool },
    /// No answer, or none that can be understood.
    Lost(String),
}

impl Connection {
    /// Reaches the server, greets and logs in.
    pub(super) async fn open(server: &Server) -> Result<Connection, Trouble> {
        let wire = dial(server, Protocol::Smtp).await?;
        let mut connection = Connection::greet(server, wire).await?;
        connection.login(server).await?;
        Ok(connection)
    }

    /// Greeting and EHLO.
    pub(super) async fn greet(server: &Server, mut wire: Wire) -> Result<Connection, Trouble> {
        let place = server.place();
        wire.allow(MOST_REPLIES);
        if wire.greeted {
            // lettre wants a greeting; the real one was taken before STARTTLS.
            wire.read_first(b"220 ready\r\n");
        }
        let greet = async {
            let mut smtp = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &ClientId::default()).await?;
            // Asked once more, because lettre keeps no SIZE.
            let offers = smtp.command(Ehlo::new(ClientId::default())).await?;
            Ok::<_, SmtpError>((smtp, offers))
        };
        let (smtp, offers) = timeout(COMMAND_LIMIT, greet)
            .await
            .map_err(|_| Trouble::Network(format!("{place} does not greet: is this an SMTP port?")))?
            .map_err(|error| match refusal(&error) {
                Refusal::Answer { said, .. } => Trouble::Network(format!("{place} is not available: {said}")),
                Refusal::Lost(why) => Trouble::Network(format!("{place} broke off at the greeting: {why}")),
            })?;
        let offers = offers.message().skip(1).map(|line| line.trim().to_ascii_uppercase()).collect();
        Ok(Connection { smtp, place, offers, delivered: 0 })
    }

    /// Logs in, when the account has a user.
    pub(super) async fn login(&mut self, server: &Server) -> Result<(), Trouble> {
        let Some(Login { user, secret, token }) = &server.login else { return Ok(()) };
        let secret = secret.resolve().await?;
        let place = &self.place;
        if !self.offers.iter().any(|offer| offer.starts_with("AUTH ")) {
            return Err(Trouble::Setup(format!(
                "{place} takes no login on this connection; is the port right, or does it want security = \"starttls\"?"
            )));
        }
        let mechanisms: &[Mechanism] =
            if *token { &[Mechanism::Xoauth2] } else { &[Mechanism::Plain, Mechanism::Login] };
        let credentials = Credentials::new(user.clone(), secret.expose().to_owned());
        let what = if *token { "token" } else { "password (some providers want an app password)" };
        let done = timeout(COMMAND_LIMIT, self.smtp.auth(mechanisms, &credentials)).await;
        match done.map_err(|_| Trouble::Network(format!("{place} does not answer to the login")))? {
            Ok(_) => Ok(()),
            Err(error) if error.is_client() => Err(Trouble::Setup(format!(
                "{place} does not accept this kind of login; it offers: {}",
                words(&self.offers.join(", "))
            ))),
            Err(error) => Err(match refusal(&error) {
                Refusal::Answer { said, permanent: true } => {
                    Trouble::Setup(format!("{place} refuses the login of \"{user}\": {said}. Check user and {what}"))
                }
                Refusal::Answer { said, .. } => Trouble::Network(format!("{place} cannot log anybody in now: {said}")),
                Refusal::Lost(why) => Trouble::Network(format!("{place} broke off at the login: {why}")),
            }),
        }
    }

    fn can(&self, what: &str) -> bool {
        self.offers.iter().any(|offer| offer.split(' ').next() == Some(what))
    }

    /// The largest message it takes (RFC 1870); `None` without a limit.
    fn largest(&self) -> Option<u64> {
        let size = self.offers.iter().find_map(|offer| offer.strip_prefix("SIZE "))?;
        size.trim().parse().ok().filter(|size| *size > 0)
    }

    async fn say(&mut self, command: impl fmt::Display) -> Result<Response, Refusal> {
        match timeout(COMMAND_LIMIT, self.smtp.command(command)).await {
            Ok(answer) => answer.map_err(|error| refusal(&error)),
            Err(_) => Err(Refusal::Lost("no answer".to_owned())),
        }
    }

    /// True when a connection kept from before still works.
    async fn alive(&mut self) -> bool {
        self.delivered < MOST_MESSAGES && matches!(timeout(BRIEF, self.smtp.command(Noop)).await, Ok(Ok(_)))
    }

    /// Says good-bye, briefly.
    pub(super) async fn close(mut self) {
        // What is said after good-bye interests nobody.
        let _ = timeout(Duration::from_secs(2), self.smtp.quit()).await;
    }
}

fn refusal(error: &SmtpError) -> Refusal {
    let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => Refusal::Answer {
            said: words(&format!("{code} {why}")),
            permanent: code.severity == Severity::PermanentNegativeCompletion,
        },
        // What lettre cannot read may contain anything; only the class is told.
        None if error.is_response() => Refusal::Lost("an answer that cannot be understood, or none".to_owned()),
        None => Refusal::Lost(words(&why)),
    }
}

fn before_content(place: &str, at: &str, refusal: Refusal) -> ConnectorError {
    match refusal {
        Refusal::Answer { said, permanent: true } => {
            ConnectorError::Reject { reason: format!("{place} refuses {at}: {said}") }
        }
        Refusal::Answer { said, .. } => {
            ConnectorError::Retry { reason: format!("{place} cannot take {at} now: {said}") }
        }
        Refusal::Lost(why) => {
            ConnectorError::Retry { reason: format!("the connection to {place} broke at {at}: {why}") }
        }
    }
}

fn reject(reason: impl Into<String>) -> ConnectorError {
    ConnectorError::Reject { reason: reason.into() }
}

impl SmtpSink {
    /// A sink that is not connected yet. `address` is the envelope's sender.
    pub(super) fn new(settings: Arc<SmtpSettings>, address: String, sent: Option<SentFolder>) -> SmtpSink {
        SmtpSink { settings, address, sent, connection: None, offered: None }
    }

    async fn connect(&mut self) -> Result<Connection, Trouble> {
        if let Some(mut connection) = self.connection.take() {
            if connection.alive().await {
                return Ok(connection);
            }
            connection.close().await;
        }
        Connection::open(&self.settings.server).await
    }

    async fn name_recipients(&mut self, outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.offered = None;
        let sender = address(&self.address)?;
        let recipients = recipients(outgoing)?;
        // Taken out while in use: a call that fails or is dropped leaves no half-spoken connection behind.
        let mut connection = self.connect().await?;
        let place = connection.place.clone();
        let mut parameters = Vec::new();
        if connection.can("8BITMIME") {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if let Some(foreign) =
            recipients.iter().chain([&sender]).find(|address| !AsRef::<str>::as_ref(*address).is_ascii())
        {
            if !connection.can("SMTPUTF8") {
                return Err(reject(format!("{place} cannot send to or from {foreign}: it knows ASCII addresses only")));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let named: Result<(), ConnectorError> = async {
            let at = format!("the sender {sender}");
            connection
                .say(Mail::new(Some(sender), parameters))
                .await
                .map_err(|why| before_content(&place, &at, why))?;
            for recipient in recipients {
                let at = format!("the recipient {recipient}");
                let said = connection.say(Rcpt::new(recipient, Vec::new())).await;
                said.map_err(|why| before_content(&place, &at, why))?;
            }
            Ok(())
        }
        .await;
        if named.is_err() {
            // All or nobody: recipients the server did accept are forgotten.
            if matches!(timeout(BRIEF, connection.smtp.command(Rset)).await, Ok(Ok(_))) {
                self.connection = Some(connection);
            }
            return named;
        }
        self.connection = Some(connection);
        self.offered = Some(outgoing.id);
        Ok(())
    }

    async fn hand_over(&mut self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        if self.offered.take() != Some(outgoing.id) {
            return Err(ConnectorError::Retry {
                reason: "the recipients were not named to the server before".to_owned(),
            });
        }
        let Some(mut connection) = self.connection.take() else {
            return Err(ConnectorError::Retry { reason: "the connection was lost before the content".to_owned() });
        };
        check_content(&connection, original)?;
        let place = connection.place.clone();
        let go_on = connection.say(Data).await.map_err(|why| before_content(&place, "the message", why))?;
        if !go_on.has_code(354) {
            return Err(ConnectorError::Retry { reason: format!("{place} does not want the content") });
        }
        // lettre ends the content with a line end of its own.
        let content = original.strip_suffix(b"\r\n").unwrap_or(original);
        let taken = Arc::new(Taken::default());
        let limit = self.settings.timeout;
        let pieces = Pieces { rest: content, taken: Arc::clone(&taken) };
        let answer = in_time(limit, &taken, connection.smtp.message_iter(pieces)).await;
        let lost = |why: String| {
            // Until the last piece was written the final dot was not, and a server forgets what has no end.
            if taken.all.load(Ordering::SeqCst) {
                ConnectorError::Unknown {
                    reason: format!("{place} was given the whole message but did not say whether it took it ({why})"),
                }
            } else {
                ConnectorError::Retry { reason: format!("the connection to {place} broke within the content: {why}") }
            }
        };
        match answer {
            Some(Ok(response)) => {
                connection.delivered += 1;
                self.connection = Some(connection);
                Ok(self.receipt(&response))
            }
            Some(Err(error)) => Err(match refusal(&error) {
                Refusal::Lost(why) => lost(why),
                answered => before_content(&place, "the message", answered),
            }),
            None => Err(lost(format!("nothing happened for {} s", limit.as_secs()))),
        }
    }

    fn receipt(&self, response: &Response) -> Receipt {
        let lines: Vec<&str> = response.message().collect();
        Receipt {
            said: words(&format!("{} {}", response.code(), lines.join(" "))),
            to_file: self.sent.is_some() && self.settings.append != Append::Never,
        }
    }
}

/// How much of the content was taken to be written.
#[derive(Default)]
struct Taken {
    pieces: AtomicU64,
    /// All pieces were: the final dot is written next, or was.
    all: AtomicBool,
}

/// The content in pieces.
struct Pieces<'a> {
    rest: &'a [u8],
    taken: Arc<Taken>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.taken.pieces.fetch_add(1, Ordering::SeqCst);
        if self.rest.is_empty() {
            self.taken.all.store(true, Ordering::SeqCst);
            return None;
        }
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE));
        self.rest = rest;
        Some(piece)
    }
}

/// Waits for the answer; `None` when for `limit` neither a piece was taken nor the answer came.
async fn in_time<T>(limit: Duration, taken: &Taken, sending: impl Future<Output = T>) -> Option<T> {
    let mut sending = std::pin::pin!(sending);
    let mut before = 0;
    loop {
        match timeout(limit, &mut sending).await {
            Ok(done) => return Some(done),
            Err(_) => {
                let now = taken.pieces.load(Ordering::SeqCst);
                if now == before {
                    return None;
                }
                before = now;
            }
        }
    }
}

/// What can be known to fail before a byte of content leaves.
fn check_content(connection: &Connection, original: &[u8]) -> Result<(), ConnectorError> {
    let place = &connection.place;
    if let Some(largest) = connection.largest()
        && original.len() as u64 > largest
    {
        return Err(reject(format!(
            "the message has {} kB and {place} takes {} kB at most; send fewer or smaller attachments",
            original.len() / 1024,
            largest / 1024
        )));
    }
    if !original.is_ascii() && !connection.can("8BITMIME") {
        return Err(reject(format!("{place} takes 7-bit messages only, and this one has 8-bit text")));
    }
    // A lone CR or LF is how a second message is smuggled into a first (SMTP smuggling, 2023).
    let mut before = 0;
    for (at, byte) in original.iter().enumerate() {
        let lone = match byte {
            b'\n' => before != b'\r',
            b'\r' => original.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        if lone {
            return Err(reject(format!("the message has a lone line end at byte {at}, which cannot be sent safely")));
        }
        before = *byte;
    }
    Ok(())
}

fn address(text: &str) -> Result<Address, ConnectorError> {
    text.trim().parse().map_err(|_| reject(format!("\"{}\" is not an e-mail address", words(text))))
}

/// Each recipient once, in order.
fn recipients(outgoing: &Outgoing) -> Result<Vec<Address>, ConnectorError> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for party in outgoing.to.iter().chain(&outgoing.cc) {
        let address = address(&party.address)?;
        if seen.insert(address.to_string().to_lowercase()) {
            found.push(address);
        }
    }
    if found.is_empty() { Err(reject("the message has no recipient")) } else { Ok(found) }
}

impl Sink for SmtpSink {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(self.name_recipients(outgoing))
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.hand_over(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, remote_id: &'a str) -> BoxFuture<'a, Result<Option<bool>, ConnectorError>> {
        Box::pin(async move {
            match &mut self.sent {
                Some(sent) => sent.find(remote_id).await.map_err(ConnectorError::from),
                None => Ok(None),
            }
        })
    }

    fn file_sent<'a>(
        &'a mut self,
        remote_id: &'a str,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            match (&mut self.sent, self.settings.append) {
                (None, _) | (_, Append::Never) => Ok(()),
                (Some(sent), append) => {
                    sent.file(remote_id, original, append == Append::Auto).await.map_err(ConnectorError::from)
                }
            }
        })
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.offered = None;
            if let Some(connection) = self.connection.take() {
                connection.close().await;
            }
            if let Some(sent) = &mut self.sent {
                sent.close().await;
            }
        })
    }
}
