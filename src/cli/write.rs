//! A fixed file put in the place of the old one: whole or not at all, with its mode and owner.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::read::reason;

/// Replaces the content of a file that still holds `before`. A symbolic link stays one: its target is written.
pub(super) fn replace(path: &Path, before: &[u8], after: &[u8]) -> Result<(), String> {
    try_replace(path, before, after).map_err(|error| format!("cannot be written: {}", reason(&error)))
}

fn try_replace(path: &Path, before: &[u8], after: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let metadata = fs::metadata(&path)?;
    if metadata.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    // An editor may have saved it while we were reading: what it wrote must not be lost.
    if fs::read(&path)? != before {
        return Err(io::Error::other("it was changed while it was checked"));
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".unladen-").tempfile_in(directory)?;
    file.write_all(after)?;
    keep_owner(file.path(), &metadata);
    fs::set_permissions(file.path(), metadata.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Where it is allowed: only root may give a file away.
#[cfg(unix)]
fn keep_owner(file: &Path, old: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt;
    let Ok(new) = fs::metadata(file) else { return };
    let (owner, group) = (old.uid(), old.gid());
    if (owner, group) != (new.uid(), new.gid()) {
        let _ = std::os::unix::fs::chown(file, Some(owner), Some(group));
    }
}

#[cfg(not(unix))]
fn keep_owner(_file: &Path, _old: &fs::Metadata) {}
