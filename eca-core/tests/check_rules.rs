//! A plan made by hand passes the check; a plan that breaks a rule does not, whatever the rule.
//!
//! The numbers of each story are worked out by hand from docs/model.md, not by any code of the planner.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not take for tests")]

#[path = "check_rules/broken.rs"]
mod broken;
#[path = "check_rules/caps.rs"]
mod caps;
#[path = "check_rules/fluid.rs"]
mod fluid;
#[path = "check_rules/hostile.rs"]
mod hostile;
#[path = "check_rules/moves.rs"]
mod moves;
#[path = "check_rules/site.rs"]
mod site;
#[path = "check_rules/state.rs"]
mod state;
#[path = "check_rules/support.rs"]
mod support;
