//! What the declarations of a file give a name: variables, parameters, assignments.

use std::ops::Range;

use super::super::source::{self, Names};
use super::super::tokens::{Kind, Token, closes, ident, is, parts, split, tokenize};

pub(super) struct File<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) names: Names,
    /// Paths of the imports without an alias: the name in the file may be another one than it seems.
    pub(super) imports: Vec<String>,
    pub(super) dotted: Vec<String>,
    pub(super) decls: Vec<Decl<'t>>,
    /// Lines such as `//export name`.
    pub(super) directives: Vec<&'t str>,
}

/// A declaration at the top of a file.
pub(super) struct Decl<'t> {
    pub(super) verb: &'t str,
    pub(super) range: Range<usize>,
    pub(super) func: Option<Func<'t>>,
}

pub(super) struct Func<'t> {
    pub(super) name: &'t str,
    pub(super) is_method: bool,
    pub(super) params: Vec<Param<'t>>,
    pub(super) results: Vec<&'t str>,
    pub(super) body: usize,
}

pub(super) struct Param<'t> {
    pub(super) name: &'t str,
    /// It takes all arguments that are left.
    pub(super) rest: bool,
    /// It is no text but a list or a map, which whoever has it may change.
    pub(super) list: bool,
}

/// What gives a name its value.
pub(super) enum Definition {
    Expression(Range<usize>),
    /// Each element of a list: `for _, name := range …`.
    Element(Range<usize>),
    /// The path that `filepath.Walk` hands on: below its first argument.
    Walked(Range<usize>),
}

#[derive(Default)]
pub(super) struct Definitions {
    /// The name is declared here, and not one of the package.
    pub(super) declared: bool,
    pub(super) list: Vec<Definition>,
    /// It may get a value in a way that is not followed.
    pub(super) opaque: bool,
    /// Others get it: where it is a list or a map they may change what is in it.
    pub(super) shared: bool,
}

pub(super) fn read(text: &str) -> File<'_> {
    let head = source::scan_head(text);
    let (tokens, comments) = tokenize(text, false);
    let names = head.imports.iter().map(|i| (source::local_name(i).to_string(), i.path.as_str().into())).collect();
    let dotted = head.imports.iter().filter(|import| import.alias.as_deref() == Some("."));
    let plain = head.imports.iter().filter(|import| import.alias.is_none());
    let (dotted, imports) = (dotted.map(|i| i.path.clone()).collect(), plain.map(|i| i.path.clone()).collect());
    let directive = |text: &&str| text.starts_with("//export") || text.starts_with("//go:linkname");
    let directives = comments.into_iter().map(|(text, _)| text).filter(directive).collect();
    let mut decls = Vec::new();
    let (mut at, mut depth) = (0, 0u32);
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Op('(' | '[' | '{') => depth += 1,
            Kind::Op(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Ident(verb @ ("func" | "type" | "var" | "const")) if depth == 0 => {
                let end = ends(&tokens, at);
                let func = if verb == "func" { signature(&tokens, at + 1) } else { None };
                decls.push(Decl { verb, range: at..end, func });
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    File { tokens, names, imports, dotted, decls, directives }
}

/// `name(a, b string) (path string, err error)`, with or without a receiver in front.
fn signature<'t>(tokens: &[Token<'t>], mut at: usize) -> Option<Func<'t>> {
    let is_method = is(tokens, at, '(');
    if is_method {
        at = closes(tokens, at)? + 1;
    }
    let name = ident(tokens, at)?;
    at += 1;
    if is(tokens, at, '[') {
        at = closes(tokens, at)? + 1;
    }
    let end = closes(tokens, at).filter(|_| is(tokens, at, '('))?;
    let mut params = Vec::new();
    // `a, b []string`: the type stands behind the last one.
    let mut list = false;
    for group in split(tokens, at + 1, ',').0.into_iter().rev() {
        let rest = group.clone().any(|index| is(tokens, index, '.') && is(tokens, index + 1, '.'));
        if group.len() > 1 {
            list = rest || group.clone().any(|index| is(tokens, index, '[') || is(tokens, index, '*'));
        }
        params.push(Param { name: ident(tokens, group.start).unwrap_or("_"), rest, list });
    }
    params.reverse();
    let listed = is(tokens, end + 1, '(');
    let results = if listed { split(tokens, end + 2, ',').0 } else { Vec::new() };
    let results = results.into_iter().filter_map(|group| ident(tokens, group.start)).collect();
    Some(Func { name, is_method, params, results, body: end })
}

