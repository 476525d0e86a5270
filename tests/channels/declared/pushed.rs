//! Deliveries: forms signed with SHA-1, and QQ's questions and signatures against its published examples.

use super::platform::open;
use crate::channels::until_known;
use switchboard::connector::{Connector, HookAnswer, HookRequest, Item, Refusal, signature};
use switchboard::model::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Text messages as Twilio pushes them: a form, signed over the URL and the sorted fields.
const FORM: &str = "[connector]\nname = \"pages\"\ndoc = \"pages\"\nkind = \"im\"\nbase_url = \"https://api.pages.example\"\n\
    [secrets.token]\ndoc = \"the token\"\n\
    [webhook]\nform = true\ndedupe = \"/MessageSid\"\nanswer = \"<Response/>\"\n\
    [webhook.verify]\ntype = \"hmac\"\nalg = \"sha1\"\nencoding = \"base64\"\nheader = \"X-Twilio-Signature\"\n\
    over = \"{url}{fields}\"\nsecret = \"{secret.token}\"\n\
    [[webhook.take]]\nname = \"texts\"\nkeep = \"/MessageSid exists\"\n[webhook.take.map]\nid = \"/MessageSid\"\n\
    time = \"1700000000\"\ntime_format = \"epoch\"\nauthor_id = \"/From\"\ntext = \"/Body\"\n";

fn account(token: &str) -> (tempfile::TempDir, Box<dyn Connector>) {
    let profile = tempfile::tempdir().unwrap();
    let account = open(FORM, "http://127.0.0.1:9", profile.path());
    crate::channels::secret_file(profile.path(), "token", token);
    (profile, account)
}

fn request(url: &str, body: &str, signature: &str) -> HookRequest {
    HookRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![("x-twilio-signature".to_owned(), signature.to_owned())],
        body: body.as_bytes().to_vec(),
        ..HookRequest::default()
    }
}

#[tokio::test]
async fn the_published_example_of_a_signed_form_is_believed() {
    // twilio.com/docs/usage/security, and the tests of Twilio's own libraries.
    let (_profile, account) = account("12345");
    let hook = account.hook().unwrap();
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let body = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let right = request(url, body, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    until_known(|| hook.receive(&right, NOW) != Err(Refusal::NotConfigured)).await;
    assert!(matches!(hook.receive(&right, NOW), Ok(HookAnswer::Delivery { .. })));
    for wrong in [
        request("https://mycompany.com/myapp.php?foo=1&bar=3", body, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        request(url, &body.replace("1234&", "1235&"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        request(url, body, "RSOYDt4T1cUTdK1PDd93/VVr8B9="),
        request(url, body, "!"),
    ] {
        assert_eq!(hook.receive(&wrong, NOW), Err(Refusal::Forged));
    }
    // It holds no message, and says none.
    assert!(hook.understand(&right.body, NOW).is_empty());
}

#[tokio::test]
async fn a_form_is_read_as_it_was_meant_and_told_from_itself_by_its_id() {
    let (_profile, account) = account("hush");
    let hook = account.hook().unwrap();
    let body = "MessageSid=SM1&From=%2B16505551234&Body=caf%C3%A9+%26+%F0%9F%98%80%0Atwo+lines&NumMedia=0";
    let url = "https://hooks.shop.example/hook/it";
    let fields = "Bodycafé & 😀\ntwo linesFrom+16505551234MessageSidSM1NumMedia0";
    let signature = signature::base64(&signature::hmac_sha1(b"hush", &[url.as_bytes(), fields.as_bytes()]));
    let right = request(url, body, &signature);
    until_known(|| hook.receive(&right, NOW) != Err(Refusal::NotConfigured)).await;
    let Ok(HookAnswer::Delivery { key, raw, content_type, body: answer }) = hook.receive(&right, NOW) else {
        panic!("it is not taken")
    };
    assert_eq!((key.as_str(), content_type, answer.as_slice()), ("SM1", "text/plain", b"<Response/>".as_slice()));
    assert_eq!(raw, right.body, "byte for byte");
    let items = hook.understand(&raw, NOW);
    let [Item::Message(message)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((message.text.as_str(), message.from.address.as_str()), ("café & 😀\ntwo lines", "+16505551234"));
    // What is no form at all breaks nothing.
    for rubbish in [b"%".as_slice(), b"%zz=%4&&==&\xff", b"", b"{\"a\":1}"] {
        assert!(hook.understand(rubbish, NOW).is_empty());
    }
}
