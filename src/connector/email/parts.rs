//! The parts of a MIME message: where each begins and ends, found in one pass over the bytes and inside limits.
//!
//! mail-parser builds the whole tree before one could count it, and frees nested messages recursively; here nothing
//! grows with what a stranger sends before it was counted.

use super::headers::Headers;
use super::transfer::Transfer;
use std::ops::Range;

/// Largest original that is looked into.
pub(super) const MAX_RAW: usize = 50_000_000;
/// Deepest nesting of multiparts.
pub(super) const MAX_DEPTH: usize = 64;
/// Most parts.
pub(super) const MAX_PARTS: usize = 1_000;
/// Most headers of a message.
pub(super) const MAX_HEADERS: usize = 2_000;
/// Largest header block of a message, in bytes.
pub(super) const MAX_HEADER_BYTES: usize = 1_000_000;
/// Most headers of a part inside.
const MAX_PART_HEADERS: usize = 200;
/// Largest header block of a part inside, in bytes.
const MAX_PART_HEADER_BYTES: usize = 64_000;

/// A limit that a message broke, in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Breach(pub(super) String);

/// What a part says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// `text`, in lower case.
    pub(super) main: String,
    /// `plain`, in lower case.
    pub(super) sub: String,
    /// As named, not cleaned.
    pub(super) charset: Option<String>,
    /// File name, not cleaned.
    pub(super) name: Option<String>,
    /// `Content-Disposition: attachment`.
    pub(super) attached: bool,
    /// Encoding of the body.
    pub(super) transfer: Transfer,
    /// `format=flowed`.
    pub(super) flowed: bool,
    /// `DelSp=yes`.
    pub(super) delete_space: bool,
}

impl Kind {
    /// True for this type.
    pub(super) fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }
}

/// One part: a leaf or a multipart. Parts inside `message/rfc822` are not looked into: it is a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// What it is.
    pub(super) kind: Kind,
    /// The multipart it stands in.
    pub(super) parent: Option<usize>,
    /// Its body in the original, still encoded.
    pub(super) body: Range<usize>,
    /// True when it was taken apart.
    pub(super) multipart: bool,
}

/// Takes a message apart; the first part is the message itself.
///
/// # Errors
/// [`Breach`] names the limit that was broken.
pub(super) fn split(raw: &[u8]) -> Result<Vec<Part>, Breach> {
    if raw.len() > MAX_RAW {
        return Err(Breach(format!("it is larger than {} MB", MAX_RAW / 1_000_000)));
    }
    let mut splitter = Splitter { raw, parts: Vec::new(), open: Vec::new(), in_leaf: false, position: 0 };
    splitter.position = block_start(raw);
    splitter.begin_part()?;
    while splitter.position < raw.len() {
        splitter.line()?;
    }
    splitter.close_to(0, raw.len());
    splitter.end_leaf(raw.len());
    Ok(splitter.parts)
}

/// Where the header block begins: after the `From ` line of a mailbox file, should one be left in front.
pub(super) fn block_start(raw: &[u8]) -> usize {
    let mut start = 0;
    let skipped: [&[u8]; 4] = [b"From ", b">From ", b"\r\n", b"\n"];
    while skipped.iter().any(|prefix| raw[start..].starts_with(prefix)) {
        match line_end(raw, start) {
            end if end < raw.len() => start = end,
            _ => break,
        }
    }
    start
}

/// The header block and where the body begins.
///
/// # Errors
/// [`Breach`] when the block is too large.
pub(super) fn header_block(raw: &[u8]) -> Result<(Range<usize>, usize), Breach> {
    let start = block_start(raw);
    let end = header_end(raw, start, MAX_HEADERS, MAX_HEADER_BYTES, |_| false)?;
    Ok((start..end, after_blank(raw, end)))
}

struct Splitter<'a> {
    raw: &'a [u8],
    parts: Vec<Part>,
    /// Boundaries that are open, with their multipart, outermost first.
    open: Vec<(Vec<u8>, usize)>,
    /// The last part is a leaf whose end is not known yet.
    in_leaf: bool,
    position: usize,
}

