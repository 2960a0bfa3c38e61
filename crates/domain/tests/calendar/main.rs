//! Opening hours against wall clocks that jump.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod icalendar;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod rota;
