//! One connection to the server: TCP, TLS, SASL, resource, and requests with their answers, each within a time limit.

use super::settings::{Security, XmppSettings};
use super::xml::escape;
use crate::connector::ConnectorError;
use crate::model::clean_line;
use futures::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sasl::common::{ChannelBinding, Credentials};
use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, BufStream};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_xmpp::connect::DnsConfig;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::iq::Iq;
use tokio_xmpp::parsers::message::Message;
use tokio_xmpp::parsers::stanza_error::{DefinedCondition, ErrorType, StanzaError};
use tokio_xmpp::parsers::starttls::{Nonza, Request};
use tokio_xmpp::parsers::stream_features::StreamFeatures;
use tokio_xmpp::xmlstream::{
    FallibleStreamElement, ReadError, StreamHeader, Timeouts, XmppStream, XmppStreamElement, initiate_stream,
};
use tokio_xmpp::{Stanza, client_login};

/// For reaching the server and agreeing on TLS and a login.
const LIMIT: Duration = Duration::from_secs(30);
/// For the answer to one request.
const ANSWER: Duration = Duration::from_secs(60);
/// Silence after which the server is asked whether it is there, and after which it is not.
const TIMEOUTS: Timeouts =
    Timeouts { read_timeout: Duration::from_secs(60), response_timeout: Duration::from_secs(30) };
/// Messages that came while an answer was waited for.
const MOST_ASIDE: usize = 1_000;

/// A stream of bytes.
trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}
type Stream = XmppStream<BufStream<Box<dyn Bytes>>>;

/// A connection that is logged in.
pub(super) struct Wire {
    stream: Stream,
    number: u64,
    /// Messages that came meanwhile.
    aside: VecDeque<Element>,
}

/// Why a request brought nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server said no.
    Said(Box<StanzaError>),
    /// The connection broke.
    Lost(String),
}

impl Refusal {
    /// What it means for a request that may be made again.
    pub fn reading(self) -> ConnectorError {
        match self {
            Refusal::Said(error) => trouble(&error),
            Refusal::Lost(reason) => ConnectorError::Retry { reason },
        }
    }
}

/// What a stanza error means (RFC 6120, 8.3.2: its type says whether to try again).
pub(super) fn trouble(error: &StanzaError) -> ConnectorError {
    let words = error.texts.values().next().map(|text| clean_line(&text.chars().take(200).collect::<String>()));
    let condition = format!("{:?}", error.defined_condition);
    let reason = match words {
        Some(words) if !words.is_empty() => format!("the server says {condition}: {words}"),
        _ => format!("the server says {condition}"),
    };
    let gone = matches!(
        error.defined_condition,
        DefinedCondition::ItemNotFound
            | DefinedCondition::Gone { .. }
            | DefinedCondition::ServiceUnavailable
            | DefinedCondition::RecipientUnavailable
            | DefinedCondition::RemoteServerNotFound
    );
    match error.type_ {
        ErrorType::Wait => ConnectorError::Retry { reason },
        ErrorType::Auth => ConnectorError::Reconnect { reason },
        ErrorType::Cancel if gone => ConnectorError::Gone { reason },
        ErrorType::Cancel | ErrorType::Modify | ErrorType::Continue => ConnectorError::Reject { reason },
    }
}

fn retry(reason: impl Into<String>) -> ConnectorError {
    ConnectorError::Retry { reason: reason.into() }
}

fn person(reason: impl Into<String>) -> ConnectorError {
    ConnectorError::Reconnect { reason: reason.into() }
}

