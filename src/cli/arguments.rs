//! The words of the command line.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// One inbox per customer, in a terminal. Without a verb the screen opens.
#[derive(Clone, Debug, Parser)]
#[command(name = "switchboard", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Arguments {
    /// The profile folder [default: ~/.local/share/switchboard; see `switchboard help profile`]
    #[arg(long, global = true, value_name = "DIR", display_order = 900)]
    pub profile: Option<PathBuf>,
    /// Print JSON, one object a line; `switchboard help json` names the fields
    #[arg(long, global = true, display_order = 902)]
    pub json: bool,
    /// Act under this name [default: `agent` of config.toml, else your user name]
    #[arg(long, global = true, value_name = "NAME", display_order = 901)]
    pub agent: Option<String>,
    /// Use these keys: default, mutt, gmail, helix, accessible, or a file of the profile's `keymaps` [default:
    /// $SWITCHBOARD_KEYMAP, else `keymap` of config.toml]
    #[arg(long, global = true, value_name = "NAME", display_order = 903)]
    pub keymap: Option<String>,
    /// Use these colours: dark, light, high-contrast, terminal, or a file of the profile's `themes` [default:
    /// $SWITCHBOARD_THEME, else `theme` of config.toml]
    #[arg(long, global = true, value_name = "NAME", display_order = 904)]
    pub theme: Option<String>,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// List the inbox: one row a customer
    Inbox(Inbox),
    /// Show a customer: profile, case and the whole timeline
    Show(Show),
    /// Answer a customer
    Reply(Reply),
    /// Hand a message on to somebody else
    Forward(Forward),
    /// Write a new message
    Compose(Compose),
    /// Write a private note; it never leaves the house
    Note(Note),
    /// Resolve a customer's case
    Resolve(Who),
    /// Open a customer's case again
    Reopen(Who),
    /// Mark a case as waiting for the customer
    Wait(Who),
    /// Put a case off until a time, or until the customer answers
    Snooze(Snooze),
    /// Give a case to an agent, or to nobody
    Assign(Assign),
    /// Add and remove tags
    Tag(Tag),
    /// Set the priority of a case
    Priority(PriorityOf),
    /// Change a customer's profile
    Edit(Edit),
    /// Make two customers one; `unmerge` takes it back at any time
    Merge(Merge),
    /// Make some identities of a customer a customer of their own
    Split(Split),
    /// Give an identity to another customer
    Move(MoveOf),
    /// Let a suspect in, whose mail your server says is forged
    Accept(AcceptOf),
    /// List who may be the same person, and decide
    Suggestions(Suggestions),
    /// Print what was done to a customer: who, when, why
    History(History),
    /// Take a merge, split, move or accept back, however long ago
    Unmerge(Unmerge),
    /// Fetch all that the servers have, then return
    Sync(Sync),
    /// List the outbox, send what is due, decide on what is stuck
    Outbox(Outbox),
    /// List drafts, or discard one
    Drafts(Drafts),
    /// Own the profile without a screen; screens and verbs come in
    Serve(Serve),
    /// Show what platforms push: where to, what came
    Webhook,
    /// Look after dead letters: what came in and was not understood
    Dead(Dead),
    /// List automatic mail and mail that belongs to nobody
    Automated(Limit),
    /// Print a message byte for byte, or one of its attachments
    Original(Original),
    /// Import messages, or orders, customers and ratings
    Import(Import),
    /// Print every message as one JSON object a line
    Export(Export),
    /// List, add, test and remove accounts
    Account(Account),
    /// The connectors there are, and files that declare new ones
    Connector(ConnectorArgs),
    /// Show how every account is doing: what waits, budget, trouble
    Accounts(Accounts),
    /// Print the log: who did what, when; or file a phone call
    Log(Log),
    /// Show scores and sentiment, correct them, bring them up to date
    Score(ScoreArgs),
    /// List segments of customers, show who is in one, fit them anew
    Segment(SegmentArgs),
    /// Check every record of the journal, and the state against it
    Verify,
    /// Make the state anew from the journal
    Rebuild,
    /// Back the profile up into a folder; the next time only what is new
    Backup(Folder),
    /// Make the profile from a backup
    Restore(Folder),
    /// Print the keys, or check keymap files
    Keys(Keys),
    /// Open the screen on invented customers; nothing to set up
    Demo(Demo),
    /// Measure import, start, keys, memory and disk on invented mail
    Bench(Bench),
    /// Look whether all is well, and say what to do where it is not
    Doctor(Doctor),
    /// Print the script that completes verbs and options in a shell
    Completions(Completions),
    /// Print the manual page, or write all pages into a folder
    Man(Man),
    /// Explain a verb, the fields of --json, or the profile
    Help(Help),
}

