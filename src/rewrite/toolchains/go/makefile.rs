//! The recipes that `make goal` runs, as shell text: plain rules and variables of a small Makefile and of the files that
//! it includes. What needs make itself (other functions than `shell`, conditionals around what is asked for) is an error
//! with its reason.

mod read;

pub(super) use read::is_quiet_flag;

use std::collections::{BTreeMap, BTreeSet};

use crate::context::glob;

/// What is known of a file that a Makefile includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Included {
    Text(String),
    Absent,
    /// It may be there, with a content that nobody has read.
    Unread,
}

/// What stands around one call of make.
pub struct Scene<'a> {
    /// `NAME=value` words of the command.
    pub given: &'a [(String, String)],
    /// The environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// A file by its path as the Makefile writes it.
    pub files: &'a dyn Fn(&str) -> Included,
}

/// What make hands to the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipes {
    /// In the order in which make runs them; each is one script, with the exported variables in front.
    pub scripts: Vec<String>,
    /// Why the environment of the recipes may be another one than the scripts say.
    pub doubt: Option<String>,
}

/// The value of a variable that make knows and nobody else: no command of the shell prints it.
pub(super) const UNKNOWN: &str = "$(make)";

/// The recipe lines of the goals and what they depend on.
pub fn recipes(text: &str, goals: &[String], scene: &Scene<'_>) -> Result<Recipes, String> {
    let file = read::read(text, scene)?;
    let goals = match (goals, &file.first) {
        ([], Some(first)) => vec![first.clone()],
        ([], None) => return Err("the Makefile has no target".into()),
        (goals, _) => goals.to_vec(),
    };
    let mut out = Vec::new();
    let mut done = BTreeSet::new();
    for goal in &goals {
        if !file.rules.contains_key(goal) {
            return Err(format!("the Makefile has no target `{goal}`"));
        }
        file.make(goal, &[], &mut done, 0, scene.env, &mut out)?;
    }
    Ok(Recipes { scripts: out, doubt: file.doubt })
}

#[derive(Clone, Debug)]
enum Var {
    Set(String),
    /// Assigned in a conditional or a `define`.
    Unknown,
}

/// An assignment: of a variable, or of one target's own.
#[derive(Clone, Debug)]
struct OwnVar {
    name: String,
    operator: &'static str,
    value: String,
    export: bool,
    /// Not handed on to what the target depends on.
    private: bool,
    /// Stronger than the `NAME=value` of the command.
    overrides: bool,
}

#[derive(Clone, Debug, Default)]
struct Rule {
    prerequisites: Vec<String>,
    recipe: Vec<String>,
    vars: Vec<OwnVar>,
    conditional: bool,
}

#[derive(Debug, Default)]
struct File {
    vars: BTreeMap<String, Var>,
    exported: BTreeSet<String>,
    /// `NAME=value` of the command.
    given: BTreeSet<String>,
    /// `unexport NAME`
    kept_back: BTreeSet<String>,
    export_all: bool,
    rules: BTreeMap<String, Rule>,
    first: Option<String>,
    /// Variables and exports may come from elsewhere: an included file that was not read, `$(eval …)`.
    doubt: Option<String>,
    one_shell: bool,
}

impl File {
    fn make(
        &self,
        target: &str,
        inherited: &[OwnVar],
        done: &mut BTreeSet<String>,
        depth: u32,
        env: &dyn Fn(&str) -> Option<String>,
        out: &mut Vec<String>,
    ) -> Result<(), String> {
        if depth > 30 || !done.insert(target.to_string()) {
            return Ok(());
        }
        let matched = |name: &String| target.contains(['*', '?', '[']) && glob::matches(target, name);
        if self.rules.keys().any(matched) {
            return Err(format!("`{target}` is a pattern that has rules"));
        }
        let patterns = || self.rules.iter().filter(|(name, _)| name.contains('%') && fits(name, target));
        // No rule: a file, or a pattern rule, whose recipe is seldom a `go build`.
        let Some(rule) = self.rules.get(target) else {
            return match patterns().find(|(_, rule)| !rule.recipe.is_empty()) {
                Some((pattern, _)) => Err(format!("`{target}` is made by the rule of `{pattern}`")),
                None => Ok(()),
            };
        };
        if rule.conditional || patterns().any(|(_, rule)| rule.conditional) {
            return Err(format!("the target `{target}` stands in a conditional"));
        }
        let own = self.own(inherited, patterns().flat_map(|(_, rule)| &rule.vars).chain(&rule.vars), env)?;
        let handed_on: Vec<OwnVar> = own.iter().filter(|var| !var.private).cloned().collect();
        for prerequisite in &rule.prerequisites {
            self.make(prerequisite, &handed_on, done, depth + 1, env, out)?;
        }
        let exports = self.exports(&own, env);
        let mut scripts = Vec::new();
        for line in &rule.recipe {
            let text = self.expand(line, &own, Some((target, &rule.prerequisites)), env, 0)?;
            scripts.push(text.trim_start_matches(['@', '-', '+', ' ', '\t']).to_string());
        }
        if self.one_shell {
            scripts = vec![scripts.join("\n")];
        }
        out.extend(scripts.into_iter().filter(|text| !text.is_empty()).map(|text| format!("{exports}{text}")));
        Ok(())
    }

