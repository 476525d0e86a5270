//! Content transfer encodings (RFC 2045), read leniently: damage costs the damaged bytes, never the rest. Linear in
//! the size of the input, and the output is never longer than it.

/// How a part's body is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Transfer {
    /// `7bit`, `8bit`, `binary`, and whatever nobody knows.
    #[default]
    Plain,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `base64`.
    Base64,
}

impl Transfer {
    /// The encoding a `Content-Transfer-Encoding` header names.
    pub(super) fn named(name: &str) -> Transfer {
        let name = name.split([';', '(']).next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("base64") {
            Transfer::Base64
        } else if name.eq_ignore_ascii_case("quoted-printable") {
            Transfer::QuotedPrintable
        } else {
            Transfer::Plain
        }
    }

    /// The decoded bytes.
    pub(super) fn decode(self, body: &[u8]) -> Vec<u8> {
        match self {
            Transfer::Plain => body.to_vec(),
            Transfer::QuotedPrintable => quoted_printable(body),
            Transfer::Base64 => base64(body),
        }
    }
}

fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for &byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // Padding ends a group; some programs join encoded blocks one after the other.
            b'=' => {
                (bits, held) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    out
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let (content, end) = match line.strip_suffix(b"\n") {
            Some(rest) => match rest.strip_suffix(b"\r") {
                Some(rest) => (rest, &b"\r\n"[..]),
                None => (rest, &b"\n"[..]),
            },
            None => (line, &b""[..]),
        };
        // White space at the end of an encoded line was added on the way (RFC 2045, 6.7 rule 3).
        let content = content.trim_ascii_end();
        let (content, soft) = match content.strip_suffix(b"=") {
            Some(content) => (content, true),
            None => (content, false),
        };
        let mut rest = content;
        while let Some((&first, tail)) = rest.split_first() {
            rest = tail;
            if first == b'='
                && let [high, low, after @ ..] = tail
                && let (Some(high), Some(low)) = (hex(*high), hex(*low))
            {
                out.push(high << 4 | low);
                rest = after;
            } else {
                out.push(first);
            }
        }
        if !soft {
            out.extend_from_slice(end);
        }
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_survives_line_breaks_padding_inside_and_rubbish() {
        assert_eq!(base64(b"SGVs\r\nbG8="), b"Hello");
        assert_eq!(base64(b"SGVsbG8=SGVsbG8="), b"HelloHello");
        assert_eq!(base64(b"SG*Vsb\xFFG8"), b"Hello");
    }

    #[test]
    fn quoted_printable_joins_soft_breaks_and_keeps_what_is_not_an_escape() {
        assert_eq!(quoted_printable(b"a=C3=A4 =\r\nb=3d\r\nc=ZZ  \r\nend="), "aä b=\r\nc=ZZ\r\nend".as_bytes());
    }

    #[test]
    fn names_are_read_in_any_case_and_with_remarks() {
        assert_eq!(Transfer::named(" BASE64 (as usual)"), Transfer::Base64);
        assert_eq!(Transfer::named("Quoted-Printable;"), Transfer::QuotedPrintable);
        assert_eq!(Transfer::named("8bit"), Transfer::Plain);
    }
}
