//! Files and their build contexts, read from the disk.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::{context, modcache};
use crate::context::BuildContext;
use crate::syntax;
use crate::text::{MAX_SOURCE, SourceFile};

/// A file or the standard input; `Err` says why not.
pub(super) fn source(path: &Path, stdin_name: Option<&Path>) -> Result<SourceFile, String> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(MAX_SOURCE as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| reason(&error))?;
        (stdin_name.map_or_else(|| "-".to_string(), |name| name.display().to_string()), bytes)
    } else {
        if waits(path) {
            let help = "hand its content to the standard input: unladen check - < PIPE";
            return Err(format!("is a named pipe, which may never end; {help}"));
        }
        (path.display().to_string(), std::fs::read(path).map_err(|error| reason(&error))?)
    };
    if bytes.len() > MAX_SOURCE {
        return Err(format!("is larger than {} MB", MAX_SOURCE >> 20));
    }
    Ok(SourceFile::from_bytes(name, bytes))
}

/// A pipe in the file system gives its text to the first who reads, and only while somebody writes. Those of the shell's
/// `<(command)` are open already.
#[cfg(unix)]
fn waits(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let shells = path.starts_with("/dev") || path.starts_with("/proc");
    !shells && std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn waits(_: &Path) -> bool {
    false
}

/// What the system says, in plain words for what happens often.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        io::ErrorKind::IsADirectory => "is a directory".to_string(),
        _ => error.to_string(),
    }
}

/// Whether the rewriter may understand the build: only then are the files of the context of use. Listing a large
/// repository takes longer than checking all of its Dockerfiles. `RUN make` on an image of Go says `go` in its Makefile.
fn wants_context(text: &str) -> bool {
    has_word(text, "go") || memchr::memmem::find(text.as_bytes(), b"golang").is_some()
}

/// A smaller file is a script, which weighs nothing when it is stored twice.
const SCRIPT: u64 = 100_000;

/// A RUN changes mode or owner, and what is copied may weigh something: then only the files tell what that costs. A few
/// scripts made executable are no reason to list a repository.
fn changes_what_it_copies(dockerfile: &Path, source: &SourceFile) -> bool {
    if dockerfile.as_os_str() == "-" || !["chmod", "chown", "chgrp"].iter().any(|word| has_word(&source.text, word)) {
        return false;
    }
    let recursive = |word: &str| word == "--recursive" || (word.starts_with('-') && word.contains('R'));
    let trees = source.text.split_ascii_whitespace().any(recursive);
    let Some(root) = guess(dockerfile, source) else { return false };
    copied_names(source).iter().any(|name| {
        let heavy = |found: std::fs::Metadata| if found.is_dir() { trees } else { found.len() > SCRIPT };
        std::fs::metadata(root.join(name)).is_ok_and(heavy)
    })
}

/// The build contexts of a run; each directory is listed once.
#[derive(Default)]
pub(super) struct Contexts {
    /// `--context`.
    root: Option<PathBuf>,
    /// `--module-cache`.
    modules: Option<PathBuf>,
    /// Also for files that no rewriter understands.
    always: bool,
    known: Mutex<HashMap<Key, Slot>>,
}

/// The root and the ignore file of the Dockerfile's own, where it has one.
type Key = (PathBuf, Option<PathBuf>);
type Slot = Arc<OnceLock<Result<Arc<BuildContext>, String>>>;

impl Contexts {
    pub(super) fn new(root: Option<PathBuf>) -> Contexts {
        Contexts { root, ..Contexts::default() }
    }

    /// Every file's context is listed: its bytes are asked for.
    pub(super) fn always(mut self) -> Contexts {
        self.always = true;
        self
    }

    /// The sources of Go modules may be read there, too.
    pub(super) fn with_modules(mut self, directory: Option<PathBuf>) -> Contexts {
        self.modules = directory;
        self
    }

