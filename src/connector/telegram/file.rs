//! What is attached to a message, and where it is fetched.

use crate::connector::platform::json;
use crate::model::{Attachment, clean_line};
use serde_json::Value;

/// Where a message may hold a file, what it is when nothing says so, and the ending of its name.
const PLACES: &[(&str, &str, &str)] = &[
    ("document", "application/octet-stream", "bin"),
    ("video", "video/mp4", "mp4"),
    ("audio", "audio/mpeg", "mp3"),
    ("voice", "audio/ogg", "ogg"),
    ("video_note", "video/mp4", "mp4"),
    ("animation", "video/mp4", "mp4"),
    ("sticker", "image/webp", "webp"),
];

/// A file of a message.
pub(super) struct File {
    /// What Telegram fetches it by.
    pub id: String,
    /// As it is listed.
    pub listed: Attachment,
}

/// The files of a message, in an order that does not change.
pub(super) fn files(message: &Value) -> Vec<File> {
    let mut files = Vec::new();
    // A photo comes in several sizes, the largest last.
    if let Some(photo) = json::list(message, "/photo").last() {
        add(&mut files, photo, "photo", "image/jpeg", "jpg");
    }
    for (place, media_type, ending) in PLACES {
        // An animation is there as a document too.
        if let Some(file) = message.get(*place)
            && files.is_empty()
        {
            add(&mut files, file, place, media_type, ending);
        }
    }
    files
}

fn add(files: &mut Vec<File>, file: &Value, place: &str, media_type: &str, ending: &str) {
    let Some(id) = json::id(file, "/file_id") else { return };
    let part = files.len() as u32 + 1;
    let told = |pointer: &str| Some(clean_line(json::text(file, pointer))).filter(|text| !text.is_empty());
    let listed = Attachment {
        name: told("/file_name").unwrap_or_else(|| format!("{place}.{ending}")),
        media_type: told("/mime_type").unwrap_or_else(|| media_type.to_owned()),
        size: json::number(file, "/file_size").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        part,
    };
    files.push(File { id, listed });
}
