//! From the text of a connector file to what it says. Everything that is wrong is found in one reading.

mod auth;
mod intake;
mod request;
mod webhook;

use super::predicate::Predicate;
use super::sheet::{FileError, Mistake, Sheet, Table, span_millis};
use super::spec::{Class, Limits, Rule, SecretSetting, Setting, Spec, Until};
use super::template::Template;
use crate::connector::Allowance;
use crate::connector::http::Reset;
use crate::model::Way;
use std::collections::BTreeSet;
use toml::de::DeTable;

/// A longer file is none of ours, in bytes.
pub(super) const LONGEST: usize = 256 * 1024;

/// Which placeholders may stand somewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    words: BTreeSet<String>,
    /// What a pointer may follow: nothing (the item), `parent`, `around`.
    roots: Vec<String>,
}

impl Scope {
    pub fn with(mut self, words: &[&str]) -> Scope {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    pub fn roots(mut self, roots: &[&str]) -> Scope {
        self.roots.extend(roots.iter().map(|root| (*root).to_owned()));
        self
    }

    fn has_root(&self, name: &str) -> bool {
        self.roots.iter().any(|root| root == name)
    }

    /// Placeholders of secrets may stand here.
    pub fn takes_secrets(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("secret.") || word == "refresh")
    }

    /// Why a template cannot be filled here.
    pub fn lacks(&self, template: &Template) -> Option<String> {
        template.holes().find_map(|hole| {
            let known = match hole.name.find('/') {
                Some(at) => self.has_root(&hole.name[..at]),
                None => self.words.contains(&hole.name),
            };
            let mut may: Vec<String> = self.words.iter().map(|word| format!("{{{word}}}")).collect();
            may.extend(self.roots.iter().map(|root| format!("{{{root}/pointer}}")));
            let may = if may.is_empty() {
                "nothing can stand here".to_owned()
            } else {
                format!("there are {}", may.join(", "))
            };
            (!known).then(|| format!("{{{}}} cannot stand here; {may}", hole.name))
        })
    }
}

/// A file while it is read: what later parts need of earlier ones.
pub(super) struct Reading<'s, 't> {
    pub sheet: &'s Sheet<'t>,
    /// `account.NAME` for each setting.
    pub account: Scope,
    /// `secret.NAME` for each secret.
    secrets: Vec<String>,
    /// How messages are read unless they say otherwise.
    pub way: Way,
    /// What is kept of messages, by all mappings.
    pub context: BTreeSet<String>,
    pub budgets: BTreeSet<&'static str>,
}

/// Reads the text of a connector file.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn read(file: &str, text: &str) -> Result<Spec, FileError> {
    whole(file, text, true).map(|spec| spec.0)
}

/// Reads a file that may consist of an `[import]` alone.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn read_import(file: &str, text: &str) -> Result<Spec, FileError> {
    whole(file, text, false).map(|spec| spec.0)
}

fn whole(file: &str, text: &str, connector: bool) -> Result<(Spec,), FileError> {
    let failed = |mistakes: Vec<Mistake>| FileError { file: crate::model::clean_line(file), mistakes };
    let sheet = Sheet::new(text);
    if text.len() > LONGEST {
        sheet.wrong(&(0..0), format!("the file is larger than {} kB", LONGEST / 1024));
        return Err(failed(sheet.mistakes()));
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        sheet.wrong(&span, error.message().trim().replace('\n', ", "));
    }
    if !errors.is_empty() {
        return Err(failed(sheet.mistakes()));
    }
    let table = Table::new(&sheet, root.get_ref(), 0..0, "");
    let spec = spec(&sheet, table, connector);
    let mistakes = sheet.mistakes();
    if mistakes.is_empty() { Ok((spec,)) } else { Err(failed(mistakes)) }
}

const NAME: &str = "one word of small letters, digits and \"_\", at most 32";

fn is_name(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    plain && !name.is_empty() && name.len() <= 32
}

