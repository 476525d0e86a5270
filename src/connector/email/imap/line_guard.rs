//! Watches an IMAP server's bytes before the parser has them.
//!
//! imap-proto 0.17 reads `BODYSTRUCTURE ((((…` by calling itself once for each parenthesis: some hundred of them end the
//! whole program with a stack overflow, which nothing can catch. So the guard counts opening parentheses, and it must
//! never take for message content (which may have any number) what the parser takes for syntax. Where the two could
//! disagree, it errs on the side of an error.

/// Opening parentheses of one response. Nothing this program asks for has more than a few, in quoted strings or not.
const MOST_OPEN: u32 = 64;

/// A response no parser shall see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::connector::email) enum Refused {
    /// Could end the program.
    #[error("more than {MOST_OPEN} parentheses in one response")]
    Nested,
    /// Text that looks like the announcement of a literal, where none may be or of an impossible size.
    #[error("a literal where none may be")]
    Literal,
}

/// What the line may be the announcement of, in its last bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Other,
    /// `{` and digits so far.
    Size(u32),
    /// `{12}`
    Closed(u32),
    /// `{12}` and CR.
    ClosedReturn(u32),
    /// CR.
    Return,
}

/// Where in the server's words we are. A response is a line, or several with literals between them (RFC 3501 4.3).
#[derive(Clone, Debug)]
pub(in crate::connector::email) struct LineGuard {
    /// Bytes of a literal still to come.
    literal: u32,
    open: u32,
    tail: Tail,
    /// The response's first bytes, and how many there are.
    head: [u8; 3],
    length: usize,
}

impl Default for LineGuard {
    fn default() -> LineGuard {
        LineGuard { literal: 0, open: 0, tail: Tail::Other, head: [0; 3], length: 0 }
    }
}

impl LineGuard {
    /// Takes the next bytes that came.
    ///
    /// # Errors
    /// When the parser must not see them; the connection is of no further use then.
    pub(in crate::connector::email) fn watch(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if self.literal > 0 {
                let skipped = rest.len().min(usize::try_from(self.literal).unwrap_or(usize::MAX));
                self.literal = self.literal.saturating_sub(u32::try_from(skipped).unwrap_or(u32::MAX));
                rest = rest.get(skipped..).unwrap_or_default();
                continue;
            }
            self.byte(*byte)?;
            rest = after;
        }
        Ok(())
    }

    fn byte(&mut self, byte: u8) -> Result<(), Refused> {
        if let Some(place) = self.head.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
        self.tail = match (self.tail, byte) {
            (Tail::ClosedReturn(size), b'\n') => {
                if !self.may_have_literals() {
                    return Err(Refused::Literal);
                }
                self.literal = size;
                Tail::Other
            }
            (Tail::Return, b'\n') => {
                *self = LineGuard::default();
                return Ok(());
            }
            (Tail::Closed(size), b'\r') => Tail::ClosedReturn(size),
            (_, b'\r') => Tail::Return,
            (_, b'{') => Tail::Size(0),
            (Tail::Size(size), b'0'..=b'9') => {
                let grown = size.checked_mul(10).and_then(|size| size.checked_add(u32::from(byte - b'0')));
                Tail::Size(grown.ok_or(Refused::Literal)?)
            }
            (Tail::Size(size), b'}') => Tail::Closed(size),
            _ => Tail::Other,
        };
        if byte == b'(' {
            self.open += 1;
            if self.open > MOST_OPEN {
                return Err(Refused::Nested);
            }
        }
        Ok(())
    }

    /// True for `* 1 FETCH`, `* LIST`, `* LSUB` and `* STATUS`. All others that we may get end in free text, which may
    /// end in `{9}` and mean nothing by it, or have no strings.
    fn may_have_literals(&self) -> bool {
        matches!(self.head, [b'*', b' ', b'0'..=b'9' | b'L' | b'l' | b'S' | b's'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict, which must not depend on how the bytes are cut.
    fn verdict(bytes: &[u8]) -> Result<(), Refused> {
        let whole = LineGuard::default().watch(bytes);
        for at in 0..bytes.len() {
            let (a, b) = bytes.split_at(at);
            let mut guard = LineGuard::default();
            assert_eq!(guard.watch(a).and_then(|()| guard.watch(b)), whole, "cut at {at}");
        }
        let mut guard = LineGuard::default();
        assert_eq!(bytes.iter().try_for_each(|byte| guard.watch(&[*byte])), whole, "byte by byte");
        whole
    }

    fn nested(before: &str, after: &str) -> Vec<u8> {
        [before.as_bytes(), &b"("[..].repeat(200), after.as_bytes()].concat()
    }

    #[test]
    fn deep_nesting_is_refused_in_one_response_and_few_parentheses_in_many_are_not() {
        assert_eq!(verdict(&nested("* 1 FETCH (BODYSTRUCTURE ", "")), Err(Refused::Nested));
        // Closed ones between change nothing: the parser may be inside of a string, or we.
        assert_eq!(
            verdict(&b"* 1 FETCH (X ".iter().copied().chain(b"(\")\" ".repeat(70)).collect::<Vec<_>>()),
            Err(Refused::Nested)
        );
        assert_eq!(verdict(&b"* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n".repeat(100)), Ok(()));
    }

    #[test]
    fn what_is_in_a_message_is_nobodys_syntax_and_what_is_behind_it_is() {
        let body = nested("", "");
        let fetch = |size: usize| [format!("* 1 FETCH (BODY[] {{{size}}}\r\n").as_bytes(), &body].concat();
        assert_eq!(verdict(&fetch(200)), Ok(()));
        assert_eq!(verdict(&[fetch(200), b" X \"{5}\" UID 7)\r\n* 2 EXISTS\r\n".to_vec()].concat()), Ok(()));
        assert_eq!(verdict(&fetch(100)), Err(Refused::Nested));
        assert_eq!(verdict(&[fetch(200), nested(" BODYSTRUCTURE ", "")].concat()), Err(Refused::Nested));
        assert_eq!(verdict(&nested("* 1 FETCH (BODY[] {0}\r\n", "")), Err(Refused::Nested));
        assert_eq!(verdict(&nested("* LIST () \"/\" {200}\r\n", "\r\nW1 OK\r\n")), Ok(()));
    }

    #[test]
    fn free_text_that_looks_like_a_literal_does_not_blind_the_guard() {
        for line in
            ["* OK wait {999}\r\n", "* NO [BADCHARSET ({999}\r\n", "+ go {999}\r\n", "W1 OK {999}\r\n", "*{999}\r\n"]
        {
            assert_eq!(verdict(&nested(line, "")), Err(Refused::Literal), "{line}");
        }
        for line in [
            "* 1 FETCH (X \"{999}\"\r\n",
            "* 1 FETCH {999} \r\n",
            "* 1 FETCH {999}\n",
            "* 1 FETCH {9x}\r\n",
            "* 1 FETCH {999}\r\r\n",
        ] {
            assert_eq!(verdict(&nested(line, "")), Err(Refused::Nested), "{line}");
        }
        assert_eq!(verdict(b"* 1 FETCH (BODY[] {4294967296}\r\n"), Err(Refused::Literal));
    }
}
