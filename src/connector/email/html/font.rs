//! Text in letters of no size.

use super::tag::Tag;
use super::{compact, is_zero};

/// Deepest nesting of elements with a size of their own that is followed.
const MAX_OPEN: usize = 64;

/// The open elements that set a size of letters. The innermost decides.
#[derive(Default)]
pub(super) struct Fonts {
    open: Vec<Size>,
}

struct Size {
    name: String,
    /// Open elements of the same name inside, which set none.
    inside: usize,
    zero: bool,
}

impl Fonts {
    /// Follows a tag.
    pub(super) fn tag(&mut self, tag: &Tag<'_>) {
        if tag.is_void() {
            return;
        }
        let same = self.open.iter().rposition(|sized| sized.name == tag.name);
        if tag.closing {
            match same {
                Some(at) if self.open[at].inside == 0 => self.open.truncate(at),
                Some(at) => self.open[at].inside -= 1,
                None => {}
            }
            return;
        }
        match tag.attribute("style").as_deref().and_then(sets_zero) {
            Some(zero) if self.open.len() < MAX_OPEN => {
                self.open.push(Size { name: tag.name.clone(), inside: 0, zero });
            }
            _ => {
                if let Some(at) = same {
                    self.open[at].inside += 1;
                }
            }
        }
    }

    /// True where letters have no size.
    pub(super) fn nothing_shows(&self) -> bool {
        self.open.last().is_some_and(|sized| sized.zero)
    }
}

/// Whether a style sets a size, and whether to nothing.
fn sets_zero(style: &str) -> Option<bool> {
    let style = compact(style);
    let size = style.split(';').filter_map(|rule| rule.strip_prefix("font-size:")).next_back()?;
    Some(is_zero(size.trim_end_matches("!important")))
}
