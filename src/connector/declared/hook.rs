//! The door: deliveries are believed only with the proof the file asks for, over the raw bytes.

use super::access::Access;
use super::mapper::{Joins, Known, Piece, pruned, understand};
use super::place;
use super::predicate::{about, all};
use super::spec::{Challenge, Proof, Webhook};
use super::template::{Template, plain};
use crate::connector::signature::{
    ed25519_of_seed, from_hex, hex, hmac_sha1, hmac_sha256, is_ed25519, must_be_base64, must_be_hex,
};
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal, Unreadable};
use crate::model::{Timestamp, clean_line};
use serde_json::{Map, Value};
use std::sync::Arc;

pub(super) struct DeclaredHook {
    access: Arc<Access>,
    known: Known,
}

impl DeclaredHook {
    pub fn new(access: Arc<Access>, known: Known) -> DeclaredHook {
        let hook = DeclaredHook { access, known };
        hook.read_secrets();
        hook
    }

    /// Secrets are read beforehand, since a platform does not wait for a command.
    fn read_secrets(&self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let access = self.access.clone();
            runtime.spawn(async move {
                for name in access.settings.secrets.keys() {
                    if let Err(error) = access.secret(name).await {
                        tracing::warn!(account = access.settings.name, %error, "webhook");
                    }
                }
            });
        }
    }

    fn webhook(&self) -> Result<&Webhook, Refusal> {
        self.access.spec.webhook.as_ref().ok_or(Refusal::NotConfigured)
    }

    /// A template with secrets; without them nothing is believed.
    fn secret(&self, template: &Template) -> Result<String, Refusal> {
        let value = |name: &str| {
            let secret = name.strip_prefix("secret.").and_then(|name| self.access.known_secret(name));
            secret.map(|secret| Value::String(secret.expose().to_owned())).or_else(|| self.access.setting(name))
        };
        let filled = template.text(&value).filter(|secret| !secret.is_empty());
        if filled.is_none() {
            self.read_secrets();
        }
        filled.ok_or(Refusal::NotConfigured)
    }

    fn believe(&self, webhook: &Webhook, request: &HookRequest, now: Timestamp) -> Result<(), Refusal> {
        let ts = match &webhook.time_header {
            None => None,
            Some((name, skew)) => {
                let text = request.header(name).ok_or(Refusal::Unsigned)?;
                let number: i64 = text.trim().parse().map_err(|_| Refusal::Malformed)?;
                let millis = if number < 100_000_000_000 { number.saturating_mul(1_000) } else { number };
                if now.since(Timestamp(millis)).saturating_abs() > *skew {
                    return Err(Refusal::Stale);
                }
                Some(text.to_owned())
            }
        };
        match &webhook.proof {
            Proof::Equals { header, secret } => {
                let given = request.header(header).ok_or(Refusal::Unsigned)?;
                // Compared as hashes, so that the time taken tells nothing of the secret.
                let same = blake3::hash(given.as_bytes()) == blake3::hash(self.secret(secret)?.as_bytes());
                if same { Ok(()) } else { Err(Refusal::Forged) }
            }
            Proof::Hmac { sha1, base64, header, prefix, over, secret } => {
                let given = request.header(header).ok_or(Refusal::Unsigned)?;
                let given = given.trim().strip_prefix(prefix.as_str()).ok_or(Refusal::Forged)?;
                let key = self.secret(secret)?;
                let signed = signed_bytes(over, request, ts.as_deref());
                let right = match sha1 {
                    true => hmac_sha1(key.as_bytes(), &[&signed]),
                    false => hmac_sha256(key.as_bytes(), &[&signed]),
                };
                match base64 {
                    true => must_be_base64(given, &right),
                    false => must_be_hex(given, &right),
                }
            }
            Proof::Ed25519 { header, seed } => {
                let given = request.header(header).ok_or(Refusal::Unsigned)?;
                let given = from_hex(given.trim()).ok_or(Refusal::Forged)?;
                let (key, _) = self.signed(seed, &[])?;
                let mut signed = ts.unwrap_or_default().into_bytes();
                signed.extend_from_slice(&request.body);
                if is_ed25519(&key, &signed, &given) { Ok(()) } else { Err(Refusal::Forged) }
            }
        }
    }

    /// The public key and the signature over `message`. QQ makes the key of the secret, repeated to 32 bytes.
    fn signed(&self, seed: &Template, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
        let secret = self.secret(seed)?;
        let mut bytes = [0_u8; 32];
        for (place, byte) in bytes.iter_mut().zip(secret.bytes().cycle()) {
            *place = byte;
        }
        ed25519_of_seed(&bytes, message).ok_or(Refusal::NotConfigured)
    }

    fn handshake(
        &self,
        challenge: &Challenge,
        webhook: &Webhook,
        request: &HookRequest,
    ) -> Option<Result<HookAnswer, Refusal>> {
        match challenge {
            Challenge::Query { give, token } if request.method == "GET" => {
                let given = request.parameter(give)?;
                if let Some((name, template)) = token {
                    let Some(theirs) = request.parameter(name) else { return Some(Err(Refusal::Unsigned)) };
                    match self.secret(template) {
                        Ok(ours) if blake3::hash(ours.as_bytes()) == blake3::hash(theirs.as_bytes()) => {}
                        Ok(_) => return Some(Err(Refusal::Forged)),
                        Err(refusal) => return Some(Err(refusal)),
                    }
                }
                Some(Ok(HookAnswer::Challenge { content_type: "text/plain", body: given.as_bytes().to_vec() }))
            }
            Challenge::Query { .. } => None,
            Challenge::Signed { when, over, respond } => {
                let body: Value = serde_json::from_slice(&request.body).ok()?;
                if !all(when, &about(&body)) {
                    return None;
                }
                let Proof::Ed25519 { seed, .. } = &webhook.proof else { return None };
                let value = |name: &str| place::at(&body, name).cloned();
                let signature = match self.signed(seed, over.text(&value)?.as_bytes()) {
                    Ok((_, signature)) => hex(&signature),
                    Err(refusal) => return Some(Err(refusal)),
                };
                let value = |name: &str| match name {
                    "signature" => Some(Value::String(signature.clone())),
                    _ => value(name),
                };
                let body = respond.fill(&value)?.to_string().into_bytes();
                Some(Ok(HookAnswer::Challenge { content_type: "application/json", body }))
            }
        }
    }
}

