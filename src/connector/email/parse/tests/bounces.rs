//! Delivery reports, receipts, and the bounces of older systems.

use super::*;

fn report(status: &str, returned: &str) -> Vec<u8> {
    let body = parts_of(&[
        "Content-Type: text/plain\r\n\r\nYour message could not be delivered.",
        &format!("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n{status}"),
        returned,
    ]);
    format!(
        "From: Mail Delivery <MAILER-DAEMON@mx.example>\r\nReturn-Path: <>\r\nTo: support@shop.example\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n{body}"
    )
    .into_bytes()
}

const RETURNED: &str =
    "Content-Type: message/rfc822\r\n\r\nFrom: support@shop.example\r\nMessage-ID: <sb.1@shop.example>\r\n\r\nhi";

#[test]
fn a_delivery_report_names_message_recipient_and_reason() {
    let failed = "Final-Recipient: rfc822; Gone@Example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                  Diagnostic-Code: smtp; 550 5.1.1\r\n <gone@example.com>: user\x1b[31m unknown";
    for returned in [RETURNED, "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <sb.1@shop.example>\r\n"] {
        let read = read_ok(report(failed, returned));
        assert_eq!(read.automated, Some(Automated::Bounce));
        let bounce = read.bounce.unwrap();
        assert_eq!(bounce.remote_id.as_deref(), Some("sb.1@shop.example"));
        assert_eq!(bounce.recipient.as_deref(), Some("gone@example.com"));
        assert_eq!(bounce.reason, "550 5.1.1 <gone@example.com>: user[31m unknown");
        assert!(bounce.permanent);
    }
}

#[test]
fn a_delay_is_not_permanent_and_a_success_is_no_bounce() {
    let delayed = "Final-Recipient: rfc822; a@example.com\r\nAction: delayed\r\nStatus: 4.4.1\r\n";
    let bounce = read_ok(report(delayed, RETURNED)).bounce.unwrap();
    assert_eq!((bounce.permanent, bounce.reason.as_str()), (false, "4.4.1"));
    let mixed = format!(
        "Final-Recipient: rfc822; ok@example.com\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\n{}",
        delayed.replace("delayed", "failed").replace("4.4.1", "5.4.1")
    );
    assert_eq!(read_ok(report(&mixed, RETURNED)).bounce.unwrap().recipient.as_deref(), Some("a@example.com"));
    let delivered = "Final-Recipient: rfc822; a@example.com\r\nAction: delivered\r\nStatus: 2.0.0\r\n";
    let read = read_ok(report(delivered, RETURNED));
    assert_eq!((read.bounce, read.automated), (None, Some(Automated::Generated)));
}

#[test]
fn a_report_without_readable_status_is_still_a_bounce() {
    let bounce = read_ok(report("rubbish", RETURNED)).bounce.unwrap();
    assert_eq!((bounce.remote_id.as_deref(), bounce.permanent), (Some("sb.1@shop.example"), true));
}

#[test]
fn a_read_receipt_is_automatic_but_no_bounce() {
    let body = parts_of(&[
        "Content-Type: text/plain\r\n\r\nYour message was displayed.",
        "Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; ana@example.com\r\n",
    ]);
    let read = read_ok(mail("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", &body));
    assert_eq!((read.bounce, read.automated), (None, Some(Automated::Generated)));
}

#[test]
fn plain_bounces_of_older_systems_are_understood() {
    let qmail = b"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: failure notice\r\n\r\n\
        Hi. This is the qmail-send program at mx.example.\r\nI'm afraid I wasn't able to deliver your message.\r\n\r\n\
        <gone@example.com>:\r\n192.0.2.1 does not like recipient.\r\nRemote host said: 550 no such user\r\n\r\n\
        --- Below this line is a copy of the message.\r\n\r\nFrom: support@shop.example\r\nMessage-ID: <sb.1@shop.example>\r\n\r\nhi";
    let bounce = read_ok(qmail).bounce.unwrap();
    assert_eq!(bounce.remote_id.as_deref(), Some("sb.1@shop.example"));
    assert_eq!(bounce.recipient.as_deref(), Some("gone@example.com"));
    assert_eq!(bounce.reason, "Remote host said: 550 no such user");
    let exim = b"From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: gone@example.com\r\nAuto-Submitted: auto-replied\r\n\r\n\
        A message that you sent could not be delivered to one or more of its recipients.\r\n\r\n  gone@example.com\r\n    all relevant MX records point to non-existent hosts\r\n\r\n\
        ------ This is a copy of the message, including all the headers. ------\r\n\r\nMessage-Id: <sb.2@shop.example>\r\n";
    let bounce = read_ok(exim).bounce.unwrap();
    assert_eq!((bounce.remote_id.as_deref(), bounce.permanent), (Some("sb.2@shop.example"), true));
    // A customer who quotes a bounce is a customer.
    let read = read_ok(mail(
        "Subject: help",
        "I got: could not be delivered, 550 no such user\r\nMessage-ID: <sb.1@shop.example>\r\n",
    ));
    assert_eq!((read.bounce, read.automated), (None, None));
}
