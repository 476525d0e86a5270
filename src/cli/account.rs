//! `account`: list, add, test, remove, help.

use super::Outcome;
use super::arguments::{AccountAdd, AccountVerb};
use super::guest;
use super::house::{Place, connectors, runtime};
use super::output::{Output, remark};
use crate::config::{self, Config};
use crate::connector::{self, AccountSettings, Check, SecretRef};
use anyhow::Context;
use serde_json::json;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

pub fn run(place: &Place, verb: AccountVerb) -> Outcome {
    match verb {
        AccountVerb::List => list(place),
        AccountVerb::Add(args) => add(place, &args),
        AccountVerb::Test { name } => test(place, name.as_deref()),
        AccountVerb::Remove { name } => remove(place, &name),
        AccountVerb::Help { connector } => help(place, connector.as_deref()),
    }
}

fn list(place: &Place) -> Outcome {
    let config = place.config()?;
    let mut out = Output::new(place.json);
    for (settings, connector) in config.accounts.iter().zip(connectors(&config)?) {
        let facts = connector.facts();
        let (sends, reads) = (connector.sink().is_some(), connector.source().is_some());
        out.row(
            || {
                json!({
                    "account": facts.name, "connector": settings.connector, "address": facts.address,
                    "own": facts.own, "sends": sends, "reads": reads,
                })
            },
            || {
                let ways = match (reads, sends) {
                    (true, true) => "reads and sends",
                    (true, false) => "only reads",
                    (false, true) => "only sends",
                    (false, false) => "holds imported mail",
                };
                format!("{}  {}  {}  {ways}", facts.name, settings.connector, facts.address)
            },
        )?;
    }
    if config.accounts.is_empty() {
        remark("No account is configured. `switchboard account help email` says how to add one.");
    }
    out.finish()?;
    Ok(())
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The server's part of an account's table.
fn server(kind: &str, at: &str, security: &str, args: &AccountAdd) -> anyhow::Result<String> {
    let (host, port) = match at.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port: u16 = port.parse().with_context(|| format!("\"{at}\" is not HOST or HOST:PORT"))?;
            (host.trim_matches(['[', ']']), Some(port))
        }
        _ => (at, None),
    };
    let mut text = format!("[account.{kind}]\nhost = {}\n", quoted(host));
    if let Some(port) = port {
        text.push_str(&format!("port = {port}\n"));
    }
    text.push_str(&format!("security = {}\n", quoted(security)));
    if kind == "smtp" && args.smtp_without_login {
        if let Some(path) = &args.ca_file {
            let path = std::path::absolute(path).with_context(|| format!("{}", path.display()))?;
            text.push_str(&format!("ca_file = {}\n", quoted(&path.to_string_lossy())));
        }
        return Ok(text);
    }
    text.push_str(&format!(
        "user = {}\n",
        quoted(args.user.as_deref().or(args.address.as_deref()).unwrap_or_default())
    ));
    if let Some(command) = &args.password_command {
        text.push_str(&format!("password_command = {}\n", quoted(command)));
    }
    if let Some(variable) = &args.password_env {
        text.push_str(&format!("password_env = {}\n", quoted(variable)));
    }
    for (key, path) in [("password_file", &args.password_file), ("ca_file", &args.ca_file)] {
        if let Some(path) = path {
            let path = std::path::absolute(path).with_context(|| format!("{}", path.display()))?;
            text.push_str(&format!("{key} = {}\n", quoted(&path.to_string_lossy())));
        }
    }
    Ok(text)
}

fn add(place: &Place, args: &AccountAdd) -> Outcome {
    let (text, config) = with_account(place, args)?;
    write(place, &text)?;
    if let Some(account) = config.accounts.last() {
        for (key, why) in missing_secrets(&account.table, account) {
            remark(&format!("Careful: {key}: {why}. The account does not work until that is put right."));
        }
    }
    remark(&format!("Added to {}. `switchboard account test {}` tries it.", path(place).display(), args.name));
    tell_owner(place);
    Ok(())
}

/// Who owns the profile takes it up now.
fn tell_owner(place: &Place) {
    match guest::tell_configuration(place) {
        Ok(false) => {}
        Ok(true) => remark("The window or `serve` that owns the profile has taken this up."),
        Err(why) => remark(&format!("The window or `serve` that owns the profile has not taken this up: {why}")),
    }
}

