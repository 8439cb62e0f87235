//! Reading a body straight into its canonical text: what is kept needs no tree on its way.

use std::{fmt, io::Write as _};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

/// JSON without white space, as it comes.
#[derive(Default)]
pub(super) struct Text {
    json: Vec<u8>,
    /// How many levels it nests.
    deepest: usize,
    depth: usize,
    /// Whether keys came unsorted, or twice.
    is_unsorted: bool,
}

impl Text {
    /// Reads all of a value.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = Self::default();
        Reading(&mut text).deserialize(deserializer)?;
        Ok(text)
    }

    /// Gives the canonical text, unless it was no such text or nests deeper than that.
    ///
    /// # Errors
    /// The text as it came.
    pub(super) fn canonical(self, deepest: usize) -> Result<String, String> {
        let is_canonical = !self.is_unsorted && self.deepest <= deepest;
        let text = String::from_utf8(self.json).expect("JSON is UTF-8");
        if is_canonical { Ok(text) } else { Err(text) }
    }

    fn write(&mut self, scalar: impl fmt::Display) {
        write!(self.json, "{scalar}").expect("writing to memory cannot fail");
    }

    fn string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.json, text).expect("writing to memory cannot fail");
    }

    fn open(&mut self, bracket: u8) {
        self.json.push(bracket);
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    fn close(&mut self, bracket: u8) {
        self.json.push(bracket);
        self.depth -= 1;
    }
}

/// The next value.
struct Reading<'t>(&'t mut Text);

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.0.write(truth);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.0.write(number);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.0.write(number);
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.write(Number::from_f64(number).map_or(Value::Null, Value::Number));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.string(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.write("null");
        Ok(())
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self(text) = self;
        text.open(b'[');
        let begin = text.json.len();
        while items.next_element_seed(Next { text, begin })?.is_some() {}
        text.close(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Self(text) = self;
        text.open(b'{');
        let mut before: Option<String> = None;
        while let Some(key) = fields.next_key::<String>()? {
            if before.is_some() {
                text.json.push(b',');
            }
            text.is_unsorted |= before.is_some_and(|before| before >= key);
            text.string(&key);
            text.json.push(b':');
            fields.next_value_seed(Reading(text))?;
            before = Some(key);
        }
        text.close(b'}');
        Ok(())
    }
}

/// The next item of a list that begins there.
struct Next<'t> {
    text: &'t mut Text,
    begin: usize,
}

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { text, begin } = self;
        if text.json.len() > begin {
            text.json.push(b',');
        }
        Reading(text).deserialize(deserializer)
    }
}
