//! The text of a Makefile, line by line: variables, exports, rules, and the files that it includes.

use super::{File, Included, OwnVar, Scene, Var};

pub(super) fn read(text: &str, scene: &Scene<'_>) -> Result<File, String> {
    let mut file = File::default();
    for (name, value) in scene.given {
        file.vars.insert(name.clone(), Var::Set(value.replace('$', "$$")));
        file.exported.insert(name.clone());
        file.given.insert(name.clone());
    }
    file.read(text, scene, 0)?;
    Ok(file)
}

impl File {
    fn read(&mut self, text: &str, scene: &Scene<'_>, included: u32) -> Result<(), String> {
        let env = scene.env;
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
                    if let Some(rule) = self.rules.get_mut(target) {
                        rule.recipe.push(body.to_string());
                        rule.conditional |= depth > 0;
                    }
                }
                continue;
            }
            let line = without_comment(&line);
            let line = line.trim();
            if ["$(eval", "${eval"].iter().any(|call| line.contains(call)) {
                self.doubt("the Makefile makes parts of itself with $(eval …)");
            }
            if let Some((name, export)) = define(line) {
                self.vars.insert(name.clone(), Var::Unknown);
                if export {
                    self.exported.insert(name);
                }
                let mut open = 1u32;
                for inner in lines.by_ref() {
                    open += u32::from(define(inner.trim()).is_some());
                    open -= u32::from(inner.trim() == "endef");
                    if open == 0 {
                        break;
                    }
                }
                targets.clear();
                continue;
            }
            match line.split_whitespace().next().unwrap_or("") {
                "" => {}
                "ifeq" | "ifneq" | "ifdef" | "ifndef" => depth += 1,
                "endif" => depth = depth.saturating_sub(1),
                "else" => {}
                verb @ ("include" | "-include" | "sinclude") => {
                    targets.clear();
                    let names = line.strip_prefix(verb).unwrap_or("");
                    self.include(names, verb == "include", depth > 0, scene, included)?;
                }
                "unexport" => {
                    let names = line.split_whitespace().skip(1);
                    self.kept_back.extend(names.map(String::from));
                }
                _ if line.contains(".RECIPEPREFIX") => return Err("the Makefile changes its recipe prefix".into()),
                _ => {
                    if let Some(var) = assignment(line) {
                        self.assign(&var, depth > 0, env);
                        targets.clear();
                    } else if let Some(rest) = line.strip_prefix("export").filter(|rest| !rest.trim().starts_with(':'))
                    {
                        if rest.trim().is_empty() && depth > 0 {
                            self.doubt("the Makefile exports its variables under a condition");
                        }
                        self.export_all |= rest.trim().is_empty();
                        self.exported.extend(rest.split_whitespace().map(String::from));
                    } else if let Some((names, rest)) = line.split_once(':') {
                        targets = self.rule(names, rest.trim_start_matches(':'), depth > 0, env)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn doubt(&mut self, why: &str) {
        self.doubt.get_or_insert(why.to_string());
    }

    /// Reads the files of an `include`; one that was not read may set every variable.
    fn include(
        &mut self,
        names: &str,
        must: bool,
        conditional: bool,
        scene: &Scene<'_>,
        included: u32,
    ) -> Result<(), String> {
        let Ok(names) = self.expand(names, &[], None, scene.env, 0) else {
            self.doubt("the Makefile includes a file whose name is computed");
            return Ok(());
        };
        for name in names.split_whitespace() {
            let plain = !name.contains(['*', '?', '[', '$', '`', '~', '%']);
            let found = if plain && included < 8 { (scene.files)(name) } else { Included::Unread };
            match found {
                Included::Text(_) if conditional => {
                    self.doubt(&format!("the Makefile includes {name} under a condition"));
                }
                Included::Text(text) => self.read(&text, scene, included + 1)?,
                Included::Absent if !must => {}
                _ => self.doubt(&format!("the Makefile includes {name}, which was not read")),
            }
        }
        Ok(())
    }

    fn assign(&mut self, var: &OwnVar, conditional: bool, env: &dyn Fn(&str) -> Option<String>) {
        let name = &var.name;
        // `override` is stronger than the `NAME=value` of the command.
        if self.given.contains(name) && !var.overrides {
            return;
        }
        if name == "MAKEFLAGS" && !var.value.split_whitespace().all(is_quiet_flag) {
            self.doubt("the Makefile sets MAKEFLAGS");
        }
        let value = match (var.operator, self.vars.get(name)) {
            _ if conditional => Var::Unknown,
            ("?=", Some(known)) => known.clone(),
            ("?=", None) => Var::Set(env(name).map_or_else(|| var.value.clone(), |value| value.replace('$', "$$"))),
            ("+=", Some(Var::Set(known))) => Var::Set(format!("{known} {}", var.value)),
            ("+=", None) if env(name).is_some() => {
                let known = env(name).unwrap_or_default().replace('$', "$$");
                Var::Set(format!("{known} {}", var.value))
            }
            ("+=", Some(Var::Unknown)) | ("!=", _) => Var::Unknown,
            (":=", _) => match self.expand(&var.value, &[], None, env, 0) {
                // Expanded now; what is left is for the shell.
                Ok(text) => Var::Set(text.replace('$', "$$")),
                Err(_) => Var::Unknown,
            },
            _ => Var::Set(var.value.clone()),
        };
        self.vars.insert(name.clone(), value);
        if var.export {
            self.exported.insert(name.clone());
        }
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
        for target in &targets {
            match target.as_str() {
                ".ONESHELL" => self.one_shell = true,
                ".EXPORT_ALL_VARIABLES" if conditional => {
                    self.doubt("the Makefile exports its variables under a condition");
                }
                ".EXPORT_ALL_VARIABLES" => self.export_all = true,
                _ => {}
            }
        }
        let own = assignment(rest.trim());
        let prerequisites = match &own {
            Some(_) => String::new(),
            None => self.expand(&rest.replace('|', " "), &[], None, env, 0)?,
        };
        for target in &targets {
            // A variable of a target is no rule.
            if self.first.is_none() && own.is_none() && !target.starts_with('.') && !target.contains('%') {
                self.first = Some(target.clone());
            }
            let rule = self.rules.entry(target.clone()).or_default();
            rule.conditional |= conditional;
            rule.prerequisites.extend(prerequisites.split_whitespace().map(String::from));
            rule.recipe.extend(inline.map(|recipe| recipe.trim().to_string()));
            rule.vars.extend(own.clone());
        }
        Ok(targets)
    }
}

/// Flags of make after which recipes run as they would without them.
pub(crate) fn is_quiet_flag(word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(long) => {
            ["no-print-directory", "silent", "quiet", "warn-undefined-variables", "no-builtin", "jobs", "output-sync"]
                .iter()
                .any(|known| long.starts_with(known))
        }
        None => word.strip_prefix('-').unwrap_or(word).chars().all(|c| "jrRsk0123456789O".contains(c)),
    }
}

/// `[export|override] define NAME [=]`
fn define(line: &str) -> Option<(String, bool)> {
    let mut words = line.split_whitespace().peekable();
    let mut export = false;
    while let Some(word) = words.next_if(|word| matches!(*word, "export" | "override" | "private")) {
        export |= word == "export";
    }
    (words.next()? == "define").then(|| (words.next().unwrap_or("").to_string(), export))
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

/// `[export|override|private] NAME op value`
fn assignment(line: &str) -> Option<OwnVar> {
    let mut rest = line;
    let (mut export, mut private, mut overrides) = (false, false, false);
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        match word {
            "export" => export = true,
            "private" => private = true,
            "override" => overrides = true,
            _ => break,
        }
        rest = after.trim_start();
    }
    let at = rest.find('=')?;
    let (name, value) = (rest.get(..at)?, rest.get(at + 1..)?);
    let operators = [(":::", ":="), ("::", ":="), (":", ":="), ("?", "?="), ("+", "+="), ("!", "!=")];
    let (name, operator) =
        operators.iter().find_map(|(end, operator)| Some((name.strip_suffix(end)?, *operator))).unwrap_or((name, "="));
    let name = name.trim().to_string();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let value = value.trim().to_string();
    plain.then_some(OwnVar { name, operator, value, export, private, overrides })
}
