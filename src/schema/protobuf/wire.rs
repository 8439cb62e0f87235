//! The wire format of protobuf: numbers with what they hold.

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Field<'a> {
    pub(super) number: usize,
    pub(super) payload: Payload<'a>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Payload<'a> {
    Integer(u64),
    /// Four or eight bytes.
    Fixed(u64),
    Bytes(&'a [u8]),
}

impl<'a> Payload<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// A number; negative ones are written as large ones. No bytes are 0, as in a map.
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(number.cast_signed()),
            Self::Bytes([]) => Some(0),
            _ => None,
        }
    }

    pub(super) fn double(self) -> Option<f64> {
        match self {
            Self::Fixed(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }
}

/// Takes a message apart; none where it is none.
pub(super) fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (key, rest) = varint(bytes)?;
        let (payload, rest) = match key & 7 {
            0 => {
                let (number, rest) = varint(rest)?;
                (Payload::Integer(number), rest)
            }
            1 => {
                let (eight, rest) = rest.split_first_chunk::<8>()?;
                (Payload::Fixed(u64::from_le_bytes(*eight)), rest)
            }
            2 => {
                let (length, rest) = varint(rest)?;
                let (content, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Payload::Bytes(content), rest)
            }
            5 => {
                let (four, rest) = rest.split_first_chunk::<4>()?;
                (Payload::Fixed(u64::from(u32::from_le_bytes(*four))), rest)
            }
            _ => return None,
        };
        found.push(Field { number: usize::try_from(key >> 3).ok()?, payload });
        bytes = rest;
    }
    Some(found)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}
