//! HTML to text: one linear pass over the tags, nothing loaded, links listed with where they really lead.
//!
//! A tree builder can be made to do quadratic work by a few kilobytes of open tags; mail only needs its words, its
//! breaks, its links, and to know what the sender hid.

mod font;
mod link;
mod page;
mod tag;

use font::Fonts;
use page::Page;
use tag::{Tag, Token, Tokens};

/// Most of an HTML text that is looked at, in bytes.
const MAX_HTML: usize = 4_000_000;

/// The text of an HTML part, not cleaned: with `[n]` after each link and a list of where they lead at the end.
pub(super) fn to_text(html: &str) -> String {
    let bounded = &html[..html.floor_char_boundary(MAX_HTML)];
    let mut text = match walk(bounded, true) {
        Some(text) => text,
        // Hidden text that never ends: the sender's tags are broken, and showing too much beats losing the message.
        None => walk(bounded, false).unwrap_or_default(),
    };
    if bounded.len() < html.len() {
        text.push_str("\n\n… cut: the HTML goes on");
    }
    text
}

/// `None` when something hidden was never closed.
fn walk(html: &str, hide: bool) -> Option<String> {
    let mut page = Page::default();
    // The element whose content is hidden, and how many of its name are open.
    let mut hidden: Option<(String, usize)> = None;
    let mut fonts = Fonts::default();
    for token in Tokens::new(html) {
        match (token, &mut hidden) {
            (Token::Text(text), None) if hide && fonts.nothing_shows() => page.hidden(text),
            (Token::Text(text), None) => page.text(text),
            (Token::Text(text), Some(_)) => page.hidden(text),
            (Token::Tag(tag), Some((name, depth))) if tag.name == *name => {
                *depth = if tag.closing { depth.saturating_sub(1) } else { *depth + 1 };
                if *depth == 0 {
                    hidden = None;
                }
            }
            (Token::Tag(_), Some(_)) => {}
            (Token::Tag(tag), None) => {
                if hide && !tag.closing && !tag.is_void() && is_hidden(&tag) {
                    hidden = Some((tag.name, 1));
                } else {
                    fonts.tag(&tag);
                    page.tag(&tag);
                }
            }
        }
    }
    if hidden.is_some() || (hide && fonts.nothing_shows()) { None } else { Some(page.finish()) }
}

/// True when the sender asks that the element be not seen.
fn is_hidden(tag: &Tag<'_>) -> bool {
    if tag.attribute("hidden").is_some() {
        return true;
    }
    let Some(style) = tag.attribute("style") else { return false };
    compact(&style).split(';').any(|rule| {
        let Some((property, value)) = rule.split_once(':') else { return false };
        let value = value.trim_end_matches("!important");
        match property {
            "display" => value == "none",
            "visibility" => value == "hidden",
            "opacity" | "max-height" => is_zero(value),
            _ => false,
        }
    })
}

