//! Telling the user, without being asked, which keys are due: a timer of the system's that calls keyctl each day, a
//! notification on the desktop, and a program of the user's own that can carry the news elsewhere.
//!
//! What leaves here are names and dates, never a secret.

pub mod notification;
pub mod program;
pub mod timer;
