//! The parser's tree -> the flat list of commands: order, depth, what runs only perhaps, and the state between them.

use std::borrow::Cow;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use shuck_ast::{BackgroundOperator, BinaryOp, Command, CompoundCommand, Stmt, StmtSeq, StmtTerminator, Word};

use super::outcome::{catches_failure, ends_script, is_test, passes_failure_on};
use super::state::{State, Touched};
use super::words::{Decoder, Inner, Place};
use super::{Dialect, Joiner, Redirect, ShellCommand, ShellWord};
use crate::text::MappedText;

/// Scripts do not nest deeper than this; what does is not followed.
const MAX_DEPTH: u8 = 50;
/// `sh -c "sh -c '…'"`: how many shells inside each other are read.
const MAX_SHELLS: u8 = 3;
pub(super) const MAX_AST_DEPTH: usize = 60;
pub(super) const MAX_TEXT: usize = 64 << 10;

/// What all walkers of one script share.
#[derive(Default)]
pub(super) struct Output {
    pub commands: Vec<ShellCommand>,
    pub substitutions: Vec<ShellCommand>,
    pub options: Vec<String>,
    pub opaque: Option<String>,
    pub functions: Vec<String>,
}

/// What is in force for a piece of script.
#[derive(Clone)]
pub(super) struct Around {
    pub depth: u8,
    pub conditional: bool,
    /// When this piece fails, the whole script fails.
    pub fails: bool,
    pub negated: bool,
    pub substitution: bool,
    pub redirects: Arc<Vec<Redirect>>,
}

impl Around {
    pub fn top() -> Around {
        Around {
            depth: 0,
            conditional: false,
            fails: true,
            negated: false,
            substitution: false,
            redirects: Arc::default(),
        }
    }

    fn inside(&self) -> Around {
        Around { depth: self.depth.saturating_add(1), negated: false, ..self.clone() }
    }

    pub fn perhaps(&self) -> Around {
        Around { conditional: true, fails: false, ..self.inside() }
    }
}

pub(super) struct Walker<'a, 'o> {
    pub text: &'a MappedText,
    pub holes: &'a [Range<usize>],
    pub dialect: Dialect,
    pub state: State,
    pub out: &'o mut Output,
    /// Of the next command.
    pub joiner: Joiner,
    /// Wrappers around a whole inner script, for its first command.
    pub wrappers: Vec<ShellWord>,
    pub touched: Touched,
    /// Names that are not the program of that name, with what a call changes.
    pub functions: Vec<(String, Touched)>,
    pub shells: u8,
    pub loops: u8,
    /// The script may have ended with success before.
    pub ended: bool,
    /// Options and dialect of the last shell whose script was read in place of a command.
    pub inner_shell: Option<(Vec<String>, Dialect)>,
}

/// Parses the text; the reason when the tree is not sure.
pub(super) fn parse(text: &str) -> (shuck_ast::File, Option<String>) {
    use shuck_parser::parser::{ParseStatus, Parser, ShellDialect, ShellProfile};
    // The parser slices inside of characters in some broken scripts. The tree is only asked for places and names,
    // so it may see one neutral byte for each byte that is not ASCII.
    let plain: Cow<'_, str> = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        text.bytes().map(|byte| if byte.is_ascii() { char::from(byte) } else { '%' }).collect()
    };
    // The bash grammar also for sh: what dash reads otherwise is seldom, and busybox and ksh know most of it.
    let profile = ShellProfile::native(ShellDialect::Bash);
    let fuel = text.len().max(100_000);
    let parse = || Parser::with_limits_and_profile(&plain, MAX_AST_DEPTH, fuel, profile).parse();
    let Ok(result) = std::panic::catch_unwind(AssertUnwindSafe(parse)) else {
        let body = shuck_ast::StmtSeq {
            leading_comments: Vec::new(),
            stmts: Vec::new(),
            trailing_comments: Vec::new(),
            span: shuck_ast::Span::new(),
        };
        let file = shuck_ast::File { body, span: shuck_ast::Span::new() };
        return (file, Some("the shell syntax is not understood".to_string()));
    };
    let message = || {
        let first = result.diagnostics.first().map(|diagnostic| diagnostic.message.clone());
        first.or_else(|| result.terminal_error.as_ref().map(|error| error.to_string())).unwrap_or_default()
    };
    let reason = match result.status {
        ParseStatus::Clean => None,
        _ => Some(format!("the shell syntax is not understood: {}", message())),
    };
    (result.file, reason)
}

