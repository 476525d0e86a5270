//! What each character may do on a screen.

/// What the cleaner does with a character, before it looks at its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Stays.
    Keep,
    /// Goes without a trace: it has no looks of its own.
    Drop,
    /// Becomes a line feed.
    LineFeed,
    /// Becomes spaces up to the next tab stop.
    Tab,
    /// Becomes one space.
    Space,
    /// Becomes U+FFFD: nobody can know what it would look like.
    Replace,
    /// Becomes a marker an agent can see: the sender tried to turn the order of reading.
    Mark(&'static str),
    /// Stays only where a script or an emoji needs it (ZWJ, ZWNJ, VS16).
    Contextual,
}

pub(super) const ZWNJ: char = '\u{200C}';
pub(super) const ZWJ: char = '\u{200D}';
pub(super) const EMOJI_STYLE: char = '\u{FE0F}';
pub(super) const KEYCAP: char = '\u{20E3}';

/// The class of a character. U+000D is handled before, with its line feed.
pub(super) fn class(c: char) -> Class {
    match c {
        ' '..='~' | '\n' => Class::Keep,
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Class::LineFeed,
        '\t' => Class::Tab,
        // C0, DEL, C1
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Class::Drop,
        // spaces that look like the ordinary one; the braille blank too
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{2800}' => Class::Space,
        // bidi: what opens an embedding, override or isolate is made visible; what only closes one, or isolates
        // without a direction (phones wrap every name so), turns nothing by itself once the openers are gone
        '\u{202A}' => Class::Mark("⟨LRE⟩"),
        '\u{202B}' => Class::Mark("⟨RLE⟩"),
        '\u{202D}' => Class::Mark("⟨LRO⟩"),
        '\u{202E}' => Class::Mark("⟨RLO⟩"),
        '\u{2066}' => Class::Mark("⟨LRI⟩"),
        '\u{2067}' => Class::Mark("⟨RLI⟩"),
        '\u{202C}' | '\u{2068}' | '\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{61C}' => Class::Drop,
        ZWNJ | ZWJ | EMOJI_STYLE => Class::Contextual,
        // soft hyphen, grapheme joiner, zero-width, word joiner, invisible operators, deprecated format characters
        '\u{AD}' | '\u{34F}' | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}' => {
            Class::Drop
        }
        // fillers and vowels nobody sees; Mongolian selectors; other variation selectors
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{17B4}' | '\u{17B5}' => Class::Drop,
        '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0E}' => Class::Drop,
        // interlinear annotations, object replacement, shorthand and musical format controls
        '\u{FFF9}'..='\u{FFFC}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' => Class::Drop,
        // Arabic number signs, Syriac abbreviation mark, Egyptian joiners, unassigned specials: format controls
        '\u{605}' | '\u{890}' | '\u{891}' | '\u{8E2}' | '\u{FFF0}'..='\u{FFF8}' => Class::Drop,
        '\u{70F}' | '\u{13430}'..='\u{1345F}' => Class::Drop,
        // tags and ideographic variation selectors
        '\u{E0000}'..='\u{E0FFF}' => Class::Drop,
        // private use
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => Class::Replace,
        // noncharacters
        '\u{FDD0}'..='\u{FDEF}' => Class::Replace,
        c if c as u32 & 0xFFFE == 0xFFFE => Class::Replace,
        _ => Class::Keep,
    }
}

/// True for what sits on the character before it and takes no room: combining marks, and the vowels and finals of
/// conjoining Hangul. Indic letters that sit on the one after them count too.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && (unicode_normalization::char::is_combining_mark(c)
            || matches!(c, '\u{1161}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{D4E}' | '\u{A8FA}'
                | '\u{111C2}'..='\u{111C3}' | '\u{113D1}' | '\u{1193F}' | '\u{11941}' | '\u{11A84}'..='\u{11A89}'
                | '\u{11D46}' | '\u{11F02}'))
}

/// True for characters that emoji sequences are made of (a close superset of Extended_Pictographic).
pub(super) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21AA}'
        | '\u{231A}'..='\u{23FF}' | '\u{24C2}' | '\u{25AA}'..='\u{25FE}' | '\u{2600}'..='\u{27BF}'
        | '\u{2934}'..='\u{2935}' | '\u{2B05}'..='\u{2B55}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F000}'..='\u{1F1E5}' | '\u{1F200}'..='\u{1F3FA}' | '\u{1F400}'..='\u{1FAFF}')
}

/// True for the skin tones that follow an emoji.
pub(super) fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// True for letters and marks of scripts whose shape depends on joiners: Arabic, Syriac, N'Ko, Mongolian, the Indic
/// scripts, Myanmar, Khmer.
pub(super) fn is_joining_script(c: char) -> bool {
    matches!(c,
        '\u{620}'..='\u{6FF}' | '\u{710}'..='\u{77F}' | '\u{7CA}'..='\u{7F5}' | '\u{840}'..='\u{85F}'
        | '\u{8A0}'..='\u{8FF}' | '\u{900}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17D3}'
        | '\u{1820}'..='\u{18AA}' | '\u{A8E0}'..='\u{A8FF}' | '\u{FB50}'..='\u{FDCF}' | '\u{FE70}'..='\u{FEFC}'
        | '\u{11000}'..='\u{11FFF}')
}
