//! A small solver-neutral sparse model (being written).