#[derive(Clone, Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    pub verb: Option<KeysVerb>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum KeysVerb {
    /// Print all keys as they are on this machine (the same as `keys` alone)
    Print(KeysPrint),
    /// Check keymap files: each line that is not used is named by file, line and column
    Check(KeysCheck),
}

#[derive(Clone, Debug, Args)]
pub struct KeysPrint {
    /// The keys of this keymap: default, mutt, gmail, helix, accessible, or a file of the profile's `keymaps`
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct KeysCheck {
    /// The files [default: those of the profile]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Inbox {
    /// Which cases; `inbox` is all that are not resolved
    #[arg(long, default_value = "inbox", value_parser = ["inbox", "open", "waiting", "snoozed", "resolved", "all"])]
    pub view: String,
    /// Only cases of this agent; `none` for those of nobody
    #[arg(long, value_name = "AGENT")]
    pub owner: Option<String>,
    /// Only customers with this tag
    #[arg(long)]
    pub tag: Option<String>,
    /// Only with unread messages
    #[arg(long)]
    pub unread: bool,
    /// Only where these words occur in name, address, last line, owner or tags
    #[arg(long, value_name = "WORDS")]
    pub filter: Option<String>,
    /// At most so many rows
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Args)]
pub struct Who {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
}

#[derive(Clone, Debug, Args)]
pub struct Show {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// Only the latest so many messages
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only messages of this thread, as `show --json` names it
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// Only messages of this channel, or through this account
    #[arg(long, value_name = "NAME", conflicts_with = "thread")]
    pub channel: Option<String>,
}

