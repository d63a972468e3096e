//! C code of a cgo package: declarations and arithmetic are fine, everything that may read a file or start a program is
//! not. Not a parser: names, brackets and what is called.

use std::collections::BTreeSet;

/// More text than this is not looked through.
pub(super) const MOST: usize = 512 * 1024;

pub(super) fn is_c_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "c" | "cc" | "cpp" | "cxx" | "h" | "hh" | "hpp" | "hxx" | "m")
}

/// The first thing that reads files or starts programs, or of which that is not known. `from_go` are the names that Go
/// calls, `exports` those that Go gives to C; with a `library` unknown names are taken to be its own.
pub(super) fn unknown(code: &str, from_go: &[&str], exports: &[&str], library: bool) -> Option<String> {
    let tokens = tokenize(code);
    let mut defined: BTreeSet<&str> = exports.iter().copied().collect();
    let mut called: Vec<&str> = Vec::new();
    let mut depth = 0u32;
    // Behind a `=` at the top a name is called, elsewhere it is declared.
    let mut value = false;
    let mut in_macro = false;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).copied().unwrap_or("");
        match *token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "=" => value = true,
            ";" => value = false,
            "#define" => in_macro = true,
            "\n" => in_macro = false,
            name if READS.contains(&name) || is_exec(name) => return Some(name.to_string()),
            name if next == "(" && is_name(name) => {
                if at > 0 && tokens.get(at - 1) == Some(&"#define") {
                    defined.insert(name);
                } else if depth > 0 || value || in_macro {
                    called.push(name);
                } else if has_body(tokens.get(at + 1..).unwrap_or_default()) {
                    defined.insert(name);
                }
            }
            _ => {}
        }
    }
    if let Some(name) = from_go.iter().find(|name| READS.contains(name) || is_exec(name)) {
        return Some(name.to_string());
    }
    let known = |name: &&str| library || defined.contains(name) || HARMLESS.contains(name) || OF_CGO.contains(name);
    let types = |name: &str| name.ends_with("_t") || TYPES.contains(&name);
    called
        .into_iter()
        .chain(from_go.iter().copied().filter(|name| !types(name)))
        .find(|name| !known(name))
        .map(String::from)
}

/// A `{` follows on the brackets that open here.
fn has_body(tokens: &[&str]) -> bool {
    let mut depth = 0u32;
    for token in tokens {
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "{" if depth == 0 => return true,
            ";" if depth == 0 => return false,
            _ => {}
        }
    }
    false
}

fn is_exec(name: &str) -> bool {
    matches!(name, "execl" | "execle" | "execlp" | "execv" | "execve" | "execvp" | "execvpe" | "fexecve")
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// Names, single signs, `#define`, and line ends of directives; comments and texts are left out.
fn tokenize(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code;
    let mut directive = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                rest.get(2..).and_then(|inner| inner.find("*/")).map_or(rest.len(), |end| end + 4)
            }
            '"' | '\'' => text_length(rest, first),
            '\\' if rest.starts_with("\\\n") => 2,
            '\n' => {
                if std::mem::take(&mut directive) {
                    tokens.push(rest.get(..1).unwrap_or_default());
                }
                1
            }
            '#' => {
                let line = rest.lines().next().unwrap_or("");
                let word = line.get(1..).unwrap_or("").trim_start();
                directive = word.starts_with("define");
                if directive {
                    tokens.push("#define");
                    line.len() - word.len() + "define".len()
                } else {
                    // `#include <stdio.h>`, `#if defined(X)`
                    line.len()
                }
            }
            _ if first.is_ascii_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(rest.get(..end).unwrap_or_default());
                end
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push(rest.get(..first.len_utf8()).unwrap_or_default());
                }
                first.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or("");
    }
    tokens
}

fn text_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            letter if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Functions and classes that read files, look up accounts and names, load libraries or start programs.
const READS: &[&str] = &[
    "access",
    "asm",
    "bindtextdomain",
    "chdir",
    "chroot",
    "creat",
    "dlmopen",
    "dlopen",
    "faccessat",
    "filebuf",
    "filesystem",
    "fopen",
    "fopen64",
    "fork",
    "freopen",
    "fstatat",
    "fstream",
    "ftw",
    "getaddrinfo",
    "getgrgid",
    "getgrnam",
    "gethostbyname",
    "getpwnam",
    "getpwuid",
    "getservbyname",
    "glob",
    "iconv_open",
    "ifstream",
    "lstat",
    "mmap",
    "nftw",
    "ofstream",
    "open",
    "open64",
    "openat",
    "opendir",
    "openlog",
    "popen",
    "posix_spawn",
    "posix_spawnp",
    "readlink",
    "realpath",
    "scandir",
    "setlocale",
    "stat",
    "syscall",
    "system",
    "vfork",
    "wordexp",
];

