//! Files that go with an answer: read whole when it is queued, so that what is reviewed is what leaves.

use super::{Desk, DeskError};
use crate::model::{AttachmentSource, OutgoingAttachment, clean_line};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// All attachments of one message together.
const MAX_ATTACHMENTS: u64 = 25 * 1024 * 1024;
/// Attachments of one message.
const MAX_FILES: usize = 100;

impl Desk {
    /// The files an answer takes along, with their bytes.
    pub(super) fn read_attachments(
        &self,
        sources: &[AttachmentSource],
    ) -> Result<Vec<(OutgoingAttachment, Vec<u8>)>, DeskError> {
        if sources.len() > MAX_FILES {
            return Err(DeskError::Refused(format!("more than {MAX_FILES} attachments; pack them into one file")));
        }
        let mut files = Vec::with_capacity(sources.len());
        let mut total = 0;
        for source in sources {
            let file = match source {
                AttachmentSource::Path(path) => read_file(&typed_path(path))?,
                AttachmentSource::Message(message, part) => {
                    let (attachment, bytes) = self.attachment(*message, *part)?;
                    let listed = OutgoingAttachment {
                        name: attachment.name,
                        media_type: attachment.media_type,
                        size: bytes.len() as u64,
                    };
                    (listed, bytes)
                }
            };
            total += file.0.size;
            if total > MAX_ATTACHMENTS {
                return Err(DeskError::Refused("the attachments are larger than 25 MB together".to_owned()));
            }
            files.push(file);
        }
        Ok(files)
    }
}

/// A path as a person types it: `~/` is the home folder.
fn typed_path(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn read_file(path: &Path) -> Result<(OutgoingAttachment, Vec<u8>), DeskError> {
    let refused = |problem: String| {
        DeskError::Refused(format!("cannot attach {}: {problem}", clean_line(&path.display().to_string())))
    };
    let file = std::fs::File::open(path).map_err(|error| refused(error.to_string()))?;
    let facts = file.metadata().map_err(|error| refused(error.to_string()))?;
    if !facts.is_file() {
        return Err(refused("it is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_ATTACHMENTS + 1).read_to_end(&mut bytes).map_err(|error| refused(error.to_string()))?;
    if bytes.len() as u64 > MAX_ATTACHMENTS {
        return Err(refused("it is larger than 25 MB".to_owned()));
    }
    let name = path.file_name().map(|name| clean_line(&name.to_string_lossy())).unwrap_or_default();
    let listed = OutgoingAttachment { media_type: media_type(&name).to_owned(), name, size: bytes.len() as u64 };
    Ok((listed, bytes))
}

/// The media type that goes with a file's ending (IANA media types); what is not known is just bytes.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "txt" | "log" | "md" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "json" => "application/json",
        "xml" => "application/xml",
        "ics" => "text/calendar",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

/// As a timeline lists them.
pub(super) fn listed(attachments: &[OutgoingAttachment]) -> Vec<crate::model::Attachment> {
    attachments
        .iter()
        .enumerate()
        .map(|(part, attachment)| crate::model::Attachment {
            name: attachment.name.clone(),
            media_type: attachment.media_type.clone(),
            size: attachment.size,
            part: part as u32,
        })
        .collect()
}
