//! Where a path comes from that is no literal: a variable of the function, its parameter and what the callers give,
//! `filepath.Join`, a list, a glob. Asked only for calls whose path is computed, and only in the program's own files.
//!
//! An answer has every value that the path can have, perhaps more; where one may be missing there is no answer.

mod definitions;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use super::reach::Source;
use super::source;
use super::tokens::{Kind, closes, ident, is, opens, parts, split, spread};
use crate::context::dockerignore::clean;
use definitions::{Decl, Definition, File, Func, definitions, may_own, names_one, read};

/// A text that a path has or, where more of it is computed, begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub text: String,
    pub exact: bool,
}

type Values = Vec<Value>;

/// What stands for the program's own file: no path, so nothing may be made of it.
pub(super) const SELF: &str = "\0self";

/// More values than that are as good as none.
const MOST: usize = 40;
/// Steps from a name to what it stands for.
const DEPTH: u32 = 8;

pub(super) struct Tracer<'t> {
    sources: &'t [Source],
    files: Vec<OnceCell<File<'t>>>,
}

/// A place in a declaration.
#[derive(Clone, Copy)]
struct At {
    file: usize,
    decl: usize,
    depth: u32,
}

impl<'t> Tracer<'t> {
    /// `sources` are the program's own files.
    pub(super) fn new(sources: &'t [Source]) -> Tracer<'t> {
        Tracer { sources, files: sources.iter().map(|_| OnceCell::new()).collect() }
    }

    /// What the calls of `name` on a line are given as their argument `index`.
    pub(super) fn argument(&self, shown: &str, line: u32, name: &str, index: usize) -> Option<Values> {
        let file = self.sources.iter().position(|source| source.shown == shown)?;
        let tokens = &self.file(file)?.tokens;
        let start = tokens.partition_point(|token| token.line < line);
        let here = (start..tokens.len()).take_while(|at| tokens.get(*at).is_some_and(|token| token.line == line));
        let mut found = Values::new();
        let mut any = false;
        for at in here.filter(|at| ident(tokens, *at) == Some(name) && is(tokens, at + 1, '(')) {
            any = true;
            let decl = self.decl_at(file, at)?;
            let Some(arg) = split(tokens, at + 2, ',').0.into_iter().nth(index) else { continue };
            let at = At { file, decl, depth: 0 };
            merge(&mut found, self.expression(at, spread(tokens, arg), &mut HashSet::new())?)?;
        }
        // A path beside the program is not followed.
        let beside = |value: &Value| value.text.contains(SELF) && value.text != SELF;
        (any && !found.iter().any(beside)).then_some(found)
    }

    /// The package is one of the program's own, and read.
    pub(super) fn has(&self, package: &str) -> bool {
        self.sources.iter().any(|source| source.package == package)
    }

    fn file(&self, index: usize) -> Option<&File<'t>> {
        let source = self.sources.get(index)?;
        Some(self.files.get(index)?.get_or_init(|| read(source.text.as_str())))
    }

    fn decl_at(&self, file: usize, at: usize) -> Option<usize> {
        self.file(file)?.decls.iter().position(|decl| decl.range.contains(&at))
    }

    /// The values of an expression, or of the elements of a list.
    fn expression(&self, at: At, range: Range<usize>, seen: &mut Seen) -> Option<Values> {
        let tokens = &self.file(at.file)?.tokens;
        let parts = parts(tokens, range, '+');
        if let [part] = parts.as_slice() {
            return self.unit(at, part.clone(), seen);
        }
        let mut found = vec![Value { text: String::new(), exact: true }];
        for part in parts {
            let next = self.unit(at, part, seen);
            found = appended(found, next, "")?;
        }
        known(found)
    }

