//! The files of the page, as far as this build carries them.

use std::borrow::Cow;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct PageFile {
    pub(crate) bytes: Cow<'static, [u8]>,
    /// SHA-256 of the bytes.
    pub(crate) hash: [u8; 32],
}

/// Finds a file by its path below the page's folder, without a slash before it.
pub(crate) type Files = fn(&str) -> Option<PageFile>;

#[cfg(feature = "embed-ui")]
#[derive(rust_embed::RustEmbed)]
#[folder = "ui/dist/"]
struct Built;

/// A file of this build.
#[cfg(feature = "embed-ui")]
pub(crate) fn find(path: &str) -> Option<PageFile> {
    let file = <Built as rust_embed::RustEmbed>::get(path)?;
    Some(PageFile {
        hash: file.metadata.sha256_hash(),
        bytes: file.data,
    })
}

/// This build has none.
#[cfg(not(feature = "embed-ui"))]
pub(crate) const fn find(_: &str) -> Option<PageFile> {
    None
}

#[cfg(all(test, feature = "embed-ui"))]
mod tests {
    #[test]
    fn the_document_is_there() {
        assert!(super::find("index.html").is_some());
    }
}
