//! Opening the house: profile, configuration, store, desk.

use super::output::{self, Meter};
use crate::config::{self, Config};
use crate::connector::{self, AccountSettings, Connector};
use crate::desk::{Desk, system_clock};
use crate::engine::EngineError;
use crate::engine::sled::{OpenReport, Options, SledEngine};
use crate::model::{Customer, clean_line};
use crate::server::webhook::Tally;
use crate::store::{Store, StoreError};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where and as whom a verb runs.
pub struct Place {
    /// The profile folder.
    pub profile: PathBuf,
    agent: Option<String>,
    /// JSON was asked for.
    pub json: bool,
    /// The keymap asked for.
    pub keymap: Option<String>,
    /// The theme asked for.
    pub theme: Option<String>,
    /// The open house of this process, when the verb is carried out for another.
    shared: Option<Arc<Shared>>,
}

/// What the owner of a profile shares with those who come in by the door.
pub struct Shared {
    /// Its configuration, as it was last read.
    config: Mutex<Arc<Config>>,
    /// Its desk.
    pub desk: Arc<Desk>,
    /// Its store.
    pub engine: Arc<SledEngine>,
    /// Somebody delivers: the workers, or the one verb that waits for the outbox.
    pub delivering: Arc<AtomicBool>,
    /// What was pushed, and what was turned away.
    pub tally: Arc<Tally>,
    /// How its workers are doing, once they are at work.
    pub board: std::sync::OnceLock<crate::worker::Board>,
}

impl Shared {
    /// The configuration as it was last read.
    pub fn config(&self) -> Arc<Config> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads `config.toml` again. Accounts that are as they were keep what works for them; when anything in it is wrong, all
    /// stays as it was.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_config(&self) -> anyhow::Result<()> {
        let mut held = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let read = Config::load(self.engine.dir())?;
        if read == **held {
            return Ok(());
        }
        let roster = self.desk.roster();
        let connectors = connectors_but(&read, |settings| {
            held.accounts.contains(settings).then(|| roster.connector(&settings.name).cloned()).flatten()
        })?;
        if !connectors.iter().map(Arc::as_ptr).eq(roster.connectors.iter().map(Arc::as_ptr)) {
            self.desk.set_connectors(connectors);
        }
        if read.service != held.service {
            self.desk.set_targets(read.service);
        }
        tracing::info!(accounts = read.accounts.len(), "config.toml was read again");
        *held = Arc::new(read);
        Ok(())
    }
}

/// An open profile.
pub struct House {
    /// Its configuration.
    pub config: Config,
    /// Its desk.
    pub desk: Arc<Desk>,
    /// Who acts.
    pub agent: String,
    /// What opening found.
    pub report: OpenReport,
    /// The store below.
    pub engine: Arc<SledEngine>,
    /// Somebody delivers already, in this process: one courier an account is what keeps an answer from leaving twice.
    pub delivering: Arc<AtomicBool>,
    shared: Option<Arc<Shared>>,
}

impl Place {
    pub fn new(profile: Option<PathBuf>, agent: Option<String>, json: bool) -> Place {
        let profile = profile.unwrap_or_else(config::default_profile);
        // Absolute, so that it means the same wherever a worker is.
        let profile = std::path::absolute(&profile).unwrap_or(profile);
        Place { profile, agent, json, keymap: None, theme: None, shared: None }
    }

    /// With the keys and colours asked for.
    pub fn with_look(self, keymap: Option<String>, theme: Option<String>) -> Place {
        Place { keymap, theme, ..self }
    }

    /// The same agent, output and look at another profile.
    pub fn at(&self, profile: PathBuf) -> Place {
        Place::new(Some(profile), self.agent.clone(), self.json).with_look(self.keymap.clone(), self.theme.clone())
    }

    /// The same in the open house of this process.
    pub fn within(self, shared: Arc<Shared>) -> Place {
        Place { shared: Some(shared), ..self }
    }

    /// The open house, when this process owns the profile and the verb is carried out for another.
    pub fn shared(&self) -> Option<&Arc<Shared>> {
        self.shared.as_ref()
    }

    /// The agent's name asked for.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// Reads the configuration.
    pub fn config(&self) -> anyhow::Result<Config> {
        must_be_ours(&self.profile)?;
        Ok(Config::load(&self.profile)?)
    }

