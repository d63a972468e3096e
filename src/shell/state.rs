//! What a script has done so far: variables, exports, directory, functions.

use std::sync::Arc;

use super::{Assignment, ShellWord};
use crate::text::Span;

/// The longest value that is followed, in bytes: `A=$A$A` sixty times over would not end.
const MAX_VALUE: usize = 1 << 16;

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    vars: Vec<Variable>,
    /// Exported variables in the order in which they were set; shared with the commands.
    pub env: Arc<Vec<Assignment>>,
    /// As `ShellCommand::dir`.
    pub dir: Option<String>,
    /// Before the last `cd`.
    old_dir: Option<String>,
    pushed: Vec<Option<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    name: String,
    /// `None`: set to something that is not known.
    value: Option<String>,
    exported: bool,
}

/// What a piece of script changes, for loops and functions, whose effect is not followed in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    pub names: Vec<String>,
    pub dir: bool,
    pub everything: bool,
}

impl State {
    pub fn new() -> State {
        State { dir: Some(String::new()), ..State::default() }
    }

    /// A child process: only what is exported goes along.
    pub fn child(&self) -> State {
        let vars = self.vars.iter().filter(|var| var.exported).cloned().collect();
        State { vars, env: Arc::clone(&self.env), dir: self.dir.clone(), ..State::default() }
    }

    /// Nothing is known, as at the time when a function will be called.
    pub fn unknown() -> State {
        State::default()
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.vars.iter().find(|var| var.name == name)?.value.as_deref()
    }

    /// `name=value`; a value that is not literal is not known.
    pub fn set(&mut self, name: &str, value: &ShellWord, span: Span, export: bool) {
        let known = (value.literal && value.text.len() <= MAX_VALUE).then(|| value.text.clone());
        let literal = known.is_some();
        let exported = self.put(name, known, export);
        if exported {
            let env = Arc::make_mut(&mut self.env);
            env.retain(|entry| entry.name != name);
            env.push(Assignment { span, name: name.to_string(), value: ShellWord { literal, ..value.clone() } });
        }
    }

    /// `export name` of a variable that may have been set before.
    pub fn export(&mut self, name: &str, span: Span) {
        if let Some(value) = self.value(name).map(String::from) {
            self.set(name, &ShellWord { span, text: value, literal: true }, span, true);
        } else if self.vars.iter().any(|var| var.name == name) {
            self.set(name, &ShellWord { span, text: String::new(), literal: false }, span, true);
        }
        // A variable that the script never set keeps the value that it came with.
    }

    fn put(&mut self, name: &str, value: Option<String>, export: bool) -> bool {
        match self.vars.iter_mut().find(|var| var.name == name) {
            Some(var) => {
                var.value = value;
                var.exported |= export;
                var.exported
            }
            None => {
                self.vars.push(Variable { name: name.to_string(), value, exported: export });
                export
            }
        }
    }

    /// The variable may have any value from here on.
    pub fn forget(&mut self, name: &str) {
        self.put(name, None, false);
        if self.env.iter().any(|entry| entry.name == name) {
            for entry in Arc::make_mut(&mut self.env) {
                if entry.name == name {
                    entry.value.literal = false;
                }
            }
        }
    }

    pub fn forget_variables(&mut self) {
        let names: Vec<String> = self.vars.iter().map(|var| var.name.clone()).collect();
        for name in names {
            self.forget(&name);
        }
    }

    pub fn forget_dir(&mut self) {
        self.dir = None;
        self.old_dir = None;
        self.pushed.clear();
    }

    pub fn apply(&mut self, touched: &Touched) {
        if touched.everything {
            self.forget_variables();
        }
        for name in &touched.names {
            self.forget(name);
        }
        if touched.dir {
            self.forget_dir();
        }
    }

    /// What is known after one of two ways was taken.
    pub fn merge(&mut self, other: &State) {
        let names: Vec<String> = self
            .vars
            .iter()
            .filter(|var| other.value(&var.name) != var.value.as_deref())
            .chain(other.vars.iter().filter(|var| self.value(&var.name) != var.value.as_deref()))
            .map(|var| var.name.clone())
            .collect();
        if self.env != other.env {
            let mut env = (*self.env).clone();
            for entry in other.env.iter() {
                if !env.iter().any(|mine| mine.name == entry.name) {
                    env.push(entry.clone());
                }
            }
            for entry in &mut env {
                let same = |state: &State| {
                    state.env.iter().any(|theirs| theirs.name == entry.name && theirs.value == entry.value)
                };
                if !(same(self) && same(other)) {
                    entry.value.literal = false;
                }
            }
            self.env = Arc::new(env);
        }
        for var in &other.vars {
            if var.exported
                && let Some(mine) = self.vars.iter_mut().find(|mine| mine.name == var.name)
            {
                mine.exported = true;
            }
        }
        for name in names {
            self.put(&name, None, false);
        }
        if self.dir != other.dir {
            self.dir = None;
        }
        if self.old_dir != other.old_dir {
            self.old_dir = None;
        }
        if self.pushed != other.pushed {
            self.pushed.clear();
        }
    }

    /// `cd target`; `None` when the target is not known.
    pub fn cd(&mut self, target: Option<&str>) {
        let next = match target {
            Some("-") => self.old_dir.clone(),
            Some(target) => join(self.dir.as_deref(), target),
            None => None,
        };
        self.old_dir = std::mem::replace(&mut self.dir, next);
    }

    pub fn pushd(&mut self, target: Option<&str>) {
        self.pushed.push(self.dir.clone());
        self.cd(target);
    }

    pub fn popd(&mut self) {
        let dir = self.pushed.pop().flatten();
        self.old_dir = std::mem::replace(&mut self.dir, dir);
    }
}

/// `target` seen from `dir` ("" is the step's own directory), without `.` and `..` where they can be resolved.
fn join(dir: Option<&str>, target: &str) -> Option<String> {
    let absolute = target.starts_with('/');
    let base = if absolute { "/" } else { dir? };
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if base.starts_with('/') => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if base.starts_with('/') { format!("/{joined}") } else { joined })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_joined_lexically() {
        for (dir, target, want) in [
            ("", "src", "src"),
            ("src", "..", ""),
            ("", "../x", "../x"),
            ("../x", "../..", "../.."),
            ("a/b", "/c/./d/..", "/c"),
            ("/a", "../../b", "/b"),
            ("/a", ".", "/a"),
            ("", "/", "/"),
        ] {
            assert_eq!(join(Some(dir), target).as_deref(), Some(want), "{dir} {target}");
        }
        assert_eq!(join(None, "x"), None);
        assert_eq!(join(None, "/x").as_deref(), Some("/x"));
    }

    #[test]
    fn a_merge_keeps_only_what_both_ways_agree_on() {
        let word = |text: &str| ShellWord { span: Span::at(0), text: text.into(), literal: true };
        let mut left = State::new();
        left.set("A", &word("1"), Span::at(0), false);
        left.set("B", &word("1"), Span::at(0), true);
        let mut right = left.clone();
        right.set("A", &word("2"), Span::at(0), false);
        right.set("C", &word("3"), Span::at(0), true);
        right.cd(Some("x"));
        left.merge(&right);
        assert_eq!((left.value("A"), left.value("B"), left.value("C")), (None, Some("1"), None));
        assert_eq!(left.dir, None);
        assert_eq!(left.env.iter().map(|entry| entry.value.literal).collect::<Vec<_>>(), [true, false]);
    }
}
