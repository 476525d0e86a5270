//! What strangers have sent, or could: each string, and what is left of it.

#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

/// Hostile strings and what an agent reads instead.
const TABLE: &[(&str, &str)] = &[
    // CSI: colours, cursor, erase, scroll, modes
    ("\u{1b}[31mred", "[31mred"),
    ("\u{1b}[2J\u{1b}[H", "[2J[H"),
    ("a\u{1b}[10Db", "a[10Db"),
    ("\u{1b}[?1049h", "[?1049h"),
    ("\u{1b}[?25l", "[?25l"),
    ("\u{1b}[?1000h", "[?1000h"),
    ("\u{1b}[?2004l", "[?2004l"),
    ("\u{1b}[6n", "[6n"),
    ("\u{1b}[c", "[c"),
    ("\u{1b}[8m hidden \u{1b}[0m", "[8m hidden [0m"),
    ("\u{1b}[1;1r", "[1;1r"),
    ("\u{1b}[20t", "[20t"),
    ("\u{1b}[>4;2m", "[>4;2m"),
    ("\u{1b}[99999999A", "[99999999A"),
    ("\u{1b}[38;2;0;0;0m", "[38;2;0;0;0m"),
    ("\u{1b}[=5u", "[=5u"),
    // OSC: titles, links, clipboard, palette, notifications
    ("\u{1b}]0;owned\u{7}", "]0;owned"),
    ("\u{1b}]2;owned\u{1b}\\", "]2;owned\\"),
    ("\u{1b}]8;;http://evil.example\u{1b}\\bank\u{1b}]8;;\u{1b}\\", "]8;;http://evil.example\\bank]8;;\\"),
    ("\u{1b}]52;c;cm0gLXJmIH4=\u{7}", "]52;c;cm0gLXJmIH4="),
    ("\u{1b}]52;c;?\u{7}", "]52;c;?"),
    ("\u{1b}]4;1;?\u{7}", "]4;1;?"),
    ("\u{1b}]10;?\u{7}", "]10;?"),
    ("\u{1b}]9;ding\u{7}", "]9;ding"),
    ("\u{1b}]777;notify;a;b\u{7}", "]777;notify;a;b"),
    ("\u{1b}]1337;File=inline=1:AAAA\u{7}", "]1337;File=inline=1:AAAA"),
    ("\u{1b}]50;#font\u{7}", "]50;#font"),
    ("\u{1b}]133;A\u{7}", "]133;A"),
    // DCS, APC, PM, SOS, single shifts, resets
    ("\u{1b}P$q\"p\u{1b}\\", "P$q\"p\\"),
    ("\u{1b}Pq#0;2;0;0;0\u{1b}\\", "Pq#0;2;0;0;0\\"),
    ("\u{1b}_Ga=T;AAAA\u{1b}\\", "_Ga=T;AAAA\\"),
    ("\u{1b}^private\u{1b}\\", "^private\\"),
    ("\u{1b}Xsos\u{1b}\\", "Xsos\\"),
    ("\u{1b}c", "c"),
    ("\u{1b}(0lqqk\u{1b}(B", "(0lqqk(B"),
    ("\u{1b}#8", "#8"),
    ("\u{1b}=\u{1b}>", "=>"),
    ("\u{1b}7\u{1b}8", "78"),
    ("\u{1b}N\u{1b}O", "NO"),
    ("\u{1b}Z", "Z"),
    // split and doubled escapes
    ("\u{1b}\u{1b}[31m", "[31m"),
    ("\u{1b}\0[31m", "[31m"),
    ("\u{1b}\u{7f}[31m", "[31m"),
    ("\u{1b}\u{200b}[31m", "[31m"),
    ("\u{1b}\n[31m", "\n[31m"),
    ("\u{1b}[3\u{1b}[1m1m", "[3[1m1m"),
    ("x\u{1b}", "x"),
    ("\u{1b}", ""),
    // 8-bit C1, as characters
    ("\u{9b}31mred", "31mred"),
    ("\u{9d}0;owned\u{9c}", "0;owned"),
    ("\u{90}q\u{9c}", "q"),
    ("\u{9e}pm\u{9c}", "pm"),
    ("\u{9f}apc\u{9c}", "apc"),
    ("\u{98}sos\u{9c}", "sos"),
    ("\u{84}\u{8d}\u{8e}\u{8f}", ""),
    ("a\u{80}b\u{81}c\u{99}d", "abcd"),
    // other C0
    ("bell\u{7}", "bell"),
    ("pass\u{8}\u{8}\u{8}\u{8}word", "password"),
    ("a\u{e}b\u{f}c", "abc"),
    ("a\u{b}b\u{c}c", "abc"),
    ("nul\0nul", "nulnul"),
    ("del\u{7f}", "del"),
    ("\u{5}enq", "enq"),
    ("\u{13}stop\u{11}", "stop"),
    ("\u{18}\u{1a}", ""),
    ("\u{1c}\u{1d}\u{1e}\u{1f}", ""),
    // carriage returns that would write over the line
    ("paid\runpaid", "paid\nunpaid"),
    ("a\r\r\r\rb", "a\n\n\n\nb"),
    ("a\r\nb", "a\nb"),
    ("a\n\rb", "a\n\nb"),
    ("a\u{85}b\u{2028}c\u{2029}d", "a\nb\nc\nd"),
    // tabs
    ("a\tb", "a       b"),
    ("1234567\tb", "1234567 b"),
    ("12345678\tb", "12345678        b"),
    ("x\n\ty", "x\n        y"),
    // bidi
    ("invoice\u{202e}fdp.exe", "invoice⟨RLO⟩fdp.exe"),
    ("\u{202d}abc\u{202c}", "⟨LRO⟩abc"),
    ("\u{202a}a\u{202c}", "⟨LRE⟩a"),
    ("\u{202b}a\u{202c}", "⟨RLE⟩a"),
    ("\u{2066}a\u{2069}", "⟨LRI⟩a"),
    ("\u{2067}a\u{2069}", "⟨RLI⟩a"),
    ("\u{2068}Ana\u{2069}", "Ana"),
    ("a\u{200e}b\u{200f}c\u{61c}d", "abcd"),
    ("\u{202e}\u{202e}\u{202e}x", "⟨RLO⟩⟨RLO⟩⟨RLO⟩x"),
    // zero width and other invisibles
    ("pay\u{200b}pal", "paypal"),
    ("pay\u{2060}pal", "paypal"),
    ("\u{feff}bom", "bom"),
    ("mid\u{feff}dle", "middle"),
    ("soft\u{ad}hyphen", "softhyphen"),
    ("a\u{34f}b", "ab"),
    ("a\u{180e}b", "ab"),
    ("a\u{180b}b\u{180f}", "ab"),
    ("a\u{2061}b\u{2062}c\u{2063}d\u{2064}e", "abcde"),
    ("a\u{206a}b\u{206f}c", "abc"),
    ("a\u{115f}b\u{1160}c\u{3164}d\u{ffa0}e", "abcde"),
    ("a\u{17b4}b\u{17b5}c", "abc"),
    ("pay\u{200d}pal", "paypal"),
    ("pay\u{200c}pal", "paypal"),
    ("\u{200d}\u{200d}\u{200d}", ""),
    ("a\u{fe0f}b", "ab"),
    ("a\u{fe00}b\u{fe0e}", "ab"),
    ("葛\u{e0100}城", "葛城"),
    ("a\u{1d173}b\u{1bca0}c", "abc"),
    ("\u{fff9}base\u{fffa}note\u{fffb}", "basenote"),
    ("a\u{fffc}b", "ab"),
    // tags: text nobody sees
    ("ok\u{e0001}\u{e0068}\u{e0069}\u{e007f}", "ok"),
    ("\u{e0049}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}", ""),
    ("\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}", "\u{1f3f4}"),
    // private use, noncharacters, replacement
    ("\u{e0b0}prompt", "\u{fffd}prompt"),
    ("a\u{f0000}b\u{10fffd}", "a\u{fffd}b\u{fffd}"),
    ("a\u{fdd0}b\u{ffff}c\u{1fffe}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
    ("\u{fffd}\u{fffd}", "\u{fffd}\u{fffd}"),
    // zalgo
    ("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "é\u{301}\u{301}\u{301}\u{301}"),
    ("\u{300}\u{301}x", "x"),
    ("a\n\u{300}b", "a\nb"),
    ("x\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}", "x\u{489}\u{489}\u{489}\u{489}"),
    ("x\u{20dd}\u{20dd}\u{20dd}\u{20dd}\u{20dd}", "x\u{20dd}\u{20dd}\u{20dd}\u{20dd}"),
    ("e\u{200b}\u{301}", "é"),
    // spaces that pass for the ordinary one, and blanks
    ("a\u{a0}b\u{2003}c\u{202f}d\u{205f}e\u{1680}f", "a b c d e f"),
    ("a\u{2800}b", "a b"),
    // what compatibility-equal letters become under NFC
    ("\u{212b}\u{2126}", "ÅΩ"),
    ("\u{37e}", ";"),
    // HTML and terminal markup are just letters
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("\\x1b[31m", "\\x1b[31m"),
    ("^[[31m", "^[[31m"),
    ("%1B%5B31m", "%1B%5B31m"),
];

/// Text that must come through as it is.
const INNOCENT: &[&str] = &[
    "Grüße aus Köln, s’il vous plaît — “ok”",
    "您好，我的订单还没有到。「谢谢」",
    "全角　空格",
    "注文番号は１２３です。がぎぐげご",
    "안녕하세요",
    "مرحبا بكم",
    "می\u{200c}خواهم",
    "שלום עולם",
    "שָׁלוֹם",
    "สวัสดีครับ ที่นี่",
    "हिन्दी क्\u{200d}ष",
    "ශ්\u{200d}රී ලංකා",
    "தமிழ்",
    "བོད་སྐད་",
    "tiếng Việt",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦 family",
    "🏳\u{fe0f}\u{200d}🌈 flag",
    "👩🏽\u{200d}🚀",
    "🧑🏻\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}🧑🏿",
    "❤\u{fe0f} ☎\u{fe0f} ©\u{fe0f}",
    "1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3}",
    "🇩🇪🇨🇳🇧🇷",
    "👍🏿",
    "naïve café Ångström",
    "x̄ ± σ²",
    "line one\nline two\n\nline four",
];

#[test]
fn hostile_strings_are_disarmed() {
    assert!(TABLE.len() >= 120, "{}", TABLE.len());
    for (hostile, expected) in TABLE {
        assert_eq!(clean_block(hostile), *expected, "{hostile:?}");
        check(&clean_line(hostile), false);
    }
}

#[test]
fn innocent_text_comes_through() {
    for text in INNOCENT {
        assert_eq!(clean_block(text), *text);
    }
}

#[test]
fn a_line_is_one_line_trimmed() {
    assert_eq!(clean_line("  a\r\n\tb \u{2028} c\n"), "a b c");
    assert_eq!(clean_line("\n\n"), "");
    assert_eq!(clean_line("a\n\u{301}b"), "a b");
}

#[test]
fn long_text_is_cut_where_one_can_see_it() {
    let line = clean_line(&"é".repeat(5_000));
    assert_eq!(line.chars().count(), MAX_LINE);
    assert!(line.ends_with('…'));
    let block = clean_block(&"日本\n".repeat(300_000));
    assert!(block.len() <= MAX_BLOCK);
    assert!(block.ends_with("… cut: the text goes on"));
    // Exactly at the cap nothing is cut.
    let full = "a".repeat(MAX_BLOCK);
    assert_eq!(clean_block(&full), full);
    let line = "b".repeat(MAX_LINE);
    assert_eq!(clean_line(&line), line);
}

#[test]
fn invisible_flood_leaves_little_and_says_it_was_cut() {
    let flood = format!("start{}end", "\u{200b}".repeat(4_000_000));
    assert_eq!(clean_block(&flood), "start\n… cut: the text goes on");
    let joined = "👩\u{200d}".repeat(1_000);
    let widest = clean_block(&joined).graphemes(true).map(|g| g.chars().count()).max().unwrap();
    assert!(widest <= 2 * MAX_JOINED + 2, "{widest}");
}

#[test]
fn every_character_that_stays_takes_room_or_sits_on_one() {
    let invisible: Vec<String> = ('\0'..=char::MAX)
        .filter(|&c| c != '\n' && class::class(c) == Class::Keep && !is_mark(c) && c.to_string().width() == 0)
        .map(|c| format!("U+{:04X}", c as u32))
        .collect();
    assert!(invisible.is_empty(), "{} such as {:?}", invisible.len(), &invisible[..invisible.len().min(50)]);
}

/// What holds for every cleaned text.
fn check(clean: &str, block: bool) {
    for c in clean.chars() {
        assert!(!c.is_control() || (block && c == '\n'), "{c:?} in {clean:?}");
        assert!(!matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{61C}'));
        assert!(!matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{180E}' | '\u{E0000}'..='\u{E0FFF}'));
    }
    assert!(unicode_normalization::is_nfc(clean), "{clean:?}");
    // Joiners between marks neither show nor begin a new character.
    let visible = clean.chars().filter(|c| !matches!(*c, ZWJ | ZWNJ | EMOJI_STYLE));
    let mut run = MAX_MARKS;
    for c in visible {
        run = match c {
            '\n' => MAX_MARKS,
            c if is_mark(c) => run + 1,
            _ => 0,
        };
        assert!(!is_mark(c) || run <= MAX_MARKS, "{clean:?}");
    }
}

/// Characters that attack each other's rules, mixed with ordinary ones.
fn nasty() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '\u{1b}',
        '\u{9b}',
        '\r',
        '\n',
        '\t',
        ' ',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{fe0f}',
        '\u{20e3}',
        '\u{202e}',
        '\u{301}',
        '\u{344}',
        '\u{94d}',
        '\u{9c7}',
        '\u{9be}',
        '\u{915}',
        '\u{628}',
        '\u{654}',
        '1',
        '#',
        'e',
        '❤',
        '👩',
        '🏽',
        '🇩',
        '\u{1100}',
        '\u{1161}',
        '\u{11a8}',
        '\u{ac00}',
        '\u{212b}',
        '\u{e0041}',
        '\u{a0}',
        '\u{2028}',
        '葛',
        '\u{653}',
        '\u{627}',
        '\u{ddf}',
        '\u{dca}',
        '\u{6dd}',
        '\u{e33}',
    ]);
    prop::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..60).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn cleaning_twice_changes_nothing(text in nasty()) {
        let block = clean_block(&text);
        check(&block, true);
        prop_assert_eq!(clean_block(&block), block);
        let line = clean_line(&text);
        check(&line, false);
        prop_assert_eq!(clean_line(&line), line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..Default::default() })]

    #[test]
    fn long_lines_settle_too(text in nasty(), times in 20usize..40) {
        let line = clean_line(&text.repeat(times));
        check(&line, false);
        prop_assert!(line.chars().count() <= MAX_LINE);
        prop_assert_eq!(clean_line(&line), line);
    }
}