    /// The variables of one target: those of the targets that asked for it, then its own.
    fn own<'r>(
        &self,
        inherited: &[OwnVar],
        vars: impl Iterator<Item = &'r OwnVar>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<OwnVar>, String> {
        let mut own = inherited.to_vec();
        for var in vars {
            let known = || own.iter().any(|other| other.name == var.name);
            let value = match var.operator {
                _ if self.given.contains(&var.name) && !var.overrides => continue,
                "?=" if known() || self.vars.contains_key(&var.name) || env(&var.name).is_some() => continue,
                "+=" => {
                    let before = self.value(&var.name, &own, env, 0)?.replace('$', "$$");
                    format!("{before} {}", var.value).trim_start().to_string()
                }
                "!=" => return Err(format!("the value of `{}` in the Makefile", var.name)),
                _ => var.value.clone(),
            };
            let export = var.export || own.iter().any(|other| other.name == var.name && other.export);
            own.push(OwnVar { value, export, ..var.clone() });
        }
        Ok(own)
    }

    /// What the recipes of a target find in their environment beside what make itself found there.
    fn exports(&self, own: &[OwnVar], env: &dyn Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        let names: BTreeSet<&String> = self.vars.keys().chain(own.iter().map(|var| &var.name)).collect();
        let plain = |name: &str| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        for name in names.into_iter().filter(|name| plain(name)) {
            let own_export = own.iter().any(|var| var.name == *name && var.export);
            // Make passes on what came from the environment with the value that it has now.
            if !self.export_all && !self.exported.contains(name) && !own_export && env(name).is_none() {
                continue;
            }
            match self.value(name, own, env, 0) {
                // It came from the environment, and goes there again.
                Ok(value) if value == format!("${{{name}}}") => {}
                Ok(value) if !value.contains('\'') && !value.contains('$') => {
                    out.push_str(&format!("export {name}='{value}'\n"));
                }
                Ok(value) if !value.contains(['"', '\'']) => out.push_str(&format!("export {name}=\"{value}\"\n")),
                _ => out.push_str(&format!("export {name}=\"{UNKNOWN}\"\n")),
            }
        }
        for name in self.kept_back.iter().filter(|name| !own.iter().any(|var| var.name == **name && var.export)) {
            out.push_str(&format!("export {name}=\"{UNKNOWN}\"\n"));
        }
        if self.doubt.is_some() {
            out.push_str(&format!("export CGO_ENABLED=\"{UNKNOWN}\"\n"));
        }
        out
    }

    /// Variables filled in; `$$` becomes `$`. `$(shell x)` becomes the shell's own `$(x)`.
    fn expand(
        &self,
        text: &str,
        own: &[OwnVar],
        rule: Option<(&str, &[String])>,
        env: &dyn Fn(&str) -> Option<String>,
        depth: u32,
    ) -> Result<String, String> {
        if depth > 20 {
            return Err("a variable of the Makefile refers to itself".into());
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let mut chars = after.chars();
            let Some(first) = chars.next() else { break };
            let (name, behind) = match first {
                '(' | '{' => bracketed(after).ok_or("a bracket of the Makefile is not closed")?,
                _ => after.split_at_checked(first.len_utf8()).unwrap_or((after, "")),
            };
            rest = behind;
            match (name, rule) {
                ("$", _) => out.push('$'),
                ("@", Some((target, _))) => out.push_str(target),
                ("@D", Some((target, _))) => out.push_str(split(target).0),
                ("@F", Some((target, _))) => out.push_str(split(target).1),
                ("<D", Some((_, list))) => out.push_str(list.first().map_or("", |first| split(first).0)),
                ("<F", Some((_, list))) => out.push_str(list.first().map_or("", |first| split(first).1)),
                ("<", Some((_, list))) => out.push_str(list.first().map_or("", String::as_str)),
                ("^", Some((_, list))) => out.push_str(&list.join(" ")),
                ("MAKE", _) => out.push_str("make"),
                ("CURDIR" | "PWD", _) => out.push('.'),
                _ => match name.split_once(char::is_whitespace) {
                    Some(("shell", command)) => {
                        let command = self.expand(command, own, rule, env, depth + 1)?;
                        out.push_str(&format!("$({})", command.trim()));
                    }
                    // What is left of the pattern is for the shell; as prerequisites they are files without a rule.
                    Some(("wildcard", patterns)) => {
                        out.push_str(self.expand(patterns, own, rule, env, depth + 1)?.trim());
                    }
                    Some((function, _)) => return Err(format!("`$({function} …)` in the Makefile")),
                    None => out.push_str(&self.value(name, own, env, depth)?),
                },
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(
        &self,
        name: &str,
        own: &[OwnVar],
        env: &dyn Fn(&str) -> Option<String>,
        depth: u32,
    ) -> Result<String, String> {
        if let Some(var) = own.iter().rev().find(|var| var.name == name) {
            return self.expand(&var.value, own, None, env, depth + 1);
        }
        match self.vars.get(name) {
            Some(Var::Set(value)) => self.expand(value, own, None, env, depth + 1),
            Some(Var::Unknown) => Err(format!("the value of `$({name})` in the Makefile")),
            None => match (env(name), name) {
                (Some(value), _) => Ok(value),
                (None, "RM") => Ok("rm -f".into()),
                (None, "CC") => Ok("cc".into()),
                (None, _) if self.doubt.is_some() => Err(format!("`$({name})`, which may be set elsewhere")),
                (None, _) if name.contains([':', '%', '*', '?']) => Err(format!("`$({name})` in the Makefile")),
                (None, _) => Ok(String::new()),
            },
        }
    }
}

/// The directory of a path, `.` where it names none, and what is left.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or((".", path))
}

/// What stands in the brackets at the start of the text, and the rest.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (open, close) = if text.starts_with('(') { ('(', ')') } else { ('{', '}') };
    let mut depth = 0u32;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some((text.get(1..at)?, text.get(at + 1..)?));
            }
        }
    }
    None
}

