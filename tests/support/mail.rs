//! Messages for the tests.

/// A plain message; its Message-ID is `<id@test.example>`.
pub fn plain(id: &str, subject: &str, text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    format!(
        "From: Ana <ana@test.example>\r\nTo: support@shop.example\r\nSubject: {subject}\r\n\
         Message-ID: <{id}@test.example>\r\nDate: Wed, 1 Jul 2026 10:00:00 +0200\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}

/// Numbered messages `n<number>@test.example`.
pub fn numbered(numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    numbers.map(|n| plain(&format!("n{n}"), &format!("Question {n}"), &format!("This is message {n}.\n"))).collect()
}

/// The Message-ID of an original, without `@test.example` and angle brackets.
pub fn id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let line = text.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap_or_default();
    line.split('<').nth(1).and_then(|rest| rest.split('@').next()).unwrap_or_default().to_owned()
}
