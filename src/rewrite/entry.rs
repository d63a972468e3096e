//! What the image runs: ENTRYPOINT and CMD as one command, and whether it can do without a shell.

use super::Refusal;
use super::case::Case;
use super::paths::join;
use super::refuse::refuse;
use crate::model::{Origin, expand, variables};
use crate::shell::{Dialect, Joiner, Script, ShellCommand, ShellWord, parse_text};
use crate::syntax::{Command, InstId};
use crate::text::{MappedText, Span};

/// A program that the image starts, as its command names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub text: String,
    pub span: Span,
    /// Absolute where the name has a slash; `None` when PATH is searched.
    pub path: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The first one is what starts; others follow in shell forms (`a && b`) and behind wrappers (`tini -- app`).
    pub programs: Vec<Named>,
    /// Why a shell has to be there, with the place.
    pub shell: Option<(String, Span)>,
    /// Shell-form CMD or ENTRYPOINT that becomes this exec form.
    pub exec_form: Option<(InstId, Vec<String>)>,
    pub span: Span,
    /// The directory that the process starts in.
    pub workdir: String,
    /// Every argument in order, as far as they are known; they may name files.
    pub args: Vec<String>,
    /// A program starts in another directory than the working directory of the image.
    pub elsewhere: Option<Span>,
    /// Arguments that the shell computes and that may name files.
    pub computed: Vec<(String, Span)>,
}

/// Programs that run or watch sources, or only keep a container open.
const DEV: &[&str] = &[
    "air",
    "reflex",
    "CompileDaemon",
    "compiledaemon",
    "realize",
    "fresh",
    "gin",
    "dlv",
    "delve",
    "gow",
    "modd",
    "nodemon",
    "entr",
    "watchexec",
    "bash",
    "sh",
    "zsh",
    "ash",
    "fish",
    "sleep",
    "tail",
    "cat",
    "top",
    "true",
    "npm",
    "yarn",
    "make",
    "task",
    "mage",
    "bazel",
    "gotestsum",
    "ginkgo",
];

/// Programs that start what their arguments name.
pub(super) const WRAPPERS: &[&str] =
    &["tini", "dumb-init", "gosu", "su-exec", "catatonit", "setpriv", "nice", "env", "exec"];

const SUPERVISORS: &[&str] = &[
    "supervisord",
    "s6-svscan",
    "runsvdir",
    "runit",
    "circusd",
    "foreman",
    "hivemind",
    "cron",
    "crond",
    "anacron",
    "supercronic",
];

pub(super) fn entry(case: &Case<'_>) -> Result<Entry, Refusal> {
    let config = &case.stage.config;
    let own = |id: Option<InstId>| id.filter(|id| case.file.get(*id).is_some());
    let entrypoint = config.entrypoint.as_ref().and_then(|command| own(command.inst));
    let cmd = config.cmd.as_ref().and_then(|command| own(command.inst));
    let Some(main) = entrypoint.or(cmd) else {
        return Err(refuse(
            "no-command",
            case.base_span(),
            "the file sets neither CMD nor ENTRYPOINT, so the image runs what its base runs",
            "add the CMD that starts the program",
        ));
    };
    let workdir = case.workdir.clone();
    let main_step = case.step(main);
    let span = case.content(main);
    let mut entry = Entry {
        programs: Vec::new(),
        shell: None,
        exec_form: None,
        span,
        workdir,
        args: Vec::new(),
        elsewhere: None,
        computed: Vec::new(),
    };
    match case.file.get(main).and_then(|inst| inst.command()) {
        Some(Command::Exec { words, .. }) => {
            let mut argv: Vec<(String, Span)> = words.iter().map(|word| (word.text.to_string(), word.span)).collect();
            if entrypoint.is_some() {
                match cmd.and_then(|id| case.file.get(id)).and_then(|inst| inst.command()) {
                    Some(Command::Exec { words, .. }) => {
                        argv.extend(words.iter().map(|word| (word.text.to_string(), word.span)));
                    }
                    Some(Command::Shell(span)) => {
                        entry.shell = Some(("a shell-form CMD is an argument of ENTRYPOINT".into(), *span));
                    }
                    None => {}
                }
            }
            exec(case, &mut entry, &argv)?;
        }
        Some(Command::Shell(text)) => {
            let Some(script) = main_step.and_then(|step| step.script.as_ref()) else {
                return Err(opaque(span, "the command is not written for a Bourne shell"));
            };
            shell(case, &mut entry, script, main, *text)?;
            let reads_profile =
                main_step.is_some_and(|step| step.shell.words.iter().skip(1).any(|word| super::shells::is_login(word)));
            if reads_profile && entry.exec_form.take().is_some() {
                entry.shell = Some(("SHELL has the shell read its profile first".into(), *text));
            }
            let plain = main_step.is_none_or(|step| super::shells::is_plain(case, &step.shell.words));
            if !plain && entry.exec_form.take().is_some() {
                entry.shell = Some(("SHELL does more than start a shell".into(), *text));
            }
            let both = entrypoint.is_some() && cmd.is_some();
            if both && entry.exec_form.take().is_some() {
                // As exec form the ENTRYPOINT would get CMD as arguments, which the shell form ignores.
                entry.shell = Some(("a shell-form ENTRYPOINT that ignores CMD".into(), *text));
            }
        }
        None => return Err(opaque(span, "the command has an error")),
    }
    if entry.programs.is_empty() {
        return Err(opaque(span, "the command names no program"));
    }
    Ok(entry)
}