fn spec<'t>(sheet: &Sheet<'t>, root: Table<'_, 't>, whole: bool) -> Spec {
    let mut reading = Reading {
        sheet,
        account: Scope::default().with(&["account.address"]),
        secrets: Vec::new(),
        way: Way::Direct,
        context: BTreeSet::new(),
        budgets: BTreeSet::new(),
    };
    let (mut name, mut channel, mut doc, mut base_url, mut notes, mut said) = Default::default();
    let mut headers = Vec::new();
    let connector = root.table("connector");
    if connector.is_none() && whole {
        sheet.wrong(&(0..0), "[connector] is missing");
    }
    let settings = root.table("settings").map(|table| reading.settings(table)).unwrap_or_default();
    let secrets = root.table("secrets").map(|table| reading.secret_settings(table)).unwrap_or_default();
    if let Some(table) = connector {
        name = table.must("name");
        if !is_name(&name) && !name.is_empty() {
            table.wrong("name", format!("\"{name}\" is not {NAME}"));
        }
        channel = table.text("channel").unwrap_or_else(|| name.clone());
        if !is_name(&channel) && channel != name {
            table.wrong("channel", format!("\"{channel}\" is not {NAME}"));
        }
        doc = table.must("doc");
        base_url = table.must("base_url");
        reading.origin(&table, "base_url", &base_url);
        notes = table.text("notes").unwrap_or_default();
        said = table.texts("said");
        for pointer in &said {
            reading.pointer(&table, "said", pointer);
        }
        let kinds = [
            ("comment", Way::Public),
            ("im", Way::Direct),
            ("email", Way::Direct),
            ("ticket", Way::Direct),
            ("call", Way::Direct),
        ];
        if table.text("kind").is_none() {
            table.wrong("kind", "comment, im, email, ticket or call is wanted");
        }
        reading.way = table.word("kind", &kinds).unwrap_or_default();
        if let Some(list) = table.table("headers") {
            headers = reading.named_templates(list, &reading.account.clone(), "a header");
        }
        table.end();
    }
    let auth = reading.auths(&root);
    let limits = root.table("limits").map(|table| reading.limits(table)).unwrap_or_default();
    let streams = reading.streams(root.tables("stream"));
    let webhook = root.table("webhook").and_then(|table| reading.webhook(table));
    let import = root.table("import").map(|table| {
        let intake = reading.intake(&table, "import", &["", "around"]);
        table.end();
        intake
    });
    let replies = root.tables("reply").into_iter().filter_map(|table| reading.reply(table)).collect();
    let errors = root.tables("error").into_iter().filter_map(|table| reading.rule(table)).collect();
    if !whole && import.is_none() {
        sheet.wrong(&(0..0), "[import] is missing: it says how rows become messages");
    }
    root.end();
    Spec {
        name,
        channel,
        doc,
        base_url,
        notes,
        said,
        settings,
        secrets,
        headers,
        auth,
        limits,
        streams,
        replies,
        errors,
        webhook,
        import,
    }
}

