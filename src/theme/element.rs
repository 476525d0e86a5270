//! The names of all that is drawn.

macro_rules! elements {
    ($($element:ident $name:literal $doc:literal;)*) => {
        /// Something on the screen that has a style of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Element {
            $(#[doc = $doc] $element,)*
        }

        impl Element {
            /// All of them.
            pub const ALL: &[Element] = &[$(Element::$element,)*];

            /// Its name in a theme file.
            pub fn name(self) -> &'static str {
                match self { $(Element::$element => $name,)* }
            }
        }
    };
}

elements! {
    Text "text" "Plain text and the ground of the screen";
    Dim "text.dim" "What matters less";
    Strong "text.strong" "What matters more";
    Error "text.error" "Trouble";
    Warning "text.warning" "Something to mind";
    Good "text.good" "Well done";
    Key "text.key" "A key, in hints and help";
    Link "text.link" "Headings of lists";
    Border "pane.border" "The frame of a pane";
    BorderFocus "pane.focus" "The frame of the pane that has the keys";
    Title "pane.title" "The title of a pane";
    InboxRow "inbox.row" "A row of the inbox";
    InboxUnread "inbox.unread" "A row with something unread";
    InboxSelected "inbox.selected" "The row under the cursor, in the inbox and in lists";
    InboxName "inbox.name" "Names in the inbox";
    Open "case.open" "The word open";
    Waiting "case.waiting" "The word waiting";
    Snoozed "case.snoozed" "The word snoozed";
    Resolved "case.resolved" "The word resolved";
    Urgent "case.urgent" "Marks of urgency";
    Tag "case.tag" "Tags";
    Day "timeline.day" "Lines between days";
    Inbound "timeline.inbound" "Heads and edges of messages from the customer";
    Outbound "timeline.outbound" "Heads and edges of messages from us";
    Note "timeline.note" "Frames of private notes";
    NoteText "timeline.note.text" "Text of private notes";
    Automated "timeline.automated" "Automatic messages";
    Subject "timeline.subject" "Subjects";
    Quote "timeline.quote" "Quoted text";
    Folded "timeline.folded" "The line that stands for folded text";
    Attachment "timeline.attachment" "Attachments";
    Cursor "timeline.cursor" "The edge of the message under the cursor";
    ScoreGood "score.good" "A score that is good, a message that sounds happy";
    ScoreFair "score.fair" "A score that is as usual, a message that sounds neither";
    ScoreWatch "score.watch" "A score worth an eye";
    ScoreBad "score.bad" "A score somebody should look at, a message that sounds unhappy";
    ScoreLine "score.line" "Lines, bars and dots of charts";
    Label "profile.label" "What stands before a value";
    ComposeBorder "compose.border" "The frame of a reply or new message";
    ComposeNote "compose.note" "The frame of a private note being written";
    Selection "compose.selection" "Marked text";
    Caret "compose.caret" "The place of the next letter";
    Status "status" "The status line";
    StatusError "status.error" "A sentence about trouble in the status line";
    Hint "hint" "The line of key hints";
    HintNext "hint.next" "What may follow a key, above the line of key hints";
    Prompt "prompt" "The line where a command is typed";
    Question "question" "A question that waits for an answer";
}

impl Element {
    /// The element whose style this begins with when a theme says nothing.
    pub(super) fn parent(self) -> Option<Element> {
        match self {
            Element::Text => None,
            Element::BorderFocus | Element::Title => Some(Element::Border),
            Element::InboxUnread | Element::InboxSelected | Element::InboxName => Some(Element::InboxRow),
            Element::Selection => Some(Element::InboxSelected),
            Element::NoteText => Some(Element::Note),
            Element::ComposeBorder => Some(Element::BorderFocus),
            Element::ComposeNote => Some(Element::Note),
            Element::StatusError => Some(Element::Status),
            Element::Question | Element::Prompt | Element::HintNext => Some(Element::Hint),
            Element::Folded => Some(Element::Quote),
            _ => Some(Element::Text),
        }
    }
}
