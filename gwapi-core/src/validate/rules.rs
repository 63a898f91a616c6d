//! CEL rules over the object.

use alloc::{format, string::String, vec::Vec};
use core::cell::OnceCell;

use serde_json::Value;

use super::{
    Fault, Path, Violation,
    cel::Matcher,
    lists::by_key,
    schema::{Node, NodeId, Rule, Schema, Type},
    structure::unchanged,
};

/// How many steps all rules of an object may take together, as the server has it.
const BUDGET: u64 = 10_000_000;

/// Runs every rule of the schema where it belongs. `before` is the prepared object that is stored.
pub(super) fn check(schema: &Schema, root: NodeId, after: &Value, before: Option<&Value>, violations: &mut Vec<Violation>) {
    Runner { schema, violations, budget: BUDGET }.value(&Path::Root, root, after, before, None);
}

impl Matcher for Schema {
    fn matches(&self, pattern: &str, text: &str) -> Option<bool> {
        self.matches(pattern, text)
    }
}

/// A value and what it was before.
struct Correlated<'v> {
    id: NodeId,
    after: &'v Value,
    before: &'v Value,
    /// Many rules below may ask.
    is_unchanged: OnceCell<bool>,
}

impl Correlated<'_> {
    fn is_unchanged(&self, schema: &Schema) -> bool {
        *self.is_unchanged.get_or_init(|| unchanged(schema, self.id, self.after, self.before))
    }
}

struct Runner<'a> {
    schema: &'a Schema,
    violations: &'a mut Vec<Violation>,
    /// Once it is spent, no further rule runs.
    budget: u64,
}

impl<'a> Runner<'a> {
    /// `nearest` is the value itself or the innermost one around it of which is known what it was before.
    fn value<'v>(
        &mut self,
        path: &Path<'_>,
        id: NodeId,
        value: &'v Value,
        before: Option<&'v Value>,
        nearest: Option<&Correlated<'_>>,
    ) {
        // The object as a whole changes with every write, in its metadata.
        let known = before.filter(|_| !matches!(path, Path::Root));
        let own = known.map(|before| Correlated { id, after: value, before, is_unchanged: OnceCell::new() });
        let nearest = own.as_ref().or(nearest);
        let node = self.schema.node(id);
        for rule in &node.rules {
            if self.budget == 0 {
                return;
            }
            self.rule(path, node, rule, value, before, nearest);
        }
        match value {
            Value::Array(items) => {
                let Some(inner) = node.items else { return };
                let old = by_key(node, before.and_then(Value::as_array).map_or(&[], Vec::as_slice));
                for (index, item) in items.iter().enumerate() {
                    let before = old.find(item);
                    self.value(&Path::Index(path, index), inner, item, before, nearest);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let before = before.and_then(|before| before.get(name));
                    if let Some(inner) = node.fields.get(name.as_str()) {
                        self.value(&Path::Field(path, name), *inner, field, before, nearest);
                    } else if let Some(inner) = node.values {
                        self.value(&Path::Key(path, name), inner, field, before, nearest);
                    }
                }
            }
            _ => {}
        }
    }

    fn rule(
        &mut self,
        path: &Path<'_>,
        node: &'a Node,
        rule: &'a Rule,
        value: &Value,
        before: Option<&Value>,
        nearest: Option<&Correlated<'_>>,
    ) {
        let says = if rule.message.is_empty() { &rule.source } else { &rule.message };
        let no_answer = |detail: String| {
            let message = format!("Invalid value: \"{}\": {detail}", node.kind.as_str());
            Violation { message, ..Violation::new(path, Fault::RuleError, detail) }
        };
        let program = match &rule.program {
            Ok(program) => program,
            Err(error) => return self.violations.push(no_answer(format!("rule compile error: {error}"))),
        };
        // A rule about a transition needs both sides of it.
        if program.uses_old_self && before.is_none() {
            return;
        }
        let violation = match program.holds(value, before, self.schema, &mut self.budget) {
            Ok(true) => return,
            Err(error) => no_answer(format!("{error} evaluating rule: {says}")),
            Ok(false) => {
                let is_tolerated = !program.uses_old_self && nearest.is_some_and(|nearest| nearest.is_unchanged(self.schema));
                if is_tolerated {
                    return;
                }
                let says = if rule.message.is_empty() { format!("failed rule: {says}") } else { says.as_ref().into() };
                let fault = if program.uses_old_self { Fault::Immutable } else { Fault::Rule };
                match node.kind {
                    Type::Object | Type::Array => Violation::invalid(path, fault, says),
                    _ => Violation::invalid_value(path, fault, value, says),
                }
            }
        };
        self.violations.push(violation);
    }
}
