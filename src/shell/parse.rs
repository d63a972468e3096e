//! Text -> commands: which text an instruction runs, in which language, and the walk over its tree.

use super::command::Raw;
use super::front::{self, option_name, shell_dialect};
use super::walk::{Around, MAX_TEXT, Output, Walker, parse};
use super::words::Inner;
use super::{Dialect, Script, ShellWord};
use crate::syntax::{Command, Heredoc, Instruction, Word, shell_text};
use crate::text::{MappedText, SourceFile, Span};

/// The script of RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD: shell form, exec form (one command) and heredocs.
/// `dialect` is that of the shell in force; a heredoc with its own interpreter or shebang overrides it.
pub fn parse_command(source: &SourceFile, instruction: &Instruction, command: &Command, dialect: Dialect) -> Script {
    let span = match command {
        Command::Shell(span) => *span,
        Command::Exec { words, .. } => return exec(source, instruction, words, dialect),
    };
    let mut text = shell_text(source, instruction, span);
    match instruction.heredocs.as_slice() {
        [] => parse_text(&text, dialect),
        [heredoc] if text.text.trim() == source.slice(heredoc.marker) => {
            // BuildKit hands the body itself to the shell, or runs it as a file when it begins with `#!`.
            let body = body(source, heredoc);
            match shebang(&body.text) {
                Some((dialect, options)) => {
                    let mut script = parse_text(&body, dialect);
                    script.options.splice(0..0, options);
                    script
                }
                None => parse_text(&body, dialect),
            }
        }
        heredocs => {
            // Otherwise the shell gets the line with the bodies below it and reads the heredocs itself.
            let mut at = heredocs.first().map_or(0, |first| first.body.start);
            text.push_replaced("\n", Span::new(at.saturating_sub(1), at));
            for heredoc in heredocs {
                let end = heredoc.end.end.max(heredoc.body.end).max(at);
                if heredoc.body.start > at {
                    text.push(source, Span::new(at, heredoc.body.start));
                }
                text.push(source, Span::new(heredoc.body.start.min(end), end));
                at = end;
            }
            parse_text(&text, dialect)
        }
    }
}

/// Any shell text, such as a script of the build context; spans lead to where `text` came from.
pub fn parse_text(text: &MappedText, dialect: Dialect) -> Script {
    let mut script = Script {
        commands: Vec::new(),
        substitutions: Vec::new(),
        dialect: foreign(&text.text).unwrap_or(dialect),
        opaque: None,
        options: Vec::new(),
    };
    let what = match script.dialect {
        Dialect::Posix | Dialect::Bash => None,
        Dialect::PowerShell => Some("PowerShell is not read"),
        Dialect::Cmd => Some("batch commands are not read"),
        Dialect::Other => Some("another language than shell is not read"),
    };
    if let Some(what) = what {
        script.opaque = Some(what.to_string());
        return script;
    }
    if text.text.len() > MAX_TEXT {
        script.opaque = Some(format!("the script is longer than {} KB", MAX_TEXT >> 10));
        return script;
    }
    let (file, reason) = parse(&text.text);
    let mut out = Output::default();
    let mut walker = Walker::new(text, script.dialect, &mut out);
    walker.seq(&file.body, &Around::top());
    if let ([_], Some((options, dialect))) = (file.body.as_slice(), walker.inner_shell.take()) {
        // `RUN bash -ec '…'`: the script is that shell's.
        script.options = options;
        script.dialect = dialect;
    }
    finish(script, out, reason)
}

fn finish(mut script: Script, out: Output, reason: Option<String>) -> Script {
    script.commands = out.commands;
    script.substitutions = out.substitutions;
    script.substitutions.sort_by_key(|command| command.span.start);
    script.options.extend(out.options);
    script.opaque = reason.or(out.opaque);
    if script.opaque.is_some() {
        for command in script.commands.iter_mut().chain(&mut script.substitutions) {
            command.opaque = true;
        }
    }
    script
}

fn body(source: &SourceFile, heredoc: &Heredoc) -> MappedText {
    let mut text = MappedText::default();
    let mut at = heredoc.body.start;
    for line in source.slice(heredoc.body).split_inclusive('\n') {
        let end = at + line.len() as u32;
        let tabs = if heredoc.strip_tabs { line.len() - line.trim_start_matches('\t').len() } else { 0 };
        text.push(source, Span::new(at + tabs as u32, end));
        at = end;
    }
    text
}

