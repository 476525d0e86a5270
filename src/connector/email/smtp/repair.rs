//! What an SMTP server says, made UTF-8: lettre gives a whole answer up for one byte that is not (a greeting in Latin-1
//! and no mail would ever leave; a `250` behind the final dot, and nobody would know that it was taken).

use tokio::io::ReadBuf;

/// Puts `?` for each byte that is not part of a UTF-8 character. Characters may come cut in two.
#[derive(Debug, Default)]
pub(in crate::connector::email) struct Repair {
    /// The beginning of a character whose rest has not come yet.
    begun: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
}

impl Repair {
    /// Takes bytes as they came; none: there are no more.
    pub(in crate::connector::email) fn push(&mut self, bytes: &[u8]) {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let (whole, broken) = match std::str::from_utf8(rest) {
                Ok(_) => (rest.len(), 0),
                Err(error) => match error.error_len() {
                    None if !bytes.is_empty() => {
                        let (whole, begun) = rest.split_at(error.valid_up_to());
                        self.ready.extend_from_slice(whole);
                        self.begun = begun.to_vec();
                        return;
                    }
                    length => (error.valid_up_to(), length.unwrap_or(rest.len() - error.valid_up_to())),
                },
            };
            self.ready.extend_from_slice(rest.get(..whole).unwrap_or_default());
            self.ready.extend(std::iter::repeat_n(b'?', broken));
            rest = rest.get(whole + broken..).unwrap_or_default();
        }
    }

    /// Gives as much as fits; false when there is nothing to give.
    pub(in crate::connector::email) fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let now = rest.get(..buf.remaining()).unwrap_or(rest);
        buf.put_slice(now);
        self.given += now.len();
        let gave = !now.is_empty();
        if self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
        }
        gave
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn repaired(pieces: &[&[u8]]) -> String {
        let mut repair = Repair::default();
        let mut out = Vec::new();
        for piece in pieces.iter().chain([&&b""[..]]) {
            repair.push(piece);
            // Less room than there is to give.
            let mut room = [0; 3];
            let mut buf = ReadBuf::new(&mut room);
            while repair.give(&mut buf) {
                out.extend_from_slice(buf.filled());
                buf.clear();
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn characters_stay_and_other_bytes_become_question_marks_however_they_are_cut() {
        let said = b"220 Gr\xc3\xbc\xc3\x9fe \xe9\xff\xe2\x82\xac \xe2\x82 \xf0\x9f\x93\xac\r\n\xe2\x82";
        let expected = "220 Grüße ??€ ?? 📬\r\n??";
        assert_eq!(repaired(&[said]), expected);
        for at in 0..said.len() {
            let (a, b) = said.split_at(at);
            assert_eq!(
                repaired(&[a, b].map(|piece| piece).into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>()),
                expected,
                "cut at {at}"
            );
        }
        assert_eq!(repaired(&said.chunks(1).collect::<Vec<_>>()), expected);
    }
}