/// What was signed.
fn signed_bytes(over: &Template, request: &HookRequest, ts: Option<&str>) -> Vec<u8> {
    // Bodies need not be UTF-8: they are put in as bytes.
    const BODY: &str = "\u{1}body\u{1}";
    let value = |name: &str| {
        let text = match name {
            "body" => BODY.to_owned(),
            "ts" => ts.unwrap_or_default().to_owned(),
            "url" => request.url.clone(),
            "fields" => {
                let mut fields = form(&request.body);
                fields.sort();
                fields.into_iter().map(|(name, value)| name + &value).collect()
            }
            _ => return None,
        };
        Some(Value::String(text))
    };
    let text = over.text(&value).unwrap_or_default();
    let mut signed = Vec::new();
    for (number, part) in text.split(BODY).enumerate() {
        if number > 0 {
            signed.extend_from_slice(&request.body);
        }
        signed.extend_from_slice(part.as_bytes());
    }
    signed
}

/// The fields of a form (`application/x-www-form-urlencoded`), decoded.
fn form(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let decode = |text: &str| {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'+' => bytes.push(b' '),
                b'%' => {
                    let pair: Vec<u8> = rest.by_ref().take(2).collect();
                    match std::str::from_utf8(&pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                        Some(decoded) => bytes.push(decoded),
                        None => {
                            bytes.push(b'%');
                            bytes.extend(pair);
                        }
                    }
                }
                other => bytes.push(other),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

impl Hook for DeclaredHook {
    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal> {
        let webhook = self.webhook()?;
        if let Some(challenge) = &webhook.challenge
            && matches!(challenge, Challenge::Query { .. })
            && let Some(answer) = self.handshake(challenge, webhook, request)
        {
            return answer;
        }
        if request.method != "POST" {
            return Err(Refusal::Malformed);
        }
        self.believe(webhook, request, now)?;
        // A handshake in a body is signed like everything else.
        if let Some(challenge) = &webhook.challenge
            && let Some(answer) = self.handshake(challenge, webhook, request)
        {
            return answer;
        }
        let body = opened(webhook, &request.body).ok_or(Refusal::Malformed)?;
        let key = webhook.dedupe.as_deref().and_then(|pointer| place::at(&body, pointer)).and_then(plain);
        let key = key.unwrap_or_else(|| blake3::hash(&request.body).to_hex().to_string());
        let content_type = if webhook.answer.starts_with('{') { "application/json" } else { "text/plain" };
        Ok(HookAnswer::Delivery {
            key: clean_line(&key).chars().take(200).collect(),
            raw: request.body.clone(),
            content_type,
            body: webhook.answer.clone().into_bytes(),
        })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item> {
        let lost = |reason: &str| {
            let start = String::from_utf8_lossy(raw.get(..200).unwrap_or(raw));
            let hint = clean_line(&start);
            let (reason, folder) = (reason.to_owned(), "webhook".to_owned());
            vec![Item::Unreadable(Unreadable { reason, folder, received, hint, partial: false, raw: raw.to_vec() })]
        };
        let Ok(webhook) = self.webhook() else { return lost("the connector file has no [webhook] any more") };
        let Some(body) = opened(webhook, raw) else { return lost("the delivery is no whole JSON") };
        let mut items = Vec::new();
        for take in &webhook.takes {
            let found = place::items(&body, &take.items).unwrap_or_default();
            let own = if webhook.form { None } else { place::raw_items(raw, &take.items, found.len()) };
            let own = own.unwrap_or_default();
            let (joins, beside) = (Joins::of(take, &body), take.pointers("around"));
            for (number, found) in found.into_iter().enumerate() {
                let around = pruned(found.around, &beside);
                let alone = Piece { raw: own.get(number).copied(), around: &around, ..Piece::alone(found.item) };
                let joined = joins.to(&alone, take, &self.known);
                items.extend(understand(take, &Piece { joined: &joined, ..alone }, &self.known, received));
            }
        }
        items
    }
}

/// A delivery as JSON; a form is an object of its fields.
fn opened(webhook: &Webhook, raw: &[u8]) -> Option<Value> {
    if !webhook.form {
        return serde_json::from_slice(raw).ok();
    }
    let fields: Map<String, Value> = form(raw).into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Some(Value::Object(fields))
}
