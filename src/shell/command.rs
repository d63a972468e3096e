//! One simple command: its words, wrappers and redirections, the shells it calls, and what it does to the state.

use std::ops::Range;
use std::sync::Arc;

use shuck_ast::{
    AssignmentValue, BuiltinCommand, DeclClause, DeclOperand, RedirectTarget, SimpleCommand, Stmt, StmtSeq, Word,
};

use super::front::{self, ScriptAt};
use super::outcome::failing_exit;
use super::walk::{Around, Walker};
use super::words::{Decoder, Inner, Place, empty_at, range};
use super::{Assignment, Redirect, ShellCommand, ShellWord};
use crate::text::Span;

/// A command as it was read, before anything is looked through.
#[derive(Default)]
pub(super) struct Raw {
    pub words: Vec<ShellWord>,
    pub assignments: Vec<Assignment>,
    pub redirects: Vec<Redirect>,
    /// The body of a heredoc on standard input.
    pub stdin: Option<Inner>,
    /// What it covers in the text.
    pub at: Range<usize>,
    pub span: Span,
}

impl<'a> Walker<'a, '_> {
    pub fn redirect(&mut self, redirect: &shuck_ast::Redirect, around: &Around) -> Redirect {
        let at = range(redirect.span);
        let (target, target_at, body) = match &redirect.target {
            RedirectTarget::Word(word) if range(word.span).start < at.start => {
                // The parser has lost the place of `1` in `2>&1` before a continuation.
                let text = self.text.text.get(at.clone()).unwrap_or("");
                let operator = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
                let target = operator.trim_start_matches(['<', '>', '&', '|']).trim_start();
                let target_at = at.end - target.len()..at.end;
                let plain = target.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
                let word =
                    ShellWord { span: self.text.span(target_at.clone()), text: target.to_string(), literal: plain };
                (word, target_at, None)
            }
            RedirectTarget::Word(word) => {
                let decoded = self.decoder().word(word, Place::Argument);
                self.walk_substitutions(decoded.substitutions, around);
                (decoded.word, range(word.span), None)
            }
            RedirectTarget::Heredoc(heredoc) => {
                let at = range(heredoc.delimiter.span);
                let raw = self.text.text.get(at.clone()).unwrap_or("");
                let text: String = raw.chars().filter(|letter| !matches!(letter, '\'' | '"' | '\\')).collect();
                let body = range(heredoc.body.span);
                let body = if body.is_empty() { empty_at(self.text, body.start) } else { self.text.span(body) };
                (ShellWord { span: self.text.span(at.clone()), text, literal: true }, at, Some(body))
            }
        };
        let operator = self.text.text.get(at.start..target_at.start.max(at.start)).unwrap_or("").trim().to_string();
        Redirect { span: self.text.span(at), operator, target, body }
    }

    fn stdin_of(&self, stmt: &Stmt) -> Option<Inner> {
        let redirect = stmt.redirects.iter().rfind(|redirect| redirect.fd.is_none_or(|fd| fd == 0))?;
        let heredoc = redirect.heredoc()?;
        let delimiter = &heredoc.delimiter;
        Some(self.decoder().heredoc(range(heredoc.body.span), delimiter.strip_tabs, delimiter.expands_body))
    }

    fn scalar(&mut self, assignment: &shuck_ast::Assignment, around: &Around) -> Assignment {
        let at = range(assignment.span);
        let mut value = match &assignment.value {
            AssignmentValue::Scalar(word) if !range(word.span).is_empty() => {
                let decoded = self.decoder().word(word, Place::Value);
                self.walk_substitutions(decoded.substitutions, around);
                decoded.word
            }
            AssignmentValue::Scalar(_) => {
                ShellWord { span: empty_at(self.text, at.end), text: String::new(), literal: true }
            }
            AssignmentValue::Compound(array) => {
                let at = range(array.span);
                let text = self.text.text.get(at.clone()).unwrap_or("").to_string();
                ShellWord { span: self.text.span(at), text, literal: false }
            }
        };
        let name = assignment.target.name.to_string();
        if assignment.target.subscript.is_some() {
            value.literal = false;
        }
        if assignment.append {
            match self.state.value(&name) {
                Some(before) => value.text.insert_str(0, before),
                None => value.literal = false,
            }
        }
        Assignment { span: self.text.span(at), name, value }
    }

    pub fn simple(&mut self, stmt: &Stmt, simple: &SimpleCommand, around: &Around) {
        let bare = range(simple.name.span).is_empty();
        let mut raw = Raw::default();
        let before = (!simple.assignments.is_empty()).then(|| self.state.clone());
        for assignment in &simple.assignments {
            let assignment = self.scalar(assignment, around);
            // `A=1 B=$A`: the later ones see the earlier ones; the words of a command do not.
            self.set(&assignment, false);
            raw.assignments.push(assignment);
        }
        let assigned = before.map(|before| std::mem::replace(&mut self.state, before));
        let mut sources: Vec<Option<&Word>> = Vec::new();
        let mut bodies: Vec<&StmtSeq> = Vec::new();
        for word in (!bare).then_some(&simple.name).into_iter().chain(&simple.args) {
            let decoded = self.decoder().word(word, Place::Argument);
            bodies.extend(decoded.substitutions);
            match decoded.fields {
                Some(fields) => {
                    for text in fields {
                        raw.words.push(ShellWord { span: decoded.word.span, text, literal: false });
                        sources.push(None);
                    }
                }
                None => {
                    raw.words.push(decoded.word);
                    sources.push(Some(word));
                }
            }
        }
        self.walk_substitutions(bodies, around);
        raw.stdin = self.stdin_of(stmt);
        let assignments = simple.assignments.iter().map(|assignment| assignment.span);
        let words = (!bare).then_some(&simple.name).into_iter().chain(&simple.args).map(|word| word.span);
        self.extent(stmt, assignments.chain(words).map(range), &mut raw, around);
        let source = |index: usize| sources.get(index).copied().flatten();
        self.run(raw, &|decoder, index| source(index).map(|word| decoder.inner(word)), around);
        if let Some(assigned) = assigned.filter(|_| bare) {
            self.state = assigned;
        }
    }

    /// Redirections, and what the command covers.
    fn extent(&mut self, stmt: &Stmt, parts: impl Iterator<Item = Range<usize>>, raw: &mut Raw, around: &Around) {
        let redirects = stmt.redirects.iter().map(|redirect| range(redirect.span));
        let whole = parts.chain(redirects).reduce(|all, part| all.start.min(part.start)..all.end.max(part.end));
        raw.at = whole.unwrap_or_default();
        raw.span = self.text.span(raw.at.clone());
        for redirect in &stmt.redirects {
            let redirect = self.redirect(redirect, around);
            raw.redirects.push(redirect);
        }
    }

    /// `exit`, `return`, `break`, `continue`.
    pub fn builtin(&mut self, stmt: &Stmt, builtin: &BuiltinCommand, around: &Around) {
        let (name, first, more, assignments, span) = match builtin {
            BuiltinCommand::Break(c) => ("break", &c.depth, &c.extra_args, &c.assignments, c.span),
            BuiltinCommand::Continue(c) => ("continue", &c.depth, &c.extra_args, &c.assignments, c.span),
            BuiltinCommand::Return(c) => ("return", &c.code, &c.extra_args, &c.assignments, c.span),
            BuiltinCommand::Exit(c) => ("exit", &c.code, &c.extra_args, &c.assignments, c.span),
        };
        let mut raw = Raw::default();
        let args = || first.iter().chain(more);
        let before = assignments.last().map_or(range(span).start, |last| range(last.span).end);
        let text = self.text.text.get(before..range(span).end).unwrap_or("");
        let start = before + text.find(name).unwrap_or(0);
        let head = start..(start + name.len()).min(range(span).end);
        raw.words.push(ShellWord { span: self.text.span(head.clone()), text: name.to_string(), literal: true });
        for word in args() {
            let decoded = self.decoder().word(word, Place::Argument);
            raw.words.push(decoded.word);
            self.walk_substitutions(decoded.substitutions, around);
        }
        for assignment in assignments {
            let assignment = self.scalar(assignment, around);
            raw.assignments.push(assignment);
        }
        let spans = assignments.iter().map(|assignment| assignment.span).chain(args().map(|word| word.span));
        self.extent(stmt, spans.map(range).chain([head]), &mut raw, around);
        self.run(raw, &|_, _| None, around);
        if name == "exit" && !failing_exit(self.text, builtin) {
            self.ended = true;
        }
    }

    /// `export`, `declare`, `local`, `readonly`, `typeset`.
    pub fn declaration(&mut self, stmt: &Stmt, decl: &DeclClause, around: &Around) {
        let mut raw = Raw::default();
        for assignment in &decl.assignments {
            let assignment = self.scalar(assignment, around);
            raw.assignments.push(assignment);
        }
        raw.words.push(ShellWord {
            span: self.text.span(range(decl.variant_span)),
            text: decl.variant.to_string(),
            literal: true,
        });
        let mut spans = vec![decl.variant_span];
        spans.extend(decl.assignments.iter().map(|assignment| assignment.span));
        let mut export = &*decl.variant == "export";
        let mut names: Vec<(String, Span)> = Vec::new();
        let mut values: Vec<Assignment> = Vec::new();
        for operand in &decl.operands {
            match operand {
                DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => {
                    let decoded = self.decoder().word(word, Place::Argument);
                    self.walk_substitutions(decoded.substitutions, around);
                    export |= matches!(operand, DeclOperand::Flag(_)) && decoded.word.text.contains('x');
                    if matches!(operand, DeclOperand::Dynamic(_)) {
                        // `export $NAMES`: any variable may be meant.
                        self.state.forget_variables();
                        self.touched.everything = true;
                    }
                    raw.words.push(decoded.word);
                    spans.push(word.span);
                }
                DeclOperand::Name(name) => {
                    let span = self.text.span(range(name.span));
                    raw.words.push(ShellWord { span, text: name.name.to_string(), literal: name.subscript.is_none() });
                    names.push((name.name.to_string(), span));
                    spans.push(name.span);
                }
                DeclOperand::Assignment(assignment) => {
                    spans.push(assignment.span);
                    let assignment = self.scalar(assignment, around);
                    let text = format!("{}={}", assignment.name, assignment.value.text);
                    raw.words.push(ShellWord { span: assignment.span, text, literal: assignment.value.literal });
                    values.push(assignment);
                }
            }
        }
        self.extent(stmt, spans.into_iter().map(range), &mut raw, around);
        self.run(raw, &|_, _| None, around);
        for assignment in values {
            self.set(&assignment, export);
        }
        for (name, span) in names {
            if export {
                self.state.export(&name, span);
            } else if &*decl.variant != "readonly" {
                self.forget(&name);
            }
        }
    }

    pub fn set(&mut self, assignment: &Assignment, export: bool) {
        let export = export || self.out.options.iter().any(|option| option == "allexport");
        self.state.set(&assignment.name, &assignment.value, assignment.span, export);
        self.touched.names.push(assignment.name.clone());
    }

    /// Looks through what stands before the program, reads scripts of called shells, and adds the command.
    pub fn run(&mut self, mut raw: Raw, inner: &dyn Fn(&Decoder<'_>, usize) -> Option<Inner>, around: &Around) {
        if raw.words.is_empty() {
            let name = ShellWord { span: Span::at(raw.span.end), text: String::new(), literal: true };
            let command = ShellCommand {
                span: raw.span,
                assignments: raw.assignments,
                name,
                redirects: raw.redirects,
                ..ShellCommand::default()
            };
            return self.push(command, raw.at, around);
        }
        let front = front::look_through(&raw.words);
        for &index in &front.assignments {
            let Some(word) = raw.words.get(index) else { continue };
            let Some((name, text)) = word.text.split_once('=') else { continue };
            // The value's own span is only known where the word is written without quotes.
            let value = ShellWord { span: word.span, text: text.to_string(), literal: word.literal };
            raw.assignments.push(Assignment { span: word.span, name: name.to_string(), value });
        }
        let pick = |index: &usize| raw.words.get(*index).map(without_path);
        let wrappers: Vec<ShellWord> = front.wrappers.iter().filter_map(pick).collect();
        let dir = front.dir.map(|index| raw.words.get(index).filter(|word| word.literal).map(|word| word.text.clone()));
        let rest = raw.words.split_off(front.name.min(raw.words.len()));

        let before = dir.is_some().then(|| self.state.clone());
        if let Some(dir) = &dir {
            self.state.cd(dir.as_deref());
        }
        let unread = match front::shell_call(&rest) {
            Some(call) => {
                let script = match call.script {
                    ScriptAt::Word(at) => inner(&self.decoder(), front.name + at),
                    ScriptAt::Stdin => raw.stdin.take(),
                };
                let mut state = self.state.child();
                for assignment in &raw.assignments {
                    state.set(&assignment.name, &assignment.value, assignment.span, true);
                }
                if call.login && matches!(rest.first(), Some(word) if front::shell_dialect(&word.text).is_none()) {
                    state.forget_dir();
                }
                let mut around = around.clone();
                if !raw.redirects.is_empty() {
                    let mut redirects = (*around.redirects).clone();
                    let own = raw.redirects.iter().filter(|redirect| redirect.body.is_none());
                    redirects.extend(own.cloned());
                    around.redirects = Arc::new(redirects);
                }
                let waiting = self.wrappers.len();
                self.wrappers.extend(wrappers.iter().chain(rest.first()).map(without_path));
                let asked = script.is_some() || matches!(call.script, ScriptAt::Word(_));
                if let Some(script) = script
                    && let Some(options) = self.nested(&script, call.dialect, state, &around)
                {
                    let mut options = options;
                    options.extend(
                        call.options.into_iter().filter(|option| !options.contains(option)).collect::<Vec<_>>(),
                    );
                    self.wrappers.clear();
                    self.inner_shell = Some((options, call.dialect));
                    if let Some(before) = before {
                        self.state = before;
                    }
                    return;
                }
                self.wrappers.truncate(waiting);
                asked
            }
            None => false,
        };

        let mut rest = rest.into_iter();
        let written = rest.next().unwrap_or_default();
        let args: Vec<ShellWord> = rest.collect();
        let name = without_path(&written);
        let known = self
            .functions
            .iter()
            .rev()
            .find(|(function, _)| *function == written.text)
            .map(|(_, touched)| touched.clone());
        let opaque = front.unsure
            || unread
            || known.is_some()
            || !name.literal
            || matches!(name.text.as_str(), "eval" | "." | "source" | "fish" | "zsh" | "csh" | "tcsh");
        let direct = wrappers.iter().all(|word| matches!(word.text.as_str(), "command" | "builtin" | "time"));
        let command = ShellCommand {
            span: raw.span,
            assignments: raw.assignments,
            wrappers,
            name,
            args,
            redirects: raw.redirects,
            opaque,
            ..ShellCommand::default()
        };
        let effect = direct.then(|| (command.name.clone(), command.args.clone()));
        self.push(command, raw.at, around);
        if let Some(before) = before {
            self.state = before;
        }
        if let Some(touched) = known {
            self.state.apply(&touched);
            self.touched.names.extend(touched.names);
            self.touched.dir |= touched.dir;
            self.touched.everything |= touched.everything;
        } else if let Some((name, args)) = effect {
            self.effect(&name, &args);
        }
    }

    /// What a builtin does to the shell that runs it.
    fn effect(&mut self, name: &ShellWord, args: &[ShellWord]) {
        if !name.literal {
            // A variable as the name may be `cd` or `eval`; nobody writes that, but nothing is known for sure.
            return;
        }
        let operands = || args.iter().filter(|arg| !arg.text.starts_with('-') || arg.text == "-");
        let target = || match operands().next() {
            Some(word) if word.literal => Some(word.text.clone()),
            _ => None,
        };
        match name.text.as_str() {
            "cd" | "chdir" => {
                self.touched.dir = true;
                self.state.cd(target().as_deref());
            }
            "pushd" => {
                self.touched.dir = true;
                let target = target().filter(|target| !target.starts_with('+'));
                self.state.pushd(target.as_deref());
            }
            "popd" => {
                self.touched.dir = true;
                self.state.popd();
            }
            "unset" | "read" | "getopts" | "mapfile" | "readarray" | "let" => {
                for word in args {
                    if word.literal {
                        let name: String = word
                            .text
                            .chars()
                            .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                            .collect();
                        self.forget(&name);
                    } else {
                        self.forget_everything(false);
                    }
                }
            }
            "printf" => {
                if let Some(at) = args.iter().position(|arg| arg.text == "-v")
                    && let Some(word) = args.get(at + 1)
                {
                    self.forget(&word.text.clone());
                }
            }
            "eval" => self.forget_everything(true),
            "." | "source" => {
                let quiet = operands().next().is_some_and(|word| is_environment_file(&word.text));
                self.forget_everything(!quiet);
            }
            "alias" => {
                for word in args {
                    let alias = word.text.split('=').next().unwrap_or_default().to_string();
                    self.functions.push((alias, super::state::Touched { everything: true, ..Default::default() }));
                }
            }
            "set" => self.set_options(args),
            _ => {}
        }
    }

    fn forget_everything(&mut self, dir: bool) {
        self.state.forget_variables();
        self.touched.everything = true;
        if dir {
            self.state.forget_dir();
            self.touched.dir = true;
        }
    }

    fn set_options(&mut self, args: &[ShellWord]) {
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let on = match arg.text.as_bytes() {
                [b'-', b'-', ..] | [b'-'] => return,
                [b'-', ..] => true,
                [b'+', ..] => false,
                _ => return,
            };
            for letter in arg.text.chars().skip(1) {
                let name = match letter {
                    'o' => args.next().map(|word| word.text.clone()),
                    letter => front::option_name(letter).map(String::from),
                };
                let Some(name) = name else { continue };
                self.out.options.retain(|option| *option != name);
                if on {
                    self.out.options.push(name);
                }
            }
        }
    }
}

fn without_path(word: &ShellWord) -> ShellWord {
    ShellWord { text: front::base_name(&word.text).to_string(), ..word.clone() }
}

/// A file that is sourced for its variables; it does not change the directory.
fn is_environment_file(path: &str) -> bool {
    let base = front::base_name(path);
    path.starts_with("/etc/")
        || base.ends_with("env")
        || base.ends_with("envvars")
        || matches!(
            base,
            "activate" | "nvm.sh" | ".bashrc" | ".profile" | ".bash_profile" | "sdkman-init.sh" | "conda.sh"
        )
}
