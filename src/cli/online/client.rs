//! HTTP as registries speak it: bounded in time, size, redirects and tries; encrypted, except where nobody can listen or
//! the user named the host.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Uri};
use ureq::tls::{RootCerts, TlsConfig};

/// Tries of one request.
const TRIES: u32 = 4;
const REDIRECTS: usize = 5;
/// A registry that asks for a longer pause is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Client {
    agent: Agent,
    /// Without the proxy of the environment.
    direct: Agent,
    /// Hosts that the user lets us speak to in the clear.
    plain: Vec<String>,
    time: Duration,
    /// How each host with a choice is spoken to.
    schemes: RefCell<HashMap<String, &'static str>>,
}

/// What a server said.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// One request; the headers are for the host that is asked first, `Authorization` for no other.
#[derive(Clone, Default)]
pub(super) struct Ask<'a> {
    pub url: String,
    pub accept: &'a str,
    pub authorization: Option<String>,
    /// The body of a POST.
    pub form: Option<String>,
    pub range: Option<&'a str>,
    /// A longer answer is an error.
    pub most: u64,
}

enum Failed {
    /// Another try may help.
    Transient(String),
    For(String),
}

impl Client {
    pub(super) fn new(plain: &[String], time: Duration) -> Client {
        let agent = |proxy: bool| {
            let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
            let config = Agent::config_builder()
                .tls_config(tls)
                .http_status_as_error(false)
                // Redirects are followed here, where the credentials can be taken off.
                .max_redirects(0)
                .max_redirects_will_error(false)
                .timeout_connect(Some(time.min(Duration::from_secs(10))))
                .timeout_global(Some(time))
                .user_agent(concat!("unladen/", env!("CARGO_PKG_VERSION")));
            if proxy { config.build().new_agent() } else { config.proxy(None).build().new_agent() }
        };
        let plain = plain.iter().map(|host| host.to_ascii_lowercase()).collect();
        Client { agent: agent(true), direct: agent(false), plain, time, schemes: RefCell::default() }
    }

    /// Asks a registry. `path` begins with a slash. Where the clear is allowed, encryption is tried first, as Docker does.
    pub(super) fn registry(&self, host: &str, path: &str, ask: &Ask<'_>) -> Result<Answer, String> {
        let with = |scheme: &str| Ask { url: format!("{scheme}://{host}{path}"), ..ask.clone() };
        if !self.may_be_plain(host) {
            return self.send(&with("https"));
        }
        let known = self.schemes.borrow().get(host).copied();
        if let Some(scheme) = known {
            return self.send(&with(scheme));
        }
        // Nothing secret goes out before it is known which of the two it is.
        let knock = Ask { authorization: None, ..with("https") };
        let scheme = if self.once(&knock).is_ok() { "https" } else { "http" };
        self.schemes.borrow_mut().insert(host.to_string(), scheme);
        self.send(&with(scheme))
    }

    /// The host is on this machine, or the user named it.
    pub(super) fn may_be_plain(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        is_loopback(&host) || self.plain.iter().any(|plain| *plain == host || *plain == without_port(&host))
    }

    /// Sends it, and again after a pause when the server is busy or the connection broke.
    pub(super) fn send(&self, ask: &Ask<'_>) -> Result<Answer, String> {
        let mut pause = Duration::from_millis(400);
        for left in (0..TRIES).rev() {
            let (trouble, wait) = match self.follow(ask) {
                Ok(answer) if matches!(answer.status, 429 | 500 | 502..=504) => {
                    let asked = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
                    (status_text(&answer), asked.map(Duration::from_secs))
                }
                Ok(answer) => return Ok(answer),
                Err(Failed::Transient(trouble)) => (trouble, None),
                Err(Failed::For(trouble)) => return Err(trouble),
            };
            let wait = wait.unwrap_or(pause);
            if left == 0 {
                return Err(format!("{trouble}, {TRIES} times"));
            }
            if wait > LONGEST_PAUSE {
                return Err(format!("{trouble}; it asks for a pause of {} s", wait.as_secs()));
            }
            std::thread::sleep(wait);
            pause *= 2;
        }
        Err("no answer".to_string())
    }

