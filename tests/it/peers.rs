//! Our tree against two other parsers, on every corpus file that they accept.
//!
//! Where they differ BuildKit has the last word (differential.rs): it reads all of these files as we do, so each
//! difference is listed here with what the other crate does.

use std::collections::BTreeMap;

use unladen::syntax::{self, Body, Command, Dockerfile, Instruction, KeyValue, Keyword, Word};
use unladen::text::SourceFile;

use crate::parse::corpus_files;

/// Without white space, quotes and escape characters: the crates differ in whether they take these off.
fn squeeze(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_whitespace() && !matches!(ch, '"' | '\'' | '\\' | '`')).collect()
}

fn line(name: &str, parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| squeeze(part)).collect();
    format!("{} {}", name.to_uppercase(), parts.join("|"))
}

fn texts<'a>(words: impl IntoIterator<Item = &'a Word>) -> Vec<String> {
    words.into_iter().map(|word| word.text.to_string()).collect()
}

fn flags(inst: &Instruction) -> Vec<String> {
    inst.flags
        .iter()
        .map(|flag| format!("{}={}", flag.name.text, flag.value.as_ref().map_or("", |value| value.text.as_str())))
        .collect()
}

fn command(source: &SourceFile, inst: &Instruction, command: &Command) -> Vec<String> {
    match command {
        Command::Shell(span) => vec![syntax::shell_text(source, inst, *span).text],
        Command::Exec { words, .. } => texts(words),
    }
}

fn pairs(pairs: &[KeyValue]) -> Vec<String> {
    pairs.iter().map(|p| format!("{}={}", p.key.text, p.value.as_ref().map_or("", |v| v.text.as_str()))).collect()
}

fn image_line(image: &syntax::ImageRef, alias: &Option<Word>) -> Vec<String> {
    vec![image.text.to_string(), alias.as_ref().map_or(String::new(), |alias| alias.text.to_string())]
}

/// One line per instruction in the terms of dockerfile-parser.
fn for_dockerfile_parser(source: &SourceFile, file: &Dockerfile) -> Vec<String> {
    let one = |(_, inst): (_, &Instruction)| {
        let parts = match &inst.body {
            Body::From { image, alias } => image_line(image, alias),
            Body::Run(form) | Body::Cmd(form) | Body::Entrypoint(form) => {
                let mut parts = if inst.keyword == Keyword::Run { flags(inst) } else { vec![] };
                parts.iter_mut().for_each(|flag| flag.insert_str(0, "--"));
                parts.extend(command(source, inst, form));
                vec![parts.concat()]
            }
            Body::Copy(transfer) => {
                flags(inst).into_iter().chain(texts(transfer.sources.iter().chain([&transfer.dest]))).collect()
            }
            Body::Env(list) | Body::Label(list) => pairs(&list.pairs),
            Body::Arg(list) => pairs(list),
            _ => {
                let all = unladen::text::Span::new(inst.name.span.end, inst.args.end);
                vec![syntax::shell_text(source, inst, all).text]
            }
        };
        line(&inst.name.text, &parts)
    };
    file.instructions().map(one).collect()
}

fn dockerfile_parser_lines(file: &dockerfile_parser::Dockerfile) -> Vec<String> {
    use dockerfile_parser::{Instruction as Theirs, ShellOrExecExpr as Expr};
    let form = |expr: &Expr| match expr {
        Expr::Shell(text) => text.to_string(),
        Expr::Exec(list) => list.as_str_vec().concat(),
    };
    let one = |inst: &Theirs| match inst {
        Theirs::From(from) => line(
            "FROM",
            &[from.image.content.clone(), from.alias.as_ref().map_or(String::new(), |a| a.content.clone())],
        ),
        Theirs::Run(run) => line("RUN", &[form(&run.expr)]),
        Theirs::Cmd(cmd) => line("CMD", &[form(&cmd.expr)]),
        Theirs::Entrypoint(entrypoint) => line("ENTRYPOINT", &[form(&entrypoint.expr)]),
        Theirs::Copy(copy) => {
            let flags = copy.flags.iter().map(|flag| format!("{}={}", flag.name.content, flag.value.content));
            let words = copy.sources.iter().chain([&copy.destination]).map(|word| word.content.clone());
            line("COPY", &flags.chain(words).collect::<Vec<_>>())
        }
        Theirs::Env(env) => {
            line("ENV", &env.vars.iter().map(|v| format!("{}={}", v.key.content, v.value)).collect::<Vec<_>>())
        }
        Theirs::Label(label) => {
            let all = label.labels.iter().map(|l| format!("{}={}", l.name.content, l.value.content));
            line("LABEL", &all.collect::<Vec<_>>())
        }
        Theirs::Arg(arg) => {
            let value = arg.value.as_ref().map_or("", |value| value.content.as_str());
            line("ARG", &[format!("{}={value}", arg.name.content)])
        }
        Theirs::Misc(misc) => line(&misc.instruction.content, &[misc.arguments.to_string()]),
    };
    file.instructions.iter().map(one).collect()
}

