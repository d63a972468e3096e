//! Which files of the build context stand where in the image: COPY and ADD as BuildKit does them.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{BuildContext, dockerignore::clean, glob};

/// One file that a COPY brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Path in the build context.
    pub from: String,
    /// Absolute path in the image.
    pub to: String,
}

/// The flags of COPY that change which files come and where they land.
#[derive(Clone, Debug, Default)]
pub struct CopyFlags {
    /// `--parents`
    pub parents: bool,
    /// `--exclude`
    pub excludes: Vec<String>,
}

/// Where the content of a file of the image comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A path of the build context.
    Context(String),
    /// Text that stands in the Dockerfile: a heredoc, `go mod init`.
    Text(String),
    /// A command made it; what is in it is not known.
    Made,
    /// A program that was built from the sources.
    Program,
}

/// The part of a stage's file system that is known: what was copied, and what simple commands made of it.
#[derive(Clone, Debug)]
pub struct ImageTree<'a> {
    pub context: &'a BuildContext,
    files: BTreeMap<String, Origin>,
    dirs: BTreeSet<String>,
    /// What could not be followed (`RUN git clone`, a COPY of a URL). Not empty: more files may be there.
    pub gaps: Vec<String>,
    /// Commands that may have made or changed files nobody knows of.
    pub unknown: Vec<String>,
}

/// Files and directories that a mount hides for a while.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    files: Vec<(String, Origin)>,
    dirs: Vec<String>,
}

impl<'a> ImageTree<'a> {
    pub fn new(context: &'a BuildContext) -> ImageTree<'a> {
        ImageTree { context, files: BTreeMap::new(), dirs: BTreeSet::new(), gaps: Vec::new(), unknown: Vec::new() }
    }

    /// The whole context laid out at one directory, as `COPY . dir` does.
    pub fn at(context: &'a BuildContext, dir: &str) -> ImageTree<'a> {
        let mut tree = ImageTree::new(context);
        // The context itself is always there, so this cannot fail.
        let _ = tree.copy(&["."], &format!("{dir}/"), "/", &CopyFlags::default());
        tree
    }

    /// Does a COPY from the context; what it brought, or why that cannot be told (then the tree has a gap).
    pub fn copy(
        &mut self,
        sources: &[&str],
        dest: &str,
        workdir: &str,
        flags: &CopyFlags,
    ) -> Result<Vec<Copied>, String> {
        let found = resolve(self.context, sources, dest, workdir, flags, &|dir| self.is_dir(dir));
        match &found {
            Ok(copied) => {
                for file in copied {
                    self.insert(&file.to, Origin::Context(file.from.clone()));
                }
                if into_directory(sources, dest) || copied.is_empty() {
                    self.add_dir(&join(workdir, dest));
                }
            }
            Err(reason) => self.gaps.push(reason.clone()),
        }
        found
    }

    pub fn insert(&mut self, path: &str, origin: Origin) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.add_dir(parent);
        }
        self.files.insert(path.to_string(), origin);
    }

    /// Makes a directory and its parents.
    pub fn add_dir(&mut self, path: &str) {
        if self.dirs.contains(path) {
            return;
        }
        let mut path = clean(path);
        while path.len() > 1 && self.dirs.insert(path.clone()) {
            path.truncate(path.rfind('/').unwrap_or(0).max(1));
        }
    }

