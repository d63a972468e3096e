//! Starting an image with its network off, and comparing what two of them did.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::net::{self, Answer, Inside, Listen};
use super::output::{self, Compared, Masks};
use super::process;
use super::report::{Item, Verdict};
use super::session::Session;

/// How images are started and what they are asked.
pub(super) struct Plan<'a> {
    pub masks: &'a Masks,
    /// Passed to `create`.
    pub options: &'a [String],
    /// Instead of CMD.
    pub args: &'a [String],
    pub get: &'a [String],
    pub port: Option<u16>,
    /// A program that goes on is watched for so long.
    pub observe: Duration,
    /// Has a shell where the other has none.
    pub helper: &'a str,
}

/// What a started image did.
#[derive(Default)]
pub(super) struct Observed {
    /// The engine could not start it.
    pub failed: Option<String>,
    /// None while it runs.
    pub exit: Option<i64>,
    pub listens: Option<BTreeSet<Listen>>,
    pub probes: Vec<Probe>,
    out: Vec<String>,
    err: Vec<String>,
    /// How long it took to end after SIGTERM, and whether it had to be killed.
    stop: Option<(Duration, bool)>,
}

pub(super) struct Probe {
    port: u16,
    path: String,
    /// Outer None: nobody could ask. Inner None: it answered something that is not HTTP.
    answer: Option<Option<Answer>>,
}

/// SIGKILL comes after so many seconds.
const GRACE: u64 = 3;

/// `like` is what the first image did: the second is given the time to get as far and is asked the same.
pub(super) fn observe(
    session: &Session,
    image: &str,
    plan: &Plan<'_>,
    like: Option<&Observed>,
    last: bool,
) -> Result<Observed, String> {
    let name = session.create(image, plan.options, plan.args)?;
    let observed = started(session, &name, plan, like, last);
    session.remove_container(&name);
    observed
}

fn started(
    session: &Session,
    name: &str,
    plan: &Plan<'_>,
    like: Option<&Observed>,
    last: bool,
) -> Result<Observed, String> {
    let engine = &session.engine;
    let mut observed = Observed::default();
    let start = Instant::now();
    if let Err(error) = engine.start(name) {
        observed.failed = Some(error.replace(name, "the container"));
        return Ok(observed);
    }
    let wanted = like.and_then(|like| like.listens.clone()).unwrap_or_default();
    let mut stable = Instant::now();
    let mut inside = None;
    loop {
        if process::interrupted() {
            return Err("interrupted".into());
        }
        let container = engine.container(name)?;
        let state = &container["State"];
        if state["Running"].as_bool() != Some(true) {
            observed.exit = Some(state["ExitCode"].as_i64().unwrap_or(-1));
            break;
        }
        let id = container["Id"].as_str().unwrap_or_default().to_string();
        let pid = state["Pid"].as_u64().unwrap_or(0);
        let inside = inside.get_or_insert(Inside { session, container: name, id, pid, helper: plan.helper });
        let ports = inside.listens();
        if ports != observed.listens {
            stable = Instant::now();
            observed.listens = ports;
        }
        let settled = observed.listens.as_ref().is_some_and(|ports| !ports.is_empty() && ports.is_superset(&wanted));
        let calm = stable.elapsed() >= Duration::from_secs(1) && settled;
        if calm || start.elapsed() >= plan.observe {
            break;
        }
        std::thread::sleep(Duration::from_millis(if inside.is_slow() { 1000 } else { 200 }));
    }
    if let (None, Some(inside)) = (observed.exit, &inside) {
        observed.probes = probes(inside, plan, &observed, like);
        // It may not have survived the probes.
        let state = engine.container(name)?["State"].take();
        if state["Running"].as_bool() != Some(true) {
            observed.exit = Some(state["ExitCode"].as_i64().unwrap_or(-1));
        } else if last {
            let start = Instant::now();
            engine.stop(name, GRACE)?;
            let took = start.elapsed();
            let code = engine.container(name)?["State"]["ExitCode"].as_i64();
            observed.stop = Some((took, code == Some(137) && took.as_secs() >= GRACE));
        }
    }
    let said = engine.logs(name)?;
    observed.out = plan.masks.lines(&said.out);
    observed.err = plan.masks.lines(&said.err);
    Ok(observed)
}

