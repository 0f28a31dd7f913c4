//! The language in which `v1.txt` and `lts.txt` say what a message looks like.
//!
//! ```text
//! Name = form                 one definition; further lines of it are indented
//! any  text  boolean          number and integer may be followed by a range: `integer 1..100`, `number 0..`
//! text~decimal                a text of a known form: decimal, gps, digest
//! "A"|"B"                     one of these texts
//! [form]  [form; 1]           a list, with at least so many items; `[form; 4..4]` with that many
//! {a!: form, b: form, closed} an object: `a` must be there, other fields are refused; `*: form` is the form of others
//! ?{...}                      the same, of an object only; anything else passes
//! (X & Y)  one(X, Y)  some(X, Y)   all, exactly one, at least one of them
//! ```

use super::{Field, Form, Pattern, Shapes};

/// Reads definitions; an error names what stands where it could not go on.
pub(super) fn shapes(text: &str) -> Result<Shapes, String> {
    let mut shapes = Shapes::default();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        match lines.last_mut() {
            Some(last) if line.starts_with(' ') => last.push_str(line),
            _ => lines.push(line.into()),
        }
    }
    for line in lines {
        let (name, rest) = line.split_once(" = ").ok_or_else(|| format!("`{line}` defines nothing"))?;
        let mut reader = Reader { rest };
        let form = reader.form()?;
        if !reader.rest.trim().is_empty() {
            return Err(format!("`{name}`: `{}` stands after its form", reader.rest));
        }
        shapes.forms.insert(name.into(), form);
    }
    Ok(shapes)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(token) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn needs(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) { Ok(()) } else { Err(format!("`{token}` expected before `{}`", self.rest)) }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"_@".contains(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.rest = after;
        word
    }

    fn number(&mut self) -> Option<f64> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        let number = rest[..end].parse().ok()?;
        self.rest = &rest[end..];
        Some(number)
    }

    fn range(&mut self) -> (Option<f64>, Option<f64>) {
        match self.number() {
            Some(least) if self.takes("..") => (Some(least), self.number()),
            least => (least, None),
        }
    }

    fn list_of(&mut self, separator: &str, end: &str) -> Result<Vec<Form>, String> {
        let mut forms = vec![self.form()?];
        while self.takes(separator) {
            forms.push(self.form()?);
        }
        self.needs(end)?;
        Ok(forms)
    }

    fn form(&mut self) -> Result<Form, String> {
        if self.takes("(") {
            return Ok(Form::All(self.list_of("&", ")")?));
        }
        if self.takes("[") {
            let item = Box::new(self.form()?);
            let (least, most) = if self.takes(";") { self.range() } else { (None, None) };
            self.needs("]")?;
            return Ok(Form::List { item, least: least.unwrap_or(0.0) as usize, most: most.map(|most| most as usize) });
        }
        if self.takes("?{") {
            return self.object(true);
        }
        if self.takes("{") {
            return self.object(false);
        }
        if self.takes("\"") {
            let mut texts = Vec::new();
            loop {
                let (text, after) = self.rest.split_once('"').ok_or("a text has no end")?;
                texts.push(text.into());
                self.rest = after;
                if !self.takes("|\"") {
                    return Ok(Form::OneOf(texts));
                }
            }
        }
        match self.word() {
            "" => Err(format!("no form at `{}`", self.rest)),
            "any" => Ok(Form::Any),
            "boolean" => Ok(Form::Boolean),
            "text" if self.takes("~") => match self.word() {
                "decimal" => Ok(Form::Text(Some(Pattern::Decimal))),
                "gps" => Ok(Form::Text(Some(Pattern::Gps))),
                "digest" => Ok(Form::Text(Some(Pattern::Digest))),
                other => Err(format!("no text is of the form `{other}`")),
            },
            "text" => Ok(Form::Text(None)),
            kind @ ("number" | "integer") => {
                let (least, most) = self.range();
                Ok(Form::Number { whole: kind == "integer", least, most })
            }
            "one" if self.takes("(") => Ok(Form::One(self.list_of(",", ")")?)),
            "some" if self.takes("(") => Ok(Form::Some(self.list_of(",", ")")?)),
            name => Ok(Form::Named(name.into())),
        }
    }

    fn object(&mut self, only_if: bool) -> Result<Form, String> {
        let (mut fields, mut closed, mut others) = (Vec::new(), false, None);
        while !self.takes("}") {
            if self.takes("*:") {
                others = Some(Box::new(self.form()?));
            } else {
                let name = self.word();
                let required = self.takes("!");
                if name == "closed" && !required && !self.rest.starts_with(':') {
                    closed = true;
                } else {
                    self.needs(":")?;
                    fields.push(Field { name: name.into(), required, form: self.form()? });
                }
            }
            if !self.takes(",") {
                self.needs("}")?;
                break;
            }
        }
        Ok(Form::Object { only_if, closed, fields, others })
    }
}
