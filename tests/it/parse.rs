//! The parser on whole files: the corpus, BuildKit's own cases, and snapshots of fixtures/parse.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use unladen::syntax::{self, Body, Command, Instruction, Item, KeyValue, Word};
use unladen::text::{SourceFile, Span};

/// The folder of handed-out material, where it is there.
pub fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("UNLADEN_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there (set UNLADEN_SHARED)", folder.display());
    None
}

pub fn json_lines(path: &Path) -> Option<Vec<Value>> {
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Id and text of every Dockerfile of the corpus.
pub fn corpus_files() -> Option<Vec<(String, Vec<u8>)>> {
    let rows = json_lines(&shared()?.join("corpus/dockerfiles.jsonl.gz"))?;
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_string();
    Some(rows.iter().map(|row| (field(row, "id"), field(row, "text").into_bytes())).collect())
}

/// The tree for people: one line per part, with its place and text.
struct Dump<'a> {
    source: &'a SourceFile,
    out: String,
    depth: usize,
}

impl Dump<'_> {
    fn line(&mut self, span: Span, what: &str, text: &str) {
        let (start, end) = (self.source.line_col(span.start), self.source.line_col(span.end));
        let place = match start.line == end.line {
            true => format!("{}:{}-{}", start.line, start.column, end.column),
            false => format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column),
        };
        let text = if text.is_empty() { String::new() } else { format!(" {text:?}") };
        self.out += &format!("{place:<12} {}{what}{text}\n", "  ".repeat(self.depth));
    }

    fn word(&mut self, what: &str, word: &Word) {
        self.line(word.span, what, &word.text);
    }

    fn words(&mut self, what: &str, words: &[Word]) {
        words.iter().for_each(|word| self.word(what, word));
    }

    fn pairs(&mut self, pairs: &[KeyValue]) {
        for pair in pairs {
            self.word("name", &pair.key);
            pair.value.iter().for_each(|value| self.word("value", value));
        }
    }

    fn command(&mut self, inst: &Instruction, command: &Command) {
        match command {
            Command::Shell(span) => self.line(*span, "shell", &syntax::shell_text(self.source, inst, *span).text),
            Command::Exec { span, words } => {
                self.line(*span, "exec", "");
                self.words("string", words);
            }
        }
    }

    fn instruction(&mut self, inst: &Instruction) {
        self.line(inst.content, &format!("{:?}", inst.keyword), "");
        self.depth += 1;
        for flag in &inst.flags {
            self.word("flag", &flag.name);
            flag.value.iter().for_each(|value| self.word("  value", value));
            for field in &flag.fields {
                self.word("  field", &field.key);
                field.value.iter().for_each(|value| self.word("    value", value));
            }
        }
        self.body(inst);
        for doc in &inst.heredocs {
            let marks = [(doc.expand, " expanded"), (doc.strip_tabs, " tabs stripped")];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            self.line(doc.marker, &format!("heredoc{marks}"), &doc.name);
            self.line(doc.body, "  body", self.source.slice(doc.body));
            self.line(doc.end, "  end", "");
        }
        for comment in &inst.comments {
            self.line(*comment, "comment", self.source.slice(*comment));
        }
        self.depth -= 1;
    }

    fn body(&mut self, inst: &Instruction) {
        match &inst.body {
            Body::From { image, alias } => {
                self.line(image.span, "image", &image.text);
                let parts = [("registry", &image.registry), ("tag", &image.tag), ("digest", &image.digest)];
                self.word("  repository", &image.repository);
                for (what, part) in parts {
                    part.iter().for_each(|word| self.word(&format!("  {what}"), word));
                }
                alias.iter().for_each(|alias| self.word("alias", alias));
            }
            Body::Run(command) | Body::Cmd(command) | Body::Entrypoint(command) => self.command(inst, command),
            Body::Shell(words) => self.words("string", words),
            Body::Copy(transfer) | Body::Add(transfer) => {
                self.words(if transfer.json { "source string" } else { "source" }, &transfer.sources);
                self.word("destination", &transfer.dest);
            }
            Body::Env(list) | Body::Label(list) => self.pairs(&list.pairs),
            Body::Arg(pairs) => self.pairs(pairs),
            Body::Workdir(word) | Body::User(word) | Body::StopSignal(word) | Body::Maintainer(word) => {
                self.word("word", word);
            }
            Body::Expose(words) => self.words("word", words),
            Body::Volume { paths, json } => self.words(if *json { "string" } else { "word" }, paths),
            Body::HealthcheckNone(word) => self.word("none", word),
            Body::HealthcheckCmd { cmd, command } => {
                self.word("cmd", cmd);
                self.command(inst, command);
            }
            Body::Onbuild(inner) => {
                // The heredocs are shown once, by the outer instruction.
                let mut inner = (**inner).clone();
                inner.heredocs.clear();
                self.instruction(&inner);
            }
            Body::Invalid => self.line(inst.args, "invalid", &syntax::shell_text(self.source, inst, inst.args).text),
        }
    }
}

fn dump(source: &SourceFile) -> String {
    let file = syntax::parse(source);
    let mut dump = Dump { source, out: String::new(), depth: 0 };
    for item in &file.items {
        match item {
            Item::Blank(span) => dump.line(*span, "blank", ""),
            Item::Comment(span) => dump.line(*span, "comment", source.slice(*span).trim_end()),
            Item::Directive(directive) => {
                dump.line(directive.span, "directive", "");
                dump.word("  name", &directive.name);
                dump.word("  value", &directive.value);
            }
            Item::Instruction(instruction) => dump.instruction(instruction),
        }
    }
    dump.out += if file.errors.is_empty() { "no errors\n" } else { "errors\n" };
    for error in &file.errors {
        dump.line(error.span, &error.message, source.slice(error.span));
    }
    dump.out
}

#[test]
fn trees_of_the_fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parse");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(cases.len() > 10);
    for case in cases {
        let source = SourceFile::from_bytes("Dockerfile", std::fs::read(case.join("Dockerfile")).unwrap());
        let name = format!("parse-{}", case.file_name().unwrap().to_string_lossy());
        crate::properties::check_tree(&source.all_bytes());
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(name, dump(&source));
        });
    }
}
