//! Our parser against BuildKit's own (tests/oracle, run where Go is at hand), and against two other crates.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use unladen::syntax::{self, Body, Command as Form, Dockerfile, Instruction, KeyValue, Keyword, Word};
use unladen::text::SourceFile;

use crate::parse::{corpus_files, json_lines, shared};

/// BuildKit's verdict on each text, in order; `None` with a printed reason where it cannot be run.
pub fn buildkit(texts: &[Vec<u8>]) -> Option<Vec<Value>> {
    let binary = oracle()?;
    // BuildKit's scanner complains of every NUL on its own; what it answers is on stdout.
    let mut command = Command::new(binary);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
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

pub fn base64(bytes: &[u8]) -> String {
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
    words.iter().map(|word| word.text.to_string()).collect()
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
            .flat_map(|p| [p.key.text.to_string(), p.value.as_ref().unwrap().text.to_string(), sep.to_string()])
            .collect()
    };
    match body {
        Body::From { .. } => (
            syntax::shell_text(source, inst, inst.args)
                .text
                .split(['\t', '\u{b}', '\u{c}', '\r', ' '])
                .filter(|s| !s.is_empty())
                .map(str::to_string)
                .collect(),
            false,
        ),
        Body::Run(command) | Body::Cmd(command) | Body::Entrypoint(command) => form(command),
        Body::Shell(list) => (words(list), true),
        Body::Copy(transfer) | Body::Add(transfer) => {
            let mut list = words(&transfer.sources);
            list.push(transfer.dest.text.to_string());
            (list, transfer.json)
        }
        Body::Env(list) | Body::Label(list) => (pairs(&list.pairs, if list.legacy { "" } else { "=" }), false),
        Body::Arg(list) => {
            let join = |pair: &KeyValue| match &pair.value {
                Some(value) => format!("{}={}", pair.key.text, value.text),
                None => pair.key.text.to_string(),
            };
            (list.iter().map(join).collect(), false)
        }
        Body::Workdir(word) | Body::User(word) | Body::StopSignal(word) | Body::Maintainer(word) => {
            (vec![word.text.to_string()], false)
        }
        Body::Expose(list) => (words(list), false),
        Body::Volume { paths, json } => (words(paths), *json),
        Body::HealthcheckNone(word) => (vec![word.text.to_string()], false),
        Body::HealthcheckCmd { cmd, command } => {
            let (mut list, json) = form(command);
            list.insert(0, cmd.text.to_string());
            (list, json)
        }
        // A kind of health check that is neither CMD nor NONE; BuildKit's parser still splits it.
        Body::Invalid if inst.keyword == Keyword::Healthcheck => {
            let text = syntax::shell_text(source, inst, inst.args).text;
            (text.splitn(2, ' ').map(str::to_string).filter(|word| !word.is_empty()).collect(), false)
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
    json!({"cmd": inst.name.text.as_str(), "args": args, "flags": flags, "json": json, "heredocs": heredocs, "sub": sub})
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
        // `HEALTHCHECK NONE []` has the JSON attribute there, which nobody asks for.
        if map["args"][0].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("none")) {
            map.insert("json".into(), json!(false));
            map["args"].as_array_mut().unwrap().truncate(1);
        }
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
        (false, Some(_)) if verdict["stage"] == "parser" => return None,
        _ => {}
    }
    if source.first_invalid().is_some() {
        return None;
    }
    let (mut ours, mut theirs) = (shapes(&source, &file), theirs(verdict));
    if !accepted {
        // BuildKit's tree is there although an instruction is wrong: its lines and heredocs must be ours.
        for value in ours.iter_mut().chain(&mut theirs) {
            value["args"].take();
            value["sub"].take();
            value["json"].take();
        }
    }
    for (our, their) in ours.iter().zip(&theirs) {
        let (our, mut their) = (without_foreign_flags(our), without_foreign_flags(their));
        // What ONBUILD triggers is not checked by BuildKit; ours has no arguments where they cannot be right.
        if our["sub"]["args"] == json!([]) {
            their["sub"]["args"] = json!([]);
            their["sub"]["json"] = our["sub"]["json"].clone();
        }
        if our != their {
            return Some(format!("ours:     {our}\nBuildKit: {their}"));
        }
    }
    (ours.len() != theirs.len()).then(|| format!("{} instructions, BuildKit has {}", ours.len(), theirs.len()))
}