/// One line per instruction in the terms of parse-dockerfile, which keeps shell forms as they stand in the file.
fn for_parse_dockerfile(source: &SourceFile, inst: &Instruction) -> String {
    let raw = |form: &Command| match form {
        Command::Shell(span) => vec![source.slice(*span).to_string()],
        Command::Exec { words, .. } => texts(words),
    };
    let parts = match &inst.body {
        Body::From { image, alias } => {
            let mut parts = flags(inst);
            parts.extend(image_line(image, alias));
            parts
        }
        Body::Run(form) => {
            let mut parts = flags(inst);
            // Its shell form with a heredoc is the heredoc alone.
            if inst.heredocs.is_empty() {
                parts.extend(raw(form));
            }
            parts.extend(inst.heredocs.iter().map(|doc| source.slice(doc.body).to_string()));
            parts
        }
        Body::Cmd(form) | Body::Entrypoint(form) => raw(form),
        Body::Copy(transfer) | Body::Add(transfer) => {
            let mut docs = inst.heredocs.iter();
            let source_text = |word: &Word| match word.text.contains("<<") {
                true => docs.next().map_or(String::new(), |doc| source.slice(doc.body).to_string()),
                false => word.text.to_string(),
            };
            let mut parts = flags(inst);
            parts.extend(transfer.sources.iter().map(source_text));
            parts.push(transfer.dest.text.to_string());
            parts
        }
        Body::HealthcheckCmd { command, .. } => {
            let mut parts = flags(inst);
            parts.extend(raw(command));
            parts
        }
        Body::HealthcheckNone(_) => vec![],
        Body::Shell(words) => texts(words),
        Body::Volume { paths, .. } => texts(paths),
        Body::Expose(words) => texts(words),
        Body::Onbuild(inner) => vec![for_parse_dockerfile(source, inner)],
        _ => vec![syntax::shell_text(source, inst, inst.args).text],
    };
    line(&inst.name.text, &parts)
}

fn parse_dockerfile_line(inst: &parse_dockerfile::Instruction<'_>) -> String {
    use parse_dockerfile::{
        Command as Form, Flag, HealthcheckArguments, Instruction as Theirs, JsonOrStringArray, Source,
    };
    let form = |form: &Form<'_>| match form {
        Form::Exec(words) => words.value.iter().map(|word| word.value.to_string()).collect(),
        Form::Shell(text) => vec![text.value.to_string()],
        _ => vec![],
    };
    let flags = |flags: &[Flag<'_>]| -> Vec<String> {
        flags.iter().map(|f| format!("{}={}", f.name.value, f.value.as_ref().map_or("", |v| &v.value))).collect()
    };
    let sources = |sources: &[Source<'_>]| -> Vec<String> {
        let one = |source: &Source<'_>| match source {
            Source::Path(path) => path.value.to_string(),
            Source::HereDoc(doc) => doc.value.to_string(),
            _ => String::new(),
        };
        sources.iter().map(one).collect()
    };
    let one = |text: &parse_dockerfile::UnescapedString<'_>| vec![text.value.to_string()];
    let (name, parts) = match inst {
        Theirs::Add(add) => ("ADD", [flags(&add.options), sources(&add.src), one(&add.dest)].concat()),
        Theirs::Copy(copy) => ("COPY", [flags(&copy.options), sources(&copy.src), one(&copy.dest)].concat()),
        Theirs::Arg(arg) => ("ARG", one(&arg.arguments)),
        Theirs::Cmd(cmd) => ("CMD", form(&cmd.arguments)),
        Theirs::Entrypoint(entrypoint) => ("ENTRYPOINT", form(&entrypoint.arguments)),
        Theirs::Env(env) => ("ENV", one(&env.arguments)),
        Theirs::Expose(expose) => ("EXPOSE", expose.arguments.iter().map(|word| word.value.to_string()).collect()),
        Theirs::From(from) => {
            let alias = from.as_.as_ref().map_or(String::new(), |(_, alias)| alias.value.to_string());
            ("FROM", [flags(&from.options), one(&from.image), vec![alias]].concat())
        }
        Theirs::Healthcheck(check) => {
            let command = match &check.arguments {
                HealthcheckArguments::Cmd { arguments, .. } => form(arguments),
                _ => vec![],
            };
            ("HEALTHCHECK", [flags(&check.options), command].concat())
        }
        Theirs::Label(label) => ("LABEL", one(&label.arguments)),
        Theirs::Maintainer(maintainer) => ("MAINTAINER", one(&maintainer.name)),
        Theirs::Onbuild(onbuild) => ("ONBUILD", vec![parse_dockerfile_line(&onbuild.instruction)]),
        Theirs::Run(run) => {
            let docs: Vec<String> = run.here_docs.iter().map(|doc| doc.value.to_string()).collect();
            let command = if docs.is_empty() { form(&run.arguments) } else { docs };
            ("RUN", [flags(&run.options), command].concat())
        }
        Theirs::Shell(shell) => ("SHELL", shell.arguments.iter().map(|word| word.value.to_string()).collect()),
        Theirs::Stopsignal(signal) => ("STOPSIGNAL", one(&signal.arguments)),
        Theirs::User(user) => ("USER", one(&user.arguments)),
        Theirs::Volume(volume) => {
            let words = match &volume.arguments {
                JsonOrStringArray::Json(words) => words.value.iter().map(|word| word.value.to_string()).collect(),
                JsonOrStringArray::String(words) => words.iter().map(|word| word.value.to_string()).collect(),
            };
            ("VOLUME", words)
        }
        Theirs::Workdir(workdir) => ("WORKDIR", one(&workdir.arguments)),
        _ => ("?", vec![]),
    };
    line(name, &parts)
}

