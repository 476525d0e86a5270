//! Signatures of what platforms push, as pure functions over the raw bytes. Comparisons take the same time wherever they
//! differ.

use super::{MOST_HOOK_SKEW, Refusal};
use crate::model::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, signature};
use subtle::ConstantTimeEq;

/// Form fields taken; what follows is left out.
const MOST_FIELDS: usize = 1_000;

/// HMAC-SHA256 (RFC 2104) over the parts as if they were one.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac(hmac::HMAC_SHA256, key, parts)
}

/// HMAC-SHA1 (RFC 2104) over the parts as if they were one.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts)
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().to_vec()
}

/// SHA-1 of the parts, sorted and put together: the signature of WeChat, WeCom and their kin.
pub fn sha1_of_sorted(parts: &[&str]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes()).as_ref().to_vec()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// True when `said` is an Ed25519 signature (RFC 8032) over `message` by the owner of `public_key`.
pub fn is_ed25519(public_key: &[u8], message: &[u8], said: &[u8]) -> bool {
    signature::UnparsedPublicKey::new(&signature::ED25519, public_key).verify(message, said).is_ok()
}

/// The public key, and the signature over `message`, of the Ed25519 key pair with this seed; `None` unless the seed is 32
/// bytes.
pub fn ed25519_of_seed(seed: &[u8], message: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    use signature::KeyPair;
    let pair = signature::Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    Some((pair.public_key().as_ref().to_vec(), pair.sign(message).as_ref().to_vec()))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits; `None` when they are none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// Base64 with padding (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// True when they are the same; takes the same time wherever they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Accepts `said` when it is `right` in whatever case its digits are (hexadecimal signatures).
///
/// # Errors
/// [`Refusal::Forged`].
pub fn must_be_hex(said: &str, right: &[u8]) -> Result<(), Refusal> {
    must_be(said.to_ascii_lowercase().as_bytes(), hex(right).as_bytes())
}

/// Accepts `said` when it is `right` in base64.
///
/// # Errors
/// [`Refusal::Forged`].
pub fn must_be_base64(said: &str, right: &[u8]) -> Result<(), Refusal> {
    must_be(said.as_bytes(), base64(right).as_bytes())
}

fn must_be(said: &[u8], right: &[u8]) -> Result<(), Refusal> {
    if same(said, right) { Ok(()) } else { Err(Refusal::Forged) }
}

/// Accepts a signed time, in seconds since 1970 as text, that is near enough to `now`.
///
/// # Errors
/// [`Refusal::Malformed`] when it is no time, [`Refusal::Stale`] when it is too far away.
pub fn must_be_fresh(seconds: &str, now: Timestamp) -> Result<(), Refusal> {
    let signed: i64 = seconds.trim().parse().map_err(|_| Refusal::Malformed)?;
    let skew = i128::from(signed) * 1000 - i128::from(now.0);
    if skew.abs() <= i128::from(MOST_HOOK_SKEW) { Ok(()) } else { Err(Refusal::Stale) }
}

/// The fields of an `application/x-www-form-urlencoded` body or query, decoded, in their order.
pub fn form(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).take(MOST_FIELDS).map(|(name, value)| (name.into(), value.into())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// docs.slack.dev, "Verifying requests from Slack", step by step example.
    #[test]
    fn slack() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let mac = hmac_sha256(b"8f742231b10e8888abcd99yyyzzz85a5", &[b"v0:1531420618:", body.as_bytes()]);
        let said = "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        assert_eq!(must_be_hex(said, &mac), Ok(()));
        assert_eq!(must_be_hex(&said.to_uppercase(), &mac), Ok(()));
        assert_eq!(must_be_hex(&said.replace('a', "b"), &mac), Err(Refusal::Forged));
        assert_eq!(must_be_hex("", &mac), Err(Refusal::Forged));
    }

    /// The request validator's own test in Twilio's helper libraries.
    #[test]
    fn twilio() {
        let mut fields =
            form(b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309");
        fields.sort();
        let mut signed = "https://mycompany.com/myapp.php?foo=1&bar=2".to_owned();
        fields.iter().for_each(|(name, value)| signed += &format!("{name}{value}"));
        let mac = hmac_sha1(b"12345", &[signed.as_bytes()]);
        assert_eq!(must_be_base64("RSOYDt4T1cUTdK1PDd93/VVr8B8=", &mac), Ok(()));
        assert_eq!(must_be_base64("RSOYDt4T1cUTdK1PDd93/VVr8B9=", &mac), Err(Refusal::Forged));
    }

    /// "Validating webhook deliveries" of GitHub, whose scheme Meta's `X-Hub-Signature-256` is.
    #[test]
    fn meta() {
        let mac = hmac_sha256(b"It's a Secret to Everybody", &[b"Hello, ", b"World!"]);
        assert_eq!(hex(&mac), "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }

    /// A callback of WeCom.
    #[test]
    fn wechat() {
        let encrypted = "9eOdb3odwWMVTiGRTm+uiVrx3SGwzjGyq6oWu4b2tWC51YbHQasEVD9ZdS6Nx+XBxB2C/qxZ8bl8+qRBUb8CVg==";
        let right = sha1_of_sorted(&["jF9WQd6XtH7", "1647328566", "1648278214", encrypted]);
        assert_eq!(must_be_hex("0af7077e1d70aed01bf9a6f40b2b52a7536ec807", &right), Ok(()));
    }

    /// RFC 4231, test case 2, in LINE's clothes (base64 of HMAC-SHA256); RFC 2202, test case 2.
    #[test]
    fn macs_of_the_standards() {
        let mac = hmac_sha256(b"Jefe", &[b"what do ya want for nothing?"]);
        assert_eq!(hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(must_be_base64("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", &mac), Ok(()));
        assert_eq!(
            hex(&hmac_sha1(b"Jefe", &[b"what do ya want for nothing?"])),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn ed25519() {
        let seed = from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let (public, said) = ed25519_of_seed(&seed, &[0x72]).unwrap();
        assert_eq!(hex(&public), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert!(is_ed25519(&public, &[0x72], &said) && !is_ed25519(&public, &[0x73], &said));
        assert!(!is_ed25519(b"short", &[0x72], &said));
        assert_eq!(ed25519_of_seed(b"short", b""), None);
    }

    #[test]
    fn times_far_from_ours_are_stale() {
        let now = Timestamp(1_531_420_618_000);
        assert_eq!(must_be_fresh("1531420618", now), Ok(()));
        assert_eq!(must_be_fresh("1531420918", now), Ok(()));
        assert_eq!(must_be_fresh("1531420919", now), Err(Refusal::Stale));
        assert_eq!(must_be_fresh("1531420317", now), Err(Refusal::Stale));
        assert_eq!(must_be_fresh("9223372036854775807", now), Err(Refusal::Stale));
        assert_eq!(must_be_fresh("yesterday", now), Err(Refusal::Malformed));
    }

    #[test]
    fn hexadecimal_digits_and_forms() {
        assert_eq!(from_hex("00ffA1"), Some(vec![0, 255, 0xa1]));
        assert_eq!((from_hex("0"), from_hex("0g"), from_hex("ä")), (None, None, None));
        assert_eq!(form(b"a=1&b=%20x+y&c"), [("a", "1"), ("b", " x y"), ("c", "")].map(|(a, b)| (a.into(), b.into())));
        assert_eq!(form("a&".repeat(5_000).as_bytes()).len(), MOST_FIELDS);
    }
}
