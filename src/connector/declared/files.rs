//! The files of a message: what is listed of them, and where they are.

use super::mapper::{Known, Piece, opened, reopened};
use super::place;
use super::spec::{Files, Map, Pick, Spec};
use super::template::Template;
use crate::model::{Attachment, Timestamp, clean_line};

/// Most attachments of one message.
const MOST_FILES: usize = 50;

/// Where a file is.
pub(super) enum FileAt {
    Url(String),
    /// The path that tells, filled.
    Ask(String),
}

/// A file of a message, and where it is.
pub(super) struct File {
    pub listed: Attachment,
    pub at: FileAt,
}

/// The files an item lists.
pub(super) fn files(map: &Map, piece: &Piece<'_>, known: &Known) -> Vec<File> {
    let Some(wanted) = &map.files else { return Vec::new() };
    let found = wanted.items.iter().filter_map(|pointer| place::items(piece.item, pointer)).flatten();
    let mut files = Vec::new();
    for found in found.take(MOST_FILES) {
        let file = Piece { item: found.item, raw: None, ..*piece };
        let pick = |from: &Pick| file.pick(from, known).map(|text| clean_line(&text));
        let path = |template: &Template| template.path(&|name: &str| file.value(name, known));
        let (at, last) = match &wanted.ask {
            Some(ask) => (path(&ask.path).map(FileAt::Ask), String::new()),
            None => {
                let url = pick(&wanted.url);
                let path = url.as_deref().unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
                let last = path.rsplit('/').next().unwrap_or_default().to_owned();
                (url.map(FileAt::Url), last)
            }
        };
        let Some(at) = at else { continue };
        let part = files.len() as u32;
        let name = pick(&wanted.name).unwrap_or(last);
        let name = if name.is_empty() { format!("file {}", part + 1) } else { name };
        let media_type = pick(&wanted.kind).unwrap_or_else(|| "application/octet-stream".to_owned());
        let size = pick(&wanted.size).and_then(|size| size.parse().ok()).unwrap_or(0);
        files.push(File { listed: Attachment { name, media_type, size, part }, at });
    }
    files
}

/// Where attachment `part` of an envelope is, and how the file says it is fetched.
pub(super) fn file_at(raw: &[u8], spec: &Spec, known: &Known, part: u32) -> Option<(FileAt, Files)> {
    let opened = opened(raw).ok()?;
    let (map, _) = reopened(raw, spec, known, Timestamp(0)).ok()?;
    let files = files(&map, &opened.piece(raw), known);
    let file = files.into_iter().nth(usize::try_from(part).ok()?)?;
    Some((file.at, map.files?))
}
