//! # Switchboard: the map of the house
//!
//! One inbox per customer, in a terminal.
//!
//! | room | what lives there | may import |
//! | --- | --- | --- |
//! | [`model`] | the words as plain data: customer, identity, message, case, outgoing, draft, event; the text cleaner; no I/O, no clock | – |
//! | [`engine`] | the storage seam, bytes only: `sled` (journal + sled), `memory` (tests) | – |
//! | [`store`] | tables over the engine: keys, record encoding | engine, model |
//! | [`identity`] | pure: normalise addresses, tell robots from people, choose names; who may be one person, with evidence | model |
//! | [`score`] | pure: what messages sound like ([`score::sentiment`]) and want ([`score::intent`]), with the shipped models, what customers are like, with reasons: the table `SCORES`, segments | model |
//! | [`connector`] | the outside world: `Source`, `Sink`, errors, the table `CONNECTORS`, secrets by reference | identity, model |
//! | [`desk`] | the use cases: ingest, reply, triage, outbox, reading. The only writer of the store | store, engine, identity, score, connector, model |
//! | [`worker`] | when, not what: pull, deliver, wake snoozed cases, score, back-off | desk, score, connector, model |
//! | [`command`] | what an agent can say: the table `COMMANDS` | model |
//! | [`data_file`] | TOML files an agent may write: which inherits which, read as far as they can be, warnings with line and column | – |
//! | [`keymap`], [`theme`] | data files → tries and styles | data_file, command (keymap only) |
//! | [`ui`] | one agent's screen, pure: `update`, `view`; [`ui::first_run`] is the screen before there is an account | model, command, keymap, theme, identity |
//! | [`seat`] | the loop of one agent's terminal: keys → update → effects → frames; its own backend | ui, desk, keymap, theme, model, worker, engine (whether a panic is expected) |
//! | [`server`] | the ways in: the Unix socket by which screens and verbs of other processes reach the owner; HTTP, by which platforms push | seat, desk, connector, config, model |
//! | [`config`] | `config.toml`, profile folders | connector (settings), model |
//! | [`cli`] | the command line verbs, the wiring | everything |
//!
//! `tests/house` reads the sources and holds the house to this table.
//!
//! ## How data flows
//!
//! **In.** `worker::pull` asks a [`connector::Source`] for a page → [`desk::Desk::ingest`] dedupes by a hash of account,
//! remote id and content, finds or makes the customer, files the message and moves the case, all in **one commit** with
//! the source's cursor → the event goes to the feed → every seat that shows it asks again for what it shows.
//!
//! **Out.** A key → [`keymap`] → a command → the screen's [`ui::Effect`] → [`desk::Desk::act`], one commit → the answer is
//! on the timeline as held. `worker::deliver` takes it to the point of no return ([`connector::Sink::offer`]), writes
//! *sending* and the exact bytes down, and only then hands them over ([`connector::Sink::deliver`]).
//!
//! **Pushed.** [`server::webhook`] asks the account's [`connector::Hook`] whether a request is really from the platform →
//! [`desk::Desk::receive_push`] writes it down as it came, once → it is answered → `worker::pushed` has the hook understand it
//! and files it, and takes it off the queue, in one commit.
//!
//! **Scored.** `worker::score` follows the log ([`desk::Desk::follow_log`]) and has those scored whom something happened to;
//! after another model, everybody, in a round that is kept in the commit of each slice. A row holds a customer's scores;
//! a message's sentiment is read when it is shown, and only an agent's correction of it is kept. What scores need of a
//! message stands in the index of its timeline ([`store::Glance`]), beside the place of its text.
//!
//! **Kept.** [`engine::sled`]: the journal is the truth, sled the state. A row is small, and neighbours share a row of sled
//! (`engine/bucket.rs`); text and originals are content in the journal, packed together (`engine/journal/block.rs`) and
//! found by their place.
//!
//! **Doors.** One process owns a profile. [`server`] opens a socket in it: a screen that comes in is a [`seat`] like the
//! owner's own (bytes in, at most one frame on its way out), a verb is carried out by `cli/owner.rs` on a thread of its own
//! with the client's standard streams (`cli/console.rs`).
//!
//! ## Where it differs from the first design, and why
//!
//! - Records carry minicbor's numbered fields, and what scripts see is shaped in `cli/form.rs`; the model needs no serde.
//! - Messages hang on identities, not on customers, so that merging and splitting moves edges only. A customer's timeline
//!   is merged from its identities' when it is read.
//! - A sink sends in two steps, so that a crash before the second is safely *queued* and not *unknown*.
//! - Mail is taken apart by our own one-pass splitter and HTML converter (`connector/email/parts.rs`, `html/`): the
//!   libraries' whole-message parsers cannot be bounded from outside. Header values and charsets are still mail-parser's.
//! - Everything that speaks HTTP goes through `connector/http`: no redirects (files may lead on three times, without what
//!   proves who we are), no addresses inside the house, bounded in time and size, paid for from the account's ledger.
//!
//! ## Where do I put …
//!
//! | I add a | I write | and one line in |
//! | --- | --- | --- |
//! | connector | `connector/<name>/`, `help.txt` in it, tests in `tests/channels/<name>/` over `contract.rs` or `pushed.rs` | `CONNECTORS` |
//! | connector without code | `connector/declared/platforms/<name>.toml` (`switchboard connector help`) | `SHIPPED` and a constant in `declared/platforms.rs`, `CONNECTORS` |
//! | keymap, theme | `keymaps/<name>.toml`, `themes/<name>.toml` | `PRESETS`, `BUILT_IN` |
//! | pane | `ui/view/<name>.rs` | `ui/view/mod.rs` |
//! | command | a row in `command/table.rs` and its arm in `ui/run.rs` | `keymaps/default.toml`, `keymaps/accessible.toml` |
//! | verb of the command line | `cli/<name>.rs`, its words in `cli/arguments.rs`, examples in `cli/examples.rs` | `cli/mod.rs`, a group in `cli/verbs.rs` |
//! | check of `doctor` | `cli/doctor/<name>.rs` | `cli/doctor/mod.rs` |
//! | table | `store/<table>.rs` and its key prefix | the table in `store/mod.rs` |
//! | background job | `worker/<name>.rs` | `Workers::start` |
//! | engine | `engine/<name>.rs`, held to `engine/contract.rs` | `engine/mod.rs` |

pub mod cli;
pub mod command;
pub mod config;
pub mod connector;
pub mod data_file;
pub mod desk;
pub mod engine;
pub mod identity;
pub mod keymap;
pub mod model;
pub mod score;
pub mod seat;
pub mod server;
pub mod store;
pub mod theme;
pub mod ui;
pub mod worker;