fn probes(inside: &Inside<'_>, plan: &Plan<'_>, observed: &Observed, like: Option<&Observed>) -> Vec<Probe> {
    if let Some(like) = like {
        let again = |probe: &Probe| ask(inside, probe.port, &probe.path);
        return like.probes.iter().map(again).collect();
    }
    let listens = observed.listens.iter().flatten().map(|listen| listen.port);
    let ports: Vec<u16> = match plan.port {
        Some(port) => vec![port],
        None => BTreeSet::from_iter(listens).into_iter().take(4).collect(),
    };
    let root = ["/".to_string()];
    let paths = if plan.get.is_empty() { &root[..] } else { plan.get };
    ports.iter().flat_map(|port| paths.iter().map(|path| ask(inside, *port, path))).collect()
}

fn ask(inside: &Inside<'_>, port: u16, path: &str) -> Probe {
    let answer = inside.talk(port, &net::request(path)).map(|bytes| net::answer(&bytes));
    Probe { port, path: path.to_string(), answer }
}

/// `again` is a second run of the first image. What could not be compared is added to `missing`.
pub(super) fn compare(
    before: &Observed,
    again: &Observed,
    after: &Observed,
    masks: &Masks,
    missing: &mut Vec<String>,
) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(error) = &after.failed {
        items.push(Item::new(Verdict::Different, "start", "").both(ending(before), error.clone()));
        return items;
    }
    let ended = |observed: &Observed| observed.exit.is_some();
    if before.exit == after.exit {
        let text = match before.exit {
            None => "both keep running".to_string(),
            Some(code) => format!("both end with {code}"),
        };
        items.push(Item::new(Verdict::Same, "exit", text));
    } else if before.exit != again.exit {
        missing.push(format!("how it ends: BEFORE {} once and {} once", ending(before), ending(again)));
    } else {
        items.push(Item::new(Verdict::Different, "exit", "").both(ending(before), ending(after)));
    }
    if let Some(code) = before.exit.filter(|code| *code != 0) {
        missing.push(format!("what comes after the point where BEFORE itself ends with {code}"));
    }
    ports(before, again, after, &mut items, missing);
    for (index, probe) in before.probes.iter().enumerate() {
        probed(probe, again.probes.get(index), after.probes.get(index), masks, &mut items, missing);
    }
    let cut_off = !ended(before) || !ended(after);
    for (what, old, repeated, new) in
        [("stdout", &before.out, &again.out, &after.out), ("stderr", &before.err, &again.err, &after.err)]
    {
        let compared = output::compare(old, Some(repeated), new, cut_off);
        // What it says when it fails to start stands beside the exit code.
        let told = matches!(&compared, Compared::Different { before: None, after: Some(line), .. }
            if before.exit != after.exit && ending(after).ends_with(line.trim()));
        if !told {
            items.extend(lines_item(what, compared));
        }
    }
    if let (Some(old), Some(new)) = (before.stop, after.stop) {
        let told = |(took, killed): (Duration, bool)| {
            if killed {
                format!("is ignored, killed after {GRACE} s")
            } else {
                format!("ends it in {:.1} s", took.as_secs_f64())
            }
        };
        let item = Item::new(Verdict::Note, "SIGTERM", "");
        items.push(if old.1 == new.1 {
            Item { verdict: Verdict::Same, text: told(new), ..item }
        } else {
            item.both(told(old), told(new))
        });
    }
    items
}

fn ending(observed: &Observed) -> String {
    match (&observed.failed, observed.exit) {
        (Some(error), _) => format!("cannot be started: {error}"),
        (None, Some(code)) => {
            let last = observed.err.last().or(observed.out.last());
            let said = last.map_or(String::new(), |line| format!(": {}", line.trim()));
            format!("ends with {code}{said}")
        }
        (None, None) => "keeps running".into(),
    }
}

impl Observed {
    pub(super) fn ending(&self) -> String {
        ending(self)
    }
}