    /// Opens the profile's store as its owner.
    pub fn engine(&self, options: Options) -> anyhow::Result<(SledEngine, OpenReport)> {
        self.engine_at(options, false)
    }

    /// As [`Place::engine`], of a profile that was restored: that its state is made from the journal is how it should be,
    /// and nothing to be told.
    pub fn restored_engine(&self, options: Options) -> anyhow::Result<(SledEngine, OpenReport)> {
        self.engine_at(options, true)
    }

    fn engine_at(&self, options: Options, restored: bool) -> anyhow::Result<(SledEngine, OpenReport)> {
        let mut meter = Meter::new();
        let mut opened = SledEngine::open(&self.profile, options, &mut |done, total| {
            meter.show(|| format!("reading the journal: {} of {} MB", done >> 20, total >> 20));
        })?;
        drop(meter);
        if restored {
            opened.1.rebuilt = None;
        }
        opened.1.lines().iter().for_each(|line| output::remark(line));
        if opened.1.created {
            output::remark(&format!("A new profile was made in {}.", self.profile.display()));
        }
        if !opened.1.doubtful {
            return Ok(opened);
        }
        let reason = "the end of the journal was damaged; look whether it was sent before sending it again";
        let (engine, doubted) = doubt(opened.0, reason)?;
        if doubted > 0 {
            output::remark(&format!(
                "{doubted} in the outbox may have left already: they are unknown now, decide on each."
            ));
        }
        Ok((engine, opened.1))
    }

    /// The engine's options that the configuration sets.
    pub fn options(&self, config: &Config) -> Options {
        Options { keep_free: config.keep_free << 20, ..Options::default() }
    }

    /// Opens the house.
    pub fn open(&self) -> anyhow::Result<House> {
        if let Some(shared) = &self.shared {
            return Ok(self.join(shared));
        }
        let config = self.config()?;
        let connectors = connectors(&config)?;
        let (engine, report) = self.engine(self.options(&config))?;
        let engine = Arc::new(engine);
        let store = Store::open(engine.clone())?;
        let desk = Arc::new(Desk::new(store, connectors, system_clock()));
        desk.set_targets(config.service);
        desk.recover_outbox()?;
        desk.wake_snoozed()?;
        let agent = clean_line(self.agent.as_deref().unwrap_or(&config.agent));
        Ok(House { config, desk, agent, report, engine, delivering: Arc::default(), shared: None })
    }

    fn join(&self, shared: &Arc<Shared>) -> House {
        let config = Config::clone(&shared.config());
        House {
            desk: shared.desk.clone(),
            agent: clean_line(self.agent.as_deref().unwrap_or(&config.agent)),
            config,
            report: OpenReport::default(),
            engine: shared.engine.clone(),
            delivering: shared.delivering.clone(),
            shared: Some(shared.clone()),
        }
    }

    /// There must be a profile, one that was only configured yet included.
    pub fn must_be_one(&self) -> anyhow::Result<()> {
        must_be_ours(&self.profile)?;
        if self.shared.is_some() || ["journal", "config.toml"].iter().any(|name| self.profile.join(name).exists()) {
            return Ok(());
        }
        anyhow::bail!(
            "there is no profile in {}; nothing was made there: `switchboard` without a verb or `account add` begins one",
            self.profile.display()
        )
    }

    /// The journal and state must be there already: a verb that only looks makes no profile.
    pub fn must_exist(&self) -> anyhow::Result<()> {
        must_be_ours(&self.profile)?;
        if self.profile.join("journal").is_dir() {
            return Ok(());
        }
        anyhow::bail!("there is no profile in {}; nothing was ever stored there", self.profile.display())
    }
}