/// The language of a script that begins with `#!`, and the options that its line sets.
fn shebang(text: &str) -> Option<(Dialect, Vec<String>)> {
    let line = text.strip_prefix("#!")?.lines().next().unwrap_or("");
    let mut words = line.split_ascii_whitespace().skip_while(|word| {
        let base = front::base_name(word);
        base == "env" || (base.starts_with('-') && base.contains('S'))
    });
    let dialect = words.next().and_then(shell_dialect).unwrap_or(Dialect::Other);
    let letters = words.filter_map(|word| word.strip_prefix('-')).flat_map(str::chars);
    Some((dialect, letters.filter_map(option_name).map(String::from).collect()))
}

/// Text that is plainly for PowerShell or cmd although nothing said so.
fn foreign(text: &str) -> Option<Dialect> {
    let start = text.trim_start().trim_start_matches('@');
    let first = start.split(|letter: char| letter.is_ascii_whitespace()).next().unwrap_or("");
    let base = first.trim_matches('"').rsplit(['/', '\\']).next().unwrap_or("").to_ascii_lowercase();
    match base.as_str() {
        "powershell" | "powershell.exe" => return Some(Dialect::PowerShell),
        "cmd" | "cmd.exe" | "setx" | "setx.exe" => return Some(Dialect::Cmd),
        _ => {}
    }
    if first.starts_with('$') && text.contains("$ErrorActionPreference") {
        return Some(Dialect::PowerShell);
    }
    // `Invoke-WebRequest`, `New-Item`: a verb and a noun, both with a capital.
    const VERBS: &[&str] = &[
        "Add",
        "Clear",
        "Copy",
        "Disable",
        "Enable",
        "Expand",
        "Get",
        "Import",
        "Install",
        "Invoke",
        "Move",
        "New",
        "Out",
        "Register",
        "Remove",
        "Rename",
        "Restart",
        "Set",
        "Start",
        "Stop",
        "Test",
        "Uninstall",
        "Update",
        "Wait",
        "Write",
    ];
    let (verb, noun) = first.split_once('-')?;
    let noun = noun.starts_with(|letter: char| letter.is_ascii_uppercase());
    (noun && VERBS.contains(&verb)).then_some(Dialect::PowerShell)
}

/// Exec form: no shell, unless the words call one.
fn exec(source: &SourceFile, instruction: &Instruction, words: &[Word], dialect: Dialect) -> Script {
    let mut script =
        Script { commands: Vec::new(), substitutions: Vec::new(), dialect, opaque: None, options: Vec::new() };
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return script };
    let mut raw = Raw { span: first.span.to(last.span), ..Raw::default() };
    raw.words.extend(words.iter().map(|word| ShellWord { span: word.span, text: word.text.clone(), literal: true }));
    if matches!(dialect, Dialect::PowerShell | Dialect::Cmd)
        && let Some(name) = raw.words.first_mut()
        && let Some(base) = name.text.rsplit('\\').next()
    {
        name.text = base.to_string();
    }
    let nowhere = MappedText::default();
    let mut out = Output::default();
    let mut walker = Walker::new(&nowhere, dialect, &mut out);
    let inner = |index: usize| words.get(index).and_then(|word| json_text(source, instruction, word));
    walker.run(raw, &|_, index| inner(index), &Around::top());
    if let Some((options, dialect)) = walker.inner_shell.take() {
        script.options = options;
        script.dialect = dialect;
    }
    finish(script, out, None)
}

/// The text of a JSON string as a script.
fn json_text(source: &SourceFile, instruction: &Instruction, word: &Word) -> Option<Inner> {
    let raw = shell_text(source, instruction, word.span);
    let end = raw.text.len().checked_sub(1)?;
    if !raw.text.starts_with('"') || !raw.text.ends_with('"') || end == 0 {
        return None;
    }
    let mut inner = Inner::default();
    let mut at = 1;
    while at < end {
        let rest = raw.text.get(at..end)?;
        let plain = rest.find('\\').unwrap_or(rest.len());
        inner.text.push_mapped(&raw, at..at + plain);
        at += plain;
        if plain < rest.len() {
            let (kept, len) = json_escape(rest.get(plain..)?)?;
            inner.text.push_replaced(kept.encode_utf8(&mut [0; 4]), raw.span(at..at + len));
            at += len;
        }
    }
    (inner.text.text == word.text).then_some(inner)
}

fn json_escape(text: &str) -> Option<(char, usize)> {
    Some(match text.as_bytes().get(1)? {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'u' => (char::from_u32(u32::from_str_radix(text.get(2..6)?, 16).ok()?)?, 6),
        other => (char::from(*other), 2),
    })
}
