//! The envelope in which WeChat and WeCom push: AES-256-CBC around 16 random bytes, a length, the message and the id of
//! whom it is for; beside it the SHA-1 of everything with the account's token.
//!
//! Source: "Message encryption and decryption", developers.weixin.qq.com/doc/oplatform/en/Third-party_Platforms/Message_Encryption,
//! developer.work.weixin.qq.com/document/path/90968.

use crate::connector::{HookRequest, Refusal, signature};
use crate::model::Timestamp;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockDecryptMut, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What is filled up to, in bytes: twice AES's own block.
const BLOCK: usize = 32;
/// Random bytes, then the length.
const HEAD: usize = 20;

/// The last character of a key holds bits that are of no use, and is written with any.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key that an `EncodingAESKey` of 43 characters stands for.
///
/// # Errors
/// [`Refusal::NotConfigured`] when it is none.
pub(in crate::connector) fn key(encoded: &str) -> Result<[u8; 32], Refusal> {
    let bytes = LENIENT.decode(encoded.trim()).map_err(|_| Refusal::NotConfigured)?;
    bytes.try_into().map_err(|_| Refusal::NotConfigured)
}

/// Accepts a request whose parameter `name` is the signature over token, time, nonce and `what`, signed just now.
///
/// # Errors
/// [`Refusal`].
pub(in crate::connector) fn verify(
    request: &HookRequest,
    name: &str,
    token: &str,
    what: Option<&str>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let parameter = |name| request.parameter(name).ok_or(Refusal::Unsigned);
    let (said, time, nonce) = (parameter(name)?, parameter("timestamp")?, parameter("nonce")?);
    let mut parts = vec![token, time, nonce];
    parts.extend(what);
    signature::must_be_hex(said, &signature::sha1_of_sorted(&parts))?;
    signature::must_be_fresh(time, now)
}

/// Opens an envelope that is meant for `receiver`. Its signature was looked at before.
///
/// # Errors
/// [`Refusal::Forged`] when the key does not fit or it is meant for somebody else, [`Refusal::Malformed`].
pub(in crate::connector) fn open(key: &[u8; 32], encrypted: &str, receiver: &str) -> Result<Vec<u8>, Refusal> {
    let mut bytes = LENIENT.decode(encrypted.trim()).map_err(|_| Refusal::Malformed)?;
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, &key[..16]).map_err(|_| Refusal::NotConfigured)?;
    let plain = cipher.decrypt_padded_mut::<NoPadding>(&mut bytes).map_err(|_| Refusal::Malformed)?;
    let filling = usize::from(*plain.last().ok_or(Refusal::Malformed)?);
    let kept = plain.len().checked_sub(filling).filter(|_| (1..=BLOCK).contains(&filling)).ok_or(Refusal::Forged)?;
    let (plain, filled) = plain.split_at(kept);
    if filled.iter().any(|byte| usize::from(*byte) != filling) {
        return Err(Refusal::Forged);
    }
    let (head, rest) = plain.split_at_checked(HEAD).ok_or(Refusal::Forged)?;
    let length: [u8; 4] = head[16..].try_into().map_err(|_| Refusal::Forged)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| Refusal::Forged)?;
    let (message, whom) = rest.split_at_checked(length).ok_or(Refusal::Forged)?;
    if signature::same(whom, receiver.as_bytes()) { Ok(message.to_vec()) } else { Err(Refusal::Forged) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::connector::wechat::xml::Xml;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    /// The sample of the platform's own libraries.
    const ENCRYPTED: &str = "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE=";

    fn request(said: &str) -> HookRequest {
        let query = [("msg_signature", said), ("timestamp", "1409735669"), ("nonce", "1320562132")];
        HookRequest {
            query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            ..HookRequest::default()
        }
    }

    #[test]
    fn the_sample_of_the_platform_opens() {
        let now = Timestamp(1_409_735_669_000);
        let right = request("5d197aaffba7e9b25a30732f161a50dee96bd5fa");
        let look = |request: &HookRequest, now| verify(request, "msg_signature", "spamtest", Some(ENCRYPTED), now);
        assert_eq!(look(&right, now), Ok(()));
        assert_eq!(look(&right, now.plus_millis(300_001)), Err(Refusal::Stale));
        assert_eq!(look(&request("5d197aaffba7e9b25a30732f161a50dee96bd5fb"), now), Err(Refusal::Forged));
        assert_eq!(look(&HookRequest::default(), now), Err(Refusal::Unsigned));
        let key = key(KEY).unwrap();
        let xml = Xml::read(&open(&key, ENCRYPTED, "wx2c2769f8efd9abc2").unwrap()).unwrap();
        assert_eq!((xml.text("Content"), xml.text("MsgId")), ("abcdteT", "6054768590064713728"));
        assert_eq!(open(&key, ENCRYPTED, "wx0000000000000000"), Err(Refusal::Forged), "meant for somebody else");
    }

    #[test]
    fn what_was_bent_on_the_way_does_not_open() {
        let right = key(KEY).unwrap();
        let bent = ENCRYPTED.replace("hyzA", "hyzB");
        assert!(open(&right, &bent, "wx2c2769f8efd9abc2").is_err());
        for cut in [0, 4, 20, 44, 100] {
            assert!(open(&right, &ENCRYPTED[..cut], "wx2c2769f8efd9abc2").is_err(), "{cut}");
        }
        assert!(open(&right, "!!!", "x").is_err());
        let other = key(&KEY.replace('a', "Z")).unwrap();
        assert!(open(&other, ENCRYPTED, "wx2c2769f8efd9abc2").is_err());
        assert_eq!(key("short"), Err(Refusal::NotConfigured));
    }
}