/// Where a text comes from.
#[derive(Clone, Debug, Args)]
pub struct Text {
    /// The text; `-` reads it from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "text_file")]
    pub text: Option<String>,
    /// Read the text from a file
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub text_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Reply {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    #[command(flatten)]
    pub text: Text,
    /// Answer in this thread [default: that of the customer's last message]
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// Answer this message
    #[arg(long, value_name = "ID", conflicts_with = "thread")]
    pub message: Option<String>,
    /// Answer the customer's last message on this channel, or through this account
    #[arg(long, value_name = "NAME", conflicts_with_all = ["thread", "message"])]
    pub channel: Option<String>,
    /// Who shall be able to read it, where the channel leaves a choice [default: as the message itself]
    #[arg(long, value_name = "WAY", value_parser = ["public", "direct"])]
    pub way: Option<String>,
    /// Answer all who were on the message
    #[arg(long)]
    pub all: bool,
    /// Send from this account [default: the one the message came through]
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Attach a file; may be given several times
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
    /// Resolve the case as well
    #[arg(long)]
    pub resolve: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Forward {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// To this address; may be given several times
    #[arg(long, required = true, value_name = "ADDRESS")]
    pub to: Vec<String>,
    /// The message to hand on [default: the customer's last]
    #[arg(long, value_name = "ID")]
    pub message: Option<String>,
    /// What you write above it
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub text: String,
    /// Leave its attachments out
    #[arg(long)]
    pub without_attachments: bool,
    /// Send from this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Compose {
    /// Send from this account [default: the first that can send]
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// To this address, `ana@example.com` or `Ana <ana@example.com>`; may be given several times
    #[arg(long, required = true, value_name = "ADDRESS")]
    pub to: Vec<String>,
    /// A copy to this address; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    pub cc: Vec<String>,
    /// The subject
    #[arg(long, allow_hyphen_values = true)]
    pub subject: String,
    #[command(flatten)]
    pub text: Text,
    /// Attach a file; may be given several times
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Note {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    #[command(flatten)]
    pub text: Text,
}

#[derive(Clone, Debug, Args)]
pub struct Snooze {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// 30m, 2h, 3d, tomorrow, monday, 2026-12-01, "2026-12-01 09:00", an RFC 3339 time, or reply
    #[arg(value_name = "TIME", required_unless_present_any = ["until", "reply"])]
    pub time: Option<String>,
    /// The time, as an option
    #[arg(long, value_name = "TIME", alias = "for", conflicts_with = "time")]
    pub until: Option<String>,
    /// Until the customer answers
    #[arg(long, alias = "until-reply", conflicts_with_all = ["time", "until"])]
    pub reply: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Assign {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// The agent
    #[arg(required_unless_present_any = ["nobody", "to"], value_name = "AGENT")]
    pub owner: Option<String>,
    /// The agent, as an option
    #[arg(long, value_name = "AGENT", conflicts_with = "owner")]
    pub to: Option<String>,
    /// Give it to nobody
    #[arg(long, conflicts_with_all = ["owner", "to"])]
    pub nobody: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Tag {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// Tags to add
    #[arg(value_name = "TAG")]
    pub tags: Vec<String>,
    /// A tag to add, as an option; may be given several times
    #[arg(long, value_name = "TAG")]
    pub add: Vec<String>,
    /// A tag to remove; may be given several times
    #[arg(long, value_name = "TAG")]
    pub remove: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct PriorityOf {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// How urgent
    #[arg(value_parser = ["urgent", "high", "normal", "low"])]
    pub priority: String,
}

#[derive(Clone, Debug, Args)]
pub struct Edit {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// Another name; empty goes back to the one in their mail
    #[arg(long)]
    pub name: Option<String>,
    /// The standing remark
    #[arg(long, allow_hyphen_values = true)]
    pub notes: Option<String>,
    /// Two-letter code of the language (ISO 639-1); empty goes back to detection
    #[arg(long)]
    pub language: Option<String>,
    /// A field of your own, NAME=VALUE; an empty value removes it; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub field: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Sync {
    /// Only this account; may be given several times
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Outbox {
    /// Send what is due, and wait at most so many seconds until nothing is held, queued or sending
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
    /// Send this one (failed, unknown, or held) again, or now
    #[arg(long, value_name = "ID")]
    pub retry: Vec<String>,
    /// Take this one back, or give it up
    #[arg(long, value_name = "ID")]
    pub cancel: Vec<String>,
    /// This unknown one did arrive
    #[arg(long, value_name = "ID")]
    pub mark_sent: Vec<String>,
    /// At most so many rows; what is not done always comes first
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub limit: usize,
}

#[derive(Clone, Debug, Args)]
pub struct Drafts {
    /// Throw this one away
    #[arg(long, value_name = "ID")]
    pub discard: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Dead {
    #[command(subcommand)]
    pub verb: DeadVerb,
}

#[derive(Clone, Debug, Subcommand)]
pub enum DeadVerb {
    /// List dead letters, with why they were not understood
    List,
    /// Show one as text, whole
    Show {
        /// Its id
        id: String,
    },
    /// Try to understand one again, or all
    Retry {
        /// Its id; none for all
        id: Option<String>,
    },
    /// Write one byte for byte to a file, or to standard output
    Export {
        /// Its id
        id: String,
        /// The file, which must not exist [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take some off the list, or all; their originals stay in the journal
    Discard {
        /// Their ids
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// All of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// With --all: only those of this account
        #[arg(long, value_name = "NAME", requires = "all")]
        account: Option<String>,
    },
}

#[derive(Clone, Debug, Args)]
pub struct Limit {
    /// At most so many rows
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub limit: usize,
}

#[derive(Clone, Debug, Args)]
pub struct Original {
    /// The message's id, as `show --json` prints it
    pub message: String,
    /// Its attachment with this number, as `show --json` prints it
    #[arg(long, value_name = "PART")]
    pub attachment: Option<u32>,
    /// Write to this file, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Import {
    /// What it is: messages (maildir, mbox, json, csv), or facts about customers (orders, customers, ratings)
    #[arg(value_parser = ["maildir", "mbox", "json", "csv", "orders", "customers", "ratings"])]
    pub kind: String,
    /// The Maildir's folder (or one with .eml files), or the file; customers also as .vcf or .json
    pub path: PathBuf,
    /// The account messages belong to; `switchboard account list` names them
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        required_if_eq_any = [("kind", "maildir"), ("kind", "mbox"), ("kind", "json"), ("kind", "csv")]
    )]
    pub account: String,
    /// How rows of json and csv become messages: a file with a table `import`, as `switchboard connector help` describes it
    /// [default: the `import` of the account's connector]; for facts a file with a table `columns`
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Facts: which column is what, as in id="Order no." or status=State (refunded, cancelled, returned and void orders
    /// count for nothing); may be given several times
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub column: Vec<String>,
    /// Orders: the currency where no column says it, by its three letters
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Orders: the shop whose numbers they are, where there are several
    #[arg(long, value_name = "NAME")]
    pub shop: Option<String>,
    /// Ratings: the worst and the best there is to give, as in 1-5, where no column says it
    #[arg(long, value_name = "FROM-TO")]
    pub scale: Option<String>,
    /// Customers: overwrite what the profile says already
    #[arg(long)]
    pub replace: bool,
    /// Facts: look and report alone, write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Export {
    /// Also write the originals into this folder, one `.eml` file a message
    #[arg(long, value_name = "DIR")]
    pub originals: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Account {
    #[command(subcommand)]
    pub verb: AccountVerb,
}

#[derive(Clone, Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct ConnectorArgs {
    #[command(subcommand)]
    pub verb: ConnectorVerb,
}

/// What `connector` does.
#[derive(Clone, Debug, Subcommand)]
pub enum ConnectorVerb {
    /// List the connectors: those of the program, and those declared in the profile
    List,
    /// Print the file that declares a connector
    Show {
        /// Its name
        name: String,
    },
    /// Say everything that is wrong with a connector file
    Check {
        /// The file
        file: PathBuf,
    },
    /// Read with a connector file and show the messages; nothing is filed
    Try(ConnectorTry),
    /// Explain the language of connector files
    Help,
}

#[derive(Clone, Debug, Args)]
pub struct ConnectorTry {
    /// The file
    pub file: PathBuf,
    /// The account whose settings and secrets are used
    #[arg(long, value_name = "NAME")]
    pub account: String,
    /// Make at most so many calls; each counts in the account's budget [default: 10]
    #[arg(long, value_name = "N")]
    pub calls: Option<usize>,
    /// Make no call: show what is in this recorded webhook delivery
    #[arg(long, value_name = "FILE")]
    pub delivery: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct ScoreArgs {
    #[command(subcommand)]
    pub verb: ScoreVerb,
}

/// What `score` does.
#[derive(Clone, Debug, Subcommand)]
pub enum ScoreVerb {
    /// Show the scores of a customer, with their reasons
    Show(Who),
    /// Say what a message sounds like; the model learns from it
    Correct(ScoreCorrect),
    /// Bring all scores up to date, to the end; with nobody else at work too
    Refresh(ScoreRefresh),
    /// Show what was learned from corrections; switch it off and on, take it back
    Layer(ScoreLayer),
    /// Read a text a line from standard input, and say of each whether it is glad or angry
    Text(ScoreText),
    /// Train a model's weights from labelled texts
    Train(ScoreTrain),
}

#[derive(Clone, Debug, Args)]
pub struct ScoreText {
    /// Measure against the labels of this file, one a line: negative, neutral, positive (neg, neu, pos; -1, 0, 1; 0, 1, 2), or
    /// a JSON object with `label`; its `text` is read when standard input is empty. With two different labels in
    /// the file, the likelier of the two is measured
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Learn from the corrections of this file first: a JSON object with `text` and `label` a line, or a label, a tab and the text
    #[arg(long, value_name = "FILE")]
    pub learn: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct ScoreTrain {
    /// Files of JSON objects, one a line: `text`, `label`, and perhaps `lang` and `score`; a .txt file has one text a line, in a
    /// language that cannot be read
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Where the weights go; the report stands beside it, with the ending .report.txt
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Decides which fifth (need: quarter) of the rows the report is measured on; the weights are made from all
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Which model [default: by the languages of the data]. need: what messages want; labels as in the sets of its list
    #[arg(long, value_name = "NAME", value_parser = ["english", "chinese", "multilingual", "language", "need"])]
    pub model: Option<String>,
    /// How much the rows of a file count, by its name without ending; may be given several times
    #[arg(long, value_name = "SET=NUMBER")]
    pub weight: Vec<String>,
    /// The table has two to this power of buckets [default: that of the shipped model]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(6..=20))]
    pub bits: Option<u32>,
}

#[derive(Clone, Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum AccountVerb {
    /// List the configured accounts
    List,
    /// Add an account to config.toml
    Add(Box<AccountAdd>),
    /// Try everything an account needs, and say in plain words what is wrong
    Test {
        /// Its name; none for all
        name: Option<String>,
    },
    /// Remove an account from config.toml; its messages stay
    Remove {
        /// Its name
        name: String,
    },
    /// Explain the settings of a kind of account
    Help {
        /// The kind: email
        connector: Option<String>,
    },
}

#[derive(Clone, Debug, Args)]
pub struct AccountAdd {
    /// Its name, one short word
    pub name: String,
    /// The kind of account
    #[arg(long, value_name = "KIND", default_value = "email")]
    pub connector: String,
    /// The address answers come from (email)
    #[arg(long)]
    pub address: Option<String>,
    /// The name answers come from
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// A setting of the connector, as `switchboard account help KIND` lists them; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// IMAP server, HOST or HOST:PORT
    #[arg(long, value_name = "HOST[:PORT]")]
    pub imap: Option<String>,
    /// How the IMAP connection is secured
    #[arg(long, value_name = "HOW", default_value = "tls", value_parser = ["tls", "starttls", "none"])]
    pub imap_security: String,
    /// SMTP server, HOST or HOST:PORT
    #[arg(long, value_name = "HOST[:PORT]")]
    pub smtp: Option<String>,
    /// How the SMTP connection is secured
    #[arg(long, value_name = "HOW", default_value = "starttls", value_parser = ["tls", "starttls", "none"])]
    pub smtp_security: String,
    /// The SMTP server takes mail without a login
    #[arg(long, requires = "smtp")]
    pub smtp_without_login: bool,
    /// No server: the account holds imported mail alone
    #[arg(long, conflicts_with_all = ["imap", "smtp"])]
    pub archive: bool,
    /// The user name at both servers [default: the address]
    #[arg(long)]
    pub user: Option<String>,
    /// A command whose first line of output is the password
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["password_env", "password_file"])]
    pub password_command: Option<String>,
    /// The environment variable with the password
    #[arg(long, value_name = "VARIABLE", conflicts_with = "password_file")]
    pub password_env: Option<String>,
    /// A file with the password, readable by you alone
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Certificates to trust, in PEM form
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Undo time before an answer leaves: 10s, 2m [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub hold: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Merge {
    /// The customer that stays: an id, an address, or an unambiguous part of a name
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    /// The customer that becomes part of it
    #[arg(value_name = "OTHER")]
    pub other: String,
    /// Why, for the history
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub reason: String,
}

#[derive(Clone, Debug, Args)]
pub struct Split {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// What goes: addresses, or the ids that `show --json` prints
    #[arg(required = true, value_name = "IDENTITY")]
    pub identities: Vec<String>,
    /// Why, for the history
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub reason: String,
}

#[derive(Clone, Debug, Args)]
pub struct MoveOf {
    /// An address, or an id that `show --json` prints
    pub identity: String,
    /// Whose it is: an id, an address, or an unambiguous part of a name
    pub customer: String,
    /// Why, for the history
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub reason: String,
}

#[derive(Clone, Debug, Args)]
pub struct AcceptOf {
    /// The suspect's address, or its id as `show --json` prints it
    pub identity: String,
}

#[derive(Clone, Debug, Args)]
pub struct Suggestions {
    /// Only those about this customer; with --accept the one that stays
    pub customer: Option<String>,
    /// They are one: merge them
    #[arg(long, value_name = "ID", conflicts_with = "never")]
    pub accept: Option<String>,
    /// They are not, and it is not to be asked again
    #[arg(long, value_name = "ID")]
    pub never: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct History {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// At most so many lines, the latest
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub limit: usize,
}

#[derive(Clone, Debug, Args)]
pub struct Unmerge {
    /// The act, as `history` prints it
    pub act: String,
}

#[derive(Clone, Debug, Args)]
pub struct Accounts {
    /// Only this account; may be given several times
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
}

#[derive(Clone, Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum LogVerb {
    /// File a phone call on a customer's timeline; like any message it stays as it is, a note puts it right
    Call(LogCall),
}

#[derive(Clone, Debug, Args)]
pub struct LogCall {
    /// An id, an address, or an unambiguous part of a name
    pub customer: String,
    /// Who called: in when they did, out when we did
    #[arg(long, value_parser = ["in", "out"])]
    pub direction: String,
    /// How long it took: 40s, 3m, 1h
    #[arg(long, value_name = "TIME", default_value = "0s", hide_default_value = true)]
    pub duration: String,
    #[command(flatten)]
    pub text: Text,
    /// When it began: an RFC 3339 time, or "2026-11-27 09:30" here [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Their number with its country, +4915112345678
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub number: Option<String>,
}

#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Log {
    #[command(subcommand)]
    pub verb: Option<LogVerb>,
    /// From this number on
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    pub from: u64,
    /// At most so many lines
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Args)]
pub struct ScoreCorrect {
    /// The message's id, as `show --json` prints it
    pub message: String,
    /// What it sounds like; `none` takes the correction back
    #[arg(value_parser = ["negative", "neutral", "positive", "none"])]
    pub label: String,
}

#[derive(Clone, Debug, Args)]
pub struct ScoreRefresh {
    /// Score everybody anew, and fit the segments
    #[arg(long)]
    pub all: bool,
    /// Stop scoring everybody, where that is under way; the same without it goes on
    #[arg(long, conflicts_with = "all")]
    pub stop: bool,
}

#[derive(Clone, Debug, Args)]
pub struct ScoreLayer {
    /// Read messages by the shipped model alone; what was learned is kept
    #[arg(long, conflicts_with_all = ["on", "undo"])]
    pub off: bool,
    /// Read messages with what was learned again
    #[arg(long, conflicts_with = "undo")]
    pub on: bool,
    /// Go back to what was learned before
    #[arg(long)]
    pub undo: bool,
}

#[derive(Clone, Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct SegmentArgs {
    #[command(subcommand)]
    pub verb: SegmentVerb,
}

/// What `segment` does.
#[derive(Clone, Debug, Subcommand)]
pub enum SegmentVerb {
    /// List all segments, kind by kind, the largest first
    List,
    /// List the customers of a segment
    Show(SegmentShow),
    /// Count everybody and fit the segments anew
    Fit(SegmentFit),
}

#[derive(Clone, Debug, Args)]
pub struct SegmentShow {
    /// The segment's name, as `segment list` prints it
    pub name: String,
    /// Which kind it is of, where several have one of that name
    #[arg(long, value_name = "KIND", value_parser = ["rfm", "k-means", "dbscan"])]
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct SegmentFit {
    /// How many segments k-means makes [default: chosen by how well and how stably they part]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(2..=20))]
    pub kmeans: Option<u8>,
}

#[derive(Clone, Debug, Args)]
pub struct Folder {
    /// The backup's folder
    pub folder: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// The same number gives the same people, texts and order of events [default: 7]
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// How fast new messages and answers come, 0.01 to 1000 [default: 1; 10 with --headless]
    #[arg(long, value_name = "X")]
    pub speed: Option<f64>,
    /// Without a screen: take the past in, some live traffic, send three answers, print a summary (--json implies it)
    #[arg(long)]
    pub headless: bool,
    /// Seconds of live traffic without a screen [default: 5]
    #[arg(long, value_name = "S")]
    pub seconds: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub struct Doctor {
    /// Log in to the mail servers as well, as `account test` does
    #[arg(long)]
    pub online: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Bench {
    /// How many messages; several sizes, with commas between, are measured one after the other
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "10000", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub messages: Vec<u64>,
    /// How many customers write them [default: one for every 20 messages]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub customers: Option<u64>,
    /// The same number gives the same mail
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Where the mail and the profile lie meanwhile [default: the folder for temporary files]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Leave them there at the end
    #[arg(long, requires = "dir")]
    pub keep: bool,
    /// One step, as the bench itself runs it in a process of its own
    #[arg(long, hide = true, requires = "dir")]
    pub step: Option<super::bench::Step>,
}

#[derive(Clone, Debug, Args)]
pub struct Help {
    /// json, profile, webhook, or a verb: `help score train`
    pub topic: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Clone, Debug, Args)]
pub struct Man {
    /// Write all pages here, one a verb [default: print the main page]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Write the log to this file [default: `log` in the profile]
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

impl ScoreVerb {
    /// Reading and training on texts of one's own needs no profile.
    fn uses_the_store(&self) -> bool {
        !matches!(self, ScoreVerb::Text(_) | ScoreVerb::Train(_))
    }
}

impl Verb {
    /// It may begin a profile where there is none. The others need one: a mistyped `--profile` must not make one.
    pub fn may_begin_a_profile(&self) -> bool {
        match self {
            Verb::Account(account) => matches!(account.verb, AccountVerb::Add(_) | AccountVerb::Help { .. }),
            Verb::Import(_) | Verb::Restore(_) | Verb::Demo(_) => true,
            // These look at the machine and at files of their own.
            Verb::Keys(_) | Verb::Bench(_) | Verb::Doctor(_) => true,
            Verb::Score(args) => !args.verb.uses_the_store(),
            Verb::Connector(args) => !matches!(args.verb, ConnectorVerb::Try(_)),
            Verb::Completions(_) | Verb::Man(_) | Verb::Help(_) => true,
            _ => false,
        }
    }

    /// It reads or changes the store: the process that owns the profile carries it out.
    pub fn uses_the_store(&self) -> bool {
        if let Verb::Connector(args) = self {
            // Only trying spends from an account's budget.
            return matches!(args.verb, ConnectorVerb::Try(_));
        }
        if let Verb::Score(args) = self {
            return args.verb.uses_the_store();
        }
        !matches!(
            self,
            Verb::Account(_)
                | Verb::Restore(_)
                | Verb::Keys(_)
                | Verb::Bench(_)
                | Verb::Demo(_)
                | Verb::Doctor(_)
                | Verb::Completions(_)
                | Verb::Man(_)
                | Verb::Help(_)
                | Verb::Serve(_)
        )
    }
}
