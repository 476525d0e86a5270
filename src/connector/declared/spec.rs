//! What a connector file says, once it is read and checked.

use super::predicate::Predicate;
use super::template::{Shape, Template};
use crate::connector::Allowance;
use crate::model::{Length, Way, Window};
use std::collections::BTreeMap;

/// A whole connector file.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// The word in `config.toml`.
    pub name: String,
    /// The kind of place its messages come from: the name, unless the file says otherwise (calls are all `phone`).
    pub channel: String,
    pub doc: String,
    /// May hold `{account.NAME}` in its host, where each customer of the platform has a host of their own.
    pub base_url: String,
    /// What a person should know besides the settings.
    pub notes: String,
    /// Pointers to the platform's words in an answer that says no.
    pub said: Vec<String>,
    pub settings: Vec<Setting>,
    pub secrets: Vec<SecretSetting>,
    pub headers: Vec<(String, Template)>,
    /// Never empty; the first whose secrets the account names is taken.
    pub auth: Vec<Auth>,
    pub limits: Limits,
    pub streams: Vec<Stream>,
    pub replies: Vec<Reply>,
    pub errors: Vec<Rule>,
    pub webhook: Option<Webhook>,
    pub import: Option<Intake>,
}

/// A setting of the account that this platform needs.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub name: String,
    pub doc: String,
    pub example: String,
    pub default: Option<String>,
    pub optional: bool,
}

impl Setting {
    /// True for one that is on or off: its default is `true` or `false`.
    pub fn is_switch(&self) -> bool {
        matches!(self.default.as_deref(), Some("true" | "false"))
    }
}

/// A secret this platform needs; the account says where it is.
#[derive(Clone, Debug)]
pub(super) struct SecretSetting {
    pub name: String,
    pub doc: String,
    pub optional: bool,
}

/// Where that which proves who we are is put.
#[derive(Clone, Debug)]
pub(super) enum Placement {
    None,
    Header(String, Template),
    Query(String, Template),
    Basic(Template, Template),
}

#[derive(Clone, Debug)]
pub(super) struct Auth {
    /// The secrets it cannot do without.
    pub secrets: Vec<String>,
    pub placement: Placement,
    pub proof: Option<CallProof>,
    pub refresh: Option<Refresh>,
}

/// What proves that who holds the token has a secret too: a parameter with the hex HMAC-SHA256 of `over`.
#[derive(Clone, Debug)]
pub(super) struct CallProof {
    pub query: String,
    pub over: Template,
    /// Optional in the account: without it calls go without the parameter.
    pub secret: Template,
}

/// How an access token is fetched.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    /// Origin of the server that gives tokens; may hold `{account.NAME}` as the base does.
    pub base: String,
    pub path: String,
    pub body: BodyShape,
    pub headers: Vec<(String, Template)>,
    pub basic: Option<(Template, Template)>,
    pub token: String,
    pub expires_in: Option<String>,
    pub refresh_token: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum BodyShape {
    None,
    Json(Shape),
    Form(BTreeMap<String, Template>),
}

/// What may be spent, and where the platform says how much is left.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    pub allowances: Vec<Allowance>,
    pub remaining: Option<String>,
    pub reset: Option<(String, crate::connector::http::Reset)>,
}

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub method: String,
    pub path: Template,
    pub query: Vec<(String, Template)>,
    pub headers: Vec<(String, Template)>,
    pub body: BodyShape,
    /// What it is paid from, and how many units.
    pub cost: Option<(&'static str, u64)>,
}

/// How watermarks and times are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Number,
    Text,
    Time,
}

/// Where a stream goes on.
#[derive(Clone, Debug)]
pub(super) enum Resume {
    /// From the beginning each time: what is known changes nothing.
    None,
    /// After the greatest value seen.
    Mark { from: Vec<Template>, compare: Compare, overlap: i64, add: i64 },
    /// Where the platform's own cursor stands.
    Cursor(String),
}

/// How the next page is found.
#[derive(Clone, Debug)]
pub(super) enum Next {
    None,
    Cursor(String),
    Url(String),
    Link,
    Offset,
    Number(i64),
    Last(String, i64),
    /// The same call again, as long as there is more.
    Again,
}

#[derive(Clone, Debug)]
pub(super) struct Page {
    pub next: Next,
    pub stop_if: Vec<Predicate>,
    pub stop_unless: Vec<Predicate>,
    /// Fewer items than this are the last page.
    pub size: Option<usize>,
    /// A walk that is longer is going round.
    pub most: u32,
    /// How far back the very first walk goes.
    pub first: u32,
}

/// Which parents a child stream goes through.
#[derive(Clone, Debug)]
pub(super) struct Parents {
    pub max_age: i64,
    pub most: usize,
    /// A pointer in the parent: as long as its value stays, there is nothing new below it.
    pub changed: Option<String>,
    /// Each parent is read below once and forgotten; the stream above goes on when all it brought are read.
    pub queue: bool,
}

/// Something that is read again and again.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub request: Request,
    pub every: i64,
    pub newest_first: bool,
    pub resume: Resume,
    /// How far back it begins where the platform wants to be told, in milliseconds: `{start}`.
    pub start: Option<i64>,
    pub page: Page,
    /// The stream whose items this one is read for, by its number.
    pub each: Option<(usize, Parents)>,
    /// Pointers into the parent that this stream needs.
    pub of_parent: Vec<String>,
    /// Its items are messages.
    pub emit: bool,
    /// The watermark moves with each page.
    pub commit_page: bool,
    pub intake: Intake,
}