fn fits(pattern: &str, target: &str) -> bool {
    pattern.split_once('%').is_some_and(|(before, after)| {
        target.len() > before.len() + after.len() && target.starts_with(before) && target.ends_with(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, goals: &[&str], want: Result<&[&str], &str>) {
        let goals: Vec<String> = goals.iter().map(|goal| goal.to_string()).collect();
        let env = |name: &str| (name == "FROM_ENV").then(|| "e".to_string());
        let files = |path: &str| match path {
            "one.mk" => Included::Text("CGO_ENABLED=1\nMORE = m\n".into()),
            "self.mk" => Included::Text("include self.mk\n".into()),
            "made.mk" => Included::Unread,
            _ => Included::Absent,
        };
        let scene = Scene { given: &[("GIVEN".into(), "g".into())], env: &env, files: &files };
        match (recipes(text, &goals, &scene), want) {
            (Ok(got), Ok(want)) => {
                let shown = |line: &String| line.replace("export GIVEN='g'\n", "");
                let mut got: Vec<String> = got.scripts.iter().map(shown).chain(got.doubt).collect();
                got.retain(|line| !line.is_empty());
                assert_eq!(got, want, "{text}");
            }
            (Err(got), Err(want)) => assert!(got.contains(want), "{got} should speak of {want}"),
            (got, want) => panic!("{text}: {got:?} instead of {want:?}"),
        }
    }

    #[test]
    fn goals_run_after_what_they_depend_on() {
        let text = "NAME = app\nOUT := bin/$(NAME)\n.PHONY: all build\nall: build # x\nbuild: deps\n\t@go build -o $(OUT) .\n\
                    deps:\n\t-go mod download\n\techo $$HOME $(FROM_ENV) ${GIVEN}\n";
        let want = ["go mod download", "echo $HOME e g", "go build -o bin/app ."];
        check(text, &[], Ok(&want));
        check(text, &["all", "deps"], Ok(&want));
        check(text, &["deps"], Ok(&want[..2]));
        check(text, &["nope"], Err("no target `nope`"));
    }

    #[test]
    fn variables_are_expanded_as_make_does() {
        check("A ?= 1\nA ?= 2\nB = $(C)\nC = 3\nx:\n\te $(A)$(B)$(NONE)\n", &[], Ok(&["e 13"]));
        check(
            "V := $(shell git describe)\nx:\n\tgo build -ldflags \"-X v=$(V)\"\n",
            &[],
            Ok(&["go build -ldflags \"-X v=$(git describe)\""]),
        );
        check("bin/a: a.go b.go\n\tgo build -o $@ $< # $^\n", &[], Ok(&["go build -o bin/a a.go # a.go b.go"]));
        check("x: F = 1\nx:\n\te $(F)\n", &[], Ok(&["e 1"]));
        check("F = a\nF += b\nx:\n\te \\\n\t  $(F)\n", &[], Ok(&["e \\\n  a b"]));
        check("export CGO_ENABLED = 0\nx: ; go build\n", &[], Ok(&["export CGO_ENABLED='0'\ngo build"]));
    }

    #[test]
    fn what_the_command_sets_holds_from_the_first_line_on() {
        let text = "GIVEN = none\nout/$(GIVEN): ; go build -o $@\nbuild: out/$(GIVEN)\n";
        check(text, &["build"], Ok(&["go build -o out/g"]));
    }

    #[test]
    fn the_environment_of_a_recipe_is_what_make_gives_it() {
        let on = "export CGO_ENABLED='1'\ngo build";
        check(
            "include one.mk\nexport\nx: ; go build $(NONE)\n",
            &[],
            Ok(&["export CGO_ENABLED='1'\nexport MORE='m'\ngo build "]),
        );
        check("-include one.mk none.env\nx: ; go build $(MORE)\n", &[], Ok(&["go build m"]));
        check(".EXPORT_ALL_VARIABLES:\nCGO_ENABLED = 1\nx: ; go build\n", &["x"], Ok(&[on]));
        check("x: export CGO_ENABLED=1\nx: ; go build\n", &[], Ok(&[on]));
        check("x: export CGO_ENABLED=1\nx: y ; true\ny: ; go build\n", &[], Ok(&[on, "export CGO_ENABLED='1'\ntrue"]));
        check("x: private export CGO_ENABLED=1\nx: y\ny: ; go build\n", &[], Ok(&["go build"]));
        check("%: export CGO_ENABLED=1\nx: ; go build\n", &["x"], Ok(&[on]));
        check("export CGO_ENABLED\nx: CGO_ENABLED=1\nx: ; go build\n", &[], Ok(&[on]));
        check("FROM_ENV = 2\nx: ; go build\n", &[], Ok(&["export FROM_ENV='2'\ngo build"]));
        check("override GIVEN = 2\nx: ; go build $(GIVEN)\n", &[], Ok(&["export GIVEN='2'\ngo build 2"]));
        check("define A\nx\nendef\nexport\nx: ; go build\n", &[], Ok(&["export A=\"$(make)\"\ngo build"]));
        check("x: F += b\nF = a\nx: ; e $(F)\n", &[], Ok(&["e a b"]));
        check("export define A\n\tx\nendef\nx: ; go build\n", &[], Ok(&["export A=\"$(make)\"\ngo build"]));
    }

    #[test]
    fn what_was_not_read_may_set_everything() {
        let open = "export CGO_ENABLED=\"$(make)\"\ngo build";
        for line in ["include made.mk", "-include made.mk", "include none.mk", "-include *.mk", "include self.mk"] {
            let text = format!("{line}\nx: ; go build\n");
            let files = |path: &str| match path {
                "made.mk" => Included::Unread,
                "self.mk" => Included::Text("include self.mk\n".into()),
                _ => Included::Absent,
            };
            let scene = Scene { given: &[], env: &|_| None, files: &files };
            let got = recipes(&text, &["x".into()], &scene).unwrap();
            assert_eq!(got.scripts, [open], "{line}");
            assert!(got.doubt.is_some(), "{line}");
        }
        check(
            "$(eval CGO_ENABLED=1)\nx: ; go build\n",
            &["x"],
            Ok(&[open, "the Makefile makes parts of itself with $(eval …)"]),
        );
        check(
            "ifdef A\nexport\nendif\nx: ; go build\n",
            &["x"],
            Ok(&[open, "the Makefile exports its variables under a condition"]),
        );
        check(
            "MAKEFLAGS += -e\nx: ; go build\n",
            &["x"],
            Ok(&["export CGO_ENABLED=\"$(make)\"\ngo build", "the Makefile sets MAKEFLAGS"]),
        );
    }

    #[test]
    fn variables_of_a_rule_and_patterns_of_files_are_filled_in() {
        check(
            "S = $(wildcard *.go)\nd/bin/a: $(S)\n\tmkdir -p $(@D)\n\tgo build -o $@ # $(@F)\n",
            &[],
            Ok(&["mkdir -p d/bin", "go build -o d/bin/a # a"]),
        );
        check("x: main.go ; echo $(<D) $(<F)\n", &[], Ok(&["echo . main.go"]));
        check("x: $(wildcard c/*)\nc/a: ; go build\n", &["x"], Err("c/*"));
    }

    #[test]
    fn what_make_alone_can_tell_is_an_error() {
        check("x:\n\tgo build -o $(notdir $(CURDIR))\n", &[], Err("notdir"));
        check("ifeq ($(A),1)\nB = 1\nendif\nx:\n\te $(B)\n", &[], Err("`$(B)`"));
        check("ifdef A\nx:\n\te\nendif\n", &[], Err("conditional"));
        check("include made.mk\nx:\n\te $(B)\n", &[], Err("elsewhere"));
        check("%.bin: %.go\n\tgo build\nx: a.bin\n", &["x"], Err("a.bin"));
        check("A = $(A)\nx:\n\t$(A)\n", &[], Err("itself"));
        check("", &[], Err("no target"));
    }
}