impl Wire {
    /// Reaches the server and logs in.
    ///
    /// # Errors
    /// In plain words; a wrong password and a wrong certificate are for a person.
    pub async fn connect(settings: &XmppSettings) -> Result<Wire, ConnectorError> {
        let password = settings.password.resolve().await.map_err(|error| person(error.to_string()))?;
        let domain = settings.user.domain().as_str().to_owned();
        let late = || retry(format!("the XMPP server of {domain} did not answer within {} s", LIMIT.as_secs()));
        let (stream, binding) = timeout(LIMIT, open(settings, &domain)).await.map_err(|_| late())??;
        let (features, stream) = stream;
        let (mechanisms, binding) = mechanisms(features.sasl_mechanisms, binding, settings.security);
        if mechanisms.is_empty() {
            return Err(person("the server offers no login that is safe (SCRAM-SHA-256 or SCRAM-SHA-1)"));
        }
        let user = settings.user.node().map(|node| node.as_str().to_owned()).unwrap_or_default();
        let credentials =
            Credentials::default().with_username(user).with_password(password.expose()).with_channel_binding(binding);
        let login = async {
            let stream =
                client_login(stream, mechanisms, credentials).await.map_err(|error| refused(settings, error))?;
            let header = header(&domain);
            let stream = stream.send_header(header).await.map_err(|error| retry(error.to_string()))?;
            let (_, stream) =
                stream.recv_features::<FallibleStreamElement>().await.map_err(|error| retry(error.to_string()))?;
            let mut wire = Wire { stream, number: 0, aside: VecDeque::new() };
            let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
            wire.ask("set", bind, |_| {}).await.map_err(Refusal::reading)?;
            Ok(wire)
        };
        timeout(LIMIT, login).await.map_err(|_| late())?
    }

    /// Hands one stanza over.
    pub async fn send(&mut self, element: Element) -> Result<(), Refusal> {
        let stanza = match element.name() {
            "iq" => Iq::try_from(element).map(Stanza::from).map_err(|error| error.to_string()),
            "message" => Message::try_from(element).map(Stanza::from).map_err(|error| error.to_string()),
            _ => tokio_xmpp::parsers::presence::Presence::try_from(element)
                .map(Stanza::from)
                .map_err(|error| error.to_string()),
        };
        let stanza = stanza.map_err(Refusal::Lost)?;
        let element = XmppStreamElement::Stanza(stanza);
        self.stream.send(&element).await.map_err(|error| Refusal::Lost(format!("the connection broke: {error}")))
    }

    /// Says that we are here, and asks for copies of what our other clients send and get.
    pub async fn appear(&mut self) -> Result<(), ConnectorError> {
        let presence = super::xml::read(b"<presence xmlns='jabber:client'/>").map_err(retry)?;
        self.send(presence).await.map_err(Refusal::reading)?;
        // A server without carbons still wakes us for what is sent to us.
        match self.ask("set", "<enable xmlns='urn:xmpp:carbons:2'/>", |_| {}).await {
            Ok(_) | Err(Refusal::Said(_)) => Ok(()),
            Err(lost) => Err(lost.reading()),
        }
    }

    /// One request to our own server, and its answer. Messages that come before it are shown to `meanwhile` and kept.
    pub async fn ask(
        &mut self,
        kind: &str,
        payload: &str,
        mut meanwhile: impl FnMut(&Element),
    ) -> Result<Option<Element>, Refusal> {
        self.number += 1;
        let id = format!("sb{}", self.number);
        let iq = format!("<iq xmlns='jabber:client' type='{}' id='{id}'>{payload}</iq>", escape(kind));
        let iq = super::xml::read(iq.as_bytes()).map_err(Refusal::Lost)?;
        let end = Instant::now() + ANSWER;
        self.send(iq).await?;
        loop {
            let next = tokio::time::timeout_at(end, self.next()).await;
            match next.map_err(|_| Refusal::Lost("the server did not answer in time".to_owned()))?? {
                Stanza::Iq(Iq::Result { id: answered, payload, .. }) if answered == id => return Ok(payload),
                Stanza::Iq(Iq::Error { id: answered, error, .. }) if answered == id => {
                    return Err(Refusal::Said(Box::new(error)));
                }
                Stanza::Message(message) => {
                    let message = Element::from(message);
                    meanwhile(&message);
                    if self.aside.len() < MOST_ASIDE {
                        self.aside.push_back(message);
                    }
                }
                other => self.answer(other).await?,
            }
        }
    }

    /// The next message that comes by itself.
    pub async fn message(&mut self) -> Result<Element, Refusal> {
        loop {
            if let Some(message) = self.aside.pop_front() {
                return Ok(message);
            }
            match self.next().await? {
                Stanza::Message(message) => return Ok(Element::from(message)),
                other => self.answer(other).await?,
            }
        }
    }

    /// Forgets what came meanwhile: it is in the archive.
    pub fn forget(&mut self) {
        self.aside.clear();
    }

