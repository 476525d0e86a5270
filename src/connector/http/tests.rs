#![allow(clippy::unwrap_used)]
use super::*;
use crate::connector::{Allowance, ConnectorError};
use std::io::{Read, Write};
use std::net::TcpListener;

/// Answers each connection with one of these, in turn, and gives what was asked.
fn server(answers: Vec<&'static str>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/api", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let one = |answer: &str| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&head[..length]).into_owned()
        };
        answers.into_iter().map(one).collect()
    });
    (base, asked)
}

const NOW: Timestamp = Timestamp(1_700_000_000_000);

#[tokio::test]
async fn a_call_goes_under_the_base_with_its_query_and_is_answered() {
    let (base, asked) = server(vec!["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"ok\":true}"]);
    let http = Http::new(&base, true, None).unwrap();
    let answer = http.ask(Call::get("/me").query("q", "a b&c"), NOW).await.unwrap();
    assert_eq!(answer.json().unwrap()["ok"], true);
    assert!(asked.join().unwrap()[0].starts_with("GET /api/me?q=a+b%26c HTTP/1.1\r\n"));
}

#[tokio::test]
async fn nothing_is_followed_and_nothing_large_is_swallowed() {
    let long = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123456789";
    let (base, asked) =
        server(vec!["HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\nconnection: close\r\n\r\n", long]);
    let http = Http::new(&base, true, None).unwrap();
    let moved = http.ask(Call::get("/a"), NOW).await.unwrap();
    assert!(matches!(moved.trouble("", false, NOW), Some(ConnectorError::Reject { .. })));
    let large = http.ask(Call { most: 9, ..Call::get("/b") }, NOW).await.unwrap_err();
    assert_eq!(large, Failure::TooLarge { most: 9, status: 200 });
    asked.join().unwrap();
}

#[tokio::test]
async fn a_link_to_another_server_or_into_the_house_is_not_called() {
    let http = Http::new("http://127.0.0.1:9/", true, None).unwrap();
    for link in ["http://127.0.0.1:10/x", "https://elsewhere.example/x", "http://[::1]:9/x"] {
        assert!(matches!(http.ask(Call::get(link), NOW).await, Err(Failure::Refused { .. })), "{link}");
    }
    for media in [
        "http://169.254.169.254/latest",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "file:///etc/passwd",
        "https://localhost/x",
    ] {
        let refused = http.fetch(media, 100).await.unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, Failure::Refused { .. } | Failure::NotSent { .. }), "{media}: {said}");
    }
}

#[tokio::test]
async fn a_send_that_may_have_arrived_is_unknown_and_one_that_did_not_is_tried_again() {
    let (base, asked) = server(vec!["", "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n"]);
    let http = Http::new(&base, true, None).unwrap();
    let send = || Call::post("/send", Body::Form(vec![("text".to_owned(), "hello".to_owned())]));
    let lost = http.ask(send(), NOW).await.unwrap_err();
    assert!(matches!(lost.sending(), ConnectorError::Unknown { .. }));
    let fell = http.ask(send(), NOW).await.unwrap();
    assert!(matches!(fell.trouble("", true, NOW), Some(ConnectorError::Unknown { .. })));
    asked.join().unwrap();
    let nobody = http.ask(send(), NOW).await.unwrap_err();
    assert!(matches!(nobody.sending(), ConnectorError::Retry { .. }));
}

#[tokio::test]
async fn a_call_that_cannot_be_paid_is_not_made() {
    let ledger = Arc::new(Ledger::new(&[Allowance { name: "read", most: 1, span: 86_400_000 }]));
    let (base, asked) = server(vec!["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}"]);
    let http = Http::new(&base, true, Some(ledger)).unwrap();
    http.ask(Call::get("/a").costs("read", 1), NOW).await.unwrap();
    let spent = http.ask(Call::get("/a").costs("read", 1), NOW).await.unwrap_err();
    assert!(matches!(spent.reading(), ConnectorError::Wait { until, .. } if until == NOW.plus_millis(86_400_000)));
    assert_eq!(asked.join().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_in_the_path_is_in_no_error() {
    let http = Http::new("http://127.0.0.1:9/bot123:SECRET", true, None).unwrap();
    let failed = http.ask(Call::get("/getMe"), NOW).await.unwrap_err();
    assert!(!format!("{failed} {failed:?} {http:?}").contains("SECRET"));
}
