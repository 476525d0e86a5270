//! Reaching a mail server: name, TCP, TLS or STARTTLS, each within a time limit.

use super::settings::{Security, Server};
use super::trouble::{Trouble, reaching, securing, words};
use super::trust::Trust;
use super::wire::Wire;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For finding the addresses of a name.
const NAME_LIMIT: Duration = Duration::from_secs(10);
/// For one address to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// For greeting and STARTTLS, and for agreeing on TLS.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(20);
/// Longest line before the upgrade, and how many of them.
const MOST_LINE: usize = 4096;
const MOST_LINES: usize = 100;

/// Which words are spoken before STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// RFC 3501 6.2.1.
    Imap,
    /// RFC 3207.
    Smtp,
}

/// Reaches the server and protects the connection as configured.
///
/// # Errors
/// In plain words; a certificate that is not trusted and a missing STARTTLS are for a person.
pub(super) async fn dial(server: &Server, protocol: Protocol) -> Result<Wire, Trouble> {
    let tcp = connect(server).await?;
    secure(server, protocol, tcp).await
}

/// Finds the name and connects to the first of its addresses that accepts.
pub(super) async fn connect(server: &Server) -> Result<TcpStream, Trouble> {
    let no_name = |why: String| {
        Trouble::Network(format!(
            "the name {} cannot be found ({why}): is it spelt right, and is this machine online?",
            server.host
        ))
    };
    let found = timeout(NAME_LIMIT, tokio::net::lookup_host((server.host.as_str(), server.port))).await;
    let addresses = found.map_err(|_| no_name("no answer".to_owned()))?.map_err(|error| no_name(error.to_string()))?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses.take(8) {
        match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Commands are small; waiting to fill packets only costs time. Not all systems know it: no matter.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::from(io::ErrorKind::TimedOut),
        }
    }
    Err(reaching(server, &last))
}

/// Protects a fresh connection as configured.
pub(super) async fn secure(server: &Server, protocol: Protocol, mut tcp: TcpStream) -> Result<Wire, Trouble> {
    let peer = tcp.peer_addr().map_err(|error| reaching(server, &error))?;
    let wire = |inner, greeted| Wire::new(inner, peer, protocol, greeted);
    match server.security {
        Security::None => Ok(wire(Box::new(tcp), false)),
        Security::Tls => Ok(wire(Box::new(agree(server, tcp).await?), false)),
        Security::Starttls => {
            timeout(HANDSHAKE_LIMIT, ask_upgrade(server, protocol, &mut tcp))
                .await
                .map_err(|_| Trouble::Network(format!("{} did not answer before STARTTLS", server.place())))??;
            Ok(wire(Box::new(agree(server, tcp).await?), true))
        }
    }
}

async fn agree(server: &Server, tcp: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Trouble> {
    let name = ServerName::try_from(server.host.clone())
        .map_err(|_| Trouble::Setup(format!("host = \"{}\" is not a name a certificate can have", server.host)))?;
    let ca_file = server.ca_file.clone();
    // The system's certificates are many files on some systems.
    let config = tokio::task::spawn_blocking(move || tls_config(ca_file))
        .await
        .map_err(|_| Trouble::Network("reading the system's certificates failed".to_owned()))??;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    match timeout(HANDSHAKE_LIMIT, connector.connect(name, tcp)).await {
        Ok(Ok(tls)) => Ok(tls),
        Ok(Err(error)) => Err(securing(server, &error)),
        Err(_) => Err(securing(server, &io::Error::from(io::ErrorKind::TimedOut))),
    }
}

fn tls_config(ca_file: Option<PathBuf>) -> Result<ClientConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    let mut named = Vec::new();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let shown = path.display();
        let pem =
            std::fs::read(&path).map_err(|error| Trouble::Setup(format!("ca_file {shown} cannot be read: {error}")))?;
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate =
                certificate.map_err(|error| Trouble::Setup(format!("ca_file {shown} is not PEM: {error}")))?;
            named.push(certificate.clone());
            roots.add(certificate).map_err(|error| {
                Trouble::Setup(format!("ca_file {shown} has a certificate that cannot be used: {error}"))
            })?;
            found += 1;
        }
        if found == 0 {
            return Err(Trouble::Setup(format!("ca_file {shown} has no certificate in it (PEM is wanted)")));
        }
    }
    if roots.is_empty() {
        return Err(Trouble::Setup(
            "this system has no trusted certificates; install ca-certificates or name a ca_file".to_owned(),
        ));
    }
    let authorities = WebPkiServerVerifier::builder(Arc::new(roots))
        .build()
        .map_err(|error| Trouble::Setup(format!("the trusted certificates cannot be used: {error}")))?;
    let trust = Arc::new(Trust::new(authorities, named));
    Ok(ClientConfig::builder().dangerous().with_custom_certificate_verifier(trust).with_no_client_auth())
}

