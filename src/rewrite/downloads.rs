//! Where curl and wget leave what they fetch. An option whose meaning is not known may write anywhere.

use super::case::Case;
use super::effects::Kind;
use super::operands::place;
use super::paths::base_name;
use crate::model::Step;
use crate::shell::ShellCommand;

/// Long options that say nothing of where a file goes: those alone, and those with a value.
#[rustfmt::skip]
const CURL: (&[&str], &[&str]) = (
    &[
        "anyauth", "basic", "compressed", "create-dirs", "digest", "fail", "fail-early", "fail-with-body", "get",
        "globoff", "head", "http1.0", "http1.1", "http2", "http3", "include", "insecure", "ipv4", "ipv6", "location",
        "location-trusted", "netrc", "netrc-optional", "no-buffer", "no-keepalive", "no-progress-meter", "no-sessionid",
        "parallel", "progress-bar", "proxy-insecure", "remote-time", "retry-all-errors", "retry-connrefused",
        "show-error", "silent", "ssl", "ssl-reqd", "tcp-nodelay", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3",
        "verbose",
    ],
    &[
        "cacert", "capath", "cert", "ciphers", "connect-timeout", "continue-at", "cookie", "data", "data-binary",
        "data-raw", "data-urlencode", "dns-servers", "form", "header", "interface", "keepalive-time", "key",
        "limit-rate", "max-filesize", "max-redirs", "max-time", "netrc-file", "noproxy", "oauth2-bearer", "pass",
        "preproxy", "proto", "proto-default", "proto-redir", "proxy", "proxy-user", "range", "rate", "referer", "request",
        "resolve", "retry", "retry-delay", "retry-max-time", "socks5", "socks5-hostname", "speed-limit", "speed-time",
        "tls-max", "user", "user-agent", "write-out",
    ],
);
#[rustfmt::skip]
const WGET: (&[&str], &[&str]) = (
    &[
        "auth-no-challenge", "continue", "debug", "https-only", "inet4-only", "inet6-only", "no-cache",
        "no-check-certificate", "no-clobber", "no-config", "no-cookies", "no-directories", "no-hsts", "no-proxy",
        "no-verbose", "quiet", "retry-connrefused", "server-response", "show-progress", "timestamping", "verbose",
    ],
    &[
        "body-data", "ca-certificate", "ca-directory", "connect-timeout", "dns-timeout", "execute", "header",
        "http-password", "http-user", "limit-rate", "load-cookies", "max-redirect", "method", "password", "post-data",
        "progress", "read-timeout", "referer", "retry-on-http-error", "secure-protocol", "timeout", "tries", "user",
        "user-agent", "wait", "waitretry",
    ],
);

#[derive(Default)]
struct Fetch<'a> {
    /// Files by `-o` and its like; `None` for one that is called as it is on the server.
    outputs: Vec<Option<&'a str>>,
    /// Everything is called as it is on the server.
    all: bool,
    dir: Option<&'a str>,
    /// Logs and cookies.
    beside: Vec<&'a str>,
    urls: Vec<&'a str>,
    unknown: Option<&'a str>,
}

pub(super) fn download<'a>(case: &Case<'_>, step: &Step, cmd: &ShellCommand, redirected: &[String]) -> Kind<'a> {
    let name = cmd.name.text.as_str();
    let fetch = if name == "curl" { of_curl(cmd) } else { of_wget(cmd) };
    if let Some(option) = fetch.unknown {
        return Kind::Unknown(format!("where {name} writes is not sure, with {option}"));
    }
    let names = files(name, &fetch);
    let mut written = redirected.to_vec();
    for file in names {
        let path = file.and_then(|file| place(case, step, cmd, &file));
        let Some(path) = path else { return Kind::Unknown("the file that is fetched has a computed name".into()) };
        written.push(path);
    }
    if written.is_empty() { Kind::Nothing } else { Kind::Write(written) }
}

/// The files that are written, as they are named; `None` for a name that nobody knows.
fn files(tool: &str, fetch: &Fetch<'_>) -> Vec<Option<String>> {
    let mut names: Vec<Option<String>> = fetch.beside.iter().map(|file| Some(file.to_string())).collect();
    let inside = |file: &str| fetch.dir.map_or(file.to_string(), |dir| format!("{}/{file}", dir.trim_end_matches('/')));
    let remote = |url: &str| of_url(tool, url).map(|file| inside(&file));
    if tool == "wget" && !fetch.outputs.is_empty() {
        // One file for everything, wherever -P points.
        names.extend(fetch.outputs.iter().flatten().map(|file| Some(file.to_string())));
    } else {
        for (index, url) in fetch.urls.iter().enumerate() {
            match fetch.outputs.get(index) {
                Some(Some("-")) => {}
                Some(Some(file)) if file.contains('#') => names.push(None),
                Some(Some(file)) => names.push(Some(inside(file))),
                Some(None) => names.push(remote(url)),
                None if fetch.all => names.push(remote(url)),
                // Printed, or handed to the next command of a pipe, which is looked at by itself.
                None => {}
            }
        }
    }
    names.retain(|file| file.as_deref() != Some("-"));
    names
}

/// The name that a file has on the server. wget keeps what stands behind `?`.
fn of_url(tool: &str, url: &str) -> Option<String> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    if tool == "wget" && path.contains('?') || path.contains(['{', '[', '*']) && !path.contains("${") {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or("");
    let (_, file) = path.split_once('/').map_or((path, ""), |(host, _)| (host, base_name(path)));
    match file {
        "" if tool == "wget" && !path.starts_with('$') => Some("index.html".into()),
        "" => None,
        file => Some(file.to_string()),
    }
}

