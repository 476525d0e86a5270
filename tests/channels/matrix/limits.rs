//! Tokens that end and calls that are too many: Synapse's own, and the same answers ordered in front of it.

use super::send::answer;
use super::*;
use crate::need;
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::json;

/// Passes calls on to a Synapse; faults can be ordered.
fn front(port: u16) -> Simulator {
    async fn pass(State((client, port)): State<(reqwest::Client, u16)>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let mut call = client.request(parts.method, format!("http://127.0.0.1:{port}{}", parts.uri));
        for name in ["authorization", "content-type"] {
            if let Some(value) = parts.headers.get(name) {
                call = call.header(name, value);
            }
        }
        let answer = call.body(to_bytes(body, 64 << 20).await.unwrap()).send().await.unwrap();
        let mut response = Response::builder().status(answer.status());
        for name in ["content-type", "retry-after"] {
            if let Some(value) = answer.headers().get(name) {
                response = response.header(name, value);
            }
        }
        response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
    }
    switchboard::connector::init();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Simulator::start(Router::new().fallback(pass).with_state((client, port)))
}

fn port(front: &Simulator) -> u16 {
    front.base.rsplit(':').next().unwrap().parse().unwrap()
}

fn soft_logout() -> Fault {
    let body = json!({ "errcode": "M_UNKNOWN_TOKEN", "error": "Access token has expired", "soft_logout": true });
    Fault::Instead(401, vec![("content-type", "application/json".to_owned())], body.to_string())
}

fn ahead(error: &ConnectorError) -> i64 {
    let ConnectorError::Wait { until, .. } = error else { panic!("{error:?}") };
    until.0 - jiff::Timestamp::now().as_millisecond()
}

#[test]
fn a_soft_logout_is_renewed_with_the_refresh_token_and_nothing_is_lost() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    let folder = tempfile::tempdir().unwrap();
    let front = front(server.port);
    let count = |what: &str| front.faults.count(what);
    run(async {
        let connector = connector_at(&desk, port(&front), folder.path(), "device_id = \"DESK1\"");
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        ana.says(&room, "before");
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        assert_eq!(texts(&items), ["before"]);
        for round in 1..=2 {
            ana.says(&room, &format!("after {round}"));
            front.faults.next("/sync", soft_logout());
            let refused = source.pull(&cursor).await.unwrap_err();
            assert!(matches!(&refused, ConnectorError::Refresh { reason } if reason.contains("ended")), "{refused:?}");
            assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await), [format!("after {round}")]);
            assert_eq!((count("/refresh"), count("/login")), (round, 1), "renewed, not begun anew");
        }
        // While sending: nothing was taken, and the same transaction goes out with the new token.
        let outgoing = answer(messages(&items)[0], "we are here");
        let original = connector.render(&outgoing, &[]).unwrap();
        let mut sink = connector.sink().unwrap();
        front.faults.next("/send/", soft_logout());
        let refused = sink.deliver(&outgoing, &original).await.unwrap_err();
        assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
        connector.refresh().await.unwrap();
        sink.deliver(&outgoing, &original).await.unwrap();
        sink.deliver(&outgoing, &original).await.unwrap();
        let said = ana.reads(&room).into_iter().filter(|event| event["content"]["body"] == "we are here").count();
        assert_eq!(said, 1);
        // The refresh token has ended as well: a login with the same device.
        desk.ok("POST", "/logout/all", json!({}));
        ana.says(&room, "at last");
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await).last().unwrap(), "at last");
        assert_eq!(count("/login"), 2);
        let checks = connector.test().await;
        assert!(checks.iter().any(|check| check.outcome.as_ref().unwrap().contains("DESK1")), "{checks:?}");
    });
}

