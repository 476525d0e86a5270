//! What can go wrong with a mail server, in plain words, and which class of trouble it is for the worker.

use super::settings::{Security, Server};
use crate::connector::{ConnectorError, SecretError};
use crate::model::clean_line;
use std::io;

/// How much of a server's own words is repeated.
const MOST_WORDS: usize = 300;

/// Trouble with a server. The texts are cleaned and contain no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The network, or a server that is not well: may pass.
    #[error("{0}")]
    Network(String),
    /// The server said no to a command: may pass.
    #[error("{0}")]
    Refused(String),
    /// The server's answer was too large or could not be understood.
    #[error("{0}")]
    Answer(String),
    /// A person must change the configuration.
    #[error("{0}")]
    Setup(String),
}

impl From<Trouble> for ConnectorError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Network(reason) | Trouble::Refused(reason) | Trouble::Answer(reason) => {
                ConnectorError::Retry { reason }
            }
            Trouble::Setup(reason) => ConnectorError::Reconnect { reason },
        }
    }
}

impl From<SecretError> for Trouble {
    fn from(error: SecretError) -> Self {
        Trouble::Setup(error.to_string())
    }
}

/// A server's own words: one cleaned line of bounded length.
pub(super) fn words(text: &str) -> String {
    let text = clean_line(text);
    let mut words: String = text.trim().chars().take(MOST_WORDS).collect();
    if text.trim().chars().nth(MOST_WORDS).is_some() {
        words.push('…');
    }
    words
}

/// Trouble while reaching a server.
pub(super) fn reaching(server: &Server, error: &io::Error) -> Trouble {
    let place = server.place();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Trouble::Network(format!("{place} refuses connections: is the port right, and is the server running?"))
        }
        io::ErrorKind::TimedOut => {
            Trouble::Network(format!("{place} does not answer: is the port right, or does a firewall block it?"))
        }
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            Trouble::Network(format!("{place} cannot be reached: is this machine online?"))
        }
        _ => Trouble::Network(format!("cannot reach {place}: {error}")),
    }
}

/// Trouble while agreeing on TLS: a certificate that is not trusted is for a person, anything else may pass.
pub(super) fn securing(server: &Server, error: &io::Error) -> Trouble {
    use rustls::CertificateError as C;
    let place = server.place();
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return Trouble::Network(format!(
            "{place} broke off while agreeing on TLS ({error}){}",
            other_security(server)
        ));
    };
    match inner {
        rustls::Error::InvalidCertificate(why) => Trouble::Setup(match why {
            // A self-signed certificate is told so by its place in the chain.
            C::UnknownIssuer | C::Other(_) => format!(
                "the certificate of {place} is not trusted: no known authority signed it. If it is your own server's, \
                 name its authority's certificate with ca_file = \"…\""
            ),
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                format!("the certificate of {place} is for another name: {why}. Write as host the name that is in it")
            }
            C::Expired | C::ExpiredContext { .. } => {
                format!("the certificate of {place} has expired ({why}); the server's owner must renew it")
            }
            C::NotValidYet | C::NotValidYetContext { .. } => {
                format!("the certificate of {place} is not valid yet ({why}): is this machine's clock right?")
            }
            other => format!("the certificate of {place} cannot be accepted: {other}"),
        }),
        rustls::Error::InvalidMessage(_) => {
            Trouble::Setup(format!("{place} does not speak TLS here{}", other_security(server)))
        }
        other => Trouble::Network(format!("{place} and this program could not agree on TLS: {other}")),
    }
}

/// What else to try when TLS fails from the first byte.
fn other_security(server: &Server) -> &'static str {
    match server.security {
        Security::Tls => ": perhaps this port wants security = \"starttls\"",
        Security::Starttls | Security::None => "",
    }
}
