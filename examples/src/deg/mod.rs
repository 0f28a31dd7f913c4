//! A small Digital Energy Grid for examples: who takes part and with which keys, their processes, a made-up day, what they
//! offer and write down, settlement and certificates.
//!
//! Everything in it is made up, and the keys are known to everybody.

pub mod agents;
pub mod certificates;
pub mod clock;
pub mod diary;
pub mod network;
pub mod planner;
pub mod settlement;
pub mod setup;
pub mod site;

/// What a step of an example gives: a value, or a reason in words.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
