//! The arguments that a script is called with, put where it names them.

/// `go build -o "$1"`, `OUT=${1:-bin}` with their words. A script that counts its arguments anew, or has functions with
/// arguments of their own, stays as it is.
pub(super) fn filled_in(text: &str, args: &[String]) -> String {
    let plain = |arg: &String| arg.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@:,=".contains(c));
    let word =
        |line: &str, word: &str| line.split(|c: char| c.is_whitespace() || ";&|".contains(c)).any(|one| one == word);
    let counts_anew = |line: &str| {
        line.contains("()")
            || line.contains("() {")
            || ["function", "shift", "set", "getopts", "eval"].iter().any(|one| word(line, one))
    };
    let sets_options = |line: &str| {
        let line = line.trim();
        line.starts_with("set -") && !line.starts_with("set --") && !line.contains([';', '&', '|'])
    };
    if !args.iter().all(plain) || text.lines().any(|line| counts_anew(line) && !sets_options(line)) {
        return text.to_string();
    }
    let mut out = String::new();
    let mut quoted = false;
    let mut single = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (head, tail) = rest.split_at(first.len_utf8());
        match first {
            '\\' if !single => {
                let next = tail.chars().next().map_or(0, char::len_utf8);
                let (escaped, behind) = tail.split_at(next);
                out.push_str(head);
                out.push_str(escaped);
                rest = behind;
                continue;
            }
            '\'' if !quoted => single = !single,
            '"' if !single => quoted = !quoted,
            '$' if !single => {
                if let Some((value, behind)) = argument(tail, args) {
                    out.push_str(value);
                    rest = behind;
                    continue;
                }
            }
            _ => {}
        }
        out.push_str(head);
        rest = tail;
    }
    out
}

/// The value of what stands behind a `$`, where it is an argument, and the text behind it.
fn argument<'t>(text: &'t str, args: &'t [String]) -> Option<(&'t str, &'t str)> {
    let number = |digit: &str| digit.parse::<usize>().ok().filter(|number| *number > 0);
    let value = |number: usize| args.get(number - 1).map(String::as_str);
    let Some(inner) = text.strip_prefix('{') else {
        let (digit, behind) = text.split_at_checked(1)?;
        return Some((value(number(digit)?).unwrap_or(""), behind));
    };
    let (name, behind) = inner.split_once('}')?;
    let Some((digit, default)) = name.split_once(":-") else {
        return Some((value(number(name)?).unwrap_or(""), behind));
    };
    let plain = default.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let given = value(number(digit)?).filter(|value| !value.is_empty());
    plain.then(|| (given.unwrap_or(default), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_where_the_script_names_them() {
        let args = ["bin".to_string()];
        for (text, want) in [
            ("go build -o \"$1/app\" ${2:-.}", "go build -o \"bin/app\" ."),
            ("OUT=${1:-out}", "OUT=bin"),
            ("set -e\ncd ${1}", "set -e\ncd bin"),
            ("echo \"it's $1\" '$1' \\$1", "echo \"it's bin\" '$1' \\$1"),
            ("echo $10 ${1%/}", "echo bin0 ${1%/}"),
            ("shift\ngo build -o $1", "shift\ngo build -o $1"),
            ("b() { go build -o $1; }\nb x", "b() { go build -o $1; }\nb x"),
            ("set -- x\necho $1", "set -- x\necho $1"),
            ("echo $0 $@", "echo $0 $@"),
        ] {
            assert_eq!(filled_in(text, &args), want, "{text}");
        }
        assert_eq!(filled_in("echo $1", &["a b".to_string()]), "echo $1");
    }
}