impl<'s, 't> Reading<'s, 't> {
    /// Settings and secrets together: what `[auth]` and `[webhook]` may hold.
    pub fn secret_scope(&self) -> Scope {
        let words: Vec<String> = self.secrets.iter().map(|name| format!("secret.{name}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.account.clone().with(&words)
    }

    /// A pointer that must be one.
    pub fn pointer(&self, table: &Table<'_, '_>, key: &str, pointer: &str) {
        if let Some(why) = super::place::is_wrong(pointer) {
            table.wrong(key, format!("\"{pointer}\": {why}"));
        }
    }

    /// A pointer, when it is there.
    pub fn pointer_of(&self, table: &Table<'_, '_>, key: &'static str) -> Option<String> {
        let pointer = table.text(key)?;
        self.pointer(table, key, &pointer);
        Some(pointer)
    }

    /// A template that can be filled in this scope.
    pub fn template(&self, table: &Table<'_, '_>, key: &str, text: &str, scope: &Scope) -> Option<Template> {
        match Template::read(text) {
            Ok(template) => {
                if let Some(why) = scope.lacks(&template) {
                    table.wrong(key, why);
                }
                Some(template)
            }
            Err(why) => {
                table.wrong(key, why);
                None
            }
        }
    }

    /// Conditions on an answer.
    pub fn predicates(&self, table: &Table<'_, '_>, key: &'static str) -> Vec<Predicate> {
        self.predicates_of(table, key, &Scope::default().roots(&[""]))
    }

    /// Conditions on an item and what is beside it.
    pub fn predicates_of(&self, table: &Table<'_, '_>, key: &'static str, scope: &Scope) -> Vec<Predicate> {
        let mut predicates = Vec::new();
        for text in table.texts(key) {
            match Predicate::read(&text) {
                Ok(predicate) => {
                    let root = predicate.root();
                    if root.is_some_and(|root| !scope.has_root(root)) {
                        let known: Vec<String> = scope.roots.iter().map(|root| format!("{root}/pointer")).collect();
                        table.wrong(
                            key,
                            format!("\"{text}\": there is no such thing here; there are {}", known.join(", ")),
                        );
                    }
                    if predicate.setting().is_some() && !scope.words.contains(&predicate.selector) {
                        table.wrong(key, format!("\"{text}\": there is no such setting here"));
                    }
                    predicates.push(predicate);
                }
                Err(why) => table.wrong(key, format!("\"{text}\": {why}")),
            }
        }
        predicates
    }

    fn settings(&mut self, table: Table<'_, 't>) -> Vec<Setting> {
        const OURS: &[&str] =
            &["name", "connector", "address", "display_name", "hold", "base_url", "token_url", "public_url"];
        let mut settings = Vec::new();
        for (name, span, value) in table.all() {
            let Some(fields) = value.get_ref().as_table() else {
                self.sheet.wrong(&span, format!("settings.{name}: a table with doc and example is wanted"));
                continue;
            };
            if !is_name(name) || OURS.contains(&name) {
                self.sheet.wrong(&span, format!("a setting's name is {NAME}, and none of {}", OURS.join(", ")));
            }
            let below = Table::new(self.sheet, fields, span, &format!("settings.{name}"));
            if let Some(default) = below.text("default")
                && (is_secret_name(name, false) || looks_secret(&default))
            {
                below.wrong("default", IN_FILE);
            }
            settings.push(Setting {
                name: name.to_owned(),
                doc: below.must("doc"),
                example: below.text("example").unwrap_or_default(),
                default: below.text("default"),
                optional: below.switch("optional").unwrap_or_default(),
            });
            below.end();
            self.account.words.insert(format!("account.{name}"));
        }
        settings
    }

    fn secret_settings(&mut self, table: Table<'_, 't>) -> Vec<SecretSetting> {
        let mut secrets = Vec::new();
        for (name, span, value) in table.all() {
            if !is_name(name) {
                self.sheet.wrong(&span, format!("a secret's name is {NAME}"));
            }
            let Some(fields) = value.get_ref().as_table() else {
                self.sheet.wrong(&span, format!("secrets.{name}: {IN_FILE}"));
                continue;
            };
            let below = Table::new(self.sheet, fields, span, &format!("secrets.{name}"));
            secrets.push(SecretSetting {
                name: name.to_owned(),
                doc: below.must("doc"),
                optional: below.switch("optional").unwrap_or_default(),
            });
            below.end();
            self.secrets.push(name.to_owned());
        }
        secrets
    }

    fn limits(&mut self, table: Table<'_, 't>) -> Limits {
        let mut allowances = Vec::new();
        for name in ["read", "write", "unit"] {
            for text in table.texts(name) {
                let parts = text.split_once('/');
                let most = parts.and_then(|(most, _)| most.trim().parse::<u64>().ok()).filter(|most| *most > 0);
                let span = parts.and_then(|(_, span)| span_millis(span)).filter(|span| *span > 0);
                match most.zip(span) {
                    Some((most, span)) => allowances.push(Allowance { name, most, span }),
                    None => table.wrong(name, format!("\"{text}\" is no allowance; write \"100/1d\"")),
                }
                self.budgets.insert(name);
            }
        }
        let remaining = table.text("remaining").map(|name| name.to_lowercase());
        let reset = table.text("reset").map(|name| name.to_lowercase());
        let is = table.word("reset_is", &RESETS).unwrap_or(Reset::Epoch);
        table.end();
        Limits { allowances, remaining, reset: reset.map(|name| (name, is)) }
    }

    fn rule(&self, table: Table<'_, 't>) -> Option<Rule> {
        let when = self.predicates(&table, "when");
        if when.is_empty() {
            table.wrong("when", "a condition is wanted: \"http = 429\", \"/error_code in 10022,10023\"");
        }
        let classes = [
            ("ok", Class::Ok),
            ("retry", Class::Retry),
            ("wait", Class::Wait),
            ("refresh", Class::Refresh),
            ("reconnect", Class::Reconnect),
            ("window", Class::Window),
            ("duplicate", Class::Duplicate),
            ("gone", Class::Gone),
            ("reject", Class::Reject),
            ("pending", Class::Pending),
            ("unknown", Class::Unknown),
        ];
        let class = table.word("do", &classes);
        if class.is_none() {
            table.wrong("do", "what it means is wanted: ok, retry, wait, refresh, reconnect, window, duplicate, gone, reject, pending, unknown");
        }
        let until = table.text("wait").and_then(|text| {
            let until = until(&text);
            if until.is_none() {
                table.wrong(
                    "wait",
                    "write \"1h\", \"header:NAME\", \"header:NAME:epoch\" (or seconds, iso), \"/pointer\" (seconds), \
                     \"/pointer:minutes\" (or millis) or \"midnight -08:00\"",
                );
            }
            until
        });
        let sends = table.word("on", &[("send", true), ("read", false)]);
        let why = table.text("why").unwrap_or_default();
        table.end();
        Some(Rule { when, class: class?, until: until.unwrap_or(Until::Headers), sends, why })
    }

    /// Refuses what looks like a secret.
    pub fn no_secret(&self, table: &Table<'_, '_>, key: &str, template: &Template, bare: bool) {
        if (bare && !template.words().is_empty()) || looks_secret(&template.words()) {
            table.wrong(key, IN_FILE);
        }
    }
}

const RESETS: [(&str, Reset); 3] = [("epoch", Reset::Epoch), ("seconds", Reset::Seconds), ("iso", Reset::Iso)];

fn until(text: &str) -> Option<Until> {
    if let Some(header) = text.strip_prefix("header:") {
        let (name, is) = header.rsplit_once(':').unwrap_or((header, "seconds"));
        if name.is_empty() {
            return None;
        }
        if name.eq_ignore_ascii_case("retry-after") {
            return Some(Until::Headers);
        }
        let reset = RESETS.iter().find(|(word, _)| *word == is)?.1;
        return Some(Until::Header(name.to_lowercase(), reset));
    }
    if let Some(zone) = text.strip_prefix("midnight ") {
        let (hours, minutes) = zone.trim().split_once(':')?;
        let hours: i32 = hours.parse().ok().filter(|hours: &i32| hours.abs() <= 14)?;
        let minutes: i32 = minutes.parse().ok().filter(|minutes| (0..60).contains(minutes))?;
        return Some(Until::Midnight(hours * 3_600 + hours.signum() * minutes * 60));
    }
    if text.starts_with('/') {
        let (pointer, factor) = match text.rsplit_once(':') {
            Some((pointer, "minutes")) => (pointer, 60_000),
            Some((pointer, "millis")) => (pointer, 1),
            Some((pointer, "seconds")) => (pointer, 1_000),
            _ => (text, 1_000),
        };
        return super::place::is_wrong(pointer).is_none().then(|| Until::Body(pointer.to_owned(), factor));
    }
    span_millis(text).map(Until::Fixed)
}

/// What is said of a secret in a connector file.
pub(super) const IN_FILE: &str = "a secret does not belong into a connector file: write {secret.NAME} here, name it in \
     [secrets], and let the account say where it is (NAME_command, NAME_env or NAME_file)";

/// What is said of one in a call, where no placeholder of a secret may stand.
pub(super) const IN_CALL: &str = "a secret does not belong into a connector file: say in [auth] how it goes along (type = \
     \"query\" or \"header\", name, value = \"{secret.NAME}\"), name it in [secrets], and let the account say where it is \
     (NAME_command, NAME_env or NAME_file)";

/// True for the name of a parameter, header, field or setting whose value is a secret. `key` alone is one outside JSON,
/// where it may be anything.
pub(super) fn is_secret_name(name: &str, in_json: bool) -> bool {
    const ENDS: &[&str] = &[
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "authkey",
        "subscriptionkey",
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "authorization",
        "credential",
        "credentials",
        "cookie",
        "sessionid",
    ];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    ENDS.iter().any(|end| plain.ends_with(end)) || (!in_json && ["key", "auth", "pwd", "sig"].contains(&plain.as_str()))
}

/// True for a path with a secret written out in its query.
pub(super) fn has_secret_parameter(path: &str) -> bool {
    let pairs = path.split_once('?').map_or("", |(_, query)| query).split(['&', ';', '#']);
    let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
    // What is no template is told as such.
    let written = |value: &str| Template::read(value).is_ok_and(|template| is_written_out(&template));
    pairs.any(|(name, value)| is_secret_name(name, false) && written(value))
}

/// True for the value of a secret's name that holds more than placeholders: beside them there may be signs, a scheme
/// (`Bearer {token}`; RFC 9110, section 11.1) and names of what follows (`Token token={x}`, `session={x}`).
pub(super) fn is_written_out(template: &Template) -> bool {
    const SCHEMES: &[&str] = &["basic", "bearer", "bot", "key", "oauth", "token"];
    let is_scheme = |word: &str| {
        let word = word.to_ascii_lowercase();
        SCHEMES.iter().any(|end| word.ends_with(end)) && !word.contains(|c: char| c.is_ascii_digit())
    };
    let signs = |text: &str| !text.chars().any(char::is_alphanumeric);
    let beside = template.beside();
    beside.iter().enumerate().any(|(at, (words, before_hole))| {
        if signs(words) {
            return false;
        }
        if !before_hole {
            return true;
        }
        let scheme = words.split_once(' ').filter(|(scheme, _)| at == 0 && is_scheme(scheme));
        let rest = scheme.map_or(*words, |(_, rest)| rest);
        let name = rest.trim_end_matches('"').strip_suffix('=');
        let name = name.map(|name| name.trim_start_matches([';', ',', '&', '"', ' ']));
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        !(signs(rest) || name.is_some_and(is_name))
    })
}

/// True for words that look like a token: a known prefix, or a long run of letters and digits mixed.
pub(super) fn looks_secret(words: &str) -> bool {
    const PREFIXES: &[&str] = &["xoxb-", "xoxp-", "ghp_", "sk-", "EAA", "AKIA", "eyJ", "ya29.", "glpat-", "Bearer ey"];
    let runs = words.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.=+/~".contains(c)));
    runs.into_iter().any(|run| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let letters = run.chars().filter(char::is_ascii_alphabetic).count();
        // A path or a list of field names has slashes, and hardly a digit.
        let mixed = run.len() >= 20 && digits >= 4 && letters >= 4 && run.matches('/').count() < 3;
        mixed || (run.len() >= 16 && PREFIXES.iter().any(|prefix| run.starts_with(prefix)))
    })
}