/// Takes the greeting and asks for the upgrade. Lines are read byte by byte and never past their end, so whatever a
/// man in the middle put behind the last one meets the TLS handshake and breaks it, instead of being taken for the
/// server's protected words (the "NO STARTTLS" attacks, USENIX Security 2021).
async fn ask_upgrade(server: &Server, protocol: Protocol, tcp: &mut TcpStream) -> Result<(), Trouble> {
    let place = server.place();
    let missing = |said: &str| {
        Trouble::Setup(format!(
            "{place} does not offer STARTTLS ({}); use security = \"tls\" with its port, and do not go on unprotected",
            words(said)
        ))
    };
    match protocol {
        Protocol::Imap => {
            let greeting = line(server, tcp).await?;
            let upper = greeting.to_ascii_uppercase();
            if upper.starts_with("* PREAUTH") {
                return Err(Trouble::Setup(format!(
                    "{place} says somebody is logged in already, before STARTTLS: that connection cannot be trusted"
                )));
            }
            if !upper.starts_with("* OK") {
                return Err(Trouble::Network(format!("{place} greets with: {}", words(&greeting))));
            }
            say(server, tcp, b"S1 STARTTLS\r\n").await?;
            for _ in 0..MOST_LINES {
                let answer = line(server, tcp).await?;
                match answer.strip_prefix("S1 ") {
                    Some(end) if end.to_ascii_uppercase().starts_with("OK") => return Ok(()),
                    Some(end) => return Err(missing(end)),
                    None => {}
                }
            }
        }
        Protocol::Smtp => {
            let greeting = reply(server, tcp).await?;
            if !greeting.starts_with("220") {
                return Err(Trouble::Network(format!("{place} greets with: {}", words(&greeting))));
            }
            say(server, tcp, b"EHLO [127.0.0.1]\r\n").await?;
            let offers = reply(server, tcp).await?;
            if !offers
                .lines()
                .any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")))
            {
                return Err(missing("not among what it can do"));
            }
            say(server, tcp, b"STARTTLS\r\n").await?;
            let answer = reply(server, tcp).await?;
            return if answer.starts_with("220") { Ok(()) } else { Err(missing(&answer)) };
        }
    }
    Err(Trouble::Network(format!("{place} talks without end before STARTTLS")))
}

/// One SMTP reply with all its lines (RFC 5321 4.2.1).
async fn reply(server: &Server, tcp: &mut TcpStream) -> Result<String, Trouble> {
    let mut all = String::new();
    for _ in 0..MOST_LINES {
        let line = line(server, tcp).await?;
        let last = line.as_bytes().get(3) != Some(&b'-');
        all.push_str(&line);
        if last {
            return Ok(all);
        }
        all.push('\n');
    }
    Err(Trouble::Network(format!("{} talks without end before STARTTLS", server.place())))
}

async fn line(server: &Server, tcp: &mut TcpStream) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    loop {
        let byte = tcp.read_u8().await.map_err(|error| reaching(server, &error))?;
        if byte == b'\n' {
            return Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned());
        }
        bytes.push(byte);
        if bytes.len() > MOST_LINE {
            return Err(Trouble::Network(format!("{} sends a line without end", server.place())));
        }
    }
}

async fn say(server: &Server, tcp: &mut TcpStream, bytes: &[u8]) -> Result<(), Trouble> {
    tcp.write_all(bytes).await.map_err(|error| reaching(server, &error))
}
