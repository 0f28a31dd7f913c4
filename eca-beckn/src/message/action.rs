//! What a message asks or answers, whatever its dialect calls it.

use super::Dialect;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verb {
    /// What is there (`search` in version 1.1).
    Discover,
    /// A catalogue that nobody asked for.
    Publish,
    /// A quote for one offer.
    Select,
    /// A draft of the contract.
    Init,
    /// The contract.
    Confirm,
    /// How the contract stands.
    Status,
    /// Where the delivery is.
    Track,
    /// Another contract.
    Update,
    /// No contract.
    Cancel,
    /// A rating (`rating` in version 1.1).
    Rate,
    /// Whom to call.
    Support,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 11] = [
        Self::Discover,
        Self::Publish,
        Self::Select,
        Self::Init,
        Self::Confirm,
        Self::Status,
        Self::Track,
        Self::Update,
        Self::Cancel,
        Self::Rate,
        Self::Support,
    ];

    fn name(self, dialect: Dialect) -> Option<&'static str> {
        Some(match (self, dialect) {
            (Self::Discover, Dialect::V1) => "search",
            (Self::Discover, _) => "discover",
            (Self::Publish, Dialect::V1) => return None,
            (Self::Publish, Dialect::Rc) => "catalog_publish",
            (Self::Publish, Dialect::Lts) => "catalog/publish",
            (Self::Select, _) => "select",
            (Self::Init, _) => "init",
            (Self::Confirm, _) => "confirm",
            (Self::Status, _) => "status",
            (Self::Track, _) => "track",
            (Self::Update, _) => "update",
            (Self::Cancel, _) => "cancel",
            (Self::Rate, Dialect::Lts) => "rate",
            (Self::Rate, _) => "rating",
            (Self::Support, _) => "support",
        })
    }
}

/// A verb, asked or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Action {
    /// What is asked.
    pub verb: Verb,
    /// Whether this is the answer to it, or news about it.
    pub callback: bool,
}

impl Action {
    /// The request of a verb.
    #[must_use]
    pub fn ask(verb: Verb) -> Self {
        Self { verb, callback: false }
    }

    /// The answer to a verb.
    #[must_use]
    pub fn on(verb: Verb) -> Self {
        Self { verb, callback: true }
    }

    /// Its name in a dialect; `None` where the dialect has no such action. Version 1.1 publishes by an unsolicited
    /// `on_search`.
    ///
    /// ```
    /// use eca_beckn::{Action, Dialect, Verb};
    /// assert_eq!(Action::on(Verb::Discover).name(Dialect::V1).as_deref(), Some("on_search"));
    /// assert_eq!(Action::parse("catalog/on_publish"), Some(Action::on(Verb::Publish)));
    /// ```
    #[must_use]
    pub fn name(self, dialect: Dialect) -> Option<String> {
        let name = self.verb.name(dialect)?;
        Some(match (self.callback, name) {
            (false, name) => name.into(),
            (true, "catalog/publish") => "catalog/on_publish".into(),
            (true, "catalog_publish") => "catalog_on_publish".into(),
            (true, name) => format!("on_{name}"),
        })
    }

    /// The action of this name in any dialect.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = Verb::ALL.into_iter().flat_map(|verb| [Self::ask(verb), Self::on(verb)]);
        let dialects = [Dialect::V1, Dialect::Rc, Dialect::Lts];
        all.into_iter().find(|action| dialects.iter().any(|dialect| action.name(*dialect).as_deref() == Some(name)))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name(Dialect::Lts).unwrap_or_default())
    }
}
