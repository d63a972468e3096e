//! Parsing speed over the corpus in one thread, beside two other crates on the files that these accept.
//!
//! Without ../shared (or UNLADEN_SHARED) the Dockerfiles under fixtures/ are read instead.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use unladen::syntax;
use unladen::text::SourceFile;

// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
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

fn main() {
    divan::main();
}

fn run<T>(bencher: Bencher<'_, '_>, files: &[&SourceFile], parse: impl Fn(&SourceFile) -> T + Sync) {
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        for file in files {
            black_box(parse(black_box(file)));
        }
    });
}

fn all() -> Vec<&'static SourceFile> {
    FILES.iter().collect()
}

fn accepted_by_dockerfile_parser() -> Vec<&'static SourceFile> {
    FILES.iter().filter(|file| dockerfile_parser::Dockerfile::parse(&file.text).is_ok()).collect()
}

#[divan::bench]
fn whole_corpus_unladen(bencher: Bencher<'_, '_>) {
    run(bencher, &all(), syntax::parse);
}

#[divan::bench]
fn accepted_by_dockerfile_parser_unladen(bencher: Bencher<'_, '_>) {
    run(bencher, &accepted_by_dockerfile_parser(), syntax::parse);
}

#[divan::bench(sample_count = 10)]
fn accepted_by_dockerfile_parser_itself(bencher: Bencher<'_, '_>) {
    run(bencher, &accepted_by_dockerfile_parser(), |file| dockerfile_parser::Dockerfile::parse(&file.text).is_ok());
}

#[divan::bench]
fn whole_corpus_parse_dockerfile(bencher: Bencher<'_, '_>) {
    run(bencher, &all(), |file| parse_dockerfile::parse(&file.text).is_ok());
}
