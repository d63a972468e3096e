//! The Dockerfiles that benches read: the corpus under ../shared (or UNLADEN_SHARED), else those under fixtures/.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use unladen::text::SourceFile;

pub static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
    let mut texts = corpus().unwrap_or_default();
    if texts.is_empty() {
        fixtures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut texts);
    }
    texts.into_iter().map(|text| SourceFile::new("Dockerfile", text)).collect()
});

fn corpus() -> Option<Vec<String>> {
    let shared = std::env::var_os("UNLADEN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = std::fs::File::open(shared.join("corpus/dockerfiles.jsonl.gz")).ok()?;
    let mut lines = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut lines).ok()?;
    let text = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["text"].as_str().map(str::to_string);
    lines.lines().map(text).collect()
}

fn fixtures(folder: &Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            fixtures(&path, texts);
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains("Dockerfile")) {
            texts.extend(std::fs::read_to_string(path));
        }
    }
}