    /// Removes a file, or a directory with all below it.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
        self.dirs.remove(path);
        let below = format!("{path}/");
        self.files.retain(|file, _| !file.starts_with(&below));
        self.dirs.retain(|dir| !dir.starts_with(&below));
    }

    /// What stands at a path and below it, taken out; `put_back` brings it again.
    pub fn take(&mut self, path: &str) -> Taken {
        let below = if path == "/" { "/".to_string() } else { format!("{path}/") };
        let inside = |other: &str| other == path || other.starts_with(&below);
        let files = self.files.extract_if(.., |file, _| inside(file)).collect();
        let dirs = self.dirs.extract_if(.., |dir| inside(dir)).collect();
        Taken { files, dirs }
    }

    pub fn put_back(&mut self, taken: Taken) {
        self.files.extend(taken.files);
        self.dirs.extend(taken.dirs);
    }

    /// Lays a file or directory of the context over the exact path `target`, as a bind mount does. False when the
    /// context does not have it.
    pub fn lay_over(&mut self, source: &str, target: &str) -> bool {
        let source = source.trim_matches('/');
        if self.context.is_file(source) {
            self.insert(target, Origin::Context(source.to_string()));
            return true;
        }
        if !source.is_empty() && !self.context.is_dir(source) {
            return false;
        }
        self.add_dir(target);
        let below = if source.is_empty() { String::new() } else { format!("{source}/") };
        let context = self.context;
        for (file, _) in context.under(source) {
            let rest = file.strip_prefix(&below).unwrap_or(file);
            self.insert(&join(target, rest), Origin::Context(file.to_string()));
        }
        true
    }

    /// Copies a file or a directory to the exact path `to`. False when nothing known stands at `from`.
    pub fn duplicate(&mut self, from: &str, to: &str) -> bool {
        if let Some(origin) = self.files.get(from).cloned() {
            self.insert(to, origin);
            return true;
        }
        if !self.dirs.contains(from) {
            return false;
        }
        self.add_dir(to);
        let below = format!("{from}/");
        let moved: Vec<(String, Origin)> = self
            .under(from)
            .filter_map(|(path, origin)| Some((format!("{to}/{}", path.strip_prefix(&below)?), origin.clone())))
            .collect();
        for (path, origin) in moved {
            self.insert(&path, origin);
        }
        true
    }

    /// The origin of the file at an absolute path.
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        self.files.get(path)
    }

    /// A symbolic link of the build context.
    pub fn is_link(&self, path: &str) -> bool {
        match self.files.get(path) {
            Some(Origin::Context(from)) => self.context.files.get(from).is_some_and(|file| file.symlink),
            _ => false,
        }
    }

    pub fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether a directory stands at the absolute path; `None` where only the base image could tell.
    pub fn is_dir(&self, path: &str) -> Option<bool> {
        if path == "/" || self.dirs.contains(path) {
            return Some(true);
        }
        if self.files.contains_key(path) {
            return Some(false);
        }
        base_dir(path)
    }

    /// Whether the base image of a Go builder brings that directory.
    pub fn of_base(path: &str) -> Option<bool> {
        if path == "/" { Some(true) } else { base_dir(path) }
    }

    /// The text of a file; `None` when it is not there or its content is not known.
    pub fn read(&self, path: &str) -> Option<String> {
        match self.files.get(path)? {
            Origin::Context(from) => self.context.read(from),
            Origin::Text(text) => Some(text.clone()),
            Origin::Made | Origin::Program => None,
        }
    }

    /// The same for a source that is read more than once; see `BuildContext::text`.
    pub fn text(&self, path: &str) -> Option<Arc<String>> {
        match self.files.get(path)? {
            Origin::Context(from) => self.context.text(from),
            Origin::Text(text) => Some(Arc::new(text.clone())),
            Origin::Made | Origin::Program => None,
        }
    }

    /// What `parse` makes of the text of a file; see `BuildContext::parsed`.
    pub fn parsed<T: Any + Send + Sync>(&self, path: &str, parse: fn(&str) -> T) -> Option<Arc<T>> {
        match self.files.get(path)? {
            Origin::Context(from) => self.context.parsed(from, parse),
            Origin::Text(text) => Some(Arc::new(parse(text))),
            Origin::Made | Origin::Program => None,
        }
    }

    /// Every file below a directory, at any depth, in order.
    pub fn under(&self, dir: &str) -> impl Iterator<Item = (&str, &Origin)> {
        let below = if dir == "/" { "/".to_string() } else { format!("{dir}/") };
        let end = below.clone();
        self.files
            .range(below..)
            .take_while(move |(path, _)| path.starts_with(&end))
            .map(|(path, origin)| (path.as_str(), origin))
    }

    /// The files that stand in a directory itself: name and origin, in order.
    pub fn files_in(&self, dir: &str) -> impl Iterator<Item = (&str, &Origin)> {
        let skip = if dir == "/" { 1 } else { dir.len() + 1 };
        self.under(dir)
            .filter_map(move |(path, origin)| Some((path.get(skip..)?, origin)))
            .filter(|(p, _)| !p.contains('/'))
    }

    /// The known directories below a directory, at any depth, in order; the directory itself first.
    pub fn dirs_under(&self, dir: &str) -> Vec<String> {
        let below = if dir == "/" { "/".to_string() } else { format!("{dir}/") };
        let mut found: Vec<String> =
            self.dirs.range(below.clone()..).take_while(|path| path.starts_with(&below)).cloned().collect();
        found.insert(0, dir.to_string());
        found
    }

    /// The path of the build context that a file of the image came from, or its path in the image.
    pub fn shown(&self, path: &str) -> String {
        match self.files.get(path) {
            Some(Origin::Context(from)) => from.clone(),
            _ => path.to_string(),
        }
    }
}

