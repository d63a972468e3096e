//! ARG and ENV scopes and BuildKit's expansion of `$NAME`, `${NAME:-word}`, … (frontend/dockerfile/shell/lex.go).
//!
//! What is not known is never guessed: a word with such a variable has no value, unless the word itself says what to take.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pattern::Pattern;
use crate::syntax::InstId;

/// The variables in force, by name.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// A name counts where it stands last. Every step keeps its variables; they share the older layers, each of which is
    /// at least twice as large as the next, so that thousands of ENVs are not held thousands of times.
    layers: Vec<Arc<BTreeMap<String, Variable>>>,
    open: bool,
}

impl PartialEq for Env {
    fn eq(&self, other: &Env) -> bool {
        self.open == other.open && self.iter().eq(other.iter())
    }
}

impl Eq for Env {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Expanded; `None` when it is declared but its value is not known (`ARG NAME` without a default).
    pub value: Option<String>,
    pub origin: Origin,
    /// `--build-arg` gives it another value: an ARG, or an ENV that is made of one. False where the value was given.
    pub changeable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An ENV instruction: part of the image config.
    Env(InstId),
    /// An ARG instruction of the stage.
    Arg(InstId),
    /// `ARG NAME` without a default and nothing given: unset unless the user passes a value.
    Declared(InstId),
    /// ENV of the base image, from the table.
    Base,
    /// Predefined: proxies, TARGETPLATFORM and its family.
    Predefined,
}

impl Env {
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.layers.iter().rev().find_map(|layer| layer.get(name))
    }

    /// The value, where it is known.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.as_deref()
    }

    /// See `Variable::changeable`.
    pub fn is_changeable(&self, name: &str) -> bool {
        self.get(name).is_some_and(|variable| variable.changeable)
    }

    pub fn set(&mut self, name: impl Into<String>, variable: Variable) {
        let name = name.into();
        if let Some(own) = self.layers.last_mut().and_then(Arc::get_mut) {
            own.insert(name, variable);
            return;
        }
        let mut new = BTreeMap::from([(name, variable)]);
        while let Some(older) = self.layers.pop_if(|older| older.len() < 2 * new.len()) {
            let mut merged = Arc::unwrap_or_clone(older);
            merged.append(&mut new);
            new = merged;
        }
        self.layers.push(Arc::new(new));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        let pairs = self.layers.iter().flat_map(|layer| layer.iter());
        let last: BTreeMap<&str, &Variable> = pairs.map(|(name, variable)| (name.as_str(), variable)).collect();
        last.into_iter()
    }

    /// True when the base image may set variables that are not listed here.
    pub fn is_open(&self) -> bool {
        self.open
    }

    pub fn set_open(&mut self, open: bool) {
        self.open = open;
    }

    fn look_up(&self, name: &str) -> Lookup<'_> {
        match self.get(name) {
            Some(Variable { value: Some(value), .. }) => Lookup::Set(value),
            Some(Variable { origin: Origin::Declared(_), .. }) => Lookup::Declared,
            Some(_) => Lookup::Unknown,
            // `$1`, `$@` and their like are never set.
            None if self.open && name.starts_with(|first: char| first.is_alphabetic() || first == '_') => {
                Lookup::Unknown
            }
            None => Lookup::Unset,
        }
    }
}

enum Lookup<'a> {
    Set(&'a str),
    Unset,
    /// `ARG NAME`: unset unless the user gives a value.
    Declared,
    Unknown,
}

/// Expands a word as BuildKit does (quotes and escapes removed). `Err` names the variable that has no known value, or
/// gives the word itself when it is no valid substitution.
pub fn expand(word: &str, escape: char, env: &Env) -> Result<String, String> {
    if is_plain(word, escape) {
        return Ok(word.to_string());
    }
    let mut lexer = Lexer::new(word, escape, env);
    match lexer.process(None, false, None) {
        Ok(Piece { text, unknown: None }) => Ok(text),
        Ok(Piece { unknown: Some(name), .. }) => Err(name),
        Err(Invalid) => Err(word.to_string()),
    }
}

/// As `expand`, but the result is split into words at the blanks that no quotes protect, those of values too (EXPOSE).
pub fn expand_words(word: &str, escape: char, env: &Env) -> Result<Vec<String>, String> {
    let mut words = Words::default();
    let mut lexer = Lexer::new(word, escape, env);
    match lexer.process(None, false, Some(&mut words)) {
        Ok(Piece { unknown: None, .. }) => Ok(words.finish()),
        Ok(Piece { unknown: Some(name), .. }) => Err(name),
        Err(Invalid) => Err(word.to_string()),
    }
}

