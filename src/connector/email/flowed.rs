//! `format=flowed` (RFC 3676): paragraphs that were broken for the way are joined again.

/// Joins the lines of a flowed text; blank lines at its start go. `delete_space` is `DelSp=yes`: the space before a soft break was added too.
pub(super) fn unwrap(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The quote depth of the paragraph that goes on with the next line.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|&byte| byte == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        // The signature separator is never flowed, although it ends with a space (RFC 3676, 4.3).
        let signature = content == "-- ";
        if open != Some(depth) || signature {
            if !out.is_empty() || open.is_some() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        let soft = content.ends_with(' ') && !signature;
        out.push_str(if soft && delete_space { &content[..content.len() - 1] } else { content });
        open = soft.then_some(depth);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unwrap;

    #[test]
    fn paragraphs_are_joined_and_hard_breaks_stay() {
        assert_eq!(unwrap("one \ntwo \nthree\nfour", false), "one two three\nfour");
        assert_eq!(unwrap("a\n\n\nb", false), "a\n\n\nb");
    }

    #[test]
    fn delsp_joins_without_a_space() {
        assert_eq!(unwrap("日本 \n語", true), "日本語");
    }

    #[test]
    fn quotes_join_within_their_depth_only() {
        assert_eq!(unwrap("> one \n> two\n>> deep \n>> deeper\nmine ", false), "> one two\n>> deep deeper\nmine ");
        assert_eq!(unwrap("> open \nmine", false), "> open \nmine");
    }

    #[test]
    fn stuffed_spaces_go_and_the_signature_mark_stays() {
        assert_eq!(unwrap(" From here\n >not a quote\n-- \nAna", false), "From here\n>not a quote\n-- \nAna");
    }
}
