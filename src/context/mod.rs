//! The build context: which files `COPY . .` brings, after `.dockerignore`, and what is in them.
//!
//! Nothing here touches the disk: `cli` lists the files and gives a function that reads one.

pub mod dockerignore;
pub mod glob;
pub mod tree;

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

/// Reads one file of the context by its path.
pub type Reader = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// What a reader made of a file.
type Parsed = Arc<dyn Any + Send + Sync>;

/// The files of a Go module by its path and version, `None` where they are not at hand.
pub type ModuleSource = Box<dyn Fn(&str, &str) -> Option<Arc<BuildContext>> + Send + Sync>;

/// A build context as Docker would send it.
pub struct BuildContext {
    /// Where it stands on disk, for messages; empty in tests.
    pub root: PathBuf,
    /// The same as an absolute path with `/`, `/` in tests.
    pub place: String,
    /// How many directories above it belong to the same repository, at most.
    pub above: usize,
    /// Path inside the context with `/`, no leading `/` -> the file. Only what `.dockerignore` lets through.
    pub files: BTreeMap<String, ContextFile>,
    /// Paths that `.dockerignore` hides. A directory hidden whole stands here once, with a trailing `/`.
    pub ignored: Vec<String>,
    /// Where symbolic links lead, as they say it.
    pub links: BTreeMap<String, String>,
    /// What `.dockerignore` says.
    pub ignore: dockerignore::Patterns,
    /// The list of files is whole; false when listing stopped at its limit or a directory could not be read.
    pub complete: bool,
    reader: Reader,
    /// Sources outside the context that the user lets be read; `None`: nothing outside is.
    pub modules: Option<ModuleSource>,
    /// What later layers made of files, by what they make and path; see `parsed`.
    parsed: Mutex<HashMap<TypeId, HashMap<String, Parsed>>>,
    texts: Mutex<Texts>,
    git: OnceLock<u64>,
    /// Adds up what is inside `.git`.
    git_reader: Option<Box<dyn Fn() -> u64 + Send + Sync>>,
}

/// The texts of files that were read, up to `MOST_TEXT` bytes of them.
#[derive(Default)]
struct Texts {
    known: HashMap<String, Arc<String>>,
    bytes: usize,
}

const MOST_TEXT: usize = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextFile {
    /// Bytes.
    pub size: u64,
    pub executable: bool,
    pub symlink: bool,
}

impl BuildContext {
    pub fn new(
        root: PathBuf,
        files: BTreeMap<String, ContextFile>,
        ignored: Vec<String>,
        reader: Reader,
    ) -> BuildContext {
        BuildContext {
            root,
            place: "/".into(),
            above: 0,
            files,
            ignored,
            links: BTreeMap::new(),
            ignore: dockerignore::Patterns::default(),
            complete: true,
            reader,
            modules: None,
            parsed: Mutex::default(),
            texts: Mutex::default(),
            git: OnceLock::new(),
            git_reader: None,
        }
    }

