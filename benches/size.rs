//! What the size model costs: over the corpus, for its dearest file, for what a file may need of the tables, and for
//! putting prices on findings.

#[path = "common/corpus.rs"]
mod corpus;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use unladen::lint::{self, Checked};
use unladen::settings::{Settings, SizeOptions};
use unladen::size;
use unladen::text::SourceFile;

// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

static CHECKED: LazyLock<Vec<Checked>> =
    LazyLock::new(|| corpus::FILES.iter().map(|file| lint::check(file.clone(), None, &Settings::default())).collect());

fn main() {
    divan::main();
}

fn model(checked: &Checked) -> size::ImageSize {
    size::image(&checked.source, &checked.dockerfile, &checked.model, None, &SizeOptions::default())
}

fn prices(checked: &Checked) {
    for diagnostic in &checked.diagnostics {
        black_box(size::price(&checked.dockerfile, &checked.model, &checked.size, diagnostic));
    }
    black_box(size::savings(&checked.dockerfile, &checked.model, &checked.size, &checked.diagnostics));
}

#[divan::bench(sample_count = 20)]
fn whole_corpus(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(CHECKED.len()))
        .bench(|| CHECKED.iter().for_each(|file| _ = black_box(model(file))));
}

#[divan::bench(sample_count = 20)]
fn whole_corpus_prices(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(CHECKED.len())).bench(|| CHECKED.iter().for_each(prices));
}

/// The file of the corpus for which it takes longest, by the best of five.
#[divan::bench]
fn dearest_file(bencher: Bencher<'_, '_>) {
    let best = |file: &Checked| {
        let once = || {
            let start = Instant::now();
            black_box(model(file));
            start.elapsed()
        };
        (0..5).map(|_| once()).min().unwrap_or(Duration::ZERO)
    };
    let Some(dearest) = CHECKED.iter().max_by_key(|file| best(file)) else { return };
    bencher.bench(|| model(dearest));
}

/// A table is looked into where a file asks for it, and not before.
const FILES: &[(&str, &str)] = &[
    ("scratch", "FROM scratch\nCOPY a /a\n"),
    ("base", "FROM debian:12-slim\n"),
    ("unknown base", "FROM example.com/nobody/app:1\n"),
    ("apt", "FROM debian:12-slim\nRUN apt-get update && apt-get install -y curl\n"),
    ("go", "FROM golang:1.22\nCOPY . .\nRUN go build -o /app .\n"),
];

#[divan::bench(args = FILES.iter().map(|(name, _)| *name))]
fn one_file(bencher: Bencher<'_, '_>, name: &str) {
    let text = FILES.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    let checked = lint::check(SourceFile::new("Dockerfile", text), None, &Settings::default());
    bencher.bench(|| model(&checked));
}
