//! Judges messages by the shapes that their published schemas ask for.

mod parse;

use super::Dialect;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a value must be.
#[derive(Debug)]
enum Form {
    Any,
    Text(Option<Pattern>),
    OneOf(Vec<String>),
    Number { whole: bool, least: Option<f64>, most: Option<f64> },
    Boolean,
    List { item: Box<Form>, least: usize, most: Option<usize> },
    Object { only_if: bool, closed: bool, fields: Vec<Field>, others: Option<Box<Form>> },
    All(Vec<Form>),
    One(Vec<Form>),
    Some(Vec<Form>),
    Named(String),
}

#[derive(Debug)]
struct Field {
    name: String,
    required: bool,
    form: Form,
}

/// Forms of texts that schemas give as regular expressions.
#[derive(Debug, Clone, Copy)]
enum Pattern {
    /// `[+-]?([0-9]*[.])?[0-9]+` without anchors: a digit somewhere.
    Decimal,
    /// Latitude and longitude in degrees.
    Gps,
    /// `BLAKE-512=` and base64.
    Digest,
}

/// Definitions by name; actions are among them.
#[derive(Debug, Default)]
struct Shapes {
    forms: BTreeMap<String, Form>,
}

/// Place and reason of a misfit.
type Misfit = (String, String);

static V1: LazyLock<Result<Shapes, String>> = LazyLock::new(|| parse::shapes(include_str!("v1.txt")));
static LTS: LazyLock<Result<Shapes, String>> = LazyLock::new(|| parse::shapes(include_str!("lts.txt")));

/// Where the message is not of the shape of its action; `None` for an action whose shape is not known here.
pub(super) fn judge(dialect: Dialect, action: &str, whole: &Value) -> Option<Option<Misfit>> {
    let shapes = match dialect {
        Dialect::V1 => V1.as_ref(),
        Dialect::Lts => LTS.as_ref(),
        Dialect::Rc => return None,
    };
    let shapes = shapes.ok()?;
    let name = match action {
        "catalog_publish" => "catalog/publish",
        "on_catalog_publish" => "catalog/on_publish",
        action => action,
    };
    // Names of objects begin with a capital letter: no action may name one.
    let form = shapes.forms.get(name).filter(|_| name.starts_with(|c: char| c.is_ascii_lowercase()))?;
    Some(shapes.misfit("", whole, form))
}

impl Shapes {
    /// The first place where `value` is not of the form, and why.
    fn misfit(&self, path: &str, value: &Value, form: &Form) -> Option<Misfit> {
        let wrong = |what: String| Some((path.to_owned(), what));
        match (form, value) {
            (Form::Any, _) | (Form::Text(None), Value::String(_)) | (Form::Boolean, Value::Bool(_)) => None,
            (Form::Text(Some(pattern)), Value::String(text)) => match pattern.misfit(text) {
                Some(what) => wrong(what.into()),
                None => None,
            },
            (Form::OneOf(known), Value::String(text)) if known.contains(text) => None,
            (Form::OneOf(known), _) => wrong(format!("is not one of {}", known.join(", "))),
            (Form::Number { whole, least, most }, Value::Number(number)) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                match (whole, least, most) {
                    (true, _, _) if number.fract() != 0.0 => wrong("is not a whole number".into()),
                    (_, Some(least), _) if number < *least => wrong(format!("is below {least}")),
                    (_, _, Some(most)) if number > *most => wrong(format!("is above {most}")),
                    _ => None,
                }
            }
            (Form::List { least, .. }, Value::Array(items)) if items.len() < *least => {
                wrong(format!("has fewer than {least} items"))
            }
            (Form::List { most: Some(most), .. }, Value::Array(items)) if items.len() > *most => {
                wrong(format!("has more than {most} items"))
            }
            (Form::List { item, .. }, Value::Array(items)) => {
                let mut items = items.iter().enumerate();
                items.find_map(|(i, value)| self.misfit(&below(path, &i.to_string()), value, item))
            }
            (Form::Object { closed, fields, others, .. }, Value::Object(there)) => {
                self.object(path, there, *closed, fields, others.as_deref())
            }
            (Form::Object { only_if: true, .. }, _) => None,
            (Form::All(forms), _) => forms.iter().find_map(|form| self.misfit(path, value, form)),
            (Form::One(forms), _) => match forms.iter().filter(|form| self.misfit(path, value, form).is_none()).count()
            {
                1 => None,
                fitting => wrong(format!("fits {fitting} of {} forms, not one", forms.len())),
            },
            (Form::Some(forms), _) => {
                let first: Vec<Misfit> = forms.iter().map_while(|form| self.misfit(path, value, form)).collect();
                if first.len() < forms.len() { None } else { first.into_iter().next() }
            }
            (Form::Named(name), _) => match self.forms.get(name) {
                Some(form) => self.misfit(path, value, form),
                None => wrong(format!("is of the unknown form `{name}`")),
            },
            (Form::Text(_), _) => wrong("is not a text".into()),
            (Form::Boolean, _) => wrong("is neither true nor false".into()),
            (Form::Number { .. }, _) => wrong("is not a number".into()),
            (Form::List { .. }, _) => wrong("is not a list".into()),
            (Form::Object { .. }, _) => wrong("is not an object".into()),
        }
    }

    fn object(
        &self,
        path: &str,
        there: &Map<String, Value>,
        closed: bool,
        fields: &[Field],
        others: Option<&Form>,
    ) -> Option<Misfit> {
        let wrong = |what: String| Some((path.to_owned(), what));
        if let Some(missing) = fields.iter().find(|field| field.required && !there.contains_key(&field.name)) {
            return wrong(format!("has no `{}`", missing.name));
        }
        for (name, value) in there {
            let form = fields.iter().find(|field| field.name == *name).map(|field| &field.form).or(others);
            match form {
                Some(form) => {
                    if let Some(found) = self.misfit(&below(path, name), value, form) {
                        return Some(found);
                    }
                }
                None if closed => return wrong(format!("has `{name}`, which is not a field of it")),
                None => {}
            }
        }
        None
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}/{name}") }
}

impl Pattern {
    fn misfit(self, text: &str) -> Option<&'static str> {
        match self {
            Self::Decimal => (!text.bytes().any(|b| b.is_ascii_digit())).then_some("is no decimal number"),
            Self::Digest => {
                let code = text.strip_prefix("BLAKE-512=").map(|code| code.trim_end_matches('='));
                let base64 = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
                let good = code.is_some_and(|code| !code.is_empty() && code.bytes().all(base64));
                (!good).then_some("is not BLAKE-512= and base64")
            }
            Self::Gps => {
                let good = text
                    .split_once(',')
                    .is_some_and(|(latitude, longitude)| degrees(latitude, 90) && degrees(longitude.trim_start(), 180));
                (!good).then_some("is not latitude,longitude")
            }
        }
    }
}

/// Degrees as the schema writes them: an optional sign, no leading zeros, decimals after a point, up to `most`.
fn degrees(text: &str, most: u32) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !decimals.is_none_or(digits) || whole.len() > 3 || (whole.len() > 1 && whole.starts_with('0'))
    {
        return false;
    }
    let number: u32 = whole.parse().unwrap_or(u32::MAX);
    // The expression for latitudes has no way to write 0 to 0.9 but `[1-8]?\d`, which is the same rule.
    number < most || (number == most && decimals.unwrap_or("0").bytes().all(|b| b == b'0'))
}
