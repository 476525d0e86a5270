//! The form of a mail account. What can be guessed from the address is there already.

use super::form::{Field, Form, Pressed};
use super::provider;
use super::trial::Trial;
use super::{Effect, FirstRun, Page};
use crossterm::event::KeyEvent;

/// A server, as filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `tls`, `starttls` or `none`.
    pub security: &'static str,
}

/// Where the password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A command prints it.
    Command(String),
    /// A file has it.
    File(String),
    /// An environment variable has it.
    Variable(String),
}

/// An account, as filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAccount {
    /// What it is called here.
    pub name: String,
    /// The address answers come from.
    pub address: String,
    /// The name answers come from; may be empty.
    pub display_name: String,
    /// Mail in; `None` when no server is named.
    pub imap: Option<MailServer>,
    /// Mail out.
    pub smtp: Option<MailServer>,
    /// The user name at both.
    pub user: String,
    /// Where the password is.
    pub secret: SecretPlace,
}

const SECURITY: &[&str] = &["tls", "starttls", "none"];
const SECRETS: &[&str] = &["command", "file", "variable"];

const ADDRESS: usize = 0;
const DISPLAY_NAME: usize = 1;
const NAME: usize = 2;
const IMAP: usize = 3;
const IMAP_PORT: usize = 4;
const IMAP_SECURITY: usize = 5;
const SMTP: usize = 6;
const SMTP_PORT: usize = 7;
const SMTP_SECURITY: usize = 8;
const USER: usize = 9;
const SECRET_KIND: usize = 10;
const SECRET: usize = 11;

/// The form.
#[derive(Debug)]
pub(in crate::ui) struct AccountForm {
    pub form: Form,
    /// What one must know of the address's provider.
    pub note: &'static str,
}

impl AccountForm {
    /// An empty one.
    pub(super) fn new() -> AccountForm {
        let server = "The name of the server. Empty for an account without it.";
        let security = "tls from the first byte, starttls before anything is said; none only for this machine.";
        let form = Form::new(
            "Try it, then keep it",
            vec![
                Field::line("Your address", "Mail comes to it, and answers come from it: support@shop.example."),
                Field::line("Your name", "Stands before the address in your answers. May be empty."),
                Field::line("Call it", "One short word for this account; it stands in the status line."),
                Field::line("IMAP server", server).apart(),
                Field::line("IMAP port", "993 with tls, 143 with starttls."),
                Field::one("IMAP security", SECURITY, security),
                Field::line("SMTP server", server).apart(),
                Field::line("SMTP port", "587 with starttls, 465 with tls."),
                Field::one("SMTP security", SECURITY, security),
                Field::line("User name", "Mostly the whole address, sometimes what stands before the @.").apart(),
                Field::one("Password from", SECRETS, "Left and Right choose. Passwords are never stored here."),
                Field::line("", ""),
            ],
        );
        let mut account = AccountForm { form, note: "" };
        account.follow_security();
        account.follow_secret();
        account.form.fields[SMTP_SECURITY].guess("starttls");
        account.follow_security();
        account
    }

    fn text(&self, field: usize) -> &str {
        self.form.fields[field].text()
    }

