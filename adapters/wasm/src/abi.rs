//! How the texts come into a module and out of it: three functions, with nothing but numbers in their signatures.
//!
//! 1. `gwapi_question(length)` makes room for a question and says where; the caller writes its UTF-8 there.
//! 2. `gwapi_explain()` answers it and says how long the reply is.
//! 3. `gwapi_reply()` says where the reply is, which stays there until the next question.
//!
//! Memory may have moved after each call: a view of it has to be taken anew. Both texts are owned by this side, so that nothing
//! has to be freed, and no pointer is ever followed here. The exported names are all that is `unsafe` about it. Tools that
//! generate such code (wasm-bindgen) would be needed in one exact version by everybody who builds the page.

#![allow(unsafe_code, reason = "a name that is exported may clash with another one, which the prefix is against")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::explain;

static EXCHANGE: Mutex<Exchange> = Mutex::new(Exchange { question: Vec::new(), reply: String::new() });

struct Exchange {
    question: Vec<u8>,
    reply: String,
}

fn exchange() -> MutexGuard<'static, Exchange> {
    EXCHANGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for a question of so many bytes, and says where.
#[unsafe(no_mangle)]
pub extern "C" fn gwapi_question(length: usize) -> *mut u8 {
    let mut exchange = exchange();
    exchange.question = vec![0; length];
    exchange.question.as_mut_ptr()
}

/// Answers the question, and says how many bytes the reply has.
#[unsafe(no_mangle)]
pub extern "C" fn gwapi_explain() -> usize {
    let mut exchange = exchange();
    let question = std::mem::take(&mut exchange.question);
    exchange.reply = explain(&String::from_utf8_lossy(&question));
    exchange.reply.len()
}

/// Where the reply is.
#[unsafe(no_mangle)]
pub extern "C" fn gwapi_reply() -> *const u8 {
    exchange().reply.as_ptr()
}
