//! Why a call failed: the failure inside, the status, text and JSON outside.

use crate::guard::value_guard;
use crate::status::{self, *};
use std::cell::RefCell;
use std::error::Error as _;
use std::ffi::{CString, c_char};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("argument `{0}` is NULL")]
    Null(&'static str),
    #[error("argument `{argument}` is not UTF-8 at byte {at}")]
    Utf8 { argument: &'static str, at: usize },
    #[error("argument `{argument}` {problem}")]
    Handle { argument: &'static str, problem: String },
    #[error("argument `{0}` is not aligned for the type it points to")]
    Misaligned(&'static str),
    #[error("argument `{argument}` has length {length}, {limit}")]
    Length { argument: &'static str, length: usize, limit: String },
    #[error("there is no {kind} `{name}`; known: {known}")]
    Unknown { kind: &'static str, name: String, known: String },
    #[error(
        "this process was forked while another thread was inside ECA, so this call could wait for ever; start children before threads, or start them with exec"
    )]
    Forked,
    #[error("header has ABI version {header}, library has {library}; compile with the header of the library")]
    Abi { header: u32, library: u32 },
    #[error("the plan fails its check in {count} places, first: {first}")]
    Check { count: usize, first: String },
    #[error("panic: {0}; free the handles of this call and report it")]
    Panic(String),
    #[error("{0}")]
    Core(#[from] eca_core::Error),
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Most names that a message lists.
const MOST_NAMES: usize = 24;

impl Failure {
    /// A name that refers to nothing, with the names that would.
    pub(crate) fn unknown<'a>(kind: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = known.into_iter().take(MOST_NAMES + 1).collect();
        if names.len() > MOST_NAMES {
            names[MOST_NAMES] = "...";
        }
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Self::Unknown { kind, name: name.to_owned(), known }
    }

    /// The status that stands for it.
    pub(crate) fn status(&self) -> eca_status {
        match self {
            Self::Null(_) => ECA_STATUS_NULL_ARGUMENT,
            Self::Utf8 { .. } => ECA_STATUS_INVALID_UTF8,
            Self::Handle { .. } => ECA_STATUS_INVALID_HANDLE,
            Self::Misaligned(_) => ECA_STATUS_MISALIGNED,
            Self::Length { .. } => ECA_STATUS_LENGTH,
            Self::Unknown { .. } => ECA_STATUS_UNKNOWN,
            Self::Forked => ECA_STATUS_WRONG_PROCESS,
            Self::Abi { .. } => ECA_STATUS_WRONG_ABI,
            Self::Check { .. } => ECA_STATUS_CHECK_FAILED,
            Self::Panic(_) => ECA_STATUS_PANIC,
            Self::Core(error) => status::of_kind(error.kind()),
        }
    }

    /// The message with its causes, in one line.
    fn message(&self) -> String {
        let mut text = self.to_string();
        let mut cause = match self {
            Self::Core(error) => error.source(),
            _ => None,
        };
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

/// What is kept of the last failure of a thread.
#[derive(Default)]
struct Last {
    text: CString,
    json: CString,
}

thread_local! {
    static LAST: RefCell<Last> = RefCell::default();
}

/// Text for C: a NUL inside would end it early, so it is replaced.
fn c_text(text: String) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// Keeps the failure for [`eca_last_error`] and gives its status.
pub(crate) fn keep(function: &'static str, failure: &Failure) -> eca_status {
    let status = failure.status();
    let message = failure.message();
    let json = serde_json::json!({
        "status": status,
        "kind": status::name(status).to_string_lossy(),
        "function": function,
        "message": message,
    });
    // A thread that is ending has no place to keep it; the status still tells.
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Last { text: c_text(message), json: c_text(json.to_string()) };
        }
    });
    status
}

/// One of the two texts of the last failure of this thread.
fn last(part: fn(&Last) -> &CString) -> *const c_char {
    value_guard(c"".as_ptr(), || {
        LAST.try_with(|last| last.try_borrow().map_or(c"".as_ptr(), |last| part(&last).as_ptr()))
            .unwrap_or(c"".as_ptr())
    })
}

/// The message of the last call on this thread that failed; empty where none has failed yet.
///
/// It names the object, the value, the limit and the unit. A call that succeeds leaves it alone, so handles may be
/// freed before it is read. Never NULL. Valid until the next failure on this thread: copy it to keep it, never free it.
#[unsafe(no_mangle)]
pub extern "C" fn eca_last_error() -> *const c_char {
    last(|last| &last.text)
}

/// The last failure on this thread as JSON: `{"status", "kind", "function", "message"}`; empty where none has failed yet.
///
/// Lifetime and thread rules are those of `eca_last_error`.
#[unsafe(no_mangle)]
pub extern "C" fn eca_last_error_json() -> *const c_char {
    last(|last| &last.json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_in_a_message_does_not_cut_it() {
        assert_eq!(c_text("a\0b".into()).to_str(), Ok("a\u{fffd}b"));
    }

    #[test]
    fn a_long_list_of_names_is_cut() {
        let names: Vec<String> = (0..100).map(|n| format!("job{n}")).collect();
        let text = Failure::unknown("job", "x", names.iter().map(String::as_str)).to_string();
        assert!(text.contains("job23, ...") && !text.contains("job24"), "{text}");
    }
}