/// From an answer to messages.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    /// Its name: the folder messages are found in.
    pub name: String,
    pub items: String,
    pub keep: Vec<Predicate>,
    pub joins: Vec<Join>,
    pub map: Map,
}

/// What an answer says once for several items: users beside the comments they wrote.
#[derive(Clone, Debug)]
pub(super) struct Join {
    /// Its values are `{NAME/pointer}`.
    pub name: String,
    /// Where the list is.
    pub items: String,
    /// The pointer in each of its elements …
    pub key: String,
    /// … whose value is this one of the item.
    pub value: Pick,
}

/// What a time looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeFormat {
    Epoch,
    EpochMillis,
    Rfc3339,
    Rfc2822,
    /// As strptime reads it.
    Pattern(String),
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextIs {
    Plain,
    Html,
    Markdown,
}

/// What an item that is no message says of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Edited,
    Deleted,
    Delivered,
    Read,
    Failed,
    Reaction,
}

/// A value with its alternatives: the first that is there counts.
pub(super) type Pick = Vec<Template>;

/// How an item becomes a message.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub id: Pick,
    pub time: Pick,
    pub time_format: TimeFormat,
    pub author_id: Pick,
    pub author_name: Pick,
    pub handle: Pick,
    pub to: Pick,
    pub text: Pick,
    pub text_is: TextIs,
    pub subject: Pick,
    pub thread: Pick,
    pub parent: Pick,
    pub url: Pick,
    pub email: Pick,
    pub phone: Pick,
    /// The platform vouches for mail address or phone.
    pub proven: bool,
    pub edited: Pick,
    pub likes: Pick,
    pub reason: Pick,
    pub deleted: Vec<Predicate>,
    pub outbound: Vec<Predicate>,
    pub way: Way,
    pub context: BTreeMap<String, Pick>,
    pub files: Option<Files>,
    pub change: Option<Change>,
}

/// Where attachments are listed.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// Lists, or single files; all that are there.
    pub items: Vec<String>,
    pub url: Pick,
    /// The address has to be asked for first.
    pub ask: Option<Ask>,
    /// The call for the file carries what proves who we are, to the platform's own hosts alone.
    pub signed: bool,
    /// The platform's hosts besides the base; where there are some, files are fetched from no other.
    pub hosts: Vec<String>,
    pub name: Pick,
    pub kind: Pick,
    pub size: Pick,
}

/// The call that tells where a file is.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub path: Template,
    /// Where its answer says so.
    pub url: String,
}

/// One way to answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// Conditions on the account: where they do not hold, there is no such way.
    pub given: Vec<Predicate>,
    /// As the file has them.
    pub given_words: String,
    /// The messages it answers: those with this way; all when `None`.
    pub answers: Option<Way>,
    /// Who can read it.
    pub way: Way,
    /// Further conditions on what is kept of the message.
    pub when: Vec<Predicate>,
    pub needs: Vec<String>,
    pub request: Request,
    pub sent: Option<Sent>,
    /// For how long a second send is recognised; `i64::MAX` for ever.
    pub idempotent: Option<i64>,
    pub lengths: Vec<Length>,
    pub window: Option<Window>,
    pub first_contact: bool,
    pub verify: Option<Verify>,
}

/// Where the answer to a send says which id it got.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub items: String,
    /// Which of the items it is.
    pub keep: Vec<Predicate>,
    pub id: String,
}

/// How an unknown send is looked for.
#[derive(Clone, Debug)]
pub(super) struct Verify {
    pub request: Request,
    pub items: String,
    /// Who wrote it, where the list holds both sides: only what is ours counts. Empty where it holds ours alone.
    pub from: Pick,
    pub text: Pick,
    pub id: Pick,
    pub time: Pick,
    pub time_format: TimeFormat,
    pub text_is: TextIs,
}

/// A class of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Ok,
    Retry,
    Wait,
    Refresh,
    Reconnect,
    Window,
    Duplicate,
    Gone,
    Reject,
    Pending,
    Unknown,
}

/// How long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// What the usual headers say.
    Headers,
    /// A header.
    Header(String, crate::connector::http::Reset),
    /// A number in the body, times so many milliseconds.
    Body(String, i64),
    /// Milliseconds.
    Fixed(i64),
    /// The next midnight so many seconds east of Greenwich.
    Midnight(i32),
}

/// One row of the error table.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub when: Vec<Predicate>,
    pub class: Class,
    pub until: Until,
    /// `Some(true)`: sends alone; `Some(false)`: reads alone.
    pub sends: Option<bool>,
    /// What the agent is told besides the platform's words.
    pub why: String,
}

/// How a delivery is told from a forgery.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    Hmac { sha1: bool, base64: bool, header: String, prefix: String, over: Template, secret: Template },
    Equals { header: String, secret: Template },
    Ed25519 { header: String, seed: Template },
}

/// A handshake.
#[derive(Clone, Debug)]
pub(super) enum Challenge {
    /// A GET whose query holds what is to be given back, and a token that must be ours.
    Query { give: String, token: Option<(String, Template)> },
    /// QQ: the body holds what is to be signed.
    Signed { when: Vec<Predicate>, over: Template, respond: Shape },
}

/// The door for what a platform pushes.
#[derive(Clone, Debug)]
pub(super) struct Webhook {
    pub proof: Proof,
    /// A signed time and how far it may be off, in milliseconds; and whether it is in milliseconds itself.
    pub time_header: Option<(String, i64)>,
    pub challenge: Option<Challenge>,
    pub dedupe: Option<String>,
    pub answer: String,
    /// A form, not JSON: its fields are the item.
    pub form: bool,
    pub takes: Vec<Intake>,
}
