//! Forecasts of a series with quantiles and a back-test.
