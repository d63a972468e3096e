//! Root certificates for programs of others: Go reads one file that holds them all, while OpenSSL looks in a directory
//! for files that are named by their hashes, and those only the package ca-certificates makes.

use super::effects::{Effect, Kind};
use super::needs::{Claim, Needs};
use super::placed::CERTIFICATES;
use super::releases::{Family, Ground};

/// Programs that leave it to OpenSSL where certificates are. The others read the one file as Go does (curl, git, wget),
/// bring their own (node, java, chromium), or talk to nobody.
#[rustfmt::skip]
const OF_OPENSSL: &[&str] = &[
    "ansible", "aws", "getmail", "lftp", "lua", "mongo", "mongodump", "mongosh", "mosquitto_pub", "mosquitto_sub", "mysql",
    "mysqldump", "ncat", "nmap", "openssl", "perl", "pg_dump", "pg_dumpall", "pg_restore", "php", "pip", "pip3", "psql",
    "python", "python2", "python3", "redis-cli", "ruby", "s3cmd", "socat", "stunnel", "stunnel4", "youtube-dl", "yt-dlp",
];

/// The directory is named, and something that is not Go may look into it. `linked`: C code of others is linked in.
pub(super) fn named(needs: &Needs, linked: bool) -> Option<Claim> {
    let claim = needs.certificate_dir.as_ref()?;
    let others = linked || !needs.programs.is_empty() || needs.shell.is_some();
    let text = format!("OpenSSL looks for certificates in /etc/ssl/certs by their hashes: {}", claim.text);
    others.then(|| Claim { text, ..claim.clone() })
}

/// A started program that asks OpenSSL, which on Debian has no other place to look.
pub(super) fn reader(needs: &Needs, own: &[&str], ground: Option<&Ground>) -> Option<Claim> {
    ground.filter(|ground| ground.toolchain_image && matches!(ground.family, Family::Debian | Family::Ubuntu))?;
    let asks = |name: &str| OF_OPENSSL.contains(&name) && !own.contains(&name);
    let (name, claim) = needs.programs.iter().find(|(name, _)| asks(name))?;
    Some(Claim { text: format!("{name} may look for certificates by their hashes: {}", claim.text), ..claim.clone() })
}

pub(super) fn installed(effects: &[Effect<'_>]) -> bool {
    effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| package.name == CERTIFICATES),
        _ => false,
    })
}

/// The file adds certificates of its own, which the package of the final stage does not know.
pub(super) fn has_own(effects: &[Effect<'_>]) -> bool {
    effects.iter().any(|effect| matches!(effect.kind, Kind::TrustStore))
}
