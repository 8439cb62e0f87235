//! How values stand in columns: the only place where text and blobs become types.
//!
//! What cannot be understood is an error that says so (`unknown-word`, `corrupt-database`),
//! never a panic and never a default.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::{Timestamp, civil};
use rusqlite::{
    Row,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
};
use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer as _, value::StrDeserializer},
};
use serde_json::Value;

use super::failure;
use crate::workload::error::{Code, Error};

/// JSON nested deeper than this cannot be read back (`serde_json` stops at 128).
const DEPTH_LIMIT: usize = 120;

/// The columns of a row one after the other, as they were selected: SQLite would look a name up anew
/// in each of a thousand rows.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    /// Begins with the first one.
    pub(super) fn of(row: &'r Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    /// Reads the next one.
    pub(super) fn read<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Reads the next one as the text that it is.
    pub(super) fn text(&mut self) -> rusqlite::Result<&'r str> {
        let text = self.row.get_ref(self.next)?.as_str()?;
        self.next += 1;
        Ok(text)
    }

    /// The same where there may be nothing.
    pub(super) fn text_or_null(&mut self) -> rusqlite::Result<Option<&'r str>> {
        if self.is_null()? {
            self.next += 1;
            return Ok(None);
        }
        self.text().map(Some)
    }

    /// Passes over some in which there is nothing.
    pub(super) fn pass<T>(&mut self, count: usize) -> Option<T> {
        self.next += count;
        None
    }

    /// Tells whether there is nothing in the next one.
    pub(super) fn is_null(&self) -> rusqlite::Result<bool> {
        Ok(self.row.get_ref(self.next)? == ValueRef::Null)
    }
}

/// A name or an enum, as its stable word.
pub(super) struct Word<T>(pub T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(Value::String(word)) => Ok(ToSqlOutput::from(word)),
            other => unreachable!("names and unit enums are strings in JSON, not {other:?}"),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let word: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        T::deserialize(word)
            .map(Self)
            .map_err(|error| unreadable(failure::unknown_word(text, error)))
    }
}

/// A time, as RFC 3339 in UTC with nine digits: it sorts as text and loses nothing.
pub(super) struct Time(pub Timestamp);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(format!("{:.9}", self.0)))
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        if let Some(time) = as_written(text.as_bytes()) {
            return Ok(Self(time));
        }
        text.parse().map(Self).map_err(|error| unreadable(failure::unknown_word(text, error)))
    }
}

/// Reads a time as we write it, all digits in their places: ten thousand are read at once, and to read
/// all that RFC 3339 allows takes three times as long.
fn as_written(text: &[u8]) -> Option<Timestamp> {
    const EPOCH: civil::DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (29, b'Z')];
    if text.len() != 30 || shape.iter().any(|(place, mark)| text[*place] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0, |number: i32, digit| {
            digit.is_ascii_digit().then(|| 10 * number + i32::from(digit - b'0'))
        })
    };
    let small = |from| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let year = number(0, 4).and_then(|year| i16::try_from(year).ok())?;
    let date = civil::Date::new(year, small(5)?, small(8)?).ok()?;
    let time = civil::Time::new(small(11)?, small(14)?, small(17)?, number(20, 29)?).ok()?;
    Timestamp::from_duration(date.to_datetime(time).duration_since(EPOCH)).ok()
}

/// A number that counts something.
pub(super) struct Count(pub u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        i64::try_from(self.0).map(ToSqlOutput::from).map_err(|_| {
            let error =
                Error::failed(Code::Database, format!("{} is too large to be stored", self.0));
            rusqlite::Error::ToSqlConversionFailure(Box::new(error))
        })
    }
}

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// A small value, as JSON text.
pub(super) struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_vec(&self.0).map_err(|error| unwritable(&error))?;
        check_depth(&text)?;
        let text = String::from_utf8(text).expect("JSON is UTF-8");
        Ok(ToSqlOutput::from(text))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| unreadable(failure::unknown_word(text, error)))
    }
}

/// A large value, as gzipped JSON.
pub(super) struct Packed<T>(pub T);

impl<T: Serialize> ToSql for Packed<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let json = serde_json::to_vec(&self.0).map_err(|error| unwritable(&error))?;
        check_depth(&json)?;
        let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 8), Compression::fast());
        encoder.write_all(&json).expect("writing to memory cannot fail");
        Ok(ToSqlOutput::from(encoder.finish().expect("writing to memory cannot fail")))
    }
}

impl<T: DeserializeOwned> FromSql for Packed<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let mut json = Vec::new();
        GzDecoder::new(value.as_blob()?)
            .read_to_end(&mut json)
            .map_err(|error| FromSqlError::Other(Box::new(error)))?;
        serde_json::from_slice(&json)
            .map(Self)
            .map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

fn unreadable(error: Error) -> FromSqlError {
    FromSqlError::Other(Box::new(error))
}

fn unwritable(error: &serde_json::Error) -> rusqlite::Error {
    let error = Error::failed(Code::Database, "a value cannot be stored").chain(error);
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// Refuses JSON that could be written but not read back.
fn check_depth(json: &[u8]) -> rusqlite::Result<()> {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
    }
    if deepest <= DEPTH_LIMIT {
        return Ok(());
    }
    let error = Error::usage(
        Code::TooDeep,
        format!("an object is nested {deepest} levels deep, at most {DEPTH_LIMIT} can be stored"),
    );
    Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
