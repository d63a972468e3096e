//! How a registry lets us in: nothing at first, then what its challenge asks for, anonymously or as the docker user.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::client::{Answer, Ask, Client, host, status_text};
use super::login::{self, Login};

/// A token is short; more is not one.
const MOST_TOKEN: u64 = 1 << 20;

/// What was found out about registries in this run.
pub(super) struct Door {
    pub client: Client,
    time: Duration,
    /// `Authorization`, by registry and repository.
    open: RefCell<HashMap<String, String>>,
    logins: RefCell<HashMap<String, Option<Login>>>,
    /// What the user should know although it went on.
    pub notes: RefCell<Vec<String>>,
}

impl Door {
    /// `time`: how long a credential helper may take.
    pub(super) fn new(client: Client, time: Duration) -> Door {
        Door { client, time, open: RefCell::default(), logins: RefCell::default(), notes: RefCell::default() }
    }

    /// Asks a registry about one of its repositories. `registry` is the name in references, `docker.io`.
    pub(super) fn get(&self, registry: &str, repository: &str, path: &str, ask: &Ask<'_>) -> Result<Answer, String> {
        let server = match registry {
            "docker.io" => "registry-1.docker.io",
            other => other,
        };
        let path = format!("/v2/{repository}/{path}");
        let key = format!("{registry}/{repository}");
        let known = self.open.borrow().get(&key).cloned();
        let answer = self.client.registry(server, &path, &Ask { authorization: known, ..ask.clone() })?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let challenges: Vec<String> = answer
            .headers
            .get_all("www-authenticate")
            .iter()
            .filter_map(|value| Some(value.to_str().ok()?.to_string()))
            .collect();
        let login = self.login(registry);
        let Some(authorization) = self.answer(&challenges, registry, repository, login.as_ref())? else {
            return Ok(answer);
        };
        self.open.borrow_mut().insert(key, authorization.clone());
        self.client.registry(server, &path, &Ask { authorization: Some(authorization), ..ask.clone() })
    }

    fn login(&self, registry: &str) -> Option<Login> {
        if let Some(known) = self.logins.borrow().get(registry) {
            return known.clone();
        }
        let found = login::find(registry, self.time).unwrap_or_else(|trouble| {
            self.notes.borrow_mut().push(format!("asking {registry} without credentials: {trouble}"));
            None
        });
        self.logins.borrow_mut().insert(registry.to_string(), found.clone());
        found
    }

    /// The `Authorization` that a challenge asks for; `None` where we have nothing to show.
    fn answer(
        &self,
        challenges: &[String],
        registry: &str,
        repository: &str,
        login: Option<&Login>,
    ) -> Result<Option<String>, String> {
        let parsed: Vec<Challenge> = challenges.iter().flat_map(|text| parse(text)).collect();
        if let Some(bearer) = parsed.iter().find(|challenge| challenge.scheme == "bearer") {
            return self.token(bearer, registry, repository, login).map(|token| Some(format!("Bearer {token}")));
        }
        match parsed.iter().any(|challenge| challenge.scheme == "basic") {
            true => Ok(login.and_then(Login::basic)),
            false => Ok(None),
        }
    }

    /// Asks the token server that the registry names, as distribution's `spec/auth/token.md` has it.
    fn token(
        &self,
        bearer: &Challenge,
        registry: &str,
        repository: &str,
        login: Option<&Login>,
    ) -> Result<String, String> {
        let realm = bearer.value("realm").unwrap_or_default();
        let clear = realm.starts_with("http://");
        if !(realm.starts_with("https://") || clear && self.client.may_be_plain(host(realm))) {
            return Err(format!(
                "{registry} sends us to `{}` for a token, which is no encrypted address",
                shown(realm)
            ));
        }
        let scope = bearer.value("scope").map_or_else(|| format!("repository:{repository}:pull"), String::from);
        let mut query = format!("scope={}", escape(&scope));
        if let Some(service) = bearer.value("service") {
            query = format!("service={}&{query}", escape(service));
        }
        let ask = match login {
            Some(Login::Identity(token)) => Ask {
                url: realm.to_string(),
                form: Some(format!(
                    "grant_type=refresh_token&client_id=unladen&refresh_token={}&{query}",
                    escape(token)
                )),
                most: MOST_TOKEN,
                ..Ask::default()
            },
            login => Ask {
                url: format!("{realm}{}{query}", if realm.contains('?') { '&' } else { '?' }),
                accept: "application/json",
                authorization: login.and_then(Login::basic),
                most: MOST_TOKEN,
                ..Ask::default()
            },
        };
        let answer = self.client.send(&ask)?;
        if answer.status != 200 {
            let whose = if login.is_some() { "the docker credentials are refused: " } else { "no token: " };
            return Err(format!("{whose}{} {}", host(realm), status_text(&answer)));
        }
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = ["token", "access_token"].iter().find_map(|key| said[*key].as_str());
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()) && !token.is_empty());
        token.map(String::from).ok_or_else(|| format!("{} answers without a token", host(realm)))
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// One challenge of a `WWW-Authenticate`.
struct Challenge {
    /// In lower case.
    scheme: String,
    values: Vec<(String, String)>,
}

impl Challenge {
    fn value(&self, key: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// `Bearer realm="…",service="…",scope="repository:a:pull,push"`, several of them with commas between.
fn parse(text: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match after.strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after);
                if let Some(challenge) = found.last_mut() {
                    challenge.values.push((word.to_ascii_lowercase(), value));
                }
                rest = after;
            }
            None => {
                found.push(Challenge { scheme: word.to_ascii_lowercase(), values: Vec::new() });
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', ',']);
    }
    found
}

/// A word or a quoted text, and what comes after it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_at(text.find([' ', ',']).unwrap_or(text.len()));
        return (word.to_string(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' => {
                escaped.push(byte as char)
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        for (text, expected) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                "bearer realm=https://auth.docker.io/token service=registry.docker.io scope=repository:a/b:pull,push",
            ),
            (r#"Basic realm="a \"b\"""#, r#"basic realm=a "b""#),
            (r#"Basic realm=x, Bearer realm="y", service=z"#, "basic realm=x bearer realm=y service=z"),
            ("Negotiate", "negotiate"),
            ("", ""),
            (r#"="x", Bearer realm="unfinished"#, "bearer realm=unfinished"),
        ] {
            let mut shown = Vec::new();
            for challenge in parse(text) {
                shown.push(challenge.scheme);
                shown.extend(challenge.values.iter().map(|(key, value)| format!("{key}={value}")));
            }
            assert_eq!(shown.join(" "), expected);
        }
    }
}
