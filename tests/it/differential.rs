//! Our parser against BuildKit's own (tests/oracle, run where Go is at hand), and against two other crates.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use unladen::syntax::{self, Body, Command as Form, Dockerfile, Instruction, KeyValue, Word};
use unladen::text::SourceFile;

use crate::parse::corpus_files;

/// BuildKit's verdict on each text, in order; `None` with a printed reason where it cannot be run.
pub fn buildkit(texts: &[Vec<u8>]) -> Option<Vec<Value>> {
    let binary = oracle()?;
    let mut child = Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(id, text)| json!({"id": id.to_string(), "text": base64(text), "base64": true}).to_string())
        .collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            if writeln!(stdin, "{line}").is_err() {
                break;
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let verdicts: Vec<Value> = output
        .stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();
    assert_eq!(verdicts.len(), texts.len());
    Some(verdicts)
}

/// Builds the Go program once per test run.
fn oracle() -> Option<PathBuf> {
    static BUILT: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
    BUILT
        .get_or_init(|| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
            let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("buildkit-oracle");
            let built = Command::new("go").args(["build", "-o"]).arg(&binary).arg(".").current_dir(folder).output();
            match built {
                Ok(output) if output.status.success() => Some(binary),
                Ok(output) => {
                    eprintln!("skipped: the oracle does not build: {}", String::from_utf8_lossy(&output.stderr));
                    None
                }
                Err(error) => {
                    eprintln!("skipped: go cannot be run: {error}");
                    None
                }
            }
        })
        .clone()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            match digit <= chunk.len() {
                true => out.push(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] as char),
                false => out.push('='),
            }
        }
    }
    out
}

fn words(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.text.clone()).collect()
}

/// The arguments as BuildKit's tree has them.
fn arguments(source: &SourceFile, inst: &Instruction, body: &Body) -> (Vec<String>, bool) {
    let form = |form: &Form| match form {
        Form::Shell(span) => {
            let text = syntax::shell_text(source, inst, *span).text;
            (if text.is_empty() { vec![] } else { vec![text] }, false)
        }
        Form::Exec { words: w, .. } => (words(w), true),
    };
    let pairs = |pairs: &[KeyValue], sep: &str| {
        pairs
            .iter()
            .flat_map(|p| [p.key.text.clone(), p.value.as_ref().unwrap().text.clone(), sep.to_string()])
            .collect()
    };
    match body {
        Body::From { .. } => (
            syntax::shell_text(source, inst, inst.args).text.split_ascii_whitespace().map(str::to_string).collect(),
            false,
        ),
        Body::Run(command) | Body::Cmd(command) | Body::Entrypoint(command) => form(command),
        Body::Shell(list) => (words(list), true),
        Body::Copy(transfer) | Body::Add(transfer) => {
            let mut list = words(&transfer.sources);
            list.push(transfer.dest.text.clone());
            (list, transfer.json)
        }
        Body::Env(list) | Body::Label(list) => (pairs(&list.pairs, if list.legacy { "" } else { "=" }), false),
        Body::Arg(list) => {
            let join = |pair: &KeyValue| match &pair.value {
                Some(value) => format!("{}={}", pair.key.text, value.text),
                None => pair.key.text.clone(),
            };
            (list.iter().map(join).collect(), false)
        }
        Body::Workdir(word) | Body::User(word) | Body::StopSignal(word) | Body::Maintainer(word) => {
            (vec![word.text.clone()], false)
        }
        Body::Expose(list) => (words(list), false),
        Body::Volume { paths, json } => (words(paths), *json),
        Body::HealthcheckNone(word) => (vec![word.text.clone()], false),
        Body::HealthcheckCmd { cmd, command } => {
            let (mut list, json) = form(command);
            list.insert(0, cmd.text.clone());
            (list, json)
        }
        Body::Onbuild(_) | Body::Invalid => (vec![], false),
    }
}

