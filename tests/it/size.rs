//! `unladen size` and the limit of `check`, as their users run them.

use std::path::Path;
use std::process::Command;

const DOCKERFILE: &str = "FROM golang:1.26.8-bookworm\nWORKDIR /app\nRUN apt-get update && apt-get install -y imagemagick\n\
    COPY . .\nRUN go build -o server .\nCMD [\"./server\"]\n";

/// A directory with a Go program and this Dockerfile.
fn place(dockerfile: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("Dockerfile", dockerfile),
        ("main.go", "package main\n\nfunc main() {}\n"),
        ("go.mod", "module x\n\ngo 1.22\n"),
    ];
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// Exit code, standard output and standard error.
fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unladen"));
    for name in ["CI", "NO_COLOR", "CLICOLOR_FORCE", "DOCKER_HOST"] {
        command.env_remove(name);
    }
    let done = command.current_dir(dir).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn every_instruction_has_its_bytes_and_the_ways_out_theirs() {
    let dir = place(DOCKERFILE);
    let (code, said, _) = run(dir.path(), &["size", "--fleet", "18", "--deploys", "5"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(said);
}

#[test]
fn json_says_the_same_for_programs() {
    let dir = place(DOCKERFILE);
    let (code, said, _) = run(dir.path(), &["size", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &json["version"]), (0, &serde_json::json!(1)));
    let layers = json["stages"][0]["layers"].as_array().unwrap();
    let sum: u64 = layers.iter().map(|layer| layer["size"]["likely"].as_u64().unwrap()).sum();
    assert_eq!(json["image"]["likely"].as_u64(), Some(sum));
    assert_eq!(layers[0]["size"]["likely"], 833_490_000);
    let ways: Vec<&str> = json["after"].as_array().unwrap().iter().map(|way| way["way"].as_str().unwrap()).collect();
    assert_eq!(ways, ["safe_fixes", "all_fixes", "rewrite"]);
    for way in json["after"].as_array().unwrap() {
        let after = way["image"]["likely"].as_u64().unwrap();
        assert_eq!(way["saves"].as_u64().unwrap() + after, sum);
    }
}

#[test]
fn the_context_is_counted_whatever_is_built() {
    let dir = place("FROM debian:bookworm-slim\nCOPY main.go /\nCMD [\"sh\"]\n");
    for args in [&["size", "--format", "json"][..], &["size", "--format", "json", "--context", "."]] {
        let (code, said, _) = run(dir.path(), args);
        let json: serde_json::Value = serde_json::from_str(&said).unwrap();
        let layer = &json["stages"][0]["layers"][1];
        assert_eq!((code, &layer["size"]["likely"]), (0, &serde_json::json!(29)), "{said}");
    }
}

#[test]
fn the_page_needs_nothing_beside_itself() {
    let dir = place(&DOCKERFILE.replace("./server", "./<server>&"));
    let (code, ..) = run(dir.path(), &["size", "--html", "size.html"]);
    assert_eq!(code, 0);
    let page = std::fs::read_to_string(dir.path().join("size.html")).unwrap();
    for outside in ["http:", "https:", "<script", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("<h1>") && page.contains("COPY . .") && page.ends_with("</html>\n"));
    assert!(!page.contains("<server>"));
    // As many rows as instructions that bring something, on both sides.
    assert!(page.matches("<summary>").count() >= 8, "{page}");
}

#[test]
fn a_limit_fails_and_says_what_helps() {
    let dir = place(DOCKERFILE);
    let (code, said, _) = run(dir.path(), &["check", "--max-size", "50MB", "-q"]);
    assert_eq!(code, 1);
    assert!(said.contains("above the limit of 50 MB; unladen rewrite brings it to"), "{said}");
    let (code, ..) = run(dir.path(), &["check", "--max-size", "5GB", "-q", "--fail-on", "none"]);
    assert_eq!(code, 0);
    let (code, _, error) = run(dir.path(), &["check", "--max-size", "fifty"]);
    assert_eq!((code, error.as_str()), (2, "error: --max-size: `fifty` is no size; write it as 50MB or 1.2GB\n"));
    assert_eq!(run(dir.path(), &["size", "--max-size", "50MB"]).0, 1);
    // What cannot be built has no size.
    std::fs::write(dir.path().join("broken"), "FROM debian:12\nCOPY\n").unwrap();
    let (code, said, error) = run(dir.path(), &["size", "broken"]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(error.contains("broken:2:1: COPY needs"), "{error}");
}

#[test]
fn a_limit_may_hold_for_one_target() {
    let dir =
        place("FROM debian:bookworm-slim AS web\nCMD [\"sh\"]\nFROM debian:bookworm-slim AS small\nCMD [\"sh\"]\n");
    std::fs::write(dir.path().join(".unladen.yaml"), "select: []\nmax-size: 1GB\nmax-sizes: {web: 50MB}\n").unwrap();
    let code = |target: &str| run(dir.path(), &["check", "--target", target]).0;
    assert_eq!((code("web"), code("small")), (1, 0));
}

#[test]
fn the_tables_say_how_old_they_are() {
    let dir = place(DOCKERFILE);
    let (code, said, _) = run(dir.path(), &["size", "--tables"]);
    assert_eq!(code, 0);
    for name in ["base_sizes.tsv", "deb_packages.tsv", "leftovers.tsv"] {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.contains("2026-"), "{line}");
    }
}

#[test]
fn a_file_that_is_not_there_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, error) = run(dir.path(), &["size"]);
    assert_eq!(code, 2);
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_limit_that_cannot_be_checked_is_said_to_be_so() {
    let dir = place("FROM example.com/nobody/app:1\nRUN ./build.sh\nCMD [\"x\"]\n");
    for command in ["size", "check"] {
        let (code, said, _) = run(dir.path(), &[command, "--max-size", "20MB", "Dockerfile"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("the limit of 20 MB is not checked"), "{said}");
    }
    let dir = place("FROM alpine:3.20\nRUN apk add --no-cache build-base && ./build.sh\nCMD [\"x\"]\n");
    let (code, said, _) = run(dir.path(), &["check", "--max-size", "20MB", "Dockerfile"]);
    assert_eq!(code, 1);
    assert!(said.contains("the image likely weighs more than 2"), "{said}");
}