impl<'a, 'o> Walker<'a, 'o> {
    pub fn new(text: &'a MappedText, dialect: Dialect, out: &'o mut Output) -> Walker<'a, 'o> {
        Walker {
            text,
            holes: &[],
            dialect,
            state: State::new(),
            out,
            joiner: Joiner::Start,
            wrappers: Vec::new(),
            touched: Touched::default(),
            functions: Vec::new(),
            shells: 0,
            loops: 0,
            ended: false,
            inner_shell: None,
        }
    }

    pub fn seq(&mut self, seq: &StmtSeq, around: &Around) {
        let mut stmts = seq.stmts.iter().peekable();
        while let Some(stmt) = stmts.next() {
            let last = stmts.peek().is_none();
            if last {
                self.stmt(stmt, around);
            } else {
                self.stmt(stmt, &Around { fails: false, ..around.clone() });
                self.joiner = match stmt.terminator {
                    Some(StmtTerminator::Semicolon) => Joiner::Semi,
                    Some(StmtTerminator::Background(_)) => Joiner::Background,
                    None => Joiner::Newline,
                };
            }
        }
    }

    pub fn stmt(&mut self, stmt: &Stmt, around: &Around) {
        if around.depth >= MAX_DEPTH {
            self.out.opaque.get_or_insert_with(|| "the script is nested too deeply".to_string());
            return;
        }
        if matches!(
            stmt.terminator,
            Some(StmtTerminator::Background(BackgroundOperator::Plain | BackgroundOperator::Bang))
        ) {
            return self.forked(|walker| walker.plain_stmt(stmt, &Around { fails: false, ..around.clone() }));
        }
        self.plain_stmt(stmt, around);
    }

    /// Runs in a process of its own: nothing that it sets stays.
    pub fn forked(&mut self, body: impl FnOnce(&mut Self)) {
        let state = self.state.clone();
        let touched = self.touched.clone();
        let functions = self.functions.len();
        let ended = self.ended;
        body(self);
        self.state = state;
        self.touched = touched;
        self.functions.truncate(functions);
        self.ended = ended;
    }

    fn plain_stmt(&mut self, stmt: &Stmt, around: &Around) {
        let negated;
        let around = if stmt.negated {
            negated = Around { negated: !around.negated, fails: false, ..around.clone() };
            &negated
        } else {
            around
        };
        match &stmt.command {
            Command::Binary(binary) => match binary.op {
                BinaryOp::And | BinaryOp::Or => self.and_or(stmt, around),
                BinaryOp::Pipe | BinaryOp::PipeAll => self.pipeline(stmt, around),
            },
            Command::Simple(simple) => self.simple(stmt, simple, around),
            Command::Builtin(builtin) => self.builtin(stmt, builtin, around),
            Command::Decl(decl) => self.declaration(stmt, decl, around),
            Command::Function(function) => {
                self.joiner = Joiner::Semi;
                let names: Vec<String> = function.static_names().map(|name| name.to_string()).collect();
                let state = std::mem::replace(&mut self.state, State::unknown());
                let touched = std::mem::take(&mut self.touched);
                if around.depth == 0 && !around.conditional {
                    self.out.functions.extend(names.iter().cloned());
                }
                // A function that calls itself by its own name must not be taken for a program.
                self.functions.extend(names.iter().map(|name| (name.clone(), Touched::default())));
                self.stmt(&function.body, &around.perhaps());
                self.state = state;
                let touched = std::mem::replace(&mut self.touched, touched);
                self.functions.extend(names.into_iter().map(|name| (name, touched.clone())));
            }
            Command::AnonymousFunction(function) => {
                self.unsure("an anonymous function");
                self.stmt(&function.body, &around.perhaps());
            }
            Command::Compound(compound) => {
                let inside = self.with_redirects(stmt, around);
                self.compound(compound, &inside);
            }
        }
    }

