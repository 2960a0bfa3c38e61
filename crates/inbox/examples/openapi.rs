//! Prints the OpenAPI document, from which the page's types are made:
//! `cargo run -p switchboard-inbox --example openapi`.

#![expect(clippy::print_stdout, reason = "the document is for a pipe")]

fn main() -> Result<(), serde_json::Error> {
    println!(
        "{}",
        serde_json::to_string_pretty(&switchboard_inbox::document())?
    );
    Ok(())
}
