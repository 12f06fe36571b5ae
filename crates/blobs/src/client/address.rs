//! Which addresses are fetched from.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Which addresses [`Client::fetch`](super::Client::fetch) connects to. Uploads and routes go where
/// the caller says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Every address: where the fetching side trusts whoever names it, or has nobody to protect.
    Any,
    /// Addresses of the public internet at port 80, 443 or from 1024 on, so that a stranger cannot
    /// make the fetching side speak to services within its own network.
    Public {
        /// Networks that are fetched from all the same.
        also: Vec<IpNet>,
    },
}

impl AddressPolicy {
    /// Whether a connection to this address may be made.
    pub fn permits(&self, address: IpAddr) -> bool {
        let Self::Public { also } = self else {
            return true;
        };
        let reached = reached(address);
        is_public(reached)
            || also
                .iter()
                .any(|network| network.contains(&address) || network.contains(&reached))
    }

    /// What can be said of a URL before its name is resolved.
    pub(super) fn check(&self, url: &Url) -> Result<(), String> {
        if *self == Self::Any {
            return Ok(());
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !matches!(port, 80 | 443 | 1024..) {
            return Err(format!("nothing is fetched from port {port}"));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            // Its addresses are looked at by the resolver.
            _ => return Ok(()),
        };
        if !self.permits(address) {
            return Err(format!("nothing is fetched from the address {address}"));
        }
        Ok(())
    }
}

/// Resolves names to permitted addresses only. The connection is made to what this gives, so that
/// a name cannot mean another address by then.
pub(super) struct Resolver(pub(super) Arc<AddressPolicy>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let permitted: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| policy.permits(address.ip()))
                .collect();
            if permitted.is_empty() {
                return Err("nothing is fetched from the addresses of this name".into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 without what the IANA registry of special-purpose addresses (RFC 6890) keeps from the
/// public internet.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),       // this network
    v4(10, 0, 0, 0, 8),      // private
    v4(100, 64, 0, 0, 10),   // shared by a provider's customers
    v4(127, 0, 0, 0, 8),     // loopback
    v4(169, 254, 0, 0, 16),  // link-local, metadata services of clouds
    v4(172, 16, 0, 0, 12),   // private
    v4(192, 0, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 0, 24),    // documentation
    v4(192, 88, 99, 0, 24),  // 6to4 relays
    v4(192, 168, 0, 0, 16),  // private
    v4(198, 18, 0, 0, 15),   // benchmarks
    v4(198, 51, 100, 0, 24), // documentation
    v4(203, 0, 113, 0, 24),  // documentation
    v4(224, 0, 0, 0, 4),     // multicast
    v4(240, 0, 0, 0, 4),     // reserved, broadcast
];

/// All of public IPv6 …
const UNICAST_V6: Ipv6Net = v6(0x2000, 0, 3);
/// … without these.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),     // protocol assignments, Teredo
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x2002, 0, 16),     // 6to4, which ends at any IPv4 address
    v6(0x3fff, 0, 20),     // documentation
];
/// Translated to the IPv4 address in the last 32 bits (RFC 6052).
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

/// The address that a connection ends at: IPv4 where it is written as IPv6.
fn reached(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        address => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            UNICAST_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> AddressPolicy {
        AddressPolicy::Public { also: Vec::new() }
    }

    /// One of each range, its first or last address.
    #[test]
    fn addresses_of_own_networks_are_refused() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::c0a8:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fdff:ffff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public().permits(address.parse().unwrap()), "{address}");
            assert!(
                AddressPolicy::Any.permits(address.parse().unwrap()),
                "{address}"
            );
        }
    }

    #[test]
    fn public_addresses_are_permitted() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2001:200::1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(public().permits(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn networks_that_are_named_are_permitted_too() {
        let policy = AddressPolicy::Public {
            also: vec!["10.20.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()],
        };
        for (address, permitted) in [
            ("10.20.3.4", true),
            ("::ffff:10.20.3.4", true),
            ("64:ff9b::10.20.3.4", true),
            ("fd12::1", true),
            ("1.1.1.1", true),
            ("10.21.0.1", false),
            ("127.0.0.1", false),
            ("fc00::1", false),
        ] {
            assert_eq!(
                policy.permits(address.parse().unwrap()),
                permitted,
                "{address}"
            );
        }
    }

    /// However an address is written, and at ports that other services listen on.
    #[test]
    fn urls_are_refused_before_anything_is_sent() {
        for url in [
            "http://127.0.0.1:8400/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a00:1]/",
            "https://169.254.169.254/latest?x",
            "https://example.org:22/",
            "https://example.org:25/",
        ] {
            assert!(public().check(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
        for url in [
            "http://example.org/",
            "https://example.org/",
            "https://example.org:8400/",
            "http://1.1.1.1:1024/",
        ] {
            assert_eq!(public().check(&Url::parse(url).unwrap()), Ok(()), "{url}");
        }
        let own = Url::parse("http://127.0.0.1:22/").unwrap();
        assert_eq!(AddressPolicy::Any.check(&own), Ok(()));
    }
}
