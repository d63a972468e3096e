//! Which Go files a build takes: `//go:build`, `// +build` and the endings of file names.

/// What the build is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    pub os: &'a str,
    pub arch: &'a str,
    pub cgo: bool,
    /// `-tags`
    pub tags: &'a [String],
}

impl Target<'_> {
    fn has(&self, tag: &str) -> bool {
        match tag {
            "cgo" => self.cgo,
            "gc" => true,
            "unix" => UNIX.contains(&self.os),
            // Android is Linux, too; nobody builds images for the others.
            "linux" => self.os == "linux" || self.os == "android",
            _ if tag.starts_with("go1") => true,
            _ => tag == self.os || tag == self.arch || self.tags.iter().any(|own| own == tag),
        }
    }
}

const UNIX: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];
const OTHER_OS: &[&str] = &["js", "nacl", "plan9", "wasip1", "windows", "zos"];
const ARCH: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Whether the name of a file lets it into the build: `x_test.go` never, `x_windows.go` only there.
pub fn name_fits(name: &str, target: &Target<'_>) -> bool {
    if name.starts_with(['_', '.']) || !name.ends_with(".go") {
        return false;
    }
    let stem = name.split('.').next().unwrap_or(name);
    // Everything before the first underscore is the name, so `linux.go` is for every system.
    let Some(at) = stem.find('_') else { return true };
    let parts: Vec<&str> = stem.get(at + 1..).unwrap_or("").split('_').collect();
    let known_os = |part: &str| UNIX.contains(&part) || OTHER_OS.contains(&part);
    match parts.as_slice() {
        [.., "test"] => false,
        [.., os, arch] if known_os(os) && ARCH.contains(arch) => target.has(os) && target.has(arch),
        [.., last] if known_os(last) || ARCH.contains(last) => target.has(last),
        _ => true,
    }
}

/// Whether the constraint lines of a file (the comments before its package clause) let it into the build.
/// `None`: a line is not understood, which is an error for Go.
pub fn comments_fit(comments: &[String], target: &Target<'_>) -> Option<bool> {
    if let Some(line) = comments.iter().find_map(|line| line.strip_prefix("//go:build ")) {
        return evaluate(line, target);
    }
    let mut fits = true;
    for line in comments {
        let Some(rest) = line.strip_prefix("//").map(str::trim_start).and_then(|line| line.strip_prefix("+build"))
        else {
            continue;
        };
        if !rest.starts_with([' ', '\t']) {
            continue;
        }
        // Spaces mean or, commas and, lines and.
        fits &= rest.split_whitespace().any(|option| {
            option.split(',').all(|term| match term.strip_prefix('!') {
                Some(tag) => !target.has(tag),
                None => target.has(term),
            })
        });
    }
    Some(fits)
}

/// The tags of the constraint that only `-tags` sets. `ignore` keeps a file out of every build.
pub fn free_tags(comments: &[String]) -> Vec<&str> {
    let lines = comments.iter().filter(|line| line.starts_with("//go:build") || line.contains("+build"));
    let words = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.'));
    let known = |word: &str| {
        matches!(word, "" | "go" | "build" | "cgo" | "gc" | "gccgo" | "unix" | "ignore")
            || word.starts_with("go1")
            || UNIX.contains(&word)
            || OTHER_OS.contains(&word)
            || ARCH.contains(&word)
    };
    let mut found: Vec<&str> = words.filter(|word| !known(word)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether the constraint speaks of `cgo` at all: such a file has a twin.
pub fn names_cgo(comments: &[String]) -> bool {
    comments
        .iter()
        .filter(|line| line.starts_with("//go:build") || line.contains("+build"))
        .any(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "cgo"))
}

/// `!windows && (linux || darwin)`
fn evaluate(expression: &str, target: &Target<'_>) -> Option<bool> {
    let expression = expression.split("//").next().unwrap_or(expression);
    let mut rest = expression.trim();
    let value = any(&mut rest, target, 0)?;
    rest.is_empty().then_some(value)
}

fn any(rest: &mut &str, target: &Target<'_>, depth: u32) -> Option<bool> {
    let mut value = all(rest, target, depth)?;
    while let Some(after) = rest.strip_prefix("||") {
        *rest = after.trim_start();
        value |= all(rest, target, depth)?;
    }
    Some(value)
}

fn all(rest: &mut &str, target: &Target<'_>, depth: u32) -> Option<bool> {
    let mut value = one(rest, target, depth)?;
    while let Some(after) = rest.strip_prefix("&&") {
        *rest = after.trim_start();
        value &= one(rest, target, depth)?;
    }
    Some(value)
}

fn one(rest: &mut &str, target: &Target<'_>, depth: u32) -> Option<bool> {
    // Go sets a bound as well; nobody nests so deep.
    if depth > 100 {
        return None;
    }
    if let Some(after) = rest.strip_prefix('!') {
        *rest = after.trim_start();
        return Some(!one(rest, target, depth + 1)?);
    }
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after.trim_start();
        let value = any(rest, target, depth + 1)?;
        *rest = rest.strip_prefix(')')?.trim_start();
        return Some(value);
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
    let (tag, after) = rest.split_at_checked(end).filter(|(tag, _)| !tag.is_empty())?;
    *rest = after.trim_start();
    Some(target.has(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: Target<'static> = Target { os: "linux", arch: "amd64", cgo: true, tags: &[] };

    #[test]
    fn file_names_choose_systems() {
        for (name, want) in [
            ("main.go", true),
            ("linux.go", true),
            ("windows.go", true),
            ("a_linux.go", true),
            ("a_windows.go", false),
            ("a_linux_amd64.go", true),
            ("a_linux_arm64.go", false),
            ("a_amd64.go", true),
            ("a_test.go", false),
            ("a_linux_test.go", false),
            ("_a.go", false),
            (".a.go", false),
            ("a_unix.go", true),
            ("main.c", false),
            ("a_darwin_x.go", true),
        ] {
            assert_eq!(name_fits(name, &LINUX), want, "{name}");
        }
    }

    #[test]
    fn constraints_are_evaluated() {
        let tags = ["musl".to_string()];
        let tagged = Target { tags: &tags, ..LINUX };
        let pure = Target { cgo: false, ..LINUX };
        for (lines, target, want) in [
            (vec!["//go:build linux"], &LINUX, Some(true)),
            (vec!["//go:build !linux"], &LINUX, Some(false)),
            (vec!["//go:build (windows || unix) && !ignore"], &LINUX, Some(true)),
            (vec!["//go:build ignore", "// +build linux"], &LINUX, Some(false)),
            (vec!["//go:build cgo"], &pure, Some(false)),
            (vec!["//go:build !cgo"], &pure, Some(true)),
            (vec!["//go:build musl && go1.18"], &tagged, Some(true)),
            (vec!["// +build windows darwin"], &LINUX, Some(false)),
            (vec!["//+build linux,!cgo windows"], &LINUX, Some(false)),
            (vec!["// +build linux", "// +build cgo"], &LINUX, Some(true)),
            (vec!["//go:build linux &&"], &LINUX, None),
            (vec!["// just a comment"], &LINUX, Some(true)),
        ] {
            let lines: Vec<String> = lines.into_iter().map(String::from).collect();
            assert_eq!(comments_fit(&lines, target), want, "{lines:?}");
        }
        assert!(names_cgo(&["//go:build !cgo".into()]) && !names_cgo(&["//go:build nocgo".into()]));
    }
}