    pub fn unsure(&mut self, what: &str) {
        self.out.opaque.get_or_insert_with(|| format!("{what} is not followed"));
    }

    /// One level deeper, with the redirections of the group.
    fn with_redirects(&mut self, stmt: &Stmt, around: &Around) -> Around {
        let mut inside = around.inside();
        inside.negated = around.negated
            && matches!(
                stmt.command,
                Command::Compound(
                    CompoundCommand::Time(_) | CompoundCommand::Conditional(_) | CompoundCommand::Arithmetic(_)
                )
            );
        if !stmt.redirects.is_empty() {
            let mut redirects = (*around.redirects).clone();
            redirects.extend(stmt.redirects.iter().map(|redirect| self.redirect(redirect, around)));
            inside.redirects = Arc::new(redirects);
        }
        inside
    }

    /// `a && b || c`, flattened.
    fn and_or(&mut self, stmt: &Stmt, around: &Around) {
        let mut items: Vec<(BinaryOp, &Stmt)> = Vec::new();
        let mut current = stmt;
        while let Command::Binary(binary) = &current.command {
            if !matches!(binary.op, BinaryOp::And | BinaryOp::Or) || (!std::ptr::eq(current, stmt) && current.negated) {
                break;
            }
            items.push((binary.op, &binary.right));
            current = &binary.left;
        }
        items.push((BinaryOp::And, current));
        items.reverse();

        let around = &Around { negated: false, ..around.clone() };
        let mut or_seen = false;
        let mut tested = false;
        let mut perhaps = false;
        let mut left_early: Vec<State> = Vec::new();
        let start = self.state.clone();
        // From the end: whether a later `||` catches the failure.
        let mut caught = vec![false; items.len()];
        let mut catches = false;
        for (slot, (op, item)) in caught.iter_mut().zip(&items).rev() {
            *slot = catches;
            catches |= *op == BinaryOp::Or && catches_failure(self.text, item);
        }
        for (index, ((op, item), caught)) in items.iter().zip(caught).enumerate() {
            let fails = around.fails && !caught;
            if index > 0 {
                self.joiner = if *op == BinaryOp::And { Joiner::And } else { Joiner::Or };
            }
            if *op == BinaryOp::Or {
                let before = self.state.clone();
                let ended = self.ended;
                // What stands left has failed, perhaps before it changed anything.
                if index == 1 {
                    self.state = start.clone();
                } else {
                    self.state.merge(&start);
                }
                self.stmt(item, &Around { conditional: true, fails, ..around.clone() });
                if ends_script(self.text, item) || passes_failure_on(self.text, item) {
                    self.state = before;
                    self.ended = ended;
                } else {
                    self.state.merge(&before);
                }
                or_seen |= catches_failure(self.text, item);
                continue;
            }
            if tested && !fails {
                perhaps = true;
                left_early.push(self.state.clone());
            }
            let conditional = around.conditional || or_seen || perhaps;
            self.stmt(item, &Around { conditional, fails, ..around.clone() });
            tested |= is_test(self.text, item);
        }
        for state in left_early {
            self.state.merge(&state);
        }
    }