fn ports(before: &Observed, again: &Observed, after: &Observed, items: &mut Vec<Item>, missing: &mut Vec<String>) {
    if before.exit.is_some() {
        return;
    }
    let (Some(old), Some(repeated)) = (&before.listens, &again.listens) else {
        missing.push("listening ports: the container's network cannot be seen from here".into());
        return;
    };
    let Some(new) = &after.listens else {
        if after.exit.is_none() {
            missing.push("listening ports: those of AFTER cannot be seen from here".into());
        }
        return;
    };
    // A port that is another one each time is nobody's to rely on.
    let fixed: BTreeSet<Listen> = old.intersection(repeated).cloned().collect();
    let chance = old.len() - fixed.len();
    let extra = new.difference(&fixed).count();
    if fixed.is_subset(new) && extra == chance {
        let random = if chance > 0 { format!(", and {chance} at random") } else { String::new() };
        items.push(Item::new(Verdict::Same, "listens on", format!("{}{random}", net::ports_text(&fixed))));
    } else {
        items.push(Item::new(Verdict::Different, "listens on", "").both(net::ports_text(old), net::ports_text(new)));
    }
}

fn probed(
    old: &Probe,
    again: Option<&Probe>,
    new: Option<&Probe>,
    masks: &Masks,
    items: &mut Vec<Item>,
    missing: &mut Vec<String>,
) {
    let what = format!("GET :{}{}", old.port, old.path);
    let first = match &old.answer {
        None => {
            missing.push(format!("{what}: nobody to ask with; it takes root and nsenter, or bash or nc in BEFORE"));
            return;
        }
        Some(None) => {
            missing.push(format!("{what}: BEFORE does not answer it as a web server does"));
            return;
        }
        Some(Some(answer)) => answer,
    };
    let repeated = again.and_then(|probe| probe.answer.clone().flatten()).unwrap_or_else(|| first.clone());
    let second = match new.map(|probe| &probe.answer) {
        Some(Some(Some(answer))) => answer,
        Some(Some(None)) => {
            items.push(
                Item::new(Verdict::Different, what, "").both(summary(first), "no answer, or none of a web server"),
            );
            return;
        }
        Some(None) => {
            items.push(Item::new(Verdict::Different, what, "").both(summary(first), "no answer"));
            return;
        }
        // It had ended by then, which is said elsewhere.
        None => return,
    };
    let differs = |value: fn(&Answer) -> String| value(first) == value(&repeated) && value(first) != value(second);
    let masked = |text: &str| masks.lines(text.as_bytes()).join("");
    let place = masked(&first.location) != masked(&second.location) && first.location == repeated.location;
    if differs(|answer| answer.status.to_string()) || differs(|answer| answer.content_type.clone()) || place {
        items.push(Item::new(Verdict::Different, what, "").both(opening(first), opening(second)));
        return;
    }
    let lines = |answer: &Answer| masks.lines(&answer.body);
    let compared = output::compare(&lines(first), Some(&lines(&repeated)), &lines(second), false);
    // What is beyond the lines that are compared, and what is no text at all.
    let whole = first.body == repeated.body
        && first.body.len() != second.body.len()
        && lines(first) == lines(second)
        && masks.lines(&first.body).concat().as_bytes() == first.body;
    items.push(match compared {
        Compared::Same { masked, .. } if !whole => {
            let note = if masked > 0 {
                format!(", {} masked: BEFORE differs from itself", count(masked, "line"))
            } else {
                String::new()
            };
            Item::new(Verdict::Same, what, format!("{}{note}", summary(first)))
        }
        Compared::Same { .. } => Item::new(Verdict::Different, what, "").both(summary(first), summary(second)),
        Compared::Different { line, before, after } => {
            let shown = |text: Option<String>| text.unwrap_or_else(|| "nothing".into());
            let item = Item::new(Verdict::Different, what, format!("{}, line {line} of the body", summary(second)));
            item.both(shown(before), shown(after))
        }
    });
}

fn summary(answer: &Answer) -> String {
    let mut text = answer.status.to_string();
    for part in [&answer.content_type, &answer.location] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    format!("{text}, {}", count(answer.body.len(), "byte"))
}

/// With what a failing server says of the reason.
fn opening(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    match body.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if answer.status >= 400 => format!("{}: {}", summary(answer), line.trim()),
        _ => summary(answer),
    }
}