/// A style without white space, in lower case.
fn compact(style: &str) -> String {
    style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// `0`, `0px`, `0.0%` …
fn is_zero(value: &str) -> bool {
    value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').parse::<f32>() == Ok(0.0)
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn blocks_break_lines_and_white_space_collapses() {
        let html = "<html><head><title>x</title><style>p{color:red}</style></head><body><p>Hello   <b>Ana</b>,\r\n \
                    how are&nbsp;you?</p><div>one<br>two</div><ul><li>a<li>b</ul><ol><li>c</li></ol></body></html>";
        assert_eq!(to_text(html), "Hello Ana, how are\u{A0}you?\n\none\ntwo\n\n• a\n• b\n\n1. c");
    }

    #[test]
    fn links_are_listed_with_where_they_lead() {
        let text = to_text(
            r#"See <a href="https://shop.example/a?x=1&amp;y=2">our page</a>, <a href='https://shop.example'>https://shop.example/</a>"#,
        );
        assert_eq!(text, "See our page [1], https://shop.example/\n\n[1] https://shop.example/a?x=1&y=2");
    }

    #[test]
    fn a_link_that_claims_another_host_is_marked() {
        let text = to_text(r#"<a href="http://evil.example/login">www.bank.example</a>"#);
        assert!(text.contains("[1] http://evil.example/login"), "{text}");
        assert!(text.contains("but its text says www.bank.example"), "{text}");
        let honest = to_text(r#"<a href="https://www.bank.example/login">bank.example</a>"#);
        assert!(!honest.contains("but its text"), "{honest}");
        // The host is what stands after the user part, whatever that part pretends.
        let tricky = to_text(r#"<a href="https://bank.example@evil.example/">bank.example</a>"#);
        assert!(tricky.contains("but its text says bank.example"), "{tricky}");
    }

    #[test]
    fn hidden_text_is_left_out_and_said() {
        for style in ["display:none", "DISPLAY : NONE !important", "font-size:0px", "visibility:hidden", "opacity:0"] {
            let text = to_text(&format!("seen<div style=\"{style}\">secret <div>inner</div> more</div>end"));
            assert!(!text.contains("secret") && !text.contains("more"), "{style}: {text}");
            assert!(text.contains("seen") && text.contains("end") && text.contains("hidden"), "{style}: {text}");
        }
    }

    #[test]
    fn layouts_that_set_the_size_back_are_read() {
        // Newsletter tools put font-size:0 on every cell against gaps, and a real size on the words inside.
        let html = "<table><tr><td style=\"font-size:0px;padding:1px\"> <div>gone</div> <div style=\"font-size:13px\">Your \
                    <b>order</b></div></td><td>two</td></tr></table>";
        let text = to_text(html);
        assert!(text.starts_with("Your order") && text.contains("two") && !text.contains("gone"), "{text}");
        assert_eq!(to_text("<td style='font-size:0'>never closed"), "never closed");
    }

    #[test]
    fn hidden_text_that_never_ends_is_shown() {
        assert_eq!(to_text("a<div style='display:none'>b<p>c"), "a\nb\n\nc");
    }

    #[test]
    fn quotes_get_their_mark() {
        assert_eq!(to_text("new<blockquote>old<blockquote>older</blockquote></blockquote>"), "new\n> old\n> > older");
    }

    #[test]
    fn scripts_comments_and_pictures_leave_no_trace() {
        let text = to_text(
            "a<script>alert('<b>')</script><!-- <p>no</p> -->b<img src=http://spy.example/x.gif>c<img alt='A cat'>",
        );
        assert_eq!(text, "abc[A cat]");
    }

    #[test]
    fn broken_tags_do_not_swallow_the_rest() {
        assert!(to_text("1 < 2 and <a href=\"x>still here").starts_with("1 < 2 and still here"));
        assert_eq!(to_text("&lt;b&gt; &#x41;&#66; &bogus; &amp"), "<b> AB &bogus; &amp");
    }

    #[test]
    fn nesting_of_any_depth_is_read_in_one_pass() {
        let deep = format!("{}core", "<div><b><blockquote><ul>".repeat(30_000));
        let text = to_text(&deep);
        assert!(text.ends_with("core"));
        // Marks per line are bounded, so the output cannot explode either.
        assert!(text.len() < 1_000, "{}", text.len());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]
        #[test]
        fn any_markup_is_read(pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<", ">", "<a ", "href=", "'", "\"", "=", "/", "é", "\u{301}", "日", " ", "\n", "</a>", "<!--", "-->", "<script>", "</script",
            "&", "&#", "&#x202e;", ";", "<td style='font-size:0'>", "</td>", "<div style=display:none>", "</div>", "<pre>", "</pre>",
            "<blockquote>", "<li>", "<ol>", "</ol>", "<img alt='", "text", "https://a.example/", "www.b.example", "@", "<br>",
        ]), 0..40)) {
            to_text(&pieces.concat());
        }
    }
}
