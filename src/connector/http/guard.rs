//! Where calls may go: a URL that comes from outside must not lead to this machine or to the network it stands in
//! (CWE-918). Names are resolved here, and only what was checked is connected to.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How far calls may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses alone.
    Public,
    /// This machine alone: a person named it in `config.toml`.
    Loopback,
    /// Anywhere: a person named a server in a private network in `config.toml`.
    Anywhere,
}

/// True for an address on the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_broadcast()
        || v4.is_documentation()
        || v4.is_multicast()
        || a == 0
        || a >= 240
        // Carrier-grade NAT (RFC 6598), benchmarks (RFC 2544), protocol assignments (RFC 6890).
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let parts = v6.segments();
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    match parts {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an address of the other kind.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(inner(high, low)),
        [0x2002, high, low, ..] => is_public_v4(inner(high, low)),
        // Global unicast, without documentation (RFC 3849, RFC 9637) and Teredo.
        [first, second, ..] => {
            (first & 0xe000) == 0x2000 && !(first == 0x2001 && (second == 0xdb8 || second == 0)) && first != 0x3fff
        }
    }
}

fn allows(reach: Reach, address: IpAddr) -> bool {
    match reach {
        Reach::Public => is_public(address),
        Reach::Loopback => address.is_loopback(),
        Reach::Anywhere => true,
    }
}

/// How far a client with this base may go.
pub(super) fn reach_of(base: &Url, chosen: bool) -> Result<Reach, String> {
    let host = base.host_str().ok_or_else(|| "it names no server".to_owned())?;
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let is_loopback = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    let plain = base.scheme() == "http";
    if !plain && base.scheme() != "https" {
        return Err(format!("\"{}\" is not spoken; write https://", base.scheme()));
    }
    if base.username() != "" || base.password().is_some() {
        return Err("a user or password in a URL is no secret; use the account's secret settings".to_owned());
    }
    if base.query().is_some() || base.fragment().is_some() {
        // It would be left out of every call, and a secret in it would be told in errors.
        return Err(
            "it ends before \"?\" and \"#\"; what proves who we are is a secret setting of the account".to_owned()
        );
    }
    match (is_loopback, chosen) {
        (true, true) => Ok(Reach::Loopback),
        (true, false) => {
            Err("a connector's own URL may not lead to this machine; set base_url in the account".to_owned())
        }
        (false, _) if plain => Err("http:// is for this machine alone; write https://".to_owned()),
        (false, true) if address.is_some_and(|address| !is_public(address)) => Ok(Reach::Anywhere),
        (false, false) if address.is_some_and(|address| !is_public(address)) => {
            Err("a connector's own URL may not lead into a private network; set base_url in the account".to_owned())
        }
        _ => Ok(Reach::Public),
    }
}

/// Checks what can be checked before a name is resolved.
pub(super) fn check(url: &Url, reach: Reach) -> Result<(), String> {
    let host = url.host_str().ok_or_else(|| "it names no server".to_owned())?;
    if url.scheme() != "https" && !(url.scheme() == "http" && reach == Reach::Loopback) {
        return Err(format!("\"{}\" is not spoken; only https is", url.scheme()));
    }
    // Loopback by name is resolved, and checked then.
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if !allows(reach, address) => Err(private(host)),
        _ => Ok(()),
    }
}

fn private(host: &str) -> String {
    format!(
        "{} is an address inside this machine or its network; nothing is fetched from there",
        crate::model::clean_line(host)
    )
}

/// Resolves names, and gives only addresses that may be reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarded(pub Reach);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|at| allows(reach, at.ip())).collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err(private(&host).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_inside_the_house_are_told_from_public_ones() {
        let inside = [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.5.5",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn only_a_person_may_lead_us_into_the_house() {
        let reach = |base: &str, chosen| reach_of(&Url::parse(base).unwrap(), chosen);
        assert_eq!(reach("http://127.0.0.1:9", true), Ok(Reach::Loopback));
        assert_eq!(reach("https://10.1.2.3", true), Ok(Reach::Anywhere));
        assert_eq!(reach("https://api.example", false), Ok(Reach::Public));
        for base in
            ["http://127.0.0.1:9", "https://localhost", "https://10.1.2.3", "https://[::1]/", "http://api.example"]
        {
            assert!(reach(base, false).is_err(), "{base}");
        }
        for base in ["http://api.example", "ftp://api.example", "https://u:p@api.example"] {
            assert!(reach(base, true).is_err(), "{base}");
        }
    }
}