    fn unit(&self, at: At, range: Range<usize>, seen: &mut Seen) -> Option<Values> {
        let tokens = &self.file(at.file)?.tokens;
        let Range { start, end } = range;
        let last = end.checked_sub(1).filter(|last| *last >= start)?;
        match (tokens.get(start)?.kind, last - start) {
            (Kind::Text(text), 0) => return Some(vec![Value { text: text.text().into_owned(), exact: true }]),
            (Kind::Ident(name), 0) => return self.name(at, name, seen),
            (Kind::Op('('), _) if closes(tokens, start) == Some(last) => {
                return self.expression(at, start + 1..last, seen);
            }
            // `[]string{…}`, `map[string]string{…}`
            (Kind::Op('['), _) | (Kind::Ident("map"), _) => return self.list(at, start, last, seen),
            (Kind::Ident(owner), 2) if is(tokens, start + 1, '.') => {
                return self.of_package(at, owner, ident(tokens, last)?, seen);
            }
            _ => {}
        }
        if is(tokens, last, ']') {
            let open = opens(tokens, start, last)?;
            let of_range = (open + 1..last).any(|index| is(tokens, index, ':'));
            return if of_range { None } else { self.expression(at, start..open, seen) };
        }
        let open = opens(tokens, start, last).filter(|_| is(tokens, last, ')'))?;
        let args = split(tokens, open + 1, ',').0;
        self.call(at, start..open, args, seen)
    }

    fn call(&self, at: At, callee: Range<usize>, args: Vec<Range<usize>>, seen: &mut Seen) -> Option<Values> {
        let file = self.file(at.file)?;
        let tokens = &file.tokens;
        let first = || args.first().cloned();
        if callee.len() == 1 {
            return match ident(tokens, callee.start)? {
                "append" => {
                    let mut found = Values::new();
                    for arg in args {
                        merge(&mut found, self.expression(at, spread(tokens, arg), seen)?)?;
                    }
                    Some(found)
                }
                _ => None,
            };
        }
        if callee.len() != 3 || !is(tokens, callee.start + 1, '.') {
            return None;
        }
        let package = source::package_before(tokens, callee.start, &file.names)?;
        let exact = |values: Values, of: fn(&str) -> String| -> Option<Values> {
            let all = values.iter().all(|value| value.exact) && !values.is_empty();
            all.then(|| values.into_iter().map(|value| Value { text: of(&value.text), exact: true }).collect())
        };
        match (&*package, ident(tokens, callee.start + 2)?) {
            ("path/filepath" | "path", "Join") => {
                let mut found: Values = Vec::new();
                for (index, arg) in args.into_iter().enumerate() {
                    let next = self.expression(at, arg, seen);
                    found = if index == 0 { known(next?)? } else { appended(found, next, "/")? };
                    if found.is_empty() {
                        return None;
                    }
                }
                found.iter_mut().filter(|value| value.exact).for_each(|value| value.text = clean(&value.text));
                Some(found)
            }
            ("path/filepath" | "path", "Clean") | ("path/filepath", "FromSlash" | "ToSlash" | "Abs") => {
                self.expression(at, first()?, seen)
            }
            // Each match is one of the pattern.
            ("path/filepath", "Glob") => self.expression(at, first()?, seen).filter(|all| all.iter().all(|v| v.exact)),
            ("path/filepath" | "path", "Dir") => {
                let values = self.expression(at, first()?, seen)?;
                // The directory above the working directory is not the directory of `.`.
                if values.iter().any(|value| value.text.contains(SELF)) {
                    return None;
                }
                if values.iter().any(|value| value.text.split('/').all(|part| matches!(part, "" | "." | ".."))) {
                    return None;
                }
                exact(values, |text| match text.rsplit_once('/') {
                    Some(("", _)) => "/".to_string(),
                    Some((dir, _)) => dir.to_string(),
                    None => ".".to_string(),
                })
            }
            ("strings", "TrimSpace") => exact(self.expression(at, first()?, seen)?, |text| text.trim().to_string()),
            ("os", "Executable") => Some(vec![Value { text: SELF.into(), exact: true }]),
            // The program's own calls of Chdir are asked elsewhere.
            ("os", "Getwd") => Some(vec![Value { text: ".".into(), exact: true }]),
            ("fmt", "Sprintf") => self.formatted(at, args, seen),
            _ => None,
        }
    }

    /// `fmt.Sprintf("templates/%s.html", name)`
    fn formatted(&self, at: At, args: Vec<Range<usize>>, seen: &mut Seen) -> Option<Values> {
        let mut args = args.into_iter();
        let format = self.expression(at, args.next()?, seen)?;
        let [Value { text: format, exact: true }] = format.as_slice() else { return None };
        let mut found = vec![Value { text: String::new(), exact: true }];
        let mut rest = format.as_str();
        while let Some((head, tail)) = rest.split_once('%') {
            let plain = |text: &str| Some(vec![Value { text: text.to_string(), exact: true }]);
            found = appended(found, plain(head), "")?;
            let verb = tail.chars().next();
            rest = tail.get(1..).unwrap_or("");
            let next = match verb {
                Some('%') => plain("%"),
                Some('s') => args.next().and_then(|arg| self.expression(at, arg, seen)),
                // A number, or a letter of a text.
                _ => None,
            };
            let ends = next.is_none();
            found = appended(found, next, "")?;
            if ends {
                return known(found);
            }
        }
        found = appended(found, Some(vec![Value { text: rest.to_string(), exact: true }]), "")?;
        known(found)
    }

