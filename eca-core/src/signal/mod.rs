//! Prices, carbon and weather as aligned series with their sources.
