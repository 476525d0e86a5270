//! Folder names on the wire: modified UTF-7 (RFC 3501 5.1.3), and the base64 it needs.

const PLAIN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648), with padding when `pad`.
pub(super) fn base64(bytes: &[u8], pad: bool) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(PLAIN[(word >> (18 - 6 * place) & 63) as usize]));
            } else if pad {
                text.push('=');
            }
        }
    }
    text
}

/// A folder's name in the form servers understand.
pub(super) fn encode(name: &str) -> String {
    let mut wire = String::new();
    let mut other: Vec<u8> = Vec::new();
    let shift_back = |other: &mut Vec<u8>, wire: &mut String| {
        if !other.is_empty() {
            wire.push('&');
            wire.push_str(&base64(other, false).replace('/', ","));
            wire.push('-');
            other.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            shift_back(&mut other, &mut wire);
            wire.push(c);
            if c == '&' {
                wire.push('-');
            }
        } else {
            let mut units = [0; 2];
            other.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift_back(&mut other, &mut wire);
    wire
}

/// A folder's name as people write it. What is not valid stays as it came: it is then shown, and found, in that form.
pub(super) fn decode(wire: &str) -> String {
    let mut name = String::new();
    let mut rest = wire;
    while let Some((before, after)) = rest.split_once('&') {
        name.push_str(before);
        let Some((coded, next)) = after.split_once('-') else { return wire.to_owned() };
        if coded.is_empty() {
            name.push('&');
        } else {
            let Some(text) = decode_run(coded) else { return wire.to_owned() };
            name.push_str(&text);
        }
        rest = next;
    }
    name.push_str(rest);
    // Only a name that would be sent in the same form again may be shown in another.
    if encode(&name) == wire { name } else { wire.to_owned() }
}

fn decode_run(coded: &str) -> Option<String> {
    let (mut bits, mut count) = (0u32, 0);
    let mut bytes = Vec::new();
    for c in coded.bytes() {
        let c = if c == b',' { b'/' } else { c };
        let value = PLAIN.iter().position(|plain| *plain == c)? as u32;
        bits = (bits << 6 | value) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_out_and_come_back() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Tom & Jerry", "Tom &- Jerry"),
            // The example of RFC 3501.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"),
            ("Größe 😀", "Gr&APYA3w-e &2D3eAA-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire), name);
        }
    }

    #[test]
    fn what_is_not_valid_stays_as_it_came() {
        for odd in ["&", "a&b", "&!!-", "&AAA", "&2D0-"] {
            assert_eq!(decode(odd), odd);
        }
    }

    #[test]
    fn base64_is_as_others_write_it() {
        assert_eq!(base64(b"\0ana\0pw", true), "AGFuYQBwdw==");
        assert_eq!(base64(b"foobar", true), "Zm9vYmFy");
    }
}