/// One instruction in the shape that the oracle prints, without what only BuildKit has.
fn shape(source: &SourceFile, inst: &Instruction) -> Value {
    let (args, json) = arguments(source, inst, &inst.body);
    let flags: Vec<String> = inst
        .flags
        .iter()
        .map(|flag| match &flag.value {
            Some(value) => format!("--{}={}", flag.name.text, value.text),
            None => format!("--{}", flag.name.text),
        })
        .collect();
    let heredocs: Vec<Value> = inst
        .heredocs
        .iter()
        .map(|doc| json!({"name": doc.name, "expand": doc.expand, "chomp": doc.strip_tabs, "content": source.slice(doc.body)}))
        .collect();
    let sub = match &inst.body {
        Body::Onbuild(inner) => {
            let mut inner = (**inner).clone();
            inner.heredocs.clear();
            shape(source, &inner)
        }
        _ => Value::Null,
    };
    json!({"cmd": inst.name.text, "args": args, "flags": flags, "json": json, "heredocs": heredocs, "sub": sub})
}

/// Our list in the oracle's shape, with line numbers.
pub fn shapes(source: &SourceFile, file: &Dockerfile) -> Vec<Value> {
    let mut list = Vec::new();
    for (_, inst) in file.instructions() {
        let mut value = shape(source, inst);
        value["start"] = json!(source.line_of(inst.span.start) + 1);
        value["end"] = json!(source.line_of(inst.span.end.max(1) - 1) + 1);
        list.push(value);
    }
    list
}

/// BuildKit's list without what we do not compare: the lines of ONBUILD's inner instruction.
fn theirs(verdict: &Value) -> Vec<Value> {
    fn strip(value: &mut Value, top: bool) {
        let map = value.as_object_mut().unwrap();
        map.remove("original");
        if !top {
            map.remove("start");
            map.remove("end");
        }
        if let Some(sub) = map.get_mut("sub").filter(|sub| !sub.is_null()) {
            strip(sub, false);
        }
    }
    let mut list = verdict["instructions"].as_array().unwrap().clone();
    for value in &mut list {
        strip(value, true);
    }
    list
}

/// Where we differ from BuildKit on one text, in words.
pub fn disagreement(text: &[u8], verdict: &Value) -> Option<String> {
    let source = SourceFile::from_bytes("Dockerfile", text.to_vec());
    let file = syntax::parse(&source);
    let accepted = verdict["ok"] == true;
    match (accepted, file.errors.first()) {
        (true, Some(error)) => {
            let at = source.line_col(error.span.start);
            return Some(format!("accepted by BuildKit, ours at {}:{}: {}", at.line, at.column, error.message));
        }
        (false, None) => return Some(format!("refused by BuildKit: {}", verdict["error"])),
        (false, Some(_)) => return None,
        (true, None) => {}
    }
    if source.first_invalid().is_some() {
        return None;
    }
    let (ours, theirs) = (shapes(&source, &file), theirs(verdict));
    for (our, their) in ours.iter().zip(&theirs) {
        if our != their {
            return Some(format!("ours:     {our}\nBuildKit: {their}"));
        }
    }
    (ours.len() != theirs.len()).then(|| format!("{} instructions, BuildKit has {}", ours.len(), theirs.len()))
}

#[test]
fn corpus_reads_as_buildkit_reads_it() {
    let Some(files) = corpus_files() else { return };
    let texts: Vec<Vec<u8>> = files.iter().map(|(_, text)| text.clone()).collect();
    let Some(verdicts) = buildkit(&texts) else { return };
    let accepted = verdicts.iter().filter(|verdict| verdict["ok"] == true).count();
    let mut wrong = Vec::new();
    for ((id, text), verdict) in files.iter().zip(&verdicts) {
        if let Some(difference) = disagreement(text, verdict) {
            wrong.push(format!("{id}: {difference}"));
        }
    }
    eprintln!("{} files, {accepted} accepted by BuildKit, {} read differently", files.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
