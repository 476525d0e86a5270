//! The words of the house as plain data: no I/O, no clock.
//!
//! Records that are kept derive minicbor with numbered fields: a field may be added (optional, or with
//! `#[cbor(default)]`), a number is never used twice. What scripts see as JSON is shaped in `cli`.

mod abilities;
mod account;
mod act;
mod change;
mod closing;
mod comforts;
mod count;
mod customer;
mod dead;
mod draft;
mod event;
mod graph;
mod id;
mod link;
mod message;
mod money;
mod order;
mod outgoing;
mod pushed;
mod quote;
mod safe_text;
mod score;
mod scored;
mod targets;
mod time;
mod times;
mod view;

pub use abilities::{Abilities, Apart, Count, Idempotency, Length, Opens, Terms, Way, Window, WindowLeft};
pub use account::{AccountFacts, AccountStatus, Activity, Half, Progress, WorkerStatus};
pub use act::{Act, Acted, AttachmentSource, Call, Compose, PHONE, ProfileEdit, ReplyKind, TakeBack};
pub use change::{Change, ChangeKind};
pub use closing::without_closing;
pub use comforts::{Comforts, Notify};
pub use count::count;
pub use customer::{Basis, Case, CaseStatus, Customer, Identity, Moved, Priority, Snooze};
pub use dead::DeadLetter;
pub use draft::Draft;
pub use event::{CaseChange, Event, EventKind};
pub use graph::{Decided, Evidence, GraphAct, GraphKind, HistoryLine, Suggestion, SuggestionView, Verdict};
pub use id::{
    ActId, AttachmentDigest, CustomerId, DeadId, DeliveryId, DraftId, IdentityId, MessageId, OrderId, OutgoingId,
    ParseIdError, PushedId, RatingId, SuggestionId, ThreadId,
};
pub use link::{Link, LinkKind, Trust};
pub use message::{Attachment, Automated, Delivery, Direction, Message, Party};
pub use money::{AmountError, Currency, Money};
pub use order::{Order, OrderStatus, Rating};
pub use outgoing::{OutboxState, Outgoing, OutgoingAttachment};
pub use pushed::Pushed;
pub use quote::{Block, BlockKind, fold, own_words};
pub use safe_text::{MAX_BLOCK, MAX_LINE, clean_block, clean_line};
pub use score::{
    Band, Level, Reason, Score, ScoreKind, Scorecard, Segment, SegmentKind, Sentiment, SentimentLabel, Taught,
};
pub use scored::{Correction, Layer, LayerState, LearnedView, Rescore, ScoredRow, SegmentMember};
pub use targets::Targets;
pub use time::Timestamp;
pub use view::{
    ChangeView, Comparison, CustomerView, DeadView, DraftView, InboxFilter, InboxRow, InboxView, OutboxRow, Page,
    TimelineEntry,
};