/// BuildKit reads each byte of a flag as a Latin-1 character, so `é` becomes `Ã©` there: not compared.
fn without_foreign_flags(value: &Value) -> Value {
    let mut value = value.clone();
    let lists = [value["flags"].take(), value.pointer_mut("/sub/flags").map_or(Value::Null, Value::take)];
    if lists.iter().all(|list| list.to_string().is_ascii()) {
        value["compared"] = json!(lists);
    }
    value
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

/// Lines and pieces that meet in odd ways; `generated` puts them together.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "FROM alpine", "FROM x AS b", "FROM $A:8099/x:1.0 as B", "FROM ${B:-debian:9}", "FROM x:\"$TAG\"",
    "FROM --platform=$P x", "RUN a && b", "RUN [\"a\", \"b\"]", "RUN ['a']", "RUN [\"a\", 1]", "RUN [ -f x ] && y",
    "CMD []", "CMD [\"a\\u00e4\\n\"]", "CMD", "CMD [\"a\",]", "CMD [null]", "CMD [[\"a\"], {\"k\": [1.5e3, true]}]",
    "CMD [1e999]", "ENTRYPOINT [\"a\"] b", "RUN [\"a\"] # x", "RUN <<EOF", "RUN <<-EOF", "RUN <<\"EOF\"",
    "RUN <<'EOF' cat", "RUN 3<<EOF cat", "RUN cat <<EOF <<-B", "RUN cat << EOF && x", "RUN echo $((1<<2))",
    "RUN echo $(( 1 << 2 ))", "RUN cat <<<x", "RUN echo \"<<EOF\"", "RUN echo \\<<EOF", "RUN <<E\\OF", "RUN <<E'O'F",
    "RUN <<$X", "RUN <<${X:-EOF}", "RUN it's <<EOF", "RUN ${a <<EOF", "RUN ${a:-b} <<EOF", "RUN ${a/b/c} <<EOF",
    "RUN (cat <<EOF)", "COPY <<EOF /x", "COPY <<A <<EOF /x/", "COPY a <<EOF", "ADD <<\"EOF\" /x",
    "COPY [\"<<EOF\", \"/x\"]", "COPY --from=b --link a b", "COPY a", "COPY --link=false --chown=\"a b\" a  b\tc",
    "COPY --link=x a b", "ADD --checksum=x --keep-git-dir --unpack=true a b",
    "COPY --exclude=a --exclude=b --parents a b", "COPY --from=a --from=b a b", "COPY -- --a b", "COPY --foo a b",
    "COPY --from a b", "RUN --mount=type=cache,target=/x --network=none --security=insecure a",
    "RUN --mount=from=$X,target=/y a", "RUN --mount= a", "RUN --mount='type=bind,\"source=a,b\"' a",
    "RUN --mount=type=bind,a\\\"b a", "RUN --network=x a", "RUN --device=a,required a", "ENV a b",
    "ENV a=b c=\"d e\" f='g h' i=j\\ k", "ENV a", "ENV a=b c", "ENV =b", "ENV a=\"b", "ENV a=b\\\\", "ENV \"a b\" c",
    "ENV a=", "LABEL a b c", "LABEL a=b \"c d\"=e", "LABEL a", "ARG a b=c d=\"e f\"", "ARG =x", "ARG", "ARG --x a",
    "EXPOSE 80 81/tcp 90-99", "EXPOSE", "WORKDIR /a b", "WORKDIR", "USER a:b", "VOLUME [\"/a\", \"\"]",
    "VOLUME /a /b", "VOLUME []", "STOPSIGNAL 9", "STOPSIGNAL", "MAINTAINER a b <c>", "SHELL [\"a\", \"-c\"]",
    "SHELL a", "SHELL []", "ONBUILD RUN a", "ONBUILD ONBUILD RUN a", "ONBUILD", "ONBUILD FROM x", "ONBUILD RUN <<EOF",
    "ONBUILD COPY <<EOF /x", "ONBUILD COPY a", "ONBUILD ENV a", "ONBUILD FOO", "ONBUILD --x RUN --y a",
    "ONBUILD CMD [1]", "HEALTHCHECK NONE", "HEALTHCHECK none x",
    "HEALTHCHECK --interval=5s --timeout=1m30s --retries=3 CMD a b", "HEALTHCHECK CMD",
    "HEALTHCHECK --interval=5 CMD a", "HEALTHCHECK CMD [\"a\"]", "HEALTHCHECK CMD []", "HEALTHCHECK x",
    "HEALTHCHECK --retries=-1 CMD a", "HEALTHCHECK --start-period=0.5ms --start-interval=1h CMD a",
    "HEALTHCHECK NONE []", "HEALTHCHECK --interval= CMD\ta", "# comment", "  # indented", "#", "#escape=`",
    "# escape = \\", "# syntax=docker/dockerfile:1", "# check=skip=all", "# escape=x", "#escape=", "# Escape= `",
    "# foo=bar", "#!/bin/sh", "", "  ", "\t", "EOF", "\tEOF", "A", "B", "\\", "`", "foo bar", "from x", "RuN x",
    "\u{a0}RUN x", "RUN a\u{a0}", "ENV a=b\u{2003}c=d", "ENV a\u{a0}b c", "FROM x as 1", "FROM x as a/b", "FROM x as",
    "FROM x b", "FROM", "FROM x as b c", "}}", "\u{feff}FROM x", "RUN a \\b", "RUN a `b", "RUN a\\\\", "RUN a``",
    "RUN\ta", "RUN\u{b}a", "RUN --", "RUN -- --mount=x a", "COPY --\"link\" a b", "RUN é <<EOF", "COPY a <<a<b /x",
    "RUN cat <<EOF;", "RUN cat <<EOF|x", "RUN cat <<EOF>x", "RUN cat 1 <<EOF", "RUN cat >x <<EOF 2>&1", "CMD <<EOF",
    "RUN <<", "RUN <<-", "RUN <<- EOF", "RUN <<EOF\u{a0}x", "RUN <<\tEOF", "RUN <<'A B'", "A B", "RUN <<\"\"",
    "RUN <<''x", "RUN <<EOF EOF", "VOLUME [\"a\"", "ENV a=b  ",
];

