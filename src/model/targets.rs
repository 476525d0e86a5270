//! What a case is to be done in.

const DAY: i64 = 86_400_000;

/// What a case is to be done in, in milliseconds; `None` is no target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// From its opening to our first answer.
    pub first: Option<i64>,
    /// From what they write later to our next answer.
    pub next: Option<i64>,
    /// From its opening to its end.
    pub resolution: Option<i64>,
}

impl Targets {
    /// What is usual where nobody set any: an answer within a day, the end within a week.
    pub const ORDINARY: Targets = Targets { first: Some(DAY), next: Some(DAY), resolution: Some(7 * DAY) };

    /// What tells these targets from others; the same in every process.
    pub fn print(self) -> u64 {
        [self.first, self.next, self.resolution].into_iter().fold(0, |print: u64, target| {
            let target = target.map_or(u64::MAX, |millis| millis as u64);
            (print.rotate_left(23) ^ target).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        })
    }
}
