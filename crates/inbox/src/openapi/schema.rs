//! Schemas of values that are domain types: closed sets of words, and the contract's mention.

use switchboard_domain::access::Role;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::HoldKind;
use switchboard_domain::ticket::Status;
use switchboard_domain::{Form, Label};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema};

/// The name of the security scheme.
pub(crate) const BEARER: &str = "bearer";

pub(crate) fn text() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from(Type::String))
        .into()
}

pub(crate) fn instant() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from(Type::String))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .into()
}

pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from(Type::String))
        .enum_values(Some(words))
        .into()
}

pub(crate) fn hold_kind() -> RefOr<Schema> {
    one_of(HoldKind::ALL.map(HoldKind::as_str))
}

pub(crate) fn label() -> RefOr<Schema> {
    one_of(Label::ALL.map(Label::as_str))
}

pub(crate) fn labels() -> RefOr<Schema> {
    ArrayBuilder::new().items(label()).into()
}

pub(crate) fn status() -> RefOr<Schema> {
    one_of(Status::ALL.map(Status::as_str))
}

pub(crate) fn priority() -> RefOr<Schema> {
    one_of(Priority::ALL.map(Priority::as_str))
}

pub(crate) fn role() -> RefOr<Schema> {
    one_of(Role::ALL.map(Role::as_str))
}

pub(crate) fn close_reason() -> RefOr<Schema> {
    one_of(["spam", "thanks", "post_deleted", "merged"])
}

pub(crate) fn clock_status() -> RefOr<Schema> {
    one_of(["running", "paused", "met", "breached", "cancelled"])
}

/// Anything JSON can say.
pub(crate) fn anything() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .into()
}

/// An object with members of any name and kind.
pub(crate) fn object() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from(Type::Object))
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .into()
}

/// The ticket, by name: the place that refers to it cannot name the type itself.
pub(crate) fn ticket_reference() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name("TicketView"))
}

/// The contract's mention. Fields the platform did not give are absent.
pub(crate) fn mention() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from(Type::Object))
        .description(Some(
            "The post, in the contract's mention format. Its words are hostile.",
        ))
        .property("platform", text())
        .property("id", text())
        .property("text", text())
        .property("form", one_of(Form::ALL.map(Form::as_str)))
        .property("created_at", instant())
        .property("url", text())
        .property("author", object())
        .property(
            "deleted",
            ObjectBuilder::new().schema_type(SchemaType::from(Type::Boolean)),
        )
        .required("platform")
        .required("id")
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .into()
}
