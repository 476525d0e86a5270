//! `[webhook]`: where platforms push to.

use std::net::SocketAddr;

const EXAMPLE: &str = "write [webhook] with listen = \"127.0.0.1:8788\"";

/// The settings of `[webhook]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where the proxy finds us.
    pub listen: SocketAddr,
    /// How the platforms reach the proxy: scheme, host, and a path if there is one, without a slash at the end.
    pub public_url: Option<String>,
}

impl WebhookSettings {
    /// Reads the table. The error is a whole sentence.
    pub(super) fn read(value: &toml::Value) -> Result<WebhookSettings, String> {
        let toml::Value::Table(table) = value else { return Err(format!("webhook is a table: {EXAMPLE}")) };
        if let Some(unknown) = table.keys().find(|key| !["listen", "public_url"].contains(&key.as_str())) {
            return Err(format!("[webhook] knows no \"{unknown}\"; there are listen, public_url"));
        }
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(format!("\"{key}\" of [webhook] must be text in quotes")),
        };
        let listen = text("listen")?.ok_or_else(|| format!("[webhook] says nowhere to listen; {EXAMPLE}"))?;
        let listen =
            listen.parse().map_err(|_| format!("listen = {listen:?} is not an address and a port; {EXAMPLE}"))?;
        let public_url = text("public_url")?.map(|url| url.trim_end_matches('/'));
        if let Some(url) = public_url {
            let host = url.strip_prefix("https://").unwrap_or_default();
            let is_plain = |c: char| c.is_ascii_graphic() && !"?#\"<>\\@".contains(c);
            if host.is_empty() || host.starts_with('/') || !host.chars().all(is_plain) {
                return Err(format!(
                    "public_url = {url:?} is not where a platform can reach us; write \"https://hooks.shop.example\""
                ));
            }
        }
        Ok(WebhookSettings { listen, public_url: public_url.map(str::to_owned) })
    }

    /// The URL to enter at a platform for this account.
    pub fn url(&self, account: &str) -> String {
        let base = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        let name = percent_encoding::utf8_percent_encode(account, percent_encoding::NON_ALPHANUMERIC);
        format!("{base}/hook/{name}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<WebhookSettings, String> {
        let table: toml::Table = text.parse().unwrap();
        WebhookSettings::read(&toml::Value::Table(table))
    }

    #[test]
    fn an_account_has_one_url() {
        let settings = read("listen = \"127.0.0.1:8788\"\npublic_url = \"https://hooks.shop.example/sb/\"").unwrap();
        assert_eq!(settings.url("shop"), "https://hooks.shop.example/sb/hook/shop");
        assert_eq!(settings.url("公/众"), "https://hooks.shop.example/sb/hook/%E5%85%AC%2F%E4%BC%97");
        assert_eq!(read("listen = \"[::1]:8788\"").unwrap().url("a"), "http://[::1]:8788/hook/a");
    }

    #[test]
    fn mistakes_say_what_to_write() {
        assert!(read("").unwrap_err().contains("127.0.0.1:8788"));
        assert!(read("listen = 8788").unwrap_err().contains("quotes"));
        assert!(read("listen = \"8788\"").unwrap_err().contains("127.0.0.1:8788"));
        assert!(read("listen = \"127.0.0.1:1\"\nlisten_on = 1").unwrap_err().contains("listen_on"));
        for url in ["http://a.example", "https://", "https:///x", "https://a.example?x", "https://u@a.example", "a"] {
            let text = format!("listen = \"127.0.0.1:1\"\npublic_url = \"{url}\"");
            assert!(read(&text).unwrap_err().contains("https://hooks"), "{url}");
        }
    }
}
