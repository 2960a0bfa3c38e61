//! Which addresses may be reached. The name is resolved once, every address of it is judged,
//! and the connection goes to a judged address: a name that changes its mind in between
//! (DNS rebinding) finds nobody.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// What a source may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses by `https`, and these networks.
    Public {
        /// Networks of one's own that are allowed all the same.
        allowed: Vec<Network>,
    },
    /// The operator wrote this very address into the configuration: any network, and plain
    /// `http`.
    Configured,
}

impl Reach {
    /// Judges an address before anything is resolved.
    ///
    /// # Errors
    /// What is wrong, with the way out.
    pub fn judge(&self, url: &Url) -> Result<(), String> {
        let Self::Public { allowed } = self else {
            return match url.scheme() {
                "http" | "https" => Ok(()),
                other => Err(format!("`{other}` is neither `http` nor `https`")),
            };
        };
        let literal = url
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        let in_allowed = literal.is_some_and(|ip| is_allowed(ip, allowed));
        if url.scheme() != "https" && !(url.scheme() == "http" && in_allowed) {
            return Err(format!("`{}` is not `https`", url.scheme()));
        }
        match literal {
            Some(ip) if !in_allowed && !is_global(ip) => Err(not_global(ip)),
            _ => Ok(()),
        }
    }

    fn permits(&self, ip: IpAddr) -> bool {
        match self {
            Self::Configured => true,
            Self::Public { allowed } => is_global(ip) || is_allowed(ip, allowed),
        }
    }
}

/// Resolves with the system's resolver and drops what may not be reached.
#[derive(Clone, Debug)]
pub(super) struct JudgingResolver(pub(super) Reach);

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (permitted, refused): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|address| reach.permits(address.ip()));
            if let (true, Some(address)) = (permitted.is_empty(), refused.first()) {
                return Err(io::Error::other(not_global(address.ip())).into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

fn not_global(ip: IpAddr) -> String {
    format!("{ip} is a private address; allow its network with `allow_private`")
}

fn is_allowed(ip: IpAddr, allowed: &[Network]) -> bool {
    allowed.iter().any(|network| network.contains(ip))
}

/// Whether an address is one of the public internet: what is not surely so is not.
fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    let [first, second, third, _] = ip.octets();
    // In this order: this network, private, loopback; carrier-grade NAT; link-local with the
    // cloud's metadata service; private; protocol assignments, documentation and the 6to4
    // relay; private; benchmarks; documentation; multicast, reserved and broadcast.
    let reserved = match first {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..128).contains(&second),
        169 => second == 254,
        172 => (16..32).contains(&second),
        192 => matches!((second, third), (0, 0 | 2) | (88, 99) | (168, _)),
        198 => matches!((second, third), (18 | 19, _) | (51, 100)),
        203 => (second, third) == (0, 113),
        _ => false,
    };
    !reserved
}

/// Only `2000::/3` is given out; of it, what wraps an `IPv4` address or is no host is left out.
fn is_global_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let given_out = first & 0xe000 == 0x2000;
    let documentation = (first, second) == (0x2001, 0x0db8) || first & 0xfff0 == 0x3ff0;
    let protocol_or_teredo = first == 0x2001 && second < 0x0200;
    let six_to_four = first == 0x2002;
    given_out && !documentation && !protocol_or_teredo && !six_to_four
}

/// A network in CIDR notation, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix_bits).unwrap_or(0);
                network.to_bits() & mask == ip.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix_bits).unwrap_or(0);
                network.to_bits() & mask == ip.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no network such as `10.0.0.0/8`");
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_error| wrong())?;
        let prefix_bits: u32 = bits.parse().map_err(|_error| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        if prefix_bits > most {
            return Err(wrong());
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::public("https://93.184.216.34/", true)]
    #[case::public_v6("https://[2606:2800:220:1::1]/", true)]
    #[case::name("https://example.org/", true)]
    #[case::plain_http("http://example.org/", false)]
    #[case::file("file:///etc/passwd", false)]
    #[case::loopback("https://127.0.0.1/", false)]
    #[case::decimal_loopback("https://2130706433/", false)]
    #[case::octal_loopback("https://0177.0.0.1/", false)]
    #[case::this_network("https://0.0.0.0/", false)]
    #[case::private("https://192.168.1.1/", false)]
    #[case::upper_private("https://172.31.255.255/", false)]
    #[case::below_private("https://172.15.0.1/", true)]
    #[case::metadata("https://169.254.169.254/latest", false)]
    #[case::carrier("https://100.127.0.1/", false)]
    #[case::documentation("https://203.0.113.9/", false)]
    #[case::multicast("https://224.0.0.1/", false)]
    #[case::broadcast("https://255.255.255.255/", false)]
    #[case::loopback_v6("https://[::1]/", false)]
    #[case::mapped("https://[::ffff:127.0.0.1]/", false)]
    #[case::translated("https://[64:ff9b::7f00:1]/", false)]
    #[case::six_to_four("https://[2002:7f00:1::]/", false)]
    #[case::link_local("https://[fe80::1]/", false)]
    #[case::unique_local("https://[fd00::1]/", false)]
    #[case::documentation_v6("https://[2001:db8::1]/", false)]
    #[case::allowed("https://10.1.2.3/", true)]
    #[case::allowed_plain("http://10.1.2.3/", true)]
    #[case::not_allowed("https://10.2.0.1/", false)]
    fn what_may_be_reached(#[case] url: &str, #[case] allowed: bool) {
        let reach = Reach::Public {
            allowed: vec!["10.1.0.0/16".parse().unwrap()],
        };
        let url = Url::parse(url).unwrap();
        assert_eq!(reach.judge(&url).is_ok(), allowed, "{url}");
    }

    #[rstest]
    #[case::no_prefix("10.0.0.0")]
    #[case::too_long("10.0.0.0/33")]
    #[case::no_address("ten/8")]
    fn what_is_no_network(#[case] text: &str) {
        assert!(text.parse::<Network>().is_err());
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused() {
        let resolver = JudgingResolver(Reach::Public { allowed: vec![] });
        let refused = resolver.resolve("localhost".parse().unwrap()).await;
        assert!(refused.err().unwrap().to_string().contains("private"));
    }
}