    /// The text of a file that is in the context; `None` when it is not there or cannot be read.
    /// Bytes that are not UTF-8 are replaced.
    pub fn read(&self, path: &str) -> Option<String> {
        self.files.get(path)?;
        let bytes = (self.reader)(path)?;
        Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The text of a file that `.dockerignore` may hide: no COPY brings it, yet it says how the image is used.
    pub fn read_beside(&self, path: &str) -> Option<String> {
        let hides = |entry: &String| entry == path || entry.ends_with('/') && path.starts_with(entry.as_str());
        if !self.files.contains_key(path) && !self.ignored.iter().any(hides) {
            return None;
        }
        Some(String::from_utf8_lossy(&(self.reader)(path)?).into_owned())
    }

    /// The text of a file in a directory above the context, so many levels up.
    pub fn read_above(&self, levels: usize, path: &str) -> Option<String> {
        let bytes = (self.reader)(&format!("{}{path}", "../".repeat(levels)))?;
        (levels <= self.above).then(|| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same for a source that is read again soon: by the size model, by the rewriter, and by its look at what of it
    /// is reached.
    pub fn text(&self, path: &str) -> Option<Arc<String>> {
        let known = self.texts.lock().ok().and_then(|texts| texts.known.get(path).cloned());
        if known.is_some() {
            return known;
        }
        let text = Arc::new(self.read(path)?);
        if let Ok(mut texts) = self.texts.lock()
            && texts.bytes + text.len() <= MOST_TEXT
        {
            texts.bytes += text.len();
            texts.known.insert(path.to_string(), text.clone());
        }
        Some(text)
    }

    /// Drops what `text` keeps: a Dockerfile is done with.
    pub fn forget_texts(&self) {
        if let Ok(mut texts) = self.texts.lock() {
            *texts = Texts::default();
        }
    }

    /// What `parse` makes of the text of a file. It is made once: several rules and the rewriter read the same sources,
    /// and so do the Dockerfiles of one context.
    pub fn parsed<T: Any + Send + Sync>(&self, path: &str, parse: fn(&str) -> T) -> Option<Arc<T>> {
        let kind = TypeId::of::<T>();
        let known = self.parsed.lock().ok().and_then(|known| known.get(&kind)?.get(path).cloned());
        if let Some(Ok(known)) = known.map(|known| known.downcast::<T>()) {
            return Some(known);
        }
        let made = Arc::new(parse(&self.text(path)?));
        if let Ok(mut known) = self.parsed.lock() {
            known.entry(kind).or_default().insert(path.to_string(), made.clone());
        }
        Some(made)
    }

    /// Says how to add up the bytes inside `.git`, which is listed as `.git/HEAD` alone.
    pub fn with_git(mut self, reader: Box<dyn Fn() -> u64 + Send + Sync>) -> BuildContext {
        self.git_reader = Some(reader);
        self
    }

    /// Bytes of all files inside `.git`, added up when somebody asks; 0 when it is not in the context.
    pub fn git_bytes(&self) -> u64 {
        if !self.is_file(".git/HEAD") {
            return 0;
        }
        *self.git.get_or_init(|| self.git_reader.as_ref().map_or(0, |reader| reader()))
    }

    pub fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The path that a symbolic link stands for in the end, within the context: BuildKit follows one that COPY names, and
    /// takes the context for the root. `None` where that is not listed; any other path stands for itself.
    pub fn followed(&self, path: &str) -> Option<String> {
        let mut path = path.to_string();
        for _ in 0..40 {
            if !self.files.get(&path).is_some_and(|file| file.symlink) {
                return (self.is_file(&path) || self.is_dir(&path)).then_some(path);
            }
            let to = self.links.get(&path)?;
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            path = tree::join(&format!("/{directory}"), to).trim_start_matches('/').to_string();
        }
        None
    }

    /// A directory with at least one file in it; "" is the context itself.
    pub fn is_dir(&self, path: &str) -> bool {
        path.is_empty() || self.under(path).next().is_some()
    }

    /// The files below a directory, at any depth, in order; "" and "." stand for the whole context.
    pub fn under(&self, dir: &str) -> impl Iterator<Item = (&str, &ContextFile)> {
        let dir = dir.trim_start_matches("./").trim_matches('/');
        let below = if dir.is_empty() || dir == "." { String::new() } else { format!("{dir}/") };
        let end = below.clone();
        self.files
            .range(below..)
            .take_while(move |(path, _)| path.starts_with(&end))
            .map(|(path, file)| (path.as_str(), file))
    }

    /// Files and directories whose path matches the pattern, each element by itself, in order.
    pub fn glob(&self, pattern: &str) -> Vec<String> {
        let pattern = pattern.trim_start_matches("./").trim_matches('/');
        let depth = pattern.split('/').count();
        let plain = pattern.find(['*', '?', '[', '\\']).unwrap_or(pattern.len());
        let start = pattern.get(..plain).unwrap_or("");
        let mut found: Vec<String> = Vec::new();
        for path in self.files.range(start.to_string()..).map(|(path, _)| path) {
            if !path.starts_with(start) {
                break;
            }
            let end = path.match_indices('/').nth(depth - 1).map_or(path.len(), |(at, _)| at);
            let Some(head) = path.get(..end).filter(|head| head.split('/').count() == depth) else { continue };
            if found.last().is_none_or(|last| last != head) && glob::matches(pattern, head) {
                found.push(head.to_string());
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// A context held in memory, for tests: path and content of each file.
    pub fn in_memory(files: &[(&str, &str)]) -> BuildContext {
        let contents: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect();
        let listed = contents
            .iter()
            .map(|(path, bytes)| {
                let file =
                    ContextFile { size: bytes.len() as u64, executable: bytes.starts_with(b"#!"), symlink: false };
                (path.clone(), file)
            })
            .collect();
        let ignore = contents.get(".dockerignore").map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let reader: Reader = Box::new(move |path| contents.get(path).cloned());
        let mut context = BuildContext::new(PathBuf::new(), listed, Vec::new(), reader);
        context.ignore = ignore.and_then(|text| dockerignore::Patterns::parse(&text).ok()).unwrap_or_default();
        context
    }
}

impl std::fmt::Debug for BuildContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildContext").field("root", &self.root).field("files", &self.files.len()).finish()
    }
}