/// What the images of Go bring as directories. `None`: cannot be told; a directory at the top that no distribution
/// has (`/app`) is not there.
fn base_dir(path: &str) -> Option<bool> {
    const TOP: &[&str] = &[
        "bin", "boot", "dev", "etc", "go", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run",
        "sbin", "srv", "sys", "tmp", "usr", "var",
    ];
    const DEEPER: &[&str] = &[
        "/go/bin",
        "/go/src",
        "/usr/bin",
        "/usr/lib",
        "/usr/local",
        "/usr/local/bin",
        "/usr/local/go",
        "/usr/sbin",
        "/usr/share",
        "/usr/src",
        "/var/lib",
        "/var/log",
        "/var/tmp",
        "/etc/ssl",
        "/etc/ssl/certs",
    ];
    const PROGRAMS: &[&str] = &["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"];
    if DEEPER.contains(&path) {
        return Some(true);
    }
    let inner = path.strip_prefix('/')?;
    match inner.split_once('/') {
        None => Some(TOP.contains(&inner)),
        // `src` and `bin` are empty in the images; downloads fill `pkg`.
        Some(("go", rest)) if !rest.starts_with("pkg") => Some(false),
        Some(("home" | "mnt" | "media" | "opt" | "srv" | "tmp", _)) => Some(false),
        // Of directories root has what commands of the build leave there.
        Some(("root", rest)) if ![".cache", ".config", ".gnupg", ".local", "go"].contains(&rest) => Some(false),
        Some(("etc", "crontab" | "environment" | "gitconfig" | "inputrc" | "motd" | "msmtprc" | "timezone")) => {
            Some(false)
        }
        Some((top, _)) if !TOP.contains(&top) => Some(false),
        // Directories of programs hold no directories.
        _ if PROGRAMS.iter().any(|bin| path.strip_prefix(bin).is_some_and(|rest| !rest.contains('/'))) => Some(false),
        // `/etc/app/config.yaml`; `/etc/app.d` and `/usr/lib/python3.12` are directories.
        _ => {
            let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, ext)| ext);
            let plain = extension.len() > 1 && extension.bytes().all(|c| c.is_ascii_lowercase());
            plain.then_some(false)
        }
    }
}

fn into_directory(sources: &[&str], dest: &str) -> bool {
    sources.len() > 1 || dest.is_empty() || dest == "." || dest.ends_with('/') || dest.ends_with("/.")
}

/// An absolute path: `path` against `dir`, cleaned.
pub fn join(dir: &str, path: &str) -> String {
    if path.starts_with('/') { clean(path) } else { clean(&[dir, "/", path].concat()) }
}

