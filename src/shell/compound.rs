//! Compound commands: branches, loops and tests, and what is known after them.

use std::ops::Range;

use shuck_ast::{CompoundCommand, ConditionalExpr, PatternPart, StmtSeq, Word};

use super::outcome::{ends_script, is_catch_all};
use super::state::State;
use super::walk::{Around, Walker};
use super::words::{Place, range};
use super::{Joiner, ShellCommand, ShellWord};

impl Walker<'_, '_> {
    pub fn compound(&mut self, compound: &CompoundCommand, around: &Around) {
        match compound {
            CompoundCommand::BraceGroup(body) => self.seq(body, around),
            CompoundCommand::Subshell(body) => self.forked(|walker| walker.seq(body, around)),
            CompoundCommand::If(command) => {
                let mut ways = Vec::new();
                self.seq(&command.condition, &Around { fails: false, ..around.clone() });
                let mut untaken = self.state.clone();
                self.branch(&command.then_branch, around, &mut ways);
                for (condition, body) in &command.elif_branches {
                    self.state = untaken;
                    self.joiner = Joiner::Semi;
                    self.seq(condition, &Around { conditional: true, fails: false, ..around.clone() });
                    untaken = self.state.clone();
                    self.branch(body, around, &mut ways);
                }
                self.state = untaken;
                match &command.else_branch {
                    Some(body) => self.branch(body, around, &mut ways),
                    None => ways.push(self.state.clone()),
                }
                self.join_ways(ways);
            }
            CompoundCommand::For(command) => {
                for word in command.words.iter().flatten() {
                    self.substitutions_of(word, around);
                }
                self.looped(around, |walker, around| {
                    for target in &command.targets {
                        walker.forget(target.name.as_deref().unwrap_or_default());
                    }
                    walker.seq(&command.body, around);
                });
            }
            CompoundCommand::While(command) => self.looped(around, |walker, around| {
                walker.seq(&command.condition, around);
                walker.joiner = Joiner::Semi;
                walker.seq(&command.body, around);
            }),
            CompoundCommand::Until(command) => self.looped(around, |walker, around| {
                walker.seq(&command.condition, around);
                walker.joiner = Joiner::Semi;
                walker.seq(&command.body, around);
            }),
            CompoundCommand::Case(command) => {
                self.substitutions_of(&command.word, around);
                let before = self.state.clone();
                let mut ways = Vec::new();
                let mut default = false;
                for (index, case) in command.cases.iter().enumerate() {
                    if index > 0 {
                        self.joiner = Joiner::Semi;
                    }
                    self.state = before.clone();
                    self.branch(&case.body, around, &mut ways);
                    default |= case.patterns.iter().any(is_catch_all);
                }
                if !default {
                    ways.push(before);
                }
                self.join_ways(ways);
            }
            CompoundCommand::ArithmeticFor(command) => self.looped(around, |walker, around| {
                let head = range(command.left_paren_span).start..range(command.right_paren_span).end;
                walker.arithmetic(head);
                walker.seq(&command.body, around);
            }),
            CompoundCommand::Arithmetic(command) => {
                self.arithmetic(range(command.span));
                self.marker("((", range(command.span), Vec::new(), around);
            }
            CompoundCommand::Conditional(command) => {
                let mut words = Vec::new();
                condition_words(&command.expression, &mut words);
                let mut args = Vec::new();
                for word in words {
                    let decoded = self.decoder().word(word, Place::Value);
                    args.push(decoded.word);
                    self.walk_substitutions(decoded.substitutions, around);
                }
                self.marker("[[", range(command.span), args, around);
            }
            CompoundCommand::Time(command) => {
                let around = Around { depth: around.depth.saturating_sub(1), ..around.clone() };
                let at = range(command.span).start;
                if self.text.text.get(at..at + 4) == Some("time") {
                    let word = ShellWord { span: self.text.span(at..at + 4), text: "time".into(), literal: true };
                    self.wrappers.push(word);
                }
                if let Some(inner) = &command.command {
                    self.stmt(inner, &around);
                }
                self.wrappers.clear();
            }
            CompoundCommand::Select(command) => {
                self.looped(around, |walker, around| {
                    walker.forget(&command.variable);
                    walker.seq(&command.body, around);
                });
            }
            CompoundCommand::Coproc(command) => {
                self.unsure("a coprocess");
                self.forked(|walker| walker.stmt(&command.body, &around.perhaps()));
            }
            CompoundCommand::Repeat(_) | CompoundCommand::Foreach(_) | CompoundCommand::Always(_) => {
                self.unsure("zsh syntax");
            }
        }
    }

