//! Lists a build context on disk as Docker would send it. Contents are read later, one file at a time, when asked for.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::context::dockerignore::{Matched, Patterns};
use crate::context::{BuildContext, ContextFile};

/// Listing stops after so many entries; the context then says that it is not complete.
const MAX_ENTRIES: usize = 200_000;
/// Larger files are not read: no source of a program is that long.
const MAX_FILE: u64 = 8 << 20;

/// The build context at `root` of a Dockerfile: `<Dockerfile>.dockerignore` decides, else `.dockerignore`.
///
/// Symbolic links are listed and never followed. `.git` is listed as `.git/HEAD` alone. An error means that the
/// directory cannot be listed or that Docker would not accept the ignore file.
pub fn load(dockerfile: &Path, root: &Path) -> io::Result<BuildContext> {
    load_at_most(dockerfile, root, MAX_ENTRIES)
}

fn load_at_most(dockerfile: &Path, root: &Path, max_entries: usize) -> io::Result<BuildContext> {
    let patterns = patterns(dockerfile, root)?;
    let mut files = BTreeMap::new();
    let mut links = BTreeMap::new();
    let mut ignored = Vec::new();
    let mut complete = true;
    let mut seen = 0;
    // Breadth first, so that a listing that stops early has the files near the top.
    // A directory is opened when its turn comes: a context may have more of them than a process may hold open.
    let mut first = Some(fs::read_dir(root)?);
    let mut queue = VecDeque::from([(String::new(), Matched::default())]);
    'all: while let Some((dir, matched)) = queue.pop_front() {
        let Some(entries) = first.take().or_else(|| fs::read_dir(root.join(&dir)).ok()) else {
            complete = false;
            continue;
        };
        for entry in entries {
            let Ok(entry) = entry else {
                complete = false;
                continue;
            };
            seen += 1;
            if seen > max_entries {
                complete = false;
                break 'all;
            }
            let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else {
                complete = false;
                continue;
            };
            let path = if dir.is_empty() { name } else { format!("{dir}/{name}") };
            let (excluded, info) = patterns.excludes(&path, &matched);
            if kind.is_dir() {
                if excluded && !patterns.may_return_below(&path) {
                    ignored.push(format!("{path}/"));
                } else if path == ".git" {
                    git_head(root, excluded, &mut files);
                } else {
                    queue.push_back((path, info));
                }
            } else if excluded {
                ignored.push(path);
            } else if let Ok(metadata) = entry.metadata() {
                if kind.is_symlink()
                    && let Ok(to) = fs::read_link(entry.path())
                {
                    links.insert(path.clone(), to.to_string_lossy().replace('\\', "/"));
                }
                files.insert(path, describe(&metadata));
            }
        }
    }
    ignored.sort();
    let top: PathBuf = root.to_path_buf();
    let context = BuildContext::new(root.to_path_buf(), files, ignored, Box::new(move |path| read(&top.join(path))));
    let git = root.join(".git");
    let mut context = context.with_git(Box::new(move || bytes_below(&git)));
    context.complete = complete;
    if let Some(place) = fs::canonicalize(root).ok().and_then(|place| place.into_os_string().into_string().ok()) {
        context.above = directories_above(Path::new(&place));
        context.place = place;
    }
    context.links = links;
    context.ignore = patterns;
    Ok(context)
}

/// The directories above that may say how the image is used: up to the top of the repository, or the next few.
fn directories_above(place: &Path) -> usize {
    const MOST: usize = 4;
    let is_top = |dir: &Path| dir.join(".git").exists();
    if is_top(place) {
        return 0;
    }
    let above = || place.ancestors().skip(1).take(MOST).filter(|dir| dir.parent().is_some());
    above().position(is_top).map_or_else(|| above().count().min(2), |at| at + 1)
}