/// Another user's profile is not ours to open, and what we made in it that user could not use.
fn must_be_ours(profile: &Path) -> anyhow::Result<()> {
    use std::io::ErrorKind;
    use std::os::unix::fs::MetadataExt;
    let own = rustix::process::geteuid();
    match std::fs::metadata(profile) {
        // The system's own user may look after the profiles of others.
        Ok(facts) if facts.uid() != own.as_raw() && !own.is_root() => {
            anyhow::bail!("the profile {} belongs to another user; name your own with --profile DIR", profile.display())
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => anyhow::bail!(
            "the profile {} is in a folder that you may not look into; name your own with --profile DIR",
            profile.display()
        ),
        // What else is wrong is said by whoever opens it.
        _ => Ok(()),
    }
}

impl House {
    /// The one customer meant.
    pub fn customer(&self, text: &str) -> anyhow::Result<Customer> {
        Ok(self.desk.find(text)?.customer)
    }

    /// Names of the accounts asked for, all when none is.
    pub fn accounts(&self, asked: &[String]) -> anyhow::Result<Vec<String>> {
        if asked.is_empty() {
            return Ok(self.desk.accounts().iter().map(|facts| facts.name.clone()).collect());
        }
        for name in asked {
            self.connector(name)?;
        }
        Ok(asked.to_vec())
    }

    /// The connector of an account.
    pub fn connector(&self, name: &str) -> anyhow::Result<Arc<dyn Connector>> {
        let names = || self.desk.accounts().iter().map(|facts| facts.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut found = self.desk.connector(name);
        if let (None, Some(shared)) = (&found, &self.shared) {
            // It may have been written into `config.toml` this very moment.
            shared.read_config()?;
            found = self.desk.connector(name);
        }
        found.with_context(|| match names() {
            names if names.is_empty() => "no account is configured; `switchboard account help` says how".to_owned(),
            names => format!("there is no account \"{name}\"; there are {names}"),
        })
    }

    /// Others use the house too: workers are at work in it, and it stays open.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// What those who come in by the door may use.
    pub fn share(&self, has_workers: bool) -> Arc<Shared> {
        let (config, desk, engine) = (self.config.clone(), self.desk.clone(), self.engine.clone());
        let delivering = self.delivering.clone();
        delivering.fetch_or(has_workers, Ordering::SeqCst);
        let (config, board) = (Mutex::new(Arc::new(config)), std::sync::OnceLock::new());
        Arc::new(Shared { config, desk, engine, delivering, tally: Arc::default(), board })
    }

    /// Closes in order: the store's checkpoint is made here.
    pub fn close(self) -> anyhow::Result<()> {
        if self.is_shared() {
            return Ok(());
        }
        self.desk.store().engine().checkpoint()?;
        Ok(())
    }
}

/// Nothing that waits in this store's outbox leaves on its own any more. Gives the store back, and how many there were.
pub fn doubt(engine: SledEngine, reason: &str) -> anyhow::Result<(SledEngine, usize)> {
    let engine = Arc::new(engine);
    let desk = Desk::new(Store::open(engine.clone())?, Vec::new(), system_clock());
    let doubted = desk.doubt_outbox(reason)?;
    drop(desk);
    let engine = Arc::into_inner(engine).context("the store is still in use")?;
    Ok((engine, doubted))
}

/// The connectors of all configured accounts.
pub fn connectors(config: &Config) -> anyhow::Result<Vec<Arc<dyn Connector>>> {
    connectors_but(config, |_| None)
}

/// The connectors of all configured accounts, but for those that are `known` already.
fn connectors_but(
    config: &Config,
    known: impl Fn(&AccountSettings) -> Option<Arc<dyn Connector>>,
) -> anyhow::Result<Vec<Arc<dyn Connector>>> {
    let mut connectors: Vec<Arc<dyn Connector>> = Vec::with_capacity(config.accounts.len());
    for (settings, line) in config.accounts.iter().zip(&config.account_lines) {
        if let Some(connector) = known(settings) {
            connectors.push(connector);
            continue;
        }
        let at = || format!("{}:{line}:1", settings.profile.join("config.toml").display());
        let connector = connector::open(settings).map_err(|error| anyhow::anyhow!("{}: {error}", at()))?;
        connectors.push(Arc::from(connector));
    }
    Ok(connectors)
}

/// The error says that another process owns the profile.
pub fn is_owned(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(EngineError::Locked { .. }))
            || matches!(cause.downcast_ref(), Some(StoreError::Engine(EngineError::Locked { .. })))
    })
}

/// A runtime for verbs that speak to servers.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // More than this machine may have cores: one screen at work on a large text must not keep others waiting.
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?)
}

/// A new file of ours, written whole. Refuses to write over one, or through a link.
pub fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {}", path.display()))
}