#[test]
fn too_many_calls_are_waited_for_as_the_body_says() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    ana.says(&room, "hello?");
    let folder = tempfile::tempdir().unwrap();
    let front = front(server.port);
    let limit = |millis: i64| {
        let body = json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": millis });
        Fault::Instead(429, vec![("content-type", "application/json".to_owned())], body.to_string())
    };
    run(async {
        let connector = connector_at(&desk, port(&front), folder.path(), "");
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        front.faults.next("/sync", limit(90_000));
        assert!((60_000..=90_000).contains(&ahead(&source.pull(&cursor).await.unwrap_err())));
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let outgoing = answer(messages(&items)[0], "we are here");
        let original = connector.render(&outgoing, &[]).unwrap();
        let mut sink = connector.sink().unwrap();
        front.faults.next("/send/", limit(50_000));
        assert!((30_000..=50_000).contains(&ahead(&sink.deliver(&outgoing, &original).await.unwrap_err())));
        sink.deliver(&outgoing, &original).await.unwrap();
    });
}

#[test]
fn a_gap_that_leads_in_circles_is_told_and_keeps_nothing_else_waiting() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let (room, other) = (ana.room("many", &[&desk.id]), ana.room("other", &[&desk.id]));
    let front = front(server.port);
    let (profile, port) = (crate::support::profile::Profile::new(""), port(&front));
    profile.configure(&format!("[[account]]\n{}", settings(&desk, port, "history = \"30d\"")));
    let pull = || profile.ok(&["sync"]);
    pull();
    (0..260).for_each(|number| drop(ana.says(&room, &format!("message {number}"))));
    ana.says(&other, "where is my parcel?");
    front.faults.go_round("/messages", 2);
    pull();
    let dead = profile.json(&["dead", "list"]);
    assert_eq!(dead.len(), 1, "{dead:?}");
    let reason = dead[0]["reason"].as_str().unwrap();
    assert!(reason.contains(&room) && reason.contains("lead nowhere new"), "{reason}");
    let texts: Vec<String> =
        profile.export().iter().map(|row| row["text"].as_str().unwrap().trim().to_owned()).collect();
    assert!(texts.contains(&"message 259".to_owned()), "what came before it went round is there");
    assert!(texts.contains(&"where is my parcel?".to_owned()), "the other room is");
    // It is not walked again and again, and not told again and again.
    let asked = front.faults.count("/messages");
    assert!(asked < 20, "{asked}");
    pull();
    assert_eq!((front.faults.count("/messages"), profile.json(&["dead", "list"]).len()), (asked, 1));
    // Looked at again it stays what it is.
    assert_eq!(profile.one(&["dead", "retry"])["filed"], false);
    assert_eq!(profile.json(&["dead", "list"]).len(), 1);
}

#[test]
fn a_server_with_short_tokens_and_few_messages_is_borne() {
    let server = need!(Synapse::strict(&["3s", "{per_second: 0.5, burst_count: 2}"]));
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    ana.says(&room, "hello?");
    let folder = tempfile::tempdir().unwrap();
    let front = front(server.port);
    run(async {
        let connector = connector_at(&desk, port(&front), folder.path(), "");
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let mut sink = connector.sink().unwrap();
        let mut waited = 0;
        let texts: Vec<String> = (0..5).map(|number| format!("answer {number}")).collect();
        for text in &texts {
            let outgoing = answer(messages(&items)[0], text);
            let original = connector.render(&outgoing, &[]).unwrap();
            for tries in 0.. {
                assert!(tries < 20, "{text} never leaves");
                match sink.deliver(&outgoing, &original).await {
                    Ok(_) => break,
                    Err(ConnectorError::Refresh { .. }) => connector.refresh().await.unwrap(),
                    Err(error) => {
                        let millis = ahead(&error);
                        assert!((0..20_000).contains(&millis), "{millis}");
                        waited += 1;
                        // As long as the server asks for, as the worker does it.
                        tokio::time::sleep(Duration::from_millis(millis as u64 + 50)).await;
                    }
                }
            }
        }
        assert!(waited > 0, "Synapse's own limit was met");
        assert!(front.faults.count("/refresh") > 0, "a token of three seconds was renewed on the way");
        assert_eq!(front.faults.count("/login"), 1);
        let read = ana.reads(&room);
        for text in &texts {
            assert_eq!(read.iter().filter(|event| event["content"]["body"] == text.as_str()).count(), 1, "{text}");
        }
    });
}
