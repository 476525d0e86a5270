//! # Switchboard: the map of the house
//!
//! One inbox per customer, in a terminal.
//!
//! | room | what lives there | may import |
//! | --- | --- | --- |
//! | [`model`] | the words as plain data: customer, identity, message, case, outgoing, draft, event; no I/O, no clock | – |
//! | [`engine`] | the storage seam, bytes only: `sled` (journal + sled), `memory` (tests) | – |
//! | [`store`] | tables over the engine: keys, record encoding | engine, model |
//! | [`identity`] | pure: normalise addresses, tell robots from people, choose names | model |
//! | [`connector`] | the outside world: `Source`, `Sink`, errors, the table `CONNECTORS`, secrets by reference | model |
//! | [`desk`] | the use cases: ingest, reply, triage, outbox, reading. The only writer of the store | store, engine, identity, connector (its items), model |
//! | [`worker`] | when, not what: pull, deliver, wake snoozed cases, back-off | desk, connector, model |
//! | [`command`] | what an agent can say: the table `COMMANDS` | model |
//! | [`keymap`], [`theme`] | data files → tries and styles | command (keymap only), data_file |
//! | [`data_file`] | TOML files an agent may write: read as far as they can be, warnings with line and column | – |
//! | [`ui`] | one agent's screen, pure: `update`, `view` | model, command, keymap, theme |
//! | [`seat`] | the loop of one agent's terminal: keys → update → effects → frames | ui, desk, command, keymap, theme, model, worker |
//! | [`config`] | `config.toml`, profile folders | connector (settings), model |
//! | [`cli`] | the command line verbs, the wiring | everything |

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
pub mod seat;
pub mod store;
pub mod theme;
pub mod ui;
pub mod worker;