impl Splitter<'_> {
    /// Reads the headers at the position and begins the part they describe.
    fn begin_part(&mut self) -> Result<(), Breach> {
        if self.parts.len() >= MAX_PARTS {
            return Err(Breach(format!("it has more than {MAX_PARTS} parts")));
        }
        let first = self.parts.is_empty();
        let (headers, bytes) =
            if first { (MAX_HEADERS, MAX_HEADER_BYTES) } else { (MAX_PART_HEADERS, MAX_PART_HEADER_BYTES) };
        let start = self.position;
        let end = header_end(self.raw, start, headers, bytes, |line| self.boundary_at(line).is_some())?;
        let block = Headers::parse(&self.raw[start..end]);
        let kind = kind(&block);
        let boundary = block
            .structured("Content-Type")
            .filter(|_| kind.main == "multipart")
            .and_then(|content| content.attribute("boundary"))
            .map(|boundary| boundary.trim_end().as_bytes().to_vec())
            .filter(|boundary| !boundary.is_empty() && boundary.len() <= 200);
        self.position = after_blank(self.raw, end);
        let index = self.parts.len();
        let multipart = boundary.is_some();
        self.parts.push(Part {
            kind,
            parent: self.open.last().map(|(_, parent)| *parent),
            body: self.position..self.position,
            multipart,
        });
        self.in_leaf = !multipart;
        if let Some(boundary) = boundary {
            if self.open.len() >= MAX_DEPTH {
                return Err(Breach(format!("its parts are nested more than {MAX_DEPTH} deep")));
            }
            self.open.push((boundary, index));
        }
        Ok(())
    }

    /// Goes over one line of a body.
    fn line(&mut self) -> Result<(), Breach> {
        let start = self.position;
        let end = line_end(self.raw, start);
        self.position = end;
        let Some((level, closing)) = self.boundary_at(&self.raw[start..end]) else { return Ok(()) };
        // The line break before a boundary belongs to the boundary.
        let content_end = before_break(self.raw, start);
        self.end_leaf(content_end);
        self.close_to(level + 1, content_end);
        if closing {
            self.close_to(level, start);
        } else {
            self.begin_part()?;
        }
        Ok(())
    }

    /// Which open boundary a line is, and whether it is the closing one.
    fn boundary_at(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        self.open.iter().enumerate().rev().find_map(|(level, (boundary, _))| {
            match line.strip_prefix(&boundary[..])? {
                b"" => Some((level, false)),
                b"--" => Some((level, true)),
                _ => None,
            }
        })
    }

    /// The last leaf ends here, unless it has ended before.
    fn end_leaf(&mut self, end: usize) {
        if std::mem::take(&mut self.in_leaf)
            && let Some(part) = self.parts.last_mut()
        {
            part.body.end = end.max(part.body.start);
        }
    }

    fn close_to(&mut self, level: usize, end: usize) {
        while self.open.len() > level {
            if let Some((_, index)) = self.open.pop()
                && let Some(part) = self.parts.get_mut(index)
            {
                part.body.end = end.max(part.body.start);
            }
        }
    }
}

/// What the headers say of the part. Without `Content-Type` it is plain text (RFC 2045, 5.2).
fn kind(headers: &Headers<'_>) -> Kind {
    let content = headers.structured("Content-Type");
    let disposition = headers.structured("Content-Disposition");
    let attribute = |name: &str| content.and_then(|content| content.attribute(name)).map(str::to_owned);
    let yes = |name: &str, value: &str| attribute(name).is_some_and(|found| found.trim().eq_ignore_ascii_case(value));
    let main = content.map(|content| content.ctype().trim().to_ascii_lowercase()).unwrap_or_default();
    let sub = content.and_then(|content| content.subtype()).unwrap_or_default().trim().to_ascii_lowercase();
    let (main, sub) = if main.is_empty() { ("text".to_owned(), "plain".to_owned()) } else { (main, sub) };
    let sub = if main == "text" && sub.is_empty() { "plain".to_owned() } else { sub };
    Kind {
        main,
        sub,
        charset: attribute("charset"),
        name: disposition
            .and_then(|disposition| disposition.attribute("filename"))
            .map(str::to_owned)
            .or_else(|| attribute("name"))
            .filter(|name| !name.trim().is_empty()),
        attached: disposition.is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment")),
        transfer: headers.text("Content-Transfer-Encoding").map(|name| Transfer::named(&name)).unwrap_or_default(),
        flowed: yes("format", "flowed"),
        delete_space: yes("delsp", "yes"),
    }
}

/// The end of the header lines that begin at `start`: at an empty line, a boundary, or the end.
fn header_end(
    raw: &[u8],
    start: usize,
    max_headers: usize,
    max_bytes: usize,
    boundary: impl Fn(&[u8]) -> bool,
) -> Result<usize, Breach> {
    let mut position = start;
    let mut headers = 0;
    while position < raw.len() {
        let end = line_end(raw, position);
        let line = &raw[position..end];
        // Only a truly empty line: one of white space goes on with the header before (RFC 5322, 4.2).
        if is_blank(line) || boundary(line) {
            break;
        }
        headers += usize::from(!line.starts_with(b" ") && !line.starts_with(b"\t"));
        position = end;
        if headers > max_headers {
            return Err(Breach(format!("it has more than {max_headers} headers")));
        }
        if position - start > max_bytes {
            return Err(Breach(format!("its headers are larger than {} kB", max_bytes / 1_000)));
        }
    }
    Ok(position)
}

/// The position after the empty line at `end`, if there is one.
fn after_blank(raw: &[u8], end: usize) -> usize {
    let after = line_end(raw, end);
    if is_blank(&raw[end..after]) { after } else { end }
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"" | b"\n" | b"\r\n")
}

/// The position after the line that begins at `start`.
fn line_end(raw: &[u8], start: usize) -> usize {
    raw[start..].iter().position(|&byte| byte == b'\n').map_or(raw.len(), |at| start + at + 1)
}

fn before_break(raw: &[u8], line_start: usize) -> usize {
    let before = &raw[..line_start];
    let before = before.strip_suffix(b"\n").unwrap_or(before);
    before.strip_suffix(b"\r").unwrap_or(before).len()
}