fn of_curl(cmd: &ShellCommand) -> Fetch<'_> {
    let mut fetch = Fetch::default();
    let mut args = cmd.args.iter().map(|arg| arg.text.as_str());
    while let Some(arg) = args.next() {
        if let Some(long) = arg.strip_prefix("--") {
            let (name, glued) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let mut value = || glued.or_else(|| args.next());
            match name {
                "output" => fetch.outputs.push(value()),
                "remote-name" => fetch.outputs.push(None),
                "remote-name-all" => fetch.all = true,
                "output-dir" => fetch.dir = value(),
                "url" => fetch.urls.extend(value()),
                "cookie-jar" | "dump-header" | "stderr" | "trace" | "trace-ascii" | "etag-save" => {
                    fetch.beside.extend(value())
                }
                _ if CURL.0.contains(&name) => {}
                _ if CURL.1.contains(&name) => {
                    value();
                }
                _ => fetch.unknown = Some(arg),
            }
            continue;
        }
        let Some(bundle) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            fetch.urls.push(arg);
            continue;
        };
        for (at, letter) in bundle.char_indices() {
            let glued = bundle.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            let mut value = || glued.or_else(|| args.next());
            match letter {
                'O' => fetch.outputs.push(None),
                'o' => fetch.outputs.push(value()),
                'c' | 'D' => fetch.beside.extend(value()),
                'J' | 'K' => fetch.unknown = Some(arg),
                'A' | 'b' | 'C' | 'd' | 'e' | 'E' | 'F' | 'h' | 'H' | 'm' | 'P' | 'Q' | 'r' | 't' | 'T' | 'u' | 'U'
                | 'w' | 'x' | 'X' | 'y' | 'Y' | 'z' => {
                    value();
                }
                _ => continue,
            }
            if !matches!(letter, 'O' | 'J') {
                break;
            }
        }
    }
    fetch
}

fn of_wget(cmd: &ShellCommand) -> Fetch<'_> {
    let mut fetch = Fetch { all: true, ..Fetch::default() };
    let mut args = cmd.args.iter().map(|arg| arg.text.as_str());
    while let Some(arg) = args.next() {
        if let Some(long) = arg.strip_prefix("--") {
            let (name, glued) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let mut value = || glued.or_else(|| args.next());
            match name {
                "output-document" => fetch.outputs.push(value()),
                "directory-prefix" => fetch.dir = value(),
                "output-file" | "append-output" => fetch.beside.extend(value()),
                _ if WGET.0.contains(&name) => {}
                _ if WGET.1.contains(&name) => {
                    value();
                }
                _ => fetch.unknown = Some(arg),
            }
            continue;
        }
        let Some(bundle) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            fetch.urls.push(arg);
            continue;
        };
        let mut letters = bundle.char_indices();
        while let Some((at, letter)) = letters.next() {
            let glued = bundle.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            let mut value = || glued.or_else(|| args.next());
            match letter {
                'O' => fetch.outputs.push(value()),
                'P' => fetch.dir = value(),
                'o' | 'a' => fetch.beside.extend(value()),
                't' | 'T' | 'U' | 'e' | 'Q' | 'w' => {
                    value();
                }
                // `-nv`, `-nc`, `-nd`
                'n' => match letters.next() {
                    Some((_, 'v' | 'c' | 'd')) => continue,
                    _ => {
                        fetch.unknown = Some(arg);
                        break;
                    }
                },
                'q' | 'v' | 'd' | 'c' | 'N' | 'S' | '4' | '6' | 'V' | 'h' => continue,
                _ => fetch.unknown = Some(arg),
            }
            break;
        }
    }
    fetch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::toolchains::go::testing::command;

    #[test]
    fn where_downloads_land() {
        for (text, want) in [
            ("wget -P /app/data https://x.example/geo.mmdb", "/app/data/geo.mmdb"),
            ("wget -qP data https://x.example/geo.mmdb", "data/geo.mmdb"),
            ("wget --directory-prefix=data/ https://x.example/geo.mmdb", "data/geo.mmdb"),
            ("wget -qO- https://x.example/a.tgz", ""),
            ("wget -q -nv -O a.txt https://x.example/b", "a.txt"),
            ("wget https://x.example/a https://x.example/b", "a b"),
            ("wget https://x.example/a?raw=1", "?"),
            ("wget -r https://x.example/", "--"),
            ("wget --content-disposition https://x.example/a", "--"),
            ("curl -sSLo /usr/bin/x https://x.example/y", "/usr/bin/x"),
            ("curl --output-dir data -O https://x.example/geo.mmdb", "data/geo.mmdb"),
            ("curl -o a.txt https://x/a -o b.txt https://x/b", "a.txt b.txt"),
            ("curl -O https://x/a.txt -O https://x/b.txt", "a.txt b.txt"),
            ("curl --remote-name-all https://x/a.txt https://x/b.txt", "a.txt b.txt"),
            ("curl -fsSL https://x/install.sh", ""),
            ("curl -OJ https://x/a", "--"),
            ("curl -fsSL -H X:y -c jar https://x/a", "jar"),
        ] {
            let cmd = command(text);
            let fetch = if cmd.name.text == "curl" { of_curl(&cmd) } else { of_wget(&cmd) };
            let names = match fetch.unknown {
                Some(_) => vec!["--".to_string()],
                None => files(&cmd.name.text, &fetch).into_iter().map(|name| name.unwrap_or("?".into())).collect(),
            };
            assert_eq!(names.join(" "), want, "{text}");
        }
    }
}
