//! What ties an identity to others: keys that the same person has in several places. A proven key joins by itself; a
//! claimed one is only evidence for a suggestion.

use minicbor::{Decode, Encode};

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum LinkKind {
    /// A mail address, normalised.
    #[n(0)]
    Email,
    /// A telephone number in E.164: `+4915112345678`.
    #[n(1)]
    Phone,
    /// The platform's own join key (WeChat `unionid`, a verified cross link), with the platform before it:
    /// `wechat:o6_bmasdasdsad6_2sgVt7hMZOPfL`.
    #[n(2)]
    Platform,
    /// A key of the customer in another system: `zendesk:4711`.
    #[n(3)]
    Crm,
    /// A page of theirs, normalised without scheme: `github.com/ana`.
    #[n(4)]
    Profile,
}

impl LinkKind {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            LinkKind::Email => "email",
            LinkKind::Phone => "phone",
            LinkKind::Platform => "platform",
            LinkKind::Crm => "crm",
            LinkKind::Profile => "profile",
        }
    }
}

/// One key of an identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Link {
    /// Of which kind.
    #[n(0)]
    pub kind: LinkKind,
    /// The key, normalised as its kind says.
    #[n(1)]
    pub value: String,
    /// The channel itself vouches for it. A claim of the sender is not proof.
    #[n(2)]
    pub proven: bool,
}

/// How far we may believe that the sender is who they say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Trust {
    /// Nobody has looked, or nobody said (mail without a verdict of our own server).
    #[default]
    #[n(0)]
    Unverified,
    /// The channel authenticates its senders, or the receiving server says so (dmarc=pass).
    #[n(1)]
    Verified,
    /// The receiving server says that it is not from there, with its words.
    #[n(2)]
    Refuted(#[n(0)] String),
}

impl Trust {
    /// The word scripts and screens see.
    pub fn word(&self) -> &'static str {
        match self {
            Trust::Unverified => "unverified",
            Trust::Verified => "verified",
            Trust::Refuted(_) => "refuted",
        }
    }
}
