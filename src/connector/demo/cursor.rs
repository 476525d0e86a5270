//! How far a source has come.

/// The place of a source in the past, in the stream of new messages, and in the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// When the demo first began: the past is told from here. Milliseconds since 1970.
    pub start: i64,
    /// Items of the past given out.
    pub past: u32,
    /// Items of the live stream given out.
    pub live: u32,
    /// The run of the program this was written in, by its start in milliseconds.
    pub run: i64,
    /// Items of the live stream that earlier runs gave out.
    pub live_before: u32,
    /// Answers of this run given out.
    pub answers: u32,
    /// Nothing more will come by itself.
    pub at_rest: bool,
}

const VERSION: u8 = 1;
const SIZE: usize = 34;

impl Cursor {
    /// The stored form.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.push(VERSION);
        bytes.extend(self.start.to_be_bytes());
        bytes.extend(self.past.to_be_bytes());
        bytes.extend(self.live.to_be_bytes());
        bytes.extend(self.run.to_be_bytes());
        bytes.extend(self.live_before.to_be_bytes());
        bytes.extend(self.answers.to_be_bytes());
        bytes.push(u8::from(self.at_rest));
        bytes
    }

    /// Reads the stored form; `None` when it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Cursor> {
        let (&version, mut rest) = bytes.split_first()?;
        if version != VERSION || bytes.len() != SIZE {
            return None;
        }
        let mut word = |size: usize| {
            let (word, left) = rest.split_at_checked(size)?;
            rest = left;
            Some(word.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
        };
        Some(Cursor {
            start: word(8)? as i64,
            past: word(4)? as u32,
            live: word(4)? as u32,
            run: word(8)? as i64,
            live_before: word(4)? as u32,
            answers: word(4)? as u32,
            at_rest: word(1)? == 1,
        })
    }

    /// The same place for a run of the program that began at `run`: the live stream goes on where it stood.
    pub fn in_run(mut self, run: i64) -> Cursor {
        if self.run != run {
            self = Cursor { run, live_before: self.live, answers: 0, at_rest: false, ..self };
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let cursor =
            Cursor { start: 1_795_348_800_000, past: 7, live: 9, run: 3, live_before: 2, answers: 1, at_rest: true };
        assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Some(cursor));
        for bad in [&b""[..], b"x", &cursor.to_bytes()[1..], &[0; 34]] {
            assert_eq!(Cursor::from_bytes(bad), None);
        }
        assert_eq!(cursor.in_run(4), Cursor { run: 4, live_before: 9, answers: 0, at_rest: false, ..cursor });
    }
}
