//! The user's own Go module cache: where it is, and the sources of one module in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context::read;
use crate::context::{BuildContext, ContextFile, ModuleSource};

/// As the go command looks for it: GOMODCACHE, the first GOPATH, `go` in the home directory.
pub(super) fn directory() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(dir) = set("GOMODCACHE") {
        return Some(dir.into());
    }
    let gopath = set("GOPATH").and_then(|list| std::env::split_paths(&list).next());
    let gopath = gopath.or_else(|| set("HOME").map(|home| Path::new(&home).join("go")))?;
    Some(gopath.join("pkg/mod"))
}

/// Modules of the cache at `root`; each is listed when it is asked for.
pub(super) fn source(root: PathBuf) -> ModuleSource {
    Box::new(move |path, version| {
        let dir = root.join(format!("{}@{}", escaped(path), escaped(version)));
        // What is no plain path would lead elsewhere.
        let plain =
            [path, version].iter().all(|text| !text.starts_with('/') && !text.split('/').any(|part| part == ".."));
        (plain && dir.is_dir()).then(|| Arc::new(list(dir)))
    })
}

/// `!b` stands for `B`, for file systems that do not tell letters apart.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The files that a build of the module's packages may read.
fn list(root: PathBuf) -> BuildContext {
    const SOURCES: [&str; 4] = ["go", "c", "cc", "cpp"];
    let mut files = BTreeMap::new();
    let mut queue = vec![String::new()];
    while let Some(dir) = queue.pop() {
        let Ok(entries) = fs::read_dir(root.join(&dir)) else { continue };
        for entry in entries.flatten() {
            let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else { continue };
            let path = if dir.is_empty() { name.clone() } else { format!("{dir}/{name}") };
            if kind.is_dir() && name != "testdata" {
                queue.push(path);
            } else if kind.is_file() && SOURCES.contains(&name.rsplit('.').next().unwrap_or("")) {
                files.insert(path, ContextFile { size: 0, executable: false, symlink: false });
            }
        }
    }
    let top = root.clone();
    BuildContext::new(root, files, Vec::new(), Box::new(move |path| read(&top.join(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_under_its_escaped_path() {
        let dir = tempfile::tempdir().unwrap();
        let module = dir.path().join("github.com/!burnt!sushi/toml@v1.0.0-!r!c1");
        fs::create_dir_all(module.join("internal/testdata")).unwrap();
        for file in ["toml.go", "README.md", "internal/x.go", "internal/testdata/y.go", ".dockerignore"] {
            fs::write(module.join(file), "package x\n").unwrap();
        }
        let modules = source(dir.path().to_path_buf());
        let found = modules("github.com/BurntSushi/toml", "v1.0.0-RC1").unwrap();
        assert_eq!(found.files.keys().collect::<Vec<_>>(), ["internal/x.go", "toml.go"]);
        assert_eq!(found.read("toml.go").as_deref(), Some("package x\n"));
        assert!(modules("github.com/BurntSushi/toml", "v1.0.1").is_none());
        assert!(modules("../github.com/BurntSushi/toml", "v1.0.0-RC1").is_none());
    }
}
