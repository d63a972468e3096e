//! The parser on whole files: the corpus, BuildKit's own cases, and snapshots of fixtures/parse.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of handed-out material, where it is there.
pub fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("UNLADEN_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there (set UNLADEN_SHARED)", folder.display());
    None
}

pub fn json_lines(path: &Path) -> Option<Vec<Value>> {
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Id and text of every Dockerfile of the corpus.
pub fn corpus_files() -> Option<Vec<(String, Vec<u8>)>> {
    let rows = json_lines(&shared()?.join("corpus/dockerfiles.jsonl.gz"))?;
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_string();
    Some(rows.iter().map(|row| (field(row, "id"), field(row, "text").into_bytes())).collect())
}