    /// The context of a Dockerfile; `None` where nothing asks for one or none can be made out.
    pub(super) fn of(&self, dockerfile: &Path, source: &SourceFile) -> Result<Option<Arc<BuildContext>>, String> {
        // Who names a context has it listed.
        self.find(dockerfile, source, self.always || self.root.is_some())
    }

    /// The same for who wants to know what COPY and ADD bring.
    pub(super) fn weighed(&self, dockerfile: &Path, source: &SourceFile) -> Result<Option<Arc<BuildContext>>, String> {
        self.find(dockerfile, source, true)
    }

    fn find(&self, dockerfile: &Path, source: &SourceFile, always: bool) -> Result<Option<Arc<BuildContext>>, String> {
        if !always && !wants_context(&source.text) && !changes_what_it_copies(dockerfile, source) {
            return Ok(None);
        }
        let root = match &self.root {
            Some(root) => root.clone(),
            None if dockerfile.as_os_str() == "-" => return Ok(None),
            None => match guess(dockerfile, source) {
                Some(root) => root,
                None => return Ok(None),
            },
        };
        let mut own = dockerfile.as_os_str().to_owned();
        own.push(".dockerignore");
        let own = PathBuf::from(own);
        let key = (root.clone(), own.is_file().then_some(own));
        let slot = match self.known.lock() {
            Ok(mut known) => known.entry(key).or_default().clone(),
            Err(_) => return Ok(None),
        };
        let listed = slot.get_or_init(|| {
            let loaded = context::load(dockerfile, &root).map(|mut context| {
                context.modules = self.modules.clone().map(modcache::source);
                context
            });
            loaded.map(Arc::new).map_err(|error| format!("build context {}: {}", root.display(), reason(&error)))
        });
        match (listed, &self.root) {
            (Ok(context), _) => Ok(Some(context.clone())),
            (Err(message), Some(_)) => Err(message.clone()),
            // A context that was only guessed is no reason to complain.
            (Err(_), None) => Ok(None),
        }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let boundary =
        |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace() || b"/\"';&|(,".contains(byte));
    memchr::memmem::find_iter(text.as_bytes(), word.as_bytes()).any(|at| {
        let bytes = text.as_bytes();
        boundary(at.checked_sub(1).and_then(|before| bytes.get(before))) && boundary(bytes.get(at + word.len()))
    })
}

/// The build context that a Dockerfile looks made for.
pub(super) fn context_root(dockerfile: &Path) -> PathBuf {
    let own = || match dockerfile.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && parent.is_dir() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    source(dockerfile, None).ok().and_then(|source| guess(dockerfile, &source)).unwrap_or_else(own)
}

/// The closest directory upwards, up to the one that holds `.git`, in which all that COPY and ADD name is found.
/// Without any name (`COPY . .`) it is the directory of the Dockerfile.
fn guess(dockerfile: &Path, source: &SourceFile) -> Option<PathBuf> {
    let directory = match dockerfile.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let names = copied_names(source);
    let absolute = std::path::absolute(&directory).ok()?;
    // Outside of a repository nothing says where the project ends, and `COPY bin /bin` is found in `/` as well.
    let repository = absolute.ancestors().take(6).any(|root| root.join(".git").exists());
    let levels = if repository { 6 } else { 3 };
    for (level, root) in absolute.ancestors().take(levels).enumerate() {
        if level > 0 && is_nobodys_project(root) {
            break;
        }
        if names.iter().all(|name| root.join(name).symlink_metadata().is_ok()) {
            return Some(if level == 0 { directory } else { root.to_path_buf() });
        }
        if root.join(".git").exists() {
            break;
        }
    }
    None
}

/// The root of the file system, the directories of the system, temporary ones and the user's own: no build context.
fn is_nobodys_project(root: &Path) -> bool {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    const SYSTEM: &[&str] = &[
        "bin", "boot", "dev", "etc", "home", "lib", "media", "mnt", "opt", "proc", "run", "sbin", "sys", "tmp", "usr",
        "var",
    ];
    let system = root.parent().is_some_and(|parent| parent.parent().is_none())
        && root.file_name().is_some_and(|name| SYSTEM.iter().any(|dir| name == *dir));
    root.parent().is_none()
        || system
        || root == std::env::temp_dir()
        || home.is_some_and(|home| home.parent().is_some() && home.starts_with(root))
}

