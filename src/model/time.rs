//! Points in time.

use std::fmt;

/// Milliseconds since 1970-01-01 UTC. Shown as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

impl Timestamp {
    /// 9999-12-31T23:59:59Z: later claims are not believed.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_000);

    /// This time plus `millis` milliseconds (may be negative), held inside what can be shown.
    pub fn plus_millis(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis).clamp(0, Self::MAX.0))
    }

    /// Milliseconds from `earlier` to this; negative when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time, or `None` where it stands for "never" (nought).
    pub fn known(self) -> Option<Timestamp> {
        (self.0 > 0).then_some(self)
    }

    /// Big-endian bytes that sort as the time does (times before 1970 count as 1970).
    pub fn key(self) -> [u8; 8] {
        (self.0.max(0) as u64).to_be_bytes()
    }

    /// Bytes that sort the latest first.
    pub fn key_latest_first(self) -> [u8; 8] {
        (!(self.0.max(0) as u64)).to_be_bytes()
    }

    /// The time in `key`'s form.
    pub fn from_key(bytes: [u8; 8]) -> Timestamp {
        Timestamp(u64::from_be_bytes(bytes).min(Self::MAX.0 as u64) as i64)
    }

    /// The day (UTC): `2026-11-27`.
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    /// As jiff's timestamp.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0.clamp(0, Self::MAX.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(time: jiff::Timestamp) -> Self {
        Timestamp(time.as_millisecond())
    }
}

/// RFC 3339 in UTC.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_time_does_and_reversed() {
        let (early, late) = (Timestamp(1_000), Timestamp(2_000));
        assert!(early.key() < late.key());
        assert!(early.key_latest_first() > late.key_latest_first());
        assert_eq!(Timestamp::from_key(late.key()), late);
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00Z");
    }
}