/// The files that `COPY sources… dest` brings from the context, or why that cannot be told.
///
/// A directory gives its content; several sources or a slash at the end make `dest` a directory; a file goes into
/// `dest` when that is a directory already (`dest_is_dir`); wildcards may match nothing, plain names must be there.
pub fn resolve(
    context: &BuildContext,
    sources: &[&str],
    dest: &str,
    workdir: &str,
    flags: &CopyFlags,
    dest_is_dir: &dyn Fn(&str) -> Option<bool>,
) -> Result<Vec<Copied>, String> {
    if let Some(variable) = sources.iter().chain([&dest]).find(|path| path.contains('$')) {
        return Err(format!("`{variable}` has a variable without a value"));
    }
    let target = join(workdir, dest);
    let directory = into_directory(sources, dest);
    let excludes = super::dockerignore::Patterns::parse(&flags.excludes.join("\n"))?;
    let mut copied: BTreeMap<String, String> = BTreeMap::new();
    for source in sources {
        if source.contains("://") || source.starts_with("git@") {
            return Err(format!("`{source}` comes from the network"));
        }
        // `..` cannot leave the context.
        let wanted = clean(&format!("/{source}"));
        let wanted = wanted.get(1..).unwrap_or("");
        let found: Vec<String> = if wanted.is_empty() {
            vec![String::new()]
        } else if context.is_file(wanted) || context.is_dir(wanted) {
            vec![wanted.to_string()]
        } else if glob::has_wildcard(wanted) {
            context.glob(wanted)
        } else {
            return Err(match context.complete {
                true => format!("`{source}` is not in the build context"),
                false => format!("`{source}` is not in the listed part of the build context"),
            });
        };
        for path in found {
            place(context, &path, &target, directory, source, flags, &excludes, dest_is_dir, &mut copied)?;
        }
    }
    Ok(copied.into_iter().map(|(to, from)| Copied { from, to }).collect())
}