/// The plain names that are copied from the context: no patterns, no variables, nothing that `.` holds anyway.
fn copied_names(source: &SourceFile) -> Vec<String> {
    let dockerfile = syntax::parse(source);
    let mut names = Vec::new();
    for (_, instruction) in dockerfile.instructions() {
        let Some(transfer) = instruction.transfer() else { continue };
        if instruction.flag("from").is_some() {
            continue;
        }
        for word in &transfer.sources {
            let name = word.text.trim_matches(['"', '\'']).trim_start_matches("./").trim_start_matches('/');
            let plain = !name.is_empty()
                && name != "."
                && !name.contains(['*', '?', '[', '$', '<', '\\'])
                && !name.contains("://");
            if plain && !name.starts_with("git@") {
                names.push(name.to_string());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_is_a_word_of_its_own() {
        for text in ["RUN go build", "RUN cd /a&&go build", "RUN /usr/local/go/bin/go build", "CMD [\"go\", \"run\"]"] {
            assert!(has_word(text, "go"), "{text}");
        }
        for text in ["RUN cargo build", "RUN good", "FROM golang:1"] {
            assert!(!has_word(text, "go"), "{text}");
        }
    }

    #[test]
    fn the_context_of_a_go_build_behind_make_is_read() {
        for text in ["FROM golang:1\nRUN make\n", "FROM debian\nRUN apt-get install golang-go && ./build.sh\n"] {
            assert!(wants_context(text), "{text}");
        }
        assert!(!wants_context("FROM node:22\nRUN make\n"));
    }

    #[test]
    fn the_context_tells_what_a_change_of_mode_or_owner_costs() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("app")).unwrap();
        std::fs::write(dir.path().join("big"), "x".repeat(200_000)).unwrap();
        std::fs::write(dir.path().join("run"), "x").unwrap();
        for (text, expected) in [
            ("FROM a\nCOPY app /app\nRUN chown -R app /app\n", true),
            ("FROM a\nCOPY app/ /app/\nRUN a && chmod --recursive 755 /app\n", true),
            ("FROM a\nCOPY big run /\nRUN chmod +x /big\n", true),
            ("FROM a\nCOPY run /\nCOPY app /app\nRUN chmod +x /run\n", false),
            ("FROM a\nCOPY app /app\nRUN ls -R\n", false),
            ("FROM a\nCOPY nothing /app\nRUN chown -R app /app\n", false),
        ] {
            let source = SourceFile::new("Dockerfile", text);
            assert_eq!(changes_what_it_copies(&dir.path().join("Dockerfile"), &source), expected, "{text}");
        }
    }

    #[test]
    fn the_context_is_where_the_copied_files_are() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("repo/.git")).unwrap();
        std::fs::create_dir_all(dir.path().join("repo/build/app")).unwrap();
        std::fs::write(dir.path().join("repo/go.mod"), "module a\n").unwrap();
        let dockerfile = dir.path().join("repo/build/app/Dockerfile");
        let root = |text: &str| guess(&dockerfile, &SourceFile::new("Dockerfile", text));
        assert_eq!(root("FROM a\nCOPY go.mod ./\nCOPY . .\n"), Some(dir.path().join("repo")));
        assert_eq!(root("FROM a\nCOPY . .\n"), Some(dir.path().join("repo/build/app")));
        assert_eq!(root("FROM a\nCOPY nowhere.txt .\n"), None);
        // What the root of the file system happens to have.
        let dockerfile = Path::new("/srv/unladen-project/Dockerfile");
        assert_eq!(guess(dockerfile, &SourceFile::new("Dockerfile", "FROM a\nCOPY bin /bin\nCOPY etc /etc\n")), None);
    }
}