    /// Pastes into the field under the cursor.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(field) = self.form.paste(text) {
            self.changed(field);
        }
    }

    /// Guesses what follows from a field.
    fn changed(&mut self, field: usize) {
        match field {
            ADDRESS => self.follow_address(),
            SECRET_KIND => self.follow_secret(),
            _ => {}
        }
        self.follow_security();
    }

    fn follow_address(&mut self) {
        let address = self.text(ADDRESS).to_owned();
        let (local, domain) = address.split_once('@').unwrap_or((&address, ""));
        let domain = domain.to_lowercase();
        let name: String = local.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
        let known = provider::of(&domain);
        self.note = known.map_or("", |provider| provider.note);
        let fields = &mut self.form.fields;
        fields[NAME].guess(&name.to_lowercase());
        fields[USER].guess(&address);
        fields[SMTP_SECURITY].guess(known.map_or("starttls", |provider| provider.smtp_security));
        let guess = |kind: &str| if domain.is_empty() { String::new() } else { format!("{kind}.{domain}") };
        fields[IMAP].guess(&known.map_or_else(|| guess("imap"), |provider| provider.imap.to_owned()));
        fields[SMTP].guess(&known.map_or_else(|| guess("smtp"), |provider| provider.smtp.to_owned()));
    }

    fn follow_security(&mut self) {
        let imap = if self.text(IMAP_SECURITY) == "tls" { "993" } else { "143" };
        let smtp = match self.text(SMTP_SECURITY) {
            "tls" => "465",
            "starttls" => "587",
            _ => "25",
        };
        self.form.fields[IMAP_PORT].guess(imap);
        self.form.fields[SMTP_PORT].guess(smtp);
    }

    fn follow_secret(&mut self) {
        let (label, help) = match self.text(SECRET_KIND) {
            "command" => ("Command", "It prints the password in its first line: pass show mail/support"),
            "file" => {
                ("File", "Its first line is the password, and only you can read it (chmod 600): ~/.mail-password")
            }
            _ => ("Variable", "The environment variable that has the password whenever you start: MAIL_PASSWORD"),
        };
        let field = &mut self.form.fields[SECRET];
        (field.label, field.help) = (label, help);
    }

    /// What was filled in; or the field that is wrong, and why.
    pub(super) fn read(&self) -> Result<MailAccount, (usize, String)> {
        let text = |field: usize| self.text(field).to_owned();
        let address = text(ADDRESS);
        if !address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
            return Err((ADDRESS, "an address looks like support@shop.example".to_owned()));
        }
        if text(NAME).is_empty() || text(NAME).contains(char::is_whitespace) {
            return Err((NAME, "call the account by one short word".to_owned()));
        }
        let server = |host: usize, port: usize, security: usize| -> Result<Option<MailServer>, (usize, String)> {
            let name = text(host);
            if name.is_empty() {
                return Ok(None);
            }
            let number = text(port).parse().ok().filter(|number: &u16| *number > 0);
            let number = number.ok_or_else(|| (port, "a port is a number up to 65535".to_owned()))?;
            let security = SECURITY.iter().find(|known| **known == self.text(security)).copied().unwrap_or("tls");
            Ok(Some(MailServer { host: name, port: number, security }))
        };
        let (imap, smtp) = (server(IMAP, IMAP_PORT, IMAP_SECURITY)?, server(SMTP, SMTP_PORT, SMTP_SECURITY)?);
        if imap.is_none() && smtp.is_none() {
            return Err((IMAP, "name a server: IMAP to read, SMTP to send, or both".to_owned()));
        }
        if text(SECRET).is_empty() {
            return Err((SECRET, "say where the password is; it is not stored here".to_owned()));
        }
        let secret = match self.text(SECRET_KIND) {
            "command" => SecretPlace::Command(text(SECRET)),
            "file" => SecretPlace::File(text(SECRET)),
            _ => SecretPlace::Variable(text(SECRET)),
        };
        let (name, display_name, user) = (text(NAME), text(DISPLAY_NAME), text(USER));
        Ok(MailAccount { name, address, display_name, imap, smtp, user, secret })
    }
}

impl FirstRun {
    /// A key in the form of an account.
    pub(super) fn in_the_account(&mut self, key: KeyEvent) {
        match self.account.form.key(key) {
            Pressed::Changed(field) => self.account.changed(field),
            Pressed::Back => self.page = Page::Doors,
            Pressed::Done => match self.account.read() {
                Ok(account) => self.try_out(account),
                Err((field, why)) => {
                    self.account.form.at = field;
                    self.said = Some(why);
                }
            },
            Pressed::Nothing => {}
        }
    }

    /// Tries an account while the agent watches.
    pub(super) fn try_out(&mut self, account: MailAccount) {
        self.trials += 1;
        self.effects.push(Effect::Try(self.trials, Box::new(account.clone())));
        self.page = Page::Trial(Box::new(Trial::new(self.trials, account)));
    }
}
