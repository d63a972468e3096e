//! The build context: which files `COPY . .` brings, after `.dockerignore`, and what is in them.
//!
//! Nothing here touches the disk: `cli` lists the files and gives a function that reads one.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A build context as Docker would send it.
pub struct BuildContext {
    /// Where it stands on disk, for messages; empty in tests.
    pub root: PathBuf,
    /// Path inside the context with `/`, no leading `/` -> the file. Only what `.dockerignore` lets through.
    pub files: BTreeMap<String, ContextFile>,
    /// Paths that `.dockerignore` hides. A directory hidden whole stands here once, with a trailing `/`.
    pub ignored: Vec<String>,
    reader: Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>,
}

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
        reader: Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>,
    ) -> BuildContext {
        BuildContext { root, files, ignored, reader }
    }

    /// The text of a file that is in the context; `None` when it is not there or cannot be read.
    /// Bytes that are not UTF-8 are replaced.
    pub fn read(&self, path: &str) -> Option<String> {
        self.files.get(path)?;
        let bytes = (self.reader)(path)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
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
        BuildContext::new(PathBuf::new(), listed, Vec::new(), Box::new(move |path| contents.get(path).cloned()))
    }
}

impl std::fmt::Debug for BuildContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildContext").field("root", &self.root).field("files", &self.files.len()).finish()
    }
}
