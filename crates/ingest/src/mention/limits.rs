//! How large a mention may be, field by field.

/// The contract's limit of items in one body: a page of any platform fits a hundred times.
pub const ITEMS_MAX: usize = 10_000;

/// Bytes of one mention's JSON. Four times the longest text leaves room for every character
/// to be written as an escape.
pub const ITEM_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of `text`. The longest posts of any platform (Reddit: 40,000 characters) fit twice
/// over in four-byte characters; what is longer is a document, not a post.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Bytes of an id. The longest real ones are addresses (`ActivityPub`, Message-ID), under 300;
/// they are index keys in the store, so they stay short.
pub const ID_BYTES_MAX: usize = 512;

/// Bytes of a name, a handle, an account, a language or another short text.
pub const NAME_BYTES_MAX: usize = 1024;

/// Bytes of an address: what browsers and proxies carry without cutting.
pub const URL_BYTES_MAX: usize = 8 * 1024;

/// How deep objects and lists may nest. The format itself needs 3; a recursive reader
/// further down must never see more than it can take.
pub const DEPTH_MAX: usize = 32;

/// Bytes of all unknown fields together: a platform's own extras fit, a dump does not.
pub const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// Entries of `account`. One post that matches more queries than this is a fault of the sender.
pub const ACCOUNTS_MAX: usize = 100;

/// Entries of `media`: twice what any platform allows on one post.
pub const MEDIA_MAX: usize = 50;

/// The limits one receiver holds its senders to. [`ParseLimits::default`] is the constants of
/// this module; configuration may lower the first three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// Items in one body.
    pub items: usize,
    /// Bytes of one item.
    pub item_bytes: usize,
    /// Bytes of one text, once unescaped.
    pub text_bytes: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            items: ITEMS_MAX,
            item_bytes: ITEM_BYTES_MAX,
            text_bytes: TEXT_BYTES_MAX,
        }
    }
}
