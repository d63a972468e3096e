//! Parsing speed over the corpus in one thread, beside two other crates on the files that these accept.

#[path = "common/corpus.rs"]
mod corpus;

use corpus::FILES;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use unladen::syntax;
use unladen::text::SourceFile;

// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
