//! Standard Webhooks: who sends a webhook proves it over its id, its time and its body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// A rotation has an old and a new secret; a third is a mistake.
const KEYS_MAX: usize = 2;

/// Bytes of a secret, by the specification.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The secrets that sign a notifier's webhooks: one, or two while the receiver changes from
/// one to the other.
#[derive(Clone)]
pub struct SigningKeys(Vec<Hmac<Sha256>>);

impl SigningKeys {
    /// Reads `whsec_…`, or two of them with a space in between. The message of an error does
    /// not repeat the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let keys: Vec<_> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err("it holds one secret, or two while they are rotated");
        }
        Ok(Self(keys))
    }

    /// The header `webhook-signature`: one signature a key.
    pub fn sign(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let signatures = self.0.iter().map(|key| {
            let signed = key
                .clone()
                .chain_update(format!("{id}.{timestamp_seconds}."))
                .chain_update(body);
            format!("v1,{}", STANDARD.encode(signed.finalize().into_bytes()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

fn key(text: &str) -> Result<Hmac<Sha256>, &'static str> {
    const WAY_OUT: &str =
        "a secret is `whsec_` and base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes";
    let encoded = text.strip_prefix("whsec_").ok_or(WAY_OUT)?;
    let bytes = STANDARD.decode(encoded).map_err(|_error| WAY_OUT)?;
    if !KEY_BYTES.contains(&bytes.len()) {
        return Err(WAY_OUT);
    }
    Hmac::new_from_slice(&bytes).map_err(|_error| WAY_OUT)
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const SPECIFIED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    #[test]
    fn the_published_vector_holds() {
        let keys = SigningKeys::parse(SPECIFIED).unwrap();
        let signature = keys.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_rotation_signs_with_both() {
        let both = SigningKeys::parse(&format!("{SPECIFIED}\n{OTHER}")).unwrap();
        let alone = |secret| SigningKeys::parse(secret).unwrap().sign("m", 1, b"{}");
        let want = format!("{} {}", alone(SPECIFIED), alone(OTHER));
        assert_eq!(both.sign("m", 1, b"{}"), want);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::three(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )]
    #[case::no_prefix("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    #[case::no_base64("whsec_%%%%")]
    #[case::too_short("whsec_MfKQ9r8GKYqrTwjUPD8ILA==")]
    fn what_is_no_secret(#[case] text: &str) {
        let message = SigningKeys::parse(text).unwrap_err();
        assert!(text.is_empty() || !message.contains(text));
    }

    proptest! {
        #[test]
        fn the_reference_library_signs_alike(
            secret in proptest::collection::vec(any::<u8>(), 24..=64),
            id in "[a-z0-9_-]{1,40}",
            time in 1_i64..4_000_000_000,
            body in "\\PC{0,200}",
        ) {
            let secret = format!("whsec_{}", STANDARD.encode(secret));
            let oracle = standardwebhooks::Webhook::new(&secret).unwrap();
            let want = oracle.sign(&id, time, body.as_bytes()).unwrap();
            let keys = SigningKeys::parse(&secret).unwrap();
            prop_assert_eq!(keys.sign(&id, time, body.as_bytes()), want);
        }
    }
}
