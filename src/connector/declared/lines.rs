//! Where in a file something is, as an editor counts it.

/// The line of a place in a file, places rising. The reader of CSV counts too, but one short where lines end with CR LF, and
/// it does not know of the empty lines it passes over.
pub struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Of a whole file; stands at its beginning.
    pub fn new(bytes: &[u8]) -> Lines<'_> {
        Lines { bytes, at: 0, line: 1 }
    }

    /// The line of what begins at a byte, or after the empty lines that are there; counted from 1.
    pub fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).clamp(self.at, self.bytes.len());
        let ends = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.line += ends(&self.bytes[self.at..byte]);
        let empty = self.bytes[byte..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line += ends(&self.bytes[byte..byte + empty]);
        self.at = byte + empty;
        self.line
    }
}
