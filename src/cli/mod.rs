//! The command line: the twin of the screen. Whatever an agent can do by key can be scripted here.
//!
//! Data goes to standard output (with `--json` one JSON object a line), remarks and errors to standard error. Exit
//! codes: 0 done, 1 not done, 2 the command line cannot be read, 3 another process owns the profile.

mod account;
mod accounts;
mod arguments;
mod attach;
mod bench;
mod call;
mod connector;
mod console;
mod dead;
mod demo;
mod doctor;
mod examples;
mod facts;
mod first_run;
mod form;
mod guest;
mod help;
mod house;
mod keys;
mod locale;
mod log_file;
mod look;
mod manual;
mod outbox;
mod output;
mod owner;
mod people;
mod pushes;
mod read;
mod rows;
mod score;
mod screen;
mod segment;
mod serve;
mod store;
mod sync;
mod tour;
mod transfer;
mod verbs;
mod webhook;
mod write;

use crate::model::clean_block;
use arguments::{Arguments, Verb};
use console::Console;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a verb returns: anyhow's error is shown as one sentence.
type Outcome = anyhow::Result<()>;

/// Exit code when another process owns the profile.
const OWNED: u8 = 3;
/// How long a profile that is owned by a process without a door is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);

/// The program: reads the arguments (the program's name first), does what they say, returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::connector::init();
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match verbs::read(words.iter().cloned()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Its words quote the arguments, which a script may have from a message.
            let text = clean_block(&error.render().to_string());
            if error.use_stderr() {
                output::remark(text.trim_end());
            } else {
                let mut out = output::Output::new(false);
                // Nothing can be done when even this cannot be printed.
                let _ = out.line(text.trim_end()).and_then(|()| out.finish());
            }
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let named = arguments.profile.clone();
    let place = house::Place::new(arguments.profile.clone(), arguments.agent.clone(), arguments.json)
        .with_look(arguments.keymap.clone(), arguments.theme.clone());
    if arguments.verb.as_ref().is_none_or(|verb| !verb.uses_the_store()) {
        return ExitCode::from(exit_code(dispatch(arguments, &place, named)));
    }
    // The owner carries it out, if there is one. One that is about to open its door, or a verb at work, is waited for.
    let until = Instant::now() + PATIENCE;
    loop {
        match guest::carry(&place, &words) {
            Ok(Some(code)) => return ExitCode::from(code),
            Ok(None) => {}
            Err(error) => return ExitCode::from(exit_code(Err(error))),
        }
        match dispatch(arguments.clone(), &place, named.clone()) {
            Err(error) if house::is_owned(&error) && Instant::now() < until && !Console::has_read() => {
                std::thread::sleep(AGAIN);
            }
            outcome => return ExitCode::from(exit_code(outcome)),
        }
    }
}

/// The exit code of what a verb came to; its error is printed.
fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Ok(()) => 0,
        Err(error) if output::is_broken_pipe(&error) => 0,
        Err(error) => {
            output::complain(&error);
            if house::is_owned(&error) { OWNED } else { 1 }
        }
    }
}

fn dispatch(arguments: Arguments, place: &house::Place, named: Option<PathBuf>) -> Outcome {
    if arguments.verb.as_ref().is_some_and(|verb| !verb.may_begin_a_profile()) {
        place.must_be_one()?;
    }
    match arguments.verb {
        None => screen::open(place),
        Some(verb) => match verb {
            Verb::Inbox(args) => read::inbox(place, args),
            Verb::Show(args) => read::show(place, args),
            Verb::Original(args) => read::original(place, args),
            Verb::Automated(args) => read::automated(place, args),
            Verb::Log(args) => read::log(place, args),
            Verb::Score(args) => score::run(place, &args.verb),
            Verb::Segment(args) => segment::run(place, args),
            Verb::Reply(args) => write::reply(place, args),
            Verb::Forward(args) => write::forward(place, args),
            Verb::Compose(args) => write::compose(place, args),
            Verb::Note(args) => write::note(place, args),
            Verb::Resolve(args) => write::resolve(place, args),
            Verb::Reopen(args) => write::reopen(place, args),
            Verb::Wait(args) => write::wait(place, args),
            Verb::Snooze(args) => write::snooze(place, args),
            Verb::Assign(args) => write::assign(place, args),
            Verb::Tag(args) => write::tag(place, args),
            Verb::Priority(args) => write::priority(place, args),
            Verb::Edit(args) => write::edit(place, args),
            Verb::Merge(args) => people::merge(place, args),
            Verb::Split(args) => people::split(place, args),
            Verb::Move(args) => people::move_identity(place, args),
            Verb::Accept(args) => people::accept(place, args),
            Verb::Suggestions(args) => people::suggestions(place, args),
            Verb::History(args) => people::history(place, args),
            Verb::Unmerge(args) => people::unmerge(place, args),
            Verb::Sync(args) => sync::run(place, args),
            Verb::Outbox(args) => outbox::run(place, args),
            Verb::Drafts(args) => outbox::drafts(place, args),
            Verb::Webhook => webhook::run(place),
            Verb::Dead(args) => dead::run(place, args.verb),
            Verb::Import(args) if facts::is_facts(&args.kind) => facts::import(place, &args),
            Verb::Import(args) if matches!(args.kind.as_str(), "json" | "csv") => rows::import(place, &args),
            Verb::Import(args) => transfer::import(place, args),
            Verb::Export(args) => transfer::export(place, args),
            Verb::Accounts(args) => accounts::run(place, &args),
            Verb::Account(args) => account::run(place, args.verb),
            Verb::Connector(args) => connector::run(place, args.verb),
            Verb::Verify => store::verify(place),
            Verb::Rebuild => store::rebuild(place),
            Verb::Backup(args) => store::backup(place, &args.folder),
            Verb::Restore(args) => store::restore(place, &args.folder),
            Verb::Keys(args) => keys::run(place, args),
            Verb::Bench(args) => bench::run(place, args),
            Verb::Demo(args) => demo::run(named, place, args),
            Verb::Serve(args) => serve::run(place, &args),
            Verb::Doctor(args) => doctor::run(place, args.online),
            Verb::Completions(args) => manual::completions(args.shell),
            Verb::Man(args) => manual::man(place, args),
            Verb::Help(args) => help::run(&args.topic),
        },
    }
}
