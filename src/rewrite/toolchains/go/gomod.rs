//! go.mod and go.work, as far as a build's paths need them.

/// What go.mod says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoMod {
    /// The module's path; "" when the file has none.
    pub module: String,
    /// `go 1.21`
    pub go: Option<String>,
    pub toolchain: Option<String>,
    pub requires: Vec<Require>,
    pub replaces: Vec<Replace>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    pub path: String,
    pub version: String,
    /// `// indirect`: some other module needs it.
    pub indirect: bool,
    /// From 1.
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replace {
    pub old: String,
    /// A module path, or a directory: `./x`, `../x`, `/x`.
    pub new: String,
    /// Of another module; a directory has none.
    pub version: Option<String>,
}

impl Replace {
    pub fn is_local(&self) -> bool {
        self.new.starts_with("./") || self.new.starts_with("../") || self.new.starts_with('/') || self.new == ".."
    }
}

/// What go.work says: directories of modules, relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoWork {
    pub uses: Vec<String>,
    pub replaces: Vec<Replace>,
}

pub fn parse(text: &str) -> GoMod {
    let mut file = GoMod::default();
    for line in statements(text) {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["module", path] => file.module = path.to_string(),
            ["go", version] => file.go = Some(version.to_string()),
            ["toolchain", name] => file.toolchain = Some(name.to_string()),
            ["require", path, version] => file.requires.push(Require {
                path: path.to_string(),
                version: version.to_string(),
                indirect: line.comment.trim_start().starts_with("indirect"),
                line: line.number,
            }),
            _ => file.replaces.extend(replace(&words)),
        }
    }
    file
}

pub fn parse_work(text: &str) -> GoWork {
    let mut file = GoWork::default();
    for line in statements(text) {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["use", dir] => file.uses.push(dir.to_string()),
            _ => file.replaces.extend(replace(&words)),
        }
    }
    file
}

/// `replace old [version] => new [version]`
fn replace(words: &[&str]) -> Option<Replace> {
    let arrow = words.iter().position(|word| *word == "=>")?;
    match (words.first(), words.get(1), words.get(arrow + 1)) {
        (Some(&"replace"), Some(old), Some(new)) if arrow >= 2 => {
            let version = words.get(arrow + 2).map(|version| version.to_string());
            Some(Replace { old: old.to_string(), new: new.to_string(), version })
        }
        _ => None,
    }
}

struct Statement {
    words: Vec<String>,
    comment: String,
    number: u32,
}

/// The lines of the file; those of a block begin with the word before its parenthesis.
fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let (mut words, comment) = split(line);
        let number = index as u32 + 1;
        match (&block, words.first().map(String::as_str)) {
            (_, None) => {}
            (Some(_), Some(")")) => block = None,
            (Some(verb), Some(_)) => {
                words.insert(0, verb.clone());
                found.push(Statement { words, comment, number });
            }
            (None, Some(verb)) if words.last().is_some_and(|last| last == "(") => block = Some(verb.to_string()),
            (None, Some(_)) => found.push(Statement { words, comment, number }),
        }
    }
    found
}

/// The words of a line without quotes, and the text of its `//` comment.
fn split(line: &str) -> (Vec<String>, String) {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = line.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '/' if word.is_empty() && line.get(at..).is_some_and(|rest| rest.starts_with("//")) => {
                return (words, line.get(at + 2..).unwrap_or("").to_string());
            }
            '"' | '`' if word.is_empty() => {
                for (_, inner) in rest.by_ref() {
                    if inner == c {
                        break;
                    }
                    word.push(inner);
                }
                words.push(std::mem::take(&mut word));
            }
            '(' | ')' => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                words.push(c.to_string());
            }
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    (words, String::new())
}

/// The name that `go build` gives a program of this import path: the last element, without a trailing `/v2`.
/// `gopkg.in/thing.v2` keeps its suffix.
pub fn program_name(import_path: &str) -> String {
    let path = import_path.trim_end_matches('/');
    let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
    if !parent.is_empty() && is_major(last) {
        return parent.rsplit('/').next().unwrap_or(parent).to_string();
    }
    last.to_string()
}

/// `v2`, `v10`; not `v0`, `v1`, `v02`.
fn is_major(element: &str) -> bool {
    let Some(digits) = element.strip_prefix('v') else { return false };
    !digits.is_empty() && digits != "1" && !digits.starts_with('0') && digits.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_mod_is_read_with_blocks_comments_and_quotes() {
        let file = parse(
            "// a comment\nmodule \"example.com/app\" // here\r\n\ngo 1.21\ntoolchain go1.22.1\n\nrequire a/b v1.0.0\n\
             require (\n\tc/d v0.1.0 // indirect\n\te/f v2.0.0+incompatible\n)\nreplace c/d => ../d\n\
             replace (\n\te/f v2.0.0 => g/h v1.0.0\n)\nexclude x/y v1.0.0\nretract [v1.0.0, v1.1.0]\n",
        );
        assert_eq!(file.module, "example.com/app");
        assert_eq!(file.go.as_deref(), Some("1.21"));
        assert_eq!(file.toolchain.as_deref(), Some("go1.22.1"));
        let requires: Vec<_> = file.requires.iter().map(|r| (r.path.as_str(), r.indirect, r.line)).collect();
        assert_eq!(requires, [("a/b", false, 7), ("c/d", true, 9), ("e/f", false, 10)]);
        assert_eq!(file.replaces.len(), 2);
        assert!(file.replaces[0].is_local() && !file.replaces[1].is_local());
    }

    #[test]
    fn go_work_names_its_directories() {
        let file = parse_work("go 1.22\n\nuse ./a\nuse (\n\t./b\n\t../c // x\n)\n");
        assert_eq!(file.uses, ["./a", "./b", "../c"]);
    }

    #[test]
    fn programs_are_named_after_the_import_path() {
        for (path, name) in [
            ("example.com/acme/widget/v3", "widget"),
            ("example.com/v2", "example.com"),
            ("gopkg.in/thing.v2", "thing.v2"),
            ("example.com/app.git", "app.git"),
            ("foo", "foo"),
            ("example.com/app/v1", "v1"),
            ("v2", "v2"),
        ] {
            assert_eq!(program_name(path), name, "{path}");
        }
    }
}
