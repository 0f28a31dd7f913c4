//! Flexibility: what a site would have used, against which it is paid for using less.

pub mod baseline;
