//! The little of an ELF file that says whether it can start: machine, interpreter, and the libraries it asks for.
//! Little-endian files of 32 and 64 bit. Any bytes may come in: what is out of range is an error, never a panic.

/// What an ELF file asks of its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Elf {
    pub bits: u8,
    pub machine: u16,
    /// PT_INTERP: the loader. None in static programs and in most libraries.
    pub interpreter: Option<String>,
    /// DT_NEEDED, in order.
    pub needed: Vec<String>,
    pub rpath: Vec<String>,
    pub runpath: Vec<String>,
}

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
/// No real file has as many; a broken one must not keep us busy.
const MOST_ENTRIES: usize = 4096;

pub(super) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// `Err` says in one clause what is wrong with the file.
pub(super) fn parse(bytes: &[u8]) -> Result<Elf, &'static str> {
    if !is_elf(bytes) {
        return Err("is no ELF file");
    }
    let wide = match bytes.get(4) {
        Some(1) => false,
        Some(2) => true,
        _ => return Err("is an ELF file of unknown class"),
    };
    match bytes.get(5) {
        Some(1) => {}
        Some(2) => return Err("is a big-endian ELF file, which is not looked into"),
        _ => return Err("is an ELF file of unknown byte order"),
    }
    let file = File { bytes, wide };
    file.read().ok_or("is an ELF file that ends too early")
}

#[derive(Clone, Copy)]
struct File<'b> {
    bytes: &'b [u8],
    wide: bool,
}

struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    size: u64,
}

impl File<'_> {
    fn read(self) -> Option<Elf> {
        let machine = u16::try_from(self.number(18, 2)?).ok()?;
        let segments = self.segments()?;
        let mut elf = Elf { bits: if self.wide { 64 } else { 32 }, machine, ..Elf::default() };
        if let Some(segment) = segments.iter().find(|segment| segment.kind == PT_INTERP) {
            elf.interpreter = Some(self.text(segment.offset)?);
        }
        let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else { return Some(elf) };
        let (mut wanted, mut strings) = (Vec::new(), None);
        let word: u64 = if self.wide { 8 } else { 4 };
        for entry in 0..MOST_ENTRIES as u64 {
            if entry.checked_mul(2 * word)? >= dynamic.size {
                break;
            }
            let at = dynamic.offset.checked_add(entry * 2 * word)?;
            let (tag, value) = (self.number(at, word)?, self.number(at.checked_add(word)?, word)?);
            match tag {
                0 => break,
                DT_STRTAB => strings = Some(value),
                DT_NEEDED | DT_RPATH | DT_RUNPATH => wanted.push((tag, value)),
                _ => {}
            }
        }
        if wanted.is_empty() {
            return Some(elf);
        }
        let strings = offset_of(&segments, strings?)?;
        for (tag, value) in wanted {
            let text = self.text(strings.checked_add(value)?)?;
            let paths = || text.split(':').filter(|path| !path.is_empty()).map(str::to_string);
            match tag {
                DT_NEEDED => elf.needed.push(text),
                DT_RPATH => elf.rpath.extend(paths()),
                _ => elf.runpath.extend(paths()),
            }
        }
        Some(elf)
    }

    fn segments(self) -> Option<Vec<Segment>> {
        let (table, size, count) = if self.wide {
            (self.number(32, 8)?, self.number(54, 2)?, self.number(56, 2)?)
        } else {
            (self.number(28, 4)?, self.number(42, 2)?, self.number(44, 2)?)
        };
        let mut segments = Vec::new();
        for index in 0..count.min(MOST_ENTRIES as u64) {
            let at = table.checked_add(index.checked_mul(size)?)?;
            let field = |place: u64, bytes: u64| self.number(at.checked_add(place)?, bytes);
            segments.push(if self.wide {
                Segment { kind: field(0, 4)?, offset: field(8, 8)?, address: field(16, 8)?, size: field(32, 8)? }
            } else {
                Segment { kind: field(0, 4)?, offset: field(4, 4)?, address: field(8, 4)?, size: field(16, 4)? }
            });
        }
        Some(segments)
    }

    fn number(self, at: u64, bytes: u64) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(usize::try_from(bytes).ok()?)?;
        let field = self.bytes.get(start..end)?;
        Some(field.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// Up to the NUL.
    fn text(self, at: u64) -> Option<String> {
        let rest = self.bytes.get(usize::try_from(at).ok()?..)?;
        let end = memchr::memchr(0, rest)?;
        Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
    }
}

/// Where in the file an address is loaded from.
fn offset_of(segments: &[Segment], address: u64) -> Option<u64> {
    let holds = |segment: &&Segment| {
        segment.kind == PT_LOAD && address.checked_sub(segment.address).is_some_and(|within| within < segment.size)
    };
    let segment = segments.iter().find(holds)?;
    segment.offset.checked_add(address - segment.address)
}

/// The machine as people call it.
pub(super) fn machine_name(machine: u16) -> &'static str {
    match machine {
        3 => "386",
        8 => "mips",
        20 => "ppc",
        21 => "ppc64le",
        22 => "s390x",
        40 => "arm",
        62 => "amd64",
        183 => "arm64",
        243 => "riscv64",
        258 => "loong64",
        _ => "unknown",
    }
}