fn opaque(span: Span, message: &str) -> Refusal {
    refuse("opaque-command", span, message, "write the command in exec form: CMD [\"/path/of/program\", \"argument\"]")
}

fn exec(case: &Case<'_>, entry: &mut Entry, argv: &[(String, Span)]) -> Result<(), Refusal> {
    let Some((first, span)) = argv.first() else {
        return Err(refuse("no-command", entry.span, "the command is empty", "add the CMD that starts the program"));
    };
    entry.args = argv.iter().skip(1).map(|(text, _)| text.clone()).collect();
    let name = super::paths::base_name(first);
    if matches!(name, "sh" | "bash" | "ash" | "dash") {
        entry.shell = Some((format!("the command starts {name}"), *span));
        let mut rest = argv.iter().skip(1).map(|(text, span)| (text.as_str(), *span));
        match rest.find(|(text, _)| !text.starts_with('-')) {
            // `sh -c "text"`: the shell view has looked through it.
            Some((_, at)) if argv.get(1).is_some_and(|(flag, _)| flag.starts_with('-') && flag.contains('c')) => {
                let inst = case.inst_at(entry.span.start);
                let script = inst.and_then(|id| case.step(id)).and_then(|step| step.script.as_ref());
                // Behind `tini --` nobody has looked yet.
                let own =
                    script.filter(|script| script.commands.iter().any(|cmd| !is_shell(cmd) && within(at, cmd.span)));
                let inner = if own.is_none() { parse_word(case, at) } else { None };
                let script = own.or(inner.as_ref());
                let inner = script.map(|script| script.commands.iter().filter(|cmd| !is_shell(cmd)).collect());
                return commands(case, entry, inner.unwrap_or_default());
            }
            // `bash script.sh`
            Some((script, at)) => {
                let path = Some(join(&entry.workdir, script));
                entry.programs.push(Named { text: script.to_string(), span: at, path });
                if name == "bash" {
                    entry.programs.push(Named { text: name.to_string(), span: *span, path: None });
                }
                return Ok(());
            }
            None => return Err(dev(*span, name)),
        }
    }
    // `/srv/exec` is a program of that name, not the word of the shell.
    let is_own = name == "exec" && first.contains('/');
    if WRAPPERS.contains(&name) && !is_own {
        push(case, entry, first, *span)?;
        // `tini -- gosu app /srv/api`: what is wrapped may be a wrapper or a shell again.
        return match argv.get(wrapped_at(name, argv)..) {
            Some(rest) if !rest.is_empty() => exec(case, entry, rest),
            _ => Err(opaque(*span, "what it starts is not in the command")),
        };
    }
    if name == "go" {
        return Err(go_at_run_time(argv.get(1).map(|(text, _)| text.as_str()).unwrap_or(""), *span));
    }
    push(case, entry, first, *span)
}

/// Where, in the words of a wrapper, the program begins that it starts: behind its flags with their values, the
/// variables of env, and the user of gosu and su-exec.
fn wrapped_at(name: &str, argv: &[(String, Span)]) -> usize {
    let with_value: &[&str] = match name {
        "tini" => &["-p", "-e"],
        "dumb-init" => &["-r", "--rewrite"],
        "nice" => &["-n", "--adjustment"],
        "env" => &["-u", "--unset", "-C", "--chdir"],
        "setpriv" => &[
            "--reuid",
            "--ruid",
            "--euid",
            "--regid",
            "--rgid",
            "--egid",
            "--groups",
            "--bounding-set",
            "--inh-caps",
            "--ambient-caps",
            "--securebits",
            "--pdeathsig",
        ],
        _ => &[],
    };
    let mut at = 1;
    while let Some((word, _)) = argv.get(at) {
        if word == "--" {
            at += 1;
            break;
        }
        if with_value.contains(&word.as_str()) {
            at += 1;
        } else if !(word.starts_with('-') || name == "env" && word.contains('=')) {
            break;
        }
        at += 1;
    }
    at + usize::from(matches!(name, "gosu" | "su-exec"))
}