#[rustfmt::skip]
const INSERTS: &[&str] = &[
    "\\", "`", "\\\n", "`\n", "\\ \n", "\\\t\n", "\n", "\r\n", "\\\r\n", " ", "\t", "\"", "'", "$", "${", "}", "<<",
    "<<EOF", "#", "\n#c\n", "\\\n# c\n", "\\\n\n", "=", "--", "--x", "[", "]", ",", "é", "\u{a0}", "\u{85}", "\0",
    "\\\\", "\\\\\n", "\r", "\u{b}", "\nEOF\n", "ONBUILD ",
];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

/// A file put together from `PIECES` and bent by `INSERTS`, mostly one that BuildKit accepts.
fn generated(random: &mut Random) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..random.below(3) {
        text.push_str(["# escape=`\n", "# syntax=x\n", "# c\n", "\n", "ARG a=b\n", "\u{feff}"][random.below(6)]);
    }
    if random.below(8) > 0 {
        text.push_str("FROM a\n");
    }
    for _ in 0..1 + random.below(3) {
        let mut line = PIECES[random.below(PIECES.len())].to_string();
        for _ in 0..random.below(3) {
            let mut at = random.below(line.len() + 1);
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            line.insert_str(at, INSERTS[random.below(INSERTS.len())]);
        }
        text.push_str(&line);
        text.push_str(["\n", "\n", "\r\n", " \n", "\\\n", "\n\n"][random.below(6)]);
        if line.contains("<<") && random.below(4) > 0 {
            text.push_str(
                ["EOF\n", "body\nEOF\n", "\tEOF\nB\n", "EOF\nEOF\n", "#x\nEOF\n#y\n", "2\n", "EOF"][random.below(7)],
            );
        }
    }
    if random.below(3) == 0 {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    text.into_bytes()
}

pub fn generated_files(cases: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed);
    (0..cases).map(|_| generated(&mut random)).collect()
}

#[test]
fn generated_files_read_as_buildkit_reads_them() {
    let cases = std::env::var("UNLADEN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(20_000);
    let seed = std::env::var("UNLADEN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let texts = generated_files(cases, seed);
    let Some(verdicts) = buildkit(&texts) else { return };
    let accepted = verdicts.iter().filter(|verdict| verdict["ok"] == true).count();
    let mut wrong: Vec<String> = Vec::new();
    for (text, verdict) in texts.iter().zip(&verdicts) {
        if let Some(difference) = disagreement(text, verdict) {
            wrong.push(format!("{:?}\n{difference}\n", String::from_utf8_lossy(text)));
        }
    }
    eprintln!("{cases} generated files, {accepted} accepted by BuildKit, {} read differently", wrong.len());
    wrong.sort_by_key(String::len);
    wrong.truncate(12);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// BuildKit's `Node.Dump` of one instruction.
fn dump(value: &Value) -> String {
    let mut out = value["cmd"].as_str().unwrap().to_lowercase();
    // As Go quotes what the cases hold.
    let quoted = |value: &Value| {
        format!("{:?}", value.as_str().unwrap())
            .replace("\\u{8}", "\\b")
            .replace("\\u{c}", "\\f")
            .replace("\\0", "\\x00")
    };
    let flags: Vec<String> = value["flags"].as_array().unwrap().iter().map(quoted).collect();
    if !flags.is_empty() {
        out += &format!(" [{}]", flags.join(" "));
    }
    if !value["sub"].is_null() {
        out += &format!(" ({})", dump(&value["sub"]));
    }
    for arg in value["args"].as_array().unwrap() {
        out += &format!(" {}", quoted(arg));
    }
    out
}

#[test]
fn buildkit_cases_give_their_result() {
    let Some(folder) = shared() else { return };
    let Some(cases) = json_lines(&folder.join("judges/buildkit_parser_cases.jsonl.gz")) else { return };
    let (mut valid, mut invalid) = (0, 0);
    for case in &cases {
        let source = SourceFile::new("Dockerfile", case["dockerfile"].as_str().unwrap());
        let file = syntax::parse(&source);
        let Some(expected) = case["result"].as_str() else {
            assert!(!file.errors.is_empty(), "{}", case["name"]);
            invalid += 1;
            continue;
        };
        let lines: Vec<String> = shapes(&source, &file).iter().map(|value| format!("({})", dump(value))).collect();
        assert_eq!(lines.join("\n"), expected.trim(), "{}", case["name"]);
        valid += 1;
    }
    eprintln!("{valid} valid cases with BuildKit's result, {invalid} invalid ones with an error");
}
