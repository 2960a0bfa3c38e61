//! Which addresses may be reached. A name is resolved once, every address of it is judged,
//! and the connection goes to a judged address: a name that changes its mind in between
//! (DNS rebinding) finds nobody.

use async_trait::async_trait;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Where `https` is at home. Another port of a public host is rather somebody's database.
const PORTS: [u16; 2] = [443, 8443];

/// What notifiers may reach: the public internet by `https`, and these networks by any port
/// and scheme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    allowed: Vec<IpNet>,
}

/// How far the addresses behind one URL may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses and allowed networks.
    Public,
    /// Allowed networks only: the URL is not `https`, or its port is unusual.
    AllowedOnly,
}

/// Why an address may not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither scheme.
    #[error("`{0}` is neither `https` nor `http`")]
    Scheme(String),
    /// A name behind plain `http`, with no network of one's own.
    #[error("it is not `https`; plain `http` is for the networks in `allow_private`")]
    Plain,
    /// An unusual port, with no network of one's own.
    #[error("port {0} is neither 443 nor 8443; others are for the networks in `allow_private`")]
    Port(u16),
    /// The address itself, or one that the name stands for.
    #[error("{0} is not a public address; allow its network with `allow_private`")]
    Private(IpAddr),
    /// `https://name:password@host`.
    #[error("an address holds no user name or password")]
    Credentials,
    /// Nothing to connect to.
    #[error("it names no host")]
    NoHost,
}

impl Guard {
    /// Lets these networks be reached besides the public internet.
    pub const fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Judges an address before anything is resolved.
    pub fn judge(&self, url: &Url) -> Result<Reach, Refusal> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let port = url.port_or_known_default().unwrap_or(0);
        let special = match url.scheme() {
            "https" if PORTS.contains(&port) => None,
            "https" => Some(Refusal::Port(port)),
            "http" => Some(Refusal::Plain),
            other => return Err(Refusal::Scheme(other.to_owned())),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(Refusal::NoHost)?;
        let reach = if special.is_some() {
            Reach::AllowedOnly
        } else {
            Reach::Public
        };
        match (host.trim_matches(['[', ']']).parse::<IpAddr>(), special) {
            (Ok(ip), _) if self.permits(ip, reach) => Ok(reach),
            (Ok(ip), Some(refusal)) if is_global(ip) => Err(refusal),
            (Ok(ip), _) => Err(Refusal::Private(ip)),
            (Err(_name), Some(refusal)) if self.allowed.is_empty() => Err(refusal),
            (Err(_name), _) => Ok(reach),
        }
    }

    fn permits(&self, ip: IpAddr, reach: Reach) -> bool {
        // An `IPv4` address in `IPv6` clothes counts as itself.
        let plain = ip.to_canonical();
        let allowed = self.allowed.iter().any(|network| network.contains(&plain));
        allowed || (reach == Reach::Public && is_global(ip))
    }
}

/// Turns a name into addresses.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of the name.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own resolver.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// What a connection asks: drops the addresses that may not be reached.
pub(super) struct GuardedResolver {
    pub(super) guard: Guard,
    pub(super) reach: Reach,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, reach, lookup) = (self.guard.clone(), self.reach, Arc::clone(&self.lookup));
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?;
            let (permitted, refused): (Vec<IpAddr>, Vec<IpAddr>) =
                found.into_iter().partition(|ip| guard.permits(*ip, reach));
            if let (true, Some(ip)) = (permitted.is_empty(), refused.first()) {
                return Err(Refusal::Private(*ip).into());
            }
            let addresses = permitted.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// What `IPv4` keeps from the public internet, as IANA lists it.
const RESERVED_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),       // this network
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // carrier-grade NAT
    v4([127, 0, 0, 0], 8),     // loopback
    v4([169, 254, 0, 0], 16),  // link-local, the cloud's metadata among it
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // protocol assignments
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 88, 99, 0], 24),  // 6to4 relays
    v4([192, 168, 0, 0], 16),  // private
    v4([198, 18, 0, 0], 15),   // benchmarks
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 4),     // multicast
    v4([240, 0, 0, 0], 4),     // reserved, broadcast among it
];

/// Of `IPv6` only this is given out; mapped and translated `IPv4`, loopback, link-local,
/// unique-local and multicast lie outside.
const GIVEN_OUT_V6: Ipv6Net = v6(0x2000, 0, 3);

/// And of that, these are no hosts of the public internet.
const RESERVED_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),      // protocols, Teredo
    v6(0x2001, 0x0db8, 32), // documentation
    v6(0x2002, 0, 16),      // 6to4 wraps any IPv4 address
    v6(0x3fff, 0, 20),      // documentation
];

const fn v4([a, b, c, d]: [u8; 4], prefix_bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_bits)
}

const fn v6(first: u16, second: u16, prefix_bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix_bits)
}

/// Whether an address is one of the public internet: what is not surely so is not.
fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !RESERVED_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => {
            let reserved = RESERVED_V6.iter().any(|network| network.contains(&ip));
            GIVEN_OUT_V6.contains(&ip) && !reserved
        }
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
