//! What can go wrong, with the object, the value, the limit and the unit a person needs to mend it.

use std::error::Error as StdError;

/// Result of a call that can refuse its input or fail to plan.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason of an [`Error`], one for each Python exception class and C status code.
///
/// The numbers are part of the C ABI: they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// The text is not a document of the expected form.
    Document = 10,
    /// A value is outside its limits.
    Value = 11,
    /// An array has the wrong number of values.
    Length = 12,
    /// An identifier is used twice.
    Duplicate = 13,
    /// A name refers to nothing.
    Unknown = 14,
    /// A feature that this version does not have.
    Unsupported = 15,
    /// A job cannot meet its hard deadline even alone.
    CannotFit = 16,
    /// A time stamp or settlement period is not usable.
    Time = 17,
    /// A series has gaps and the chosen policy refuses them.
    Gap = 18,
    /// A signal file cannot be read.
    Parse = 19,
    /// A price in another currency without a rate.
    Currency = 20,
    /// The solver is missing, wrong or failed.
    Solver = 30,
    /// No plan satisfies the hard limits.
    Infeasible = 31,
    /// The caller cancelled the solve before a plan was found.
    Cancelled = 32,
    /// A plan does not belong to this problem.
    Mismatch = 33,
    /// A defect of ECA itself.
    Internal = 90,
}

impl ErrorKind {
    /// The stable name used in JSON output and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Value => "value",
            Self::Length => "length",
            Self::Duplicate => "duplicate",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
            Self::CannotFit => "cannot_fit",
            Self::Time => "time",
            Self::Gap => "gap",
            Self::Parse => "parse",
            Self::Currency => "currency",
            Self::Solver => "solver",
            Self::Infeasible => "infeasible",
            Self::Cancelled => "cancelled",
            Self::Mismatch => "mismatch",
            Self::Internal => "internal",
        }
    }
}

/// Everything that eca-core refuses or fails at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a document of the expected form.
    #[error("document {path}: {message}")]
    Document {
        /// Where in the document, such as `regions[0].import_price_gbp_per_mwh[3]`.
        path: String,
        /// What is wrong there.
        message: String,
    },
    /// A value is outside its limits.
    #[error("{object} has {field} = {value}{space}{unit}, {limit}", space = if unit.is_empty() { "" } else { " " })]
    Value {
        /// The object, such as "region `london`".
        object: String,
        /// The field, with the period in brackets where it is a series.
        field: String,
        /// The value as given.
        value: String,
        /// The limit it breaks, as a clause: "must be at least 0".
        limit: String,
        /// The unit of value and limit.
        unit: &'static str,
    },
    /// An array has the wrong number of values.
    #[error("{object} has {length} values in {field}, the horizon has {expected} periods")]
    Length {
        /// The object, such as "region `london`".
        object: String,
        /// The field.
        field: String,
        /// Values given.
        length: usize,
        /// Values needed.
        expected: usize,
    },
    /// An identifier is used twice.
    #[error("{kind} `{id}` is defined twice; ids must be unique")]
    Duplicate {
        /// What is identified: region, job, ...
        kind: &'static str,
        /// The identifier.
        id: String,
    },
    /// A name refers to nothing.
    #[error("{object} names {kind} `{id}` in {field}, which does not exist; known: {known}")]
    Unknown {
        /// The object that refers.
        object: String,
        /// The field that refers.
        field: &'static str,
        /// What is referred to.
        kind: &'static str,
        /// The name that was not found.
        id: String,
        /// The names that exist.
        known: String,
    },
    /// A feature that this version or engine does not have.
    #[error("{object}: {feature} is not supported: {reason}")]
    Unsupported {
        /// The object that asks for it.
        object: String,
        /// The feature.
        feature: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// A job cannot meet its hard deadline even alone.
    #[error(
        "job `{job}` needs {needs_mwh:.3} MWh before {deadline} but {fits_mwh:.3} MWh fit ({reason}); move the deadline, allow more regions or make deadline_kind priced"
    )]
    CannotFit {
        /// The job.
        job: String,
        /// IT energy of its work at the best operating point, MWh.
        needs_mwh: f64,
        /// IT energy that fits into its window, MWh.
        fits_mwh: f64,
        /// The deadline.
        deadline: String,
        /// What takes the room.
        reason: String,
    },
    /// A time stamp or settlement period is not usable.
    #[error("{field} `{text}`: {reason}")]
    Time {
        /// The field or column.
        field: String,
        /// The text or value as given.
        text: String,
        /// Why, and what to write instead.
        reason: String,
    },
    /// A series has gaps and the chosen policy refuses them.
    #[error("{column} of {region} has no value for {missing} of {periods} periods, first {first}; {hint}")]
    Gap {
        /// The column.
        column: String,
        /// The region.
        region: String,
        /// Periods without a value.
        missing: usize,
        /// Periods asked for.
        periods: usize,
        /// Start of the first missing period.
        first: String,
        /// What to do.
        hint: String,
    },
    /// A signal file cannot be read.
    #[error("{source_name} line {line}: {message}")]
    Parse {
        /// The format, such as `csv` or `neso`.
        source_name: String,
        /// Line (CSV) or record (JSON), from 1; 0 where the whole text is meant.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A price in another currency without a rate.
    #[error("column `{column}` is in {currency}; give the rate (for example gbp_per_{lower} = 0.88)", lower = currency.to_lowercase())]
    Currency {
        /// The column.
        column: String,
        /// The ISO 4217 code.
        currency: String,
    },
    /// The solver is missing, wrong or failed.
    #[error("solver {solver}: {message}")]
    Solver {
        /// The solver.
        solver: String,
        /// What happened and what to do.
        message: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// No plan satisfies the hard limits.
    #[error("no plan satisfies these limits together: {}", rules.join(", "))]
    Infeasible {
        /// The limits in conflict, by name.
        rules: Vec<String>,
    },
    /// The caller cancelled the solve before a plan was found.
    #[error("cancelled before a plan was found")]
    Cancelled,
    /// A plan does not belong to this problem.
    #[error("plan does not belong to this problem: {reason}")]
    Mismatch {
        /// What differs.
        reason: String,
    },
    /// A defect of ECA itself.
    #[error("internal error: {message}; please report it with the problem document")]
    Internal {
        /// What happened.
        message: String,
    },
}

impl Error {
    /// The reason, for callers that branch on it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Document { .. } => ErrorKind::Document,
            Self::Value { .. } => ErrorKind::Value,
            Self::Length { .. } => ErrorKind::Length,
            Self::Duplicate { .. } => ErrorKind::Duplicate,
            Self::Unknown { .. } => ErrorKind::Unknown,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::CannotFit { .. } => ErrorKind::CannotFit,
            Self::Time { .. } => ErrorKind::Time,
            Self::Gap { .. } => ErrorKind::Gap,
            Self::Parse { .. } => ErrorKind::Parse,
            Self::Currency { .. } => ErrorKind::Currency,
            Self::Solver { .. } => ErrorKind::Solver,
            Self::Infeasible { .. } => ErrorKind::Infeasible,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Mismatch { .. } => ErrorKind::Mismatch,
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }
}