    fn pipeline(&mut self, stmt: &Stmt, around: &Around) {
        let mut items: Vec<&Stmt> = Vec::new();
        let mut current = stmt;
        while let Command::Binary(binary) = &current.command {
            if !matches!(binary.op, BinaryOp::Pipe | BinaryOp::PipeAll) {
                break;
            }
            items.push(&binary.right);
            current = &binary.left;
        }
        items.push(current);
        let last = items.len() - 1;
        for (index, item) in items.into_iter().rev().enumerate() {
            if index > 0 {
                self.joiner = Joiner::Pipe;
            }
            let fails = around.fails && index == last;
            let negated = around.negated && index == last;
            self.forked(|walker| walker.stmt(item, &Around { fails, negated, ..around.clone() }));
        }
    }

    pub fn decoder(&self) -> Decoder<'_> {
        Decoder { text: self.text, holes: self.holes, dialect: self.dialect, state: &self.state }
    }

    pub fn substitutions_of(&mut self, word: &Word, around: &Around) {
        let decoded = self.decoder().word(word, Place::Value);
        self.walk_substitutions(decoded.substitutions, around);
    }

    pub fn walk_substitutions(&mut self, bodies: Vec<&StmtSeq>, around: &Around) {
        if bodies.is_empty() {
            return;
        }
        let joiner = self.joiner;
        let wrappers = std::mem::take(&mut self.wrappers);
        for body in bodies {
            self.joiner = Joiner::Start;
            let around = Around { substitution: true, fails: false, ..around.inside() };
            self.forked(|walker| walker.seq(body, &around));
        }
        self.joiner = joiner;
        self.wrappers = wrappers;
    }

    /// Adds a command with what is in force.
    pub fn push(&mut self, mut command: ShellCommand, at: Range<usize>, around: &Around) {
        command.joiner = std::mem::replace(&mut self.joiner, Joiner::Semi);
        command.depth = around.depth;
        command.conditional = around.conditional || self.ended;
        command.negated = around.negated;
        command.outer_redirects = Arc::clone(&around.redirects);
        command.env = Arc::clone(&self.state.env);
        command.dir = self.state.dir.clone();
        command.opaque |= self.holes.iter().any(|hole| hole.start < at.end && at.start < hole.end);
        if !self.wrappers.is_empty() {
            let mut wrappers = std::mem::take(&mut self.wrappers);
            wrappers.append(&mut command.wrappers);
            command.wrappers = wrappers;
        }
        let span = command.span;
        let targets = command.redirects.iter_mut().map(|redirect| &mut redirect.target);
        for word in command.args.iter_mut().chain([&mut command.name]).chain(targets) {
            if !span.contains(word.span) {
                // Never seen in real scripts; a wrong place must not be edited.
                command.opaque = true;
                (word.span, word.literal) = (span, false);
            }
        }
        match around.substitution {
            true => self.out.substitutions.push(command),
            false => self.out.commands.push(command),
        }
    }

    /// Reads a script that stands inside a word or heredoc; false when it cannot be read.
    pub fn nested(&mut self, inner: &Inner, dialect: Dialect, state: State, around: &Around) -> Option<Vec<String>> {
        if self.shells >= MAX_SHELLS || inner.text.text.len() > MAX_TEXT || around.depth >= MAX_DEPTH {
            return None;
        }
        let (file, reason) = parse(&inner.text.text);
        if reason.is_some() || file.body.stmts.is_empty() {
            return None;
        }
        let options = std::mem::take(&mut self.out.options);
        let mut walker = Walker {
            text: &inner.text,
            holes: &inner.holes,
            dialect,
            state,
            joiner: self.joiner,
            wrappers: std::mem::take(&mut self.wrappers),
            touched: Touched::default(),
            functions: Vec::new(),
            shells: self.shells + 1,
            loops: self.loops,
            ended: self.ended,
            inner_shell: None,
            out: &mut *self.out,
        };
        walker.seq(&file.body, &Around { negated: false, ..around.inside() });
        self.joiner = Joiner::Semi;
        Some(std::mem::replace(&mut self.out.options, options))
    }
}
