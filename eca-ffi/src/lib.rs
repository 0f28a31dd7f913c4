//! C ABI of ECA.
