//! Green Inference Certificates: what energy, carbon and money some inference took, as W3C credentials whose ranges of Wh
//! cannot overlap.
//!
//! [`Registry`] issues, splits, transfers, retires and revokes them, each as a record of the log; [`verify`] believes one
//! by its signatures, and the audit of the log says whether it still holds. The page is docs/format/certificate.md.

mod base58;
mod book;
mod credential;
pub mod integrity;
pub mod jwt;
mod registry;
mod subject;

pub use base58::{did_key, key_of_did};
pub use book::{Book, Holding, Slot, State};
pub use credential::{TYPE, Terms, Verified, compact, for_message, issue, verify};
pub use registry::{Delivery, Registry};
pub use subject::{Assurance, Avoided, Evidence, Subject, WhRange};

#[cfg(test)]
mod tests {
    use super::base58::{decode, encode};

    #[test]
    fn base58_of_the_draft_vectors() {
        // The three vectors of draft-msporny-base58-03, section 5.
        let cases: [(&[u8], &str); 3] = [
            (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
            (
                b"The quick brown fox jumps over the lazy dog.",
                "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
            ),
            (&[0, 0, 0x28, 0x7f, 0xb4, 0xcd], "z11233QC4"),
        ];
        for (bytes, text) in cases {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
        assert_eq!(decode("z0"), None);
        assert_eq!(decode("11"), None);
    }
}
