//! `unladen size --registry`: against a server that answers as told, and against a real registry where there is one.

#[cfg(feature = "online")]
mod fake;
#[cfg(feature = "online")]
mod real;

use std::path::Path;
use std::process::Command;

/// Exit code, standard output and standard error; nothing of the user's docker is seen.
fn run(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unladen"));
    for name in ["CI", "NO_COLOR", "CLICOLOR_FORCE", "DOCKER_HOST", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command.env("DOCKER_CONFIG", dir.join("docker")).envs(variables.iter().copied());
    let done = command.current_dir(dir).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
}

fn place(dockerfile: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Dockerfile"), dockerfile).unwrap();
    dir
}

const LOCK: &str = r#"{"version": 1, "images": {"docker.io/library/debian:12-slim": {
  "date": "2026-11-20", "digest": "sha256:1", "platforms": ["linux/amd64", "linux/arm64"],
  "sizes": {"linux/amd64": {"digest": "sha256:2", "compressed": 28200000, "unpacked": 77800000},
            "linux/arm64": {"digest": "sha256:3", "compressed": 28000000}}}}}"#;

#[test]
fn a_lock_file_is_read_by_size_and_check_without_any_network() {
    let dir = place("FROM docker.io/debian:12-slim\nCMD [\"true\"]\n");
    std::fs::create_dir(dir.path().join("app")).unwrap();
    std::fs::write(dir.path().join(".unladen.lock.json"), LOCK).unwrap();
    std::fs::write(dir.path().join("app/Dockerfile"), "FROM --platform=linux/arm64 debian:12-slim\nRUN true\n")
        .unwrap();
    let (code, said, error) = run(dir.path(), &["size"], &[]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(said.contains("28.2 MB compressed (measured, registry, 2026-11-20), on disk: 74 MB"), "{said}");
    let (_, said, _) = run(dir.path(), &["size", "app/Dockerfile"], &[]);
    assert!(said.contains("28.0 MB compressed (measured, registry, 2026-11-20)"), "{said}");
    let (_, said, _) = run(dir.path(), &["size", "--no-config"], &[]);
    assert!(!said.contains("registry"), "{said}");
    let (code, said, _) = run(dir.path(), &["check", "Dockerfile", "--format", "json", "--exit-zero"], &[]);
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, json["files"][0]["image"]["likely"].as_u64()), (0, Some(77_800_000 / 1000 * 955)));

    std::fs::write(dir.path().join(".unladen.lock.json"), "{\n  oops").unwrap();
    for command in ["size", "check", "rewrite"] {
        let (code, _, error) = run(dir.path(), &[command, "Dockerfile"], &[]);
        assert_eq!(code, 2, "{command}");
        assert!(error.contains(".unladen.lock.json:2:3: is no lock file: key must be a string"), "{command}: {error}");
    }
}

#[cfg(not(feature = "online"))]
#[test]
fn without_the_feature_the_flag_says_how_to_get_it() {
    let dir = place("FROM debian:12\n");
    let (code, said, error) = run(dir.path(), &["size", "--registry"], &[]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(error.contains("`cargo install unladen --features online`"), "{error}");
}
