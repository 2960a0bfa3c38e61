//! TLS to the server. A certificate is always checked, by name and chain: `sslmode=require`
//! here means what libpq calls `verify-full`.

use crate::StorageError;
use crate::error::unavailable;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) fn connector(authorities: Option<&Path>) -> Result<MakeRustlsConnect, StorageError> {
    let roots = match authorities {
        Some(path) => of_file(path)?,
        None => of_system(),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unavailable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn of_file(path: &Path) -> Result<RootCertStore, StorageError> {
    let unreadable = |error: &dyn std::fmt::Display| StorageError::Incompatible {
        reason: format!(
            "the store's `authorities` `{}` cannot be used: {error}; it should hold certificates \
             as PEM",
            path.display()
        ),
    };
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    Ok(roots)
}

/// What the system trusts; a machine without any trusts nobody, and connections without TLS
/// still work.
fn of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