fn patterns(dockerfile: &Path, root: &Path) -> io::Result<Patterns> {
    let mut own = dockerfile.as_os_str().to_owned();
    own.push(".dockerignore");
    for path in [PathBuf::from(own), root.join(".dockerignore")] {
        match fs::read(&path) {
            Ok(bytes) => {
                return Patterns::parse(&String::from_utf8_lossy(&bytes)).map_err(|reason| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {reason}", path.display()))
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        }
    }
    Ok(Patterns::default())
}

/// What is inside `.git` is never read here, only that it is there counts (`git describe` in a build).
fn git_head(root: &Path, excluded: bool, files: &mut BTreeMap<String, ContextFile>) {
    if let (false, Ok(metadata)) = (excluded, fs::symlink_metadata(root.join(".git/HEAD"))) {
        files.insert(".git/HEAD".into(), describe(&metadata));
    }
}

/// The bytes of all files below a directory; of a huge one, those of its first entries.
fn bytes_below(dir: &Path) -> u64 {
    let (mut bytes, mut seen) = (0, 0);
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MAX_ENTRIES {
                return bytes;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => waiting.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
    }
    bytes
}

fn describe(metadata: &fs::Metadata) -> ContextFile {
    ContextFile { size: metadata.len(), executable: executable(metadata), symlink: metadata.is_symlink() }
}

#[cfg(unix)]
fn executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

/// Docker on Windows sends every file as executable.
#[cfg(not(unix))]
fn executable(_metadata: &fs::Metadata) -> bool {
    true
}

pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return None;
    }
    // As many bytes as it had just now: `fs::read` would ask for the size again, and for bytes behind the last one.
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    fs::File::open(path).ok()?.take(metadata.len()).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay_out(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn listed(context: &BuildContext) -> Vec<&str> {
        context.files.keys().map(String::as_str).collect()
    }

    #[test]
    fn files_are_listed_as_docker_sends_them() {
        let dir = lay_out(&[
            ("Dockerfile", "FROM a\n"),
            (".dockerignore", "node_modules\n**/*.md\n!docs/keep.md\n"),
            ("main.go", "package main\n"),
            ("docs/keep.md", "x"),
            ("docs/drop.md", "x"),
            ("node_modules/a/b.js", "x"),
            (".git/HEAD", "ref"),
            (".git/objects/00/x", "x"),
        ]);
        let context = load(&dir.path().join("Dockerfile"), dir.path()).unwrap();
        assert_eq!(listed(&context), [".dockerignore", ".git/HEAD", "Dockerfile", "docs/keep.md", "main.go"]);
        assert_eq!(context.ignored, ["docs/drop.md", "node_modules/"]);
        assert!(context.complete);
        assert_eq!(context.read("main.go").as_deref(), Some("package main\n"));
        assert_eq!(context.read("docs/drop.md"), None);
    }

    #[test]
    fn the_ignore_file_of_the_dockerfile_comes_first() {
        let dir = lay_out(&[
            ("build/app.Dockerfile", "FROM a\n"),
            ("build/app.Dockerfile.dockerignore", "secret\n"),
            (".dockerignore", "*\n"),
            ("secret", "x"),
            ("main.go", "x"),
        ]);
        let context = load(&dir.path().join("build/app.Dockerfile"), dir.path()).unwrap();
        assert!(context.is_file("main.go") && !context.is_file("secret"));
        let other = load(&dir.path().join("Dockerfile"), dir.path()).unwrap();
        assert!(other.files.is_empty());
    }

    #[test]
    fn a_listing_that_stops_says_so() {
        let dir = lay_out(&[("a", ""), ("b", ""), ("c/d", "")]);
        let context = load_at_most(&dir.path().join("Dockerfile"), dir.path(), 2).unwrap();
        assert!(!context.complete);
        assert!(context.files.len() <= 2 && !context.is_file("c/d"));
    }

    #[test]
    fn a_broken_ignore_file_or_a_missing_directory_is_an_error() {
        let dir = lay_out(&[(".dockerignore", "[a\n")]);
        assert!(load(&dir.path().join("Dockerfile"), dir.path()).unwrap_err().to_string().contains("[a"));
        assert!(load(Path::new("Dockerfile"), &dir.path().join("nowhere")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_listed_and_not_read() {
        let dir = lay_out(&[("real/secret.txt", "x")]);
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("dirlink")).unwrap();
        let context = load(&dir.path().join("Dockerfile"), dir.path()).unwrap();
        assert_eq!(listed(&context), ["dirlink", "link", "real/secret.txt"]);
        assert!(context.files["link"].symlink);
        assert_eq!(context.read("link"), None);
        // What a link leads to is only asked of the list.
        assert_eq!(context.followed("dirlink").as_deref(), Some("real"));
        assert_eq!((context.followed("link"), context.followed("real/secret.txt").is_some()), (None, true));
    }
}