/// A small ELF file for tests: what it asks for, and nothing that could run.
#[cfg(test)]
pub(super) fn build(wide: bool, interpreter: Option<&str>, needed: &[&str], runpath: Option<&str>) -> Vec<u8> {
    let word = if wide { 8 } else { 4 };
    let put = |bytes: &mut Vec<u8>, value: u64, size: usize| bytes.extend_from_slice(&value.to_le_bytes()[..size]);
    let (header, entry) = if wide { (64, 56) } else { (52, 32) };
    let dynamic = !needed.is_empty() || runpath.is_some();
    let count = 1 + usize::from(interpreter.is_some()) + usize::from(dynamic);
    let mut data: Vec<u8> = Vec::new();
    let start = header + entry * count;
    let mut text = |text: &str| {
        let at = start + data.len();
        data.extend_from_slice(text.as_bytes());
        data.push(0);
        at as u64
    };
    let interpreter = interpreter.map(&mut text);
    let strings = text("");
    let mut tags: Vec<(u64, u64)> = needed.iter().map(|name| (DT_NEEDED, text(name) - strings)).collect();
    tags.extend(runpath.map(|path| (DT_RUNPATH, text(path) - strings)));
    const BASE: u64 = 0x40_0000;
    tags.extend([(DT_STRTAB, BASE + strings), (0, 0)]);
    let table = (start + data.len()) as u64;
    for (tag, value) in &tags {
        put(&mut data, *tag, word);
        put(&mut data, *value, word);
    }
    let total = (start + data.len()) as u64;
    let mut bytes = b"\x7fELF".to_vec();
    bytes.extend_from_slice(&[if wide { 2 } else { 1 }, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    put(&mut bytes, 2, 2);
    put(&mut bytes, if wide { 62 } else { 3 }, 2);
    put(&mut bytes, 1, 4);
    put(&mut bytes, BASE, word);
    put(&mut bytes, header as u64, word);
    put(&mut bytes, 0, word);
    put(&mut bytes, 0, 4);
    for value in [header, entry, count, 0, 0, 0] {
        put(&mut bytes, value as u64, 2);
    }
    let mut segment = |kind: u64, offset: u64, address: u64, size: u64| {
        put(&mut bytes, kind, 4);
        if wide {
            put(&mut bytes, 0, 4);
        }
        for value in [offset, address, address, size, size] {
            put(&mut bytes, value, word);
        }
        put(&mut bytes, 0, 4);
        put(&mut bytes, 0, if wide { 8 } else { 4 });
        if wide {
            bytes.truncate(bytes.len() - 4);
        }
    };
    segment(PT_LOAD, 0, BASE, total);
    if let Some(offset) = interpreter {
        segment(PT_INTERP, offset, BASE + offset, 1);
    }
    if dynamic {
        segment(PT_DYNAMIC, table, BASE + table, (tags.len() * 2 * word) as u64);
    }
    assert_eq!(bytes.len(), start);
    bytes.extend_from_slice(&data);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn interpreter_libraries_and_paths_are_read_in_both_widths() {
        for wide in [true, false] {
            let bytes = build(wide, Some("/lib/ld.so"), &["libc.so.6", "libm.so.6"], Some("$ORIGIN/../lib:/opt"));
            let elf = parse(&bytes).unwrap();
            assert_eq!(elf.bits, if wide { 64 } else { 32 });
            assert_eq!(machine_name(elf.machine), if wide { "amd64" } else { "386" });
            assert_eq!(elf.interpreter.as_deref(), Some("/lib/ld.so"));
            assert_eq!(elf.needed, ["libc.so.6", "libm.so.6"]);
            assert_eq!(elf.runpath, ["$ORIGIN/../lib", "/opt"]);
            let alone = parse(&build(wide, None, &[], None)).unwrap();
            assert_eq!((alone.interpreter, alone.needed.len()), (None, 0));
        }
    }

    #[test]
    fn what_is_no_whole_elf_file_is_an_error_in_words() {
        let good = build(true, Some("/lib/ld.so"), &["libc.so.6"], None);
        let mut big = good.clone();
        big[5] = 2;
        for (bytes, want) in [
            (&b"#!/bin/sh\n"[..], "no ELF"),
            (b"", "no ELF"),
            (b"\x7fELF", "class"),
            (&big, "big-endian"),
            (&good[..70], "ends too early"),
            (&good[..good.len() - 40], "ends too early"),
        ] {
            let error = parse(bytes).unwrap_err();
            assert!(error.contains(want), "{error}: {want}");
        }
    }

    /// The test binary itself: a file that a real linker made.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_real_program_is_read() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if bytes.get(5) == Some(&1) {
            let elf = parse(&bytes).unwrap();
            assert!(elf.interpreter.is_none() == elf.needed.is_empty(), "{elf:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_damage_makes_it_panic(wide: bool, damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..12), cut: u16) {
            let mut bytes = build(wide, Some("/lib/ld.so"), &["libc.so.6", "libm.so.6"], Some("/opt"));
            for (at, byte) in damage {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            let _ = parse(&bytes);
            bytes.truncate(usize::from(cut) % (bytes.len() + 1));
            let _ = parse(&bytes);
        }
    }
}