    /// The elements of a list, or the values of a map.
    fn list(&self, at: At, start: usize, last: usize, seen: &mut Seen) -> Option<Values> {
        let tokens = &self.file(at.file)?.tokens;
        let open = (start..last).find(|index| is(tokens, *index, '{'))?;
        if closes(tokens, open)? != last {
            return None;
        }
        let mut found = Values::new();
        for item in split(tokens, open + 1, ',').0 {
            let value = parts(tokens, item, ':').pop()?;
            merge(&mut found, self.expression(at, value, seen)?)?;
        }
        Some(found)
    }

    fn name(&self, at: At, name: &'t str, seen: &mut Seen) -> Option<Values> {
        if at.depth > DEPTH {
            return None;
        }
        // What a name gets from itself is nothing new.
        if !seen.insert((at.file, at.decl, name.to_string())) {
            return Some(Values::new());
        }
        let at = At { depth: at.depth + 1, ..at };
        let found = self.local(at, name, seen);
        seen.remove(&(at.file, at.decl, name.to_string()));
        match found {
            Local::Values(values) => values,
            Local::OfPackage => self.global(&self.sources.get(at.file)?.package, name, at.depth, seen),
        }
    }

    fn local(&self, at: At, name: &str, seen: &mut Seen) -> Local {
        let Some((file, decl)) = self.file(at.file).and_then(|file| Some((file, file.decls.get(at.decl)?))) else {
            return Local::Values(None);
        };
        let defined = definitions(file, decl, name);
        let param = decl.func.as_ref().and_then(|func| func.params.iter().position(|param| param.name == name));
        let result = decl.func.as_ref().is_some_and(|func| func.results.contains(&name));
        if !defined.declared && param.is_none() && !result {
            return Local::OfPackage;
        }
        let of_list = || {
            let listed = |index: usize| decl.func.as_ref().is_some_and(|f| f.params.get(index).is_some_and(|p| p.list));
            param.is_some_and(listed) || defined.list.iter().any(|one| is_list(file, one))
        };
        if defined.opaque || defined.shared && of_list() {
            return Local::Values(None);
        }
        let values = || {
            let mut found = Values::new();
            for definition in defined.list {
                let next = match definition {
                    Definition::Expression(range) | Definition::Element(range) => self.expression(at, range, seen)?,
                    Definition::Walked(range) => below(self.expression(at, range, seen)?),
                };
                merge(&mut found, next)?;
            }
            match (param, &decl.func) {
                (Some(index), Some(func)) => merge(&mut found, self.given(at, func, index, seen)?)?,
                // Outside of the block that declares it the name may be one of the package.
                _ if !result && self.is_global(at, name) => {
                    merge(&mut found, self.global(&self.sources.get(at.file)?.package, name, at.depth, seen)?)?;
                }
                _ => {}
            }
            Some(found)
        };
        Local::Values({ values }())
    }

