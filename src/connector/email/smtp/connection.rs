//! One SMTP connection: greeting, TLS, login, commands with a time limit.

use crate::connector::ConnectorError;
use crate::connector::email::net::{Protocol, dial};
use crate::connector::email::settings::{Login, Server};
use crate::connector::email::trouble::{Trouble, words};
use crate::connector::email::wire::Wire;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Ehlo, Noop};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// For one command before the content. Servers may look at a recipient for a while.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);
/// For tidying up, where the answer hardly matters.
const BRIEF: Duration = Duration::from_secs(5);
/// What a server may say over one connection.
const MOST_REPLIES: usize = 8 * 1024 * 1024;
/// Messages over one connection, well within [`MOST_REPLIES`].
const MOST_MESSAGES: u32 = 100;

/// An open, authenticated connection.
pub(in crate::connector::email) struct Connection {
    pub(super) smtp: AsyncSmtpConnection,
    pub(super) place: String,
    /// What the server can do, upper case: `SIZE 1000`.
    offers: Vec<String>,
    pub(super) delivered: u32,
}

/// lettre 0.11 has no RSET among its commands.
struct Rset;

impl fmt::Display for Rset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RSET\r\n")
    }
}

/// How a command that came before the content failed.
pub(super) enum Refusal {
    /// The server's answer, with its words, and whether it is for good.
    Answer { said: String, permanent: bool },
    /// No answer, or none that can be understood.
    Lost(String),
}

impl Connection {
    /// Reaches the server, greets and logs in.
    pub(in crate::connector::email) async fn open(server: &Server) -> Result<Connection, Trouble> {
        let wire = dial(server, Protocol::Smtp).await?;
        let mut connection = Connection::greet(server, wire).await?;
        connection.login(server).await?;
        Ok(connection)
    }

    /// Greeting and EHLO.
    pub(in crate::connector::email) async fn greet(server: &Server, mut wire: Wire) -> Result<Connection, Trouble> {
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
    pub(in crate::connector::email) async fn login(&mut self, server: &Server) -> Result<(), Trouble> {
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
            // lettre does not understand the question by which a server refuses a token.
            Err(error) if error.is_client() && *token && self.offers.iter().any(|offer| offer.contains("XOAUTH2")) => {
                Err(Trouble::Setup(format!("{place} refuses the login of \"{user}\". Check user and {what}")))
            }
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

    pub(super) fn can(&self, what: &str) -> bool {
        self.offers.iter().any(|offer| offer.split(' ').next() == Some(what))
    }

    /// The largest message it takes (RFC 1870); `None` without a limit.
    pub(super) fn largest(&self) -> Option<u64> {
        let size = self.offers.iter().find_map(|offer| offer.strip_prefix("SIZE "))?;
        size.trim().parse().ok().filter(|size| *size > 0)
    }

    pub(super) async fn say(&mut self, command: impl fmt::Display) -> Result<Response, Refusal> {
        match timeout(COMMAND_LIMIT, self.smtp.command(command)).await {
            Ok(answer) => answer.map_err(|error| refusal(&error)),
            Err(_) => Err(Refusal::Lost("no answer".to_owned())),
        }
    }

    /// Forgets sender and recipients; false when the connection is of no further use.
    pub(super) async fn reset(&mut self) -> bool {
        matches!(timeout(BRIEF, self.smtp.command(Rset)).await, Ok(Ok(_)))
    }

    /// True when a connection kept from before still works.
    pub(super) async fn alive(&mut self) -> bool {
        self.delivered < MOST_MESSAGES && matches!(timeout(BRIEF, self.smtp.command(Noop)).await, Ok(Ok(_)))
    }

    /// Says good-bye, briefly.
    pub(in crate::connector::email) async fn close(mut self) {
        // What is said after good-bye interests nobody.
        let _ = timeout(Duration::from_secs(2), self.smtp.quit()).await;
    }
}

/// What lettre's error is of.
pub(super) fn refusal(error: &SmtpError) -> Refusal {
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

/// The class of a failure before the content was complete.
pub(super) fn before_content(place: &str, at: &str, refusal: Refusal) -> ConnectorError {
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
