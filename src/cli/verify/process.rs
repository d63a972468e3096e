//! Other programs, started with a time limit: their output is kept up to a size, and they are stopped when the time is
//! over or the user presses Ctrl-C.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Set by the handler of Ctrl-C, SIGTERM and SIGHUP.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// More output than that is read and thrown away.
const MAX_OUTPUT: usize = 4 << 20;

/// From now on an interrupt does not end us: what runs is stopped, and what was made is removed.
pub(super) fn catch_interrupts() {
    // Fails when it is installed already, which is fine.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst));
}

pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Failed {
    /// The program is not there or cannot be started.
    Start(String),
    TimedOut(Duration),
    Interrupted,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failed::Start(error) => write!(f, "cannot be started: {error}"),
            Failed::TimedOut(limit) => write!(f, "took longer than {} s", limit.as_secs()),
            Failed::Interrupted => f.write_str("interrupted"),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Said {
    /// -1 where a signal ended it.
    pub code: i32,
    pub out: Vec<u8>,
    pub err: Vec<u8>,
}

impl Said {
    pub(in crate::cli) fn ok(&self) -> bool {
        self.code == 0
    }

    pub(in crate::cli) fn out(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    pub(in crate::cli) fn err(&self) -> String {
        String::from_utf8_lossy(&self.err).into_owned()
    }

    /// What it complained about: the last lines, on one.
    pub(super) fn complaint(&self) -> String {
        let err = self.err();
        let lines: Vec<&str> = err.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match lines.last() {
            Some(line) => line.trim_start_matches("Error response from daemon: ").to_string(),
            None => format!("it ended with {}", self.code),
        }
    }
}

pub(in crate::cli) struct Limits {
    pub time: Duration,
    /// Cleaning up goes on after an interrupt.
    pub to_the_end: bool,
}

/// Runs a command. `watch` is called now and then with what it wrote to its standard error so far.
pub(in crate::cli) fn run(
    command: &mut Command,
    stdin: Option<&[u8]>,
    limits: &Limits,
    watch: &mut dyn FnMut(&[u8]),
) -> Result<Said, Failed> {
    if interrupted() && !limits.to_the_end {
        return Err(Failed::Interrupted);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    own_group(command);
    let mut child = command.spawn().map_err(|error| Failed::Start(error.to_string()))?;
    let writer = child.stdin.take().zip(stdin.map(<[u8]>::to_vec));
    if let Some((mut pipe, bytes)) = writer {
        // The reader may be gone; that shows in its answer.
        std::thread::spawn(move || pipe.write_all(&bytes));
    }
    let (out, out_done) = collect(child.stdout.take());
    let (err, err_done) = collect(child.stderr.take());
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => return Err(Failed::Start(error.to_string())),
        }
        if interrupted() && !limits.to_the_end {
            stop(&mut child);
            return Err(Failed::Interrupted);
        }
        if start.elapsed() > limits.time {
            stop(&mut child);
            return Err(Failed::TimedOut(limits.time));
        }
        if let Ok(err) = err.lock() {
            watch(&err);
        }
        std::thread::sleep(Duration::from_millis(if start.elapsed().as_millis() < 300 { 5 } else { 50 }));
    };
    // A grandchild may hold the pipes open for ever: what is there by then is taken.
    let patience = Instant::now();
    while !(out_done.load(Ordering::SeqCst) && err_done.load(Ordering::SeqCst)) && patience.elapsed().as_secs() < 5 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let take = |bytes: &Mutex<Vec<u8>>| bytes.lock().map(|bytes| bytes.clone()).unwrap_or_default();
    Ok(Said { code: status.code().unwrap_or(-1), out: take(&out), err: take(&err) })
}

type Collected = (Arc<Mutex<Vec<u8>>>, Arc<AtomicBool>);

fn collect(pipe: Option<impl Read + Send + 'static>) -> Collected {
    let (bytes, done) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (kept, ended) = (bytes.clone(), done.clone());
    std::thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        if let Some(mut pipe) = pipe {
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                if let (Ok(mut kept), Some(part)) = (kept.lock(), buffer.get(..read))
                    && kept.len() < MAX_OUTPUT
                {
                    kept.extend_from_slice(part);
                }
            }
        }
        ended.store(true, Ordering::SeqCst);
    });
    (bytes, done)
}

/// So that Ctrl-C reaches us alone and its plug-ins can be stopped with it.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

fn stop(child: &mut Child) {
    #[cfg(unix)]
    {
        // Its whole group, and in a way in which it can tell the engine.
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        let start = Instant::now();
        while start.elapsed().as_secs() < 3 {
            if let Ok(Some(_)) = child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, stdin: Option<&[u8]>, millis: u64) -> Result<Said, Failed> {
        let limits = Limits { time: Duration::from_millis(millis), to_the_end: true };
        run(Command::new("/bin/sh").args(["-c", script]), stdin, &limits, &mut |_| {})
    }

    #[test]
    fn output_status_and_input_are_passed_on() {
        let said = shell("cat; echo out; echo err >&2; exit 3", Some(b"in "), 20_000).unwrap();
        assert_eq!((said.code, said.out().as_str(), said.err().as_str()), (3, "in out\n", "err\n"));
        assert_eq!(said.complaint(), "err");
    }

    #[test]
    fn what_takes_too_long_is_stopped_with_its_children() {
        let start = Instant::now();
        assert_eq!(shell("sleep 60 & sleep 60", None, 100).unwrap_err(), Failed::TimedOut(Duration::from_millis(100)));
        assert!(start.elapsed().as_secs() < 10);
    }

    #[test]
    fn what_is_not_there_says_so() {
        let limits = Limits { time: Duration::from_secs(5), to_the_end: true };
        let error = run(&mut Command::new("/nowhere/docker"), None, &limits, &mut |_| {}).unwrap_err();
        assert!(matches!(error, Failed::Start(_)), "{error}");
    }

    #[test]
    fn a_flood_of_output_is_kept_in_part() {
        let said = shell("head -c 9000000 /dev/zero", None, 60_000).unwrap();
        assert!(said.ok() && said.out.len() >= MAX_OUTPUT && said.out.len() < MAX_OUTPUT + (1 << 20));
    }
}
