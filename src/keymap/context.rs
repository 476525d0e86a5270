//! Where keys are pressed: the sections of a keymap file.

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Everywhere except where text is typed.
    Global,
    /// The list of cases.
    Inbox,
    /// A customer's messages.
    Timeline,
    /// A customer's profile.
    Profile,
    /// While writing. Letters are text here.
    Compose,
    /// Before sending.
    Review,
    /// Outbox, dead letters, automated mail, drafts, an original, the help.
    List,
    /// Why a score or the mood of a message is as it is.
    Why,
    /// The line at the bottom. Letters are text here.
    Prompt,
}

impl Context {
    /// All of them, in the order of the help.
    pub const ALL: [Context; 9] = [
        Context::Global,
        Context::Inbox,
        Context::Timeline,
        Context::Profile,
        Context::Compose,
        Context::Review,
        Context::List,
        Context::Why,
        Context::Prompt,
    ];

    /// Its section in a keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Context::Global => "global",
            Context::Inbox => "inbox",
            Context::Timeline => "timeline",
            Context::Profile => "profile",
            Context::Compose => "compose",
            Context::Review => "review",
            Context::List => "list",
            Context::Why => "why",
            Context::Prompt => "prompt",
        }
    }

    /// Whether letters are text here, so that only its own keys count.
    pub fn takes_text(self) -> bool {
        matches!(self, Context::Compose | Context::Prompt)
    }

    /// Whether the keys of `global` count here too.
    pub fn inherits(self) -> bool {
        !matches!(self, Context::Global | Context::Compose | Context::Review | Context::Why | Context::Prompt)
    }
}
