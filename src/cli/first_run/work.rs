//! The work behind the doors, off the screen's task: an account is tried and written down, mail is imported.

use super::complete::complete;
use crate::cli::account::{self, with_account, with_archive};
use crate::cli::arguments::AccountAdd;
use crate::cli::console::Console;
use crate::cli::house::{Place, connectors};
use crate::cli::transfer::{self, Imported};
use crate::config::expand;
use crate::connector::{Connector, Reach};
use crate::model::Half;
use crate::ui::first_run::{Effect, ImportEnd, ImportJob, ImportProgress, MailAccount, MailServer, Msg, SecretPlace};
use anyhow::Context;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// What is under way.
pub(super) struct Work {
    place: Arc<Place>,
    answer: Sender<Msg>,
    trial: Option<JoinHandle<()>>,
    import: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// What is to be said when the screen is gone.
    remarks: Arc<Mutex<String>>,
}

impl Work {
    pub(super) fn new(place: &Place, answer: Sender<Msg>) -> Work {
        let place = Arc::new(place.at(place.profile.clone()));
        Work { place, answer, trial: None, import: None, stop: Arc::default(), remarks: Arc::default() }
    }

    /// Takes an effect on. Does not wait.
    pub(super) fn take(&mut self, effect: Effect) {
        let (place, answer) = (self.place.clone(), self.answer.clone());
        match effect {
            Effect::Try(number, account) => {
                self.give_up();
                self.trial = Some(tokio::spawn(async move {
                    let result = try_out(&place, number, &account, &answer).await;
                    let _ = answer.send(Msg::Tried(number, result.map_err(|error| format!("{error:#}")))).await;
                }));
            }
            Effect::StopTrying => self.give_up(),
            Effect::Keep(account) => drop(tokio::task::spawn_blocking(move || {
                let _ = answer.blocking_send(Msg::Kept(keep(&place, &account).map_err(|error| format!("{error:#}"))));
            })),
            Effect::Complete(typed) => drop(tokio::task::spawn_blocking(move || {
                let (text, names) = complete(&typed);
                let _ = answer.blocking_send(Msg::Completed(typed, text, names));
            })),
            Effect::Import(job) => {
                self.stop = Arc::default();
                let (stop, remarks) = (self.stop.clone(), self.remarks.clone());
                self.import = Some(tokio::task::spawn_blocking(move || {
                    let (result, said) = Console::beside_a_screen(|| import(&place, &job, &stop, &answer));
                    remarks.lock().unwrap_or_else(PoisonError::into_inner).push_str(&said);
                    let _ = answer.blocking_send(Msg::Imported(result.map_err(|error| format!("{error:#}"))));
                }));
            }
            Effect::StopImport => self.stop.store(true, Ordering::Relaxed),
            // The loop of the screen sees to these.
            Effect::Redraw | Effect::Leave(_) => {}
        }
    }

    /// Connections and commands of a trial end when it is dropped.
    fn give_up(&mut self) {
        if let Some(trial) = self.trial.take() {
            trial.abort();
        }
    }

    /// Ends what runs; an import finishes the commit it is in. Gives what is to be said when the screen is gone.
    pub(super) async fn finish(mut self) -> String {
        self.give_up();
        self.stop.store(true, Ordering::Relaxed);
        // Nobody reads the answers any more: its channel must not hold the import up.
        drop(self.answer);
        if let Some(import) = self.import {
            let _ = import.await;
        }
        std::mem::take(&mut *self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn try_out(place: &Place, number: u64, account: &MailAccount, answer: &Sender<Msg>) -> anyhow::Result<()> {
    let (_, config) = with_account(place, &arguments(account))?;
    let connector: Arc<dyn Connector> = connectors(&config)?.pop().context("there is no account")?;
    let tell = |half: Half, check: &crate::connector::Check| {
        // The channel has room for many times the steps there are.
        let _ = answer.try_send(Msg::Checked(number, half, check.what.clone(), check.outcome.clone()));
    };
    connector.try_out(Reach::Servers, &tell).await;
    Ok(())
}

fn keep(place: &Place, account: &MailAccount) -> anyhow::Result<()> {
    let (text, _) = with_account(place, &arguments(account))?;
    account::write(place, &text)
}

/// What was filled in, as `account add` has it.
fn arguments(account: &MailAccount) -> AccountAdd {
    let at = |server: &Option<MailServer>| {
        server.as_ref().map(|server| match server.host.contains(':') {
            true => format!("[{}]:{}", server.host, server.port),
            false => format!("{}:{}", server.host, server.port),
        })
    };
    let security = |server: &Option<MailServer>| server.as_ref().map_or("tls", |server| server.security).to_owned();
    let secret = |wanted: fn(&SecretPlace) -> Option<&String>| wanted(&account.secret).cloned();
    AccountAdd {
        name: account.name.clone(),
        connector: "email".to_owned(),
        address: Some(account.address.clone()),
        set: Vec::new(),
        display_name: Some(account.display_name.clone()).filter(|name| !name.is_empty()),
        imap: at(&account.imap),
        imap_security: security(&account.imap),
        smtp: at(&account.smtp),
        smtp_security: security(&account.smtp),
        smtp_without_login: false,
        archive: false,
        user: Some(account.user.clone()).filter(|user| !user.is_empty()),
        password_command: secret(|place| if let SecretPlace::Command(command) = place { Some(command) } else { None }),
        password_env: secret(|place| if let SecretPlace::Variable(name) = place { Some(name) } else { None }),
        password_file: secret(|place| if let SecretPlace::File(path) = place { Some(path) } else { None })
            .map(|path| expand(&path)),
        ca_file: None,
        hold: Some("10s".to_owned()),
    }
}

fn import(place: &Place, job: &ImportJob, stop: &AtomicBool, answer: &Sender<Msg>) -> anyhow::Result<ImportEnd> {
    let path: PathBuf = expand(&job.path);
    // Before anything is written: what is named must be mail.
    let mails = transfer::open(&path, None)?;
    let account = archive(place, &job.address)?;
    let house = place.open()?;
    let connector = house.connector(&account)?;
    let imported = transfer::import_all(&house, &connector, &account, mails, &mut |done: &Imported, _| {
        let progress = ImportProgress { read: done.read, new: done.report.new, done: done.done };
        // A screen that is behind sees the next one.
        let _ = answer.try_send(Msg::Importing(progress));
        !stop.load(Ordering::Relaxed)
    });
    // What is in is kept also when the rest cannot be read.
    house.close()?;
    let Imported { read, failed, report, stopped, .. } = imported?;
    let (new, duplicate, dead) = (report.new, report.duplicate, report.dead);
    Ok(ImportEnd { read, new, duplicate, dead, failed, stopped })
}

/// The account of imported mail: the one that is there already when it goes on, else a new one.
fn archive(place: &Place, address: &str) -> anyhow::Result<String> {
    let config = place.config()?;
    let mut known = config.accounts.iter();
    let is_ours = |table: &toml::Table| table.get("address").and_then(toml::Value::as_str) == Some(address);
    if let Some(account) = known.find(|account| is_ours(&account.table)) {
        return Ok(account.name.clone());
    }
    let local = address.split('@').next().unwrap_or_default().to_lowercase();
    let name: String = local.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')).take(40).collect();
    let name = if name.is_empty() || config.accounts.iter().any(|account| account.name == name) {
        format!("archive{}", config.accounts.len() + 1)
    } else {
        name
    };
    let (text, _) = with_archive(place, &name, address)?;
    account::write(place, &text)?;
    Ok(name)
}
