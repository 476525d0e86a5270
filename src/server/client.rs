//! The other side: a process that finds the profile owned.

use super::door::{socket, with_address};
use super::wire::{Hello, Message, PIECE};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long an owner may take to answer a knock.
const ANSWER: Duration = Duration::from_secs(10);

/// What came of a knock.
pub enum Knocked {
    /// The owner took it on; what it says next comes by this connection.
    Opened(UnixStream),
    /// Nobody answers: there is no owner, or one without a door.
    Nobody,
    /// The owner says no.
    Refused(String),
}

/// Knocks at the door of a profile with a greeting. Until [`Knocked::Opened`] nothing has been done.
///
/// # Errors
/// When the connection cannot be used.
pub fn knock(profile: &Path, hello: Hello) -> io::Result<Knocked> {
    let path = socket(profile);
    let mut stream = match with_address(&path, |address| UnixStream::connect(address)) {
        Ok(stream) => stream,
        // Whatever is there, nobody answers; who owns the profile is for the lock to say.
        Err(_) => return Ok(Knocked::Nobody),
    };
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    if Message::Hello(hello).write(&mut stream).is_err() {
        return Ok(Knocked::Nobody);
    }
    match Message::read(&mut stream) {
        Ok(Some(Message::Started)) => {
            stream.set_read_timeout(None)?;
            stream.set_write_timeout(None)?;
            Ok(Knocked::Opened(stream))
        }
        Ok(Some(Message::Refused(why))) => Ok(Knocked::Refused(why)),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Ok(Knocked::Refused("the process that owns the profile does not answer".to_owned()))
        }
        // It closed before it took anything on.
        _ => Ok(Knocked::Nobody),
    }
}

/// How a verb ended that the owner carried out.
pub enum Carried {
    /// With this exit code.
    Exit(u8),
    /// The owner ended meanwhile: it may have been done, or not.
    Lost,
}

/// Lends this process's standard streams to a verb that the owner carries out.
///
/// # Errors
/// When this process's own output cannot be written; the verb is told by the connection's end.
pub fn carry(mut stream: UnixStream) -> io::Result<Carried> {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    loop {
        match Message::read(&mut stream) {
            Ok(Some(Message::Out(bytes))) => {
                out.write_all(&bytes)?;
                out.flush()?;
            }
            // Without standard error there is nobody to tell.
            Ok(Some(Message::Err(bytes))) => drop(err.write_all(&bytes)),
            Ok(Some(Message::WantInput)) => {
                let mut piece = vec![0; PIECE];
                let read = loop {
                    match io::stdin().read(&mut piece) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        other => break other?,
                    }
                };
                piece.truncate(read);
                if Message::Input(piece).write(&mut stream).is_err() {
                    return Ok(Carried::Lost);
                }
            }
            Ok(Some(Message::Exit(code))) => return Ok(Carried::Exit(code)),
            _ => return Ok(Carried::Lost),
        }
    }
}