/// `config.toml` with one more account, and what it says then. Nothing is written yet.
pub fn with_account(place: &Place, args: &AccountAdd) -> anyhow::Result<(String, Config)> {
    if args.connector != "email" {
        return with_settings(place, args);
    }
    anyhow::ensure!(
        args.set.is_empty(),
        "--set is for other connectors than email; see `switchboard account add --help`"
    );
    let address = args.address.as_deref().context("say which address answers come from: --address")?;
    if args.archive {
        return with_archive(place, &args.name, address);
    }
    anyhow::ensure!(
        args.imap.is_some() || args.smtp.is_some(),
        "name a server: --imap HOST, --smtp HOST, or both (or --archive for imported mail alone)"
    );
    anyhow::ensure!(
        args.password_command.is_some()
            || args.password_env.is_some()
            || args.password_file.is_some()
            || (args.imap.is_none() && args.smtp_without_login),
        "say where the password is: --password-command, --password-env or --password-file. \
         Switchboard keeps no passwords itself"
    );
    let mut block = head(&args.name, &args.connector, Some(address));
    block.push_str(&format!("hold = {}\n", quoted(args.hold.as_deref().unwrap_or("10s"))));
    if let Some(name) = &args.display_name {
        block.push_str(&format!("display_name = {}\n", quoted(name)));
    }
    if let Some(imap) = &args.imap {
        block.push_str(&server("imap", imap, &args.imap_security, args)?);
    }
    if let Some(smtp) = &args.smtp {
        block.push_str(&server("smtp", smtp, &args.smtp_security, args)?);
    }
    with_block(place, &block)
}

/// As [`with_account`], for an account that holds imported mail alone.
pub fn with_archive(place: &Place, name: &str, address: &str) -> anyhow::Result<(String, Config)> {
    let block = head(name, "email", Some(address)) + "archive = true\n";
    with_block(place, &block)
}

fn head(name: &str, connector: &str, address: Option<&str>) -> String {
    let [name, connector] = [name, connector].map(quoted);
    let address = address.map(|address| format!("address = {}\n", quoted(address))).unwrap_or_default();
    format!("[[account]]\nname = {name}\nconnector = {connector}\n{address}")
}

/// As [`with_account`], for any connector: the settings are its own.
fn with_settings(place: &Place, args: &AccountAdd) -> anyhow::Result<(String, Config)> {
    let kind = &args.connector;
    let declared = || connector::declared::find(kind, Some(&place.profile)).map_err(|error| anyhow::anyhow!("{error}"));
    anyhow::ensure!(
        connector::kind(kind).is_some() || declared()?.is_some(),
        "there is no connector \"{kind}\"; `switchboard connector list` names them"
    );
    let of_mail = args.imap.is_some() || args.smtp.is_some() || args.archive;
    anyhow::ensure!(!of_mail, "--imap, --smtp and --archive are for email; give the settings of {kind} with --set");
    let mut table = toml::Table::new();
    let file = |path: &std::path::Path| -> anyhow::Result<String> {
        let path = std::path::absolute(path).with_context(|| path.display().to_string())?;
        Ok(path.to_string_lossy().into_owned())
    };
    let files = [("password_file", &args.password_file), ("ca_file", &args.ca_file)];
    for (key, path) in files {
        if let Some(path) = path {
            table.insert(key.to_owned(), toml::Value::String(file(path)?));
        }
    }
    let named = [
        ("address", &args.address),
        ("display_name", &args.display_name),
        ("user", &args.user),
        ("password_command", &args.password_command),
        ("password_env", &args.password_env),
        ("hold", &args.hold),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            table.insert(key.to_owned(), toml::Value::String(value.clone()));
        }
    }
    for pair in &args.set {
        let (key, value) = pair.split_once('=').with_context(|| format!("--set {pair}: write KEY=VALUE"))?;
        set(&mut table, key.trim(), value.trim())?;
    }
    let mut account = toml::Table::new();
    account.insert("account".to_owned(), toml::Value::Array(vec![toml::Value::Table(table)]));
    let text = toml::to_string(&account).context("the settings cannot be written")?;
    let settings = text.strip_prefix("[[account]]\n").unwrap_or(&text);
    with_block(place, &(head(&args.name, kind, None) + settings))
}

/// Puts a setting where its key says (`auth.user` is `user` in the table `auth`).
fn set(table: &mut toml::Table, key: &str, value: &str) -> anyhow::Result<()> {
    let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
    let is_word = !first.is_empty() && first.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    anyhow::ensure!(is_word, "--set {key}=…: \"{first}\" is not the name of a setting");
    if let Some(rest) = rest {
        let inner = table.entry(first).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let inner = inner.as_table_mut().with_context(|| format!("--set {key}=…: {first} is a value already"))?;
        return set(inner, rest, value);
    }
    anyhow::ensure!(
        !matches!(first, "password" | "token" | "secret"),
        "Switchboard keeps no passwords itself: say where it is, with {first}_command, {first}_env or {first}_file"
    );
    // A number, a truth or a list is written as such; everything else is a text.
    let parsed: Option<toml::Value> =
        format!("v = {value}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("v"));
    let parsed = parsed.filter(|parsed| !matches!(parsed, toml::Value::Datetime(_) | toml::Value::Table(_)));
    let is_new =
        table.insert(first.to_owned(), parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()))).is_none();
    anyhow::ensure!(is_new, "{key} is set twice");
    Ok(())
}