/// Everything in a declaration that gives the name a value.
pub(super) fn definitions(file: &File<'_>, decl: &Decl<'_>, name: &str) -> Definitions {
    let tokens = &file.tokens;
    let mut found = Definitions::default();
    let start = decl.func.as_ref().map_or(decl.range.start, |func| func.body);
    let mut skip_to = 0;
    for at in start..decl.range.end {
        // A function within: `func(path string) error {`
        if ident(tokens, at) == Some("func") && is(tokens, at + 1, '(') {
            let Some(end) = closes(tokens, at + 1) else { continue };
            skip_to = end;
            let groups = split(tokens, at + 2, ',').0;
            let mine = groups.iter().position(|group| group.clone().any(|index| ident(tokens, index) == Some(name)));
            match (mine, walked(file, at)) {
                (None, _) => {}
                (Some(0), Some(root)) => {
                    found.declared = true;
                    found.list.push(Definition::Walked(root));
                }
                (Some(_), _) => {
                    found.declared = true;
                    found.opaque = true;
                }
            }
        }
        if at < skip_to || ident(tokens, at) != Some(name) {
            continue;
        }
        let before = |op: char| at > start && is(tokens, at - 1, op);
        if before('.') {
            continue;
        }
        if before('&') && !(at > start + 1 && is(tokens, at - 2, '&')) {
            found.opaque = true;
            continue;
        }
        // `files[0] = "x"` adds an element, `copy(files, …)` some.
        let typed = at > start && ident(tokens, at - 1) == Some("var");
        if let (true, Some(close)) = (is(tokens, at + 1, '[') && !typed, closes(tokens, at + 1)) {
            let assigns = is(tokens, close + 1, '=') && !is(tokens, close + 2, '=');
            match assigns {
                true => {
                    let end = value_end(tokens, close + 2, false);
                    found.list.push(Definition::Expression(close + 2..end));
                }
                false => {
                    found.opaque |= complex_left(tokens, close, decl.range.end);
                    // `files[1:]` is the same list.
                    found.shared |= (at..close).any(|index| is(tokens, index, ':'));
                }
            }
            continue;
        }
        found.opaque |= before('(') && at > start + 1 && ident(tokens, at - 2) == Some("copy");
        // The other names on the left of `=`.
        let mut first = at;
        while first > start + 1 && is(tokens, first - 1, ',') && ident(tokens, first - 2).is_some() {
            first -= 2;
        }
        let mut last = at;
        while is(tokens, last + 1, ',') && ident(tokens, last + 2).is_some() {
            last += 2;
            while is(tokens, last + 1, '.') && ident(tokens, last + 2).is_some() {
                last += 2;
            }
        }
        let of_var = first > decl.range.start && matches!(ident(tokens, first - 1), Some("var" | "const"));
        let declares = is(tokens, last + 1, ':') && is(tokens, last + 2, '=');
        let assigns = is(tokens, last + 1, '=') && !is(tokens, last + 2, '=');
        let listed = |op: char| is(tokens, last + 1, op) && is(tokens, last + 2, '=');
        let line_begins = first > start && (is(tokens, first - 1, '(') || is(tokens, first - 1, ';'));
        let in_block = line_begins && matches!(decl.verb, "var" | "const");
        let typed = if of_var || in_block { typed_value(tokens, last + 1) } else { None };
        let is_local = decl.verb == "func" || declares;
        let value = match (declares, assigns, typed) {
            (true, ..) => last + 3,
            (_, true, _) => last + 2,
            (_, _, Some(value)) => value,
            _ => {
                // `name += …`; `var name string` has no value yet.
                found.opaque |= ['+', '-', '*', '/', '|', '^', '%'].into_iter().any(listed);
                found.declared |= of_var && is_local;
                // `x[0], name = …`
                found.opaque |= complex_left(tokens, at, decl.range.end);
                found.shared |= !only_reads(file, start, at);
                continue;
            }
        };
        if assigns && at > start && is(tokens, at - 1, ',') && first == at {
            found.opaque = true;
            continue;
        }
        found.declared |= declares || (of_var && is_local);
        let (position, names) = ((at - first) / 2, (last - first) / 2 + 1);
        let plain =
            (first..=last).step_by(2).all(|index| ident(tokens, index).is_some()) && last - first == (names - 1) * 2;
        if !plain {
            found.opaque = true;
            continue;
        }
        let end = value_end(tokens, value, header(tokens, first, start));
        let ranged = ident(tokens, value) == Some("range");
        let values = parts(tokens, value..end, ',');
        let whole = match (ranged, names, values.as_slice()) {
            (true, _, _) if position == 1 => Some(value + 1..end),
            (false, n, values) if n == values.len() => values.get(position).cloned(),
            // `pages, err := filepath.Glob(…)`
            (false, _, [value]) if position == 0 => Some(value.clone()),
            _ => None,
        };
        match whole {
            Some(range) if ranged => found.list.push(Definition::Element(range)),
            Some(range) => found.list.push(Definition::Expression(range)),
            None => found.opaque = true,
        }
    }
    found
}

