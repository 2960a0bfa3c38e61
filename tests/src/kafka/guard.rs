//! What a broker asks for before it talks: TLS, a certificate, a password, a token.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The user the broker knows, with [`PASSWORD`] and as the subject of [`token`].
pub const USER: &str = "switchboard";
/// That user's password.
pub const PASSWORD: &str = "correct horse = battery";

const SETTINGS: &str = "\
inter.broker.listener.name=PLAINTEXT
ssl.keystore.type=PEM
ssl.truststore.type=PEM
listener.name.certificate.ssl.client.auth=required
listener.name.password.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.password.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.password.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.token.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.token.oauthbearer.connections.max.reauth.ms=3000
listener.name.token.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";
";

/// The ways into a guarded broker, each a listener of its own.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// Nothing is asked.
    Open,
    /// TLS alone.
    Tls,
    /// TLS on both sides.
    Certificate,
    /// SASL SCRAM over TLS.
    Password,
    /// SASL OAUTHBEARER over TLS.
    Token,
}

/// The listeners of all doors but the open one, in the order of [`Door`]: name and protocol.
const DOORS: [(&str, &str); 4] = [
    ("TLS", "SSL"),
    ("CERTIFICATE", "SSL"),
    ("PASSWORD", "SASL_SSL"),
    ("TOKEN", "SASL_SSL"),
];

/// How many listeners a guarded broker has beside the open ones.
pub(super) const DOOR_COUNT: usize = DOORS.len();

/// Certificates and ports of a guarded broker.
#[derive(Clone)]
pub(super) struct Guard {
    ports: Vec<u16>,
    dir: PathBuf,
}

impl Guard {
    /// Makes what the broker and its clients show each other.
    pub(super) fn new(dir: &Path, ports: &[u16]) -> Result<Self> {
        let guard = Self {
            ports: ports.to_vec(),
            dir: dir.join("certificates"),
        };
        fs::create_dir_all(&guard.dir).context("cannot make a folder for certificates")?;
        let authority = authority()?;
        guard.write("authority.pem", &authority.pem())?;
        guard.write("stranger.pem", &self::authority()?.pem())?;
        let (certificate, key) = signed(&authority)?;
        // As Kafka wants it: the key first, and both in one file.
        guard.write("broker.pem", &format!("{key}{certificate}"))?;
        let (certificate, key) = signed(&authority)?;
        guard.write("client.pem", &certificate)?;
        guard.write("client.key", &key)?;
        Ok(guard)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.dir.join(name), text).with_context(|| format!("cannot write {name}"))
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// `host:port` of a listener of its own, which all but [`Door::Open`] have.
    pub(super) fn address(&self, door: Door) -> String {
        // `Open` comes first and has none here.
        format!("127.0.0.1:{}", self.ports[door as usize - 1])
    }

    /// To be put behind the broker's open listeners.
    pub(super) fn listeners(&self) -> String {
        let doors = DOORS.iter().zip(&self.ports);
        doors.fold(String::new(), |mut text, ((name, _), port)| {
            // Writing to a string does not fail.
            let _written = write!(text, ",{name}://127.0.0.1:{port}");
            text
        })
    }

    pub(super) fn settings(&self) -> String {
        let dir = self.dir.display();
        let protocols = DOORS.map(|(name, protocol)| format!(",{name}:{protocol}"));
        format!(
            "{SETTINGS}\
             ssl.keystore.location={dir}/broker.pem\n\
             ssl.truststore.location={dir}/authority.pem\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{}\n",
            protocols.concat()
        )
    }

    /// Tells the running broker who [`USER`] is, once for each way of proving it: its own
    /// tool takes no two at a time.
    pub(super) fn introduce(class_path: &str, bootstrap: &str) -> Result<()> {
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let told = Command::new("java")
                .args(["-XX:TieredStopAtLevel=1", "-cp", class_path])
                .args(["kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap])
                .args(["--alter", "--entity-type", "users", "--entity-name", USER])
                .arg("--add-config")
                .arg(format!("{mechanism}=[password={PASSWORD}]"))
                .output()
                .context("cannot run Kafka's own tool")?;
            ensure!(
                told.status.success(),
                "Kafka's tool could not add a user:\n{}{}",
                String::from_utf8_lossy(&told.stdout),
                String::from_utf8_lossy(&told.stderr)
            );
        }
        Ok(())
    }
}

/// A bearer token as the broker's development validator takes it: unsigned, good until then
/// (seconds since 1970).
pub fn token(good_until: u64) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"sub":"{USER}","exp":{good_until}}}"#);
    format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims))
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Result<Authority> {
    let mut params = named("an authority for tests", CertificateParams::default());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// A certificate for this machine, and its key.
fn signed(authority: &Authority) -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    let params = named(USER, params);
    let certificate = params.signed_by(&key, authority)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// An authority and what it signs must not bear the same name: it would count as signed by
/// itself.
fn named(name: &str, mut params: CertificateParams) -> CertificateParams {
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
