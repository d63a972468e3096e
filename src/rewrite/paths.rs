//! Absolute paths of an image: joining, cleaning, and what lies in what.

pub(super) use crate::context::tree::join;

/// The last element; empty for `/`.
pub(super) fn base_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or("")
}

pub(super) fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((dir, _)) => dir,
    }
}

/// True when `path` is `dir` or lies in it.
pub(super) fn within(path: &str, dir: &str) -> bool {
    dir == "/" || path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// Directories that every distribution has, so that a copy to them without a trailing slash goes inside.
pub(super) fn is_system_dir(path: &str) -> bool {
    const DIRS: &[&str] = &[
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/lib64",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/srv",
        "/sys",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/include",
        "/usr/lib",
        "/usr/local",
        "/usr/local/bin",
        "/usr/local/lib",
        "/usr/local/sbin",
        "/usr/local/share",
        "/usr/sbin",
        "/usr/share",
        "/usr/src",
        "/var",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/run",
        "/var/tmp",
        "/etc/ssl",
        "/etc/ssl/certs",
    ];
    DIRS.contains(&path)
}

/// Where PATH of every usual base looks.
pub(super) const STANDARD_PATH: &[&str] =
    &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_cleaned() {
        for (dir, path, want) in [
            ("/app", "main", "/app/main"),
            ("/app", "./main", "/app/main"),
            ("/app/", "../x//y/", "/x/y"),
            ("/app", "/abs/./p", "/abs/p"),
            ("/", "..", "/"),
        ] {
            assert_eq!(join(dir, path), want);
        }
        assert!(within("/app/x", "/app") && within("/app", "/app") && !within("/apple", "/app") && within("/a", "/"));
        assert_eq!((parent("/a/b"), parent("/a"), base_name("/a/b/")), ("/a", "/", "b"));
    }
}
