//! The real binary, run as its users run it: exit codes, input, formats, bad input of all kinds.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

struct Said {
    code: i32,
    out: String,
    err: String,
}

/// A directory of its own with some files in it.
struct Place(TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (path, text) in files {
            place.write(path, text.as_bytes());
        }
        place
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }

    fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, b"", &[])
    }

    fn run_with(&self, args: &[&str], stdin: &[u8], variables: &[(&str, &str)]) -> Said {
        let mut child = command(self.0.path(), args)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A run that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn command(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unladen"));
    command.args(args).current_dir(directory).env_clear();
    command
}

const GOOD: &str = "FROM scratch\nCOPY a /a\nENTRYPOINT [\"/a\"]\n";
/// Half typed: a syntax error, and the rest is read.
const BROKEN: &str = "FROM scratch\nCOPPY a /a\nENTRYPOINT [\"/a\"]\n";

#[test]
fn the_exit_code_says_clean_findings_or_trouble() {
    let place = Place::new(&[("good/Dockerfile", GOOD), ("broken/Dockerfile", BROKEN), ("empty/readme.md", "")]);
    let cases: [(&[&str], i32); 12] = [
        (&["check", "good"], 0),
        (&["check", "broken"], 1),
        (&["check"], 1),
        (&["check", "broken", "--fail-on", "none"], 0),
        (&["check", "broken", "--fail-on", "error"], 1),
        (&["check", "broken", "--exit-zero"], 0),
        (&["check", "empty"], 2),
        (&["check", "nowhere", "good"], 2),
        (&["check", "nowhere", "--exit-zero"], 2),
        (&["check", "--no-such-flag"], 2),
        (&["--version"], 0),
        (&["--help"], 0),
    ];
    for (args, code) in cases {
        let said = place.run(args);
        assert_eq!(said.code, code, "{args:?}\n{}{}", said.out, said.err);
    }
}

#[test]
fn what_is_wrong_with_a_command_line_is_one_line_with_the_nearest_name() {
    let place = Place::new(&[("Dockerfile", GOOD), ("sub/readme.md", "")]);
    let cases: [(&[&str], &str); 18] = [
        (&["check", "Dockerfil"], "Dockerfil: no such file or directory; did you mean `Dockerfile`?"),
        (&["check", "sub"], "sub: no Dockerfiles in this directory"),
        (&["check", "--fromat", "json"], "unknown option `--fromat`; did you mean `--format`?"),
        (&["check", "--format", "jsn"], "--format: unknown value `jsn`; did you mean `json`?"),
        (&["check", "--format", "xml"], "--format: unknown value `xml`; use one of pretty, concise, json, hadolint"),
        (
            &["check", "--fail-on", "bad"],
            "--fail-on: unknown severity `bad`; use one of style, info, warning, error, none",
        ),
        (&["check", "--base", "tiny"], "--base: unknown base `tiny`; use one of auto, static, scratch, same-distro"),
        (&["check", "--fix=edit"], "--fix: unknown value `edit`; did you mean `edits`?"),
        (
            &["check", "--select", "no-such-rule-at-all"],
            "--select: unknown rule `no-such-rule-at-all`; `unladen rule` lists them",
        ),
        (
            &["check", "--ignore", "no-such-rule-at-all"],
            "--ignore: unknown rule `no-such-rule-at-all`; `unladen rule` lists them",
        ),
        (&["check", "--unsafe-fixes"], "--unsafe-fixes: add --fix to apply the fixes, or --diff to see them"),
        (&["check", "--diff", "--format", "json"], "--diff: cannot be used with --format"),
        (&["check", "--context", "nowhere"], "--context: `nowhere` is not a directory"),
        (&["check", "--config", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (&["chekc"], "unknown command `chekc`; did you mean `check`?"),
        (&["Dockerfile"], "unknown command `Dockerfile`; to check a file, use `unladen check Dockerfile`"),
        (&["rule", "no-such-rule-at-all"], "unknown rule `no-such-rule-at-all`; `unladen rule` lists them"),
        (&["rewrite", "Dockerfil"], "Dockerfil: no such file or directory; did you mean `Dockerfile`?"),
    ];
    for (args, line) in cases {
        let said = place.run(args);
        assert_eq!((said.code, said.err.as_str()), (2, format!("error: {line}\n").as_str()), "{args:?}");
        assert_eq!(said.out, "", "{args:?}");
    }
}

#[test]
fn directories_are_walked_as_people_lay_them_out() {
    let place = Place::new(&[
        ("Dockerfile", GOOD),
        ("b/Containerfile", GOOD),
        ("b/Dockerfile.prod", GOOD),
        ("b/app.Dockerfile", GOOD),
        ("b/app.dockerfile", GOOD),
        (".devcontainer/Dockerfile", GOOD),
        (".git/Dockerfile", BROKEN),
        (".gitignore", "ignored/\n"),
        ("ignored/Dockerfile", BROKEN),
        ("app.Dockerfile.dockerignore", "*"),
        ("Dockerfile.dockerignore", "*"),
        ("notes/Dockerfile/readme.md", "a directory of that name"),
        ("strange-name", BROKEN),
    ]);
    let said = place.run(&["check", "--format", "json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let paths: Vec<&str> =
        json["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    let expected = [
        ".devcontainer/Dockerfile",
        "Dockerfile",
        "b/Containerfile",
        "b/Dockerfile.prod",
        "b/app.Dockerfile",
        "b/app.dockerfile",
    ];
    assert_eq!(paths, expected);
    // What is named is read, whatever its name and whether git ignores it; twice named is read once.
    for path in ["strange-name", "ignored/Dockerfile", ".git/Dockerfile"] {
        let said = place.run(&["check", path, path, "--format", "concise"]);
        assert_eq!((said.code, said.out.lines().count()), (1, 1), "{path}: {}", said.out);
    }
}

#[test]
fn the_other_files_are_checked_when_one_cannot_be() {
    let place = Place::new(&[("a/Dockerfile", BROKEN), ("c/.unladen.yaml", "ignor: []\n"), ("c/Dockerfile", BROKEN)]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", place.path("Dockerfile")).unwrap();
    let said = place.run(&["check", "--format", "concise", ".", "missing"]);
    assert_eq!(said.code, 2);
    assert_eq!(said.out, "a/Dockerfile:2:1: error[syntax] unknown instruction COPPY, did you mean COPY?\n");
    let mut lines: Vec<&str> = said.err.lines().collect();
    lines.sort_unstable();
    let config = place.path("c/.unladen.yaml").canonicalize().unwrap();
    let expected = [
        #[cfg(unix)]
        "error: Dockerfile: no such file or directory".to_string(),
        format!("error: {}:1:1: unknown key `ignor`; did you mean `ignore`?", config.display()),
        "error: missing: no such file or directory".to_string(),
    ];
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn the_standard_input_is_a_file_too() {
    let place = Place::new(&[("sub/.unladen.yaml", "fail-on: none\n")]);
    let said = place.run_with(&["check", "-", "--format", "concise"], BROKEN.as_bytes(), &[]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, "-:2:1: error[syntax] unknown instruction COPPY, did you mean COPY?\n")
    );
    // The name given for it also says which configuration holds.
    let args = ["check", "-", "--stdin-filename", "sub/Dockerfile", "--format", "concise"];
    let said = place.run_with(&args, BROKEN.as_bytes(), &[]);
    assert_eq!(said.code, 0);
    assert!(said.out.starts_with("sub/Dockerfile:2:1: "), "{}", said.out);
}

#[test]
fn broken_files_are_checked_as_far_as_they_can_be_read() {
    let place = Place::new(&[]);
    let long = format!("FROM scratch\nLABEL a={}\nCOPPY\n", "x".repeat(1 << 20));
    let cases: [(&str, Vec<u8>); 9] = [
        ("empty", Vec::new()),
        ("newline", b"\n".to_vec()),
        ("comment", b"# only a comment".to_vec()),
        ("half", b"FROM scratch\nRUN --mount=type=".to_vec()),
        ("continued", b"FROM scratch\nRUN a \\".to_vec()),
        ("heredoc", b"FROM scratch\nRUN <<EOF\nabc".to_vec()),
        ("nul", b"FROM scratch\nRUN a\0b\n\0\0\n".to_vec()),
        ("invalid", b"FROM scratch\n# \xff\xfe\nRUN \xc3\x28\n".to_vec()),
        ("long", long.into_bytes()),
    ];
    for (name, bytes) in cases {
        place.write(name, &bytes);
        for format in ["pretty", "concise", "json", "hadolint"] {
            let said = place.run(&["check", name, "--format", format]);
            assert!(said.code < 2, "{name} {format}: {}{}", said.out, said.err);
            assert_eq!(said.err, "", "{name} {format}");
            if matches!(format, "pretty" | "concise") {
                let longest = said.out.lines().map(str::len).max().unwrap_or_default();
                assert!(longest < 2000, "{name} {format}: a line of {longest} bytes");
            } else {
                serde_json::from_str::<serde_json::Value>(&said.out).unwrap();
            }
        }
        let said = place.run(&["check", name, "--fix", "--unsafe-fixes"]);
        assert!(said.code < 2, "{name}: {}{}", said.out, said.err);
        let said = place.run(&["rewrite", name]);
        assert!(said.code < 2, "{name}: {}{}", said.out, said.err);
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new(&[]);
    place.write("Dockerfile", "COPPY\n".repeat(50_000).as_bytes());
    let mut child = command(place.0.path(), &["check", "--format", "concise"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.code().unwrap() < 2, "{:?}", output.status);
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let place = Place::new(&[("Dockerfile", BROKEN)]);
    let colored =
        |args: &[&str], variables: &[(&str, &str)]| place.run_with(args, b"", variables).out.contains('\u{1b}');
    assert!(!colored(&["check"], &[]));
    assert!(colored(&["check", "--color", "always"], &[]));
    assert!(colored(&["check"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["check"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["check", "--format", "json", "--color", "always"], &[]));
}

#[test]
fn every_command_has_its_help() {
    let place = Place::new(&[]);
    for args in [&["--help"][..], &["check", "--help"], &["rewrite", "--help"]] {
        let said = place.run(args);
        assert_eq!(said.code, 0);
        assert!(said.out.contains("Examples:"), "{args:?}");
        // What comes later is not promised now.
        assert!(
            !said.out.contains(" lsp") && !said.out.contains(" size ") && !said.out.contains(" fmt"),
            "{}",
            said.out
        );
    }
    assert_eq!(place.run(&["--version"]).out, format!("unladen {}\n", env!("CARGO_PKG_VERSION")));
    assert!(place.run(&["completions", "bash"]).out.contains("_unladen"));
}

/// A Go program whose single-stage Dockerfile can be rewritten.
fn go_project() -> Place {
    Place::new(&[
        ("go.mod", "module example.test/hello\n\ngo 1.24\n"),
        ("main.go", "package main\n\nfunc main() { println(\"hello\") }\n"),
        (
            "Dockerfile",
            "FROM golang:1.24\nWORKDIR /app\n# all of it\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /hello .\nCMD [\"/hello\"]\n",
        ),
    ])
}

#[test]
fn a_rewrite_is_the_same_as_plan_diff_json_and_file() {
    let place = go_project();
    let shown = place.run(&["rewrite"]);
    assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
    for part in
        ["Dockerfile becomes a multi-stage build", "Built", "Ships", "Base", "Rests on", "+FROM golang:1.24 AS build"]
    {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let json = place.run(&["rewrite", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let text = json["plan"]["text"].as_str().unwrap();
    assert_eq!((&json["version"], &json["path"], &json["written"]), (&1.into(), &"Dockerfile".into(), &false.into()));
    let diff = place.run(&["rewrite", "--diff"]);
    let before = place.read("Dockerfile");
    let piped = place.run_with(&["rewrite", "-", "--context", ".", "--write"], &before, &[]);
    assert_eq!(piped.out, text);
    assert_eq!(place.read("Dockerfile"), before, "nothing is written unless asked for");
    if let Ok(mut git) =
        Command::new("git").args(["apply", "--check", "-"]).current_dir(place.0.path()).stdin(Stdio::piped()).spawn()
    {
        git.stdin.take().unwrap().write_all(diff.out.as_bytes()).unwrap();
        assert!(git.wait().unwrap().success(), "git does not take the diff:\n{}", diff.out);
    }
    let written = place.run(&["rewrite", "--write"]);
    assert_eq!((written.code, place.read("Dockerfile")), (0, text.as_bytes().to_vec()), "{}", written.out);
    let again = place.run(&["rewrite", "--diff"]);
    assert_eq!((again.code, again.out.as_str()), (1, ""), "a refusal is no diff");
    assert!(again.err.contains("not rewritten["), "{}", again.err);
    assert_eq!(place.run(&["rewrite", "."]).err, "error: .: is a directory; name the Dockerfile\n");
}

#[test]
fn the_configuration_in_force_is_shown_with_its_origin() {
    let place =
        Place::new(&[("sub/.unladen.yaml", "target: prod\nbuild-args: {V: 1.10}\nrewrite: {needs-shell: false}\n")]);
    let said = place.run(&["config", "sub", "--fail-on", "error"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for line in [
        "fail-on: error  # command line",
        "base: auto  # default",
        "target: prod  # file",
        "  V: \"1.10\"  # file",
        "  needs-shell: false",
    ] {
        assert!(said.out.lines().any(|other| other == line), "{line}: {}", said.out);
    }
    assert!(place.run(&["config"]).out.starts_with("# no configuration file\n"));
}
