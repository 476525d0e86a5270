//! Identifiers: 16 bytes, written as 32 hexadecimal digits.
//!
//! Our own things (customers, outgoing, drafts) carry UUIDv7 bytes, so they sort by time. What is pulled carries a hash
//! of what makes it itself, so that pulling it twice finds it there already.

use std::fmt;
use std::str::FromStr;

/// A text that is not 32 hexadecimal digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id is 32 hexadecimal digits, as `--json` prints it")]
pub struct ParseIdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] #[cbor(with = "minicbor::bytes")] pub [u8; 16]);

        impl $name {
            /// A new id that sorts after those made before it (UUIDv7, RFC 9562).
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7().into_bytes())
            }

            /// The id that follows from `parts`: the same parts give the same id, everywhere and for ever.
            pub fn of(parts: &[&[u8]]) -> Self {
                let mut hasher = blake3::Hasher::new();
                hasher.update(stringify!($name).as_bytes());
                for part in parts {
                    hasher.update(&(part.len() as u64).to_le_bytes());
                    hasher.update(part);
                }
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
                Self(bytes)
            }

            /// Reads the 16 bytes of a key; `None` when there are not 16.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(ParseIdError);
                }
                let mut bytes = [0; 16];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
                    let digits = std::str::from_utf8(pair).map_err(|_| ParseIdError)?;
                    *byte = u8::from_str_radix(digits, 16).map_err(|_| ParseIdError)?;
                }
                Ok(Self(bytes))
            }
        }
    };
}

id!(
    /// A customer.
    CustomerId
);
id!(
    /// One address of a customer on one channel: hash of channel and normalised address.
    IdentityId
);
id!(
    /// A message: hash of account, remote id and content for what is pulled.
    MessageId
);
id!(
    /// A conversation as the outside sees it.
    ThreadId
);
id!(
    /// A reply on its way.
    OutgoingId
);
id!(
    /// A draft.
    DraftId
);
id!(
    /// A dead letter: something that came in and could not be understood.
    DeadId
);
id!(
    /// An act on the identity graph: a merge, a split, a move.
    ActId
);
id!(
    /// A suggestion: hash of the two identities it is about.
    SuggestionId
);
id!(
    /// A delivery that a platform pushed.
    PushedId
);
id!(
    /// What tells a delivery from all others of its account: hash of both.
    DeliveryId
);
id!(
    /// What an attachment's content is, by hash.
    AttachmentDigest
);
id!(
    /// An order: hash of the shop and its number there.
    OrderId
);
id!(
    /// A rating: hash of who gave it, when, and what.
    RatingId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_text_and_follow_from_their_parts() {
        let id = MessageId::of(&[b"support", b"<a@b>"]);
        assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
        assert_eq!(id, MessageId::of(&[b"support", b"<a@b>"]));
        assert_ne!(id, MessageId::of(&[b"support<", b"a@b>"]), "parts do not run into each other");
        assert_eq!("xyz".parse::<MessageId>(), Err(ParseIdError));
    }

    #[test]
    fn our_own_ids_sort_by_time() {
        let first = OutgoingId::new();
        let second = OutgoingId::new();
        assert!(first < second);
    }
}
