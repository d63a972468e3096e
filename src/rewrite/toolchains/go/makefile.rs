//! The recipes that `make goal` runs, as shell text: plain rules and variables of a small Makefile. What needs make
//! itself (other functions than `shell`, conditionals around what is asked for) is an error with its reason.

use std::collections::{BTreeMap, BTreeSet};

/// The recipe lines of the goals and what they depend on, in the order in which make runs them; each line is one
/// script, with the exported variables in front. `given` are the `NAME=value` words of the command, `env` the
/// environment.
pub fn recipes(
    text: &str,
    goals: &[String],
    given: &[(String, String)],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>, String> {
    let mut file = read(text, env)?;
    for (name, value) in given {
        file.vars.insert(name.clone(), Var::Set(value.replace('$', "$$")));
        file.exported.insert(name.clone());
    }
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
        file.make(goal, &mut done, 0, env, &mut out)?;
    }
    Ok(out)
}

#[derive(Clone, Debug)]
enum Var {
    Set(String),
    /// Assigned in a conditional or a `define`.
    Unknown,
}

#[derive(Clone, Debug, Default)]
struct Rule {
    prerequisites: Vec<String>,
    recipe: Vec<String>,
    vars: Vec<(String, String)>,
    conditional: bool,
}

#[derive(Debug, Default)]
struct File {
    vars: BTreeMap<String, Var>,
    exported: BTreeSet<String>,
    export_all: bool,
    rules: BTreeMap<String, Rule>,
    first: Option<String>,
    /// `include` of other files: a variable may be set there.
    includes: bool,
    one_shell: bool,
}