    /// What all callers of a function give it.
    fn given(&self, at: At, func: &Func<'_>, index: usize, seen: &mut Seen) -> Option<Values> {
        let name = func.name;
        let exported = !name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
        // Packages of others may call a method that an interface of theirs has.
        if func.is_method && exported {
            return None;
        }
        let package = &self.sources.get(at.file)?.package;
        let takes_rest = func.params.get(index)?.rest;
        let mut found = Values::new();
        for (number, source) in self.sources.iter().enumerate() {
            let here = source.package == *package;
            if !(here || exported) || !source.text.contains(name) {
                continue;
            }
            let file = self.file(number)?;
            let names = |word: &str| word.rsplit('.').next() == Some(name);
            let hidden = file.directives.iter().any(|line| line.split_whitespace().any(names));
            if hidden {
                return None;
            }
            for (place, _) in file.tokens.iter().enumerate().filter(|(_, token)| token.ident() == Some(name)) {
                let selected = place > 0 && is(&file.tokens, place - 1, '.');
                let means = match (selected, func.is_method) {
                    (true, true) => here,
                    (true, false) => !here && may_own(file, place, package),
                    (false, true) => false,
                    (false, false) => here || file.dotted.contains(package),
                };
                let declares = place > 0 && ident(&file.tokens, place - 1) == Some("func");
                if !means || declares {
                    continue;
                }
                if !is(&file.tokens, place + 1, '(') {
                    return None;
                }
                let decl = self.decl_at(number, place)?;
                let from = At { file: number, decl, depth: at.depth };
                let args = split(&file.tokens, place + 2, ',').0;
                let count = if takes_rest { usize::MAX } else { 1 };
                if args.len() <= index && !takes_rest {
                    return None;
                }
                for arg in args.into_iter().skip(index).take(count) {
                    merge(&mut found, self.expression(from, spread(&file.tokens, arg), seen)?)?;
                }
            }
        }
        Some(found)
    }

    fn of_package(&self, at: At, owner: &str, name: &str, seen: &mut Seen) -> Option<Values> {
        let file = self.file(at.file)?;
        let (_, path) = file.names.iter().find(|(local, _)| local == owner)?;
        if at.depth > DEPTH {
            return None;
        }
        self.global(path, name, at.depth + 1, seen)
    }

    fn is_global(&self, at: At, name: &str) -> bool {
        let package = self.sources.get(at.file).map(|source| &source.package);
        let here = |(number, source): (usize, &Source)| {
            let decls = self.file(number).map_or(&[][..], |file| &file.decls);
            let declares = |decl: &Decl<'_>| {
                let Some(file) = self.file(number) else { return true };
                matches!(decl.verb, "var" | "const") && names_one(file, decl, name)
            };
            Some(&source.package) == package && source.text.contains(name) && decls.iter().any(declares)
        };
        self.sources.iter().enumerate().any(here)
    }

    /// A constant of a package, or a list of it that is never set again. A string that is a variable may be set by the
    /// linker, and one with a capital letter by anybody.
    fn global(&self, package: &str, name: &str, depth: u32, seen: &mut Seen) -> Option<Values> {
        let mut found = Values::new();
        let (mut any, mut lists, mut shared) = (false, false, false);
        for (number, source) in self.sources.iter().enumerate().filter(|(_, source)| source.package == package) {
            if !source.text.contains(name) {
                continue;
            }
            let file = self.file(number)?;
            for (index, decl) in file.decls.iter().enumerate() {
                let defined = definitions(file, decl, name);
                shared |= defined.shared;
                let of_function = decl.func.as_ref().is_some_and(|func| {
                    func.params.iter().any(|param| param.name == name) || func.results.contains(&name)
                });
                match decl.verb {
                    "func" if defined.declared || of_function => continue,
                    "func" if defined.list.is_empty() && !defined.opaque => continue,
                    "const" | "var" if defined.list.is_empty() && !defined.opaque => continue,
                    "const" if !defined.opaque => {}
                    "var" if !defined.opaque && name.starts_with(|first: char| first.is_ascii_lowercase()) => {}
                    "type" => continue,
                    _ => return None,
                }
                let at = At { file: number, decl: index, depth };
                for definition in defined.list {
                    let Definition::Expression(range) = definition else { return None };
                    let listed = is(&file.tokens, range.start, '[') || ident(&file.tokens, range.start) == Some("map");
                    if decl.verb == "var" && !listed {
                        return None;
                    }
                    any = true;
                    lists |= listed;
                    merge(&mut found, self.expression(at, range, seen)?)?;
                }
            }
        }
        (any && !(lists && shared)).then_some(found)
    }
}

/// The value is a list or a map.
fn is_list(file: &File<'_>, definition: &Definition) -> bool {
    let Definition::Expression(range) = definition else { return false };
    let tokens = &file.tokens;
    let first = ident(tokens, range.start);
    let globs = range.clone().any(|at| ident(tokens, at) == Some("Glob"));
    is(tokens, range.start, '[') || matches!(first, Some("map" | "append" | "make")) || globs
}

/// Names that are being followed.
type Seen = HashSet<(usize, usize, String)>;

enum Local {
    Values(Option<Values>),
    OfPackage,
}