    /// Every request must be answered, also those we know nothing of (RFC 6120, 8.2.3).
    async fn answer(&mut self, stanza: Stanza) -> Result<(), Refusal> {
        let (from, id) = match stanza {
            Stanza::Iq(Iq::Get { from, id, .. } | Iq::Set { from, id, .. }) => (from, id),
            _ => return Ok(()),
        };
        let to = from.map(|from| format!(" to='{}'", escape(from.as_str()))).unwrap_or_default();
        let refusal = format!(
            "<iq xmlns='jabber:client' type='error' id='{}'{to}><error type='cancel'>\
             <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            escape(&id)
        );
        let refusal = super::xml::read(refusal.as_bytes()).map_err(Refusal::Lost)?;
        self.send(refusal).await
    }

    async fn next(&mut self) -> Result<Stanza, Refusal> {
        loop {
            match self.stream.next().await {
                Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::Stanza(stanza)))) => return Ok(stanza),
                Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::StreamError(error)))) => {
                    return Err(Refusal::Lost(format!(
                        "the server ends the connection: {}",
                        clean_line(&error.to_string())
                    )));
                }
                // A stanza that is none by the rules is not for us.
                Some(Ok(_) | Err(ReadError::ParseError(_))) => {}
                Some(Err(ReadError::SoftTimeout)) => {
                    let ping = "<iq xmlns='jabber:client' type='get' id='alive'><ping xmlns='urn:xmpp:ping'/></iq>";
                    let ping = super::xml::read(ping.as_bytes()).map_err(Refusal::Lost)?;
                    self.send(ping).await?;
                }
                Some(Err(ReadError::HardError(error))) => {
                    return Err(Refusal::Lost(format!("the connection broke: {error}")));
                }
                Some(Err(ReadError::StreamFooterReceived)) | None => {
                    return Err(Refusal::Lost("the server closed the connection".to_owned()));
                }
            }
        }
    }

    /// Says good-bye.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.stream.shutdown()).await;
    }
}

/// The mechanisms we let ourselves be asked for, and what ties the login to the connection. With a binding only where
/// the server knows bindings; where it says it does not, it is told that we do (RFC 5802, section 6), so that nobody in
/// the middle can talk us out of it. The password in clear only inside TLS, and only where there is nothing better.
fn mechanisms(
    offered: BTreeSet<String>,
    binding: ChannelBinding,
    security: Security,
) -> (BTreeSet<String>, ChannelBinding) {
    let of = |wanted: &[&str]| -> BTreeSet<String> {
        offered.iter().filter(|name| wanted.contains(&name.as_str())).cloned().collect()
    };
    let bound = of(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]);
    let plain = of(&["SCRAM-SHA-1", "SCRAM-SHA-256"]);
    match binding {
        ChannelBinding::None => {}
        binding if !bound.is_empty() => return (bound, binding),
        _ if !plain.is_empty() => return (plain, ChannelBinding::Unsupported),
        _ => {}
    }
    if plain.is_empty() && security != Security::None {
        return (of(&["PLAIN"]), ChannelBinding::None);
    }
    (plain, ChannelBinding::None)
}

fn header(domain: &str) -> StreamHeader<'_> {
    StreamHeader { to: Some(Cow::Borrowed(domain)), from: None, id: None }
}

/// Why a login came to nothing.
fn refused(settings: &XmppSettings, error: tokio_xmpp::Error) -> ConnectorError {
    use tokio_xmpp::error::AuthError;
    use tokio_xmpp::parsers::sasl::DefinedCondition;
    match error {
        tokio_xmpp::Error::Auth(AuthError::Fail(DefinedCondition::TemporaryAuthFailure)) => {
            retry("the server cannot check logins at the moment")
        }
        tokio_xmpp::Error::Auth(AuthError::Fail(
            DefinedCondition::NotAuthorized | DefinedCondition::CredentialsExpired,
        )) => person(format!("the server refuses the login of {}: user or password is wrong", settings.user)),
        tokio_xmpp::Error::Auth(other) => {
            person(format!("the login of {} comes to nothing: {}", settings.user, clean_line(&other.to_string())))
        }
        other => broken(&other),
    }
}

fn broken(error: &tokio_xmpp::Error) -> ConnectorError {
    retry(format!("the connection broke: {}", clean_line(&error.to_string())))
}

type Opened = ((StreamFeatures, Stream), ChannelBinding);

