//! Where references to secrets are looked up: the environment the process was given, and
//! files that not everybody reads.

use crate::config::Environment;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// No secret is longer; a file that is was mistaken for one.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// The environment, which does not show itself.
#[derive(Default)]
pub(crate) struct Secrets(Environment);

impl Secrets {
    pub(crate) const fn new(environment: Environment) -> Self {
        Self(environment)
    }

    pub(crate) const fn environment(&self) -> &Environment {
        &self.0
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

/// The text of a secret's file.
///
/// # Errors
/// Also when everybody on the machine may read it: then it is no secret any more.
pub(crate) fn read_file(path: &Path) -> io::Result<String> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o007 != 0 {
        let way_out = "everybody on this machine may read or change it; `chmod o= FILE`";
        return Err(io::Error::other(way_out));
    }
    let mut text = String::new();
    file.take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::fs::Permissions;

    #[rstest]
    #[case::mine(0o600, true)]
    #[case::of_my_group(0o440, true)]
    #[case::of_everybody(0o644, false)]
    fn a_file_that_everybody_reads_holds_no_secret(#[case] mode: u32, #[case] fine: bool) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush\n").unwrap();
        std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
        assert_eq!(read_file(file.path()).is_ok(), fine);
    }

    #[test]
    fn the_environment_does_not_show_itself() {
        let secrets = Secrets::new(Environment::from([("A".into(), "hush".into())]));
        assert_eq!(format!("{secrets:?}"), "[REDACTED]");
    }
}
