//! Letters that make no words: the alphabet of generated names (apimachinery's `util/rand`).

/// No vowels, so that no name says anything, and no 0, 1 and 3, which look like letters.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

fn letter(byte: u8) -> char {
    char::from(LETTERS[usize::from(byte) % LETTERS.len()])
}

/// A random end of a name (`rand.String`).
pub(super) fn suffix(length: usize) -> String {
    uuid::Uuid::new_v4().as_bytes().iter().take(length).map(|byte| letter(*byte)).collect()
}

/// A text in these letters, such as the digits of a hash (`rand.SafeEncodeString`).
pub(super) fn safe_encode(text: &str) -> String {
    text.bytes().map(letter).collect()
}
