//! The three calls of the C library that the safe binding does not show.

#![expect(
    unsafe_code,
    reason = "none of these is wrapped; every pointer lives within one function"
)]

use super::failure::unavailable;
use crate::log::LogError;
use rdkafka::bindings as native;
use rdkafka::client::OAuthToken;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::time::Duration;

/// Gives a client its bearer token, for one that nobody polls for the request to renew it.
/// `lifetime_ms` is when it runs out, in Unix time.
pub(super) fn set_token(
    client: *mut native::rd_kafka_t,
    token: &OAuthToken,
) -> Result<(), LogError> {
    let text = CString::new(token.token.as_str()).map_err(unavailable)?;
    let principal = CString::new(token.principal_name.as_str()).map_err(unavailable)?;
    let mut problem: [c_char; 256] = [0; 256];
    // SAFETY: `client` is alive (the caller holds it); the texts outlive the call, which
    // copies them.
    let code = unsafe {
        native::rd_kafka_oauthbearer_set_token(
            client,
            text.as_ptr(),
            token.lifetime_ms,
            principal.as_ptr(),
            std::ptr::null_mut(),
            0,
            problem.as_mut_ptr(),
            problem.len(),
        )
    };
    if code == native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    // SAFETY: the library ends what it writes with a zero byte, within the length it was told.
    let reason = unsafe { CStr::from_ptr(problem.as_ptr()) };
    Err(unavailable(reason.to_string_lossy()))
}

/// How much waits for whoever polls the client. A poll without waiting answers nothing both
/// when there is nothing and when it has served an event by itself, a word for the log or
/// statistics, so its answer alone does not say that the queue is empty.
pub(super) fn waiting(client: *mut native::rd_kafka_t) -> usize {
    // SAFETY: `client` is alive (the caller holds it), and has a queue for as long; the
    // reference to the queue is given back before this returns.
    unsafe {
        let queue = native::rd_kafka_queue_get_consumer(client);
        if queue.is_null() {
            return 0;
        }
        let length = native::rd_kafka_queue_length(queue);
        native::rd_kafka_queue_destroy(queue);
        length
    }
}

/// The ids of those topics that exist. Kafka gives each a new one, so this is what tells a
/// re-created topic from the one before. Blocks for one request.
pub(super) fn topic_ids(
    client: *mut native::rd_kafka_t,
    topics: &[String],
    timeout: Duration,
) -> Result<HashMap<String, String>, LogError> {
    let names: Vec<CString> = topics
        .iter()
        .filter_map(|name| CString::new(name.as_str()).ok())
        .collect();
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `client` is alive (the caller holds it), `pointers` outlives the call that
    // copies it, and what is created here is destroyed here, the event last of what points
    // into it.
    unsafe {
        let collection =
            native::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        let options = native::rd_kafka_AdminOptions_new(
            client,
            native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
        );
        native::rd_kafka_AdminOptions_set_request_timeout(
            options,
            milliseconds,
            std::ptr::null_mut(),
            0,
        );
        let queue = native::rd_kafka_queue_new(client);
        native::rd_kafka_DescribeTopics(client, collection, options, queue);
        let event = native::rd_kafka_queue_poll(queue, milliseconds);
        let found = read(event);
        if !event.is_null() {
            native::rd_kafka_event_destroy(event);
        }
        native::rd_kafka_queue_destroy(queue);
        native::rd_kafka_AdminOptions_destroy(options);
        native::rd_kafka_TopicCollection_destroy(collection);
        found
    }
}

/// # Safety
/// `event` is null or an event that nobody has destroyed.
unsafe fn read(event: *mut native::rd_kafka_event_t) -> Result<HashMap<String, String>, LogError> {
    if event.is_null() {
        return Err(unavailable("no broker answered what topics there are"));
    }
    // SAFETY: the event is alive, and so is everything it hands out; the texts are copied.
    unsafe {
        if native::rd_kafka_event_error(event)
            != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
        {
            let text = CStr::from_ptr(native::rd_kafka_event_error_string(event));
            return Err(unavailable(text.to_string_lossy()));
        }
        let result = native::rd_kafka_event_DescribeTopics_result(event);
        let mut count = 0;
        let described = native::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        let mut ids = HashMap::with_capacity(count);
        for index in 0..count {
            let topic = *described.add(index);
            let error = native::rd_kafka_TopicDescription_error(topic);
            let missing = !error.is_null()
                && native::rd_kafka_error_code(error)
                    != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            if missing {
                continue;
            }
            let id = native::rd_kafka_TopicDescription_topic_id(topic);
            let name = CStr::from_ptr(native::rd_kafka_TopicDescription_name(topic));
            let text = CStr::from_ptr(native::rd_kafka_Uuid_base64str(id));
            ids.insert(
                name.to_string_lossy().into_owned(),
                text.to_string_lossy().into_owned(),
            );
        }
        Ok(ids)
    }
}
