//! Canonical at first sight: most records are, and need not be read into a tree and written again to know it.

use super::{MAX_BYTES, MAX_DEPTH, MAX_INTEGER};

/// Whether a record is canonical at first sight: one pass over bytes of a plain form (ASCII keys, no escapes, integers).
/// `false` says nothing: [`super::parse`] and [`super::canonical_record`] decide then.
pub(crate) fn plainly_canonical(bytes: &[u8]) -> bool {
    let mut scan = Scan { left: bytes };
    bytes.len() <= MAX_BYTES
        && std::str::from_utf8(bytes).is_ok()
        && scan.value(MAX_DEPTH).is_some()
        && scan.left.is_empty()
}

/// What is left to be looked at.
struct Scan<'a> {
    left: &'a [u8],
}

impl<'a> Scan<'a> {
    fn take(&mut self, byte: u8) -> Option<()> {
        self.left = self.left.strip_prefix(&[byte])?;
        Some(())
    }

    /// Whether another item follows, and not the end.
    fn more(&mut self, end: u8) -> Option<bool> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        match *first {
            b',' => Some(true),
            byte if byte == end => Some(false),
            _ => None,
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match *self.left.first()? {
            b'"' => self.text().map(drop),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            _ => self.integer(),
        }
    }

    /// Keys in ascending order: so none stands twice.
    fn object(&mut self, depth: usize) -> Option<()> {
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(());
        }
        let mut last: Option<&[u8]> = None;
        loop {
            let key = self.text().filter(|key| key.is_ascii() && last.is_none_or(|last| *key > last))?;
            last = Some(key);
            self.take(b':')?;
            self.value(depth)?;
            if !self.more(b'}')? {
                return Some(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if !self.more(b']')? {
                return Some(());
            }
        }
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let end = self.left.iter().position(|byte| matches!(byte, b'"' | b'\\') || *byte < 0x20)?;
        let (text, rest) = self.left.split_at(end);
        self.left = rest;
        self.take(b'"').map(|()| text)
    }

    fn integer(&mut self) -> Option<()> {
        let negative = self.take(b'-').is_some();
        let end = self.left.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.left.len());
        let (digits, rest) = self.left.split_at(end);
        self.left = rest;
        let first = digits.first().filter(|_| digits.len() <= 16)?;
        // Sixteen digits go into an i64 with room.
        let value = digits.iter().fold(0_i64, |sum, digit| 10 * sum + i64::from(digit - b'0'));
        let plain = digits.len() == 1 || *first != b'0';
        (plain && value <= MAX_INTEGER && !(negative && value == 0)).then_some(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::{canonical_record, parse};
    use super::*;

    /// What reading and writing again says.
    fn canonical(bytes: &[u8]) -> bool {
        let again = parse("test", bytes).and_then(|value| canonical_record("test", &value));
        again.is_ok_and(|again| again == bytes)
    }

    #[test]
    fn what_is_plain_is_canonical() {
        for text in [
            "{\"a\":1,\"b\":[],\"c\":{\"\":\"x\",\"d\":[-1,0,9007199254740991]},\"e\":\"\u{a3}\u{7f}\"}",
            "{}",
            "[]",
            "0",
            r#""x""#,
            r#"{"":1,"a":2}"#,
        ] {
            assert!(plainly_canonical(text.as_bytes()) && canonical(text.as_bytes()), "{text}");
        }
        for text in [
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"":1,"":2}"#,
            r#"{"a": 1}"#,
            r#"{"a":1} "#,
            r#"{"a":1,}"#,
            "[1,]",
            "[1 2]",
            "[1",
            "01",
            "-0",
            "-01",
            "-",
            "",
            "1.0",
            "1e2",
            "9007199254740992",
            "-9007199254740992",
            "99999999999999999999",
            "true",
            "null",
            r#""\u0041""#,
            r#""\/""#,
            "\"\t\"",
            "\"",
        ] {
            assert!(!plainly_canonical(text.as_bytes()) && !canonical(text.as_bytes()), "{text}");
        }
        let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
        assert!(plainly_canonical(&deep(MAX_DEPTH)) && canonical(&deep(MAX_DEPTH)));
        assert!(!plainly_canonical(&deep(MAX_DEPTH + 1)) && !canonical(&deep(MAX_DEPTH + 1)));
        assert!(!plainly_canonical(b"\"\xff\"") && !canonical(b"\"\xff\""));
    }

    /// Every byte of a record replaced by each of those that JSON knows, or left out.
    #[test]
    fn no_change_of_a_byte_is_plain_and_not_canonical() {
        let record = r#"{"actor":"g","body":{"a":[1,-20,"x"],"b":{}},"refs":[{"name":"n","size":10}],"seq":0,"v":1}"#;
        let mut plain = 0;
        for at in 0..record.len() {
            for byte in *b" \"\\,:-.[]{}019aeftunE+/\n\x00\xc3" {
                let mut bytes = record.as_bytes().to_vec();
                bytes[at] = byte;
                let says = plainly_canonical(&bytes);
                plain += usize::from(says);
                assert!(!says || canonical(&bytes), "{}", String::from_utf8_lossy(&bytes));
            }
            let mut bytes = record.as_bytes().to_vec();
            bytes.remove(at);
            assert!(!plainly_canonical(&bytes) || canonical(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }
        assert!(plain > 200, "{plain}");
    }
}
