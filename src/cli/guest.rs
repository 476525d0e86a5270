//! A process that finds the profile owned: how it greets the owner, and verbs that the owner carries out.

use super::OWNED;
use super::house::Place;
use super::output::remark;
use crate::server::{Carried, Hello, Knocked, PROTOCOL, VerbWanted, Wanted, carry as lend, knock};
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The folder this process runs in; empty where it is gone or no text.
pub fn folder() -> String {
    std::env::current_dir().ok().and_then(|folder| folder.into_os_string().into_string().ok()).unwrap_or_default()
}

/// The greeting of this process.
pub fn hello(place: &Place, wanted: Wanted) -> Hello {
    let zone = jiff::tz::TimeZone::system();
    let zone = zone.iana_name().map(str::to_owned).or_else(|| std::env::var("TZ").ok());
    Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        agent: place.agent().unwrap_or_default().to_owned(),
        zone: zone.unwrap_or_default(),
        process: std::process::id(),
        wanted,
    }
}

/// Somebody owns the profile and answers.
pub fn is_owned(place: &Place) -> bool {
    !matches!(knock(&place.profile, hello(place, Wanted::Nothing)), Ok(Knocked::Nobody) | Err(_))
}

/// Has the owner read `config.toml` again. False when there is no owner.
///
/// # Errors
/// Why it goes on with what it had.
pub fn tell_configuration(place: &Place) -> Result<bool, String> {
    match knock(&place.profile, hello(place, Wanted::Configuration)) {
        Ok(Knocked::Opened(_)) => Ok(true),
        Ok(Knocked::Nobody) => Ok(false),
        Ok(Knocked::Refused(why)) => Err(why),
        Err(error) => Err(error.to_string()),
    }
}

/// Has the owner carry a verb out, given by this process's words (the program's name first). `None` when there is no owner
/// that takes it on; then nothing has been done.
pub fn carry(place: &Place, words: &[OsString]) -> anyhow::Result<Option<u8>> {
    let folder = std::env::current_dir().map(|folder| folder.as_os_str().as_bytes().to_vec()).unwrap_or_default();
    let wanted = VerbWanted {
        arguments: words.iter().skip(1).map(|word| word.clone().into_vec().into()).collect(),
        folder: folder.into(),
        out_is_terminal: io::stdout().is_terminal(),
        err_is_terminal: io::stderr().is_terminal(),
    };
    match knock(&place.profile, hello(place, Wanted::Verb(wanted)))? {
        Knocked::Nobody => Ok(None),
        Knocked::Refused(why) => {
            remark(&format!("switchboard: {why}"));
            Ok(Some(OWNED))
        }
        Knocked::Opened(stream) => match lend(stream)? {
            Carried::Exit(code) => Ok(Some(code)),
            Carried::Lost => anyhow::bail!(
                "the process that owns the profile ended before it said what came of this; look whether it was done before doing it again"
            ),
        },
    }
}