/// The reason for a difference, by what our tree shows of the file; `None` is a difference that must be looked at.
type Reason = fn(&SourceFile, &Dockerfile, &str, &str) -> Option<&'static str>;

fn compare(
    name: &str,
    ours: impl Fn(&SourceFile, &Dockerfile, &str) -> Option<(Vec<String>, Vec<String>)>,
    reason: Reason,
) {
    let Some(files) = corpus_files() else { return };
    let (mut accepted, mut equal) = (0, 0);
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut open = Vec::new();
    for (id, text) in &files {
        let text = String::from_utf8_lossy(text);
        let source = SourceFile::new("Dockerfile", text.to_string());
        let file = syntax::parse(&source);
        let Some((ours, theirs)) = ours(&source, &file, &text) else { continue };
        accepted += 1;
        if ours == theirs {
            equal += 1;
            continue;
        }
        let at = ours.iter().zip(&theirs).position(|(our, their)| our != their).unwrap_or(ours.len().min(theirs.len()));
        let none = String::new();
        let (our, their) = (ours.get(at).unwrap_or(&none), theirs.get(at).unwrap_or(&none));
        match reason(&source, &file, our, their) {
            Some(reason) => reasons.entry(reason).or_default().push(id),
            None => open.push(format!("{id}\n  ours:   {our}\n  theirs: {their}")),
        }
    }
    eprintln!("{name}: {accepted} of {} files accepted, {equal} read alike", files.len());
    for (reason, ids) in &reasons {
        eprintln!("  {:4} {reason}: {}", ids.len(), ids.iter().take(5).copied().collect::<Vec<_>>().join(" "));
    }
    assert!(open.is_empty(), "{} differences without a reason:\n{}", open.len(), open.join("\n"));
}

/// What dockerfile-parser does otherwise than BuildKit, told from the first instruction that differs.
fn dockerfile_parser_reason(source: &SourceFile, file: &Dockerfile, our: &str, their: &str) -> Option<&'static str> {
    let of = |name: &str| our.starts_with(name) && their.starts_with(name);
    let quoted_image = || {
        file.instructions().any(|(_, inst)| match &inst.body {
            Body::From { image, .. } => source.slice(image.span).starts_with('"'),
            _ => false,
        })
    };
    if of("COPY ") && our.contains("link=|") && their.contains("--link|") {
        Some("takes a flag of COPY without a value for a source")
    } else if of("COPY ") && their.starts_with("COPY [") {
        Some("does not know the JSON form of COPY")
    } else if of("RUN --mount") && their.contains('[') {
        Some("does not see the exec form behind a flag of RUN")
    } else if of("ENV ") || of("LABEL ") {
        Some("reads \\n and \\366 in quotes as C does")
    } else if of("FROM ") && quoted_image() {
        Some("reads a quoted image and AS behind it as one word")
    } else if of("RUN ") && our.starts_with(their) {
        Some("ends a continued instruction at a line of blanks")
    } else if their.starts_with("GHC ") && our.starts_with("GHC-UNORDERED") {
        Some("ends an unknown keyword at a dash; BuildKit refuses the file")
    } else {
        None
    }
}

#[test]
fn dockerfile_parser_differs_only_for_listed_reasons() {
    let lines = |source: &SourceFile, file: &Dockerfile, text: &str| {
        let theirs = dockerfile_parser::Dockerfile::parse(text).ok()?;
        Some((for_dockerfile_parser(source, file), dockerfile_parser_lines(&theirs)))
    };
    compare("dockerfile-parser", lines, dockerfile_parser_reason);
}

#[test]
fn parse_dockerfile_differs_only_for_listed_reasons() {
    let lines = |source: &SourceFile, file: &Dockerfile, text: &str| {
        let theirs = parse_dockerfile::parse(text).ok()?;
        let ours = file.instructions().map(|(_, inst)| for_parse_dockerfile(source, inst)).collect();
        Some((ours, theirs.instructions.iter().map(parse_dockerfile_line).collect()))
    };
    compare("parse-dockerfile", lines, |_, _, _, _| None);
}