    fn follow(&self, ask: &Ask<'_>) -> Result<Answer, Failed> {
        let mut ask = ask.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.once(&ask)?;
            // A POST holds a secret and is not repeated elsewhere.
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) || ask.form.is_some() {
                return Ok(answer);
            }
            let location = answer.header("location").unwrap_or_default();
            let to = resolve(&ask.url, location)
                .ok_or_else(|| Failed::For(format!("{} redirects to nowhere", place(&ask.url))))?;
            if place(&to) != place(&ask.url) {
                ask.authorization = None;
            }
            let downgrade = ask.url.starts_with("https:") && to.starts_with("http:");
            if downgrade || (to.starts_with("http:") && !self.may_be_plain(host(&to))) {
                let text = format!("{} redirects to {}, which is not encrypted", place(&ask.url), place(&to));
                return Err(Failed::For(text));
            }
            ask.url = to;
        }
        Err(Failed::For(format!("{} redirects more than {REDIRECTS} times", place(&ask.url))))
    }

    fn once(&self, ask: &Ask<'_>) -> Result<Answer, Failed> {
        let agent = if is_loopback(host(&ask.url)) { &self.direct } else { &self.agent };
        let trouble = |error: ureq::Error| {
            let what = |text: String| format!("{}: {text}", place(&ask.url));
            match error {
                ureq::Error::Timeout(_) => Failed::For(what(format!("no answer within {} s", self.time.as_secs()))),
                ureq::Error::HostNotFound => Failed::For(what("there is no such host".to_string())),
                ureq::Error::BodyExceedsLimit(_) => {
                    Failed::For(what(format!("the answer is larger than {} kB", ask.most / 1000)))
                }
                ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    Failed::For(what("nobody listens there".to_string()))
                }
                ureq::Error::Io(error) => match error.kind() {
                    ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::UnexpectedEof => Failed::Transient(what(error.to_string())),
                    _ => Failed::For(what(error.to_string())),
                },
                error => Failed::For(what(error.to_string())),
            }
        };
        let response = match &ask.form {
            Some(form) => {
                let request = agent.post(&ask.url).header("content-type", "application/x-www-form-urlencoded");
                request.send(form.as_str())
            }
            None => {
                let mut request = agent.get(&ask.url).header("accept", ask.accept);
                if let Some(authorization) = &ask.authorization {
                    request = request.header("authorization", authorization);
                }
                if let Some(range) = ask.range {
                    request = request.header("range", range);
                }
                request.call()
            }
        };
        let (parts, mut body) = response.map_err(trouble)?.into_parts();
        let body = body.with_config().limit(ask.most).read_to_vec().map_err(trouble)?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

/// `429 Too Many Requests`, with what the registry says of it.
pub(super) fn status_text(answer: &Answer) -> String {
    let reason = ureq::http::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let said: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let said = said.as_ref().and_then(|said| {
        let first = said["errors"].as_array().and_then(|errors| errors.first()).unwrap_or(said);
        ["message", "details", "error"].iter().find_map(|key| first[*key].as_str())
    });
    let mut text = format!("answers {} {}", answer.status, reason.unwrap_or_default()).trim_end().to_string();
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        text.push_str(&format!(" ({said})"));
    }
    text
}

/// Scheme, host and port: what credentials are for.
fn place(url: &str) -> String {
    let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let place = url.get(..end).unwrap_or(url).to_ascii_lowercase();
    match place.split_once("://") {
        Some(("https", rest)) => format!("https://{}", rest.strip_suffix(":443").unwrap_or(rest)),
        Some(("http", rest)) => format!("http://{}", rest.strip_suffix(":80").unwrap_or(rest)),
        _ => place,
    }
}

/// The host of an URL, with its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where a `Location` leads. Only http and https count, and no user stands in it.
fn resolve(from: &str, location: &str) -> Option<String> {
    let location = location.trim();
    let scheme = from.split_once("://")?.0;
    let to = if location.contains("://") && !location.starts_with('/') {
        location.to_string()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{}{location}", host(from))
    } else if location.is_empty() {
        return None;
    } else {
        let path = from.split(['?', '#']).next()?;
        format!("{}/{location}", path.rsplit_once('/')?.0)
    };
    let uri: Uri = to.parse().ok()?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    (known && !uri.authority()?.as_str().contains('@')).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_leads_where_it_says() {
        let from = "https://r.example:5000/v2/a/blobs/sha256:1?x=1";
        for (location, expected) in [
            ("https://cdn.example/a?sig=1", Some("https://cdn.example/a?sig=1")),
            ("/other", Some("https://r.example:5000/other")),
            ("//cdn.example/a", Some("https://cdn.example/a")),
            ("sha256:2", Some("https://r.example:5000/v2/a/blobs/sha256:2")),
            ("file:///etc/passwd", None),
            ("ftp://a/b", None),
            ("https://user:secret@a/b", None),
            ("", None),
        ] {
            assert_eq!(resolve(from, location).as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn only_this_machine_and_named_hosts_may_be_spoken_to_in_the_clear() {
        let client = Client::new(&["mirror.corp:5000".into(), "other".into()], Duration::from_secs(1));
        for host in ["localhost", "127.0.0.1:5000", "[::1]:5000", "mirror.corp:5000", "OTHER:81"] {
            assert!(client.may_be_plain(host), "{host}");
        }
        for host in ["mirror.corp", "127.0.0.1.example.com", "localhost.example", "10.0.0.1:5000", "docker.io"] {
            assert!(!client.may_be_plain(host), "{host}");
        }
    }

    #[test]
    fn a_place_is_scheme_host_and_port() {
        assert_eq!(place("https://A.b:443/x/y"), place("https://a.b/z"));
        assert_ne!(place("https://a.b:8443/x"), place("https://a.b/x"));
        assert_ne!(place("http://a.b/x"), place("https://a.b/x"));
    }
}
