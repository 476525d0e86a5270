//! The table itself: one line a command.

use super::{Command, Group, Takes, UndoClass};
use Takes::{Needed, Nothing, Optional};
use UndoClass::{Asks, Harmless, Undoable};

macro_rules! commands {
    ($($verb:ident $name:literal $group:ident $takes:expr, $undo:ident, $doc:literal;)*) => {
        /// What an agent can say. One variant a row of [`COMMANDS`], in the same order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb {
            $(#[doc = $doc] $verb,)*
        }

        /// All commands, in the order of the help.
        pub const COMMANDS: &[Command] = &[
            $(Command { verb: Verb::$verb, name: $name, group: Group::$group, takes: $takes, undo: $undo, doc: $doc },)*
        ];
    };
}

commands! {
    Down "down" Move Nothing, Harmless, "Move down";
    Up "up" Move Nothing, Harmless, "Move up";
    Top "top" Move Nothing, Harmless, "Move to the first";
    Bottom "bottom" Move Nothing, Harmless, "Move to the last";
    HalfDown "half-down" Move Nothing, Harmless, "Move down half a page";
    HalfUp "half-up" Move Nothing, Harmless, "Move up half a page";
    PageDown "page-down" Move Nothing, Harmless, "Move down a page";
    PageUp "page-up" Move Nothing, Harmless, "Move up a page";
    Open "open" Move Nothing, Harmless, "Open what is selected";
    Back "back" Move Nothing, Harmless, "Go back";
    NextPane "next-pane" Move Nothing, Harmless, "Next pane, or next field while writing";
    PreviousPane "previous-pane" Move Nothing, Harmless, "Previous pane, or previous field while writing";
    NextCase "next-case" Move Nothing, Harmless, "Open the next case";
    PreviousCase "previous-case" Move Nothing, Harmless, "Open the previous case";

    View "view" Go Needed("inbox, open, waiting, snoozed, resolved or all"), Harmless, "Show other cases";
    Filter "filter" Go Optional("words, owner:me, owner:none, tag:x, unread"), Harmless, "Narrow the inbox";
    Outbox "outbox" Go Nothing, Harmless, "Show the outbox";
    Dead "dead-letters" Go Nothing, Harmless, "Show what could not be understood";
    Automated "automated" Go Nothing, Harmless, "Show automatic mail";
    Accounts "accounts" Go Nothing, Harmless, "Show how every account is doing";
    Segments "segments" Go Optional("rfm, k-means or dbscan"), Harmless, "Show the segments customers are in";
    Scores "scores" Go Nothing, Harmless, "Go to the customer's scores";
    Moods "moods" Go Optional("on or off; none for the other"), Harmless, "Show or hide what messages sound like";
    Drafts "drafts" Go Nothing, Harmless, "Show drafts";
    Grow "grow" Go Nothing, Harmless, "Make this pane wider";
    Shrink "shrink" Go Nothing, Harmless, "Make this pane narrower";
    Zoom "zoom" Go Nothing, Harmless, "Give this pane the whole screen, or the others their part back";
    ResetPanes "reset-panes" Go Nothing, Harmless, "Divide the screen as at first";

    Resolve "resolve" Case Nothing, Undoable, "Resolve the case and go on to the next";
    Reopen "reopen" Case Nothing, Undoable, "Open the case again";
    Wait "wait" Case Nothing, Undoable, "Wait for the customer";
    Snooze "snooze" Case Needed("2h, tomorrow, monday, reply, or 2026-12-01 09:00"), Undoable, "Put the case off";
    Assign "assign" Case Needed("me, none, or a name"), Undoable, "Give the case to somebody";
    Priority "priority" Case Needed("urgent, high, normal or low"), Undoable, "Set the urgency";
    Tag "tag" Case Needed("words to add; -word removes"), Undoable, "Tag the customer";
    Read "read" Case Nothing, Undoable, "Mark as read";
    Unread "unread" Case Nothing, Undoable, "Mark as unread";
    Undo "undo" Case Nothing, Harmless, "Take back what was done last";

    Reply "reply" Write Nothing, Harmless, "Reply to the one who wrote";
    ReplyAll "reply-all" Write Nothing, Harmless, "Reply to all";
    Forward "forward" Write Nothing, Harmless, "Hand the message on to somebody else";
    Compose "compose" Write Optional("an address"), Harmless, "Write a new message";
    Note "note" Write Nothing, Harmless, "Write a private note, which never leaves the house";
    Editor "editor" Write Nothing, Harmless, "Write in $VISUAL or $EDITOR (local screens)";
    Review "review" Write Nothing, Harmless, "Done writing: look at what leaves";
    Send "send" Write Nothing, Undoable, "Send what was reviewed";
    SendResolve "send-resolve" Write Nothing, Undoable, "Send what was reviewed and resolve the case";
    Edit "edit" Write Nothing, Harmless, "Go on writing";
    Channel "channel" Write Optional("a channel or an account; none for the next"), Harmless, "Answer in another conversation of the customer";
    Way "way" Write Optional("public or direct; none for the other"), Harmless, "Answer publicly or directly, where both can be";
    Attach "attach" Write Needed("the path of a file"), Harmless, "Attach a file";
    Detach "detach" Write Nothing, Harmless, "Take the last attachment off";
    Postpone "postpone" Write Nothing, Harmless, "Keep as a draft and go back";
    Discard "discard" Write Nothing, Asks, "Throw the text away";

    Fold "fold" Read Nothing, Harmless, "Fold or unfold quotes and signature";
    Narrow "narrow" Read Optional("thread, channel or all; none for the next"), Harmless, "Show one conversation or channel only, or all again";
    LogCall "log-call" Read Needed("in or out, how long, what was said: in 3m Wants the invoice"), Harmless, "File a phone call; it cannot be taken back, as any message";
    SaveAttachment "save-attachment" Read Optional("which one, counted from 1"), Harmless, "Save an attachment";
    Why "why" Read Nothing, Harmless, "Explain a score, or what the message under the cursor sounds like";
    Sentiment "sentiment" Read Needed("negative, neutral or positive; none for what the model says"), Undoable, "Say what the message sounds like";
    Original "original" Read Nothing, Harmless, "View the original message";
    Copy "copy" Read Optional("message, address or id"), Harmless, "Copy to the clipboard: the message, the address, the id";
    SaveOriginal "save-original" Read Nothing, Harmless, "Save the original message (.eml)";

    Name "name" Profile Optional("the customer's name; empty for the one messages bring"), Undoable, "Name the customer";
    Remark "remark" Profile Optional("a standing remark about the customer"), Undoable, "Keep a remark about the customer";
    Language "language" Profile Optional("de, zh, …; empty for detection"), Undoable, "Set the customer's language";
    Field "field" Profile Needed("key value; without a value it is removed"), Undoable, "Set a field of one's own";
    Merge "merge" Profile Optional("another customer: an address or a name; nobody for the one suggested"), Undoable, "Look at two customers side by side, and make them one";
    NextSuggestion "next-suggestion" Profile Nothing, Harmless, "Mark the next one who may be the same person";
    NeverAgain "never-again" Profile Nothing, Undoable, "They are not the same: never suggest it again";
    Split "split" Profile Needed("addresses, or their numbers in the profile"), Undoable, "Make addresses a customer of their own";
    MoveIdentity "move-identity" Profile Needed("an address or its number, then whose it is: `2 bo@example.com`"), Undoable, "Give an address to another customer";
    Accept "accept" Profile Optional("which suspect: an address or its number"), Undoable, "Let a suspect address in";
    History "history" Profile Nothing, Harmless, "Show what was done to the customer: who, when, why";

    Retry "retry" List Nothing, Harmless, "Send or read it again";
    Cancel "cancel" List Nothing, Asks, "Take it out of the outbox";
    MarkSent "mark-sent" List Nothing, Asks, "It did arrive: count it as sent";
    Save "save" List Nothing, Harmless, "Save its original";
    Delete "delete" List Nothing, Asks, "Remove it from the list";

    CommandLine "command" Program Nothing, Harmless, "Say a command by name";
    Palette "palette" Program Nothing, Harmless, "Find a command, a view or a customer";
    Help "help" Program Nothing, Harmless, "Show all keys and commands";
    Tour "tour" Program Nothing, Harmless, "Show the keys that matter most";
    Messages "messages" Program Nothing, Harmless, "Show what was said last, whole";
    Sync "sync" Program Nothing, Harmless, "Look for new messages now";
    Redraw "redraw" Program Nothing, Harmless, "Draw the whole screen again";
    Quit "quit" Program Nothing, Harmless, "Leave";
}
