//! `switchboard account test`: every step towards a working account, one by one, in plain words.

use super::imap::{Session, list, names, sent_folder};
use super::net::{Protocol, connect, secure};
use super::settings::{EmailSettings, ImapSettings, Security, Server, SmtpSettings};
use super::smtp::Connection;
use super::trouble::Trouble;
use super::wire::Wire;
use crate::connector::{Check, Reach, Watcher};
use crate::model::Half;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::timeout;

/// For everything together.
const LIMIT: Duration = Duration::from_secs(20);

/// The checks made so far, kept outside the future that makes them: what was found out counts when time runs out.
struct Checks<'a> {
    half: Half,
    tell: Watcher<'a>,
    made: Mutex<Vec<Check>>,
}

impl<'a> Checks<'a> {
    fn new(half: Half, tell: Watcher<'a>) -> Checks<'a> {
        Checks { half, tell, made: Mutex::default() }
    }

    fn add(&self, what: impl Into<String>, outcome: Result<String, String>) {
        let check = Check { what: what.into(), outcome };
        (self.tell)(self.half, &check);
        self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(check);
    }

    /// Notes how a step went; `None` when there is nothing to go on with.
    fn step<T>(
        &self,
        what: impl Into<String>,
        done: Result<T, Trouble>,
        found: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match done {
            Ok(value) => {
                self.add(what, Ok(found(&value)));
                Some(value)
            }
            Err(trouble) => {
                self.add(what, Err(trouble.to_string()));
                None
            }
        }
    }

    fn into_list(self) -> Vec<Check> {
        self.made.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Tries both directions, at the same time.
pub(super) async fn check(settings: &EmailSettings, reach: Reach, tell: Watcher<'_>) -> Vec<Check> {
    let (reading, sending) = (Checks::new(Half::Receiving, tell), Checks::new(Half::Sending, tell));
    if settings.imap.is_none() && settings.smtp.is_none() {
        reading.add("the account", Ok("holds imported mail alone, as configured: no server is asked".to_owned()));
    }
    let read = async {
        let Some(imap) = &settings.imap else { return };
        let all = async {
            match reach {
                Reach::Secrets => check_secret(&imap.server, &reading).await,
                Reach::Servers => check_imap(imap, &reading).await,
            }
        };
        if timeout(LIMIT, all).await.is_err() {
            reading.add(format!("go on with {}", imap.server.place()), Err(out_of_time()));
        }
    };
    let send = async {
        let Some(smtp) = &settings.smtp else { return };
        let all = async {
            match reach {
                Reach::Secrets => check_secret(&smtp.server, &sending).await,
                Reach::Servers => check_smtp(smtp, &sending).await,
            }
        };
        if timeout(LIMIT, all).await.is_err() {
            sending.add(format!("go on with {}", smtp.server.place()), Err(out_of_time()));
        }
    };
    tokio::join!(read, send);
    let mut all = reading.into_list();
    all.extend(sending.into_list());
    all
}

fn out_of_time() -> String {
    format!(
        "no answer within {} s; is this the right host and port, and does security fit the port \
         (993 and 465 want \"tls\", 143 and 587 want \"starttls\")?",
        LIMIT.as_secs()
    )
}

/// Where the configuration says there is a password, there is one.
async fn check_secret(server: &Server, checks: &Checks<'_>) -> Option<()> {
    if let Some(login) = &server.login {
        let secret = login.secret.resolve().await.map_err(Trouble::from);
        let what = if login.token { "token" } else { "password" };
        checks.step(format!("get the {what} for {}", server.place()), secret, |_| "found".to_owned())?;
    }
    Some(())
}

/// Secret, network and TLS: the same in both directions.
async fn check_server(server: &Server, protocol: Protocol, checks: &Checks<'_>) -> Option<Wire> {
    check_secret(server, checks).await?;
    let tcp = connect(server).await;
    let tcp = checks.step(format!("reach {}", server.place()), tcp, |tcp| match tcp.peer_addr() {
        Ok(address) => format!("connected to {address}"),
        Err(_) => "connected".to_owned(),
    })?;
    let (what, found) = match server.security {
        Security::Tls => ("agree on TLS", "protected, the certificate is trusted"),
        Security::Starttls => ("agree on TLS by STARTTLS", "protected, the certificate is trusted"),
        Security::None => ("go on without TLS", "not protected, as configured"),
    };
    checks.step(what, secure(server, protocol, tcp).await, |_| found.to_owned())
}

async fn check_imap(imap: &ImapSettings, checks: &Checks<'_>) -> Option<()> {
    let server = &imap.server;
    let wire = check_server(server, Protocol::Imap, checks).await?;
    let greeted = Session::greet(server, wire).await;
    let mut session = checks.step("greet the IMAP server", greeted, |_| "it speaks IMAP".to_owned())?;
    let user = server.login.as_ref().map_or("", |login| login.user.as_str());
    checks.step(format!("log in as {user}"), session.login(server).await, |()| "accepted".to_owned())?;
    let listed = list(&mut session).await;
    let folders = checks.step("list the folders", listed, |folders| format!("there are: {}", names(folders)))?;
    for folder in &imap.folders {
        let opened = if folders.iter().any(|known| known.name == *folder) {
            session.select(folder, imap.mark_seen).await
        } else {
            Err(Trouble::Setup(format!(
                "there is no such folder; set folders = [\"…\"] to some of: {}",
                names(&folders)
            )))
        };
        checks.step(format!("open folder {folder}"), opened, |state| format!("{} messages", state.messages));
    }
    match sent_folder(imap, &folders) {
        Some(sent) if folders.iter().any(|known| known.name == sent) => {
            checks.add("find the Sent folder", Ok(format!("it is {sent}")));
        }
        Some(sent) => checks.add(
            "find the Sent folder",
            Err(format!("there is no folder {sent}; set sent = \"…\" to one of: {}", names(&folders))),
        ),
        None if imap.sent.is_some() => checks.add("find the Sent folder", Ok("none, as configured".to_owned())),
        None => checks.add(
            "find the Sent folder",
            Ok("none was found, so no copies are kept at the server; name it with sent = \"…\"".to_owned()),
        ),
    }
    let news = if session.can("IDLE") {
        "the server tells of new mail at once (IDLE)".to_owned()
    } else {
        format!("the server has no IDLE; it is asked every {} s", imap.poll.as_secs())
    };
    checks.add("watch for new mail", Ok(news));
    session.close().await;
    Some(())
}

async fn check_smtp(smtp: &SmtpSettings, checks: &Checks<'_>) -> Option<()> {
    let server = &smtp.server;
    let wire = check_server(server, Protocol::Smtp, checks).await?;
    let greeted = Connection::greet(server, wire).await;
    let mut connection = checks.step("greet the SMTP server", greeted, |_| "it speaks SMTP".to_owned())?;
    match &server.login {
        Some(login) => {
            let done = connection.login(server).await;
            checks.step(format!("log in as {}", login.user), done, |()| "accepted".to_owned())?;
        }
        None => checks.add("log in", Ok("not configured; the server must take mail without".to_owned())),
    }
    connection.close().await;
    Some(())
}
