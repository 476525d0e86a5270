//! What goes over the socket: small frames, each a kind, a length and bytes.
//!
//! Both ends are this program. A frame that is too long or makes no sense ends the connection.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use std::io::{self, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Changes when the frames below mean something else.
pub const PROTOCOL: u32 = 3;
/// The longest frame. A frame of a screen is far smaller; standard input comes in pieces.
pub const LONGEST: usize = 4 << 20;
/// Standard input and output travel in pieces of this size.
pub const PIECE: usize = 64 << 10;

/// How a client begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// [`PROTOCOL`].
    #[n(0)]
    pub protocol: u32,
    /// The client's version, as `--version` says it.
    #[n(1)]
    pub version: String,
    /// Act under this name; empty for the profile's own choice.
    #[n(2)]
    pub agent: String,
    /// The client's time zone, as jiff names it; empty for the owner's.
    #[n(3)]
    pub zone: String,
    /// The client's process, for files that only it can name (`/dev/stdin`).
    #[n(4)]
    pub process: u32,
    /// What is wanted.
    #[n(5)]
    pub wanted: Wanted,
}

/// What a client wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Wanted {
    /// Nothing but to know that the owner answers.
    #[default]
    #[n(0)]
    Nothing,
    /// A verb of the command line to be carried out.
    #[n(1)]
    Verb(#[n(0)] VerbWanted),
    /// A screen.
    #[n(2)]
    Screen(#[n(0)] ScreenWanted),
    /// That the owner reads `config.toml` again.
    #[n(3)]
    Configuration,
}

/// A verb to be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct VerbWanted {
    /// The arguments after the program's name, as bytes: file names need not be UTF-8.
    #[n(0)]
    pub arguments: Vec<ByteVec>,
    /// The folder the client runs in.
    #[n(1)]
    pub folder: ByteVec,
    /// Its standard output is a terminal.
    #[n(2)]
    pub out_is_terminal: bool,
    /// Its standard error is a terminal.
    #[n(3)]
    pub err_is_terminal: bool,
}

/// A screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ScreenWanted {
    /// Columns.
    #[n(0)]
    pub width: u16,
    /// Rows.
    #[n(1)]
    pub height: u16,
    /// What the client's environment says about its terminal: `TERM`, `COLORTERM`, `NO_COLOR` …
    #[n(2)]
    pub environment: Vec<(String, String)>,
    /// The folder the client runs in, where it is text.
    #[n(3)]
    pub folder: String,
    /// Where its agent was in a window that lost its owner, as `ui::Position` writes it; empty to begin at the top.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub position: Vec<u8>,
}

/// One frame, of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// From the client, first.
    Hello(Hello),
    /// From the client: what was typed, or a piece of standard input. Empty at the end of standard input.
    Input(Vec<u8>),
    /// From the client: the terminal's columns and rows.
    Resize(u16, u16),
    /// From the client: the last frame has reached the terminal.
    Drawn,
    /// From the owner: it is taken on. Before this nothing has been done.
    Started,
    /// From the owner: not taken on, and why.
    Refused(String),
    /// From the owner: a piece of standard output, or a frame of the screen.
    Out(Vec<u8>),
    /// From the owner: a piece of standard error.
    Err(Vec<u8>),
    /// From the owner: the next piece of standard input is wanted.
    WantInput,
    /// From the owner: the verb is done, with this exit code; or the agent left the screen.
    Exit(u8),
    /// From the owner: it ends, and the screen with it. Somebody else may own the profile now. Where the agent was.
    Leaving(Vec<u8>),
}

/// Bytes that are no frame of ours.
fn nonsense(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the other end of the socket sent {what}"))
}

