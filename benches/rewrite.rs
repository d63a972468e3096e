//! The rewriter: a file without its context, and one with a context of 1,000 files (800 of them Go, 5 MB, all of them part
//! of the program), on disk as users have it.

#![allow(clippy::expect_used)]

use std::fmt::Write as _;
use std::path::Path;

use unladen::cli::context;
use unladen::context::BuildContext;
use unladen::model::{self, ModelOptions};
use unladen::rewrite;
use unladen::settings::RewriteOptions;
use unladen::syntax;
use unladen::text::SourceFile;

// The allocator of the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DOCKERFILE: &str = "FROM golang:1.22-bookworm\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n\
    RUN go build -o /usr/local/bin/server ./cmd/server\nEXPOSE 8080\nCMD [\"/usr/local/bin/server\"]\n";

fn main() {
    divan::main();
}

fn plan(context: Option<&BuildContext>) -> bool {
    let source = SourceFile::new("Dockerfile", DOCKERFILE);
    let file = syntax::parse(&source);
    let model = model::build(&source, &file, &ModelOptions::default());
    rewrite::plan(&source, &file, &model, context, &RewriteOptions::default()).is_ok()
}

#[divan::bench]
fn without_context() {
    assert!(plan(None));
}

#[divan::bench(sample_count = 20)]
fn a_thousand_files(bencher: divan::Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a directory for the context");
    lay_out(dir.path());
    let dockerfile = dir.path().join("Dockerfile");
    bencher.bench(|| {
        let context = context::load(&dockerfile, dir.path()).expect("the context");
        assert!(context.files.len() > 990 && plan(Some(&context)));
    });
}

#[divan::bench(sample_count = 20)]
fn listing_a_thousand_files(bencher: divan::Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a directory for the context");
    lay_out(dir.path());
    let dockerfile = dir.path().join("Dockerfile");
    bencher.bench(|| context::load(&dockerfile, dir.path()).expect("the context"));
}

/// 100 packages of 8 files, each of about 6 kB, and 200 files that are no source.
fn lay_out(root: &Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(root)).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    write("Dockerfile", DOCKERFILE);
    write("go.mod", "module example.test/app\n\ngo 1.22\n");
    write("go.sum", "");
    let mut main = String::from("package main\n\nimport (\n\t\"net/http\"\n");
    for package in 0..100 {
        writeln!(main, "\t_ \"example.test/app/internal/p{package}\"").expect("text");
        for file in 0..8 {
            write(&format!("internal/p{package}/file{file}.go"), &source(package, file));
        }
    }
    main.push_str(")\n\nfunc main() { http.ListenAndServe(\":8080\", http.FileServer(http.Dir(\"web\"))) }\n");
    write("cmd/server/main.go", &main);
    for asset in 0..200 {
        write(&format!("web/page{asset}.html"), "<p>a page</p>\n");
    }
}

fn source(package: u32, file: u32) -> String {
    let mut text = format!(
        "// Package p{package} is one of many.\npackage p{package}\n\nimport (\n\t\"encoding/json\"\n\t\"errors\"\n\t\"fmt\"\n\t\"net/http\"\n\t\"strings\"\n)\n\n"
    );
    for item in 0..14 {
        write!(
            text,
            "// Handler{file}{item} answers a request for one item, and says what is wrong with it if there is anything.\n\
             func Handler{file}{item}(w http.ResponseWriter, r *http.Request) error {{\n\
             \tname := strings.TrimSpace(r.URL.Query().Get(\"name\"))\n\
             \tif name == \"\" {{\n\t\treturn errors.New(\"the name is missing\")\n\t}}\n\
             \tanswer := map[string]any{{\"name\": name, \"count\": {item}, \"path\": \"/items/{item}\"}}\n\
             \tif err := json.NewEncoder(w).Encode(answer); err != nil {{\n\t\treturn fmt.Errorf(\"encode %s: %w\", name, err)\n\t}}\n\
             \treturn nil\n}}\n\n"
        )
        .expect("text");
    }
    text
}
