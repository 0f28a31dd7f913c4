//! The programs in docs/guide/c.md: what is shown is what compiles.

use crate::toolchain;
use std::fs;

fn guide() -> String {
    fs::read_to_string(toolchain::root().join("docs/guide/c.md")).unwrap()
}

/// Blocks of the guide that are fenced with this word.
fn blocks(word: &str) -> Vec<String> {
    let text = guide();
    let fences = text.split("\n```").collect::<Vec<_>>();
    let opened = fences.iter().filter_map(|block| block.split_once('\n'));
    opened.filter(|(info, _)| info.trim() == word).map(|(_, body)| body.to_owned()).collect()
}

/// Each C block as a program: as it stands where it has a `main`, else inside one.
pub fn programs() -> Vec<String> {
    blocks("c")
        .iter()
        .map(|block| if block.contains("int main(") { block.clone() } else { inside_main(block) })
        .collect()
}

fn inside_main(block: &str) -> String {
    format!(
        "#include \"check.h\"\n#include \"fixture.h\"\n#include <math.h>\n\nint main(void) {{\n  \
         eca_problem *problem = NULL;\n  eca_plan *plan = NULL;\n  eca_builder *builder = filled_builder();\n  \
         OK(eca_problem_from_json(PROBLEM_JSON, &problem));\n  OK(eca_plan_from_json(PLAN_JSON, &plan));\n  {{\n{block}\n  \
         }}\n  (void)builder;\n  return finish(\"guide\");\n}}\n"
    )
}

/// The lines that the guide says a program prints (block fenced with `text NAME`).
pub fn output_of(name: &str) -> Vec<String> {
    let found = blocks(&format!("text {name}"));
    assert!(!found.is_empty(), "docs/guide/c.md has no block `text {name}`");
    found.iter().flat_map(|block| block.lines().map(str::to_owned)).filter(|line| !line.is_empty()).collect()
}
