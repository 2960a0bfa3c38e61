//! rustls with `ring` and the machine's own certificates.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// For HTTP and WebSocket clients alike. A machine without certificates gets a
/// configuration that trusts nobody, so plain `http` still works there.
///
/// # Errors
/// When `ring` supports no protocol version of rustls, which no build of ours has.
pub fn tls_config() -> Result<ClientConfig, rustls::Error> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of this machine cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
