//! The C ABI of ECA: the problem, the plan, the one `solve` and the rolling horizon, for C, C++ and everything that can call C.
//!
//! The header is `include/eca.h`, generated from these sources; `docs/guide/c.md` is the guide. Six rules hold for
//! every function.
//!
//! 1. It returns an [`eca_status`], zero for success, unless it cannot fail. The message is in [`eca_last_error`].
//! 2. Outputs go through pointers and are written only on success. Inputs are copied.
//! 3. A handle is a number in a table, never an address: one that was freed, made up or of another type is refused.
//! 4. `_free(NULL)` is allowed, and freeing twice is refused, not undefined.
//! 5. A panic stops at the border and comes out as [`ECA_STATUS_PANIC`].
//! 6. Every handle may be used from several threads at once.
#![allow(non_camel_case_types)]

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the C ABI packs kind and serial number of a handle into 64 bits");

mod args;
mod audit;
mod builder;
mod cancel;
mod conflict;
mod error;
mod fields;
mod guard;
mod handle;
mod live;
mod lock;
mod market;
mod offers;
mod plan;
mod problem;
mod rolling;
mod selling;
mod settings;
mod settle;
mod shed;
mod solve;
mod status;
mod string;
mod time;
mod version;

pub use audit::*;
pub use builder::*;
pub use cancel::*;
pub use conflict::*;
pub use error::{eca_last_error, eca_last_error_json};
pub use handle::{
    eca_builder, eca_cancel, eca_conflict, eca_controller, eca_live_count, eca_loop, eca_plan, eca_problem,
    eca_settings, eca_shadow, eca_step,
};
pub use live::*;
pub use market::*;
pub use offers::*;
pub use plan::*;
pub use problem::*;
pub use rolling::*;
pub use selling::*;
pub use settings::*;
pub use settle::*;
pub use shed::*;
pub use solve::*;
pub use status::*;
pub use string::eca_string_free;
pub use time::*;
pub use version::*;

#[cfg(any(feature = "test-hooks", debug_assertions))]
pub use guard::eca_test_panic_next;
