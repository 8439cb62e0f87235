//! One text: its bytes, decoded. UTF-8, or UTF-16 where a byte order mark says so.

use std::{fs::File, io::Read, path::Path};

use super::unreadable;
use crate::workload::{
    definition::SourceFile,
    error::{Code, Error, Result},
    shell::quoted,
    yaml::TEXT_LIMIT,
};

/// Reads a file.
pub(super) fn open(name: &str, path: &Path) -> Result<SourceFile> {
    let file = File::open(path).map_err(|error| unreadable(name, &error))?;
    // Without reading what is refused anyway. A pipe or a device has no size.
    let size = file.metadata().map_err(|error| unreadable(name, &error))?.len();
    if size > TEXT_LIMIT as u64 {
        return Err(too_large(name));
    }
    read(name, file)
}

/// Reads all that comes from a reader.
pub(super) fn read(name: &str, reader: impl Read) -> Result<SourceFile> {
    let mut bytes = Vec::new();
    // One byte more tells a text that is too long from one that just fits, without reading all of
    // it.
    let limit = TEXT_LIMIT as u64 + 1;
    reader.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() > TEXT_LIMIT {
        return Err(too_large(name));
    }
    Ok(SourceFile { name: name.to_owned(), text: decode(name, bytes)?.into() })
}

/// Reads what a program or a server made: there is no file to mend.
pub(super) fn read_made(name: &str, reader: impl Read) -> Result<SourceFile> {
    read(name, reader).map_err(|error| Error { hint: None, ..error })
}

fn line_feeds(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

fn too_large(name: &str) -> Error {
    Error::usage(Code::TooLarge, format!("{name} is larger than {} MB", TEXT_LIMIT >> 20))
}

/// Decodes a text.
pub(super) fn decode(name: &str, bytes: Vec<u8>) -> Result<String> {
    match bytes.as_slice() {
        // PowerShell's `>` writes UTF-16 with a byte order mark.
        [0xFF, 0xFE, rest @ ..] => utf16(name, rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(name, rest, u16::from_be_bytes),
        // No YAML and no JSON has a NUL; UTF-16 of Latin letters is full of them.
        _ if bytes.contains(&0) => {
            let line = 1 + bytes.split(|&byte| byte == 0).next().map_or(0, line_feeds);
            let error = not_text(name, &format!("line {line} has a NUL byte"));
            let wide = bytes[..bytes.len().min(2)].contains(&0);
            let hint = format!("iconv -f UTF-16 -t UTF-8 {}", quoted(name));
            Err(if wide { error.hint(hint) } else { error })
        }
        _ => String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + line_feeds(valid);
            not_text(name, &format!("line {line} has bytes that are not UTF-8")).hint(format!(
                "`iconv -f ENCODING -t UTF-8 {}` decodes it, by the encoding that it has: \
                     WINDOWS-1252, ISO-8859-1",
                quoted(name)
            ))
        }),
    }
}

fn utf16(name: &str, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Option<String> = char::decode_utf16(units).map(Result::ok).collect();
    text.filter(|_| bytes.len().is_multiple_of(2))
        .ok_or_else(|| not_text(name, "its byte order mark promises UTF-16, which it is not"))
}

fn not_text(name: &str, why: &str) -> Error {
    Error::usage(Code::NotText, format!("{name} is not a text: {why}"))
}
