//! Opening hours against wall clocks that jump.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod oracle;
