//! From where a request comes.

use crate::config::InboxConfig;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::{IpNet, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use switchboard_storage::sessions::PeerKind;

/// Hops of `X-Forwarded-For` that are looked at; more proxies in a row nobody has.
const HOPS_MAX: usize = 16;

/// One household or office has a network of this size in IPv6, and may change its address
/// within it at will.
const IPV6_PREFIX: u8 = 64;

/// The address of who asks. Proxies are believed only as far as they are trusted: from the
/// right, the first hop that is no trusted proxy.
pub(crate) fn address(
    extensions: &Extensions,
    headers: &HeaderMap,
    config: &InboxConfig,
) -> IpAddr {
    let connection = extensions.get::<ConnectInfo<SocketAddr>>();
    let direct = connection.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let direct = direct.to_canonical();
    let is_trusted = |address: &IpAddr| {
        let mut networks = config.trusted_proxies.iter();
        networks.any(|network: &IpNet| network.contains(address))
    };
    if !is_trusted(&direct) {
        return direct;
    }
    let mut nearest = direct;
    for hop in hops(headers) {
        let Some(hop) = hop else { break };
        nearest = hop;
        if !is_trusted(&hop) {
            break;
        }
    }
    nearest
}

/// The forwarded addresses, nearest first; `None` where one cannot be read.
fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    lines
        .flat_map(|line| line.to_str().unwrap_or("?").rsplit(','))
        .map(|hop| {
            hop.trim()
                .parse::<IpAddr>()
                .ok()
                .map(|hop| hop.to_canonical())
        })
        .take(HOPS_MAX)
}

/// What is limited as one: an address, or an IPv6 network of one household.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = Ipv6Net::new(address, IPV6_PREFIX).map(|network| network.network());
            IpAddr::V6(network.unwrap_or(address))
        }
    }
}

/// What a list of sessions says of an address.
pub(crate) fn kind(address: IpAddr) -> PeerKind {
    let is_private = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    match (address.is_loopback(), is_private) {
        (true, _) => PeerKind::Local,
        (false, true) => PeerKind::Private,
        (false, false) => PeerKind::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use rstest::rstest;

    #[rstest]
    #[case::nobody_is_trusted("9.9.9.9", &["1.1.1.1"], "9.9.9.9")]
    #[case::a_trusted_proxy("10.0.0.1", &["1.1.1.1"], "1.1.1.1")]
    #[case::no_header("10.0.0.1", &[], "10.0.0.1")]
    #[case::two_trusted_in_a_row("10.0.0.1", &["1.1.1.1, 10.0.0.2"], "1.1.1.1")]
    #[case::in_two_headers("10.0.0.1", &["1.1.1.1", "10.0.0.2"], "1.1.1.1")]
    #[case::forged_in_front("10.0.0.1", &["6.6.6.6, 1.1.1.1"], "1.1.1.1")]
    #[case::rubbish("10.0.0.1", &["6.6.6.6, <script>"], "10.0.0.1")]
    #[case::all_trusted("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
    #[case::mapped("::ffff:10.0.0.1", &["::ffff:1.1.1.1"], "1.1.1.1")]
    fn proxies_are_believed_as_far_as_they_are_trusted(
        #[case] direct: IpAddr,
        #[case] forwarded: &[&'static str],
        #[case] want: IpAddr,
    ) {
        let config = InboxConfig {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..InboxConfig::default()
        };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(direct, 1)));
        assert_eq!(address(&extensions, &headers, &config), want);
    }

    #[rstest]
    #[case::v4("192.0.2.7", "192.0.2.7")]
    #[case::v6("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    fn an_ipv6_household_is_one(#[case] one: IpAddr, #[case] want: IpAddr) {
        assert_eq!(neighbourhood(one), want);
    }

    #[rstest]
    #[case::loopback("127.0.0.1", PeerKind::Local)]
    #[case::loopback_v6("::1", PeerKind::Local)]
    #[case::private("192.168.1.1", PeerKind::Private)]
    #[case::unique_local("fd00::1", PeerKind::Private)]
    #[case::public("8.8.8.8", PeerKind::Public)]
    fn kinds(#[case] one: IpAddr, #[case] want: PeerKind) {
        assert_eq!(kind(one), want);
    }
}