/// As `expand`, but quotes stay: the body of a heredoc of COPY or ADD. The escape character is always the backslash.
pub fn expand_heredoc(body: &str, env: &Env) -> Result<String, String> {
    if is_plain(body, '\\') {
        return Ok(body.to_string());
    }
    let mut lexer = Lexer::new(body, '\\', env);
    lexer.quotes = false;
    match lexer.process(None, false, None) {
        Ok(Piece { text, unknown: None }) => Ok(text),
        Ok(Piece { unknown: Some(name), .. }) => Err(name),
        Err(Invalid) => Err(body.to_string()),
    }
}

/// The names that the expansion of the word looks up, in order and with repetitions.
pub fn variables(word: &str, escape: char) -> Vec<String> {
    if !word.contains('$') {
        return Vec::new();
    }
    let env = Env::default();
    let mut lexer = Lexer::new(word, escape, &env);
    // What stands before an invalid substitution is still of use.
    let _ = lexer.process(None, false, None);
    lexer.seen
}

fn is_plain(word: &str, escape: char) -> bool {
    !word.contains(['$', '\'', '"', escape])
}

struct Invalid;

/// A part of the result; `unknown` names the first variable in it that has no known value.
#[derive(Default)]
struct Piece {
    text: String,
    unknown: Option<String>,
}

impl Piece {
    fn of(text: &str) -> Piece {
        Piece { text: text.to_string(), unknown: None }
    }

    fn unknown(name: String) -> Piece {
        Piece { text: String::new(), unknown: Some(name) }
    }

    fn push(&mut self, piece: Piece) {
        self.text.push_str(&piece.text);
        if self.unknown.is_none() {
            self.unknown = piece.unknown;
        }
    }
}

#[derive(Default)]
struct Words {
    done: Vec<String>,
    current: String,
}

impl Words {
    fn split(&mut self, text: &str) {
        for c in text.chars() {
            if !c.is_whitespace() {
                self.current.push(c);
            } else if !self.current.is_empty() {
                self.done.push(std::mem::take(&mut self.current));
            }
        }
    }

    fn finish(mut self) -> Vec<String> {
        if !self.current.is_empty() {
            self.done.push(self.current);
        }
        self.done
    }
}

/// Substitutions nested deeper than this are an accident; BuildKit has no limit.
const MAX_DEPTH: u32 = 64;
/// Values that one expansion may put in, in bytes: `ENV A=$B$B` sixty times over would not end. No image config holds
/// that much.
const MAX_GROWTH: usize = 1 << 20;

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    escape: char,
    env: &'a Env,
    /// Quotes are syntax.
    quotes: bool,
    /// Escape characters stay: inside a pattern.
    raw_escapes: bool,
    depth: u32,
    /// Bytes of the values put in so far.
    grown: usize,
    seen: Vec<String>,
}

