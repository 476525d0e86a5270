//! The command line: the twin of the screen. Whatever an agent can do by key can be scripted here.
//!
//! Data goes to standard output (with `--json` one JSON object a line), remarks and errors to standard error. Exit
//! codes: 0 done, 1 not done, 2 the command line cannot be read, 3 another process owns the profile.

mod account;
mod arguments;
mod bench;
mod dead;
mod demo;
mod doctor;
mod form;
mod help;
mod house;
mod keys;
mod outbox;
mod output;
mod read;
mod screen;
mod store;
mod sync;
mod transfer;
mod write;

use crate::model::clean_block;
use arguments::{Arguments, Verb};
use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;

/// What a verb returns: anyhow's error is shown as one sentence.
type Outcome = anyhow::Result<()>;

/// Exit code when another process owns the profile.
const OWNED: u8 = 3;

/// The program: reads the arguments (the program's name first), does what they say, returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::connector::init();
    let arguments = match Arguments::try_parse_from(arguments) {
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
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(if house::is_owned(&error) { OWNED } else { 1 })
        }
    }
}

fn dispatch(arguments: Arguments) -> Outcome {
    let named = arguments.profile.clone();
    let place = house::Place::new(arguments.profile, arguments.agent, arguments.json);
    match arguments.verb {
        None => screen::open(&place),
        Some(verb) => match verb {
            Verb::Inbox(args) => read::inbox(&place, args),
            Verb::Show(args) => read::show(&place, args),
            Verb::Original(args) => read::original(&place, args),
            Verb::Automated(args) => read::automated(&place, args),
            Verb::Log(args) => read::log(&place, args),
            Verb::Reply(args) => write::reply(&place, args),
            Verb::Forward(args) => write::forward(&place, args),
            Verb::Compose(args) => write::compose(&place, args),
            Verb::Note(args) => write::note(&place, args),
            Verb::Resolve(args) => write::resolve(&place, args),
            Verb::Reopen(args) => write::reopen(&place, args),
            Verb::Wait(args) => write::wait(&place, args),
            Verb::Snooze(args) => write::snooze(&place, args),
            Verb::Assign(args) => write::assign(&place, args),
            Verb::Tag(args) => write::tag(&place, args),
            Verb::Priority(args) => write::priority(&place, args),
            Verb::Edit(args) => write::edit(&place, args),
            Verb::Sync(args) => sync::run(&place, args),
            Verb::Outbox(args) => outbox::run(&place, args),
            Verb::Drafts(args) => outbox::drafts(&place, args),
            Verb::Dead(args) => dead::run(&place, args.verb),
            Verb::Import(args) => transfer::import(&place, args),
            Verb::Export(args) => transfer::export(&place, args),
            Verb::Account(args) => account::run(&place, args.verb),
            Verb::Verify => store::verify(&place),
            Verb::Rebuild => store::rebuild(&place),
            Verb::Backup(args) => store::backup(&place, &args.folder),
            Verb::Restore(args) => store::restore(&place, &args.folder),
            Verb::Keys => keys::run(&place),
            Verb::Bench(args) => bench::run(&place, args),
            Verb::Demo(args) => demo::run(named, &place, args),
            Verb::Doctor => doctor::run(&place),
            Verb::Help(args) => help::run(args.topic.as_deref()),
        },
    }
}