fn lines_item(what: &str, compared: Compared) -> Option<Item> {
    match compared {
        Compared::Same { lines: 0, masked: 0 } => None,
        Compared::Same { lines, masked: 0 } => Some(Item::new(Verdict::Same, what, count(lines, "line"))),
        Compared::Same { lines, masked } => {
            let text = format!("{}, {masked} of them masked: BEFORE differs from itself", count(lines, "line"));
            Some(Item::new(Verdict::Same, what, text))
        }
        Compared::Different { line, before, after } => {
            let shown = |text: Option<String>| text.unwrap_or_else(|| "nothing".into());
            let item = Item::new(Verdict::Different, what, format!("line {line}"));
            Some(item.both(shown(before), shown(after)))
        }
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16, body: &str) -> Observed {
        let answer =
            Answer { status: 200, content_type: "text/plain".into(), location: String::new(), body: body.into() };
        Observed {
            listens: Some(BTreeSet::from([Listen { port, on: "" }])),
            probes: vec![Probe { port, path: "/".into(), answer: Some(Some(answer)) }],
            out: vec!["up".into()],
            stop: Some((Duration::from_millis(100), false)),
            ..Observed::default()
        }
    }

    fn ended(code: i64, out: &str) -> Observed {
        Observed { exit: Some(code), out: vec![out.into()], ..Observed::default() }
    }

    fn said(before: &Observed, again: &Observed, after: &Observed) -> (Vec<String>, Vec<String>) {
        let mut missing = Vec::new();
        let items = compare(before, again, after, &Masks::new(&[]).unwrap(), &mut missing);
        (items.iter().map(|item| format!("{} {}", item.verdict.name(), item.what)).collect(), missing)
    }

    #[test]
    fn servers_are_compared_by_ports_answers_and_output() {
        let before = || server(8080, "hello");
        let (items, missing) = said(&before(), &before(), &before());
        assert_eq!(items, ["same exit", "same listens on", "same GET :8080/", "same stdout", "same SIGTERM"]);
        assert!(missing.is_empty());
        let items = |after: &Observed| said(&before(), &before(), after).0.join(" | ");
        assert!(items(&server(8081, "hello")).contains("different listens on"));
        assert!(items(&server(8080, "template missing")).contains("different GET :8080/"));
        assert!(items(&Observed { out: vec!["down".into()], ..before() }).contains("different stdout"));
        assert!(items(&Observed { failed: Some("no such file".into()), ..before() }).contains("different start"));
        assert!(items(&Observed { exit: Some(2), ..before() }).contains("different exit"));
        assert!(items(&Observed { stop: Some((Duration::from_secs(3), true)), ..before() }).contains("note SIGTERM"));
    }

    #[test]
    fn what_the_first_image_does_not_repeat_is_not_held_against_the_second() {
        let (items, _) = said(&server(8080, "n 1"), &server(8080, "n 2"), &server(8080, "n 3"));
        assert!(items.contains(&"same GET :8080/".to_string()), "{items:?}");
        let (items, _) = said(&server(40001, "x"), &server(40002, "x"), &server(40003, "x"));
        assert!(items.contains(&"same listens on".to_string()), "{items:?}");
        let (items, missing) = said(&ended(0, "x"), &ended(1, "x"), &ended(1, "x"));
        assert!(!items.iter().any(|item| item.starts_with("different")), "{items:?}");
        assert!(missing.iter().any(|line| line.starts_with("how it ends")));
    }

    #[test]
    fn a_failure_to_start_is_told_once() {
        let dead = Observed { exit: Some(127), err: vec!["./main: not found".into()], ..Observed::default() };
        let alive = || Observed { listens: Some(BTreeSet::new()), ..Observed::default() };
        assert_eq!(said(&alive(), &alive(), &dead).0, ["different exit"]);
    }

    #[test]
    fn what_could_not_be_compared_is_said() {
        let (_, missing) = said(&ended(1, "no database"), &ended(1, "no database"), &ended(1, "no database"));
        assert_eq!(missing, ["what comes after the point where BEFORE itself ends with 1"]);
        let blind = || Observed {
            listens: None,
            probes: vec![Probe { port: 80, path: "/".into(), answer: None }],
            ..Observed::default()
        };
        let (_, missing) = said(&blind(), &blind(), &blind());
        assert_eq!(missing.len(), 2, "{missing:?}");
        let odd =
            || Observed { probes: vec![Probe { port: 22, path: "/".into(), answer: Some(None) }], ..server(22, "") };
        assert!(said(&odd(), &odd(), &odd()).1[0].contains("does not answer it as a web server"));
    }
}