/// Puts one matched source at its place. `--parents` keeps its directories, up to a `/./` in the source.
#[allow(clippy::too_many_arguments)]
fn place(
    context: &BuildContext,
    path: &str,
    target: &str,
    directory: bool,
    source: &str,
    flags: &CopyFlags,
    excludes: &super::dockerignore::Patterns,
    dest_is_dir: &dyn Fn(&str) -> Option<bool>,
    copied: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let at = |rest: &str| clean(&[target, "/", rest].concat());
    let kept = |path: &str| match source.split_once("/./") {
        Some((pivot, _)) => path.strip_prefix(clean(pivot).trim_start_matches('/')).unwrap_or(path).to_string(),
        None => path.to_string(),
    };
    if context.is_file(path) {
        if context.files.get(path).is_some_and(|file| file.symlink) {
            return Err(format!("`{path}` is a symbolic link"));
        }
        if excludes.excludes_path(path) {
            return Ok(());
        }
        let to = if flags.parents {
            at(&kept(path))
        } else if directory || dest_is_dir(target).ok_or_else(|| format!("whether `{target}` is a directory"))? {
            at(path.rsplit('/').next().unwrap_or(path))
        } else {
            target.to_string()
        };
        copied.insert(to, path.to_string());
        return Ok(());
    }
    let below = if path.is_empty() { String::new() } else { format!("{path}/") };
    for (file, _) in context.under(path) {
        let rest = file.strip_prefix(&below).unwrap_or(file);
        if excludes.excludes_path(rest) || excludes.excludes_path(file) {
            continue;
        }
        let to = if flags.parents { at(&kept(file)) } else { at(rest) };
        copied.insert(to, file.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> BuildContext {
        BuildContext::in_memory(&[
            ("go.mod", "module x\n"),
            ("main.go", ""),
            ("cmd/a/main.go", ""),
            ("cmd/b/main.go", ""),
            ("docs/readme.md", ""),
            ("conf.d/app.yaml", ""),
        ])
    }

    fn check(sources: &[&str], dest: &str, workdir: &str, want: &[&str]) {
        let context = context();
        let mut tree = ImageTree::new(&context);
        let copied = tree.copy(sources, dest, workdir, &CopyFlags::default()).unwrap();
        let got: Vec<String> = copied.iter().map(|file| format!("{} {}", file.from, file.to)).collect();
        assert_eq!(got, want, "COPY {sources:?} {dest} in {workdir}");
    }

    #[test]
    fn copy_places_files_as_docker_does() {
        check(&["go.mod", "main.go"], "./", "/src", &["go.mod /src/go.mod", "main.go /src/main.go"]);
        check(&["main.go"], "/app", "/", &["main.go /app"]);
        check(&["main.go"], "/app/", "/", &["main.go /app/main.go"]);
        check(&["main.go"], ".", "/app", &["main.go /app/main.go"]);
        check(&["main.go"], "/usr/local/bin", "/", &["main.go /usr/local/bin/main.go"]);
        check(&["cmd"], "tools", "/app", &["cmd/a/main.go /app/tools/a/main.go", "cmd/b/main.go /app/tools/b/main.go"]);
        check(&["cmd/a", "docs/"], "/x/", "/", &["cmd/a/main.go /x/main.go", "docs/readme.md /x/readme.md"]);
        check(&["go.*", "go.su[m]"], "./", "/a", &["go.mod /a/go.mod"]);
        check(&["cmd/*"], "/x/", "/", &["cmd/b/main.go /x/main.go"]);
        check(&["../main.go"], "/x/", "/", &["main.go /x/main.go"]);
        check(&["/docs"], "/x", "/", &["docs/readme.md /x/readme.md"]);
    }

    #[test]
    fn what_cannot_be_told_is_a_gap() {
        let context = context();
        let mut tree = ImageTree::new(&context);
        for (sources, dest) in [(["nope"], "/x"), (["https://a/b"], "/x"), (["${A}"], "/x"), (["main.go"], "/usr/x/y")]
        {
            assert!(tree.copy(&sources, dest, "/", &CopyFlags::default()).is_err(), "{sources:?}");
        }
        assert_eq!(tree.gaps.len(), 4);
    }

    #[test]
    fn flags_choose_files_and_keep_directories() {
        let context = context();
        let mut tree = ImageTree::new(&context);
        let flags = CopyFlags { parents: true, excludes: vec!["**/b".into()] };
        let copied = tree.copy(&["cmd/*/main.go", "conf.d/./app.yaml"], "/p/", "/", &flags).unwrap();
        let got: Vec<&str> = copied.iter().map(|file| file.to.as_str()).collect();
        assert_eq!(got, ["/p/app.yaml", "/p/cmd/a/main.go"]);
    }

    #[test]
    fn the_tree_follows_simple_commands() {
        let context = context();
        let mut tree = ImageTree::at(&context, "/src");
        assert_eq!(tree.read("/src/go.mod").as_deref(), Some("module x\n"));
        assert_eq!(tree.is_dir("/src/cmd"), Some(true));
        assert_eq!(tree.is_dir("/app"), Some(false));
        assert_eq!(tree.is_dir("/usr/lib/x"), None);
        assert!(tree.duplicate("/src/cmd", "/cmd2"));
        assert!(tree.is_file("/cmd2/a/main.go"));
        tree.remove("/src/cmd");
        assert!(!tree.is_file("/src/cmd/a/main.go"));
        assert_eq!(tree.files_in("/src").map(|(name, _)| name).collect::<Vec<_>>(), ["go.mod", "main.go"]);
        assert_eq!(tree.dirs_under("/cmd2"), ["/cmd2", "/cmd2/a", "/cmd2/b"]);
        assert_eq!(tree.shown("/cmd2/a/main.go"), "cmd/a/main.go");
    }
}
