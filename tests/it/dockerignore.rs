//! Our reading of .dockerignore against moby/patternmatcher (tests/oracle-dockerignore, run where Go is at hand).

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use unladen::context::dockerignore::Patterns;

const PIECES: &[&str] = &[
    "a", "b", "ab", "dir", ".git", "x.go", "*", "**", "?", "*.go", "a*", "**b", "[a-b]", "[^a]", "\\*", "a?", "..",
    ".", "", "b**", "***", "a.b", "(a)", "+", "^", "\\", "[", "]", "[a", "é", "a b", "{a,b}", "$", "[]a]", "[a\\-b]",
    "[-a]", "\\a", "[*]", "a|b", "x{2}*",
];
const PATHS: &[&str] = &[
    "a", "b", "ab", "aab", "dir", ".git", "x.go", "*", "a.b", "axb", "(a)", "+", "^", "\\", "[", "]", "é", "a b",
    "{a,b}", "$", "-", "y.go",
];

struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count as u64) as usize
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn joined(&mut self, list: &[&str], most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.pick(list)).collect::<Vec<_>>().join("/")
    }

    fn line(&mut self) -> String {
        let front = self.pick(&["", "", "", "", "!", "!", "! ", "/", " ", "#", "!/", "!!", "\u{feff}"]);
        let back = self.pick(&["", "", "", "", "/", " ", "\t", "\r"]);
        format!("{front}{}{back}", self.joined(PIECES, 3))
    }
}

fn questions() -> Vec<(String, Vec<String>)> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut made: Vec<(String, Vec<String>)> = (0..8000)
        .map(|_| {
            let lines: Vec<String> = (0..1 + random.below(5)).map(|_| random.line()).collect();
            (lines.join("\n"), (0..30).map(|_| random.joined(PATHS, 4)).collect())
        })
        .collect();
    let paths = || ["a", "a/b", "a/b/c", "docs/README.md", "README.md", "src/x/y.go", ".env", "node_modules/a/b.js"];
    for text in [
        "",
        "*",
        "*\n!src",
        "**",
        "**/*.md\n!README.md",
        "*\n!**/*.go",
        "node_modules/\n.env\r\n",
        "/docs/\n!docs/README.md",
        "\u{feff}docs",
        "a/**/c",
        "docs/**\n!docs/**/*.md",
        "./a/../docs",
        "!",
        "#a\n #a",
        "a\n!a/b\na/b/c",
    ] {
        made.push((text.to_string(), paths().map(String::from).to_vec()));
    }
    made
}

fn ask(questions: &[(String, Vec<String>)]) -> Option<Vec<Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle-dockerignore");
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dockerignore-oracle");
    match Command::new("go").args(["build", "-o"]).arg(&binary).arg(".").current_dir(folder).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            eprintln!("skipped: the oracle does not build: {}", String::from_utf8_lossy(&output.stderr));
            return None;
        }
        Err(error) => {
            eprintln!("skipped: go cannot be run: {error}");
            return None;
        }
    }
    let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> =
        questions.iter().map(|(text, paths)| json!({ "text": text, "paths": paths }).to_string()).collect();
    let writer = std::thread::spawn(move || lines.iter().for_each(|line| writeln!(stdin, "{line}").unwrap()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(answers.len(), questions.len());
    Some(answers)
}

#[test]
fn paths_are_left_out_as_docker_does() {
    let questions = questions();
    let Some(answers) = ask(&questions) else { return };
    let (mut judged, mut declined, mut errors) = (0, 0, 0);
    for ((text, paths), answer) in questions.iter().zip(&answers) {
        match (Patterns::parse(text), answer["error"].as_str()) {
            (Err(_), Some(_)) => errors += 1,
            // Declined: brackets with wildcards in them and escaped letters mean something by accident of Go's
            // expressions, and Docker overlooks some broken patterns. Without a context nothing is proved.
            (Err(_), None) => declined += 1,
            // Found by Docker only when a path is matched.
            (Ok(_), Some(error)) => panic!("{text:?} should be an error: {error}"),
            (Ok(patterns), None) => {
                let want: Vec<bool> =
                    answer["excluded"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect();
                for (path, want) in paths.iter().zip(want) {
                    assert_eq!(patterns.excludes_path(path), want, "{text:?} on {path:?}");
                    judged += 1;
                }
            }
        }
    }
    assert!(judged > 50_000 && errors > 100, "{judged} paths, {errors} errors");
    assert!(declined * 3 < questions.len(), "{declined} files were declined");
}

/// Skipping a directory must not lose a file that an exception brings back.
#[test]
fn nothing_returns_from_a_skipped_directory() {
    for (text, paths) in questions() {
        let Ok(patterns) = Patterns::parse(&text) else { continue };
        for path in paths {
            let skipped = path
                .match_indices('/')
                .map(|(at, _)| &path[..at])
                .any(|dir| patterns.excludes_path(dir) && !patterns.may_return_below(dir));
            assert!(!skipped || patterns.excludes_path(&path), "{text:?} on {path:?}");
        }
    }
}