/// What is done with a list changes nothing in it: `range files`, `len(files)`, `files = append(files, …)`,
/// `template.ParseFiles(files...)`.
fn only_reads(file: &File<'_>, start: usize, at: usize) -> bool {
    const READERS: &[&str] = &["fmt", "html/template", "log", "path", "path/filepath", "strings", "text/template"];
    let tokens = &file.tokens;
    let name = ident(tokens, at);
    let before = |steps: usize| at.checked_sub(steps).filter(|index| *index >= start);
    if before(1).is_some_and(|index| ident(tokens, index) == Some("range") || ident(tokens, index) == Some("var")) {
        return true;
    }
    // The bracket of the call that it is an argument of.
    let mut depth = 0u32;
    let open = (start..at).rev().find(|index| match tokens.get(*index).map_or(' ', Token::op) {
        ')' | ']' | '}' => {
            depth += 1;
            false
        }
        '(' if depth > 0 => {
            depth -= 1;
            false
        }
        '[' | '{' if depth > 0 => {
            depth -= 1;
            false
        }
        '(' | '[' | '{' | ';' => true,
        _ => false,
    });
    let Some(open) = open.filter(|open| is(tokens, *open, '(') && *open > start) else { return false };
    let alone = matches!(tokens.get(at + 1).map_or(' ', Token::op), ',' | ')' | '.') && ident(tokens, at + 2).is_none();
    let callee = ident(tokens, open - 1);
    if open < start + 2 || !is(tokens, open - 2, '.') {
        let again = || open >= start + 3 && ident(tokens, open - 3) == name && is(tokens, open - 2, '=');
        return alone && (matches!(callee, Some("len" | "cap")) || callee == Some("append") && again());
    }
    let package = open.checked_sub(3).and_then(|owner| source::package_before(tokens, owner, &file.names));
    alone && (package.is_some_and(|path| READERS.contains(&&*path)) || matches!(callee, Some("ParseFiles")))
}

/// Whether a declaration of the package may be of the name, whatever it is given.
pub(super) fn names_one(file: &File<'_>, decl: &Decl<'_>, name: &str) -> bool {
    let tokens = &file.tokens;
    let begins = |at: usize| ['(', ';', ','].into_iter().any(|op| is(tokens, at - 1, op)) || at == decl.range.start + 1;
    (decl.range.start + 1..decl.range.end).any(|at| ident(tokens, at) == Some(name) && begins(at))
}

