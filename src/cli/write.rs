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
        return Err(io::Error::other("the file is read-only"));
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn mode_owner_and_links_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("Dockerfile");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o754)).unwrap();
        // Only root may give a file away; elsewhere this changes nothing.
        let _ = std::os::unix::fs::chown(&file, Some(1234), Some(1234));
        let owner = |path: &Path| fs::metadata(path).map(|metadata| (metadata.uid(), metadata.gid())).unwrap();
        let before = owner(&file);
        let link = dir.path().join("link");
        symlink("Dockerfile", &link).unwrap();
        replace(&link, b"old", b"new\r\n").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new\r\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o754);
        assert_eq!(owner(&file), before);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file is left");
    }

    #[test]
    fn a_file_that_changed_or_is_read_only_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("Dockerfile");
        fs::write(&file, "saved by an editor").unwrap();
        assert_eq!(
            replace(&file, b"old", b"new").unwrap_err(),
            "cannot be written: it was changed while it was checked"
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        let error = replace(&file, b"saved by an editor", b"new").unwrap_err();
        assert_eq!(error, "cannot be written: the file is read-only");
        assert_eq!(fs::read(&file).unwrap(), b"saved by an editor");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }
}