fn with_block(place: &Place, block: &str) -> anyhow::Result<(String, Config)> {
    let mut text = read(place)?;
    if !text.is_empty() {
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
    // What was wrong before is said with its place in the file.
    connectors(&place.config()?)?;
    text.push_str(block);
    // Nothing is written that could not be read back; what is wrong in what was not written has no line.
    let config = Config::parse(&text, &place.profile).map_err(|mistake| anyhow::anyhow!(mistake.what))?;
    let added = config.accounts.last().context("the account cannot be written")?;
    connector::open(added)?;
    Ok((text, config))
}

/// The settings that name a secret's file which cannot be used, and why.
fn missing_secrets(table: &toml::Table, account: &AccountSettings) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => found.extend(missing_secrets(inner, account)),
            toml::Value::String(path) if key.ends_with("_file") && key != "ca_file" => {
                let looked = SecretRef::File(account.profile.join(path)).look();
                found.extend(looked.err().map(|why| (key.clone(), why.0)));
            }
            _ => {}
        }
    }
    found
}

fn test(place: &Place, name: Option<&str>) -> Outcome {
    let config = place.config()?;
    let all = connectors(&config)?;
    let chosen: Vec<_> =
        all.iter().filter(|connector| name.is_none_or(|name| connector.facts().name == name)).collect();
    match name {
        Some(name) => anyhow::ensure!(!chosen.is_empty(), "there is no account \"{name}\"; `switchboard account list`"),
        None => anyhow::ensure!(!chosen.is_empty(), "no account is configured; `switchboard account help email`"),
    }
    let mut out = Output::new(place.json);
    let mut wrong = 0;
    let runtime = runtime()?;
    for connector in chosen {
        let account = connector.facts().name;
        for Check { what, outcome } in runtime.block_on(connector.test()) {
            let (ok, said) = match &outcome {
                Ok(said) => (true, said),
                Err(said) => (false, said),
            };
            wrong += usize::from(!ok);
            out.row(
                || json!({ "account": account, "what": what, "ok": ok, "said": said }),
                || format!("{account}: {} {what}: {said}", if ok { "ok   " } else { "WRONG" }),
            )?;
        }
    }
    out.finish()?;
    anyhow::ensure!(wrong == 0, "{wrong} of the checks went wrong");
    Ok(())
}

fn remove(place: &Place, name: &str) -> Outcome {
    let text = read(place)?;
    let left = config::remove_account(&text, name);
    let left = left.with_context(|| format!("there is no account \"{name}\" in {}", path(place).display()))?;
    Config::parse(&left, &place.profile)?;
    write(place, &left)?;
    remark(&format!("Removed \"{name}\" from {}. Its messages stay.", path(place).display()));
    tell_owner(place);
    Ok(())
}

fn help(place: &Place, connector: Option<&str>) -> Outcome {
    let mut out = Output::new(false);
    match connector {
        None => {
            for kind in connector::CONNECTORS {
                out.line(&format!("{}  {}", kind.name, kind.doc))?;
            }
            out.line("`switchboard account help NAME` explains the settings of one.")?;
        }
        Some(name) => {
            let file =
                connector::declared::find(name, Some(&place.profile)).map_err(|error| anyhow::anyhow!("{error}"))?;
            match (connector::kind(name), file) {
                (Some(kind), _) if !kind.help.is_empty() => out.line(kind.help.trim_end())?,
                (_, Some(file)) => out.line(file.help().trim_end())?,
                _ => anyhow::bail!("there is no connector \"{name}\"; `switchboard connector list` names them"),
            }
            for line in urls(place, name).unwrap_or_default() {
                out.line(&line)?;
            }
        }
    }
    out.finish()?;
    Ok(())
}

/// Where the platform pushes to, for each account of this kind that something is pushed to. Help is given with a
/// configuration that cannot be used, too: `None` then.
fn urls(place: &Place, kind: &str) -> Option<Vec<String>> {
    let config = place.config().ok()?;
    let connectors = connectors(&config).ok()?;
    let mut lines = Vec::new();
    for (settings, connector) in config.accounts.iter().zip(connectors) {
        if settings.connector != kind || connector.hook().is_none() {
            continue;
        }
        let name = &settings.name;
        lines.push(match &config.webhook {
            Some(webhook) => format!("\nEnter at the platform for \"{name}\": {}", webhook.url(name)),
            None => format!("\nNothing can be pushed to \"{name}\" yet: `switchboard help webhook`."),
        });
    }
    Some(lines)
}

fn path(place: &Place) -> std::path::PathBuf {
    place.profile.join("config.toml")
}

fn read(place: &Place) -> anyhow::Result<String> {
    match std::fs::read_to_string(path(place)) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path(place).display())),
    }
}

/// Writes the configuration so that a crash leaves the old or the new one, never half of one.
pub fn write(place: &Place, text: &str) -> Outcome {
    let cannot = || format!("cannot write {}", path(place).display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&place.profile).with_context(cannot)?;
    // A link to a file kept elsewhere stays a link.
    let real = std::fs::canonicalize(path(place)).unwrap_or_else(|_| path(place));
    let folder = real.parent().unwrap_or(&place.profile).to_owned();
    let temporary = folder.join(".config.toml.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(cannot)?;
    std::fs::rename(&temporary, &real).with_context(cannot)?;
    std::fs::File::open(&folder).and_then(|folder| folder.sync_all()).with_context(cannot)
}