/// The name is on the left of an assignment together with something that is no name: `x[0], name = …`.
fn complex_left(tokens: &[Token<'_>], at: usize, end: usize) -> bool {
    let comma = is(tokens, at + 1, ',') || at > 0 && is(tokens, at - 1, ',');
    if !comma {
        return false;
    }
    let mut depth = 0u32;
    for index in at..end {
        match tokens.get(index).map_or(' ', Token::op) {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return false,
            ')' | ']' | '}' => depth -= 1,
            ';' if depth == 0 => return false,
            ':' if depth == 0 && !is(tokens, index + 1, '=') => return false,
            '=' if depth == 0 => return !is(tokens, index + 1, '='),
            _ => {}
        }
    }
    false
}

/// Where the value begins in `string = "x"`, from behind the name on.
fn typed_value(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Op('=') if at > from => return Some(at + 1),
            Kind::Op('[' | ']' | '*' | '.') | Kind::Ident(_) => at += 1,
            _ => return None,
        }
    }
    None
}

/// Whether the statement is the head of an `if`, `for` or `switch`, whose `{` ends it.
fn header(tokens: &[Token<'_>], at: usize, start: usize) -> bool {
    let before = tokens.get(start..at).unwrap_or_default().iter().rev();
    let mut here = before.take_while(|token| !matches!(token.op(), ';' | '{' | '}'));
    here.any(|token| matches!(token.ident(), Some("if" | "for" | "switch")))
}

fn value_end(tokens: &[Token<'_>], from: usize, header: bool) -> usize {
    let value = from + usize::from(ident(tokens, from) == Some("range"));
    let listed = is(tokens, value, '[') || ident(tokens, value) == Some("map");
    let mut depth = 0u32;
    let mut literal = listed;
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Op('{') if depth == 0 && header && !literal => return at,
            Kind::Op('{') if depth == 0 => {
                literal = false;
                depth += 1;
            }
            Kind::Op('(' | '[' | '{') => depth += 1,
            Kind::Op(')' | ']' | '}') if depth == 0 => return at,
            Kind::Op(')' | ']' | '}') => depth -= 1,
            Kind::Op(';') if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The first argument of the `filepath.Walk` that the function at `at` is given to.
fn walked(file: &File<'_>, at: usize) -> Option<Range<usize>> {
    let tokens = &file.tokens;
    let mut depth = 0u32;
    let open = (0..at).rev().find(|index| match tokens.get(*index).map_or(' ', Token::op) {
        ')' | ']' | '}' => {
            depth += 1;
            false
        }
        '(' | '[' | '{' if depth > 0 => {
            depth -= 1;
            false
        }
        '(' | '[' | '{' => true,
        _ => false,
    })?;
    let owner = open.checked_sub(3)?;
    let walks = matches!(ident(tokens, open - 1), Some("Walk" | "WalkDir")) && is(tokens, open - 2, '.');
    let package = source::package_before(tokens, owner, &file.names).filter(|_| walks)?;
    let root = split(tokens, open + 1, ',').0.into_iter().next()?;
    (&*package == "path/filepath" && root.end < at).then_some(root)
}

/// Whether the name before the dot at `place - 1` can stand for the package.
pub(super) fn may_own(file: &File<'_>, place: usize, package: &str) -> bool {
    let Some(owner) = place.checked_sub(2).and_then(|index| ident(&file.tokens, index)) else { return false };
    match file.names.iter().find(|(local, _)| local == owner) {
        Some((_, path)) => &**path == package,
        // The name of a package may be another one than its path says.
        None => file.imports.iter().any(|path| path == package),
    }
}

/// Where the declaration or statement at `at` ends.
fn ends(tokens: &[Token<'_>], at: usize) -> usize {
    value_end(tokens, at, false).saturating_add(1).min(tokens.len())
}