fn read(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<File, String> {
    let mut file = File::default();
    let mut targets: Vec<String> = Vec::new();
    let mut depth = 0u32;
    let mut lines = text.lines().peekable();
    while let Some(first) = lines.next() {
        let recipe = first.starts_with('\t');
        let mut line = first.to_string();
        while line.ends_with('\\') {
            let Some(next) = lines.next() else { break };
            if recipe {
                // The shell sees the continuation.
                line.push('\n');
                line.push_str(next.strip_prefix('\t').unwrap_or(next));
            } else {
                line.pop();
                line = format!("{} {}", line.trim_end(), next.trim_start());
            }
        }
        if recipe && !targets.is_empty() {
            let body = line.trim_start_matches('\t');
            for target in &targets {
                if let Some(rule) = file.rules.get_mut(target) {
                    rule.recipe.push(body.to_string());
                    rule.conditional |= depth > 0;
                }
            }
            continue;
        }
        let line = without_comment(&line);
        let line = line.trim();
        match line.split_whitespace().next().unwrap_or("") {
            "" => {}
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => depth += 1,
            "endif" => depth = depth.saturating_sub(1),
            "else" => {}
            "include" | "-include" | "sinclude" => file.includes = true,
            "define" => {
                let name = line.split_whitespace().nth(1).unwrap_or("").to_string();
                file.vars.insert(name, Var::Unknown);
                for inner in lines.by_ref() {
                    if inner.trim() == "endef" {
                        break;
                    }
                }
            }
            _ if line.contains(".RECIPEPREFIX") => return Err("the Makefile changes its recipe prefix".into()),
            _ => {
                if let Some((name, operator, value, export)) = assignment(line) {
                    file.assign(&name, operator, &value, depth > 0, env);
                    if export {
                        file.exported.insert(name);
                    }
                    targets.clear();
                } else if let Some(rest) = line.strip_prefix("export") {
                    file.export_all |= rest.trim().is_empty();
                    file.exported.extend(rest.split_whitespace().map(String::from));
                } else if let Some((names, rest)) = line.split_once(':') {
                    targets = file.rule(names, rest.trim_start_matches(':'), depth > 0, env)?;
                }
            }
        }
    }
    Ok(file)
}

fn without_comment(line: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in line.chars() {
        if c == '#' && before != '\\' {
            break;
        }
        out.push(c);
        before = c;
    }
    out
}

/// `[export|override] NAME op value`
fn assignment(line: &str) -> Option<(String, &'static str, String, bool)> {
    let mut rest = line;
    let mut export = false;
    loop {
        match rest.split_once(char::is_whitespace) {
            Some(("export", after)) => (export, rest) = (true, after.trim_start()),
            Some(("override" | "private", after)) => rest = after.trim_start(),
            _ => break,
        }
    }
    let at = rest.find('=')?;
    let (name, value) = (rest.get(..at)?, rest.get(at + 1..)?);
    let operators = [("::", ":="), (":", ":="), ("?", "?="), ("+", "+="), ("!", "!=")];
    let (name, operator) =
        operators.iter().find_map(|(end, operator)| Some((name.strip_suffix(end)?, *operator))).unwrap_or((name, "="));
    let name = name.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    plain.then(|| (name.to_string(), operator, value.trim().to_string(), export))
}

impl File {
    fn assign(
        &mut self,
        name: &str,
        operator: &str,
        value: &str,
        conditional: bool,
        env: &dyn Fn(&str) -> Option<String>,
    ) {
        let value = match (operator, self.vars.get(name)) {
            _ if conditional => Var::Unknown,
            ("?=", Some(known)) => known.clone(),
            ("?=", None) => Var::Set(env(name).map_or_else(|| value.to_string(), |value| value.replace('$', "$$"))),
            ("+=", Some(Var::Set(known))) => Var::Set(format!("{known} {value}")),
            ("+=", Some(Var::Unknown)) | ("!=", _) => Var::Unknown,
            (":=", _) => match self.expand(value, &[], None, env, 0) {
                // Expanded now; what is left is for the shell.
                Ok(text) => Var::Set(text.replace('$', "$$")),
                Err(_) => Var::Unknown,
            },
            _ => Var::Set(value.to_string()),
        };
        self.vars.insert(name.to_string(), value);
    }

    fn rule(
        &mut self,
        names: &str,
        rest: &str,
        conditional: bool,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, String> {
        let (rest, inline) = rest.split_once(';').map_or((rest, None), |(rest, recipe)| (rest, Some(recipe)));
        let names = self.expand(names, &[], None, env, 0).unwrap_or_default();
        let targets: Vec<String> = names.split_whitespace().map(String::from).collect();
        if targets.iter().any(|target| target == ".ONESHELL") {
            self.one_shell = true;
        }
        let own = assignment(rest.trim());
        let prerequisites = match &own {
            Some(_) => String::new(),
            None => self.expand(&rest.replace('|', " "), &[], None, env, 0)?,
        };
        for target in &targets {
            if self.first.is_none() && !target.starts_with('.') && !target.contains('%') {
                self.first = Some(target.clone());
            }
            let rule = self.rules.entry(target.clone()).or_default();
            rule.conditional |= conditional;
            rule.prerequisites.extend(prerequisites.split_whitespace().map(String::from));
            rule.recipe.extend(inline.map(|recipe| recipe.trim().to_string()));
            if let Some((name, _, value, _)) = &own {
                rule.vars.push((name.clone(), value.clone()));
            }
        }
        Ok(targets)
    }

    fn make(
        &self,
        target: &str,
        done: &mut BTreeSet<String>,
        depth: u32,
        env: &dyn Fn(&str) -> Option<String>,
        out: &mut Vec<String>,
    ) -> Result<(), String> {
        if depth > 30 || !done.insert(target.to_string()) {
            return Ok(());
        }
        // No rule: a file, or a pattern rule, whose recipe is seldom a `go build`.
        let Some(rule) = self.rules.get(target) else {
            return match self.rules.keys().find(|name| name.contains('%')) {
                Some(pattern) if fits(pattern, target) => Err(format!("`{target}` is made by the rule of `{pattern}`")),
                _ => Ok(()),
            };
        };
        if rule.conditional {
            return Err(format!("the target `{target}` stands in a conditional"));
        }
        for prerequisite in &rule.prerequisites {
            self.make(prerequisite, done, depth + 1, env, out)?;
        }
        let exports = self.exports(&rule.vars, env)?;
        let mut scripts = Vec::new();
        for line in &rule.recipe {
            let text = self.expand(line, &rule.vars, Some((target, &rule.prerequisites)), env, 0)?;
            scripts.push(text.trim_start_matches(['@', '-', '+', ' ', '\t']).to_string());
        }
        if self.one_shell {
            scripts = vec![scripts.join("\n")];
        }
        out.extend(scripts.into_iter().filter(|text| !text.is_empty()).map(|text| format!("{exports}{text}")));
        Ok(())
    }

    fn exports(&self, own: &[(String, String)], env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut out = String::new();
        for (name, value) in &self.vars {
            // Make passes on what came from the environment with the value that it has now.
            if !self.export_all && !self.exported.contains(name) && env(name).is_none() {
                continue;
            }
            match value {
                Var::Set(value) => {
                    let value = self.expand(value, own, None, env, 0)?;
                    let quote = if value.contains('$') { '"' } else { '\'' };
                    out.push_str(&format!("export {name}={quote}{value}{quote}\n"));
                }
                Var::Unknown => return Err(format!("the value of `{name}` in the Makefile")),
            }
        }
        Ok(out)
    }

    /// Variables filled in; `$$` becomes `$`. `$(shell x)` becomes the shell's own `$(x)`.
    fn expand(
        &self,
        text: &str,
        own: &[(String, String)],
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
                ("<", Some((_, list))) => out.push_str(list.first().map_or("", String::as_str)),
                ("^", Some((_, list))) => out.push_str(&list.join(" ")),
                ("MAKE", _) => out.push_str("make"),
                ("CURDIR" | "PWD", _) => out.push('.'),
                _ => match name.split_once(char::is_whitespace) {
                    Some(("shell", command)) => {
                        let command = self.expand(command, own, rule, env, depth + 1)?;
                        out.push_str(&format!("$({})", command.trim()));
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
        own: &[(String, String)],
        env: &dyn Fn(&str) -> Option<String>,
        depth: u32,
    ) -> Result<String, String> {
        if let Some((_, value)) = own.iter().rev().find(|(known, _)| known == name) {
            return self.expand(value, own, None, env, depth + 1);
        }
        match self.vars.get(name) {
            Some(Var::Set(value)) => self.expand(value, own, None, env, depth + 1),
            Some(Var::Unknown) => Err(format!("the value of `$({name})` in the Makefile")),
            None => match (env(name), name) {
                (Some(value), _) => Ok(value),
                (None, "GO") if !self.includes => Ok(String::new()),
                (None, "RM") => Ok("rm -f".into()),
                (None, "CC") => Ok("cc".into()),
                (None, _) if self.includes => Err(format!("`$({name})`, which an included file may set")),
                (None, _) if name.contains([':', '%', '*', '?']) => Err(format!("`$({name})` in the Makefile")),
                (None, _) => Ok(String::new()),
            },
        }
    }
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
        let got = recipes(text, &goals, &[("GIVEN".into(), "g".into())], &env);
        match (got, want) {
            (Ok(got), Ok(want)) => {
                let got: Vec<&str> = got.iter().map(|line| line.trim_start_matches("export GIVEN='g'\n")).collect();
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
        check(
            "export CGO_ENABLED = 0\nx: ; go build\n",
            &[],
            Ok(&["export CGO_ENABLED='0'\nexport GIVEN='g'\ngo build"]),
        );
    }

    #[test]
    fn what_make_alone_can_tell_is_an_error() {
        check("x:\n\tgo build -o $(notdir $(CURDIR))\n", &[], Err("notdir"));
        check("ifeq ($(A),1)\nB = 1\nendif\nx:\n\te $(B)\n", &[], Err("`$(B)`"));
        check("ifdef A\nx:\n\te\nendif\n", &[], Err("conditional"));
        check("include a.mk\nx:\n\te $(B)\n", &[], Err("included"));
        check("%.bin: %.go\n\tgo build\nx: a.bin\n", &["x"], Err("a.bin"));
        check("A = $(A)\nx:\n\t$(A)\n", &[], Err("itself"));
        check("", &[], Err("no target"));
    }
}
