//! Which names a condition uses, checked where they stand: a name bound by a macro is known
//! inside it and nowhere else.

use super::condition::{FUNCTIONS, VARIABLES};
use cel::Program;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr};

/// Refuses unknown variables and functions, and a macro within a macro.
pub(super) fn check(program: &Program, source: &str) -> Result<(), String> {
    Walk {
        program,
        source,
        bound: Vec::new(),
    }
    .visit(program.expression())
}

struct Walk<'a> {
    program: &'a Program,
    source: &'a str,
    /// Names the enclosing macro brings; empty outside of one.
    bound: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, node: &'a IdedExpr) -> Result<(), String> {
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.variable(node, name),
            Expr::Select(select) => self.visit(&select.operand),
            Expr::List(list) => list
                .elements
                .iter()
                .try_for_each(|element| self.visit(element)),
            Expr::Call(call) => {
                self.function(node, &call.func_name)?;
                call.target
                    .iter()
                    .try_for_each(|target| self.visit(target))?;
                call.args
                    .iter()
                    .try_for_each(|argument| self.visit(argument))
            }
            Expr::Comprehension(comprehension) => self.comprehension(node, comprehension),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key)?;
                    self.visit(&entry.value)
                }
                EntryExpr::StructField(field) => self.visit(&field.value),
            }),
            Expr::Struct(_) => Err(self.at(node, "a condition builds no messages")),
        }
    }

    fn variable(&self, node: &IdedExpr, name: &str) -> Result<(), String> {
        if VARIABLES.contains(&name) || self.bound.contains(&name) {
            return Ok(());
        }
        let known = VARIABLES.join(", ");
        Err(self.at(node, &format!("unknown variable `{name}` (known: {known})")))
    }

    fn function(&self, node: &IdedExpr, name: &str) -> Result<(), String> {
        let is_operator = !name.starts_with(|first: char| first.is_ascii_alphabetic());
        if is_operator || FUNCTIONS.contains(&name) {
            return Ok(());
        }
        let known = FUNCTIONS.join(", ");
        Err(self.at(node, &format!("unknown function `{name}` (known: {known})")))
    }

    /// One level only: each further one multiplies the cost by the length of a list.
    fn comprehension(
        &mut self,
        node: &IdedExpr,
        comprehension: &'a ComprehensionExpr,
    ) -> Result<(), String> {
        if !self.bound.is_empty() {
            return Err(self.at(node, "a macro within a macro is not allowed; split the row"));
        }
        self.visit(&comprehension.iter_range)?;
        self.visit(&comprehension.accu_init)?;
        self.bound.extend([
            comprehension.iter_var.as_str(),
            comprehension.accu_var.as_str(),
        ]);
        self.bound.extend(comprehension.iter_var2.as_deref());
        let parts = [
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ];
        let visited = parts.into_iter().try_for_each(|part| self.visit(part));
        self.bound.clear();
        visited
    }

    fn at(&self, node: &IdedExpr, message: &str) -> String {
        let offset = self.program.source_info().offset_for(node.id);
        match offset.and_then(|(start, _)| self.source.get(..start as usize)) {
            Some(before) => {
                let line = before.matches('\n').count() + 1;
                let column = before
                    .chars()
                    .rev()
                    .take_while(|&letter| letter != '\n')
                    .count()
                    + 1;
                format!("{line}:{column} of the condition: {message}")
            }
            None => message.to_owned(),
        }
    }
}