/// Words of the language, and functions of the C library that work on memory, numbers and what is open already.
const HARMLESS: &[&str] = &[
    "__attribute__",
    "_Alignof",
    "_Generic",
    "_Static_assert",
    "abort",
    "abs",
    "acos",
    "alignof",
    "asin",
    "assert",
    "atan",
    "atan2",
    "atof",
    "atoi",
    "atol",
    "atoll",
    "calloc",
    "catch",
    "cbrt",
    "ceil",
    "char",
    "clock",
    "const",
    "cos",
    "cosh",
    "decltype",
    "defined",
    "delete",
    "do",
    "double",
    "else",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "fabsf",
    "fflush",
    "float",
    "floor",
    "fmax",
    "fmin",
    "fmod",
    "for",
    "fprintf",
    "fputc",
    "fputs",
    "free",
    "fwrite",
    "getpid",
    "hypot",
    "if",
    "int",
    "int16_t",
    "int32_t",
    "int64_t",
    "int8_t",
    "isalnum",
    "isalpha",
    "isdigit",
    "islower",
    "isnan",
    "isinf",
    "isspace",
    "isupper",
    "labs",
    "llabs",
    "llround",
    "log",
    "log10",
    "log1p",
    "log2",
    "long",
    "lround",
    "malloc",
    "memchr",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "nanosleep",
    "noexcept",
    "operator",
    "perror",
    "pow",
    "printf",
    "putchar",
    "puts",
    "qsort",
    "rand",
    "realloc",
    "return",
    "rint",
    "round",
    "short",
    "signed",
    "sin",
    "sinh",
    "sizeof",
    "sleep",
    "snprintf",
    "sprintf",
    "sqrt",
    "sqrtf",
    "srand",
    "sscanf",
    "static_assert",
    "strcasecmp",
    "strcat",
    "strchr",
    "strcmp",
    "strcpy",
    "strdup",
    "strerror",
    "strlen",
    "strncasecmp",
    "strncat",
    "strncmp",
    "strncpy",
    "strndup",
    "strnlen",
    "strrchr",
    "strstr",
    "strtod",
    "strtok",
    "strtol",
    "strtoll",
    "strtoul",
    "strtoull",
    "struct",
    "switch",
    "tan",
    "tanh",
    "time",
    "tolower",
    "toupper",
    "trunc",
    "typeof",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "uint8_t",
    "unsigned",
    "usleep",
    "void",
    "vprintf",
    "vsnprintf",
    "while",
];

/// What cgo itself gives to Go.
const OF_CGO: &[&str] = &["CBytes", "CString", "GoBytes", "GoString", "GoStringN"];

const TYPES: &[&str] = &[
    "char",
    "double",
    "float",
    "int",
    "long",
    "longlong",
    "schar",
    "short",
    "uchar",
    "uint",
    "ulong",
    "ulonglong",
    "ushort",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declarations_and_arithmetic_are_known() {
        for (code, want) in [
            ("static int twice(int n) { return 2 * n; }", None),
            ("#include <stdlib.h>\n#define SQUARE(x) ((x) * (x))\nint f(int a) { return SQUARE(a) + abs(a); }", None),
            ("#include <stdio.h>\nvoid hello() { printf(\"open(1)\\n\"); /* fopen */ }", None),
            ("static int f() { return (int)(3.0); }\nstatic int g() { return f(); }", None),
            ("void f() { fopen(\"/src/data/x\", \"r\"); }", Some("fopen")),
            ("void *f(void) { return dlopen(\"libpq.so.5\", 1); }", Some("dlopen")),
            ("int f(const char *c) { return system(c); }", Some("system")),
            ("int f(void) { int (*run)(const char *) = system; return run(\"x\"); }", Some("system")),
            ("#define RUN(x) popen(x, \"r\")\n", Some("popen")),
            ("int other(int n);\nint f() { return other(1); }", Some("other")),
            ("int f() { execlp(\"sh\", \"sh\", 0); return 0; }", Some("execlp")),
            ("static int x = first();", Some("first")),
            ("", None),
        ] {
            assert_eq!(unknown(code, &[], &[], false).as_deref(), want, "{code}");
        }
        assert_eq!(unknown("", &["CString", "int", "size_t", "free"], &[], false), None);
        assert_eq!(unknown("", &["fopen"], &[], true).as_deref(), Some("fopen"));
        assert_eq!(unknown("", &["vips_init"], &[], true), None);
        assert_eq!(unknown("", &["vips_init"], &[], false).as_deref(), Some("vips_init"));
        assert_eq!(unknown("void back(int);\nvoid f() { back(1); }", &["f"], &["back"], false), None);
    }
}