/// TCP, TLS, and the first features.
async fn open(settings: &XmppSettings, domain: &str) -> Result<Opened, ConnectorError> {
    let tcp = match &settings.server {
        Some((host, port)) => TcpStream::connect((host.as_str(), *port))
            .await
            .map_err(|error| retry(format!("{host}:{port} cannot be reached: {error}")))?,
        None => {
            let place = if settings.security == Security::Tls {
                DnsConfig::srv_xmpps(domain)
            } else {
                DnsConfig::srv_default_client(domain)
            };
            let found = place.resolve().await;
            found.map_err(|error| {
                retry(format!(
                    "the XMPP server of {domain} cannot be reached: {}; set `server`",
                    clean_line(&error.to_string())
                ))
            })?
        }
    };
    // Stanzas are small. Not all systems know it: no matter.
    let _ = tcp.set_nodelay(true);
    match settings.security {
        Security::None => Ok((greet(Box::new(tcp), domain).await?, ChannelBinding::None)),
        Security::Tls => protect(settings, Box::new(tcp), domain).await,
        Security::Starttls => {
            let (features, mut stream) = greet(Box::new(tcp), domain).await?;
            if !features.can_starttls() {
                return Err(person("the server offers no STARTTLS; nothing was said to it"));
            }
            let request = XmppStreamElement::Starttls(Nonza::Request(Request));
            stream.send(&request).await.map_err(|error| retry(error.to_string()))?;
            loop {
                match stream.next().await {
                    Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::Starttls(Nonza::Proceed(_))))) => break,
                    Some(Ok(FallibleStreamElement::Ok(XmppStreamElement::Starttls(_)))) => {
                        return Err(person("the server refuses STARTTLS"));
                    }
                    Some(Ok(_) | Err(ReadError::SoftTimeout | ReadError::ParseError(_))) => {}
                    Some(Err(_)) | None => return Err(retry("the connection broke before STARTTLS")),
                }
            }
            // What somebody put behind the last plain word is dropped with its buffer.
            protect(settings, stream.into_inner().into_inner(), domain).await
        }
    }
}

async fn greet(bytes: Box<dyn Bytes>, domain: &str) -> Result<(StreamFeatures, Stream), ConnectorError> {
    let stream = initiate_stream(BufStream::new(bytes), "jabber:client", header(domain), TIMEOUTS).await;
    let stream = stream.map_err(|error| retry(format!("what answers there is no XMPP server: {error}")))?;
    stream.recv_features().await.map_err(|error| retry(format!("the server's greeting cannot be read: {error}")))
}

async fn protect(settings: &XmppSettings, bytes: Box<dyn Bytes>, domain: &str) -> Result<Opened, ConnectorError> {
    let name = ServerName::try_from(domain.to_owned())
        .map_err(|_| person(format!("\"{domain}\" is not a name a certificate can have")))?;
    let ca_file = settings.ca_file.clone();
    let config = tokio::task::spawn_blocking(move || tls(ca_file)).await;
    let config = config.map_err(|error| retry(error.to_string()))?.map_err(person)?;
    let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, bytes).await.map_err(|error| {
        let is_certificate = error.get_ref().is_some_and(|inner| inner.to_string().contains("certificate"));
        let words = clean_line(&error.to_string());
        if is_certificate {
            person(format!("the certificate of the server is not trusted for {domain}: {words}; a private authority goes into ca_file"))
        } else {
            retry(format!("no protected connection comes about: {words}"))
        }
    })?;
    let (_, connection) = tls.get_ref();
    // RFC 9266. Before TLS 1.3 there is none that is safe.
    let binding = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => connection
            .export_keying_material(vec![0; 32], b"EXPORTER-Channel-Binding", None)
            .map_or(ChannelBinding::None, ChannelBinding::TlsExporter),
        _ => ChannelBinding::None,
    };
    Ok((greet(Box::new(tls), domain).await?, binding))
}

fn tls(ca_file: Option<PathBuf>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let shown = path.display();
        let pem = std::fs::read(&path).map_err(|error| format!("ca_file {shown} cannot be read: {error}"))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| format!("ca_file {shown} is not PEM: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("ca_file {shown} has a certificate that cannot be used: {error}"))?;
        }
    }
    if roots.is_empty() {
        return Err(
            "no certificate is trusted here; install ca-certificates or name a ca_file with one in it".to_owned()
        );
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