/// The shell text of one word in exec form; `None` where an escape in it moves its places.
fn parse_word(case: &Case<'_>, word: Span) -> Option<Script> {
    let inner = Span::new(word.start + 1, word.end.saturating_sub(1).max(word.start + 1));
    if case.source.slice(inner).contains('\\') {
        return None;
    }
    let mut mapped = MappedText::default();
    mapped.push(case.source, inner);
    Some(parse_text(&mapped, Dialect::Posix))
}

fn within(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn is_shell(cmd: &ShellCommand) -> bool {
    matches!(cmd.name.text.as_str(), "sh" | "bash" | "ash" | "dash" | "")
}

fn push(_case: &Case<'_>, entry: &mut Entry, text: &str, span: Span) -> Result<(), Refusal> {
    let name = super::paths::base_name(text);
    if SUPERVISORS.contains(&name) || text == "/init" {
        return Err(refuse(
            "supervisor",
            span,
            match name {
                "cron" | "crond" | "anacron" | "supercronic" => format!("{name} starts programs by its own table"),
                _ => format!("{name} starts several programs"),
            },
            "give each program an image of its own, or write the stages by hand",
        ));
    }
    let path = text.contains('/').then(|| join(&entry.workdir, text));
    if path.is_none() && DEV.contains(&name) {
        return Err(dev(span, name));
    }
    entry.programs.push(Named { text: text.to_string(), span, path });
    Ok(())
}

fn dev(span: Span, name: &str) -> Refusal {
    refuse(
        "dev-server",
        span,
        format!("the image starts {name}, not a program that the build makes"),
        "give the production image a CMD that starts the built program",
    )
}

fn go_at_run_time(sub: &str, span: Span) -> Refusal {
    match sub {
        "run" | "test" => refuse(
            "dev-server",
            span,
            format!("the image runs go {sub}, so it needs the whole toolchain and the sources"),
            "build the program with RUN go build and start it with CMD",
        ),
        _ => refuse(
            "runtime-toolchain",
            span,
            format!("the image runs go {sub}"),
            "build in RUN, and start the program with CMD",
        ),
    }
}

fn shell(case: &Case<'_>, entry: &mut Entry, script: &Script, inst: InstId, text: Span) -> Result<(), Refusal> {
    if let Some(words) = plain_words(case, script, inst) {
        let argv: Vec<(String, Span)> = words;
        exec(case, entry, &argv)?;
        if entry.shell.is_none() {
            entry.exec_form = Some((inst, argv.into_iter().map(|(text, _)| text).collect()));
        }
        return Ok(());
    }
    entry.shell = Some((why_shell(case.source.slice(text)), text));
    commands(case, entry, script.commands.iter().collect())
}

fn why_shell(text: &str) -> String {
    let reason = if text.contains('$') {
        "the command expands variables"
    } else if text.contains("&&") || text.contains(';') || text.contains('|') {
        "the command is made of several"
    } else if text.contains('>') || text.contains('<') {
        "the command redirects"
    } else {
        "the command is more than plain words"
    };
    reason.to_string()
}

/// The programs of a command that keeps its shell.
fn commands(case: &Case<'_>, entry: &mut Entry, commands: Vec<&ShellCommand>) -> Result<(), Refusal> {
    // `exec gosu app /srv/api`: what stands before the program is one, too.
    let mut wrappers = Vec::new();
    let image_dir = entry.workdir.clone();
    if let Some(dir) = one_directory(case, &image_dir, &commands) {
        entry.workdir = dir;
    }
    for cmd in commands {
        let name = cmd.name.text.as_str();
        if matches!(name, "." | "source") {
            let file = cmd.args.first().map_or("a file", |arg| arg.text.as_str());
            return Err(refuse(
                "opaque-command",
                cmd.span,
                format!("the command runs {file}, which may change the directory and the variables of what follows"),
                format!("write what {file} sets as ENV and WORKDIR, and start the program in exec form"),
            ));
        }
        for redirect in cmd.redirects.iter().chain(cmd.outer_redirects.iter()) {
            if redirect.operator.starts_with('<') && !redirect.operator.starts_with("<<") {
                named_file(entry, &redirect.target);
            }
        }
        for wrapper in &cmd.wrappers {
            let name = super::paths::base_name(&wrapper.text);
            // The shell of `sh -c` is there wherever the command keeps one; bash may not be.
            let shell = matches!(name, "sh" | "ash" | "dash");
            if !BUILTINS.contains(&name) && !shell && name != "time" && !wrapper.text.contains('=') {
                let path = wrapper.text.contains('/').then(|| join(&entry.workdir, &wrapper.text));
                wrappers.push(Named { text: wrapper.text.clone(), span: wrapper.span, path });
            }
        }
        let behind = super::behind::behind(cmd);
        if behind.unknown {
            entry.computed.push((cmd.name.text.clone(), cmd.span));
        }
        for program in behind.programs.into_iter().filter(|program| !BUILTINS.contains(&program.as_str())) {
            let path = program.contains('/').then(|| join(&entry.workdir, &program));
            wrappers.push(Named { text: program, span: cmd.span, path });
        }
        if name.is_empty() || BUILTINS.contains(&name) {
            continue;
        }
        if name == "go" {
            return Err(go_at_run_time(cmd.args.first().map_or("", |arg| arg.text.as_str()), cmd.span));
        }
        let written = written(case, cmd);
        let written = of_environment(case, &written).unwrap_or(written);
        if written.contains(['$', '`', '*', '?']) {
            return Err(opaque(cmd.name.span, "the name of the program is computed"));
        }
        if WRAPPERS.contains(&name) {
            push(case, entry, &written, cmd.name.span)?;
            if let Some(arg) = cmd.args.iter().find(|arg| !arg.text.starts_with('-') && arg.literal) {
                push(case, entry, &arg.text, arg.span)?;
            }
            continue;
        }
        if !written.contains('/') {
            // A program of others reads what its arguments name, and nobody sees its sources.
            cmd.args.iter().filter(|arg| arg.text.contains('/')).for_each(|arg| named_file(entry, arg));
        }
        let dir = cmd.dir.as_deref().map(|dir| join(&image_dir, dir));
        if written.contains('/') && dir.as_deref() != Some(entry.workdir.as_str()) {
            let Some(dir) = dir else {
                return Err(opaque(cmd.span, "the directory that the program starts in is not known"));
            };
            entry.elsewhere = Some(cmd.span);
            entry.args.extend(cmd.args.iter().map(|arg| arg.text.clone()));
            entry.programs.push(Named { path: Some(join(&dir, &written)), text: written, span: cmd.name.span });
            continue;
        }
        if dir.as_deref() != Some(entry.workdir.as_str()) {
            entry.elsewhere = Some(cmd.span);
        }
        entry.args.extend(cmd.args.iter().map(|arg| arg.text.clone()));
        let before = entry.programs.len();
        match push(case, entry, &written, cmd.name.span) {
            // `sleep 5 && ./app` is no image that only sleeps.
            Err(refusal) if refusal.reason == "dev-server" && !matches!(name, "air" | "make" | "npm" | "dlv") => {
                entry.programs.truncate(before);
                entry.programs.push(Named { text: written, span: cmd.name.span, path: None });
            }
            result => result?,
        }
    }
    if entry.programs.iter().all(|named| named.path.is_none() && DEV.contains(&named.text.as_str()))
        && let Some(named) = entry.programs.first()
    {
        return Err(dev(named.span, &named.text));
    }
    entry.programs.extend(wrappers);
    Ok(())
}

/// `exec $APP`: the program that ENV of the file names, and that nothing but `docker run -e` says otherwise. Every program
/// of the build ships beside it.
fn of_environment(case: &Case<'_>, word: &str) -> Option<String> {
    let env = &case.stage.steps.last()?.env;
    let names = variables(word, case.file.escape);
    let own = |name: &String| {
        env.get(name).is_some_and(|found| matches!(found.origin, Origin::Env(_))) && !env.is_changeable(name)
    };
    if names.is_empty() || word.contains(['`', '(', '*', '?', ':', '"', '\'']) || !names.iter().all(own) {
        return None;
    }
    let value = expand(word, case.file.escape, env).ok()?;
    let plain = value.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
    (plain && !value.is_empty()).then_some(value)
}

/// `cd /app && ./main`: the one directory that everything is started in, where a program lies in it, so that the final
/// image has it.
fn one_directory(case: &Case<'_>, image_dir: &str, commands: &[&ShellCommand]) -> Option<String> {
    let cd = commands.first().filter(|cmd| cmd.name.text == "cd" && cmd.args.iter().all(|arg| arg.literal))?;
    let rest = || commands.iter().filter(|cmd| !cmd.span.contains(cd.span));
    let mut dirs = rest().map(|cmd| cmd.dir.as_deref().map(|dir| join(image_dir, dir)));
    let dir = dirs.next()??;
    let same = dirs.all(|other| other.as_ref() == Some(&dir)) && commands.iter().all(|cmd| !cmd.conditional);
    let lies_in_it = |cmd: &ShellCommand| {
        let path = written(case, cmd);
        path.contains('/') && super::paths::within(&join(&dir, &path), &dir)
    };
    let found = same && dir != image_dir && rest().any(|cmd| lies_in_it(cmd));
    found.then_some(dir)
}

/// A word that names a file: an argument like any other, or nothing that can be looked up.
fn named_file(entry: &mut Entry, word: &ShellWord) {
    if word.text.contains(['$', '`']) {
        entry.computed.push((word.text.clone(), word.span));
    } else {
        entry.args.push(word.text.clone());
    }
}

pub(super) const BUILTINS: &[&str] = &[
    "cd", "echo", "printf", "export", "set", "unset", "exec", "exit", "true", "false", ":", "[", "test", "wait",
    "trap", "read", "shift", "return", "eval", ".", "source", "umask", "ulimit", "local", "command", "kill", "break",
    "continue", "getopts", "alias", "type", "pwd", "let", "[[", "declare", "readonly", "hash", "times",
];

/// The name of the program with its path, as it stands in the file.
pub(super) fn written(case: &Case<'_>, cmd: &ShellCommand) -> String {
    let text = case.source.slice(cmd.name.span);
    let bare = text.trim_matches(['"', '\'']);
    if super::paths::base_name(bare) == cmd.name.text { bare.to_string() } else { cmd.name.text.clone() }
}

/// The words of a shell-form command that mean the same in exec form; `None` when a shell has work to do.
pub(super) fn plain_words(case: &Case<'_>, script: &Script, inst: InstId) -> Option<Vec<(String, Span)>> {
    let [cmd] = script.commands.as_slice() else { return None };
    if script.opaque.is_some()
        || cmd.opaque
        || cmd.conditional
        || cmd.depth > 0
        || cmd.joiner != Joiner::Start
        || !cmd.assignments.is_empty()
        || !cmd.redirects.is_empty()
        || BUILTINS.contains(&cmd.name.text.as_str())
    {
        return None;
    }
    let mut first = cmd.name.span.start;
    match cmd.wrappers.as_slice() {
        [] => {}
        [exec] if exec.text == "exec" => first = exec.span.start,
        _ => return None,
    }
    // Whatever the shell view may overlook: only these characters stand for themselves in every shell.
    let body = match case.file.get(inst)?.command()? {
        Command::Shell(span) => case.source.slice(*span),
        Command::Exec { .. } => return None,
    };
    if cmd.span.start != first || !stands_for_itself(body) {
        return None;
    }
    if !cmd.name.literal || cmd.args.iter().any(|arg| !arg.literal) {
        return None;
    }
    let name = written(case, cmd);
    if name.contains(['"', '\'']) {
        return None;
    }
    let mut words = vec![(name, cmd.name.span)];
    words.extend(cmd.args.iter().map(|arg| (arg.text.clone(), arg.span)));
    Some(words)
}

/// Nothing in the text is special to a shell: between quotes only what a shell would still expand there counts.
fn stands_for_itself(text: &str) -> bool {
    let mut quote = None;
    for letter in text.chars() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            (Some('\''), _) => {}
            (_, '$' | '`' | '\\' | '\n') => return false,
            (Some(_), _) => {}
            (None, letter) if "*?[{~&|;<>(!#".contains(letter) => return false,
            _ => {}
        }
    }
    quote.is_none()
}

/// The exec form as JSON.
pub(super) fn json(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            let mut text = String::from("\"");
            for letter in word.chars() {
                match letter {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    letter if (letter as u32) < 0x20 => text.push_str(&format!("\\u{:04x}", letter as u32)),
                    letter => text.push(letter),
                }
            }
            text.push('"');
            text
        })
        .collect();
    format!("[{}]", quoted.join(", "))
}