impl Message {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, payload): (u8, Vec<u8>) = match self {
            // Encoding into memory cannot fail.
            Message::Hello(hello) => (1, minicbor::to_vec(hello).unwrap_or_default()),
            Message::Input(bytes) => (2, bytes.clone()),
            Message::Resize(width, height) => (3, [width.to_be_bytes(), height.to_be_bytes()].concat()),
            Message::Drawn => (4, Vec::new()),
            Message::Started => (5, Vec::new()),
            Message::Refused(why) => (6, why.clone().into_bytes()),
            Message::Out(bytes) => (7, bytes.clone()),
            Message::Err(bytes) => (8, bytes.clone()),
            Message::WantInput => (9, Vec::new()),
            Message::Exit(code) => (10, vec![*code]),
            Message::Leaving(position) => (11, position.clone()),
        };
        let mut bytes = Vec::with_capacity(5 + payload.len());
        bytes.push(kind);
        bytes.extend_from_slice(&(payload.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&payload);
        bytes
    }

    fn from_parts(kind: u8, payload: Vec<u8>) -> io::Result<Message> {
        Ok(match (kind, payload.as_slice()) {
            (1, bytes) => Message::Hello(minicbor::decode(bytes).map_err(|_| nonsense("a greeting of another kind"))?),
            (2, _) => Message::Input(payload),
            (3, [a, b, c, d]) => Message::Resize(u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
            (4, []) => Message::Drawn,
            (5, []) => Message::Started,
            (6, _) => Message::Refused(String::from_utf8_lossy(&payload).into_owned()),
            (7, _) => Message::Out(payload),
            (8, _) => Message::Err(payload),
            (9, []) => Message::WantInput,
            (10, [code]) => Message::Exit(*code),
            (11, _) => Message::Leaving(payload),
            _ => return Err(nonsense("something unknown")),
        })
    }

    fn length(head: [u8; 5]) -> io::Result<usize> {
        let [_, a, b, c, d] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > LONGEST { Err(nonsense("too much at once")) } else { Ok(length) }
    }

    /// The next one; `None` when the other end has closed between two.
    ///
    /// # Errors
    /// When the connection breaks or what comes is no frame.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Message>> {
        let mut head = [0; 5];
        match from.read(&mut head[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Message::read(from),
            Err(error) => return Err(error),
        }
        from.read_exact(&mut head[1..])?;
        let mut payload = vec![0; Message::length(head)?];
        from.read_exact(&mut payload)?;
        Message::from_parts(head[0], payload).map(Some)
    }

    /// As [`Message::read`], within a task.
    ///
    /// # Errors
    /// As [`Message::read`].
    pub async fn read_async(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Message>> {
        let mut head = [0; 5];
        if from.read(&mut head[..1]).await? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut head[1..]).await?;
        let mut payload = vec![0; Message::length(head)?];
        from.read_exact(&mut payload).await?;
        Message::from_parts(head[0], payload).map(Some)
    }

    /// Sends it.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&self.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all() -> Vec<Message> {
        let verb = VerbWanted {
            arguments: vec![b"note".to_vec().into(), vec![0xff, 0xfe].into()],
            folder: b"/tmp".to_vec().into(),
            out_is_terminal: true,
            err_is_terminal: false,
        };
        let screen = ScreenWanted {
            width: 80,
            height: 24,
            environment: vec![("TERM".into(), "xterm".into())],
            folder: "/".into(),
            position: vec![1, 2],
        };
        let hello = Hello { protocol: PROTOCOL, version: "0.1.0".into(), process: 7, ..Hello::default() };
        vec![
            Message::Hello(Hello { wanted: Wanted::Verb(verb), ..hello.clone() }),
            Message::Hello(Hello { wanted: Wanted::Configuration, ..hello.clone() }),
            Message::Hello(Hello { wanted: Wanted::Screen(screen), ..hello }),
            Message::Input(b"\x1b[A".to_vec()),
            Message::Input(Vec::new()),
            Message::Resize(80, 24),
            Message::Drawn,
            Message::Started,
            Message::Refused("no".into()),
            Message::Out(vec![1; 100_000]),
            Message::Err(b"x".to_vec()),
            Message::WantInput,
            Message::Exit(3),
            Message::Leaving(vec![3]),
        ]
    }

    #[test]
    fn what_is_sent_is_what_arrives() {
        let bytes: Vec<u8> = all().iter().flat_map(Message::to_bytes).collect();
        let mut from = bytes.as_slice();
        for message in all() {
            assert_eq!(Message::read(&mut from).unwrap(), Some(message));
        }
        assert_eq!(Message::read(&mut from).unwrap(), None);
    }

    #[test]
    fn rubbish_ends_the_connection_and_allocates_nothing() {
        for rubbish in
            [&b"\x07\xff\xff\xff\xff"[..], b"GET / HTTP/1.1\r\n", b"\x63\0\0\0\0", b"\x01\0\0\0\x03abc", b"\x05\0"]
        {
            assert!(Message::read(&mut &rubbish[..]).is_err(), "{rubbish:?}");
        }
    }
}