fn below(values: Values) -> Values {
    let below = |value: Value| match value.exact {
        true => Value { text: format!("{}/", value.text.trim_end_matches('/')), exact: false },
        false => value,
    };
    values.into_iter().map(below).collect()
}

/// Takes over what is not there yet.
fn merge(into: &mut Values, more: Values) -> Option<()> {
    for value in more {
        if !into.contains(&value) {
            into.push(value);
        }
    }
    (into.len() <= MOST).then_some(())
}

/// Each text with each of the next behind it; what is computed ends it.
fn appended(texts: Values, next: Option<Values>, between: &str) -> Option<Values> {
    let mut found = Values::new();
    for value in texts {
        match &next {
            _ if !value.exact => merge(&mut found, vec![value])?,
            None => merge(&mut found, vec![Value { text: value.text + between, exact: false }])?,
            // A name that is made longer: `path = path + "/x"`.
            Some(next) if next.is_empty() => return None,
            Some(next) => {
                for part in next {
                    let text = format!("{}{between}{}", value.text, part.text);
                    merge(&mut found, vec![Value { text, exact: part.exact }])?;
                }
            }
        }
    }
    Some(found)
}

/// A text of which nothing is known says nothing.
fn known(values: Values) -> Option<Values> {
    values.iter().all(|value| value.exact || !value.text.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const HEAD: &str =
        "package main\nimport (\n\"fmt\"\n\"os\"\n\"path\"\n\"path/filepath\"\n\"strings\"\n\"x/app/lib\"\n)\n";

    /// What the call in the line with HERE is given; each value that is only a beginning ends in `+`, `?` where there is no
    /// answer. Files apart from the first are of the package x/app/lib.
    fn given(files: &[&str]) -> String {
        let sources: Vec<Source> = files
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let package = if number == 0 { "main" } else { "x/app/lib" };
                let head = if number == 0 { HEAD } else { "package lib\nimport \"os\"\n" };
                let text = Arc::new(format!("{head}{text}\n"));
                Source { package: package.into(), shown: number.to_string(), text, whole: true }
            })
            .collect();
        let (number, line) = sources
            .iter()
            .enumerate()
            .find_map(|(number, source)| Some((number, source.text.lines().position(|line| line.contains("HERE"))?)))
            .unwrap();
        let tracer = Tracer::new(&sources);
        match tracer.argument(&number.to_string(), line as u32 + 1, "Open", 0) {
            None => "?".into(),
            Some(values) => {
                let shown = |value: &Value| format!("{}{}", value.text, if value.exact { "" } else { "+" });
                values.iter().map(shown).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn variables_of_a_function_are_followed() {
        for (code, want) in [
            ("p := \"a\"\nos.Open(p) // HERE", "a"),
            ("var p = \"a\"\nos.Open(p + \".txt\") // HERE", "a.txt"),
            ("var p string\np = \"a\"\nif x { p = \"b\" }\nos.Open(p) // HERE", "a b"),
            ("var p string = \"a\"\nos.Open(p) // HERE", "a"),
            ("const p = \"a\"\nos.Open(p) // HERE", "a"),
            ("p := filepath.Dir(\"a/b\")\nos.Open(p) // HERE", "a"),
            ("p := filepath.Dir(\"/b\")\nos.Open(p) // HERE", "/"),
            ("p, q := \"a\", \"b\"\nos.Open(p+q) // HERE", "ab"),
            ("if p := \"a\"; x { os.Open(p) } // HERE", "a"),
            ("p := path.Join(\"a\", \"b\")\nos.Open(p) // HERE", "a/b"),
            ("p := filepath.Join(\"a\", name)\nos.Open(p) // HERE", "a/+"),
            ("p := fmt.Sprintf(\"a/%s.txt\", name)\nos.Open(p) // HERE", "a/+"),
            ("d := \"a\"\np := fmt.Sprintf(\"%s/%d.txt\", d, n)\nos.Open(p) // HERE", "a/+"),
            ("p := fmt.Sprintf(\"%s/100%%.txt\", \"a\")\nos.Open(p) // HERE", "a/100%.txt"),
            ("d, err := os.Getwd()\nos.Open(d + \"/a\") // HERE", "./a"),
            ("d, _ := filepath.Abs(\"a\")\nos.Open(filepath.Join(d, \"b\")) // HERE", "a/b"),
            ("p := strings.TrimSpace(\" a \")\nos.Open((p)) // HERE", "a"),
            ("for _, p := range []string{\"a\", \"b\"} { os.Open(p) } // HERE", "a b"),
            ("all, _ := filepath.Glob(\"a/*.txt\")\nfor _, p := range all { os.Open(p) } // HERE", "a/*.txt"),
            ("m := map[string]string{\n\"k\": \"a\",\n\"l\": \"b\",\n}\nos.Open(m[k]) // HERE", "a b"),
            ("var all []string\nall = append(all, \"a\", \"b\")\nos.Open(all[1]) // HERE", "a b"),
            ("all := []string{\"a\"}\nall[0] = \"b\"\nos.Open(all[0]) // HERE", "a b"),
            ("all := []string{\"a\"}\nif len(all) > 0 { fmt.Println(\"x\", all) }\nos.Open(all[0]) // HERE", "a"),
            ("p := \"a\"\nq := p\nedit(p, q)\nos.Open(p) // HERE", "a"),
            ("filepath.Walk(\"a\", func(p string, i os.FileInfo, err error) error {\nos.Open(p) // HERE\n})", "a/+"),
            ("p := \"a\"\nfunc() { p = \"b\" }()\nos.Open(p) // HERE", "a b"),
        ] {
            assert_eq!(given(&[&format!("func f(name string) {{\n{code}\n}}\nfunc g() {{ f(x()) }}")]), want, "{code}");
        }
    }

    #[test]
    fn what_may_be_anything_has_no_answer() {
        for code in [
            "os.Open(name) // HERE",
            "p := os.Getenv(\"A\")\nos.Open(p) // HERE",
            "p := \"a\"\np += name\nos.Open(p) // HERE",
            "p := \"a\"\np = p + \"/b\"\nos.Open(p) // HERE",
            "p := \"a\"\np = filepath.Join(p, \"b\")\nos.Open(p) // HERE",
            "p := \"a\"\np = fmt.Sprintf(\"%s/b\", p)\nos.Open(p) // HERE",
            "p := \"a\"\nset(&p)\nos.Open(p) // HERE",
            "p := \"a\"\nx[0], p = f()\nos.Open(p) // HERE",
            "p := \"a\"\np, x.y = f()\nos.Open(p) // HERE",
            "p := \"a\"\nfor p = range ch {}\nos.Open(p) // HERE",
            "p, err := load()\nos.Open(p) // HERE",
            "err, p := \"a\", load()\nos.Open(p) // HERE",
            "p := \"a\"\nfunc(p string) { os.Open(p) }(x) // HERE",
            "for p := range m { os.Open(p) } // HERE",
            "for _, p := range os.Args { os.Open(p) } // HERE",
            "all := []string{\"a\", name}\nos.Open(all[0]) // HERE",
            "all := []string{\"a\"}\ncopy(all, more)\nos.Open(all[0]) // HERE",
            "p := \"abc\"[1:]\nos.Open(p) // HERE",
            "p := \"abc\"\nos.Open(p[1:]) // HERE",
            "p := \"abc\"\nos.Open(string(p[0])) // HERE",
            "os.Open(cfg.Path) // HERE",
            "all := []string{\"a\"}\nedit(all)\nos.Open(all[0]) // HERE",
            "all := []string{\"a\"}\nedit(all...)\nos.Open(all[0]) // HERE",
            "all := []string{\"a\"}\nmore := all\nmore[0] = name\nos.Open(all[0]) // HERE",
            "all := []string{\"a\"}\nmore := all[:1]\nmore[0] = name\nos.Open(all[0]) // HERE",
            "all := []string{\"a\"}\nmore := append(all, \"b\")\nmore[0] = name\nos.Open(all[0]) // HERE",
            "m := map[string]string{\"k\": \"a\"}\nmaps.Copy(m, n)\nos.Open(m[k]) // HERE",
            "m := map[string]string{\"k\": \"a\"}\nm.Set(name)\nos.Open(m[k]) // HERE",
            "all, _ := filepath.Glob(\"a/*\")\nedit(all)\nos.Open(all[0]) // HERE",
            "d, _ := os.Getwd()\nos.Open(filepath.Dir(d)) // HERE",
            "for _, c := range \"abc\" { os.Open(string(c)) } // HERE",
            "for _, c := range \"abc\" { os.Open(fmt.Sprintf(\"%v\", c)) } // HERE",
            "if x { variable := \"b\"; g(variable) }\nos.Open(variable) // HERE",
            "os.Open(name + \"/a\") // HERE",
            "os.Open(variable) // HERE",
            "filepath.Walk(name, func(p string, i os.FileInfo, err error) error {\nos.Open(p) // HERE\n})",
        ] {
            let text = format!("var variable = \"a\"\nfunc f(name string) {{\n{code}\n}}\nfunc g() {{ f(x()) }}");
            assert_eq!(given(&[&text]), "?", "{code}");
        }
    }

    #[test]
    fn parameters_are_what_the_callers_give() {
        let open = "func open(x int, p string) {\nos.Open(p) // HERE\n}\n";
        for (code, want) in [
            ("func main() { open(1, \"a\"); go open(2, \"b\") }", "a b"),
            ("func main() { two(\"a\") }\nfunc two(d string) { open(1, d+\"/x\") }", "a/x"),
            ("func main() { p := \"a\"; open(1, p) }", "a"),
            ("func main() {}", ""),
            ("func main() { open(1, os.Args[1]); open(1, \"a\") }", "?"),
            ("func main() { f := open; f(1, os.Args[1]) }", "?"),
            ("func main() { open(both()) }", "?"),
            ("func main() { open(1, \"a\") }\n//go:linkname open other.open\n", "?"),
            ("const dir = \"a\"\nfunc main() { open(1, dir) }", "a"),
            ("const (\n\tother = 1\n\tdir string = \"a\"\n)\nfunc main() { open(1, dir) }", "a"),
            ("const dir = \"a\"\nfunc main() { { dir := \"b\"; print(dir) }; open(1, dir) }", "b a"),
            ("var dirs = []string{\"a\", \"b\"}\nfunc main() { open(1, dirs[0]) }", "a b"),
            ("var dirs = []string{\"a\", \"b\"}\nfunc main() { open(1, dirs[0]); dirs[1] = x }", "?"),
            ("var dirs = map[int]string{1: \"a\"}\nfunc main() { open(1, dirs[0]); maps.Copy(dirs, x) }", "?"),
            ("var dirs = []string{\"a\"}\nfunc main() { open(1, dirs[0]); dirs = append(dirs, x) }", "?"),
            ("var dir = \"a\"\nfunc main() { open(1, dir) }", "?"),
        ] {
            assert_eq!(given(&[&format!("{open}{code}")]), want, "{code}");
        }
        let method =
            "func (t *T) open(p string) {\nos.Open(p) // HERE\n}\nfunc main() { t.open(\"a\"); y.open(\"b\") }";
        assert_eq!(given(&[method]), "a b");
        assert_eq!(
            given(&[&method.replace(".open(", ".Get(").replace(") open(", ") Get(")]),
            "?",
            "of an interface perhaps"
        );
        let rest = "func all(ps ...string) {\nfor _, p := range ps { os.Open(p) } // HERE\n}\n";
        assert_eq!(given(&[&format!("{rest}func main() {{ all(\"a\", \"b\"); all(\"c\") }}")]), "a b c");
        assert_eq!(given(&[&format!("{rest}func main() {{ all(list()...) }}")]), "?");
        let rest = rest.replace("for", "edit(ps); for");
        assert_eq!(given(&[&format!("{rest}func main() {{ all(\"a\") }}")]), "?", "changed by another function");
        let again = "func walk(d string) {\nos.Open(d) // HERE\nwalk(d + \"/x\")\n}\nfunc main() { walk(\"a\") }";
        assert_eq!(given(&[again]), "?", "longer each time");
    }

    #[test]
    fn other_packages_of_the_program_count() {
        let load = "func Load(p string) {\nos.Open(p) // HERE\n}\nconst Dir = \"a\"\nvar Set = []string{\"a\"}\n";
        for (main, want) in [
            ("func main() { lib.Load(\"a\") }", "a"),
            ("func main() { lib.Load(lib.Dir + \"/b\") }", "a/b"),
            ("func main() { lib.Load(lib.Set[0]) }", "?"),
            ("func main() { f := lib.Load; f(x) }", "?"),
            ("func main() { x.Load(y); lib.Load(\"a\") }", "?"),
            ("func main() { fmt.Load(y); lib.Load(\"a\") }", "a"),
        ] {
            assert_eq!(given(&[main, load]), want, "{main}");
        }
    }
}