    fn branch(&mut self, body: &StmtSeq, around: &Around, ways: &mut Vec<State>) {
        self.seq(body, &Around { conditional: true, ..around.clone() });
        if !body.stmts.last().is_some_and(|last| ends_script(self.text, last)) {
            ways.push(self.state.clone());
        }
    }

    fn join_ways(&mut self, ways: Vec<State>) {
        let mut ways = ways.into_iter();
        if let Some(first) = ways.next() {
            self.state = first;
        }
        for way in ways {
            self.state.merge(&way);
        }
    }

    /// A loop's body, read with everything that it changes as unknown: it may run a second time.
    fn looped(&mut self, around: &Around, mut body: impl FnMut(&mut Self, &Around)) {
        let around = &Around { conditional: true, fails: false, ..around.clone() };
        let before = self.state.clone();
        let outer = std::mem::take(&mut self.touched);
        if self.loops < 2 {
            let (commands, substitutions) = (self.out.commands.len(), self.out.substitutions.len());
            let (functions, joiner, wrappers) = (self.functions.len(), self.joiner, self.wrappers.clone());
            let options = self.out.options.clone();
            self.loops += 1;
            body(self, around);
            self.loops -= 1;
            self.out.commands.truncate(commands);
            self.out.substitutions.truncate(substitutions);
            self.out.options = options;
            self.functions.truncate(functions);
            (self.joiner, self.wrappers) = (joiner, wrappers);
        } else {
            self.touched.everything = true;
            self.touched.dir = true;
        }
        let touched = std::mem::take(&mut self.touched);
        self.state = before;
        self.state.apply(&touched);
        self.loops += 1;
        body(self, around);
        self.loops -= 1;
        self.state.apply(&touched);
        self.touched = outer;
        self.touched.names.extend(touched.names);
        self.touched.dir |= touched.dir;
        self.touched.everything |= touched.everything;
    }

    pub fn forget(&mut self, name: &str) {
        self.state.forget(name);
        self.touched.names.push(name.to_string());
    }

    /// Every name in an arithmetic expression may be changed by it.
    fn arithmetic(&mut self, at: Range<usize>) {
        let text = self.text;
        let expression = text.text.get(at).unwrap_or("");
        for name in expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
            if super::front::is_name(name) {
                self.forget(name);
            }
        }
    }

    /// A compound that tests: `[[ … ]]`, `(( … ))`.
    fn marker(&mut self, name: &str, at: Range<usize>, args: Vec<ShellWord>, around: &Around) {
        let span = self.text.span(at.clone());
        let head = self.text.span(at.start..(at.start + name.len()).min(at.end));
        let name = ShellWord { span: head, text: name.to_string(), literal: true };
        let around = Around { depth: around.depth.saturating_sub(1), ..around.clone() };
        self.push(ShellCommand { span, name, args, ..ShellCommand::default() }, at, &around);
    }
}

fn condition_words<'w>(expression: &'w ConditionalExpr, words: &mut Vec<&'w Word>) {
    match expression {
        ConditionalExpr::Binary(binary) => {
            condition_words(&binary.left, words);
            condition_words(&binary.right, words);
        }
        ConditionalExpr::Unary(unary) => condition_words(&unary.expr, words),
        ConditionalExpr::Parenthesized(inner) => condition_words(&inner.expr, words),
        ConditionalExpr::Word(word) | ConditionalExpr::Regex(word) => words.push(word),
        ConditionalExpr::Pattern(pattern) => {
            for part in &pattern.parts {
                if let PatternPart::Word(word) = &part.kind {
                    words.push(word);
                }
            }
        }
        ConditionalExpr::VarRef(_) => {}
    }
}
