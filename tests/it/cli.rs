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

const XML: &str = "--format: unknown value `xml`; use one of pretty, concise, json, hadolint, tty, gnu, checkstyle, \
                   codeclimate, gitlab_codeclimate, codacy, sonarqube, sarif, junit";

#[test]
fn what_is_wrong_with_a_command_line_is_one_line_with_the_nearest_name() {
    let place = Place::new(&[("Dockerfile", GOOD), ("sub/readme.md", "")]);
    let cases: [(&[&str], &str); 18] = [
        (&["check", "Dockerfil"], "Dockerfil: no such file or directory; did you mean `Dockerfile`?"),
        (&["check", "sub"], "sub: no Dockerfiles in this directory"),
        (&["check", "--fromat", "json"], "unknown option `--fromat`; did you mean `--format`?"),
        (&["check", "--format", "jsn"], "--format: unknown value `jsn`; did you mean `json`?"),
        (&["check", "--format", "xml"], XML),
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
    assert_eq!(said.out, "a/Dockerfile:2:1: error[syntax] unknown instruction: COPPY, did you mean COPY?\n");
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
        (1, "-:2:1: error[syntax] unknown instruction: COPPY, did you mean COPY?\n")
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
    for args in [&["--help"][..], &["check", "--help"], &["rewrite", "--help"], &["size", "--help"]] {
        let said = place.run(args);
        assert_eq!(said.code, 0);
        assert!(said.out.contains("Examples:"), "{args:?}");
        // What comes later is not promised now.
        assert!(!said.out.contains(" lsp") && !said.out.contains(" fmt"), "{}", said.out);
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
fn the_files_of_a_builder_pattern_find_each_other() {
    let file = |name: &str| std::fs::read_to_string(format!("fixtures/builder/go-article/{name}")).unwrap();
    let (builder, script, ship) = (file("Dockerfile.build"), file("build.sh"), file("Dockerfile"));
    let files = [("x/Dockerfile.build", builder.as_str()), ("x/build.sh", &script), ("x/Dockerfile", &ship)];
    let place = Place::new(&files);
    let named = ["rewrite", "x/Dockerfile", "--builder", "x/Dockerfile.build", "--script", "x/build.sh", "--diff"];
    let want = place.run(&named).out;
    assert!(want.contains("+FROM golang:1.7.3 AS build\n"), "{want}");
    for path in ["x", "x/", "x/Dockerfile", "x/Dockerfile.build"] {
        let said = place.run(&["rewrite", path, "--diff"]);
        assert_eq!((said.code, said.out.as_str()), (0, want.as_str()), "{path}: {}", said.err);
    }
    let shown = place.run(&["rewrite", "x"]).out;
    assert!(shown.starts_with("x/Dockerfile and x/Dockerfile.build become one multi-stage build\n"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&place.run(&["rewrite", "x", "--format", "json"]).out).unwrap();
    assert!(json["merged"]["text"].as_str().unwrap().starts_with("FROM golang:1.7.3 AS build\n"));
    assert!(json["refusal"].is_null() && json["script"] == "x/build.sh");

    let written = place.run(&["rewrite", "x", "--write"]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert_eq!(place.read("x/Dockerfile"), json["merged"]["text"].as_str().unwrap().as_bytes());
    let again = place.run(&["rewrite", "x/Dockerfile"]);
    assert!(again.out.contains("not rewritten[already-multi-stage]"), "{}{}", again.out, again.err);

    // Two scripts: which is meant is open, and the directory stands for its Dockerfile.
    let two = [files[0], files[1], files[2], ("x/other.sh", &script)];
    let said = Place::new(&two).run(&["rewrite", "x"]);
    assert!(said.out.contains("x/Dockerfile:2:1: not rewritten["), "{}{}", said.out, said.err);
    // A pair that is not understood says so, and a Dockerfile that builds by itself is not held up by it.
    let odd = script.replace("docker rm", "make test\ndocker rm");
    let said = Place::new(&[files[0], ("x/build.sh", &odd), files[2]]).run(&["rewrite", "x"]);
    assert!(said.err.contains("not rewritten[builder-pattern]"), "{}{}", said.out, said.err);
}

#[test]
fn explain_says_why_it_is_no_smaller_and_what_could_be_stated() {
    let dockerfile =
        "FROM golang:1.22-bookworm\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/app .\nCMD [\"/app/app\"]\n";
    let place = Place::new(&[
        ("Dockerfile", dockerfile),
        ("go.mod", "module example.test/app\n\ngo 1.22\n\nrequire example.org/unread v1.0.0\n"),
        ("main.go", "package main\n\nimport \"example.org/unread\"\n\nfunc main() { unread.F() }\n"),
    ]);
    let plain = place.run(&["rewrite"]).out;
    assert!(plain.contains("--explain") && !plain.contains("Why not smaller"), "{plain}");
    let shown = place.run(&["rewrite", "--explain"]).out;
    for want in [
        "needs glibc: whether these modules need cgo is not known: example.org/unread",
        "--cgo no gives gcr.io/distroless/static-debian12 (distroless, about ",
        "(rewrite: {cgo: false})",
        "if no part of the program needs cgo",
        "gcr.io/distroless/cc-debian12:debug is the same base with a shell",
    ] {
        assert!(shown.contains(want), "no `{want}` in\n{shown}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&place.run(&["rewrite", "--explain", "--format", "json"]).out).unwrap();
    assert_eq!(json["plan"]["ruled_out"][0]["at_most"], "distroless");
    assert_eq!(json["could_state"][1]["flags"], "--cgo no");
    let without: serde_json::Value = serde_json::from_str(&place.run(&["rewrite", "--format", "json"]).out).unwrap();
    assert!(without["could_state"].is_null());
    let debug = place.run(&["rewrite", "--debug-stage", "--diff"]).out;
    assert!(debug.contains("+FROM ship AS debug\n") && debug.ends_with("+FROM ship\n"), "{debug}");
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
    assert!(
        place.run(&["rewrite", "."]).out.contains("not rewritten[already-multi-stage]"),
        "the directory's Dockerfile"
    );
    assert_eq!(Place::new(&[("a", "")]).run(&["rewrite", "."]).err, "error: .: is a directory without a Dockerfile\n");
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

/// One finding with a Safe fix (apt-lists-left, DL3009, info), in a file that is otherwise clean.
const LISTS: &str =
    "FROM debian:13-slim\nRUN apt-get update && apt-get install -y --no-install-recommends jq\nENTRYPOINT [\"jq\"]\n";

#[test]
fn a_finding_reads_well_in_every_format() {
    let place = Place::new(&[("app/Dockerfile", LISTS)]);
    for format in ["pretty", "concise", "json", "hadolint"] {
        let said = place.run(&["check", "--select", "DL3009", "--format", format]);
        assert_eq!((said.code, said.err.as_str()), (1, ""), "{format}");
        insta::assert_snapshot!(format!("check_{format}"), said.out);
    }
}

#[test]
fn rules_are_selected_and_ignored_by_any_of_their_names() {
    let ignored = LISTS.replace("RUN", "# hadolint ignore=DL3009\nRUN");
    let place = Place::new(&[("Dockerfile", LISTS), ("ignored/Dockerfile", &ignored)]);
    let cases: [(&[&str], i32); 8] = [
        (&["Dockerfile"], 1),
        (&["Dockerfile", "--select", "apt-lists-left"], 1),
        (&["Dockerfile", "--select", "dl3009,DL3007"], 1),
        (&["Dockerfile", "--select", "DL3007"], 0),
        (&["Dockerfile", "--ignore", "DL3009"], 0),
        (&["Dockerfile", "--fail-on", "warning"], 0),
        (&["ignored"], 0),
        (&["ignored", "--no-ignore-comments"], 1),
    ];
    for (args, code) in cases {
        let said = place.run(&[&["check"], args].concat());
        assert_eq!(said.code, code, "{args:?}: {}{}", said.out, said.err);
    }
    let said = place.run(&["check", "--select", "apt-list-left"]);
    assert_eq!(said.err, "error: --select: unknown rule `apt-list-left`; did you mean `apt-lists-left`?\n");
}

#[test]
fn configurations_hold_for_the_files_below_them() {
    let place = Place::new(&[
        ("a/.unladen.yaml", "ignore: [DL3009]\n"),
        ("a/Dockerfile", LISTS),
        ("b/.hadolint.yaml", "ignored: [DL3009, DL3008]\n"),
        ("b/deep/Dockerfile", LISTS),
        ("c/.unladen.yaml", "per-file-ignores: {'old/': [apt-lists-left]}\nexclude: ['skip/']\n"),
        ("c/old/Dockerfile", LISTS),
        ("c/new/Dockerfile", LISTS),
        ("c/skip/Dockerfile", LISTS),
        ("d/.unladen.yaml", "severity: {DL3009: error}\nfail-on: error\n"),
        ("d/Dockerfile", LISTS),
    ]);
    let said = place.run(&["check", "--format", "concise"]);
    let found: Vec<&str> = said.out.lines().map(|line| line.split(" the ").next().unwrap()).collect();
    assert_eq!(found, ["c/new/Dockerfile:2:5: info[apt-lists-left]", "d/Dockerfile:2:5: error[apt-lists-left]"]);
    // What is named is checked, also where walking passes it over.
    assert_eq!(place.run(&["check", "c/skip/Dockerfile"]).code, 1);
    assert_eq!(place.run(&["check", "a", "--no-config"]).code, 1);
    assert_eq!(place.run(&["check", "d", "--config", "a/.unladen.yaml"]).code, 0);
    assert_eq!(place.run(&["check", "a", "--select", "DL3009"]).code, 1);
}

#[test]
fn a_file_is_fixed_in_place_and_keeps_what_is_its_own() {
    let text = format!("\u{feff}# caf\u{e9}\r\n{}", LISTS.replace('\n', "\r\n"));
    let mut bytes = text.replace("\u{e9}", "X").into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'X').unwrap();
    bytes[at] = 0xe9;
    let place = Place::new(&[]);
    place.write("Dockerfile", &bytes);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(place.path("Dockerfile"), fs::Permissions::from_mode(0o640)).unwrap();
    }
    let diff = place.run(&["check", "--diff"]);
    assert_eq!((diff.code, place.read("Dockerfile")), (1, bytes.clone()), "a diff writes nothing");
    assert!(diff.out.starts_with("--- a/Dockerfile\n+++ b/Dockerfile\n@@ "), "{}", diff.out);
    let said = place.run(&["check", "--fix"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("1 fix applied in 1 file"), "{}", said.out);
    let fixed = place.read("Dockerfile");
    let (old, new) = (String::from_utf8_lossy(&bytes).into_owned(), String::from_utf8_lossy(&fixed).into_owned());
    assert!(fixed.starts_with(b"\xef\xbb\xbf# caf\xe9\r\nFROM debian:13-slim\r\n"));
    assert_eq!(new.replace(" && rm -rf /var/lib/apt/lists/*", ""), old);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(place.path("Dockerfile")).unwrap().permissions().mode() & 0o777, 0o640);
    }
    let again = place.run(&["check", "--fix"]);
    assert_eq!((again.code, again.out.as_str(), place.read("Dockerfile")), (0, "no findings in 1 file\n", fixed));
}

#[test]
fn the_fixed_standard_input_is_the_standard_output() {
    let place = Place::new(&[]);
    let said = place.run_with(&["check", "-", "--fix"], LISTS.as_bytes(), &[]);
    assert_eq!(said.code, 0);
    assert!(
        said.out.starts_with("FROM debian:13-slim\nRUN ") && said.out.contains("rm -rf /var/lib/apt/lists/*"),
        "{}",
        said.out
    );
    assert!(said.err.contains("1 fix applied in 1 file"), "{}", said.err);
    // A clean file comes through as it is.
    assert_eq!(place.run_with(&["check", "-", "--fix"], GOOD.as_bytes(), &[]).out, GOOD);
}

#[test]
fn edits_alone_leave_the_structure() {
    let place = go_project();
    let before = place.read("Dockerfile");
    let stages = |text: &[u8]| String::from_utf8_lossy(text).matches("FROM ").count();
    place.run(&["check", "--fix=edits", "--unsafe-fixes"]);
    assert_eq!(stages(&place.read("Dockerfile")), stages(&before));
}

#[test]
fn the_output_does_not_depend_on_the_order_of_threads() {
    let place = Place::new(&[]);
    for number in 0..40 {
        place.write(&format!("{number}/Dockerfile"), LISTS.as_bytes());
    }
    let first = place.run(&["check"]).out;
    for _ in 0..3 {
        assert_eq!(place.run(&["check"]).out, first);
    }
}

#[test]
fn a_rule_is_explained_by_any_of_its_names() {
    let place = Place::new(&[]);
    let page = place.run(&["rule", "apk-index-left"]);
    assert!(page.code == 0 && page.out.starts_with("apk-index-left\n") && !page.out.contains("```"), "{}", page.out);
    assert_eq!(place.run(&["rule", "dl3019"]).out, page.out);
    let list = place.run(&["rule"]).out;
    assert!(list.lines().any(|line| line.contains("apk-index-left") && line.contains("DL3019")), "{list}");
    let json: serde_json::Value = serde_json::from_str(&place.run(&["rule", "--json"]).out).unwrap();
    assert_eq!(json.as_array().unwrap().len(), unladen::rules::all().count());
}

#[test]
fn hostile_files_come_to_an_end() {
    let doubled = |line: &dyn Fn(usize) -> String| (0..60).map(line).collect::<String>();
    let cases = [
        format!("FROM a\nRUN echo {}a{}\n", "$(".repeat(20_000), ")".repeat(20_000)),
        format!("FROM a\nRUN {}a{}\n", "(".repeat(20_000), ")".repeat(20_000)),
        format!("FROM a\nENV A={}x{}\nRUN $A\n", "${a:-".repeat(9_000), "}".repeat(9_000)),
        format!("FROM a\nCMD {}{}\n", "[".repeat(30_000), "]".repeat(30_000)),
        format!("FROM a\nRUN {}b{}\n", "if a; then ".repeat(3_000), "; fi".repeat(3_000)),
        format!("FROM a\nRUN a {}b\n", "\\\n".repeat(50_000)),
        format!("FROM a\nENV A0=xxxxxxxxxx\n{}", doubled(&|n| format!("ENV A{}=$A{n}${{A{n}:-b}}\n", n + 1))),
        format!("FROM a\nRUN A0=xxxxxxxxxx; {}cd $A60\n", doubled(&|n| format!("A{}=$A{n}$A{n}; ", n + 1))),
        (0..1_000).map(|n| format!("FROM s{n} AS s{}\nCOPY --from=s{n} /a /b\n", n + 1)).collect(),
        "FROM s AS s\nFROM b AS a\nFROM a AS b\nCOPY --from=b . .\n".to_string(),
        format!("FROM a\n{}RUN b\n", "ONBUILD ".repeat(5_000)),
    ];
    let place = Place::new(&[]);
    for (number, text) in cases.iter().enumerate() {
        place.write(&format!("{number}/Dockerfile"), text.as_bytes());
    }
    let said = place.run(&["check", "--fix", "--unsafe-fixes", "--format", "concise"]);
    assert!(said.code < 2, "{}", said.err);
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_fixed_once() {
    let place = Place::new(&[("Dockerfile.prod", LISTS)]);
    std::os::unix::fs::symlink("Dockerfile.prod", place.path("Dockerfile")).unwrap();
    let said = place.run(&["check", "--fix", ".", "./Dockerfile.prod"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.contains("1 fix applied in 1 file"), "{}", said.out);
    assert!(fs::symlink_metadata(place.path("Dockerfile")).unwrap().is_symlink());
}

/// Three findings of hadolint's and a clean file.
const FOR_HADOLINT: &str = "FROM debian\nRUN apt-get update && apt-get install -y curl\nWORKDIR app\n";

#[test]
fn a_command_line_of_hadolints_works_behind_our_name() {
    let place = Place::new(&[
        ("Dockerfile", FOR_HADOLINT),
        ("clean", "FROM debian:13\nCMD [\"a\"]\n"),
        ("broken", "FROM debian:13\nCOPPY a b\n"),
        ("labels", "FROM debian:13\nLABEL a=b\n"),
        ("other.yaml", "ignored: [DL3006]\n"),
    ]);
    // What is called, how it ends, and what is among its output.
    let cases: [(&[&str], i32, &str); 30] = [
        (&["Dockerfile"], 1, "Dockerfile:1 DL3006 warning: "),
        (&["Dockerfile", "clean"], 1, "Dockerfile:3 DL3000 error: "),
        (&["clean"], 0, ""),
        (&["--no-color", "Dockerfile"], 1, "Dockerfile:2 DL3008 warning: "),
        (&["-f", "gnu", "Dockerfile"], 1, "unladen:Dockerfile:1: DL3006 warning: "),
        (&["-f", "gnu", "broken"], 1, "unladen:broken:2:1: "),
        (&["--format", "json", "clean"], 0, "[]\n"),
        (
            &["-f", "checkstyle", "--file-path-in-report", "a/b", "Dockerfile"],
            1,
            "<file name=\"a/b\"><error column=\"6\"",
        ),
        (&["-f", "codeclimate", "Dockerfile"], 0, "\"check_name\":\"DL3006\""),
        (&["-f", "codacy", "Dockerfile"], 0, "\"patternId\":\"DL3006\""),
        (&["-f", "gitlab_codeclimate", "Dockerfile"], 1, "\"fingerprint\":\""),
        (&["-f", "sonarqube", "Dockerfile"], 1, "{\"issues\":[{"),
        (&["-f", "sarif", "Dockerfile"], 1, "\"ruleId\":\"DL3006\""),
        (&["-f", "junit", "Dockerfile"], 1, "<testsuite errors=\"0\" failures=\"5\""),
        (&["-f", "tty", "-f", "json", "Dockerfile"], 1, "[{\"code\":\"DL3006\",\"column\":6,"),
        (&["--no-fail", "Dockerfile"], 0, "DL3006"),
        (&["-t", "error", "Dockerfile"], 1, "DL3006"),
        (&["--failure-threshold", "ignore", "Dockerfile"], 1, "DL3006"),
        (&["-t", "none", "Dockerfile"], 1, "DL3006"),
        (&["-t", "none", "clean"], 0, ""),
        (&["-v"], 0, "unladen "),
        (&["--version"], 0, "unladen "),
        (&["--ignore", "XX9999", "--error", "nothing", "Dockerfile"], 1, "DL3006"),
        (&["--require-label", "maintainer", "labels"], 1, "DL3049"),
        (&["-t", "error", "--ignore", "DL3000", "--ignore", "DL9999", "Dockerfile"], 0, "DL3006"),
        (&["--error", "DL3006", "--style", "DL3000", "Dockerfile"], 1, "1 DL3006 error: "),
        (&["--info", "DL3057", "Dockerfile"], 1, "DL3057 info: "),
        (&["--require-label", "version:semver", "--strict-labels", "labels"], 1, "labels:2 DL3050 info: "),
        (&["--trusted-registry", "ghcr.io", "Dockerfile"], 1, "1 DL3026 error: "),
        (&["-c", "other.yaml", "-V", "clean"], 0, ""),
    ];
    for (args, code, part) in cases {
        let args: Vec<&str> = ["hadolint"].iter().chain(args).copied().collect();
        let said = place.run(&args);
        assert!(said.code == code && said.out.contains(part), "{args:?}: {}\n{}{}", said.code, said.out, said.err);
    }
    assert!(place.run(&["hadolint", "-V", "clean"]).err.contains("profile: hadolint"));
    assert_eq!(place.run(&["hadolint", "-o", "report.txt", "Dockerfile"]).out, "");
    assert!(place.read("report.txt").starts_with(b"Dockerfile:1 DL3006 warning: "));
    let piped = place.run_with(&["hadolint", "-"], FOR_HADOLINT.as_bytes(), &[]);
    assert!(piped.out.starts_with("-:1 DL3006 "), "{}", piped.out);
    let pragma = FOR_HADOLINT.replacen("FROM", "# hadolint ignore=DL3006\nFROM", 1);
    let count = |args: &[&str]| place.run_with(args, pragma.as_bytes(), &[]).out.matches("DL3006").count();
    assert_eq!((count(&["hadolint", "-"]), count(&["hadolint", "--disable-ignore-pragma", "-"])), (0, 1));
    // The same options of `check`.
    for args in [&["-t", "error"] as &[&str], &["--no-fail"], &["--failure-threshold", "none"], &["-f", "codacy"]] {
        let all: Vec<&str> = ["check", "--ignore", "DL3000", "Dockerfile"].iter().chain(args).copied().collect();
        assert_eq!(place.run(&all).code, 0, "{all:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_link_called_hadolint_is_hadolint() {
    let place = Place::new(&[("Dockerfile", FOR_HADOLINT)]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_unladen"), place.path("hadolint")).unwrap();
    let call = |args: &[&str]| {
        let done = Command::new(place.path("hadolint")).args(args).current_dir(place.0.path()).env_clear().output();
        String::from_utf8(done.unwrap().stdout).unwrap()
    };
    assert!(call(&["Dockerfile"]).starts_with("Dockerfile:1 DL3006 warning: "));
    assert!(call(&["--version"]).starts_with("unladen "));
}

#[test]
fn hadolints_file_and_variables_choose_the_format() {
    let place = Place::new(&[("Dockerfile", FOR_HADOLINT)]);
    let with = |file: &str, args: &[&str], variables: &[(&str, &str)]| {
        place.write(".hadolint.yaml", file.as_bytes());
        place.run_with(args, b"", variables)
    };
    let first = |said: Said| said.out.lines().next().unwrap_or_default().chars().take(12).collect::<String>();
    let variable = [("HADOLINT_FORMAT", "gnu")];
    for (file, args, variables, expected) in [
        ("format: json\n", &["check"] as &[&str], &[] as &[(&str, &str)], "[{\"code\":\"DL"),
        ("formats: [gnu, json]\n", &["check"], &[], "unladen:Dock"),
        ("format: json\n", &["check", "-f", "concise"], &[], "Dockerfile:1"),
        ("", &["check"], &variable, "unladen:Dock"),
        ("", &["hadolint", "Dockerfile"], &variable, "unladen:Dock"),
        ("", &["check", "--diff", "--unsafe-fixes"], &variable, "--- a/Docker"),
    ] {
        assert_eq!(first(with(file, args, variables)), expected, "{file} {args:?}");
    }
    assert!(with("verbose: true\n", &["check"], &[]).err.contains("profile: hadolint  # file"));
    assert!(with("", &["check"], &[("HADOLINT_VERBOSE", "1")]).err.contains("profile: hadolint  # file"));
    let coloured = |file: &str| with(file, &["check"], &[("CLICOLOR_FORCE", "1")]).out.contains('\u{1b}');
    assert_eq!((coloured(""), coloured("no-color: true\n")), (true, false));
    let wrong = with("", &["check"], &[("HADOLINT_FORMAT", "xml")]);
    assert!(wrong.code == 2 && wrong.err.contains("HADOLINT_FORMAT: hadolint has no format `xml`"), "{}", wrong.err);
}

#[test]
#[cfg(unix)]
fn a_named_pipe_and_a_loop_of_links_are_said_to_be_so() {
    let place = Place::new(&[]);
    for name in ["L", "LL"] {
        std::os::unix::fs::symlink(if name == "L" { "LL" } else { "L" }, place.path(name)).unwrap();
    }
    let said = place.run(&["check", "LL"]);
    assert!(said.code == 2 && said.err.contains("symbolic links") && !said.err.contains("mean"), "{}", said.err);
    if Command::new("mkfifo").arg(place.path("pipe")).status().is_ok_and(|status| status.success()) {
        let said = place.run(&["check", "pipe"]);
        assert!(said.code == 2 && said.err.contains("pipe: is a named pipe"), "{}", said.err);
    }
}
