use super::*;
use rstest::rstest;

fn guard(allowed: &[&str]) -> Guard {
    let networks = allowed.iter().map(|network| network.parse().unwrap());
    Guard::new(networks.collect())
}

fn judge(url: &str) -> Result<Reach, Refusal> {
    guard(&["10.1.0.0/16", "127.0.0.2/32", "fd12:3456::/32"]).judge(&Url::parse(url).unwrap())
}

#[rstest]
#[case::public("https://93.184.216.34/")]
#[case::public_on_8443("https://93.184.216.34:8443/")]
#[case::public_v6("https://[2606:2800:220:1::1]/")]
#[case::name("https://example.org/")]
#[case::name_on_443("https://example.org:443/hook?a=b")]
#[case::just_below_private("https://172.15.255.255/")]
#[case::just_above_private("https://172.32.0.0/")]
#[case::just_below_carrier("https://100.63.255.255/")]
#[case::just_above_carrier("https://100.128.0.0/")]
#[case::just_above_benchmarks("https://198.20.0.0/")]
#[case::just_below_multicast("https://223.255.255.255/")]
#[case::allowed("https://10.1.2.3/")]
#[case::allowed_odd_port("https://10.1.2.3:9000/")]
#[case::allowed_plain("http://10.1.2.3/")]
#[case::allowed_plain_odd_port("http://10.1.2.3:3000/")]
#[case::allowed_loopback("http://127.0.0.2:8065/")]
#[case::allowed_mapped("https://[::ffff:10.1.2.3]/")]
#[case::allowed_v6("http://[fd12:3456::9]:80/")]
fn may_be_reached(#[case] url: &str) {
    assert!(judge(url).is_ok(), "{url}: {:?}", judge(url));
}

#[rstest]
#[case::loopback("https://127.0.0.1/")]
#[case::loopback_end("https://127.255.255.254/")]
#[case::loopback_short("https://127.1/")]
#[case::loopback_decimal("https://2130706433/")]
#[case::loopback_octal("https://0177.0.0.1/")]
#[case::loopback_hex("https://0x7f000001/")]
#[case::this_network("https://0.0.0.0/")]
#[case::this_network_host("https://0.1.2.3/")]
#[case::private_ten("https://10.0.0.1/")]
#[case::next_to_allowed("https://10.2.0.1/")]
#[case::private_twelve("https://172.16.0.1/")]
#[case::private_twelve_end("https://172.31.255.255/")]
#[case::private_sixteen("https://192.168.0.1/")]
#[case::metadata("https://169.254.169.254/latest/meta-data")]
#[case::link_local("https://169.254.0.1/")]
#[case::carrier("https://100.64.0.1/")]
#[case::carrier_end("https://100.127.255.255/")]
#[case::protocols("https://192.0.0.8/")]
#[case::documentation_one("https://192.0.2.1/")]
#[case::documentation_two("https://198.51.100.7/")]
#[case::documentation_three("https://203.0.113.9/")]
#[case::relay("https://192.88.99.1/")]
#[case::benchmarks("https://198.18.0.1/")]
#[case::benchmarks_end("https://198.19.255.255/")]
#[case::multicast("https://224.0.0.1/")]
#[case::multicast_end("https://239.255.255.255/")]
#[case::reserved("https://240.0.0.1/")]
#[case::broadcast("https://255.255.255.255/")]
#[case::unspecified_v6("https://[::]/")]
#[case::loopback_v6("https://[::1]/")]
#[case::mapped("https://[::ffff:127.0.0.1]/")]
#[case::mapped_public("https://[::ffff:93.184.216.34]/")]
#[case::compatible("https://[::127.0.0.1]/")]
#[case::translated("https://[64:ff9b::7f00:1]/")]
#[case::translated_local("https://[64:ff9b:1::7f00:1]/")]
#[case::discard("https://[100::1]/")]
#[case::teredo("https://[2001::1]/")]
#[case::orchid("https://[2001:20::1]/")]
#[case::documentation_v6("https://[2001:db8::1]/")]
#[case::six_to_four("https://[2002:7f00:1::]/")]
#[case::documentation_new("https://[3fff::1]/")]
#[case::segment_routing("https://[5f00::1]/")]
#[case::unique_local("https://[fd00::1]/")]
#[case::unique_local_low("https://[fc00::1]/")]
#[case::link_local_v6("https://[fe80::1]/")]
#[case::site_local("https://[fec0::1]/")]
#[case::multicast_v6("https://[ff02::1]/")]
fn is_private(#[case] url: &str) {
    assert!(
        matches!(judge(url), Err(Refusal::Private(_))),
        "{url}: {:?}",
        judge(url)
    );
}

#[rstest]
#[case::plain_public("http://93.184.216.34/", Refusal::Plain)]
#[case::plain_public_on_443("http://93.184.216.34:443/", Refusal::Plain)]
#[case::odd_port("https://93.184.216.34:6379/", Refusal::Port(6379))]
#[case::ssh("https://93.184.216.34:22/", Refusal::Port(22))]
#[case::file("file:///etc/passwd", Refusal::Scheme("file".into()))]
#[case::gopher("gopher://example.org/", Refusal::Scheme("gopher".into()))]
#[case::credentials("https://a:b@example.org/", Refusal::Credentials)]
#[case::name_alone("https://a@example.org/", Refusal::Credentials)]
fn is_refused_by_its_form(#[case] url: &str, #[case] want: Refusal) {
    assert_eq!(judge(url), Err(want), "{url}");
}

#[rstest]
#[case::plain("http://example.org/", Refusal::Plain)]
#[case::odd_port("https://example.org:9443/", Refusal::Port(9443))]
fn a_name_off_the_beaten_track_needs_an_allowed_network(#[case] url: &str, #[case] want: Refusal) {
    let url = Url::parse(url).unwrap();
    assert_eq!(guard(&[]).judge(&url), Err(want));
    assert_eq!(guard(&["10.0.0.0/8"]).judge(&url), Ok(Reach::AllowedOnly));
}

struct Fixed(Vec<IpAddr>);

#[async_trait]
impl Lookup for Fixed {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

#[rstest]
#[case::public(Reach::Public, &["93.184.216.34"], Ok(1))]
#[case::of_both_only_the_public_one(Reach::Public, &["10.9.9.9", "93.184.216.34"], Ok(1))]
#[case::private(Reach::Public, &["10.9.9.9"], Err("10.9.9.9"))]
#[case::public_behind_plain_http(Reach::AllowedOnly, &["93.184.216.34"], Err("93.184.216.34"))]
#[case::allowed_behind_plain_http(Reach::AllowedOnly, &["10.1.0.1"], Ok(1))]
#[tokio::test]
async fn a_name_is_as_good_as_its_addresses(
    #[case] reach: Reach,
    #[case] addresses: &[&str],
    #[case] want: Result<usize, &str>,
) {
    let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
    let resolver = GuardedResolver {
        guard: guard(&["10.1.0.0/16"]),
        reach,
        lookup: Arc::new(Fixed(addresses)),
    };
    let resolved = resolver.resolve("example.org".parse().unwrap()).await;
    match (resolved, want) {
        (Ok(found), Ok(count)) => assert_eq!(found.count(), count),
        (Err(error), Err(ip)) => assert!(error.to_string().contains(ip), "{error}"),
        (found, want) => panic!("{want:?}, found {:?}", found.map(Iterator::count).is_ok()),
    }
}