impl<'a> Lexer<'a> {
    fn new(word: &'a str, escape: char, env: &'a Env) -> Lexer<'a> {
        Lexer {
            rest: word.chars().peekable(),
            escape,
            env,
            quotes: true,
            raw_escapes: false,
            depth: 0,
            grown: 0,
            seen: Vec::new(),
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    /// Up to `stop`, which is consumed, or to the end.
    fn process(
        &mut self,
        stop: Option<char>,
        raw_escapes: bool,
        mut words: Option<&mut Words>,
    ) -> Result<Piece, Invalid> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Invalid);
        }
        let before = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        let mut result = Piece::default();
        let mut closed = stop.is_none();
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.rest.next();
                closed = true;
                break;
            }
            let start = result.text.len();
            let mut split = false;
            match c {
                '$' => {
                    split = true;
                    let piece = self.dollar()?;
                    result.push(piece);
                }
                '\'' if self.quotes => self.single_quoted(&mut result)?,
                '"' if self.quotes => self.double_quoted(&mut result)?,
                _ => {
                    self.rest.next();
                    if c != self.escape {
                        result.text.push(c);
                        split = true;
                    } else {
                        if self.raw_escapes {
                            result.text.push(c);
                        }
                        // An escape at the very end is dropped.
                        if let Some(next) = self.rest.next() {
                            result.text.push(next);
                        }
                    }
                }
            }
            if let Some(words) = words.as_deref_mut() {
                let added = result.text.get(start..).unwrap_or_default();
                if split { words.split(added) } else { words.current.push_str(added) }
            }
        }
        self.raw_escapes = before;
        self.depth -= 1;
        if closed { Ok(result) } else { Err(Invalid) }
    }

    fn single_quoted(&mut self, result: &mut Piece) -> Result<(), Invalid> {
        self.rest.next();
        loop {
            match self.rest.next() {
                None => return Err(Invalid),
                Some('\'') => return Ok(()),
                Some(c) => result.text.push(c),
            }
        }
    }

    fn double_quoted(&mut self, result: &mut Piece) -> Result<(), Invalid> {
        self.rest.next();
        loop {
            match self.peek() {
                None => return Err(Invalid),
                Some('"') => {
                    self.rest.next();
                    return Ok(());
                }
                Some('$') => {
                    let piece = self.dollar()?;
                    result.push(piece);
                }
                Some(c) => {
                    self.rest.next();
                    let mut c = c;
                    if c == self.escape {
                        if self.raw_escapes {
                            result.text.push(c);
                        }
                        match self.peek() {
                            None => continue,
                            Some(next) if next == '"' || next == '$' || next == self.escape => {
                                self.rest.next();
                                c = next;
                            }
                            Some(_) => {}
                        }
                    }
                    result.text.push(c);
                }
            }
        }
    }

    fn dollar(&mut self) -> Result<Piece, Invalid> {
        self.rest.next();
        if self.peek() != Some('{') {
            let name = self.name();
            return Ok(if name.is_empty() { Piece::of("$") } else { self.value(&name) });
        }
        self.rest.next();
        if matches!(self.peek(), None | Some('{' | '}' | ':')) {
            return Err(Invalid);
        }
        let name = self.name();
        match self.rest.next() {
            Some('}') => Ok(self.value(&name)),
            Some(':') => match self.rest.next() {
                Some(operator @ ('-' | '+' | '?')) => self.conditional(&name, operator, true),
                _ => Err(Invalid),
            },
            Some(operator @ ('-' | '+' | '?')) => self.conditional(&name, operator, false),
            Some(side @ ('#' | '%')) => self.trimmed(&name, side),
            Some('/') => self.replaced(&name),
            _ => Err(Invalid),
        }
    }

    fn put_in(&mut self, name: &str, value: &str) -> Piece {
        self.grown = self.grown.saturating_add(value.len());
        if self.grown > MAX_GROWTH { Piece::unknown(name.to_string()) } else { Piece::of(value) }
    }

    fn value(&mut self, name: &str) -> Piece {
        self.seen.push(name.to_string());
        match self.env.look_up(name) {
            Lookup::Set(value) => self.put_in(name, value),
            Lookup::Unset => Piece::default(),
            Lookup::Declared | Lookup::Unknown => Piece::unknown(name.to_string()),
        }
    }

    fn conditional(&mut self, name: &str, operator: char, null_is_unset: bool) -> Result<Piece, Invalid> {
        self.seen.push(name.to_string());
        let word = self.process(Some('}'), false, None)?;
        let set = match self.env.look_up(name) {
            Lookup::Set(value) => Some(value).filter(|value| !(null_is_unset && value.is_empty())),
            Lookup::Unset => None,
            // The author says what an unset variable stands for, as with a default of ARG.
            Lookup::Declared if operator == '-' => None,
            Lookup::Declared | Lookup::Unknown => return Ok(Piece::unknown(name.to_string())),
        };
        match (operator, set) {
            ('-', Some(value)) | ('?', Some(value)) => Ok(self.put_in(name, value)),
            ('-', None) | ('+', Some(_)) => Ok(word),
            ('+', None) => Ok(Piece::default()),
            _ => Err(Invalid),
        }
    }

    /// `${name#pattern}`, `##`, `%` and `%%`.
    fn trimmed(&mut self, name: &str, side: char) -> Result<Piece, Invalid> {
        let word = self.process(Some('}'), true, None)?;
        let mut value = self.value(name);
        if value.unknown.is_some() || word.unknown.is_some() {
            value.unknown = value.unknown.or(word.unknown);
            return Ok(value);
        }
        let (greedy, pattern) = match word.text.strip_prefix(side) {
            Some(pattern) => (true, pattern),
            None => (false, word.text.as_str()),
        };
        let pattern = Pattern::parse(pattern).ok_or(Invalid)?;
        let trimmed =
            if side == '#' { pattern.trim_start(&value.text, greedy) } else { pattern.trim_end(&value.text, greedy) };
        Ok(Piece { text: trimmed.ok_or(Invalid)?, unknown: None })
    }

    /// `${name/pattern/replacement}` and `${name//pattern/replacement}`.
    fn replaced(&mut self, name: &str) -> Result<Piece, Invalid> {
        let all = self.peek() == Some('/');
        if all {
            self.rest.next();
        }
        let pattern = self.process(Some('/'), true, None)?;
        let replacement = self.process(Some('}'), true, None)?;
        let mut value = self.value(name);
        value.unknown = value.unknown.or(pattern.unknown).or(replacement.unknown);
        if value.unknown.is_some() {
            return Ok(value);
        }
        // BuildKit gives the replacement to Go's regexp, which reads `$1` in it when all are replaced.
        if all && replacement.text.contains('$') {
            return Err(Invalid);
        }
        let pattern = Pattern::parse(&pattern.text).ok_or(Invalid)?;
        let text = pattern.replace(&value.text, &replacement.text, all).ok_or(Invalid)?;
        Ok(Piece { text, unknown: None })
    }

    /// A name, a number, or one of the shell's special parameters; empty when none stands here.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if name.is_empty() && c.is_numeric() {
                while let Some(digit) = self.peek().filter(|c| c.is_numeric()) {
                    name.push(digit);
                    self.rest.next();
                }
                return name;
            }
            if name.is_empty() && "@*#?-$!".contains(c) {
                self.rest.next();
                return c.to_string();
            }
            if !c.is_alphanumeric() && c != '_' {
                break;
            }
            name.push(c);
            self.rest.next();
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        let mut env = Env::default();
        for (name, value) in pairs {
            env.set(*name, Variable { value: Some(value.to_string()), origin: Origin::Base, changeable: false });
        }
        env
    }

    /// Lines of `word | result`, where `error` stands for no result.
    fn check_expand(env: &Env, escape: char, table: &str) {
        for line in table.lines().filter(|line| line.contains('|')) {
            let (word, expected) = line.rsplit_once('|').unwrap();
            let (word, expected) = (word.trim(), expected.trim());
            let result = expand(word, escape, env).unwrap_or_else(|_| "error".to_string());
            assert_eq!(result, expected, "expanding {word}");
        }
    }

    #[test]
    fn a_later_value_counts_and_copies_keep_their_own() {
        let variable =
            |value: usize| Variable { value: Some(value.to_string()), origin: Origin::Base, changeable: false };
        let (mut now, mut kept) = (Env::default(), Vec::new());
        for value in 0..200 {
            now.set(format!("V{}", value % 50), variable(value));
            kept.push(now.clone());
        }
        assert!(now.layers.len() < 8);
        for (value, env) in kept.iter().enumerate() {
            assert_eq!(env.value(&format!("V{}", value % 50)), Some(value.to_string().as_str()));
            assert_eq!(env.iter().count(), (value + 1).min(50));
        }
        let mut other = Env::default();
        (0..50).rev().for_each(|name| other.set(format!("V{name}"), variable(name + 150)));
        assert_eq!(now, other);
    }

    #[test]
    fn quotes_and_escapes_are_removed() {
        check_expand(
            &env(&[("PWD", "/home")]),
            '\\',
            r#"
            plain           | plain
            he'll'o         | hello
            he'llo          | error
            he\'llo         | he'llo
            a\tb            | atb
            "a\tb"          | a\tb
            "a\\tb"         | a\tb
            'a\tb'          | a\tb
            end\            | end
            end\\           | end\
            "open           | error
            "open\"         | error
            "''"            | ''
            'x\'            | x\
            he\$PWD         | he$PWD
            he\\$PWD        | he\/home
            "he\$PWD"       | he$PWD
            '$PWD'          | $PWD
            "'$PWD'"        | '/home'
            \${}            | ${}
            ü'é'ü           | üéü
            "#,
        );
        check_expand(&env(&[("PWD", "C:\\x")]), '`', "a`'b | a'b\n c:\\y\\$PWD | c:\\y\\C:\\x\n");
    }

    #[test]
    fn substitutions_follow_buildkit() {
        check_expand(
            &env(&[("PWD", "/home"), ("SHELL", "bash"), ("NULL", "")]),
            '\\',
            r#"
            $.                      | $.
            he$1x                   | hex
            $999aaa                 | aaa
            $@@@                    | @@
            ${1:-bbb}               | bbb
            ${}                     | error
            ${.}                    | error
            ${{a}                   | error
            ${:-b}                  | error
            ${PWD                   | error
            ${PWD:=000}             | error
            ${PWD:#x}               | error
            ${a}}                   | }
            he${XXX:-000}xx         | he000xx
            he${XXX:-${YYY:-$PWD}}x | he/homex
            he${PWD:+${SHELL}}xx    | hebashxx
            he${PWD:+${PWD}:}xx     | he/home:xx
            he${XXX:-\$PWD:}xx      | he$PWD:xx
            he${XXX:-\${PWD}z}xx    | he${PWDz}xx
            a${NULL-x}b             | ab
            a${NULL:-x}b            | axb
            a${NULL+x}b             | axb
            a${NULL:+x}b            | ab
            a${NULL?}b              | ab
            a${NULL:?}b             | error
            ${XXX?gone}             | error
            ${XXX:-"a b"}           | a b
            ${XXX:-a {b}            | a {b
            "#,
        );
    }

    #[test]
    fn patterns_trim_and_replace() {
        check_expand(
            &env(&[("FOO", "xxyy"), ("P", "/tmp/tmp/bar.txt"), ("V", "v1.2.3"), ("X", "x"), ("E", "")]),
            '\\',
            r#"
            ${FOO#*x*y}      | y
            ${FOO#*}         | xxyy
            ${FOO##*x}       | yy
            ${FOO##}         | xxyy
            ${FOO%}          | xxyy
            ${FOO%y*}        | xxy
            ${FOO%%y*}       | xx
            ${FOO#$X}        | xyy
            ${FOO%%$E}       | xxyy
            ${V#v}           | 1.2.3
            ${V%.*}          | v1.2
            ${V%%.*}         | v1
            ${V##*.}         | 3
            ${V/./-}         | v1-2.3
            ${V//./-}        | v1-2-3
            ${P//\//_}       | _tmp_tmp_bar.txt
            ${P/?tmp/}       | /tmp/bar.txt
            ${FOO/$E/ww}     | wwxxyy
            ${FOO//ww}       | error
            ${FOO///}        | xxyy
            ${FOO//x*y/-}    | -
            ${FOO//\?/-}     | xxyy
            "#,
        );
    }

    #[test]
    fn an_unknown_value_is_named_and_only_where_it_matters() {
        let mut env = env(&[("A", "1")]);
        env.set("ARG", Variable { value: None, origin: Origin::Declared(InstId(1)), changeable: true });
        env.set("LOST", Variable { value: None, origin: Origin::Arg(InstId(1)), changeable: true });
        env.set("TARGETARCH", Variable { value: None, origin: Origin::Predefined, changeable: false });
        let error = |word: &str, env: &Env| expand(word, '\\', env).unwrap_err();
        assert_eq!(error("x$ARG", &env), "ARG");
        assert_eq!(error("\"${ARG:+x}\"", &env), "ARG");
        assert_eq!(error("${TARGETARCH:-amd64}", &env), "TARGETARCH");
        assert_eq!(error("${ARG#v}", &env), "ARG");
        assert_eq!(error("${LOST:-x}", &env), "LOST");
        check_expand(&env, '\\', "${ARG:-9} | 9\n ${A:-$ARG} | 1\n ${A:+$A} | 1\n a$UNDECLARED | a\n");
        env.set_open(true);
        assert_eq!(error("$UNDECLARED", &env), "UNDECLARED");
        assert_eq!(expand("$1", '\\', &env).as_deref(), Ok(""));
    }

    #[test]
    fn words_are_split_after_expansion() {
        let env = env(&[("PORTS", "80 443/tcp"), ("N", "1")]);
        assert_eq!(expand_words("$PORTS", '\\', &env).unwrap(), ["80", "443/tcp"]);
        assert_eq!(expand_words("\"a b\"$N c", '\\', &env).unwrap(), ["a b1", "c"]);
    }

    #[test]
    fn names_are_listed() {
        assert_eq!(variables("$A-${B:-$C}'$D'", '\\'), ["A", "B", "C"]);
    }

    #[test]
    fn hostile_words_end() {
        let deep = "${a:-".repeat(10_000);
        assert!(expand(&deep, '\\', &Env::default()).is_err());
        let long = env(&[("L", &"a".repeat(600_000))]);
        assert!(expand("$L", '\\', &long).is_ok());
        assert_eq!(expand("$L$L", '\\', &long), Err("L".to_string()));
        let env = env(&[("V", &"a".repeat(300))]);
        assert!(expand(&format!("${{V##{}b}}", "*a".repeat(50)), '\\', &env).is_ok());
        assert!(expand(&format!("${{V##{}b}}", "*a".repeat(400)), '\\', &env).is_err());
    }
}
