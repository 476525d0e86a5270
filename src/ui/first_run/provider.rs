//! What is known of large mail providers, so that an address is mostly enough. For all others: imap.DOMAIN and
//! smtp.DOMAIN.

/// A provider.
pub(super) struct Provider {
    /// The ends of its addresses.
    domains: &'static [&'static str],
    /// Its IMAP server, TLS from the first byte.
    pub imap: &'static str,
    /// Its SMTP server.
    pub smtp: &'static str,
    /// How its SMTP server is secured.
    pub smtp_security: &'static str,
    /// What one must know; may be empty.
    pub note: &'static str,
}

const APP_PASSWORD: &str = "This provider wants an app password, made in its account settings, not your usual one.";

const PROVIDERS: &[Provider] = &[
    Provider {
        domains: &["gmail.com", "googlemail.com"],
        imap: "imap.gmail.com",
        smtp: "smtp.gmail.com",
        smtp_security: "starttls",
        note: "Google wants an app password (Google Account, Security, App passwords), not your usual one.",
    },
    Provider {
        domains: &["outlook.com", "hotmail.com", "live.com", "msn.com"],
        imap: "outlook.office365.com",
        smtp: "smtp-mail.outlook.com",
        smtp_security: "starttls",
        note: "Microsoft takes no passwords here, only OAuth: see token_command in `switchboard account help email`.",
    },
    Provider {
        domains: &["icloud.com", "me.com", "mac.com"],
        imap: "imap.mail.me.com",
        smtp: "smtp.mail.me.com",
        smtp_security: "starttls",
        note: APP_PASSWORD,
    },
    Provider {
        domains: &["yahoo.com", "yahoo.de", "yahoo.co.uk", "ymail.com"],
        imap: "imap.mail.yahoo.com",
        smtp: "smtp.mail.yahoo.com",
        smtp_security: "tls",
        note: APP_PASSWORD,
    },
    Provider {
        domains: &["fastmail.com", "fastmail.fm"],
        imap: "imap.fastmail.com",
        smtp: "smtp.fastmail.com",
        smtp_security: "tls",
        note: APP_PASSWORD,
    },
    Provider {
        domains: &["gmx.de", "gmx.net", "gmx.at", "gmx.ch"],
        imap: "imap.gmx.net",
        smtp: "mail.gmx.net",
        smtp_security: "starttls",
        note: "GMX answers IMAP only after it was switched on: E-Mail, Settings, POP3 & IMAP.",
    },
    Provider {
        domains: &["web.de"],
        imap: "imap.web.de",
        smtp: "smtp.web.de",
        smtp_security: "starttls",
        note: "WEB.DE answers IMAP only after it was switched on: E-Mail, Settings, POP3 & IMAP.",
    },
    Provider {
        domains: &["qq.com"],
        imap: "imap.qq.com",
        smtp: "smtp.qq.com",
        smtp_security: "tls",
        note: "QQ wants the authorisation code of its settings page, not your usual password.",
    },
    Provider {
        domains: &["163.com"],
        imap: "imap.163.com",
        smtp: "smtp.163.com",
        smtp_security: "tls",
        note: "163 wants the authorisation code of its settings page, not your usual password.",
    },
];

/// The provider of addresses at this domain.
pub(super) fn of(domain: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.domains.contains(&domain))
}
